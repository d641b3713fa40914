"""What people read is in the plain English of the trade: no word that a tired engineer reads twice."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIB = ROOT / "lib" / "umdiag"
#: Each with what to write instead.
ODD = {
    r"mend(s|ed|ing)?": "fix, next step",
    r"in vain": "did not start, failed",
    r"(tells?|told)( \w+){0,3} apart": "distinguishes, shows which",
    r"anew": "again, recreate, reinstall",
    r"grave(ly)?": "critical, urgent",
    r"aims? at": "targets",
    r"(can|could)( ?not)? be told": "unknown, cannot be determined",
    r"(tells?|told|speaks?) of": "shows, describes, covers",
    r"(held|holds?) against": "compared with, checked against",
    r"(somebody|something) else than": "other than",
    r"stands? in(?! the way)": "is used instead, is in",
    r"without a word": "without saying so",
    r"for want of": "for lack of",
    r"bears? (a|one|the|this)": "has",
    r"goes on \w+ing": "keeps",
    r"(?<!here )is no (?!longer\b|worker\b)[a-z]+": "is not a",
    r"asks? for less": "shorten",
    r"(fallen|fell) silent": "stopped reporting",
    r"(is|was|were|are|been|nobody|machine) heard": "sent no heartbeat, reported",
    r"bars the|is barred|broken off|opens TLS": "blocks, interrupted, inspects",
    r"no all-clear": "not an all-clear",
    r"rights? (on|to)": "permissions",
    r"(?<!by )(?<!or )whom": "which machines",
    r"all the same": "anyway, still",
    r"as things are": "with the current settings",
    r"living (schedules?|maintenance|configurations?)": "active",
    r"truth value": "true or false",
    r"lies? beside": "differs from",
    r"(may|can) be down": "downtime is acceptable",
    r"(when|where|if) that is wanted|if it was meant": "if that is intended",
}


def texts_of_module(file: Path) -> Iterator[str]:
    """Yield the strings of a module; of its docstrings only the manual page of a scenario."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    manual = tree.body[0] if file.is_relative_to(LIB / "scenarios") and tree.body else None
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0] if node.body else None, ast.Expr)
        and node.body[0] is not manual
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


@cache
def texts_of(file: Path) -> tuple[str, ...]:
    """Return what people read of a file of the project."""
    return tuple(" ".join(text.split()) for text in read(file))


def read(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        yield from texts_of_module(file)
    elif file.suffix == ".ipynb":
        yield from ("".join(cell["source"]) for cell in json.loads(text)["cells"])
    elif file.suffix == ".jsonl":
        for row in map(json.loads, text.splitlines()):
            yield from (row["meaning"], *row["resolution"])
    elif file.suffix == ".kql":
        yield "\n".join(line for line in text.splitlines() if line.startswith("//"))
    else:
        yield text


READ = [
    *(file for kind in ("py", "kql", "html", "js", "jsonl") for file in sorted(LIB.rglob(f"*.{kind}"))),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "Makefile", "parameters/example.yml")),
]


@pytest.mark.xdist_group("words")
@pytest.mark.parametrize("odd", ODD)
def test_odd_words_are_not_used(odd: str) -> None:
    pattern = re.compile(rf"\b({odd})\b")
    found = {
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in READ
        for text in texts_of(file)
        for match in pattern.finditer(text)
    }
    assert not found, f"write {ODD[odd]}"


def test_texts_of_every_kind_are_read() -> None:
    said = {file.suffix: sum(len(text) for text in texts_of(file)) for file in READ}
    assert set(said) == {".py", ".kql", ".html", ".js", ".jsonl", ".ipynb", ".md", ".yml", ""}
    sentence = "Critical or security updates are needed and not installed."
    module = LIB / "scenarios" / "assessment" / "machine_non_compliant.py"
    assert sentence in texts_of(module)
