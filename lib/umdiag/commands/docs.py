"""`umdiag docs`: the documentation, built beside and opened."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from umdiag._version import __version__
from umdiag.commands.saying import say
from umdiag.docs.pages import IN_ORDER, find, texts

#: What tells on systems with X11 or Wayland that there is a browser to be seen.
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def _begun(incomplete: str) -> list[str]:
    names = (name.rpartition("/")[2] for name in (*IN_ORDER, *texts()))
    return list(dict.fromkeys(name for name in names if name.startswith(incomplete.lower())))


def docs(
    page: Annotated[
        str,
        typer.Argument(metavar="PAGE", help="A page, scenario or platform of errors.", autocompletion=_begun),
    ] = IN_ORDER[0],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where to build the pages [your cache folder]."),
    ] = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the path of the page; open no browser.")
    ] = False,
) -> None:
    """Open the documentation.

    Builds it, prints the path of the page, and opens that in the browser if there is one.
    """
    found = find(page)
    from platformdirs import user_cache_path

    from umdiag.docs.building import build

    folder = output or user_cache_path("umdiag", appauthor=False) / f"docs-{__version__}"
    build(folder)
    place = folder / f"{found}.html"
    say(str(place))
    if not only_print and _has_browser():
        webbrowser.open(place.resolve().as_uri())


def _has_browser() -> bool:
    return sys.platform in ("win32", "darwin") or any(map(os.environ.get, _DISPLAYS))
