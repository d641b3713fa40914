"""Which room may know which, drawn from the imports: unlike a picture, this does not go stale."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import umdiag

ROOT = Path(umdiag.__file__).parent
NOTEBOOKS = ROOT.parent.parent / "notebooks"

#: Room → the rooms it may import. One way, left to right, no way back.
MAY_IMPORT: Mapping[str, set[str]] = {
    "errors": set(),
    "_version": set(),
    "words": set(),
    "model": {"words"},
    "parameters": {"errors", "words"},
    "queries": {"errors", "words"},
    "knowledge": {"errors"},
    "sources": {"errors", "model", "queries", "words", "parameters", "_version"},
    "frames": {"errors", "model", "knowledge", "queries"},
    "scenarios": {"errors", "model", "words", "frames", "knowledge"},
    "judging": {"errors", "model", "words", "queries", "frames", "scenarios"},
    "charts": {"words"},
    "show": {"model", "queries", "scenarios", "words"},
    "lab": {"errors", "model", "words", "queries", "judging", "charts", "show", "starter", "_version"},
    "kit": {
        "errors", "model", "parameters", "queries", "sources", "frames", "judging", "scenarios", "show",
        "charts", "explain", "lab", "words",
    },
    "explain": {"errors", "model", "words", "knowledge", "scenarios"},
    "report": {
        "", "errors", "model", "words", "parameters", "queries", "sources", "kit", "judging", "scenarios",
        "charts", "show", "starter", "_version",
    },
    "compare": {"errors", "words", "report", "scenarios", "charts", "show"},
    "starter": {"errors"},
    "docs": {"errors", "words", "_version"},
    "commands": {
        "errors", "words", "compare", "docs", "explain", "lab", "parameters", "report", "scenarios",
        "starter", "_version",
    },
    "__init__": {"kit", "lab"},
    "__main__": {"errors", "words", "commands", "_version"},
}  # fmt: skip

#: Library → the rooms that alone may import it.
ONLY_IN: Mapping[str, set[str]] = {
    "azure": {"sources"},
    "requests": {"sources"},
    "tenacity": {"sources"},
    "duckdb": {"sources"},
    "duckdb_kql": {"sources"},
    "IPython": {"lab", "show"},
    "itables": {"lab"},
    "plotly": {"charts"},
    "papermill": {"report"},
    "nbclient": {"report"},
    "nbformat": {"report"},
    "jinja2": {"report", "docs"},
    "markupsafe": {"show", "report", "docs"},
    "markdown_it": {"report", "docs"},
    "pygments": {"report"},
    "typer": {"__main__", "commands"},
    "ruamel": {"parameters"},
}

#: Nothing but judging swallows what it does not know; these hand it on.
CATCH_ALL: Mapping[str, str] = {
    "judging/verdicts.py": "Exception",  # a broken judge is UNKNOWN, not a broken report
    "__main__.py": "Exception",  # the last door: nobody gets a traceback unasked
    "report/execution.py": "Exception",  # raised again by who waits
    "report/interrupt.py": "BaseException",  # raised again in the main thread
    "sources/limits.py": "BaseException",  # handed to whoever waits for it
    "words/once.py": "BaseException",  # handed to whoever waits for the same
    "sources/live/kusto.py": "Exception",  # the client's parser raises it for a broken body
    "words/files.py": "BaseException",  # raised again once the half file is gone
}

MOST_LINES = 250
#: Modules that outgrew the measure, each with what it may hold at most. To be cut, not to be joined.
LARGE: Mapping[str, int] = {
    "queries/kql.py": 270,
    "frames/missed.py": 270,
}

_TAG = re.compile(r"</(?:a|body|code|details|div|h\d|html|li|p|script|section|style|table|td|tr|ul)>")
_ANY_TAG = re.compile(r"(?<!\?P)</?[a-zA-Z][a-zA-Z0-9]*(?:[\s/>]|$)")


@cache
def modules() -> Mapping[str, ast.Module]:
    files = sorted(ROOT.rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def room(module: str) -> str:
    return module.split("/")[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the full names that a module imports, wherever it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a module lies"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_dependencies_point_one_way() -> None:
    rooms = {room(module) for module in modules()}
    wrong = []
    for module, tree in modules().items():
        own = room(module)
        assert own in MAY_IMPORT, f"{own} is a new room: say in MAY_IMPORT what it may know"
        parts = [name.split(".") for name in imported(tree) if name.startswith("umdiag.")]
        seen = {part[1] if part[1] in rooms else "" for part in parts} - {own}
        wrong += [f"{module} imports {other}" for other in sorted(seen - MAY_IMPORT[own])]
    assert wrong == []


def test_no_room_is_in_a_circle() -> None:
    TopologicalSorter({room: known - {""} for room, known in MAY_IMPORT.items()}).prepare()


def test_no_room_is_listed_that_is_gone() -> None:
    assert set(MAY_IMPORT) == {room(module) for module in modules()}


def test_libraries_stay_in_their_room() -> None:
    wrong = []
    for module, tree in modules().items():
        used = {name.split(".")[0] for name in imported(tree)} & set(ONLY_IN)
        wrong += [f"{module} imports {one}" for one in sorted(used) if room(module) not in ONLY_IN[one]]
    assert wrong == []


def test_only_show_and_report_write_html() -> None:
    wrong = []
    for module, tree in modules().items():
        texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        tags = {text for text in texts if isinstance(text, str) and _TAG.search(text)}
        wrong += [module] if tags and room(module) not in ("show", "report") else []
    assert wrong == []


def unescaped(tree: ast.AST) -> list[str]:
    """Return the texts with tags that are not handed as they stand to a type that escapes what fills them."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    safe = {id(call.args[0]) for call in calls if ast.unparse(call.func) in ("Html", "Markup")}
    # A text that is a statement of its own is a docstring.
    safe |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in safe]
    return [node.value for node in texts if isinstance(node.value, str) and _ANY_TAG.search(node.value)]


def test_nobody_can_forget_to_escape() -> None:
    wrong = {
        module: unescaped(tree) for module, tree in modules().items() if room(module) in ("show", "report")
    }
    assert {module: texts for module, texts in wrong.items() if texts} == {}


@pytest.mark.parametrize(
    "code",
    [
        'f"<p>{name}</p>"',
        '"<p>" + name',
        '"<a href=" + name',
        '"<p>{}</p>".format(name)',
        'Html(f"<p>{name}</p>")',
        'Markup("<p>" + name)',
        'template = "<br>"; Html(template)',
    ],
)
def test_html_that_escapes_nothing_is_noticed(code: str) -> None:
    assert unescaped(ast.parse(code))
    assert not unescaped(ast.parse('Html("<p>{}</p>").format(name)'))


def test_names_say_what_a_module_is_for() -> None:
    empty = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc"}
    assert [module for module in modules() if set(re.split(r"[/_.]", module)) & empty] == []


def bound(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module gives to values, parameters, functions and classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.alias(asname=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield name


def test_no_name_is_a_pronoun() -> None:
    assert {
        module: names for module, tree in modules().items() if (names := {"one", "own"} & {*bound(tree)})
    } == {}


@pytest.mark.parametrize(
    "code",
    [
        "one = 1",
        "one: int = 1",
        "for one in rows: pass",
        "for number, (one, rest) in rows: pass",
        "[row for one in rows for row in one]",
        "{one.name: one for one in rows}",
        "sorted(rows, key=lambda one: one.name)",
        "def add(number, *, one): ...",
        "def one(): ...",
        "if one := first(rows): ...",
        "with opened() as one: ...",
        "try: ...\nexcept OSError as one: ...",
        "match rows:\n    case [one, *_]: ...",
        "match rows:\n    case [_, *one]: ...",
        "from rows import first as one",
    ],
)
def test_pronoun_is_noticed_wherever_it_is_bound(code: str) -> None:
    assert "one" in {*bound(ast.parse(code))}
    assert "one" not in {*bound(ast.parse("say(one.name, one=one, text='one')"))}


def test_modules_stay_small() -> None:
    lines = {module: len((ROOT / module).read_text(encoding="utf-8").splitlines()) for module in modules()}
    assert {module: count for module, count in lines.items() if count > LARGE.get(module, MOST_LINES)} == {}


def test_catch_all_stands_where_it_is_meant_to() -> None:
    found = {}
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                names = {"BaseException"} if node.type is None else {ast.unparse(node.type)}
                if names & {"Exception", "BaseException"}:
                    assert module not in found, f"{module} catches everything twice"
                    found[module] = names.pop()
    assert found == CATCH_ALL


def test_no_text_is_parted_into_columns() -> None:
    """Of no rows, ``str.partition`` makes no columns: to name one of them is then an error."""
    parted = re.compile(r"\.str\.r?partition\(|expand=True")
    assert [one for one in modules() if parted.search((ROOT / one).read_text(encoding="utf-8"))] == []


def test_frames_are_pure() -> None:
    effects = {"now", "utcnow", "today", "read_text", "read_parquet", "to_html", "environ"}
    wrong = []
    for module, tree in modules().items():
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        wrong += [module] if room(module) == "frames" and used & effects else []
    assert wrong == []


@pytest.mark.parametrize(
    "notebook", [pytest.param(path, id=path.stem) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
)
def test_notebooks_know_public_names_only(notebook: Path) -> None:
    public = {f"umdiag.{name}" for name in (*umdiag.__all__, "charts", "show")}
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert sources
    for source in sources:
        assert set(imported(ast.parse(source))) <= public
