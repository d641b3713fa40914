"""`umdiag compare` and `umdiag trend`: what became of findings from one report to later ones."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from umdiag.commands.saying import say
from umdiag.commands.writing import write_into


class Format(StrEnum):
    """How a comparison is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


_ENDINGS = {Format.TEXT: "txt", Format.JSON: "json", Format.HTML: "html"}


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the earlier report.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of the later report.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Write comparison.<format> into this folder."),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TEXT,
) -> None:
    """Compare two reports: what is new, what is resolved, what could no longer be judged.

    Ends with 1 where there is a new problem.
    """
    from umdiag.compare import compare as lay_beside
    from umdiag.compare import read_report, telling

    comparison = lay_beside(read_report(old), read_report(new))
    write = {Format.TEXT: telling.as_text, Format.JSON: telling.as_json, Format.HTML: telling.as_html}
    text = write[format](comparison)
    if output is None:
        say(text.rstrip("\n"))
    else:
        say(f"Comparison: {write_into(output, f'comparison.{_ENDINGS[format]}', text)}")
        say(telling.first_line(comparison))
    raise typer.Exit(comparison.exit_code)


def trend(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER…", help="Folders of reports, or folders that hold some.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Write trend.<format> into this folder."),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TEXT,
) -> None:
    """Lay many reports beside each other: machines by state, findings by severity, what to fix."""
    from umdiag.compare import trending

    counts = trending.trend(trending.reports_in(folders))
    write = {Format.TEXT: trending.as_text, Format.JSON: trending.as_json, Format.HTML: trending.as_html}
    text = write[format](counts)
    if output is None:
        say(text.rstrip("\n"))
    else:
        say(f"Trend: {write_into(output, f'trend.{_ENDINGS[format]}', text)}")
