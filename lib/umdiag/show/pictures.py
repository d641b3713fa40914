"""Show a picture together with what it could not be drawn from."""

from __future__ import annotations

from typing import Any

from IPython.display import display

from umdiag.show.blocks import note


def picture(figure: Any, lacking: str) -> Any:
    """Return a figure, remarking first on what it lacks ("": nothing), or a note on why there is none."""
    if figure is None:
        return note(f"No chart: {lacking or 'there is nothing to draw'}.")
    if lacking:
        display(note(f"This chart is incomplete: {lacking}."))  # type: ignore[no-untyped-call]
    return figure
