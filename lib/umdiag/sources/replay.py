"""A replay: the answers of a finished report, offline and for ever. Written and read here."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from umdiag.errors import QueryError, SourceError
from umdiag.model import Rows, State, TableHealth
from umdiag.queries import kql
from umdiag.queries.belonging import service_of
from umdiag.queries.kql import Query, Value
from umdiag.sources.manifest import Fact, Health, Manifest, read_manifest, write_manifest
from umdiag.sources.outward import from_arrow, to_arrow
from umdiag.words.files import write_private
from umdiag.words.once import Once
from umdiag.words.services import CALLED

FOLDER = "facts"
_HOLDS_ROWS = (State.COMPLETE, State.PARTIAL)
_AGAIN = ": copy the report again, or make it again from its source"
_ANEW = ": make it again from its source with both in the parameter services"
_UNCHECKED = "its rows are not checked: the report was written before umdiag noted what they were"


class Replay:
    """Answers the queries that a report was made of, with the values it was made with, and nothing else."""

    parallel = 4
    absence = "the report was made without its tables"

    def __init__(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        if manifest is None or manifest.facts is None or manifest.asked_at is None:
            raise SourceError(
                f"{folder.name} is not a report: its snapshot.json lists no facts with asked_at"
            )
        self._folder = folder
        self._asked_at = manifest.asked_at
        self._facts = {
            (key.partition("@")[0], fact.asked): (key, fact) for key, fact in manifest.facts.items()
        }
        self._health = tuple(TableHealth(**line.model_dump()) for line in manifest.health)
        self._once = Once()
        self.lookback: timedelta | None = manifest.lookback
        self.notes: Sequence[str] = manifest.notes
        self.decided: Mapping[str, str] | None = manifest.not_asked

    def look_at(self, asked_at: datetime, lookback: timedelta) -> None:
        """Answers are what they are."""

    @property
    def captured(self) -> Collection[str]:
        """Return the tables that were there when the report was made."""
        lines = {line.table for line in self._health if line.state is not State.MISSING}
        return lines.union(
            *(fact.tables for _, fact in self._facts.values() if fact.state is not State.MISSING)
        )

    def clock(self) -> datetime:
        """Return the report's `asked_at`."""
        return self._asked_at

    def newest(self) -> datetime:
        """Return the newest row that any answer rests on, else the report's clock."""
        return max((fact.newest for _, fact in self._facts.values() if fact.newest), default=self._asked_at)

    def fetch(self, query: Query, values: Mapping[str, Value]) -> Rows:
        """Return the answer to a query, in the state and for the reason it had then.

        Raises QueryError for a text that was not asked; an answer whose file is gone or damaged is MISSING.
        """
        text = kql.bind(query, values)
        key, fact = self._facts.get((query.name, kql.sha256(text)), ("", None))
        service = service_of(query.tables)
        if fact is None and service in (self.decided or {}):
            reason = f"the report was made without looking at {CALLED[service]}{_ANEW}"
            state, frame = State.MISSING, kql.empty(query)
            return Rows(
                name=query.name, text=text, frame=frame, state=state, reason=reason, tables=query.tables
            )
        if fact is None:
            raise QueryError(
                f"this report holds answers, not tables: {query.name} was not asked with these values"
            )
        state, reason, frame = fact.state, fact.reason, kql.empty(query)
        if state in _HOLDS_ROWS:
            try:
                frame = self._read(key, query.columns, fact)
            except SourceError as error:
                state, reason = State.MISSING, str(error)
        return Rows(
            name=query.name,
            text=text,
            frame=frame,
            state=state,
            reason=reason,
            newest=fact.newest,
            tables=fact.tables,
            unseen=fact.unseen,
            sent=fact.sent,
        )

    def kql(self, text: str, time_limit: timedelta | None = None) -> pd.DataFrame:
        """Refuse: a free question needs tables."""
        raise QueryError(
            "this report holds answers, not tables: open a snapshot or a workspace to ask other questions"
        )

    def health(self) -> Sequence[TableHealth]:
        """Return the data-health block as the report showed it, and what became of its files since."""
        return self._once.do("health", lambda: tuple(self._lines()))

    def interrupt(self) -> None:
        """Nothing runs for long here."""

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, key: str, columns: Mapping[str, str], fact: Fact) -> pd.DataFrame:
        content = self._content(key, fact)
        try:
            table = pyarrow.parquet.ParquetFile(pa.BufferReader(content)).read()
            if table.column_names != list(columns) or table.num_rows != fact.rows:
                raise SourceError(_other(key))
            return pd.DataFrame(
                {name: from_arrow(table.column(name), type_) for name, type_ in columns.items()}
            )
        except (OSError, ValueError, pa.ArrowException):
            raise SourceError(f"{_file(key)} is damaged{_AGAIN}") from None

    def _content(self, key: str, fact: Fact) -> bytes:
        """Return the file of an answer's rows. Raises SourceError where it is not what was written."""
        try:
            content = (self._folder / _file(key)).read_bytes()
        except FileNotFoundError:
            raise SourceError(f"{_file(key)} is not there{_AGAIN}") from None
        except OSError as error:
            raise SourceError(f"{_file(key)} is not readable ({error.strerror}){_AGAIN}") from None
        if fact.text_sha256 and fact.sha256 != hashlib.sha256(content).hexdigest():
            raise SourceError(_other(key))
        return content

    def _lines(self) -> Iterator[TableHealth]:
        """Yield the lines of the report, those whose answers are gone or were never checked marked so."""
        lost: dict[str, list[str]] = {}
        unchecked: set[str] = set()
        for key, fact in self._facts.values():
            if fact.state in _HOLDS_ROWS:
                try:
                    self._content(key, fact)
                except SourceError as error:
                    for table in fact.tables:
                        lost.setdefault(table, []).append(str(error))
                unchecked.update(() if fact.text_sha256 else fact.tables)
        for line in self._health:
            told = [line.note, *lost.get(line.table, ()), _UNCHECKED if line.table in unchecked else ""]
            state = State.UNREADABLE if line.table in lost else line.state
            yield replace(line, state=state, note="; ".join(filter(None, told)))


def write_facts(
    folder: Path,
    rows: Iterable[Rows],
    *,
    asked_at: datetime,
    lookback: timedelta,
    health: Iterable[TableHealth] = (),
    notes: Iterable[str] = (),
    not_asked: Mapping[str, str] | None = None,
) -> Mapping[tuple[str, str], int]:
    """Write answers into `folder` so that it can be replayed: `facts/*.parquet`, then `snapshot.json`.

    `not_asked` says which services were not looked at, and why. A query that was asked with several values
    has one file for each, `name@<start of the text's sha256>`.
    Every file is its owner's alone and appears whole or not at all; facts of an earlier writing go.
    Returns the bytes of each file, by name and text of the query.
    """
    answers = {(answer.name, kql.sha256(answer.text)): answer for answer in rows}
    names = [name for name, _ in answers]
    facts: dict[str, Fact] = {}
    sizes: dict[tuple[str, str], int] = {}
    target = folder / FOLDER
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for (name, sha), answer in answers.items():
        key = name if names.count(name) == 1 else f"{name}@{sha[:12]}"
        content = _parquet(answer.frame) if answer.state in _HOLDS_ROWS else b""
        if content:
            write_private(folder / _file(key), content)
        sizes[name, answer.text] = len(content)
        facts[key] = Fact(
            sha256=hashlib.sha256(content).hexdigest() if content else "",
            text_sha256=sha,
            state=answer.state,
            rows=len(answer.frame),
            newest=answer.newest,
            reason=answer.reason,
            tables=answer.tables,
            unseen=answer.unseen,
            sent=answer.sent,
        )
    manifest = Manifest(
        format=1,
        asked_at=asked_at,
        lookback=lookback,
        facts=facts,
        health=tuple(Health(**asdict(line)) for line in health),
        notes=tuple(notes),
        not_asked=not_asked,
    )
    write_manifest(folder, manifest)
    for file in target.glob("*.parquet"):
        if file.stem not in facts or facts[file.stem].state not in _HOLDS_ROWS:
            with suppress(OSError):
                file.unlink()
    return sizes


def _file(key: str) -> str:
    return f"{FOLDER}/{key}.parquet"


def _other(key: str) -> str:
    return f"{_file(key)} is not the file that was written with this report{_AGAIN}"


def _parquet(frame: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    pyarrow.parquet.write_table(to_arrow(frame), content, compression="zstd")
    return content.getvalue()
