"""A report in one file: small enough to be mailed, whole, and it loads nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from support.browser import Tab
from umdiag.report.single import linked
from umdiag.scenarios import FAMILIES


@pytest.fixture(scope="session")
def single(demo_report: Path) -> Path:
    return demo_report.with_name("demo.html")


@pytest.mark.xdist_group("three ways")
def test_the_demo_is_small_enough_to_be_mailed_and_names_nothing_to_load(single: Path) -> None:
    text = single.read_text(encoding="utf-8")
    assert single.stat().st_size < 2_500_000
    assert not re.search(r"<(?:script|img|iframe|link)[^>]* (?:src|href)=(?!\"data:)", text)
    assert set(re.findall(r'href="([^#"]*)', text)) <= {"", *re.findall(r'href="(https://[^#"]*)', text)}


@pytest.mark.xdist_group("three ways")
def test_only_its_owner_can_read_it(single: Path) -> None:
    assert single.stat().st_mode & 0o077 == 0


def test_links_lead_to_pages_and_files_are_only_named() -> None:
    page = (
        '<a href="quota.html">q</a> <a href="quota.html#um-cap_ahead" rel="x">c</a> <a href="#here">h</a>'
        ' <a href="index.html">i</a> <a href="findings.csv">f</a> <a href="machines.html#m=a%2Fb">m</a>'
        ' <a href="https://learn.microsoft.com/a.html#b">d</a>'
    )
    assert linked(page, ["quota"]) == (
        '<a href="#quota">q</a> <a href="#quota/um-cap_ahead" rel="x">c</a> <a href="#here">h</a>'
        ' <a href="#index">i</a> f m'
        ' <a href="https://learn.microsoft.com/a.html#b">d</a>'
    )


@pytest.mark.browser
@pytest.mark.xdist_group("three ways")
def test_every_page_is_in_it_with_its_charts_and_nothing_is_asked_for(single: Path, tab: Tab) -> None:
    tab.page.goto(single.as_uri())
    assert tab.page.get_by_role("heading", level=1).inner_text() == "What to fix first"
    for family, question in FAMILIES.items():
        tab.page.evaluate(f"window.location.hash = '#{family}'")
        tab.page.get_by_role("heading", level=1, name=question).wait_for()
        tab.page.wait_for_function("document.querySelector('[data-figure]:not([data-drawn])') === null")
        assert tab.page.locator("svg.main-svg").count() > 0
        assert tab.page.locator("nav a[aria-current]").get_attribute("href") == f"#{family}"
    assert tab.asked == [single.as_uri()]
    assert [line for line in tab.said if "auto-margin" not in line] == []


@pytest.mark.browser
@pytest.mark.xdist_group("three ways")
def test_a_thing_to_fix_leads_to_its_section_and_back(single: Path, tab: Tab) -> None:
    tab.page.goto(single.as_uri())
    link = tab.page.locator("ol.um-incidents a").first
    href = str(link.get_attribute("href"))
    link.click()
    tab.page.locator(f"[id='{href.partition('/')[2]}']").wait_for()
    tab.page.wait_for_function("window.scrollY > 0")
    tab.page.get_by_role("link", name="Overview", exact=True).click()
    tab.page.get_by_role("heading", level=1, name="What to fix first").wait_for()


@pytest.mark.browser
@pytest.mark.xdist_group("three ways")
def test_without_a_script_the_first_page_is_whole(single: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(single.as_uri())
    assert page.locator("ol.um-incidents > li").count() > 6
    assert "things to fix" in page.locator("main").inner_text()
    assert "Without JavaScript only the first page is shown" in page.locator("body").inner_text()
    context.close()
