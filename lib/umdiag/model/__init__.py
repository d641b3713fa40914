"""The records that cross the kit's rooms: rows, findings, diagnoses. Frozen, and free of behaviour.

What stands in findings.json is declared here and nowhere else: pydantic writes and reads these records as
JSON and makes the file's schema of them. Nothing is checked when a record is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, WithJsonSchema

from umdiag.model.forms import RECORD as RECORD
from umdiag.model.forms import Count as Count
from umdiag.model.forms import Key as Key
from umdiag.model.forms import Moment as Moment
from umdiag.model.incidents import EXPIRED as EXPIRED
from umdiag.model.incidents import Accepted as Accepted
from umdiag.model.incidents import Common as Common
from umdiag.model.incidents import Explanation as Explanation
from umdiag.model.incidents import Incident as Incident
from umdiag.model.rows import Adding as Adding
from umdiag.model.rows import Partial as Partial
from umdiag.model.rows import Reach as Reach
from umdiag.model.rows import ReachGroup as ReachGroup
from umdiag.model.rows import Rows as Rows
from umdiag.model.rows import State as State
from umdiag.model.rows import TableHealth as TableHealth
from umdiag.model.severity import Severity as Severity
from umdiag.model.shown import html_of
from umdiag.words.counting import counted
from umdiag.words.plain import plain
from umdiag.words.services import UPDATE_MANAGEMENT as UPDATE_MANAGEMENT
from umdiag.words.services import UPDATE_MANAGER as UPDATE_MANAGER
from umdiag.words.steps import NOTHING_KNOWN, Step, Traits, filled, named_parts, steps_for

#: What a finding may be about.
SUBJECTS = (
    "machine", "workspace", "automation_account", "subscription", "update_configuration", "update_run",
    "maintenance_configuration", "automation_job",
)  # fmt: skip


class Verdict(StrEnum):
    """What a diagnosis says: UNKNOWN is a result, never a kind of HEALTHY; NOT_ASKED counts nowhere."""

    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    NOT_ASKED = "NOT_ASKED"


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
    """One cause on one subject, with the rows that show it (`evidence`) and the steps that fix it.

    `explained_by` names the findings that it follows from; only an accepted finding has `accepted`.
    """

    __pydantic_config__ = RECORD

    cause: Key
    severity: Severity
    subject: Subject
    evidence: Annotated[Mapping[str, Any], PlainSerializer(plain), WithJsonSchema({"type": "object"})]
    resolution: Sequence[Annotated[str, Field(min_length=1)]]
    source: str
    explained_by: Sequence[Explanation] = ()
    accepted: Annotated[Accepted | None, Field(exclude_if=lambda accepted: accepted is None)] = None

    @property
    def counts(self) -> bool:
        """Whether it makes a PROBLEM: no remark, and not accepted."""
        return self.severity is not Severity.INFO and self.accepted is None

    def __repr__(self) -> str:
        accepted = ", accepted" if self.accepted else ""
        return (
            f"<Finding {self.severity}: {self.cause} on {self.subject.kind} {self.subject.name!r}{accepted}>"
        )

    def _repr_html_(self) -> str | None:
        return html_of(self)


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

    def __repr__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return (
            f"<Diagnosis {self.scenario}: {self.verdict}, {counted(len(self.findings), 'finding')}{reason}>"
        )

    def _repr_html_(self) -> str | None:
        return html_of(self)


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
    group>` and `<resource name>` are those of the subject's ARM id, other names are keys in the evidence.
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
