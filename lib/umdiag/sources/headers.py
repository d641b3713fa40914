"""Match the header of a file with the columns of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from umdiag.errors import SourceError

_SUFFIX = re.compile(r"^(?P<name>.*\S)\s*\[(?P<zone>[^\]]+)\]$", re.DOTALL)


class UnreadableError(SourceError):
    """A table's file cannot be used; the message says why and is kept as the table's reason."""


def match_columns(header: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    """Find each wanted column in a file's header: its exact name, else without regard to case and blanks.

    A suffix `[UTC]` is the portal's and falls away; any other zone there is refused.
    """
    return {name: places[0] for name, places in match_spellings(header, wanted).items()}


def match_spellings(header: Sequence[str], wanted: Mapping[str, str]) -> dict[str, list[int]]:
    """Find all columns in a file's header that are a wanted one, those of its exact name first."""
    folded = {name.casefold(): name for name in wanted}
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for place, written in enumerate(header):
        name = written.removeprefix("\ufeff").strip()
        if (zone := _SUFFIX.match(name)) and zone["name"].casefold() in folded:
            if zone["zone"].strip().upper() != "UTC":
                raise UnreadableError(
                    f"its times are in local time ({name}): set the portal's display time zone to UTC "
                    "and export it again"
                )
            name = zone["name"]
        if name in wanted:
            exact.setdefault(name, []).append(place)
        elif name.casefold() in folded:
            loose.setdefault(folded[name.casefold()], []).append(place)
    return {name: [*exact.get(name, ()), *loose.get(name, ())] for name in (loose | exact)}
