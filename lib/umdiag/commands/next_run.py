"""`umdiag next-run`: whom the next run of each schedule takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from umdiag.commands.given import ParameterFile, read_given
from umdiag.commands.saying import say


def next_run(
    parameters: ParameterFile,
    configuration: Annotated[
        str,
        typer.Argument(metavar="CONFIGURATION", help="Name or ARM id of a schedule; all if none is named."),
    ] = "",
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write a row per machine and schedule.")
    ] = None,
) -> None:
    """Say which machines the next run of each schedule takes.

    For the machines that the parameter suspects names it also says why no run takes them.
    """
    given = read_given(parameters)
    from umdiag.report.next_run import tell

    for block in tell(given, configuration, csv):
        say(block)
