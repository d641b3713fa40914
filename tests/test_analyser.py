"""Hold every query to Microsoft's own KQL analyser: no diagnostics, and the very columns of its header.

The analyser (npm, Node) knows the tables of `tables.json` and no others. Its suggestions count as much as its
errors: the few it makes (a join without a kind, a column named like a variable) are slips in a query that is
meant to be pasted and read.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from umdiag.lab.vocabulary import vocabulary

HERE = Path(__file__).parent
ANALYSER = HERE / "analyser"
QUERIES = HERE.parent / "lib" / "umdiag" / "queries"
SECTIONS = {"logs": "workspace", "graph": "graph", "arm": "arm"}
FILES = sorted(file for dialect in SECTIONS for file in (QUERIES / dialect).glob("*.kql"))

# One Node for all of this file: with a test a query, xdist would otherwise start one on each worker.
pytestmark = [pytest.mark.node, pytest.mark.xdist_group("analyser")]

TABLES: dict[str, dict[str, dict[str, str]]] = {
    "workspace": {
        "Heartbeat": {"TimeGenerated": "datetime", "Computer": "string", "Version": "string", "Size": "long"},
        "Odd": {"type": "string", "kind": "string", "properties": "dynamic"},
    },
    "graph": {"resources": {"id": "string", "properties": "dynamic"}},
}
FAULTS = {
    "unknown column": ("workspace", "Heartbeat | where Komputer == 'a'", "KS142"),
    "unknown table": ("workspace", "Heartbeats | count", "KS204"),
    "table of another section": ("workspace", "resources | project id", "KS204"),
    "table in the wrong case": ("workspace", "heartbeat | project Computer", "KS204"),
    "unknown function": ("workspace", "Heartbeat | where lowercase(Computer) == 'a'", "KS211"),
    "datetime compared with string": ("workspace", "Heartbeat | where TimeGenerated > '2026'", "KS106"),
    "string compared with number": ("workspace", "Heartbeat | where Computer > 5", "KS106"),
    "condition that is no bool": ("workspace", "Heartbeat | where Computer", "KS141"),
    "fuzzy union with a stranger": ("workspace", "union isfuzzy=true Heartbeat, Stranger | count", "KS205"),
    "query that breaks off": ("graph", "resources | where", "KS006"),
    "join without a kind": ("graph", "resources | join resources on id", "KS508"),
}


def missing() -> str:
    """Say what the analyser lacks on this machine, and how to get it; empty when it can run."""
    if shutil.which("node") is None:
        return "Node is missing: install it (version 18 or newer), then run make test"
    if not (ANALYSER / "node_modules" / "@kusto" / "language-service-next").is_dir():
        return "the KQL analyser is not installed: run make test (or: npm ci --prefix tests/analyser)"
    return ""


def analyse(schema: dict[str, Any], queries: list[dict[str, str]]) -> dict[str, Any]:
    """Return the analyser's word on each query, by name. Skip where it is missing; in CI fail."""
    if reason := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    answer = subprocess.run(
        ["node", ANALYSER / "analyse.mjs"],
        input=json.dumps({"schema": schema, "queries": queries}),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return {query["name"]: query for query in json.loads(answer.stdout)}


def columns_of(text: str) -> list[tuple[str, str]]:
    """Read the `// Columns:` header, which may go on over further `//           …` lines."""
    header = re.search(r"^// Columns:(.*(?:\n// {3,}.*)*)", text, re.MULTILINE)
    assert header, "the header lacks Columns"
    return re.findall(r"(\w+):(\w+)", header[1].replace("\n//", " "))


def told(diagnostics: list[dict[str, Any]]) -> str:
    """Write diagnostics as lines that a reader of the query file can follow."""
    return "\n".join(
        f"line {d['line']}: {d['severity']} {d['code']}: {d['message']} ({d['text']!r})" for d in diagnostics
    )


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    """What the analyser says of every query of the package."""
    schema = json.loads((QUERIES / "tables.json").read_text(encoding="utf-8"))
    queries = [
        {"name": f.stem, "section": SECTIONS[f.parent.name], "text": f.read_text(encoding="utf-8")}
        for f in FILES
    ]
    return analyse(schema, queries)


@pytest.fixture(scope="module")
def said_of_faults() -> dict[str, Any]:
    """What it says of the faulty queries above, and of two sound ones."""
    sound = {
        "sound": (
            "workspace",
            "let asked_at = now(); // parameter\nHeartbeat | summarize seen = max(TimeGenerated), n = count()"
            " by Computer | project Computer, seen, n, quiet = asked_at - seen, mean = 1.5,"
            " known = seen > asked_at",
        ),
        "odd names": ("workspace", "Odd | project type, kind, name = tostring(properties.name), properties"),
    }
    words = vocabulary()
    calls = {
        "functions": f"print {', '.join(f'{name}()' for name in words['functions'])}",
        "aggregates": f"Heartbeat | summarize {', '.join(f'{name}()' for name in words['aggregates'])}",
    }
    completed = {name: ("workspace", text) for name, text in calls.items()}
    queries = [
        {"name": name, "section": section, "text": text}
        for name, (section, text, *_) in (FAULTS | sound | completed).items()
    ]
    return analyse(TABLES, queries)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_query_has_no_diagnostics(file: Path, said: dict[str, Any]) -> None:
    assert not said[file.stem]["diagnostics"], told(said[file.stem]["diagnostics"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_query_returns_the_columns_of_its_header(file: Path, said: dict[str, Any]) -> None:
    inferred = [(column["name"], column["type"]) for column in said[file.stem]["columns"]]
    assert inferred == columns_of(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault: str, said_of_faults: dict[str, Any]) -> None:
    found = said_of_faults[fault]["diagnostics"]
    assert FAULTS[fault][2] in {diagnostic["code"] for diagnostic in found}, told(found)


@pytest.mark.parametrize("words", ["functions", "aggregates"])
def test_word_that_a_cell_completes_is_known(words: str, said_of_faults: dict[str, Any]) -> None:
    strange = [found for found in said_of_faults[words]["diagnostics"] if found["code"] == "KS211"]
    assert strange == [], told(strange)
    assert said_of_faults[words]["diagnostics"]  # they lack arguments: the analyser did look at them


def test_diagnostic_tells_its_place(said_of_faults: dict[str, Any]) -> None:
    (found,) = said_of_faults["unknown column"]["diagnostics"]
    assert (found["severity"], found["line"], found["text"]) == ("Error", 1, "Komputer")


def test_sound_query_passes_with_its_columns(said_of_faults: dict[str, Any]) -> None:
    sound = said_of_faults["sound"]
    assert not sound["diagnostics"], told(sound["diagnostics"])
    assert [f"{column['name']}:{column['type']}" for column in sound["columns"]] == [
        "Computer:string",
        "seen:datetime",
        "n:long",
        "quiet:timespan",
        "mean:real",
        "known:bool",
    ]


def test_column_named_like_a_keyword_is_known(said_of_faults: dict[str, Any]) -> None:
    odd = said_of_faults["odd names"]
    assert not odd["diagnostics"], told(odd["diagnostics"])
    assert [column["type"] for column in odd["columns"]] == ["string", "string", "string", "dynamic"]


def test_header_may_go_on_over_lines() -> None:
    text = (
        "// Title:    x\n// Columns:  a:string,\n//           b:long\n// Source:   http://x (read:today)\nT\n"
    )
    assert columns_of(text) == [("a", "string"), ("b", "long")]


def test_every_query_lies_in_a_known_dialect() -> None:
    assert set(QUERIES.rglob("*.kql")) == set(FILES)


def test_query_names_are_unique() -> None:
    assert len({file.stem for file in FILES}) == len(FILES)
