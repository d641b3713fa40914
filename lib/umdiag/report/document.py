"""findings.json: the whole of it as one declaration, from which it is written and its schema is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema

from umdiag._version import __version__
from umdiag.judging.verdicts import worst_first
from umdiag.model import RECORD, Diagnosis, Incident, Key, Moment, TableHealth
from umdiag.report.folder import SCHEMA
from umdiag.words.durations import write_duration
from umdiag.words.plain import plain


@dataclass(frozen=True, kw_only=True)
class Target:
    """What was asked for, as the parameters name it."""

    __pydantic_config__ = RECORD

    source: Literal["snapshot", "azure"]
    workspaces: Sequence[str]
    automation_account: str
    subscriptions: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """How a notebook of the report ended; `error` is one line."""

    __pydantic_config__ = RECORD

    family: Key
    status: Literal["succeeded", "failed"]
    seconds: Annotated[float, Field(ge=0)]
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Document:
    """findings.json of an umdiag report."""

    __pydantic_config__ = RECORD

    schema: Annotated[str, WithJsonSchema({"const": SCHEMA})]
    kit_version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+")]
    asked_at: Moment
    lookback: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?[dhms]$")]
    target: Target
    data_health: Sequence[TableHealth]
    diagnoses: Sequence[Diagnosis]
    incidents: Sequence[Incident]
    notebooks: Sequence[Notebook]


def document(
    *,
    asked_at: datetime,
    lookback: timedelta,
    target: Mapping[str, Any],
    health: Sequence[TableHealth],
    diagnoses: Iterable[Diagnosis],
    incidents: Sequence[Incident],
    notebooks: Sequence[Notebook],
) -> dict[str, Any]:
    """Make the whole of findings.json (contract §4) out of plain values."""
    whole = Document(
        schema=SCHEMA,
        kit_version=__version__,
        asked_at=asked_at,
        lookback=write_duration(lookback),
        target=Target(**{field.name: plain(target[field.name]) for field in fields(Target)}),
        data_health=health,
        diagnoses=[_in_order(diagnosis) for diagnosis in diagnoses],
        incidents=incidents,
        notebooks=notebooks,
    )
    content: dict[str, Any] = _adapter().dump_python(whole, mode="json")
    return content


def schema() -> dict[str, Any]:
    """Make the JSON Schema of findings.json."""
    head = {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA}
    return head | _adapter().json_schema(mode="serialization", schema_generator=_Schema)


class _Schema(GenerateJsonSchema):
    """Leaves out titles that only repeat the name of a key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def _adapter() -> TypeAdapter[Document]:
    return TypeAdapter(Document)


def _in_order(diagnosis: Diagnosis) -> Diagnosis:
    return replace(diagnosis, findings=worst_first(diagnosis.findings))
