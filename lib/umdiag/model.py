"""The records that cross the kit's rooms: rows, findings, diagnoses. Frozen, and free of behaviour.

What stands in findings.json is declared here and nowhere else: pydantic writes and reads these records as
JSON and makes the file's schema of them. Nothing is checked when a record is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import pandas as pd
from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from umdiag.words.plain import plain
from umdiag.words.services import UPDATE_MANAGEMENT as UPDATE_MANAGEMENT
from umdiag.words.services import UPDATE_MANAGER as UPDATE_MANAGER
from umdiag.words.steps import NOTHING_KNOWN, Step, Traits, filled, named_parts, steps_for

#: A literal name of the kit's own: of a scenario, a family, a cause, a query.
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Count = Annotated[int, PlainSerializer(int), WithJsonSchema({"type": "integer", "minimum": 0})]
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$"
Moment = Annotated[datetime, PlainSerializer(plain), WithJsonSchema({"type": "string", "pattern": _MOMENT})]
#: What a finding may be about.
SUBJECTS = (
    "machine", "workspace", "automation_account", "subscription", "update_configuration", "update_run",
    "maintenance_configuration", "automation_job",
)  # fmt: skip
#: In a file every key of a record is written and no other is read.
RECORD = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)

#: Annotations of what a function takes (`judging/needs.py`). As far as seen: each row is right, some may
#: be missing, and of a time only the bound is known.
Partial: TypeAlias = pd.DataFrame
#: Whole or None; without it rows are missing from what the function returns.
Adding: TypeAlias = pd.DataFrame


class Verdict(StrEnum):
    """What a diagnosis says: UNKNOWN is a result, never a kind of HEALTHY; NOT_ASKED counts nowhere."""

    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    NOT_ASKED = "NOT_ASKED"


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
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


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


@dataclass(frozen=True, kw_only=True)
class Reach:
    """One thing that a report reads: whether it can be reached, and what was seen or is to be done."""

    what: str
    ok: bool
    told: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a finding is about; `id` is its identity, `name` is for display."""

    __pydantic_config__ = RECORD

    kind: Annotated[str, WithJsonSchema({"enum": list(SUBJECTS)})]
    name: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Lead:
    """A notebook to open after a finding, and why; `root`: what the finding comes from lies there."""

    notebook: str
    why: str
    root: bool = False


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A reason that a scenario knows: its literal key, one sentence, the fix and where Microsoft says so.

    `leads_to`: notebooks of its root, then of what follows; `manager_source`: page of Update Manager.
    """

    key: str
    sentence: str
    resolution: tuple[str | Step, ...]
    source: str
    severity: Severity = Severity.MEDIUM
    leads_to: tuple[Lead, ...] = ()
    manager_source: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One cause on one subject, with the rows that show it (`evidence`) and the steps that fix it."""

    __pydantic_config__ = RECORD

    cause: Key
    severity: Severity
    subject: Subject
    evidence: Annotated[Mapping[str, Any], PlainSerializer(plain), WithJsonSchema({"type": "object"})]
    resolution: Sequence[Annotated[str, Field(min_length=1)]]
    source: str


@dataclass(frozen=True, kw_only=True)
class QueryUse:
    """A query that a diagnosis rests on: its name, the text as sent and how it was answered."""

    __pydantic_config__ = RECORD

    name: Key
    text: str
    state: Annotated[State, WithJsonSchema({"enum": ["complete", "partial", "missing", "denied"]})]
    rows: Count
    #: Kept in snapshot.json, beside the rows.
    reason: Annotated[str, Field(exclude=True)] = ""


_OF_VERDICTS: list[Any] = [
    {
        "if": {"properties": {"verdict": {"enum": ["UNKNOWN", "NOT_ASKED"]}}},
        "then": {"properties": {"reason": {"minLength": 1}}},
    },
    {
        "if": {"properties": {"verdict": {"const": "PROBLEM"}}},
        "then": {"properties": {"findings": {"minItems": 1}}},
    },
]


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Everything about one scenario in one run; UNKNOWN and NOT_ASKED always say why."""

    __pydantic_config__ = RECORD | {"json_schema_extra": {"allOf": _OF_VERDICTS}}

    scenario: Key
    family: Key
    title: Annotated[str, Field(min_length=1)]
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
    resolution: Sequence[str | Step] | None = None,
    known: Traits = NOTHING_KNOWN,
) -> Finding:
    """Make a finding of `cause` with the steps that can fit what is `known` of its subject.

    Severity, resolution and page are the cause's. In a step `<resource id>`, `<subscription>`, `<resource
    group>` and `<resource name>` are those of the subject's ARM id, other names are keys of the evidence.
    """
    values = {key.replace("_", " "): value for key, value in evidence.items() if isinstance(value, str)}
    told = steps_for(cause.resolution if resolution is None else resolution, known)
    return Finding(
        cause=cause.key,
        severity=severity or cause.severity,
        subject=subject,
        evidence=evidence,
        resolution=tuple(filled(step, values | named_parts(subject.id)) for step in told),
        source=(cause.manager_source if known.service == UPDATE_MANAGER else "") or cause.source,
    )
