"""What workspaces said to one question, each by itself, and how their gaps are worded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from umdiag.sources.live.faults import Fault, NoSuchTable
from umdiag.sources.live.target import name_of


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time that an investigation looks at: after `asked_at - lookback`, up to `asked_at`."""

    asked_at: datetime
    lookback: timedelta

    @property
    def start(self) -> datetime:
        """Where it begins."""
        return self.asked_at - self.lookback


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one workspace said: rows and why they are not all, or the fault that left none.

    `silent`: it answers nothing at all, whatever is asked. `refused` are tables that could not be counted;
    `sent` is the text, where it is not the one that was asked.
    """

    frame: pd.DataFrame | None
    cut: str = ""
    fault: Fault | None = None
    silent: bool = False
    refused: Mapping[str, Fault] = field(default_factory=dict)
    sent: str = ""


def reasons_of(parts: Mapping[str, Part], tables: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield (workspace, reason) for each workspace that did not answer whole."""
    what = " and ".join(tables) or "the query"
    if not parts:
        yield "", f"{what}: no workspace is given, name it in workspaces"
    for workspace, part in parts.items():
        name = name_of(workspace)
        if part.fault is not None:
            # Said once, not for each of its tables.
            said = f"workspace {name}" if part.silent else f"{what} of {name}"
            fix = "leave the workspace out of workspaces if it never had Update Management"
            more = f", {fix}" if isinstance(part.fault, NoSuchTable) else ""
            yield workspace, f"{said}: {part.fault.reason}{more}"
        elif part.cut:
            yield workspace, f"{what} of {name} is not complete: {part.cut}"
        for table, fault in part.refused.items():
            yield workspace, f"{table} of {name}: {fault.reason}"


def sent_of(parts: Mapping[str, Part]) -> str:
    """Return the text of workspaces that lack columns, with whose it is, "" where all got the one asked."""
    texts: dict[str, list[str]] = {}
    for workspace, part in parts.items():
        if part.sent:
            texts.setdefault(part.sent, []).append(name_of(workspace))
    return "\n".join(
        f"// As sent to {' and '.join(names)}, where columns are absent:\n{text}"
        for text, names in texts.items()
    )
