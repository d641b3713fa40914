"""Hold the embedded engine to the service's answers, and the queries to what has such an answer here."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb_kql
import pandas as pd
import pytest
from ruamel.yaml import YAML

from umdiag.errors import QueryError
from umdiag.queries import kql
from umdiag.sources.engine import Engine
from umdiag.sources.translation import references
from umdiag.sources.tuning import tuned

CONSTRUCTS: list[dict[str, Any]] = YAML(typ="safe").load(
    (Path(__file__).parent / "engine_constructs.yml").read_text(encoding="utf-8")
)
ALLOWED = {entry["construct"] for entry in CONSTRUCTS}
NOW = datetime(2024, 3, 8, 10, tzinfo=UTC)
INFIX = (
    r"!?in~?|=~|!~|!?has|!?has_cs|has_any|has_all|!?contains|!?contains_cs|!?startswith|!?endswith"
    r"|matches regex|!?between|and|or"
)


@pytest.fixture(scope="module")
def engine() -> Any:
    opened = Engine()
    yield opened
    opened.close()


@pytest.mark.parametrize("entry", CONSTRUCTS, ids=[entry["construct"] for entry in CONSTRUCTS])
def test_construct_answers_as_in_the_service(engine: Engine, entry: dict[str, Any]) -> None:
    references(entry["query"])
    frame = engine.ask(entry["query"], now=NOW, columns=None)
    assert [[plain(value) for value in row] for row in frame.itertuples(index=False)] == entry["answer"]


@pytest.mark.parametrize("query", kql.queries().values(), ids=lambda query: query.name)
def test_query_is_made_of_constructs_that_have_a_test(query: kql.Query) -> None:
    assert used(query.text) - ALLOWED == set()


@pytest.mark.parametrize(
    "query",
    [query for query in kql.queries().values() if query.dialect == "graph"],
    ids=lambda query: query.name,
)
def test_graph_query_keeps_to_what_resource_graph_answers(query: kql.Query) -> None:
    code = bare(query.text)
    assert not re.search(r"^\s*let\b", code, re.MULTILINE), "Resource Graph has no let"
    assert len(re.findall(r"\b(?:join|union|mv-expand)\b", code)) <= 3
    assert "anti" not in code
    assert "id" in query.columns
    assert re.search(r"\|\s*order by id asc\s*$", code), "paging needs an order"


@pytest.mark.parametrize("query", kql.queries().values(), ids=lambda query: query.name)
def test_clock_is_read_in_the_parameter_block_only(query: kql.Query) -> None:
    rest = [line for line in bare(query.text).splitlines() if not line.startswith("let asked_at = now();")]
    assert not re.search(r"\b(?:now|ago)\(", "\n".join(rest))
    assert "\n\n" not in query.text, "a blank line ends a query in the portal"


def test_unlisted_construct_is_noticed() -> None:
    text = (
        "let x = T | make-series n=count() on t;\n"
        'x | where s !has_cs "a(" and hash(s) == 1 | evaluate pivot(s)'
    )
    assert used(text) - ALLOWED == {"make-series", "!has_cs", "hash()", "evaluate", "pivot()"}


@pytest.mark.parametrize(
    "text",
    [
        '["/etc/passwd"]',
        '["/etc/passwd"] | take 1',
        'externaldata(a:string)[@"/etc/passwd"]',
        'print read_text("/etc/passwd")',
        'print getenv("HOME")',
        'database("information_schema").tables',
        'cluster("x").database("y").T',
        '["duckdb_settings"]',
        "pg_settings | take 1",
        "sqlite_master",
        ".show tables",
        ".drop table Heartbeat",
        "// a comment\n.create table T (a:long)",
        '.create database x persist(@"/tmp/umdiag.db")',
        ".set-or-replace T <| print 1",
        '.export to csv ("/tmp/x.csv") <| print 1',
        "print 1; .drop table Heartbeat",
        'Heartbeat | evaluate python(typeof(*), "")',
        'Heartbeat"; DROP TABLE x; --',
    ],
)
def test_nothing_but_tables_can_be_asked(engine: Engine, text: str) -> None:
    def ask() -> None:
        references(text)
        engine.ask(text, now=NOW, columns=None)

    with pytest.raises(QueryError) as refused:
        ask()
    assert "\n" not in str(refused.value)
    assert not re.search(r"SELECT|_s\d", str(refused.value)), "generated SQL is not the user's"


def test_engine_reads_and_writes_no_file(engine: Engine, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for sql in (
        f"SELECT * FROM '{secret.as_posix()}'",
        f"COPY (SELECT 1) TO '{(tmp_path / 'x').as_posix()}'",
    ):
        with pytest.raises(Exception, match="disabled by configuration"):
            engine.rows(sql)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_columns_of_arg_max_share_one_aggregate_and_keep_their_rows(engine: Engine) -> None:
    text = (
        'datatable(k:string, t:datetime, a:string, b:string)["x", datetime(2024-01-01), "1", "2", '
        '"x", datetime(2024-01-02), "\\"_l0_a\\" AS (WITH ", "COALESCE(arg_max({\'v\': \\"a\\"}", '
        '"y", datetime(null), "5", "6"] | summarize arg_max(t, a, b) by k | order by k asc | project a, b'
    )
    rows = engine.ask(text, now=NOW, columns=None).values.tolist()
    assert rows == [['"_l0_a" AS (WITH ', "COALESCE(arg_max({'v': \"a\"}"], ["5", "6"]]


FASTER = [
    "Seen | project t, h = bin(t, 1h), d = bin(t, 1d), m = bin(t, 30m), f = bin(t, 50ms)",
    "Seen | summarize n = count(), arg_max(t, a, b), low = min(n) by k",
    "Seen | summarize arg_max(n, *), arg_min(t, a, b) by k",
    "Seen | summarize arg_max(n, a, b) by bin(t, 1h)",
    "let late = Seen | where n > 1; let ks = late | summarize by k; late | where k in (ks) | union late",
    'let late = Seen | where n > 1 | extend q = "\\"_l9_x\\" AS (WITH "; late | join kind=inner late on k',
    "let few = Seen | top 3 by n desc; few | join kind=leftouter few on a",
]


@pytest.mark.parametrize("text", FASTER)
def test_faster_sql_answers_the_same(engine: Engine, text: str) -> None:
    rows = ", ".join(
        f"datetime({1960 + 9 * n}-03-08T10:{n * 7:02}:59.{n * 137:06}Z), {n % 4}, "
        f'"k{n % 3}", "{chr(97 + n % 2)}\'", "{n}"'
        for n in range(8)
    )
    text = f"let Seen = datatable(t:datetime, n:long, k:string, a:string, b:string)[{rows}];\n{text}"
    sql = str(duckdb_kql.to_sql(text))
    assert tuned(sql) != sql or "top" in text
    assert sorted(map(str, engine.rows(tuned(sql)))) == sorted(map(str, engine.rows(sql)))


@pytest.mark.parametrize(
    ("pipeline", "asked"),
    [
        ("project x = strcat(k, '-', b)", set()),
        ("where isempty(k) or isnotempty(b) | extend x = strcat(k, b)", set()),
        ("extend k = n > 1 | project x = strcat(k, b)", {"k"}),
        ("project k = t, b | extend x = strcat(k, b)", {"k"}),
        ("summarize k = max(n) by b | extend x = strcat(k, b)", {"k"}),
        ("summarize arg_max(n, k) by b | extend x = strcat(k, b, n)", {"n"}),
        ("extend k = dynamic([1, 2]) | mv-expand k | project x = strcat(k, b)", {"k"}),
        ("extend other = strcat(k, b) | project x = strcat(other, k)", {"other"}),
        ("join kind=inner (Seen | summarize most = max(n) by k) on k | project x = strcat(k, b)", set()),
        ("extend k = n > 1 | join kind=inner (Seen | project b) on b | project x = strcat(k, b)", {"k"}),
        ("where k =~ 'K' and b startswith 'B' | project x = strcat(tolower(k), '(', toupper(b))", set()),
        ("extend k = dynamic(['k']) | where b != 'b1' | project x = iff(b == 'b2', b, tostring(k))", {"k"}),
    ],
)
def test_only_what_may_be_no_text_is_asked_for_its_type(
    engine: Engine, pipeline: str, asked: set[str]
) -> None:
    engine.rows(
        """CREATE OR REPLACE TABLE "Seen" AS SELECT range AS n, TIMESTAMP '2024-03-08' AS t,
        repeat('k', range % 2) AS k, 'b' || range AS b FROM range(4)"""
    )
    sql = str(duckdb_kql.to_sql(f"Seen | {pipeline}", schema={"Seen": ["n", "t", "k", "b"]}))
    faster = tuned(sql, {"k", "b"})
    assert set(re.findall(r'\btypeof\("([^"]+)"\)', faster)) == asked
    assert sorted(map(str, engine.rows(faster))) == sorted(map(str, engine.rows(sql)))


@pytest.mark.parametrize("name", ["CASE", "END", "ELSE", "a ( b", 'a "" CASE'])
def test_words_of_sql_in_a_name_decide_nothing(name: str) -> None:
    asked = f"""SELECT CASE WHEN typeof("k") = 'JSON' THEN f("{name}") ELSE g("{name}", 'END') END AS "x" """
    assert tuned(asked, {"k"}) == f"""SELECT g("{name}", 'END') AS "x" """


def bare(text: str) -> str:
    """Query text without comments and with empty strings."""
    text = re.sub(r'@"[^"]*"|"(?:[^"\\]|\\.)*"', '""', text)
    return "\n".join(re.sub(r"\s*//.*", "", line) for line in text.splitlines()).strip()


def used(text: str) -> set[str]:
    """Operators and functions of a query, spelled as in the list."""
    code = bare(text)
    found = {f"{name}()" for name in re.findall(r"\b([a-z_]\w*)\(", code)}
    found -= {"inner()", "leftouter()", "in()", "datatable()", "parse()"}
    for operator, kind in re.findall(
        r"(?:\|\s*|^)([a-z][\w-]*)(\s+(?:kind|isfuzzy)=\w+)?", code, re.MULTILINE
    ):
        found.add(operator + (" " + kind.strip() if kind else ""))
    found |= set(re.findall(rf"(?<=[\s)])({INFIX})(?=[\s(])", code))
    found |= {"union"} if re.search(r"\bunion\b", code) else set()
    tables = {table for section in kql.tables().values() for table in section}
    lets = set(re.findall(r"^let (\w+)", code, re.MULTILINE))
    return {word for word in found if word.removesuffix("()") not in tables | lets}


def plain(value: Any) -> Any:
    """A cell as the list writes it."""
    if isinstance(value, (list, dict)):
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_convert(None).isoformat()
    if isinstance(value, pd.Timedelta):
        return value.total_seconds()
    return value.item() if hasattr(value, "item") else value
