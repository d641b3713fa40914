"""The page of all machines in a browser: found, filtered, sorted, unfolded, addressed and copied."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.all_machines import table_of, written
from support.browser import Tab
from support.findings import diagnosis_of, finding_of
from umdiag.model import Accepted, Severity
from umdiag.report.machine_script import NAME
from umdiag.report.templates import Link, Portal, copy_scripts, render
from umdiag.show.places import machine_address

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("three ways")]

ASKED_AT = datetime(2026, 11, 18, 6, tzinfo=UTC)
NASTY = "</script><img src=x onerror=document.title='RUN'>"
FORMULA = "=cmd|'/c calc'!A1"
TURNED = "\u202egnp.exe"
ID = "/subscriptions/sub-1/resourceGroups/rg-{}/providers/Microsoft.Compute/virtualMachines/{}"


def page_of(folder: Path, machines: Any, *diagnoses: Any) -> Path:
    written(folder, machines, diagnoses)
    text = render(
        "machines.html", title="All machines", scope="", scripts=False, rows=NAME,
        pages=[Link(href="machines.html", title="All machines", here=True)],
        portal=Portal(address="https://portal.azure.us"),
    )  # fmt: skip
    (folder / "machines.html").write_text(text, encoding="utf-8")
    copy_scripts(folder)
    return folder / "machines.html"


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 200 machines, some with findings, some with hostile names, two of one name."""
    names = [NASTY, FORMULA, TURNED, "Twin.contoso.com", "TWIN.CONTOSO.COM"]
    names += [f"vm-{number:03}" for number in range(195)]
    machines = table_of(
        {
            "computer": name,
            "resource_id": ID.format(place % 3, f"m{place}") if place % 2 else "",
            "source_computer_id": f"agent-{place}",
            "workspace": "law-main",
            "os_type": ("Linux", "Windows")[place % 2],
            "service": ("update_management", "update_manager", "", None)[place % 4],
            "state": ("compliant", "non_compliant")[place % 2],
            "missing_critical": place if place % 5 else None,
            "reboot_pending": place % 2 == 0,
            "last_heartbeat": ASKED_AT - timedelta(hours=place),
        }
        for place, name in enumerate(names)
    )
    known = Accepted(until=date(2026, 12, 31), why="planned")
    silent = diagnosis_of(
        finding_of("vm-010", severity=Severity.CRITICAL, evidence={"power": "off", "portal": "javascript:1"}),
        finding_of(NASTY, evidence={"power": NASTY, "portal": "https://portal.azure.com/#run"}),
        finding_of("vm-011", accepted=known),
    )
    stale = diagnosis_of(
        finding_of("vm-010", cause="stale", severity=Severity.LOW),
        scenario="assessment_stale",
        title="Stale?",
    )
    return page_of(tmp_path_factory.mktemp("machines"), machines, silent, stale)


@pytest.fixture
def page(tab: Tab, estate: Path) -> Any:
    tab.open(estate)
    yield tab.page
    assert tab.said == []
    assert tab.page.title() == "All machines · Update report"


def names(page: Any) -> list[str]:
    found: list[str] = page.locator("button.um-unfold").all_inner_texts()
    return found


def status(page: Any) -> str:
    text: str = page.get_by_role("status").inner_text()
    return text


def test_the_most_urgent_machines_come_first_and_few_are_on_the_page(page: Any) -> None:
    assert status(page) == "200 of 200 machines, 1 to 50 shown"
    assert names(page)[:3] == ["vm-010", NASTY, "vm-011"]
    assert page.locator("table.um-machines tbody tr").count() == 50
    page.get_by_role("button", name="Next 50").click()
    assert status(page) == "200 of 200 machines, 51 to 100 shown"
    assert page.get_by_role("button", name="Previous 50").is_enabled()


def test_machines_are_found_by_name_id_and_group(page: Any) -> None:
    search = page.get_by_role("searchbox")
    for words, number in (("VM-01", 10), ("RG-1 m1", 20), ("agent-77", 1), ("nothing has this", 0)):
        search.fill(words)
        assert status(page).startswith(f"{number} of 200 machines")
    page.get_by_role("button", name="Show all machines").click()
    assert status(page).startswith("200 of 200 machines")


@pytest.mark.parametrize(
    ("label", "option", "number"),
    [
        ("State", "not compliant (100)", 100),
        ("Service", "unknown (50)", 50),
        ("Operating system", "Linux (100)", 100),
        ("Findings", "with a finding", 3),
        ("Findings", "without a finding", 197),
        ("Findings", "with an accepted finding", 1),
        ("Findings", "any cause (3)", 3),
    ],
)
def test_machines_are_filtered(page: Any, label: str, option: str, number: int) -> None:
    page.get_by_label(label, exact=True).select_option(label=option)
    assert status(page).startswith(f"{number} of 200 machines")


def test_machines_are_filtered_by_cause(page: Any) -> None:
    page.get_by_label("Findings", exact=True).select_option("assessment_stale/stale")
    assert names(page) == ["vm-010"]


def test_columns_are_sorted_by_keyboard_and_what_is_not_known_comes_last(page: Any) -> None:
    head = page.get_by_role("columnheader", name="Missing critical")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    cells = page.locator("tbody tr td:nth-child(4)").all_inner_texts()
    assert cells[:3] == ["199", "198", "197"]
    assert head.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("tbody tr td:nth-child(4)").all_inner_texts()[:2] == ["1", "2"]
    for _ in range(3):
        page.get_by_role("button", name="Next 50").click()
    assert page.locator("tbody tr td:nth-child(4)").all_inner_texts()[-1] == "—"
    assert page.locator("[aria-sort]").count() == 1


def test_a_row_folds_out_its_findings(page: Any) -> None:
    button = page.get_by_role("button", name="vm-010")
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    below = page.locator("tr.um-more")
    text = below.inner_text()
    assert "critical" in text
    assert "power: off" in text
    assert "restart pending" in text
    links = below.get_by_role("link")
    addresses = [link.get_attribute("href") for link in links.all()]
    assert addresses[:2] == ["assessment.html#um-machine_disconnected", "assessment.html#um-assessment_stale"]
    assert not any(address.startswith("javascript") for address in addresses)
    button.press("Enter")
    assert below.count() == 0
    page.get_by_role("button", name="vm-011").click()
    assert "accepted until 2026-12-31: planned." in below.inner_text()


def test_a_machine_and_a_finding_lead_to_the_portal(page: Any) -> None:
    page.get_by_role("searchbox").fill("m195")
    page.locator("button.um-unfold").click()
    link = page.get_by_role("link", name="Open this machine in the portal")
    assert link.get_attribute("href") == f"https://portal.azure.us/#resource{ID.format(0, 'm195')}/overview"
    page.get_by_role("searchbox").fill("onerror")
    page.locator("button.um-unfold").click()
    assert page.get_by_role("link", name="Open in the portal").get_attribute("href").endswith("/#run")
    assert page.get_by_role("link", name="Open this machine in the portal").count() == 0


@pytest.mark.parametrize("name", [NASTY, FORMULA, TURNED, "vm-150", "VM-150"])
def test_an_address_shows_its_machine_unfolded(tab: Tab, estate: Path, name: str) -> None:
    tab.open(estate, machine_address(name).removeprefix("machines.html"))
    tab.page.locator("tr.um-more").wait_for()
    assert status(tab.page).startswith("1 of 200 machines named ")
    assert not tab.page.get_by_role("button", name="Next 50").is_visible()
    assert [shown.lower() for shown in names(tab.page)] == [name.replace("\u202e", " ").lower().strip()]
    assert tab.page.locator("img").count() == 0


def test_an_address_shows_every_machine_of_its_name_and_what_follows_leaves_it(page: Any) -> None:
    page.evaluate("window.location.hash = '#m=twin.contoso.com'")
    page.locator("tr.um-more").nth(1).wait_for()
    assert {name.lower() for name in names(page)} == {"twin.contoso.com"}
    assert page.locator("tr.um-more").count() == 2
    page.get_by_role("searchbox").fill("vm-01")
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('10 of')")
    page.evaluate("window.location.hash = '#m=%E0%A4%A'")
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('none is named')")


def copied(page: Any) -> list[dict[str, str]]:
    page.evaluate(
        "navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }"
    )
    page.get_by_role("button", name="Copy as CSV").click()
    return list(csv.DictReader(io.StringIO(page.evaluate("window.copied"))))


def test_what_is_filtered_is_copied_as_csv_that_is_safe_to_open(page: Any) -> None:
    rows = copied(page)
    assert len(rows) == 200
    assert {"'" + FORMULA, NASTY, "gnp.exe"} <= {row["computer"] for row in rows}
    page.get_by_role("searchbox").fill("vm-010")
    (row,) = copied(page)
    assert (row["state"], row["resource_group"], row["reboot_pending"]) == ("non_compliant", "rg-0", "no")
    assert row["findings"] == "machine_disconnected: agent_stopped (critical); assessment_stale: stale (low)"


def test_a_narrow_page_is_not_wider_than_its_screen(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="vm-010").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_script_or_rows_the_files_are_named(browser: Any, estate: Path, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(estate.as_uri())
    assert "machines.csv has every machine" in page.locator("noscript, main").first.inner_text()
    context.close()
    for name in ("machines.html", "report.js"):
        (tmp_path / name).write_bytes((estate.parent / name).read_bytes())
    page = browser.new_page()
    page.goto((tmp_path / "machines.html").as_uri())
    assert "machines.js is missing beside this page" in page.locator("main").inner_text()
    page.close()


def timed(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


@pytest.mark.slow
def test_a_hundred_thousand_machines_are_there_at_once(tab: Tab, tmp_path: Path) -> None:
    number = 100_000
    machines = table_of(
        {"computer": f"prod-{place:06}", "resource_id": ID.format(place % 300, f"prod-{place:06}"),
         "source_computer_id": f"{place:08x}-6b4f-4ac7-9c0b-{place * 7919:012x}", "state": "compliant",
         "last_heartbeat": ASKED_AT - timedelta(seconds=place), "service": "update_manager"}
        for place in range(number)
    )  # fmt: skip
    found = diagnosis_of(
        *(finding_of(f"prod-{place:06}", evidence={"age": place}) for place in range(number))
    )
    begun = time.process_time()
    path = page_of(tmp_path, machines, found)
    # Alone on its machine a second, and it opens in less; a busy one is given time.
    assert time.process_time() - begun < 10
    assert path.stat().st_size < 100_000
    assert (tmp_path / NAME).stat().st_size < 16_000_000
    assert timed(lambda: tab.open(path)) < 10
    search = tab.page.get_by_role("searchbox")
    assert timed(lambda: search.fill("prod-0999")) < 5
    assert status(tab.page) == "100 of 100,000 machines, 1 to 50 shown"
    assert timed(tab.page.get_by_role("button", name="Machine", exact=True).click) < 5
    assert tab.said == []
