"""What was seen: the rows of a query, the state of a table, what can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

import pandas as pd
from pydantic import Field

from umdiag.model.forms import RECORD, Count, Moment
from umdiag.model.shown import html_of
from umdiag.words.counting import counted

#: Annotations of what a function takes (`judging/needs.py`). As far as seen: each row is right, some may
#: be missing, and of a time only the bound is known.
Partial: TypeAlias = pd.DataFrame
#: Whole or None; without it rows are missing from what the function returns.
Adding: TypeAlias = pd.DataFrame


class State(StrEnum):
    """How much of a table or an answer could be seen."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    EMPTY = "empty"
    MISSING = "missing"
    DENIED = "denied"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What one query returned, and how much of the truth it is.

    `frame` has exactly the columns of the query's header, in the dtypes of `kql.DTYPES`; it is empty
    where `state` is neither COMPLETE nor PARTIAL. `state` is one of COMPLETE, PARTIAL, DENIED, MISSING.
    `unseen` names workspaces that gave no row at all while those of the others are whole (then PARTIAL).
    `sent` is the text as it was sent, where a workspace could not answer the one that was asked.
    """

    name: str
    text: str
    frame: pd.DataFrame
    state: State
    reason: str = ""
    newest: datetime | None = None
    tables: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    sent: str = ""

    def __post_init__(self) -> None:
        """Let no answer that is not whole go without a word: a verdict would take it for whole."""
        if not self.whole and not self.reason:
            what = ", ".join(self.tables) or self.name
            object.__setattr__(self, "reason", f"{what}: the state is {self.state.value}, no reason is known")

    def __repr__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"<Rows {self.name}: {self.state}, {counted(len(self.frame), 'row')}{reason}>\n{self.frame}"

    def _repr_html_(self) -> str | None:
        return html_of(self)

    @property
    def whole(self) -> bool:
        """Whether a judgement may reason from what is not in these rows."""
        return self.state is State.COMPLETE


@dataclass(frozen=True, kw_only=True)
class TableHealth:
    """One line of the data-health block: a table in one scope (workspace, Resource Graph, account)."""

    __pydantic_config__ = RECORD

    table: Annotated[str, Field(min_length=1)]
    scope: str
    state: State
    rows: Count
    newest: Moment | None = None
    note: str = ""


class ReachGroup(StrEnum):
    """What belongs together of all that a report reads, in the order in which it is tried."""

    SIGN_IN = "Sign-in"
    WORKSPACES = "Workspaces"
    TABLES = "Tables of workspaces"
    RESOURCE_GRAPH = "Resource Graph"
    AUTOMATION_ACCOUNT = "Automation account"
    RESOURCE_MANAGER = "Azure Resource Manager"
    PERMISSIONS = "Permissions"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """One thing that a report reads: whether it can be reached, and what was seen or is to be done.

    `table` is what was seen of a table in one workspace, where it is about that.
    """

    group: ReachGroup
    what: str
    ok: bool
    told: str
    table: TableHealth | None = None
