"""Every workspace asked the same, each by itself; what one refuses takes nothing from the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import pandas as pd

from umdiag.queries import kql, slicing
from umdiag.queries.kql import Query
from umdiag.sources.live.answers import Answer, frame_of, joined, plain_columns
from umdiag.sources.live.faults import Fault, NoSuchTable, TooLarge
from umdiag.sources.live.manners import Gate, Manners

_DIGITS = "0123456789abcdef"
#: 16 to the power of this many slices of an answer are asked for at most.
_DEEPEST = 3
_VOLUME_COLUMNS = {"table_name": "string", "row_count": "long", "newest": "datetime"}


class WorkspaceApi(Protocol):
    """One of the two documented ways to ask a workspace."""

    def ask(self, workspace: str, customer_id: str, text: str, *, left: float) -> Answer:
        """Return the rows of one query text within so many seconds. Raises Fault."""
        ...

    def close(self) -> None:
        """Let connections go."""
        ...


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

    `silent`: it answers nothing at all, whatever is asked.
    """

    frame: pd.DataFrame | None
    cut: str = ""
    fault: Fault | None = None
    silent: bool = False


class Workspaces:
    """Asks all workspaces of an investigation, five queries at a time each. Safe for several threads."""

    def __init__(
        self,
        api: WorkspaceApi,
        workspaces: tuple[str, ...],
        manners: Manners,
        customer_id: Callable[[str], str],
    ) -> None:
        self._api = api
        self._manners = manners
        self._customer_id = customer_id
        limits = manners.limits
        self._gates = {workspace: Gate(limits.queries_per_workspace) for workspace in workspaces}
        self._rate = Gate(10_000, limits.log_rate)
        at_once = limits.queries_per_workspace * len(workspaces)
        # Slices have threads of their own: those of the whole queries wait for them.
        self._whole = ThreadPoolExecutor(max(1, min(at_once, limits.workspace_threads)), "workspace")
        self._slices = ThreadPoolExecutor(max(1, min(at_once, limits.slice_threads)), "slice")

    def ask(self, query: Query, text: str, window: Window) -> dict[str, Part]:
        """Return what each workspace answers to a query of the package, in slices where it must be."""
        return self._each(lambda workspace: self._part(workspace, query, text, window, ""))

    def ask_once(self, text: str, columns: Mapping[str, str] | None, name: str) -> dict[str, Part]:
        """Return what each workspace answers to a short question, with `columns` or those that come."""

        def part_of(workspace: str) -> Part:
            answer = self._once(workspace, text)
            wanted = columns or plain_columns(answer.columns)
            return Part(frame=frame_of(wanted, answer, name), cut=answer.cut)

        return self._each(part_of)

    def volumes(self, window: Window | None) -> dict[str, Part]:
        """Return rows and newest row of each table that a workspace has, in the window or (None) at all.

        A table that a workspace never had has no line.
        """
        return self.ask_once(volumes_text(window), _VOLUME_COLUMNS, "volumes")

    def close(self) -> None:
        """Let threads and connections go; what is under way fails."""
        self._whole.shutdown(wait=False, cancel_futures=True)
        self._slices.shutdown(wait=False, cancel_futures=True)
        self._api.close()

    def _each(self, ask: Callable[[str], Part]) -> dict[str, Part]:
        def part_or_fault(workspace: str) -> Part:
            try:
                return ask(workspace)
            except Fault as fault:
                return Part(frame=None, fault=fault)

        return dict(zip(self._gates, self._whole.map(part_or_fault, self._gates), strict=True))

    def _part(self, workspace: str, query: Query, text: str, window: Window, prefix: str) -> Part:
        """Ask for one slice (of no prefix: the whole); what passes a limit is asked for in sixteen slices."""
        try:
            answer = self._once(workspace, _slice(query, text, window, prefix))
        except TooLarge as fault:
            if not query.slices or len(prefix) >= _DEEPEST:
                answer = Answer(columns=fault.columns or query.columns, rows=fault.rows, cut=fault.reason)
            else:
                return self._sliced(workspace, query, text, window, prefix)
        return Part(frame=frame_of(query.columns, answer, query.name), cut=answer.cut)

    def _sliced(self, workspace: str, query: Query, text: str, window: Window, prefix: str) -> Part:
        def slice_of(digit: str) -> Part:
            return self._part(workspace, query, text, window, prefix + digit)

        parts = list(map(slice_of, _DIGITS)) if prefix else list(self._slices.map(slice_of, _DIGITS))
        frames = [part.frame for part in parts if part.frame is not None]
        cuts = list(dict.fromkeys(part.cut for part in parts if part.cut))
        return Part(frame=joined(query.columns, frames, query.name), cut=", ".join(cuts[:3]))

    def _once(self, workspace: str, text: str) -> Answer:
        customer_id = self._customer_id(workspace)

        def work(left: float) -> Answer:
            return self._api.ask(workspace, customer_id, text, left=left)

        return self._manners.carry_out(work, self._gates[workspace], self._rate)


def volumes_text(window: Window | None) -> str:
    """Write the query that counts every table; a table that is not there drops out of a fuzzy union."""
    span = ""
    if window is not None:
        start, end = (kql.literal(moment, "datetime", "") for moment in (window.start, window.asked_at))
        span = f" | where TimeGenerated > {start} and TimeGenerated <= {end}"
    legs = [
        f"({table}{span} | summarize row_count = count(), newest = max(TimeGenerated)"
        f' | project table_name = "{table}", row_count, newest)'
        for table in kql.tables()["workspace"]
    ]
    return "union isfuzzy=true " + ", ".join(legs) + "\n"


def reasons_of(parts: Mapping[str, Part], tables: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield (workspace, reason) for each workspace that did not answer whole."""
    what = " and ".join(tables) or "the query"
    for workspace, part in parts.items():
        name = workspace.rpartition("/")[2]
        if isinstance(part.fault, NoSuchTable):
            fix = "leave the workspace out of workspaces if it never had Update Management"
            yield workspace, f"{what} of {name}: {part.fault.reason}, {fix}"
        elif part.fault is not None:
            # Said once, not for each of its tables.
            said = f"workspace {name}" if part.silent else f"{what} of {name}"
            yield workspace, f"{said}: {part.fault.reason}"
        elif part.cut:
            yield workspace, f"{what} of {name} is not complete: {part.cut}"


def _slice(query: Query, text: str, window: Window, prefix: str) -> str:
    if not prefix:
        return text
    if query.slices != "TimeGenerated":
        return slicing.sliced(query, text, [prefix])
    place, places = int(prefix, 16), len(_DIGITS) ** len(prefix)
    return slicing.within(text, _edge(window, place, places), _edge(window, place + 1, places))


def _edge(window: Window, place: int, places: int) -> datetime:
    """Return the whole hour at which a slice of a window begins; the last edge lies after the window."""
    moment = window.start + window.lookback * place / places
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour + timedelta(hours=1) if place == places else hour
