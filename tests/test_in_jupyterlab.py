"""The notebooks in a real JupyterLab, as `umdiag lab` opens it: they run and answer, and rows are text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.jupyter import Lab, Notebook, running_lab
from support.notebooks import NAMES, ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("jupyterlab"),
    pytest.mark.skipif(os.name == "nt", reason="ends the server by POSIX signals"),
]

#: What would run, be drawn as a formula, colour a terminal, turn the text or never end, if it were not text.
HOSTILE = (
    "</script><script>document.title='RUN'</script><img src=x onerror=document.title='RUN'>"
    " **bold** [link](javascript:document.title='RUN') $\\alpha^2$ \x1b[31mred\x1b[0m \u202etfel"
)
LONG = (
    "range a from 1 to 40000 step 1 | extend k = 1"
    " | join kind=inner (range b from 1 to 400000 step 1 | extend k = 1) on k | summarize n = sum(a * b)"
)


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a snapshot of 40 machines, each with a name that would do harm, the first a megabyte."""
    place = tmp_path_factory.mktemp("jupyterlab")
    (place / "csv").mkdir()
    name = HOSTILE.replace('"', '""')
    lines = [
        f'2026-11-20T11:{number:02}:00Z,"{number} {name}{"x" * (1_000_000 if number == 0 else 0)}",'
        f"{number:08}-1111-1111-1111-111111111111,Windows"
        for number in range(40)
    ]
    header = "TimeGenerated,Computer,SourceComputerId,OSType"
    (place / "csv" / "Heartbeat.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    (place / "own.yml").write_text("source: snapshot\nsnapshot: csv\n", encoding="utf-8")
    with running_lab(place, Path("own.yml")) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    """The overview, all of whose cells were run."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    opened = Notebook(page, lab, "overview.ipynb")
    opened.run_all()
    yield opened
    page.close()


def test_notebook_runs_without_an_error_and_asks_nobody_else(notebook: Notebook, lab: Lab) -> None:
    outputs = notebook.outputs()
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert any("could not be answered" in str(output) for output in outputs)
    assert {url.split("/")[2] for url in notebook.asked if url.startswith("http")} == {
        lab.address.removeprefix("http://")
    }


def test_progress_is_one_line(notebook: Notebook) -> None:
    said = [str(output.get("data", {}).get("text/plain")) for output in notebook.outputs()]
    assert len([line for line in said if " queries in " in line]) == 1
    assert not any("░" in line for line in said)


def test_cell_in_kql_is_completed_and_answered(notebook: Notebook) -> None:
    page = notebook.page
    notebook.add("%%kql\nHeartb")
    page.keyboard.press("Tab")
    offered = page.locator(".jp-Completer-item")
    offered.first.wait_for()
    assert "Heartbeat" in offered.first.inner_text()
    assert "heartbeats" in "".join(offered.all_inner_texts())
    page.keyboard.press("Enter")
    page.keyboard.insert_text("\n| summarize machines = dcount(Computer) by OSTy")
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item", has_text="OSType").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    notebook.wait()
    shown = page.locator(".jp-Notebook .jp-CodeCell").last.locator(".jp-Cell-outputArea").inner_text()
    assert "Windows" in shown
    assert "40" in shown


def test_refused_question_is_a_line_with_its_place(notebook: Notebook) -> None:
    shown = notebook.run("%%kql\nHeartbeat\n| where Komputer == 1").inner_text()
    assert shown.startswith("KQL: line 3, column 9: there is no column 'Komputer'")
    assert "Traceback" not in shown


def test_kit_offers_its_menu(notebook: Notebook) -> None:
    notebook.add("kit.")
    notebook.page.keyboard.press("Tab")
    offered = notebook.page.locator(".jp-Completer-match")
    offered.first.wait_for()
    assert offered.all_inner_texts()[:3] == ["incidents", "diagnoses", "findings"]
    notebook.page.keyboard.press("Escape")


def test_rows_are_text_in_a_table_that_sorts_and_can_be_searched(notebook: Notebook) -> None:
    output = notebook.run(
        "%%kql\nHeartbeat | project Computer, OSType, minute = datetime_part('minute', TimeGenerated)"
    )
    search = output.locator("input[type=search]")
    search.wait_for()
    assert "of 40 entries" in output.inner_text()
    search.fill("39 </script>")
    assert "Showing 1 to 1 of 1 entry" in " ".join(output.inner_text().split())
    assert "<img src=x onerror=" in output.inner_text()


@pytest.mark.parametrize(
    "cell",
    [
        "kit",
        "kit.fact('heartbeats')",
        "kit.findings()",
        "kit.machine(kit.machine_table()['computer'].iloc[5])",
        "kit.kql('Heartbeat | take 3')",
        "%%kql --chart\nHeartbeat | summarize n = count() by Computer | top 5 by n",
        "print(kit.fact('heartbeats').frame['computer'].iloc[3])",
    ],
)
def test_hostile_rows_are_text(notebook: Notebook, cell: str) -> None:
    output = notebook.run(cell)
    notebook.page.wait_for_timeout(200)
    assert (
        output.locator("img[onerror], script:has-text('RUN'), a[href^=javascript], mjx-container").count()
        == 0
    )
    assert "RUN" not in notebook.page.title()
    assert "\u202e" not in output.inner_text() or cell.startswith("print")


def test_interrupt_leaves_the_kernel_usable(notebook: Notebook) -> None:
    notebook.add(f"%%kql\n{LONG}")
    page = notebook.page
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#jp-main-statusbar :text-matches('ipykernel.*Busy')")
    page.wait_for_timeout(500)
    notebook.command("Kernel", "Interrupt Kernel")
    notebook.wait()
    assert "KeyboardInterrupt" in page.locator(".jp-Notebook .jp-CodeCell").last.inner_text()
    assert "40" in notebook.run("%kql Heartbeat | count").inner_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_runs_on_the_demo(browser: Any, name: str, kept: Path, tmp_path: Path) -> None:
    charts = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8").count("kit.draw(charts.")
    with running_lab(tmp_path, ROOT / "parameters" / "demo.yml") as lab:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        notebook = Notebook(page, lab, f"{name}.ipynb")
        notebook.run_all()
        outputs = notebook.outputs()
        page.mouse.move(760, 400)
        page.mouse.wheel(0, -1_000_000)
        page.wait_for_timeout(500)  # windowed cells are drawn as they come into sight
        page.screenshot(path=kept / f"jupyterlab-{name}.png")
        page.close()
    assert [output for output in outputs if output["output_type"] == "error"] == []
    drawn = [output for output in outputs if "application/vnd.plotly.v1+json" in output.get("data", {})]
    assert len(drawn) == charts
    assert {url.split("/")[2] for url in notebook.asked if url.startswith("http")} == {
        lab.address.removeprefix("http://")
    }
    assert notebook.said == []
