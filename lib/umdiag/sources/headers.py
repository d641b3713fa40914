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
    folded = {name.casefold(): name for name in wanted}
    exact: dict[str, int] = {}
    loose: dict[str, int] = {}
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
            exact.setdefault(name, place)
        elif name.casefold() in folded:
            loose.setdefault(folded[name.casefold()], place)
    return loose | exact
