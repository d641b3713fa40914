"""A report, the report made again from its own folder, and the notebooks run by hand say the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from umdiag.parameters import as_values, from_values, read
from umdiag.report import run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("three ways")]
ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return as_values(read(ROOT / "parameters/demo.yml"))


@pytest.fixture(scope="module")
def report(values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _report(values, tmp_path_factory.mktemp("reports") / "first")


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


def test_a_report_is_a_replay_of_itself(values: dict[str, Any], report: Path, tmp_path: Path) -> None:
    again = _report(values | {"snapshot": str(report)}, tmp_path / "again")
    assert _findings(again) == _findings(report)
    for name in ("machines.csv", "findings.csv"):
        assert _rows(again, name) == _rows(report, name)
    for page in sorted(report.glob("*.ipynb")):
        assert _shown(again / page.name) == _shown(page), page.name


@pytest.mark.parametrize("name", sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")))
def test_a_notebook_by_hand_shows_what_the_report_shows(
    name: str, values: dict[str, Any], report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UMDIAG_RUN", raising=False)
    output = tmp_path / f"{name}.ipynb"
    papermill.execute_notebook(
        NOTEBOOKS / f"{name}.ipynb", output, values, progress_bar=False, log_output=False
    )
    assert _shown(output) == _shown(report / f"{name}.ipynb")
