"""From plain values to checked parameters: what is empty gets its default, what is wrong one clear line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from umdiag.errors import ParameterError
from umdiag.parameters import files
from umdiag.parameters.declaring import LookedFor, NotebookOnly, is_nothing, marked
from umdiag.parameters.model import Endpoints, Parameters
from umdiag.parameters.spelling import hint

Model = TypeVar("Model", bound=Parameters)

_SECRET_NAME = re.compile(
    r"secret|passw|pwd|token|(api|access|shared)_?key|connection_?string", re.IGNORECASE
)


def read(path: Path) -> Parameters:
    """Read a parameter file (YAML 1.2). Raises CallError for the file, ParameterError for what it says."""
    return from_values(files.load(path), folder=path.parent)


def from_values(
    values: Mapping[str, Any],
    *,
    folder: Path | None,
    find: bool = True,
    model: type[Model] = Parameters,  # type: ignore[assignment] # what mypy says of every such default
) -> Model:
    """Check plain values, as a YAML reader or a notebook holds them; what is empty gets its default.

    Paths that the source needs are looked for, relative ones in `folder` first; `find=False` leaves them as
    written (for a kernel that is handed a finished run). Raises ParameterError.
    """
    for name, value in values.items():
        if name not in model.model_fields:
            raise unknown(str(name), value, model)
    given = {name: value for name, value in values.items() if not is_nothing(value)}
    for name in given.keys() & marked(model, NotebookOnly).keys():
        raise ParameterError(name, given[name], "is a parameter of notebooks, not of a file")
    try:
        checked = model.model_validate(given)
    except ValidationError as error:
        raise _refusal(error) from None
    found = _found(checked, folder, checked.source) if find else {}
    parameters = checked.model_copy(update=found)
    parameters._written.update(_as_written(checked, given))
    return parameters


def refuse_prompting(parameters: Parameters) -> None:
    """Refuse the credentials that ask somebody: nobody sits before a headless run."""
    if parameters.credential in ("browser", "device_code"):
        raise ParameterError(
            "credential", parameters.credential, "needs a person to sign in, a report needs chain or token"
        )


def unknown(
    name: str, value: object, model: type[Parameters] = Parameters, advice: str = ""
) -> ParameterError:
    """Return the error of a name that is no parameter; `advice` follows the name that may be meant."""
    if _SECRET_NAME.search(name):
        expected = "is not a parameter; secrets never are, see credential for the ways to sign in"
        return ParameterError(name, "(hidden)", expected)
    meant = hint(name, model.model_fields)
    known = f"; known are {', '.join(model.model_fields)}"
    return ParameterError(name, value, f"is not a parameter{meant + advice if meant else known}")


def _refusal(invalid: ValidationError) -> ParameterError:
    """Word the model's first error: the key without the place in a list, the value, what was expected."""
    error = invalid.errors(include_url=False)[0]
    key = ".".join(str(part) for part in error["loc"] if isinstance(part, str))
    value = "" if error["input"] is None else error["input"]
    told = error.get("ctx", {})
    if error["type"] == "literal_error":
        choices = re.findall(r"'([^']+)'", told["expected"])
        expected = (
            f"is not known, expected {told['expected'].replace(chr(39), '')}{hint(str(value), choices)}"
        )
    elif error["type"] == "extra_forbidden":
        known = tuple(Endpoints.model_fields)
        name = str(error["loc"][-1])
        expected = f"is not an endpoint{hint(name, known) or '; known are ' + ', '.join(known)}"
    else:
        expected = str(told.get("error", error["msg"]))
    return ParameterError(key, value, expected)


def _found(model: BaseModel, folder: Path | None, source: str, prefix: str = "") -> dict[str, Any]:
    """Return the paths that the source needs, looked for. Raises ParameterError for a missing path."""
    found: dict[str, Any] = {}
    wanted: Mapping[str, LookedFor] = marked(type(model), LookedFor)
    for name, value in model:
        if isinstance(value, BaseModel):
            found[name] = value.model_copy(update=_found(value, folder, source, f"{prefix}{name}."))
        elif name in wanted and value is not None and source in wanted[name].sources:
            found[name] = _place(f"{prefix}{name}", value, folder, wanted[name])
    return found


def _place(key: str, path: Path, folder: Path | None, wanted: LookedFor) -> Path:
    place = files.find(str(path), folder, directory=wanted.directory)
    if place is None:
        kind = "folder" if wanted.directory else "file"
        looked = "beside the parameter file, in" if folder is not None else "in"
        where = f"is not a {kind} {looked} the working directory or its parents"
        raise ParameterError(key, str(path), f"{where}, expected {wanted.expected}")
    return place


def _as_written(checked: Parameters, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what goes out as it came in: durations, and paths before they were looked for."""
    written = {
        name: str(given.get(name, type(checked).model_fields[name].default)).strip()
        for name, value in checked
        if isinstance(value, (timedelta, Path))
    }
    nested = {name: value.model_dump(mode="json") for name, value in checked if isinstance(value, BaseModel)}
    return written | nested
