"""The argument that most commands begin with: a parameter file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from umdiag.parameters import Parameters

ParameterFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="PARAMETERS", help="Parameter file; umdiag init writes an example.")
]


def read_given(file: Path) -> Parameters:
    """Read a parameter file for a command, which asks nobody to sign in.

    Raises ParameterError, and CallError for a file that cannot be read.
    """
    from umdiag.parameters import read, refuse_prompting

    given = read(file)
    refuse_prompting(given)
    return given
