"""Find the table files of a snapshot and read those that are text (CSV, JSONL) as they stand."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from umdiag.queries import kql
from umdiag.sources.headers import UnreadableError

SUFFIXES = (".parquet", ".csv", ".jsonl")
_BLOCK = 1 << 24


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """The file of one table; `problem` says why it cannot be used, if so."""

    table: str
    path: Path
    problem: str = ""

    @property
    def kind(self) -> str:
        """Format by suffix: parquet, csv or jsonl."""
        return self.path.suffix.lower().removeprefix(".")


def known_tables() -> Mapping[str, Mapping[str, str]]:
    """Return every table of `tables.json`, whatever its section: table → column → KQL type."""
    return {table: columns for section in kql.tables().values() for table, columns in section.items()}


def find_tables(folder: Path) -> tuple[dict[str, TableFile], list[str]]:
    """Return the table files of a folder, and the names of files that look like data and are not read."""
    known = {table.casefold(): table for table in known_tables()}
    found: dict[str, TableFile] = {}
    strangers: list[str] = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith("."):
            continue
        if path.suffix.lower() not in SUFFIXES:
            strangers += [path.name] if _looks_like_table(path, known) else []
            continue
        table = known.get(path.stem.strip().casefold())
        if table is None:
            strangers.append(path.name)
        elif table in found:
            twice = f"both {found[table].path.name} and {path.name} are there: keep one"
            found[table] = TableFile(table=table, path=found[table].path, problem=twice)
        else:
            found[table] = TableFile(table=table, path=path, problem=_problem(path, folder))
    return found, strangers


def _looks_like_table(path: Path, known: Collection[str]) -> bool:
    """Whether a file that is not read bears a table's name, or is of a kind that holds rows."""
    beginning = re.split(r"[\W]+", path.name.strip().casefold())[0]
    return path.is_file() and (
        beginning in known or not set(SUFFIXES).isdisjoint(suffix.lower() for suffix in path.suffixes)
    )


def read_csv(path: Path) -> tuple[list[str], pa.Table]:
    """Return the header and the rows as text, columns called c0, c1, …; an empty field is null."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines, strict=True), [])
    except (UnicodeError, csv.Error):
        raise UnreadableError(f"{path.name} is not CSV in UTF-8: save it as such") from None
    if not header or not any(name.strip() for name in header):
        raise UnreadableError(f"{path.name} has no header line")
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise UnreadableError(f"{path.name} is not separated by commas: save it with commas")
    names = [f"c{place}" for place in range(len(header))]
    try:
        rows = pyarrow.csv.read_csv(
            _whole_lines(path),
            # The header is skipped as a row, not as a line: a quoted name may hold a line break.
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, skip_rows_after_names=1, block_size=_BLOCK
            ),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise UnreadableError(f"{path.name} is not CSV that can be read: {_first_line(error)}") from None
    return header, rows


def read_jsonl(path: Path) -> pa.Table:
    """Return one column `json`, a row per line that is not blank. Raises UnreadableError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeError:
        raise UnreadableError(f"{path.name} is not UTF-8 text") from None
    return json_rows(text.split("\n"))


def json_rows(lines: list[str]) -> pa.Table:
    """Return lines of JSON as a table (`json`, `line` from 1) that the engine can take apart."""
    kept = [(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    return pa.table(
        {
            "json": pa.array([line for line, _ in kept], type=pa.large_string()),
            "line": pa.array([number for _, number in kept], type=pa.int64()),
        }
    )


def nulls_of(path: Path, column: str) -> int | None:
    """Return how many rows of a Parquet file lack a value of a column, None where its footer does not say."""
    told = statistics_of(path).get(column.casefold())
    if told is None or any(part is None or not part.has_null_count for part in told):
        return None
    return sum(part.null_count for part in told)


def statistics_of(path: Path) -> Mapping[str, Sequence[Any]]:
    """Return what a Parquet file's footer says of each column (folded), a part for each group of rows.

    A part is None where it says nothing; columns of one name are left out.
    """
    footer = pyarrow.parquet.read_metadata(path)
    names = [name.casefold() for name in footer.schema.names]
    groups = [footer.row_group(place) for place in range(footer.num_row_groups)]
    return {
        name: [group.column(place).statistics for group in groups]
        for place, name in enumerate(names)
        if names.count(name) == 1
    }


def _whole_lines(path: Path) -> Path | pa.BufferReader:
    """Return a file whose last line ends: the reader stumbles over a header that does not."""
    with path.open("rb") as opened:
        opened.seek(-1, 2)
        ends = opened.read() == b"\n"
    return path if ends else pa.BufferReader(path.read_bytes() + b"\n")


def _problem(path: Path, folder: Path) -> str:
    """Say what is wrong with a file at first sight, before any reader trips over it."""
    if not path.is_file():
        return f"{path.name} is not a file"
    if not path.resolve().is_relative_to(folder):
        return f"{path.name} is a link that leads out of the snapshot: copy the file here"
    try:
        with path.open("rb") as opened:
            start = opened.read(4)
    except OSError as error:
        return f"{path.name} cannot be opened: {error.strerror or 'input error'}"
    if not start and path.suffix.lower() == ".jsonl":  # no line is no row: an empty table
        return ""
    if not start:
        return f"{path.name} is empty (0 bytes): capture it again"
    if (start == b"PAR1") != (path.suffix.lower() == ".parquet"):
        is_parquet = start == b"PAR1"
        return f"{path.name} is {'a' if is_parquet else 'not a'} Parquet file: its suffix does not fit"
    return ""


def _first_line(error: Exception) -> str:
    # pyarrow quotes the offending row after the last colon; the reason alone is enough, and safer to show.
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text.split(": ...")[0][:160]
