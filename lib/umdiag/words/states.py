"""The states of machines, as every page and picture calls and colours them."""

from __future__ import annotations

from collections.abc import Mapping

#: State → label, colour; worst first. After Okabe and Ito, for the colour-blind too.
STATES: Mapping[str, tuple[str, str]] = {
    "non_compliant": ("not compliant", "#D55E00"),
    "assessment_failed": ("assessment failed", "#8C1D40"),
    "assessment_stale": ("assessment stale", "#E69F00"),
    "not_assessed": ("never assessed", "#CC79A7"),
    "disconnected": ("disconnected", "#5F6872"),
    "unknown": ("unknown", "#C3CAD2"),
    "not_managed": ("not managed", "#56B4E9"),
    "compliant": ("compliant", "#009E73"),
}


def called(state: str) -> str:
    """Return what a state is called; what is none stays as it is."""
    return STATES[state][0] if state in STATES else state
