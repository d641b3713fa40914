"""Run the kit's notebooks as a user does: with papermill, from a kernel that knows nothing of tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from support.patience import patient
from umdiag.parameters import as_values, read

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NAMES = sorted(file.stem for file in FOLDER.glob("*.ipynb"))


def demo_values() -> dict[str, Any]:
    return as_values(read(ROOT / "parameters/demo.yml"))


def executed(name: str, folder: Path) -> Path:
    """Run a notebook with the demo's parameters and return what papermill wrote."""
    output = folder / f"{name}.ipynb"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("UMDIAG_RUN", raising=False)
        papermill.execute_notebook(
            FOLDER / f"{name}.ipynb", output, demo_values(), progress_bar=False, log_output=False
        )
    return output


def run(command: list[object], folder: Path, cwd: Path = ROOT) -> None:
    """Run a Python module in an environment without anybody's configuration; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=cwd,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=patient(120),
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which a kernel finds this package and nobody's configuration."""
    given = {key: value for key, value in os.environ.items() if not key.startswith(("UMDIAG_", "PYTEST_"))}
    return given | {
        "PYTHONPATH": str(ROOT / "lib"),
        "IPYTHONDIR": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder),
    }


def outputs_of(path: Path) -> list[Any]:
    """Return every output of a notebook's cells, in order."""
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
