"""Group what several files hold by its cause, over machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from umdiag.explain.inputs import Reading
from umdiag.explain.scanning import Group
from umdiag.knowledge.table import ROLES, Knowledge


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an error is: machine ("" where no place says which), file, and the lines of it."""

    machine: str
    file: str
    group: Group


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An error with every place where it is."""

    knowledge: Knowledge
    places: tuple[Place, ...]

    @property
    def machines(self) -> list[str]:
        """Names of the machines, each once; files whose machine nobody knows count by their name."""
        return sorted({place.machine or place.file for place in self.places})

    @property
    def count(self) -> int:
        """How many lines hold it."""
        return sum(place.group.count for place in self.places)


def merged(readings: Sequence[Reading]) -> list[Answer]:
    """Return each error once: reasons first, those of most machines first."""
    places: dict[str, list[Place]] = {}
    rows: dict[str, Knowledge] = {}
    for reading in readings:
        for machine, report in reading.reports:
            for group in report.groups:
                rows[group.knowledge.id] = group.knowledge
                places.setdefault(group.knowledge.id, []).append(
                    Place(machine=machine, file=reading.source.name, group=group)
                )
    answers = [Answer(knowledge=row, places=tuple(places[row.id])) for row in rows.values()]
    return sorted(
        answers,
        key=lambda answer: (
            ROLES.index(answer.knowledge.role),
            -len(answer.machines),
            -answer.count,
            answer.knowledge.id,
        ),
    )
