"""`umdiag accept`: note that a finding is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from umdiag.commands.saying import say


def accept(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="Folder of a report.")],
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario that found it.")],
    cause: Annotated[str, typer.Argument(metavar="CAUSE", help="One cause; all if none is named.")] = "",
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="Name or id; * stands for any text. All if none is named."),
    ] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why it is accepted.")] = "",
    until: Annotated[
        str, typer.Option(metavar="DATE", help="Last day on which it is; for good if none is named.")
    ] = "",
    file: Annotated[
        Path,
        typer.Option(metavar="FILE", help="File of accepted findings, new or not.", show_default=False),
    ] = Path("parameters/accepted.yml"),
) -> None:
    """Accept findings of a report: they no longer make a problem.

    Writes an entry of the file that the parameter accepted names.
    """
    from umdiag.parameters.accepted import day, entry_of
    from umdiag.report import accept as accepting

    last = day(until) if until.strip() else None
    entry = entry_of(scenario=scenario, cause=cause, subject=subject, until=last, why=why)
    for line in accepting.accept(report, entry, file):
        say(line)
