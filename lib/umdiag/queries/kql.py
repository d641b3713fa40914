"""Read query files and bind values into them as typed literals.

A query file is whole and runnable: a comment header, a parameter block of `let` lines marked
`// parameter`, a pipeline. Binding replaces the right-hand side of a marked line and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd

from umdiag.errors import QueryError
from umdiag.queries.columns import Reading, body_of, keyed, readings
from umdiag.queries.literals import Value as Value
from umdiag.queries.literals import literal as literal

#: KQL type of a column → dtype it has when it leaves a source; `dynamic` holds parsed JSON.
DTYPES: Mapping[str, str] = {
    "string": "str",
    "bool": "boolean",
    "int": "Int64",
    "long": "Int64",
    "real": "Float64",
    "datetime": "datetime64[us, UTC]",
    "timespan": "timedelta64[us]",
    "dynamic": "object",
}
#: Folder under `queries/` → section of `tables.json` that its queries may name.
DIALECTS: Mapping[str, str] = {"logs": "workspace", "graph": "graph", "arm": "arm"}

_HEADER = re.compile(r"^//\s?(?P<key>Title|Answers|Columns|Optional|Source|Rest|Slices):\s*(?P<text>.*)$")
_MORE = re.compile(r"^//\s{2,}(?P<text>\S.*)$")
_PARAMETER = re.compile(
    r"^let (?P<name>\w+) = (?P<default>.+); *// parameter(?: from (?P<datum>\w+)\.(?P<column>\w+))?\s*$"
)
_DEFAULTS = (
    (re.compile(r"now\(\)|datetime\(.*\)"), "datetime"),
    (re.compile(r"\d+(?:\.\d+)?(?:d|h|m|s|ms)|time\(.*\)"), "timespan"),
    (re.compile(r'".*"'), "string"),
    (re.compile(r"dynamic\(\[.*\]\)"), "list"),
    (re.compile(r"true|false"), "bool"),
    (re.compile(r"-?\d+"), "long"),
    (re.compile(r"-?\d+\.\d+"), "real"),
)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One `// parameter` line; `datum` and `column` say from which fact or frame it is filled, if any."""

    name: str
    type: str
    default: str
    datum: str = ""
    column: str = ""


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query file as read: `columns` maps names to KQL types, in order; `tables` are those it names, with
    what it reads of each in `reads`.

    `slices` is the column of the raw table by which an answer that is too large can be cut, "" for none.
    """

    name: str
    dialect: str
    title: str
    answers: str
    columns: Mapping[str, str]
    source: str
    rest: str
    slices: str
    text: str
    parameters: Mapping[str, Parameter]
    reads: Mapping[str, Reading]
    #: Columns of the answer that come from inside dynamic columns.
    keyed: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that the query asks."""
        return tuple(self.reads)


@cache
def tables() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return `tables.json`: section (workspace, graph, arm) → table → column → KQL type."""
    text = files("umdiag").joinpath("queries/tables.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, dict[str, str]]] = json.loads(text)
    return loaded


@cache
def queries() -> Mapping[str, Query]:
    """Read every query file of the package, by name.

    Raises QueryError for a malformed file or a name used twice.
    """
    found: dict[str, Query] = {}
    root = files("umdiag").joinpath("queries")
    for dialect in DIALECTS:
        for file in sorted(root.joinpath(dialect).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".kql"):
                query = read(file.name.removesuffix(".kql"), dialect, file.read_text(encoding="utf-8"))
                if query.name in found:
                    raise QueryError(f"{file.name}: two query files have this name")
                found[query.name] = query
    return found


def read(name: str, dialect: str, text: str) -> Query:
    """Read one query text. Raises QueryError naming what its header or parameter block lacks."""
    header: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if start := _HEADER.match(line):
            key = start["key"]
            header[key] = start["text"].strip()
        elif key and (more := _MORE.match(line)):
            header[key] += " " + more["text"].strip()
        else:
            break
    for needed in ("Title", "Answers", "Columns", "Source"):
        if not header.get(needed):
            raise QueryError(f"{name}.kql: the header lacks {needed}")
    columns = dict(_column(name, part) for part in header["Columns"].split(","))
    body = body_of(text)
    known = tables()[DIALECTS[dialect]]
    # A table stands where a pipeline begins: alone at the start of a line, after `=`, or in brackets.
    begins = set(re.findall(r"(?m)(?:^|= |\(|, )(\w+)(?= *(?:$|\||\)))", body))
    named = tuple(table for table in known if table in begins)
    parameters = {
        line["name"]: Parameter(
            name=line["name"],
            type=_type_of_default(name, line["default"]),
            default=line["default"],
            datum=line["datum"] or "",
            column=line["column"] or "",
        )
        for line in map(_PARAMETER.match, text.splitlines())
        if line
    }
    reads = readings(name, text, named, known, header.get("Optional", ""))
    return Query(
        name=name,
        dialect=dialect,
        title=header["Title"],
        answers=header["Answers"],
        columns=columns,
        source=header["Source"],
        rest=header.get("Rest", ""),
        slices=header.get("Slices", ""),
        text=text.strip() + "\n",
        parameters=parameters,
        reads=reads,
        keyed=keyed(text, columns, reads.values()),
    )


def bind(query: Query, values: Mapping[str, Value]) -> str:
    """Return the query's text with each value in place of its parameter's default.

    Values without a parameter of that name are left aside; a value whose type is not the parameter's is a
    QueryError, and so is a string that no UTF-8 text can carry.
    """
    bound = []
    for line in query.text.splitlines():
        match = _PARAMETER.match(line)
        if match and match["name"] in values:
            right = literal(values[match["name"]], query.parameters[match["name"]].type, match["name"])
            line = line[: match.start("default")] + right + line[match.end("default") :]
        bound.append(line)
    return "\n".join(bound) + "\n"


def sha256(text: str) -> str:
    """Fingerprint of a bound query text: what a replay is asked must be what was answered."""
    return hashlib.sha256(text.encode()).hexdigest()


def empty(query: Query) -> pd.DataFrame:
    """Return a frame with the query's columns in their dtypes and no rows."""
    return _empty(tuple(query.columns.items())).copy(deep=False)


@cache
def _empty(columns: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=DTYPES[type_]) for name, type_ in columns})


def _column(query: str, part: str) -> tuple[str, str]:
    name, _, type_ = part.strip().partition(":")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or type_ not in DTYPES:
        raise QueryError(f"{query}.kql: {part.strip()!r} is not a column of the form name:type")
    return name, type_


def _type_of_default(query: str, default: str) -> str:
    for pattern, type_ in _DEFAULTS:
        if pattern.fullmatch(default):
            return type_
    raise QueryError(f"{query}.kql: {default!r} is not a literal that a value could replace")
