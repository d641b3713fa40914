"""Read a parameter file as YAML 1.2, every plain scalar as the text that it looks like; find what it names.

The nodes are walked here instead of being constructed: `00123`, `no`, `on`, `12:30` and `1e3` are text,
tags and second values are refused, only an unquoted `null`, `~` or nothing is None. An alias is followed
to two levels, never expanded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from umdiag.errors import CallError, ParameterError
from umdiag.parameters.spelling import hint

Plain: TypeAlias = str | list["Plain"] | dict[str, "Plain"] | None

_MOST_BYTES = 256 * 1024
_CORE = "tag:yaml.org,2002:"
_TOO_DEEP = "…"


def load(path: Path) -> dict[str, Plain]:
    """Read the file's mapping. Raises CallError where it cannot be read, ParameterError for its content."""
    node = _read(path)
    if node is None:
        empty = "is empty; umdiag init writes an example of what it may hold"
        raise ParameterError(path.name, "the file", empty)
    if not isinstance(node, MappingNode):
        raise ParameterError(
            path.name, "the file", "is YAML but not a mapping, expected lines like source: azure"
        )
    return _mapping(node, "", 0)


def load_list(path: Path) -> list[dict[str, Plain]]:
    """Read a file that lists mappings, none where it is empty. Raises as `load` does."""
    node = _read(path)
    if node is None:
        return []
    if not isinstance(node, SequenceNode) or not all(isinstance(item, MappingNode) for item in node.value):
        expected = "is not a list of entries, expected lines like - scenario: machine_disconnected"
        raise ParameterError(path.name, "the file", expected)
    return [_mapping(item, "", 0) for item in node.value]


def _read(path: Path) -> Node | None:
    name = path.name
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise CallError(_unreadable(path, error)) from None
    except ValueError:
        raise CallError(f"{path}: no file can have this name") from None
    if len(content) > _MOST_BYTES:
        raise ParameterError(name, "the file", "is larger than 256 KiB, expected a page of YAML")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1}"
        raise ParameterError(name, place, "is not UTF-8, save the file as UTF-8") from None
    if "\0" in text:
        place = _place(text, text.index("\0"))
        raise ParameterError(name, place, "holds a NUL character, save the file as UTF-8")
    return _compose(name, text)


def find(written: str, folder: Path | None, *, directory: bool) -> Path | None:
    """Look for a path beside the parameter file, in the working directory and its parents, above the file.

    The last place makes `parameters/demo` in `parameters/demo.yml` hold from any working directory.
    """
    spellings = dict.fromkeys((written, written.replace("\\", "/")))
    for place in _places(folder):
        for spelling in spellings:
            candidate = place / spelling
            try:
                if candidate.is_dir() if directory else candidate.is_file():
                    return Path(os.path.abspath(candidate))  # noqa: PTH100 - links are left as they are
            except (OSError, ValueError):
                continue
    return None


def _places(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
    here = Path.cwd()
    yield from (here, *here.parents)
    if folder is not None:
        yield from folder.absolute().parents


def _compose(name: str, text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        raise ParameterError(name, place, f"is not YAML: {_problem(error)}") from None
    except YAMLError as error:
        place = _place(text, getattr(error, "position", 0))
        raise ParameterError(name, place, "holds a control character, expected plain text") from None
    except RecursionError:
        raise ParameterError(name, "the file", "is nested too deeply, expected lists of plain text") from None
    return node


def _problem(error: MarkedYAMLError) -> str:
    problem = " ".join(str(error.problem or error.context).split())
    if "escape" in problem:
        return f"{problem}; put a path with backslashes in single quotes"
    if "'\\t'" in problem:
        return "a tab is used where spaces belong"
    if "another document" in problem:
        return "a second document starts here, expected one"
    return problem


def _mapping(node: MappingNode, prefix: str, depth: int) -> dict[str, Plain]:
    entries: dict[str, Plain] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            raise ParameterError(f"line {line}", "a list or mapping", "is used where a key belongs")
        key = key_node.value
        value = _plain(value_node, f"{prefix}{key}", depth + 1)
        if key in entries:
            raise ParameterError(f"{prefix}{key}", value, f"is its second value (line {line}), keep one")
        entries[key] = value
    return entries


def _plain(node: Node, key: str, depth: int) -> Plain:
    if not str(node.tag).startswith(_CORE) or "/" in str(node.tag):
        raise ParameterError(key, str(node.tag), "is a YAML tag, expected plain text, a list or a mapping")
    if isinstance(node, ScalarNode):
        return None if node.tag == f"{_CORE}null" and node.style is None else str(node.value)
    if depth > 1:  # no parameter holds a list in a list: the check that follows refuses it
        return [_TOO_DEEP] if isinstance(node, SequenceNode) else {_TOO_DEEP: _TOO_DEEP}
    if isinstance(node, MappingNode):
        return _mapping(node, f"{key}.", depth)
    return [_plain(item, key, depth + 1) for item in node.value]


def _place(text: str, position: int) -> str:
    before = text[:position].splitlines() or [""]
    if text[:position].endswith("\n"):
        before.append("")
    return f"line {len(before)}, column {len(before[-1]) + 1}"


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        try:
            others = sorted(file.name for file in path.parent.glob("*.yml"))
        except OSError:
            others = []
        near = hint(path.name, others) or "; umdiag init writes an example"
        return f"{path}: there is no such parameter file{near}"
    if path.is_dir():
        return f"{path}: is a folder, expected a parameter file"
    return f"{path}: cannot be read ({error.strerror or type(error).__name__})"
