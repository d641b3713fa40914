"""Where a block is shown, and how it refers from there to the other notebooks, pages and files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from urllib.parse import quote

from umdiag.show.markup import Html, link


class Place(Enum):
    """A notebook, or a page of a report, beside which the report's files lie; the value ends its files."""

    NOTEBOOK = "ipynb"
    PAGE = "html"

    def address(self, name: str, scenario: str = "") -> str:
        """Return the address of a notebook or page, and in a page that of a scenario's section."""
        return f"{name}.{self.value}" + (f"#um-{scenario}" if scenario and self is Place.PAGE else "")

    def rest(self, number: int, file: str = "findings.csv") -> Html:
        """Say how much is left out and where all of it is."""
        where = link(file, file) if self is Place.PAGE else f"{file} of a report"
        return Html(
            '<p class="um-soft" data-left="{}">… and <span data-number>{:,}</span> more in {}</p>'
        ).format(number, number, where)


def machine_address(name: str) -> str:
    """Return where the line of a machine stands in a report."""
    return f"machines.html#m={quote(name, safe='')}"


def machine_name(name: str, place: Place) -> Html:
    """Write the name of a machine; on a page of a report it leads to its line."""
    return link(machine_address(name), name) if place is Place.PAGE and name else Html.escape(name)


def referring(text: str, address: Callable[[str, str], str]) -> Html:
    """Write text in which the names of notebooks and scenarios are links.

    `address` tells where a notebook or one of its scenarios stands, "" where there is none.
    """
    parts = re.split(_pattern(), text)
    # What was split at stands at the odd places.
    return Html("").join(_reference(part, address) if place % 2 else part for place, part in enumerate(parts))


def _reference(name: str, address: Callable[[str, str], str]) -> str:
    there = address(*_names()[name])
    return link(there, name) if there else name


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, _names()))})(?![\w-])")


@cache
def _names() -> Mapping[str, tuple[str, str]]:
    """Return the names that are no words of plain English, with the notebook and the scenario of each."""
    # Here, not above: showing rests on the records alone, and only words come from the scenarios.
    from umdiag.scenarios import FAMILIES, catalogue

    named = {family: (family, "") for family in FAMILIES}
    named |= {scenario.name: (scenario.family, scenario.name) for scenario in catalogue()}
    return {name: there for name, there in named.items() if "_" in name}
