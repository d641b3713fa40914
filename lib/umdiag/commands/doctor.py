"""`umdiag doctor`: what can be reached, group by group."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

import typer

from umdiag.commands.given import ParameterFile, read_given
from umdiag.commands.saying import say
from umdiag.errors import one_line

_UNREACHED = 3


def doctor(
    parameters: ParameterFile,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="A line for each table of each workspace.")
    ] = False,
) -> None:
    """Check what can be reached, and say how to fix the rest.

    Ends with 3 if anything cannot be reached.
    """
    given = read_given(parameters)
    from umdiag.report.doctor import examine, together

    lacking = 0
    blank = ""
    for group, members in groupby(examine(given), key=lambda reach: reach.group):
        say(f"{blank}{group.value}")
        blank = "\n"
        for reach in members if verbose else together(members):
            say(f"  {'ok' if reach.ok else 'NO':<3} {reach.what}: {one_line(reach.told)}")
            lacking += not reach.ok
    say(f"\n{lacking} not reachable." if lacking else "\nEverything can be reached.")
    raise typer.Exit(_UNREACHED if lacking else 0)
