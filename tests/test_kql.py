from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umdiag.errors import QueryError
from umdiag.model import State
from umdiag.queries import kql
from umdiag.sources.snapshot import Snapshot
from umdiag.sources.translation import references

TEXT = """// Title:    Last heartbeat
// Answers:  When did each machine
//           last report?
// Columns:  computer:string, seen:datetime
// Source:   https://example.org (read 2026-11-22)
let asked_at = now();       // parameter
let lookback = 14d; // parameter
let computer = "";  // parameter
let factor = 1.5; // parameter
let limit = 5; // parameter
let only_linux = false; // parameter
let moments = dynamic([]); // parameter from update_runs.start_time
let fixed = "Usage";
Heartbeat
| where TimeGenerated > asked_at - lookback // parameter
| project computer = Computer, seen = TimeGenerated
"""
HARD = [
    "",
    "'",
    '"',
    '"; drop',
    "\\",
    '\\"',
    "C:\\new\\table",
    "a\nb\r\nc\td",
    "{name} {{0}} %s ${x}",
    "line\u2028separator\u2029\u0085next",
    "nul\x00inside",
    "\x01\x07\x08\x0b\x0c\x1b\x7f",
    "\\u0041 \\n \\x41",
    "x" * 10_000,
    "Straße 東京 🖥️ \u202e",
    '"_l0_a" AS (WITH ',
    "')) UNION SELECT * FROM read_text('/etc/passwd') --",
    "// parameter",
    '"; // parameter\nHeartbeat | take 1',
    "/* x */ -- y",
    "<| print 1",
    "\ufeff\u200b",
]
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=40)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("any")
    (folder / "Heartbeat.csv").write_text("TimeGenerated,Computer\n2024-03-08T10:00:00Z,a\n")
    opened = Snapshot(folder)
    yield opened
    opened.close()


def query(default: str, type_: str, body: str) -> kql.Query:
    header = f"// Title: t\n// Answers: a\n// Columns: back:{type_}\n// Source: s\n"
    return kql.read("echo", "logs", f"{header}let given = {default}; // parameter\n{body}")


def echo(
    snapshot: Snapshot, default: str, type_: str, value: Any, body: str = "print back = given"
) -> list[Any]:
    rows = snapshot.fetch(query(default, type_, body), {"given": value})
    assert rows.state is State.COMPLETE
    return list(rows.frame["back"])


def each(type_: str) -> str:
    return f"print back = given\n| mv-expand back to typeof({type_})"


# --- reading ---------------------------------------------------------------------------------------------


def test_header_and_parameters_are_read() -> None:
    read = kql.read("heartbeats", "logs", TEXT)
    assert (read.title, read.answers) == ("Last heartbeat", "When did each machine last report?")
    assert read.columns == {"computer": "string", "seen": "datetime"}
    assert read.tables == ("Heartbeat",)
    types = {name: parameter.type for name, parameter in read.parameters.items()}
    assert types == {
        "asked_at": "datetime",
        "lookback": "timespan",
        "computer": "string",
        "factor": "real",
        "limit": "long",
        "only_linux": "bool",
        "moments": "list",
    }
    assert (read.parameters["moments"].datum, read.parameters["moments"].column) == (
        "update_runs",
        "start_time",
    )


@pytest.mark.parametrize("key", ["Title", "Answers", "Columns", "Source"])
def test_header_line_must_be_there(key: str) -> None:
    text = "\n".join(line for line in TEXT.splitlines() if not line.startswith(f"// {key}:"))
    with pytest.raises(QueryError, match=f"the header lacks {key}"):
        kql.read("heartbeats", "logs", text)


def test_columns_have_names_and_known_types() -> None:
    for wrong in ("computer", "Computer:string", "computer:text"):
        with pytest.raises(QueryError, match="not a column of the form"):
            kql.read("heartbeats", "logs", TEXT.replace("computer:string", wrong))


def test_default_must_be_a_literal() -> None:
    with pytest.raises(QueryError, match="not a literal"):
        kql.read("heartbeats", "logs", TEXT.replace("= 14d;", "= 7d + 7d;"))


def test_table_named_in_a_string_is_none_that_is_asked() -> None:
    assert '"Usage"' in TEXT
    assert kql.read("x", "logs", TEXT).tables == ("Heartbeat",)


def test_queries_of_the_package_name_tables_of_their_dialect() -> None:
    for read in kql.queries().values():
        assert read.tables, f"{read.name} asks no table"


@pytest.mark.parametrize("read", kql.queries().values(), ids=lambda read: read.name)
def test_tables_of_the_header_reader_are_those_the_parser_finds(read: kql.Query) -> None:
    assert set(read.tables) == set(references(read.text).tables)


# --- layout: a line is what a reviewer sees changed --------------------------------------------------------

LONGEST = 110
#: A quoted text, and brackets within which no others are left.
CLOSED = (r'@"[^"]*"|"(?:[^"\\]|\\.)*"', r"\([^()]*\)", r"\[[^\[\]]*\]")


def columns_of_lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each line of `project`, `extend` and `summarize`, and how many columns stand on it."""
    within = False
    for line in text.splitlines():
        if not line.startswith(" "):
            within = line.startswith(("| project", "| extend", "| summarize"))
        bare = re.sub(r"(?:^ *| )by .*$", "", line)  # what groups the rows may stand on one line
        for pattern in CLOSED:
            while re.search(pattern, bare):
                bare = re.sub(pattern, "", bare)
        if within and bare.strip():
            yield line, 1 + bare.strip().rstrip(",;").count(",")


@pytest.mark.parametrize("read", kql.queries().values(), ids=lambda read: read.name)
def test_query_has_one_column_a_line(read: kql.Query) -> None:
    assert max(map(len, read.text.splitlines())) <= LONGEST
    assert [line for line, columns in columns_of_lines(read.text) if columns > 1] == []
    last = read.text.rpartition("| project")[2].partition("\n|")[0]
    named = re.findall(r"(?m)^    (\w+)\b(?: =|,|$)", last)
    assert named == list(read.columns)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("| project a, b = f(c, d)", [2]),
        ("| project\n    a = f(b, c),\n    d,\n    e, g", [1, 1, 1, 2]),
        ('| extend a = strcat(b, ",", c[0, 1])', [1]),
        ("| summarize n = count() by a, b;\n| where x in (1, 2)", [1]),
        ("| summarize\n    n = count(),\n    by a, b", [1, 1]),
        ("| summarize n = count(), m = max(a) by b", [2]),
    ],
)
def test_columns_on_a_line_are_counted(text: str, columns: list[int]) -> None:
    assert [count for _, count in columns_of_lines(text)] == columns


# --- binding ---------------------------------------------------------------------------------------------


def test_binding_replaces_marked_lines_and_nothing_else() -> None:
    read = kql.read("heartbeats", "logs", TEXT)
    values: dict[str, kql.Value] = {
        "asked_at": datetime(2024, 3, 8, 12, tzinfo=timezone(timedelta(hours=2))),
        "lookback": timedelta(hours=36),
        "computer": 'a"b',
        "moments": ["2024-03-08T10:00:00Z"],
        "fixed": "Update",
        "stranger": 1,
    }
    before, after = TEXT.splitlines(), kql.bind(read, values).splitlines()
    changed = {line.partition(" = ")[0]: line for line, was in zip(after, before, strict=True) if line != was}
    assert changed == {
        "let asked_at": "let asked_at = datetime(2024-03-08T10:00:00.000000Z);       // parameter",
        "let lookback": "let lookback = 129600s; // parameter",
        "let computer": 'let computer = "a\\"b";  // parameter',
        "let moments": 'let moments = dynamic(["2024-03-08T10:00:00Z"]); '
        "// parameter from update_runs.start_time",
    }


def test_without_values_the_text_is_as_in_the_file() -> None:
    assert kql.bind(kql.read("heartbeats", "logs", TEXT), {}) == TEXT


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", 5),
        ("string", None),
        ("string", ["a"]),
        ("string", b"a"),
        ("bool", "true"),
        ("bool", 1),
        ("long", True),
        ("long", 1.0),
        ("long", "1"),
        ("long", 2**63),
        ("real", float("nan")),
        ("real", float("inf")),
        ("datetime", "2024-03-08"),
        ("datetime", datetime(2024, 3, 8)),
        ("timespan", "14d"),
        ("list", "abc"),
        ("list", [datetime(2024, 3, 8, tzinfo=UTC)]),
        ("list", [["nested"]]),
        ("list", [None]),
        ("list", [float("nan")]),
        ("list", {"a": 1}),
    ],
)
def test_value_of_another_type_is_refused(type_: str, value: Any) -> None:
    with pytest.raises(QueryError, match="parameter given"):
        kql.literal(value, type_, "given")


@pytest.mark.parametrize(("type_", "value"), [("string", "a\ud800b"), ("list", ["\udfff"])])
def test_half_a_character_is_refused(type_: str, value: Any) -> None:
    with pytest.raises(QueryError, match="half a character"):
        kql.literal(value, type_, "given")


def test_years_have_four_digits() -> None:
    assert (
        kql.literal(datetime(1, 1, 1, tzinfo=UTC), "datetime", "t") == "datetime(0001-01-01T00:00:00.000000Z)"
    )


# --- what was bound comes back from the engine ------------------------------------------------------------


@pytest.mark.parametrize("text", HARD, ids=[f"text{place}" for place in range(len(HARD))])
def test_hard_string_comes_back_unchanged(snapshot: Snapshot, text: str) -> None:
    assert echo(snapshot, '""', "string", text) == [text]
    assert echo(snapshot, '""', "bool", text, "print back = given == given") == [True]


def test_hard_strings_come_back_from_a_list_and_are_found_with_in(snapshot: Snapshot) -> None:
    assert echo(snapshot, "dynamic([])", "string", HARD, each("string")) == HARD
    found = echo(snapshot, "dynamic([])", "string", HARD, each("string") + "\n| where back in (given)")
    assert found == HARD


@FIXED
@given(text=TEXTS)
def test_any_string_comes_back_unchanged(snapshot: Snapshot, text: str) -> None:
    assert echo(snapshot, '""', "string", text) == [text]


@FIXED
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_any_list_of_strings_comes_back_and_is_found_with_in(snapshot: Snapshot, texts: list[str]) -> None:
    body = each("string") + "\n| where back in (given)"
    assert echo(snapshot, "dynamic([])", "string", texts, body) == texts


@FIXED
@given(number=st.integers(-(2**63) + 1, 2**63 - 1))
def test_any_long_comes_back_unchanged(snapshot: Snapshot, number: int) -> None:
    assert echo(snapshot, "0", "long", number) == [number]


@FIXED
@given(number=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_any_real_comes_back_unchanged(snapshot: Snapshot, number: float) -> None:
    assert echo(snapshot, "0.5", "real", number) == [number]


@FIXED
@given(moment=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), hours=st.integers(-12, 14))
def test_any_moment_comes_back_as_utc(snapshot: Snapshot, moment: datetime, hours: int) -> None:
    given_ = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert echo(snapshot, "now()", "datetime", given_) == [given_]


@FIXED
@given(span=st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_any_timespan_comes_back_unchanged(snapshot: Snapshot, span: timedelta) -> None:
    assert echo(snapshot, "1d", "timespan", span) == [span]


@pytest.mark.parametrize("flag", [True, False])
def test_flags_come_back(snapshot: Snapshot, flag: bool) -> None:
    assert echo(snapshot, "false", "bool", flag) == [flag]
    assert echo(snapshot, "dynamic([])", "bool", [flag], each("bool")) == [flag]


def test_numbers_in_lists_come_back(snapshot: Snapshot) -> None:
    assert echo(snapshot, "dynamic([])", "long", [-5, 0, 7], each("long")) == [-5, 0, 7]
    assert echo(snapshot, "dynamic([])", "real", [-0.25, 1e22], each("real")) == [-0.25, 1e22]


def test_moments_travel_as_text(snapshot: Snapshot) -> None:
    body = each("string") + "\n| project back = todatetime(back)"
    moment = datetime(2024, 3, 8, 10, 0, 0, 123456, tzinfo=UTC)
    assert echo(snapshot, "dynamic([])", "datetime", [moment.isoformat()], body) == [moment]


@pytest.mark.parametrize("text", [text for text in HARD if len(text) < 1000])
def test_nothing_bound_becomes_a_statement(snapshot: Snapshot, text: str) -> None:
    asked = query('""', "string", "Heartbeat\n| where Computer == given\n| project back = Computer")
    rows = snapshot.fetch(asked, {"given": text})
    assert (rows.state, len(rows.frame), rows.tables) == (State.COMPLETE, 0, ("Heartbeat",))
    assert len(snapshot.kql("Heartbeat")) == 1


def test_module_reads_no_file_outside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kql.queries.cache_clear()
    assert kql.queries()
