"""A real browser, and a page in it with all it says and asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_PATH = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]


#: The rules of accessibility that a machine can check.
AXE = Path(__file__).parents[1] / "analyser" / "node_modules" / "axe-core" / "axe.min.js"


class Tab:
    """A page in the browser, with all it said and asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: Path, anchor: str = "") -> None:
        """Open a file and wait until its charts are drawn."""
        self.page.goto(path.resolve().as_uri() + anchor)
        self.page.wait_for_load_state("load")
        self.page.wait_for_function("document.querySelector('[data-figure]:not([data-drawn])') === null")


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium; skips the test where there is none, but for CI, which has it."""
    if _PATH is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing, and in CI these tests must run")
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_PATH, args=_ARGUMENTS)
        yield browser
        browser.close()


def violations(tab: Tab) -> list[str]:
    """Return what axe finds on the page that is open, a line for each element."""
    tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = tab.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{broken['id']}: {node['html'][:120]}" for broken in found["violations"] for node in broken["nodes"]
    ]
