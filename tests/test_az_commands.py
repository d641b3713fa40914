"""Every command of the Azure CLI that the kit tells people to run is real, and so are its options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

import umdiag
from umdiag.knowledge import table
from umdiag.scenarios import catalogue
from umdiag.words.steps import Step

ROOM = Path(umdiag.__file__).parent
LISTED = YAML(typ="safe").load(Path(__file__).with_name("az_commands.yml").read_text(encoding="utf-8"))
COMMANDS = LISTED["commands"]
EVERYWHERE = set(LISTED["everywhere"])
#: What stands after a command in a text: its words, then all up to the end of it.
WRITTEN = re.compile(r"(?<![\w/-])az ((?:[a-z][a-z-]*[ .;`]?)+)((?:(?!\baz |[;`]).)*)", re.DOTALL)
OPTION = re.compile(r"(?<!\S)--[a-z-]*[a-z](?=[\s=.,)]|$)")


def steps() -> Iterator[str]:
    """Yield each step of each cause, put together of what steps share."""
    for scenario in catalogue():
        for cause in scenario.causes:
            for step in cause.resolution:
                yield step.text if isinstance(step, Step) else step


@cache
def literals() -> frozenset[str]:
    """Return every other text of the kit that may name a command: manual pages, advice, error knowledge."""
    found = [step for row in table() for step in row.resolution]
    for path in ROOM.rglob("*.py"):
        if "az " in (code := path.read_text(encoding="utf-8")):
            found += written_in(ast.parse(code))
    return frozenset(text for text in found if "az " in text)


def written_in(node: ast.AST) -> Iterator[str]:
    """Yield the texts of a piece of code, what is filled in as <x>."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "<x>" for part in node.values]
        yield "".join(parts)
    elif isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    else:
        for child in ast.iter_child_nodes(node):
            yield from written_in(child)


def command_of(words: str) -> str:
    """Return the longest command that a text begins with, "" where there is none."""
    parts = re.split(r"[ .;`]", words.strip())
    ends = (" ".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((command for command in ends if command in COMMANDS), "")


def commands(text: str) -> Iterator[tuple[str, set[str], str]]:
    """Yield each command that a text has, with its options and as it is written."""
    for match in WRITTEN.finditer(text):
        yield command_of(match[1]), set(OPTION.findall(match[2])), match[0]


def test_steps_use_commands_and_options_that_there_are() -> None:
    used = [written for text in {*steps()} for written in commands(text)]
    assert len({command for command, _, _ in used}) > 25
    for command, options, written in used:
        assert command, f"not a known command: az {written}"
        assert options <= {*COMMANDS[command], *EVERYWHERE}, written


def test_all_other_texts_do_too() -> None:
    for text in literals():
        # A text that other texts go on from may end within a command.
        for command, options, written in commands(text):
            begun = any(known.startswith(written.removeprefix("az ").strip()) for known in COMMANDS)
            assert command or begun, f"not a known command: {written}"
            assert not command or options <= {*COMMANDS[command], *EVERYWHERE}, written


def test_every_command_that_is_listed_is_told() -> None:
    told = {command for text in (*steps(), *literals()) for command, _, _ in commands(text)}
    assert told >= COMMANDS.keys()


def test_option_that_a_command_has_not_is_seen() -> None:
    (command, options, _), other = commands(
        "Run az vm start --ids <resource id> --now; or `az vm begin --ids x`."
    )
    assert command == "vm start"
    assert options - {*COMMANDS[command], *EVERYWHERE} == {"--now"}
    assert other[0] == ""
