"""Parameters out of a notebook: a person explores there, so only what is meant as a parameter is judged.

Meant are the names of parameters, what the parameters cell or papermill's injected cell assigned, and a
near-miss of a parameter that nobody set. IPython keeps the text of every cell in `In`; a cell of parameters
that was run again replaces what it said before, so that a corrected typo is forgotten.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from umdiag.errors import ParameterError
from umdiag.parameters import files
from umdiag.parameters.checks import Refused, text
from umdiag.parameters.declaring import NotebookOnly, Target, is_nothing, marked
from umdiag.parameters.model import Parameters
from umdiag.parameters.reading import from_values, unknown
from umdiag.parameters.spelling import nearest

_NAMES = Parameters.model_fields
_FILE, _STARTS = next(iter(marked(Parameters, NotebookOnly).items()))
_PLAIN_TYPES = (str, int, float, bool, type(None), list, dict)
_INJECTED = "# Parameters"  # how papermill begins the cell that it injects
_LIKENESS = 0.8  # `computer` is taken for computers, `update` not for update_run


def opened(given: Mapping[str, Any] | str | Path | None, *, find: bool = True) -> Parameters:
    """Return the parameters that `open_kit` is given: a notebook's `globals()`, a mapping, or a file's name.

    Nothing given means what the running notebook or script holds, and the demo where that names no parameter.
    """
    if given is None:
        held = vars(sys.modules["__main__"])
        return from_notebook(held if held.keys() & _NAMES.keys() else {_FILE: _STARTS.start}, find=find)
    if isinstance(given, (str, Path)):
        return from_notebook({_FILE: str(given)}, find=find)
    if isinstance(given, Mapping):
        return from_notebook(given, find=find)
    raise ParameterError("open_kit", type(given).__name__, "is given, expected globals() or a parameter file")


def from_notebook(namespace: Mapping[str, Any], *, find: bool = True) -> Parameters:
    """Pick the parameters out of a notebook's globals, and lay the file that they name under them.

    In a plain mapping every name is a parameter. Raises ParameterError.
    """
    values = dict(namespace)
    if "__name__" in namespace:
        meant = _meant(namespace)
        values = {name: value for name, value in namespace.items() if name in meant or name in _NAMES}
    given = {name: value for name, value in values.items() if not _is_default(name, value)}
    file = _text(_FILE, given.pop(_FILE, ""))
    if file == _STARTS.start and given.keys() & marked(Parameters, Target).keys():
        file = ""
    if not file:
        return from_values(given, folder=None, find=find)
    path = files.find(file, None, directory=False)
    if path is None:
        expected = "is not a file in the working directory or its parents, expected a parameter file"
        hint = "; umdiag init --demo writes it" if file == _STARTS.start else ""
        raise ParameterError(_FILE, file, expected + hint)
    return from_values({**files.load(path), **given}, folder=path.parent, find=find)


def _is_default(name: str, value: object) -> bool:
    if name not in _NAMES:
        return False
    default = _NAMES[name].default
    return is_nothing(value) or (isinstance(value, type(default)) and bool(value == default))


def _text(key: str, value: object) -> str:
    try:
        return text(value)
    except Refused as refused:
        raise ParameterError(key, value, str(refused)) from None


def _meant(namespace: Mapping[str, Any]) -> set[str]:
    """Return the unknown names that are meant as parameters. Raises ParameterError for a near-miss."""
    cells = namespace.get("In")
    if isinstance(cells, list):
        meant, others = _assigned(cells)
    else:
        meant, others = set(), {name for name, value in namespace.items() if type(value) in _PLAIN_TYPES}
    for name in sorted((others - meant - _NAMES.keys()) & namespace.keys()):
        parameter = "" if name.startswith("_") else nearest(name, _NAMES, likeness=_LIKENESS)
        held = namespace.get(parameter)
        if parameter and (_is_default(parameter, held) or (parameter == _FILE and held == _STARTS.start)):
            raise unknown(name, namespace[name], advice=f" If not, del {name} and take another name")
    return meant & namespace.keys()


def _assigned(cells: list[Any]) -> tuple[set[str], set[str]]:
    """Return the names that the cells of parameters assigned last, and those typed as literals elsewhere."""
    latest: dict[bool, set[str]] = {}
    others: set[str] = set()
    for cell in map(str, cells):
        literals = dict(_assignments(cell))
        injected = cell.startswith(_INJECTED)
        if injected or 2 * len(literals.keys() & _NAMES.keys()) >= len(_NAMES):
            latest[injected] = set(literals)
        else:
            others |= {name for name, literal in literals.items() if literal}
    return set().union(*latest.values()), others


def _assignments(cell: str) -> Iterator[tuple[str, bool]]:
    """Yield each name that a cell assigns at its top, and whether to a literal."""
    try:
        statements = ast.parse(cell).body
    except (SyntaxError, ValueError):
        return
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id, _is_literal(value)


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
