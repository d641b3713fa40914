"""Write what people and editors read of the parameters, from their one declaration: `make fix`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from umdiag.parameters import Parameters
from umdiag.parameters.declaring import NotebookOnly, marked

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "parameters" / "example.yml"
SCHEMA = ROOT / "lib" / "umdiag" / "parameters" / "parameters.schema.json"
NOTEBOOKS = tuple(sorted((ROOT / "notebooks").glob("*.ipynb")))
WIDTH = 110

#: What the example gives, all else stands there as a comment: enough for a report on live Azure.
_GIVEN = ("source", "workspaces", "automation_account")
_PYTHON = {"string": "str", "integer": "int", "array": "list[str]", "object": "dict[str, str]"}
#: Of a notebook that any Python may run.
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_HEAD = """\
# yaml-language-server: $schema=../lib/umdiag/parameters/parameters.schema.json
# Every parameter of umdiag. Copy this file, keep what differs from the defaults, then:
#   umdiag report parameters/mine.yml      the report
# An empty value means the default. Durations: 14d, 36h, 90m, 1d12h. Times carry a zone: 2024-03-08T10:00:00Z.
# Quote what looks like a number, a date, yes or no: umdiag keeps such a name as it is, plain papermill
# does not. Never put secrets here.
"""


@dataclass(frozen=True, kw_only=True)
class Key:
    """One parameter as people are told of it; `start` is the value that notebooks begin with."""

    name: str
    type: str
    python: str
    choices: tuple[str, ...]
    default: Any
    start: Any
    help: str
    example: Any
    in_files: bool


def keys(model: type[Parameters] = Parameters) -> list[Key]:
    return list(_keys(model))


def _keys(model: type[Parameters]) -> Iterator[Key]:
    only = marked(model, NotebookOnly)
    for name, told in model.model_json_schema()["properties"].items():
        choices = tuple(told.get("enum", ()))
        yield Key(
            name=name,
            type=" | ".join(choices) or told["title"],
            python=_PYTHON[told.get("type", "object")],
            choices=choices,
            default=told["default"],
            start=only[name].start if name in only else told["default"],
            help=told["description"],
            example=(model.model_fields[name].examples or [None])[0],
            in_files=name not in only,
        )


def table(model: type[Parameters] = Parameters) -> str:
    """Return the README's table."""
    rows = ["| key | type, default | meaning |", "|---|---|---|"]
    for key in keys(model):
        given = (
            f", `{key.start}`{'' if key.in_files else ' in notebooks'}" if key.start or key.choices else ""
        )
        rows.append(f"| `{key.name}` | {key.type.replace('|', 'or')}{given} | {key.help} |")
    return "\n".join(rows)


def example(model: type[Parameters] = Parameters) -> str:
    """Return `parameters/example.yml`."""
    blocks = [_HEAD]
    for key in filter(lambda key: key.in_files, keys(model)):
        told = f"{key.help} ({key.type}; default {key.default or 'empty'})"
        prose = textwrap.fill(
            told, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        lines = yaml.dump({key.name: key.example}, Dumper=_Indented, width=10_000, sort_keys=False)
        if key.name not in _GIVEN:
            lines = textwrap.indent(lines, "#")
        blocks.append(f"{prose}\n{lines}")
    return "\n".join(blocks)


class _Indented(yaml.SafeDumper):
    """Indents the items of a list, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def cell(model: type[Parameters] = Parameters) -> str:
    """Return the source of a notebook's parameters cell: an assignment a line, its help as a comment."""
    return "\n".join(map(_assignment, keys(model)))


def _assignment(key: Key) -> str:
    """Write as many sentences of the help as fit; papermill shows them with --help-notebook."""
    value = json.dumps(key.start, ensure_ascii=False)
    first, *others = key.help.split(". ")
    line = f"{key.name}: {key.python} = {value}  # {first}{f' ({key.type})' if key.choices else ''}"
    for sentence in others:
        if len(line) + len(sentence) + 2 > WIDTH:
            break
        line += f". {sentence}"
    return line


def schema(model: type[Parameters] = Parameters) -> str:
    """Return the JSON Schema of a parameter file, in which an empty value stands for the default."""
    made = model.model_json_schema()
    hidden = [key.name for key in keys(model) if not key.in_files]
    made["properties"] = {
        name: _or_nothing(told) for name, told in made["properties"].items() if name not in hidden
    }
    for part in made["$defs"].values():
        part["properties"] = {name: _or_nothing(told) for name, told in part["properties"].items()}
    made |= {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parameters of umdiag",
        "description": "A parameter file: what is investigated, and how.",
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _or_nothing(told: dict[str, Any]) -> dict[str, Any]:
    """Let the value be null: editors then accept a key without a value, as the kit does."""
    told = dict(told)
    if "$ref" in told:
        told["anyOf"] = [{"$ref": told.pop("$ref")}, {"type": "null"}]
        return told
    told["type"] = [told["type"], "null"]
    if "enum" in told:
        told.pop("title", None)
        told["enum"] = [*told["enum"], None]
    return told


def with_cell(notebook: str, model: type[Parameters] = Parameters) -> str:
    """Return a notebook's text with its parameters cell written again, and without what JupyterLab notes of
    the kernel that ran it.
    """
    held = json.loads(notebook)
    held["metadata"] = _METADATA
    for one in held["cells"]:
        if "parameters" in one["metadata"].get("tags", []):
            one["source"] = cell(model).splitlines(keepends=True)
    return json.dumps(held, indent=1, ensure_ascii=False) + "\n"


def forms() -> dict[Path, str]:
    """Return every generated file with what it should hold."""
    cells = {path: with_cell(path.read_text(encoding="utf-8")) for path in NOTEBOOKS}
    return {EXAMPLE: example(), SCHEMA: schema()} | cells
