"""A report, the report made again from its own folder, and the notebooks run by hand say the same."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from support.notebooks import NAMES, demo_values
from support.thinning import slow
from umdiag.parameters import from_values
from umdiag.report import run

pytestmark = pytest.mark.xdist_group("three ways")
#: What runs a cell is the same for the others, which take longer.
BY_HAND = "quota"


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return demo_values()


@pytest.fixture(scope="module")
def report(demo_report: Path) -> Path:
    return demo_report


def _report(values: dict[str, Any], output: Path) -> Path:
    run(from_values(values, folder=None), output=output, echo=lambda _: None)
    return output


def _findings(report: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    for notebook in found["notebooks"]:
        notebook["seconds"] = 0
    return found


def _rows(report: Path, name: str) -> list[list[str]]:
    with (report / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _shown(notebook: Path) -> list[Any]:
    """Return what each cell shows, below the one that says which folder is open."""
    cells = nbformat.read(notebook, as_version=4).cells
    at = next(i for i, cell in enumerate(cells) if "open_kit(" in cell.source)
    kinds = ("text/plain", "application/vnd.plotly.v1+json")
    return [
        {kind: output.data[kind] for kind in kinds if kind in output.get("data", {})}
        for cell in cells[at + 1 :]
        for output in cell.get("outputs", [])
    ]


@pytest.mark.slow
def test_a_report_is_a_replay_of_itself(values: dict[str, Any], report: Path, tmp_path: Path) -> None:
    again = _report(values | {"snapshot": str(report)}, tmp_path / "again")
    assert _findings(again) == _findings(report)
    for name in ("machines.csv", "findings.csv"):
        assert _rows(again, name) == _rows(report, name)
    for page in sorted(report.glob("*.ipynb")):
        assert _shown(again / page.name) == _shown(page), page.name


def _first(page: Path, after: str) -> tuple[str, str]:
    """Return what a page names first after these words: the section it leads to, and what to do first."""
    text = page.read_text(encoding="utf-8").partition(after)[2]
    question = re.search(r'<a href="(?:\w+\.html)?#um-(\w+)"', text)
    step = re.search(r"<b>First:</b> (.*?)</span>", text)
    assert question, f"{page.name} leads nowhere"
    assert step, f"{page.name} says of nothing to do it first"
    return question.group(1), step.group(1)


def test_both_pages_of_the_whole_estate_begin_with_the_first_incident(report: Path) -> None:
    scenario, step = _first(report / "index.html", 'class="um-incidents"')
    assert _first(report / "overview.html", 'class="um-incidents"') == (scenario, step)
    assert _findings(report)["incidents"][0]["scenario"] == scenario


@pytest.mark.parametrize("name", [name if name == BY_HAND else slow(name) for name in NAMES])
def test_a_notebook_by_hand_shows_what_the_report_shows(
    name: str, report: Path, by_hand: Callable[[str], Path]
) -> None:
    assert _shown(by_hand(name)) == _shown(report / f"{name}.ipynb")


@pytest.mark.parametrize("name", [BY_HAND, *(slow(name) for name in NAMES if name != BY_HAND)])
def test_a_notebook_of_a_report_runs_again_from_its_folder_alone(
    name: str, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the report was handed to, there is neither the snapshot nor its parameter file."""
    folder = tmp_path / "handed on"
    shutil.copytree(report, folder)
    monkeypatch.delenv("UMDIAG_RUN", raising=False)
    monkeypatch.chdir(tmp_path)
    again = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    NotebookClient(again, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(again, tmp_path / f"{name}.ipynb")
    assert _shown(tmp_path / f"{name}.ipynb") == _shown(report / f"{name}.ipynb")
