"""Our own page frame: one template environment, one style sheet, one script; nothing from a network."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from umdiag import show
from umdiag._version import __version__
from umdiag.errors import UmdiagError

BUNDLE = "plotly.min.js"
#: What the pages' own script is made of.
_SCRIPTS = ("sorting.js", "report.js", "copying.js", "findings.js", "machine_data.js", "machine_rows.js")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One page in the navigation of a report."""

    href: str
    title: str
    here: bool = False
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Portal:
    """Where a page's queries can be opened: the portal, a workspace, and which queries ask which."""

    address: str = ""
    workspace: str = ""
    graph: Sequence[str] = ()
    logs: Sequence[str] = ()


def render(
    template: str,
    *,
    title: str,
    scope: str,
    pages: Sequence[Link],
    scripts: bool,
    portal: Portal | None = None,
    **content: object,
) -> str:
    """Fill a template; every value is escaped unless it is Markup."""
    page: str = (
        _environment()
        .get_template(template)
        .render(
            title=title,
            scope=scope,
            pages=pages,
            scripts=scripts,
            portal=portal or Portal(),
            version=__version__,
            css=_css(),
            **{"single": None} | content,
        )
    )
    return page


def copy_scripts(folder: Path) -> None:
    """Put the page script and plotly's bundle into the report folder, once for all its pages."""
    (folder / "report.js").write_bytes(script().encode())
    shutil.copyfile(_bundle(), folder / BUNDLE)


def script(*, single: bool = False) -> str:
    """Return the pages' own script, or that of a file that holds all of them."""
    names = (*_SCRIPTS, "single.js") if single else _SCRIPTS
    parts = (files("umdiag.report").joinpath(f"templates/{name}") for name in names)
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def bundle() -> str:
    """Return plotly's script."""
    return _bundle().read_text(encoding="utf-8")


def _bundle() -> Path:
    plotly = find_spec("plotly")  # found, not imported: only charts draws
    if plotly is None or not plotly.submodule_search_locations:
        raise UmdiagError("plotly is not installed: install umdiag with its dependencies")
    return Path(plotly.submodule_search_locations[0]) / "package_data" / BUNDLE


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("umdiag.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@cache
def _css() -> Markup:
    page = files("umdiag.report").joinpath("templates/page.css").read_text(encoding="utf-8")
    return Markup(page + str(show.CSS))  # noqa: S704 - our own style sheets
