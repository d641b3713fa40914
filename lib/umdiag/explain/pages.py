"""Word what the terminal shows of scenarios: a manual page, and the table of all."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from difflib import get_close_matches
from inspect import cleandoc
from typing import Protocol

from umdiag.errors import CallError
from umdiag.model import Cause
from umdiag.words.steps import steps_for

COLUMNS = ("Family", "Scenario", "Services", "Causes", "Question")


class Described(Protocol):
    """What a page needs to know of a scenario."""

    @property
    def name(self) -> str:
        """Literal name."""

    @property
    def family(self) -> str:
        """Family it belongs to."""

    @property
    def title(self) -> str:
        """The question in plain words."""

    @property
    def manual(self) -> str:
        """Docstring of its module."""

    @property
    def services(self) -> tuple[str, ...]:
        """Literal names of the services that it is about."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Causes it can find, first that fits first."""


def find(name: str, scenarios: Sequence[Described]) -> Described | None:
    """Return the scenario of that name, in any case and with blanks or hyphens for underscores, or None."""
    wanted = re.sub(r"[\s_-]+", "_", name.strip()).casefold()
    return {scenario.name: scenario for scenario in scenarios}.get(wanted)


def choose(name: str, scenarios: Sequence[Described]) -> Described:
    """Return the scenario of that name, in any case and with blanks or hyphens for underscores.

    Raises CallError with the nearest names where there is none.
    """
    if scenario := find(name, scenarios):
        return scenario
    wanted = re.sub(r"[\s_-]+", "_", name.strip()).casefold()
    matches = get_close_matches(wanted, [scenario.name for scenario in scenarios], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(matches)}?" if matches else "`umdiag scenarios` lists them"
    raise CallError(f"explain: there is no scenario {name[:80]!r}; {hint}")


def manual(scenario: Described, width: int) -> str:
    """Write a scenario's manual page: its docstring as it stands, then each cause with its fix."""
    text = cleandoc(scenario.manual)
    if not text.startswith(scenario.title):
        text = f"{scenario.title}\n\n{text}"
    blocks = [f"{scenario.name} (family {scenario.family})", text, "Causes, the first that fits is reported:"]
    return "\n\n".join([*blocks, *(_cause(cause, width) for cause in scenario.causes)])


def table(scenarios: Sequence[Described], *, drawn: bool) -> str:
    """Write one row per scenario, in the order given: drawn to a terminal's width, else a plain line each."""
    rows = [
        (
            scenario.family,
            scenario.name,
            ", ".join(scenario.services),
            ", ".join(cause.key for cause in scenario.causes),
            scenario.title,
        )
        for scenario in scenarios
    ]
    return _drawn(rows) if drawn else _aligned([COLUMNS, *rows])


def _drawn(rows: Sequence[tuple[str, ...]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(*COLUMNS)
    for row in rows:
        grid.add_row(*map(Text, row))
    console = Console()
    with console.capture() as page:
        console.print(grid)
    return page.get().rstrip("\n")


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cause(cause: Cause, width: int) -> str:
    lines = [f"  {cause.key} ({cause.severity.value})", _wrapped(cause.sentence, "    ", width)]
    steps = enumerate(steps_for(cause.resolution), start=1)
    lines += [_wrapped(step, f"    {number}. ", width) for number, step in steps]
    sources = dict.fromkeys(page for page in (cause.source, cause.manager_source) if page)
    return "\n".join([*lines, *(f"    {page}" for page in sources)])


def _wrapped(text: str, lead: str, width: int) -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
