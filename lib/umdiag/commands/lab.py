"""`umdiag lab`: JupyterLab on copies of the notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from umdiag.commands.saying import tell
from umdiag.errors import CallError


def lab(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PARAMETERS] [OPTION …]",
            help="Parameter file [the demo]; options such as --no-browser or --port=9000 are JupyterLab's.",
        ),
    ] = None,
) -> None:
    """Open JupyterLab on copies of the notebooks in lab/; copies that you changed are kept."""
    from umdiag.lab import copies
    from umdiag.parameters import read

    files = [Path(word) for word in words or () if not word.startswith("-")]
    if len(files) > 1:
        raise CallError(f"lab: {files[1]}: one parameter file is enough; an option is written --port=9000")
    for file in files:
        read(file)
    places = list(copies.lay_out(files[0] if files else None))
    for place, done in places:
        if done == "kept":
            tell(f"kept {place}: you changed it")
    options = [word for word in words or () if word.startswith("-")]
    raise typer.Exit(copies.start(places[0][0].parent, options))
