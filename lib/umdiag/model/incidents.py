"""Findings joined: what explains a finding, that it was accepted, and what several have their root in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from pydantic import Field

from umdiag.model.forms import RECORD, Count, Key
from umdiag.model.severity import Severity
from umdiag.model.shown import html_of
from umdiag.words.counting import counted

#: Key in the evidence of a finding whose acceptance ended, with the last day on which it was accepted.
EXPIRED = "accepted_until"
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A finding from which another follows."""

    __pydantic_config__ = RECORD

    scenario: Key
    cause: Key
    subject_id: str


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """That a finding is known and accepted, until the end of a day (None: for good), and why."""

    __pydantic_config__ = RECORD

    until: date | None
    why: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Common:
    """A value that most machines of an incident have (`share`), and few others (`elsewhere`)."""

    __pydantic_config__ = RECORD

    property: Key
    value: str
    share: Share
    elsewhere: Share


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Findings of one scenario and cause that nothing explains (`roots`), and what follows from them.

    `severity` is the worst of all of them, `machines` are the distinct machines among them, `subjects` the
    first names of the roots, `first_step` that of the worst root.
    """

    __pydantic_config__ = RECORD

    scenario: Key
    cause: Key
    severity: Severity
    roots: Count
    explains: Count
    machines: Count
    first_step: str
    subjects: Annotated[Sequence[str], Field(max_length=5)]
    common: Annotated[Sequence[Common], Field(max_length=3)] = field(default_factory=tuple)

    def __repr__(self) -> str:
        goes = f", {counted(self.explains, 'more finding')} go away with it" if self.explains else ""
        on = ", ".join(self.subjects)
        return f"<Incident {self.severity}: {self.scenario}/{self.cause} on {on}{goes}>"

    def _repr_html_(self) -> str | None:
        return html_of(self)
