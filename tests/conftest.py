"""Let test modules import what they share (`support`), however pytest starts; what takes long goes first."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
# To import nbformat builds a grammar of web addresses in two seconds, unless this package is not there.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that belong to one process: the others fill what time is left."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what is there for good: a tenth of all time would go there."""
    gc.collect()
    gc.freeze()
    # Frames and syntax trees are made by the hundred thousand and are no circles.
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of a process (their group is "three ways")."""
    from support.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A page in Chromium that notes what it says and asks for."""
    from support.browser import Tab

    page = browser.new_page(viewport={"width": 1280, "height": 800})
    yield Tab(page)
    page.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for pictures that are kept, which UMDIAG_SCREENSHOTS names; else one that is thrown away."""
    folder = os.environ.get("UMDIAG_SCREENSHOTS")
    if not folder:
        return tmp_path_factory.mktemp("screenshots")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)


@pytest.fixture(scope="session")
def demo_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the report on the demo once for all tests that look at it (their group is "three ways").

    As one file it lies beside it.
    """
    from support.notebooks import demo_values
    from umdiag.parameters import from_values
    from umdiag.report import run

    output = tmp_path_factory.mktemp("reports") / "demo"
    run(from_values(demo_values(), folder=None), output=output, single_file=True, echo=lambda _: None)
    return output


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Run a notebook on the demo's parameters as a user does, once for all tests that look at it."""
    from support.notebooks import executed

    folder = tmp_path_factory.mktemp("by hand")
    return cache(lambda name: executed(name, folder))
