"""The records that cross the kit's rooms: rows, findings, diagnoses. Frozen, and free of behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

import pandas as pd

#: Annotations of what a function takes (`judging/needs.py`). As far as seen: each row is right, some may
#: be missing, and of a time only the bound is known.
Partial: TypeAlias = pd.DataFrame
#: Whole or None; without it rows are missing from what the function returns.
Adding: TypeAlias = pd.DataFrame


class Verdict(StrEnum):
    """What a diagnosis says: UNKNOWN is a result, never a kind of HEALTHY."""

    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"


class Severity(StrEnum):
    """How urgent a finding is, most urgent first; INFO alone makes no PROBLEM."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(Severity).index(self)


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
    """

    name: str
    text: str
    frame: pd.DataFrame
    state: State
    reason: str = ""
    newest: datetime | None = None
    tables: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether a judgement may reason from what is not in these rows."""
        return self.state is State.COMPLETE


@dataclass(frozen=True, kw_only=True)
class TableHealth:
    """One line of the data-health block: a table in one scope (workspace, Resource Graph, account)."""

    table: str
    scope: str
    state: State
    rows: int
    newest: datetime | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """One thing that a report reads: whether it can be reached, and what was seen or is to be done."""

    what: str
    ok: bool
    told: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a finding is about; `id` is its identity, `name` is for display."""

    kind: str
    name: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A reason that a scenario knows: its literal key, one sentence, the mend and where Microsoft says so."""

    key: str
    sentence: str
    resolution: tuple[str, ...]
    source: str
    severity: Severity = Severity.MEDIUM


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One cause on one subject, with the rows that show it (`evidence`) and the steps that mend it."""

    cause: str
    severity: Severity
    subject: Subject
    evidence: Mapping[str, Any]
    resolution: Sequence[str]
    source: str


@dataclass(frozen=True, kw_only=True)
class QueryUse:
    """A query that a diagnosis rests on: its name, the text as sent and how it was answered."""

    name: str
    text: str
    state: State
    rows: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Everything about one scenario in one run."""

    scenario: str
    family: str
    title: str
    verdict: Verdict
    reason: str = ""
    findings: Sequence[Finding] = field(default_factory=tuple)
    queries: Sequence[QueryUse] = field(default_factory=tuple)


def found(
    cause: Cause,
    subject: Subject,
    evidence: Mapping[str, Any],
    *,
    severity: Severity | None = None,
    resolution: Sequence[str] | None = None,
) -> Finding:
    """Make a finding of `cause`; severity and resolution default to the cause's own."""
    return Finding(
        cause=cause.key,
        severity=severity or cause.severity,
        subject=subject,
        evidence=evidence,
        resolution=tuple(resolution or cause.resolution),
        source=cause.source,
    )
