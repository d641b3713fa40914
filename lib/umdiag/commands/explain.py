"""`umdiag explain` and `umdiag scenarios`: what the kit knows."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from umdiag.commands.saying import say
from umdiag.explain.forms import Form


def explain(
    name: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME_OR_TEXT",
            help="Scenario, error text, code, log files or folders, or - for standard input.",
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List what is known [of a platform].")] = False,
    form: Annotated[Form, typer.Option("--format", help="How to write the answer.")] = Form.TEXT,
) -> None:
    """Explain a scenario, an error text, a code or log files.

    Codes in hex or decimal; logs and status files of any size.

    Ends with 0, also where nothing is known of a text; with 2 if nothing is given, or a file cannot be read.
    """
    from shutil import get_terminal_size

    from umdiag.explain.answering import answer

    width = min(get_terminal_size((100, 24)).columns, 100)
    say(answer(name or [], width, listed=listed, form=form))


def scenarios() -> None:
    """Print the table of scenarios."""
    from umdiag.explain import pages
    from umdiag.scenarios import catalogue

    say(pages.table(catalogue(), drawn=sys.stdout.isatty()))
