"""What `make new-scenario` left to be filled: one failing test for each file, until nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.unfilled import unfilled

LEFT = unfilled(Path(__file__).parents[1])


@pytest.mark.parametrize("place", list(LEFT) or ["everything"])
def test_place_is_filled(place: str) -> None:
    if lines := LEFT.get(place):
        pytest.fail("\n".join(["left to be filled:", *lines]), pytrace=False)
