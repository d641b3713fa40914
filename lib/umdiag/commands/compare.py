"""`umdiag compare` and `umdiag trend`: what became of findings from one report to later ones."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from umdiag.commands.saying import say


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
    _tell("comparison", comparison, telling, format, output)
    if output is not None:
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
    _tell("trend", counts, trending, format, output)


def _tell(name: str, told: object, words: Any, form: Format, output: Path | None) -> None:
    """Print what a module (`as_text`, `as_json`, `as_html`) makes of it, or write it into a folder."""
    from umdiag.report.folder import write_into

    text = getattr(words, f"as_{form}")(told)
    if output is None:
        say(text.rstrip("\n"))
    else:
        say(f"{name.capitalize()}: {write_into(output, f'{name}.{_ENDINGS[form]}', text)}")
