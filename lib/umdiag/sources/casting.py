"""Turn a file's columns into exactly the columns of `tables.json`, as SQL for the embedded engine.

Types inside the engine: string VARCHAR with '' for null, bool BOOLEAN, int and long BIGINT, real DOUBLE,
datetime naive UTC TIMESTAMP, dynamic JSON. What cannot be cast is null, and each column carries a condition
that is true for such a value, so that it can be counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from umdiag.sources import times
from umdiag.sources.headers import match_columns
from umdiag.sources.times import Order

ENGINE_TYPES: Mapping[str, str] = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "long": "BIGINT",
    "real": "DOUBLE",
    "datetime": "TIMESTAMP",
    "timespan": "INTERVAL",
    "dynamic": "JSON",
}
#: What exports write for "no value", apart from nothing at all.
_BLANK = "('', 'null', 'none', 'nan', 'nat')"
#: Every row of the workspace's tables has this time, so that none is a loss too.
TIME = "TimeGenerated"
#: Dynamic columns that hold an object wherever they hold anything.
_BAGS = ("properties", "tags")
#: Families of file types that a column of names and states never has.
_NO_TEXT = ("nested", "bool")
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}


@dataclass(frozen=True, kw_only=True)
class Losses:
    """How many values of each column could not be cast or are empty though every row fills it, and some text
    found where a time should be.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    blanks: Mapping[str, int] = field(default_factory=dict)
    time_found: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: its KQL type, the SQL that yields it, and when a value of the file is lost."""

    name: str
    type: str
    sql: str
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """All columns of one table over one file; `missing` are those that the file does not have."""

    columns: tuple[Column, ...]
    missing: tuple[str, ...]
    #: SQL, an aggregate: some text that stands in the file where the time of a row should.
    time_found: str = "NULL"

    @property
    def select(self) -> str:
        """The select list that casts a file's row into the table's."""
        return ", ".join(f"{column.sql} AS {quoted(column.name)}" for column in self.columns)

    @property
    def checks(self) -> Mapping[str, str]:
        """Column → condition that is true where a value is there and cannot be cast."""
        return {column.name: column.failed for column in self.columns if column.failed}


def quoted(name: str) -> str:
    """Write an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def project(
    header: Sequence[str],
    values: Sequence[tuple[str, str]],
    wanted: Mapping[str, str],
    orders: Mapping[str, Order] | None = None,
    *,
    filled: Collection[str] = (),
    span: tuple[str, str] | None = None,
) -> Projection:
    """Map a file's `header` and its `values` (SQL, engine type), in the same order, onto `wanted`.

    `orders` tells of columns of times that are text how their dates begin. Of columns that every row fills
    (`filled`) what is no text is lost. Times of rows that are text lie in `span`, or are none.
    """
    places = match_columns(header, wanted)
    columns = []
    for name, type_ in wanted.items():
        if name in places:
            value, found = values[places[name]]
            sql, failed = cast(value, found, type_, (orders or {}).get(name, ""), bag=name in _BAGS)
            if name in filled and family_of(found) in _NO_TEXT:
                failed = f"{value} IS NOT NULL"
            if name == TIME and span and family_of(found) == "text":
                sql = f"CASE WHEN ({sql}) BETWEEN {span[0]} AND {span[1]} THEN {sql} END"
            if name == TIME and (failed or sql.startswith("CAST(NULL")):
                failed = f"({sql}) IS NULL"
        else:
            sql, failed = ("''" if type_ == "string" else f"CAST(NULL AS {ENGINE_TYPES[type_]})"), ""
        columns.append(Column(name=name, type=type_, sql=sql, failed=failed))
    written = f"any_value(CAST({values[places[TIME]][0]} AS VARCHAR))" if TIME in places else "NULL"
    missing = tuple(name for name in wanted if name not in places)
    return Projection(columns=tuple(columns), missing=missing, time_found=written)


def cast(value: str, found: str, wanted: str, order: Order = "", *, bag: bool = False) -> tuple[str, str]:
    """Return SQL that casts `value` of engine type `found` to KQL type `wanted`, and when that fails."""
    family = family_of(found)
    if family == "text":
        value = as_text(value, found)
    if wanted == "string":
        return f"coalesce({_as_text(value, family)}, '')", ""
    if family == "null":
        return f"CAST(NULL AS {ENGINE_TYPES[wanted]})", ""
    if wanted == "dynamic":
        return _dynamic(value, found, bag=bag)
    if (ready := _as_is(value, found, family, wanted)) is not None:
        return ready, ""
    there, sql = _converted(value, family, wanted, order)
    return sql, f"({there}) IS NOT NULL AND ({sql}) IS NULL"


def family_of(found: str) -> str:
    """Group an engine type: text, bool, whole, float, moment, zoned, nested, null, other."""
    if found.endswith("]") or found.startswith(("STRUCT", "MAP", "UNION")):
        return "nested"
    if found in ("VARCHAR", "JSON") or found.startswith("ENUM"):
        return "text"
    if found.removeprefix("U") in _WHOLE:
        return "whole"
    if found in ("FLOAT", "DOUBLE") or found.startswith("DECIMAL"):
        return "float"
    if found.startswith("TIMESTAMP"):
        return "zoned" if "TIME ZONE" in found or "TZ" in found else "moment"
    return {"BOOLEAN": "bool", "DATE": "moment", '"NULL"': "null", "NULL": "null"}.get(found, "other")


def _as_is(value: str, found: str, family: str, wanted: str) -> str | None:
    """Return SQL for a value whose file type already fits; none of it can fail."""
    match wanted, family:
        case "datetime", "moment":
            return value if found == "TIMESTAMP" else f"CAST({value} AS TIMESTAMP)"
        case "datetime", "zoned":
            return _naive(value)
        case "bool", "bool":
            return value
        case (("int" | "long"), "whole") if found not in ("HUGEINT", "UHUGEINT", "UBIGINT"):
            return value if found == "BIGINT" else f"CAST({value} AS BIGINT)"
        case "real", "whole":
            return f"CAST({value} AS DOUBLE)"
        case "real", "float":
            return f"nullif(CAST({value} AS DOUBLE), 'NaN'::DOUBLE)"
    return None


def _naive(value: str) -> str:
    # Seven times as fast as AT TIME ZONE, which asks a calendar each time; the cast is for nanoseconds.
    return f"make_timestamp(epoch_us(CAST({value} AS TIMESTAMPTZ)))"


def as_text(value: str, found: str) -> str:
    """Return SQL of a value of a text-like type as text."""
    return value if found == "VARCHAR" else f"CAST({value} AS VARCHAR)"


def _dynamic(value: str, found: str, *, bag: bool) -> tuple[str, str]:
    """Return SQL of JSON and when it fails; a `bag` holds an object where it holds anything."""
    if family_of(found) != "text":
        fits = not bag or (found.startswith(("STRUCT", "MAP")) and not found.endswith("]"))
        return (f"to_json({value})", "") if fits else ("CAST(NULL AS JSON)", f"{value} IS NOT NULL")
    blank = f"trim({value}) IN ('', 'null')"
    good = f"json_valid({value})" + (f" AND ltrim({value}, ' \t\r\n') LIKE '{{%'" if bag else "")
    sql = f"CASE WHEN {blank} THEN NULL WHEN {good} THEN CAST({value} AS JSON) END"
    return sql, f"{value} IS NOT NULL AND NOT {blank} AND NOT ({good})"


def _converted(value: str, family: str, wanted: str, order: Order) -> tuple[str, str]:
    """Return (SQL that is null where there is no value, SQL that casts it)."""
    if family == "text":
        there = f"CASE WHEN lower(trim({value})) NOT IN {_BLANK} THEN trim({value}) END"
        if wanted == "datetime":
            return there, times.moment(f"({there})", order)
        return there, _TEXT_TO[wanted].format(v=f"({there})")
    there = f"nullif(CAST({value} AS DOUBLE), 'NaN'::DOUBLE)" if family == "float" else value
    if family in ("whole", "float"):
        return there, _NUMBER_TO.get(wanted, "NULL").format(v=f"({there})")
    return there, f"CAST(NULL AS {ENGINE_TYPES[wanted]})"


def _as_text(value: str, family: str) -> str:
    match family:
        case "text":
            return value
        case "null":
            return "CAST(NULL AS VARCHAR)"
        case "nested":
            return f"CAST(to_json({value}) AS VARCHAR)"
        case "moment" | "zoned":
            plain = _naive(value) if family == "zoned" else f"CAST({value} AS TIMESTAMP)"
            return f"strftime({plain}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        case "float":
            # pandas turns whole numbers with gaps into floats: a KB number must not end in ".0".
            real = f"CAST({value} AS DOUBLE)"
            whole = f"{real} = trunc({real}) AND abs({real}) < 1e15"
            return (
                f"CASE WHEN isnan({real}) THEN '' WHEN {whole} THEN CAST(CAST({real} AS BIGINT) AS VARCHAR) "
                f"ELSE CAST({value} AS VARCHAR) END"
            )
    return f"CAST({value} AS VARCHAR)"


_TEXT_TO: Mapping[str, str] = {
    "bool": "CASE WHEN lower({v}) IN ('true', '1') THEN true "
    "WHEN lower({v}) IN ('false', '0') THEN false END",
    # A plain TRY_CAST would round '1.5' to 2.
    "int": "CASE WHEN regexp_full_match({v}, '[+-]?[0-9]+') THEN TRY_CAST({v} AS BIGINT) "
    "WHEN TRY_CAST({v} AS DOUBLE) = trunc(TRY_CAST({v} AS DOUBLE)) "
    "THEN TRY_CAST(TRY_CAST({v} AS DOUBLE) AS BIGINT) END",
    "real": "TRY_CAST({v} AS DOUBLE)",
    "timespan": "CAST(NULL AS INTERVAL)",
}
_TEXT_TO = {**_TEXT_TO, "long": _TEXT_TO["int"]}
_NUMBER_TO: Mapping[str, str] = {
    "bool": "CASE {v} WHEN 1 THEN true WHEN 0 THEN false END",
    "int": "CASE WHEN {v} = trunc({v}) THEN TRY_CAST({v} AS BIGINT) END",
    "long": "CASE WHEN {v} = trunc({v}) THEN TRY_CAST({v} AS BIGINT) END",
    "datetime": "CAST(NULL AS TIMESTAMP)",
    "timespan": "CAST(NULL AS INTERVAL)",
}
