"""Pages of a report keep nobody out: axe finds nothing, in the light and in the dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.browser import AXE, Tab, violations
from support.thinning import one_in
from umdiag.scenarios import FAMILIES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("three ways")]

PAGES = (
    "index",
    "machines",
    "missed_machines",
    "overview",
    "machine",
    *(set(FAMILIES) - {"missed_machines"}),
)
LOOKS = [
    (page, scheme, width)
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390))
    for page in sorted(PAGES)
]


@pytest.mark.skipif(not AXE.exists(), reason="needs Node's package axe-core")
@pytest.mark.parametrize(("page", "scheme", "width"), one_in(6, LOOKS))
def test_axe_finds_no_barrier(page: str, scheme: str, width: int, demo_report: Path, browser: Any) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True
    )
    tab = Tab(context.new_page())
    tab.open(demo_report / f"{page}.html")
    tab.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    tab.page.evaluate(
        "[...document.querySelectorAll('button.um-unfold')].slice(0, 3).forEach(one => one.click())"
    )
    try:
        assert violations(tab) == []
    finally:
        context.close()


@pytest.mark.skipif(not AXE.exists(), reason="needs Node's package axe-core")
def test_a_barrier_is_found(tab: Tab) -> None:
    tab.page.set_content(
        "<html><body><img src=''><p style='color:#aaa;background:#fff'>pale</p></body></html>"
    )
    found = {line.partition(":")[0] for line in violations(tab)}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found
