"""`snapshot.json`: what a capture or a report says about its own rows. Read and written here only."""

from __future__ import annotations

import json
from collections.abc import Mapping
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


class Fact(_Part):
    """One answered query of a report; its last fields are kept so that a replay says the same.

    `sha256` is that of the file of its rows ("" where it has none), `text_sha256` that of the text as asked.
    Before 0.2 there was no `text_sha256`, and `sha256` was the text's.
    """

    sha256: str
    text_sha256: str = ""
    state: State
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

    @property
    def rows_sha256(self) -> str:
        """The sha256 of the file of rows, "" where none was noted."""
        return self.sha256 if self.text_sha256 else ""


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
    tables: Mapping[str, Captured] = {}
    facts: Mapping[FactKey, Fact] | None = None
    health: tuple[Health, ...] = ()
    notes: tuple[str, ...] = ()


def read_manifest(folder: Path) -> Manifest | None:
    """Return a folder's manifest, None where it has none. Raises SourceError with one line for a bad one."""
    file = folder / NAME
    if not file.is_file():
        return None
    try:
        return Manifest.model_validate(json.loads(file.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise SourceError(f"{NAME} cannot be opened: {error.strerror or 'input error'}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        said = first["msg"].removeprefix("Value error, ")
        raise SourceError(f"{NAME} is not one of this kit: {place}: {said}") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{NAME} is not JSON: capture the snapshot again, or remove the file") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a folder's manifest, whole or not at all."""
    data: Any = manifest.model_dump(mode="json", exclude_none=True)
    text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    write_private(folder / NAME, text.encode())
