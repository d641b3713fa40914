"""How a record is shown at the end of a cell. Records know no HTML: who writes it registers here."""

from __future__ import annotations

from functools import singledispatch


@singledispatch
def html_of(record: object) -> str | None:
    """Return a record as safe HTML; None where nobody registered how: then a notebook shows its text."""
    return None
