"""`snapshot.json`: what a capture or a report says about its own rows. Read and written here only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)

from umdiag.errors import SourceError
from umdiag.model import State
from umdiag.sources.tablefiles import known_tables
from umdiag.words.counting import counted
from umdiag.words.durations import read_duration, write_duration
from umdiag.words.files import write_private
from umdiag.words.moments import write_moment

NAME = "snapshot.json"


def _read_duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    length = read_duration(value if isinstance(value, str) else "")
    if length < timedelta():
        raise ValueError("is less than zero")
    return length


def _read_moment(value: object) -> object:
    if not isinstance(value, (str, datetime)):
        raise ValueError("is not a time in ISO form")  # noqa: TRY004 - pydantic words ValueError only
    return value


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("lacks its zone (write …Z)")
    return value.astimezone(UTC)


def _of_answer(state: State) -> State:
    if state is State.EMPTY:
        raise ValueError("is not the state of an answer (one without rows is complete)")
    return state


def _read_tables(value: object) -> object:
    """Return entries by the names of the tables as the kit writes them."""
    if not isinstance(value, Mapping):
        return value
    known = {table.casefold(): table for table in known_tables()}
    named: dict[Any, object] = {}
    for written, entry in value.items():
        table = known.get(str(written).strip().casefold(), written)
        if table in named:
            raise ValueError(f"{table} is there twice, keep one")
        named[table] = entry
    return named


Duration = Annotated[
    timedelta, BeforeValidator(_read_duration), PlainSerializer(write_duration, when_used="json")
]
Moment = Annotated[
    datetime,
    BeforeValidator(_read_moment),
    AfterValidator(_utc),
    PlainSerializer(write_moment, when_used="json"),
]

#: Name of a query, with the start of the text's sha256 where one name has several texts: also a file's name.
FactKey = Annotated[str, Field(pattern=r"^\w+(@[0-9a-f]{12})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Captured(_Part):
    """What is said of one captured table."""

    rows: int | None = None
    complete: bool = True
    state: Literal["", "complete", "partial", "empty", "denied", "missing"] = ""
    note: str = ""

    def cut(self, rows: int) -> str:
        """Say why a file with so many rows does not hold the whole table, '' where it does."""
        if self.rows is not None and self.rows != rows:
            return f"snapshot.json counts {counted(self.rows, 'row')}, the file has {rows:,}"
        if self.state == "empty" and rows:
            return f"snapshot.json says that it is empty, the file has {counted(rows, 'row')}"
        if not self.complete or self.state in ("partial", "denied", "missing"):
            return self.note or "the capture was cut short"
        return ""


class Fact(_Part):
    """One answered query of a report; its last fields are kept so that a replay says the same.

    `sha256` is that of the file of its rows ("" where it has none), `text_sha256` that of the text as asked.
    Before 0.2 there was no `text_sha256`, and `sha256` was the text's.
    """

    sha256: str
    text_sha256: str = ""
    state: Annotated[State, AfterValidator(_of_answer)]
    rows: int
    newest: Moment | None = None
    reason: str = ""
    tables: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    sent: str = ""

    @property
    def asked(self) -> str:
        """The sha256 of the text as it was asked."""
        return self.text_sha256 or self.sha256


class Health(_Part):
    """One line of the data-health block."""

    table: str
    scope: str
    state: State
    rows: int
    newest: Moment | None = None
    note: str = ""


class Manifest(_Part):
    """The whole of `snapshot.json`; with `facts` the folder is a replay, without them a snapshot."""

    format: Literal[1]
    asked_at: Moment | None = None
    lookback: Duration | None = None
    tables: Annotated[Mapping[str, Captured], BeforeValidator(_read_tables)] = {}
    facts: Mapping[FactKey, Fact] | None = None
    health: tuple[Health, ...] = ()
    notes: tuple[str, ...] = ()
    #: Of a report: services that it did not look at, each with the reason. Before 0.2 nobody asked.
    not_asked: Mapping[str, str] | None = None


def read_manifest(folder: Path) -> Manifest | None:
    """Return a folder's manifest, None where it has none. Raises SourceError with one line for a bad one."""
    file = folder / NAME
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        manifest = Manifest.model_validate(content)
    except OSError as error:
        raise SourceError(f"{NAME} cannot be opened: {error.strerror or 'input error'}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        said = first["msg"].removeprefix("Value error, ")
        raise SourceError(f"{NAME} is not one of this kit: {place}: {said}") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{NAME} is not JSON: capture the snapshot again, or remove the file") from None
    return manifest.model_copy(update={"notes": (*manifest.notes, *_strange(content.get("tables", {})))})


def _strange(tables: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Say what of the tables' entries is not read."""
    known = {table.casefold() for table in known_tables()}
    for table, entry in tables.items():
        if table.strip().casefold() not in known:
            yield f"{NAME} names {json.dumps(table[:80])}, which is not a table that the kit reads"
        elif unread := [key for key in entry if key not in Captured.model_fields]:
            keys = ", ".join(json.dumps(key[:80]) for key in unread)
            known_keys = ", ".join(Captured.model_fields)
            yield f"{NAME} says {keys} of {table.strip()}, which is not read: known are {known_keys}"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a folder's manifest, whole or not at all."""
    data: Any = manifest.model_dump(mode="json", exclude_none=True)
    text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    write_private(folder / NAME, text.encode())
