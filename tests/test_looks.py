"""How pages look: on a wide and a narrow screen, in the dark and in print. The pictures can be kept.

UMDIAG_SCREENSHOTS names the folder for them (CI keeps them); without it they are thrown away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.browser import Tab
from support.thinning import one_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("three ways")]

PAGES = (
    "index",
    "machines",
    "overview",
    "quota",
    "assessment",
    "onboarding",
    "missed_machines",
    "update_runs",
    "unplanned",
    "machine",
)
#: Labels of one axis that lie on each other, as far as they are not slanted.
OVERLAPS = """
Array.from(document.querySelectorAll("[data-figure] svg.main-svg")).flatMap(svg =>
  ["xtick", "x2tick", "x3tick", "ytick", "y2tick", "y3tick", "y4tick", "y5tick", "y6tick"].flatMap(kind => {
    const labels = Array.from(svg.querySelectorAll("g." + kind + " text")).filter(text =>
      text.textContent.trim() && !/rotate\\((?!0[,)])/.test(text.getAttribute("transform") || ""));
    const boxes = labels.map(text => text.getBoundingClientRect());
    return labels.filter((text, place) => boxes.slice(0, place).some(box =>
      box.left < boxes[place].right - 1 && boxes[place].left < box.right - 1 &&
      box.top < boxes[place].bottom - 1 && boxes[place].top < box.bottom - 1
    )).map(text => text.textContent);
  }))
"""
LOOKS = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}


@pytest.mark.parametrize(("page", "look"), one_in(13, [(page, look) for look in LOOKS for page in PAGES]))
def test_page_fits_its_screen_and_labels_do_not_lie_on_each_other(
    page: str, look: str, demo_report: Path, browser: Any, kept: Path
) -> None:
    context = browser.new_context(**LOOKS[look])
    tab = Tab(context.new_page())
    tab.open(demo_report / f"{page}.html")
    try:
        tab.page.screenshot(path=kept / f"{page}-{look}.png")
        width = LOOKS[look]["viewport"]["width"]
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.page.evaluate(OVERLAPS) == []
        assert [line for line in tab.said if "auto-margin" not in line] == []
    finally:
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_page_prints(page: str, demo_report: Path, tab: Tab, kept: Path) -> None:
    tab.open(demo_report / f"{page}.html")
    tab.page.pdf(path=kept / f"{page}.pdf", format="A4")
    assert (kept / f"{page}.pdf").stat().st_size > 10_000


def test_first_screen_holds_the_answer_and_the_first_things_to_fix(demo_report: Path, tab: Tab) -> None:
    tab.open(demo_report / "index.html")
    seen = tab.page.evaluate(
        "Array.from(document.querySelectorAll('ol.um-incidents > li'))"
        ".filter(one => one.getBoundingClientRect().bottom <= window.innerHeight).length"
    )
    assert seen >= 5
    answer = tab.page.locator(".um-verdict").bounding_box()
    assert answer["y"] + answer["height"] < 400
