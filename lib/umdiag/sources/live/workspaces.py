"""Every workspace asked the same, each by itself; what one refuses takes nothing from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from umdiag.queries.kql import Query
from umdiag.queries.supplying import schema_text, supplied
from umdiag.sources.live.answers import Answer, frame_of, plain_columns
from umdiag.sources.live.faults import Fault, NoSuchColumn
from umdiag.sources.live.gates import Gate
from umdiag.sources.live.manners import Manners
from umdiag.sources.live.parts import Part, Window
from umdiag.sources.live.slices import whole_answer
from umdiag.sources.live.volumes import counted
from umdiag.words.once import Once


class WorkspaceApi(Protocol):
    """One of the two documented ways to ask a workspace."""

    def ask(self, workspace: str, customer_id: str, text: str, *, left: float) -> Answer:
        """Return the rows of one query text within so many seconds. Raises Fault."""
        ...

    def close(self) -> None:
        """Let connections go."""
        ...


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
        self._rate = Gate(10_000, limits.log_rate, closed_by="throttling")
        self._schemas = Once()
        at_once = limits.queries_per_workspace * len(workspaces)
        # Slices have threads of their own: those of the whole queries wait for them.
        self._whole = ThreadPoolExecutor(max(1, min(at_once, limits.workspace_threads)), "workspace")
        self._slices = ThreadPoolExecutor(max(1, min(at_once, limits.slice_threads)), "slice")

    def ask(self, query: Query, text: str, window: Window) -> dict[str, Part]:
        """Return what each workspace answers to a query of the package, in slices where it must be."""
        return self._each(lambda workspace: self._part(workspace, query, text, window))

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
        return self._each(lambda workspace: counted(partial(self._once, workspace), window, self._slices))

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

    def _part(self, workspace: str, query: Query, text: str, window: Window) -> Part:
        """Ask for an answer; columns that the workspace never had are supplied, and told where they count."""
        ask = partial(self._once, workspace)
        try:
            answer = whole_answer(ask, query, text, window, self._slices)
            return Part(frame=frame_of(query.columns, answer, query.name), cut=answer.cut)
        except NoSuchColumn:
            absent = self._absent(workspace, query)
            if not any(absent.values()):
                raise
        sent = supplied(query, text, absent)
        answer = whole_answer(ask, query, sent, window, self._slices)
        lacking = [
            f"{table}.{column}"
            for table, columns in absent.items()
            for column in query.reads[table].lacks(columns)
        ]
        told = f"it never had {' and '.join(lacking)}, check what its agents send" if lacking else ""
        cut = ", ".join(filter(None, (answer.cut, told)))
        return Part(frame=frame_of(query.columns, answer, query.name), cut=cut, sent=sent)

    def _absent(self, workspace: str, query: Query) -> dict[str, set[str]]:
        """Return the columns that a query reads and the workspace's tables do not have."""

        def columns_of(table: str) -> set[str]:
            text = schema_text(table)
            names = self._schemas.do((workspace, table), lambda: self._once(workspace, text)).rows
            return {str(name) for (name,) in names}

        return {table: set(reading.columns) - columns_of(table) for table, reading in query.reads.items()}

    def _once(self, workspace: str, text: str) -> Answer:
        customer_id = self._customer_id(workspace)

        def work(left: float) -> Answer:
            return self._api.ask(workspace, customer_id, text, left=left)

        return self._manners.carry_out(work, self._gates[workspace], self._rate)
