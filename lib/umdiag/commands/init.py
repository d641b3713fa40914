"""`umdiag init`: what a user begins with, laid out in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from umdiag import starter
from umdiag.commands.saying import say


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; default: here.")] = Path(),
    demo: Annotated[bool, typer.Option("--demo", help="Also write the demo workspace.")] = False,
) -> None:
    """Write an example parameter file and the notebooks.

    What is there already is kept.
    """
    for place, written in starter.lay_out(folder, demo=demo):
        say(f"wrote {place}" if written else f"kept  {place}, it was there already")
    if demo:
        say(f"Next: umdiag report {folder / starter.DEMO}")
    else:
        say(f"Next: name your workspaces in {folder / starter.EXAMPLE}, then umdiag doctor with it")
