"""`umdiag report`: one parameter file in, one report folder out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from umdiag.commands.given import ParameterFile, read_given
from umdiag.commands.saying import say, tell
from umdiag.starter import notebook_names
from umdiag.words.shortening import harmless_json


class FailOn(StrEnum):
    """What makes `report` end with another exit code than 0."""

    PROBLEM = "problem"
    UNKNOWN = "unknown"
    NEVER = "never"


def _begun(incomplete: str) -> list[str]:
    return [name for name in notebook_names() if name.startswith(incomplete.lower())]


def report(
    parameters: ParameterFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Report folder [reports/<file>, with --only +<family>]."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAMILY …", help="Families to report; all if none is named.", autocompletion=_begun
        ),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, metavar="N", help="Notebooks run at a time.")] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="What ends with exit code 1 (problem) or 3 (unknown).")
    ] = FailOn.PROBLEM,
    single_file: Annotated[
        bool, typer.Option("--single-file", help="Beside the folder, write the report as one HTML file.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="No progress on standard error; errors are still told.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON instead of the path of the report.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every query as it would be sent; send nothing.")
    ] = False,
    estimate: Annotated[
        bool,
        typer.Option("--estimate", help="A dry run that reads only volumes: how much would each query read?"),
    ] = False,
) -> None:
    """Write the report of one parameter file."""
    given = read_given(parameters)
    families = _families(only or ())
    if dry_run or estimate:
        from umdiag.report.plan import plan

        for block in plan(given, only=families, estimate=estimate):
            say(block)
        return
    from umdiag.report import run  # opens pandas and the clients: only once the parameters are right

    outcome = run(
        given,
        output=output or Path("reports") / "+".join([parameters.stem or "report", *families]),
        only=families,
        jobs=jobs,
        single_file=single_file,
        echo=None if quiet else tell,
    )
    if as_json:
        say(harmless_json(json.dumps(outcome.summary(fail_on.value), indent=1, ensure_ascii=False)))
    else:
        say(f"Report: {outcome.index}")
        if outcome.single_file:
            say(f"As one file: {outcome.single_file}")
    raise typer.Exit(outcome.exit_code(fail_on.value))


def _families(words: Iterable[str]) -> Sequence[str]:
    """Return the families that are named, each once, in the order that names their folder."""
    named = (family.strip() for word in words for family in word.split(","))
    return sorted({family.replace("-", "_").lower() for family in named if family})
