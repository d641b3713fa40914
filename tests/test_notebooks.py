"""The notebooks: thin, empty, complete by the rules, and running top to bottom on good and on poor data."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pyarrow.parquet
import pytest

from fleet import KNOWN_FAULTS, make_fleet
from umdiag.scenarios import FAMILIES, catalogue

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
NAMES = sorted(file.stem for file in FOLDER.glob("*.ipynb"))
SNAPSHOTS = ("demo", "over_quota", "poor", "empty")
FIGURE = "application/vnd.plotly.v1+json"
RUN_IDS = [(snapshot, name) for snapshot in SNAPSHOTS for name in NAMES]


def read(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def code_of(name, *, parameters=False):
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]
    return [cell.source for cell in cells if parameters or "parameters" not in cell.metadata.get("tags", ())]


def lines_of(source):
    return [line for line in source.splitlines() if line.strip()]


def text_of(name):
    return "\n".join(cell.source for cell in read(name).cells)


# -- rules


def test_there_is_a_notebook_for_every_family():
    assert set(NAMES) == {"overview", "machine", *FAMILIES}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_thin(name):
    cells = [lines_of(source) for source in code_of(name)]
    assert sum(map(len, cells)) <= 60
    assert max(map(len, cells)) <= 8


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_defines_nothing_and_imports_umdiag_only(name):
    for node in ast.walk(ast.parse("\n".join(code_of(name, parameters=True)))):
        assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
        assert not isinstance(node, ast.Import)
        if isinstance(node, ast.ImportFrom):
            assert node.module == "umdiag"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_without_outputs_and_for_any_python(name):
    notebook = read(name)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


@pytest.mark.parametrize("name", NAMES)
def test_cells_have_ids_that_say_what_they_are(name):
    ids = [cell.id for cell in read(name).cells]
    assert len(set(ids)) == len(ids)
    assert not [one for one in ids if re.fullmatch(r"[0-9a-f]{8}(-.*)?", one)]


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_comes_before_any_section(name):
    order = [cell.id for cell in read(name).cells if cell.cell_type == "code"]
    assert order[:4] == ["parameters", "open", "health", "summary"]
    assert "next" in order


@pytest.mark.parametrize("scenario", catalogue(), ids=lambda scenario: scenario.name)
def test_every_scenario_has_a_section_in_the_notebook_of_its_family(scenario):
    cells = read(scenario.family).cells
    place = next(n for n, cell in enumerate(cells) if f'kit.diagnosis("{scenario.name}")' in cell.source)
    assert cells[place - 1].cell_type == "markdown"
    assert cells[place - 1].source.startswith(f"## {scenario.title}")


@pytest.mark.parametrize("name", NAMES)
def test_no_section_speaks_of_a_scenario_that_does_not_exist(name):
    named = set(re.findall(r'kit\.diagnosis\("(\w+)"\)', text_of(name)))
    assert named <= {scenario.name for scenario in catalogue()}


@pytest.mark.parametrize("name", NAMES)
def test_the_example_question_is_not_run(name):
    assert "kit.kql(" in text_of(name)
    assert not any("kit.kql(" in source for source in code_of(name))


# -- runs


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory):
    """Folders by name: the demo, a small fleet over quota, the same without most tables, and without rows."""
    folder = tmp_path_factory.mktemp("snapshots")
    faults = [fault for fault in KNOWN_FAULTS if fault.startswith(("workspace_over_quota/", "cap_ahead/"))]
    make_fleet(folder / "over_quota", machines=60, faults=faults, lookalikes=False)
    for name in ("poor", "empty"):
        shutil.copytree(folder / "over_quota", folder / name)
    manifest = json.loads((folder / "poor" / "snapshot.json").read_text())
    for table in set(manifest["tables"]) - {"Heartbeat", "Update"}:
        (folder / "poor" / f"{table}.parquet").unlink(missing_ok=True)
        del manifest["tables"][table]
    (folder / "poor" / "snapshot.json").write_text(json.dumps(manifest))
    manifest = json.loads((folder / "empty" / "snapshot.json").read_text())
    for file in (folder / "empty").glob("*.parquet"):
        pyarrow.parquet.write_table(pyarrow.parquet.read_table(file).slice(0, 0), file)
        manifest["tables"][file.stem]["rows"] = 0
    (folder / "empty" / "snapshot.json").write_text(json.dumps(manifest))
    return {"demo": ROOT / "parameters" / "demo"} | {name: folder / name for name in SNAPSHOTS[1:]}


def environment(folder):
    """Return an environment in which a kernel finds this package and nobody's configuration."""
    given = {key: value for key, value in os.environ.items() if not key.startswith(("UMDIAG_", "PYTEST_"))}
    return given | {
        "PYTHONPATH": str(ROOT / "lib"),
        "IPYTHONDIR": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder),
    }


def run(command, folder, cwd=ROOT):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=cwd,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def shown_by(notebook, cell_id):
    outputs = next(cell for cell in notebook.cells if cell.id == cell_id).outputs
    return "\n".join(output.data["text/plain"] for output in outputs if "data" in output)


@pytest.mark.slow
@pytest.mark.parametrize(("snapshot", "name"), RUN_IDS)
def test_papermill_runs_every_notebook(snapshot, name, snapshots, tmp_path):
    given = [] if snapshot == "demo" else ["-p", "snapshot", snapshots[snapshot]]
    output = tmp_path / "out.ipynb"
    run(["papermill", FOLDER / f"{name}.ipynb", output, "--no-progress-bar", *given], tmp_path)
    notebook = nbformat.read(output, as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    streams = [output for output in outputs if output.output_type == "stream"]
    assert [stream.name for stream in streams] == ["stdout"] * len(streams), streams
    figures = [output for output in outputs if FIGURE in output.get("data", ())]
    drawn = sum(source.count("kit.draw(") for source in code_of(name))
    if snapshot == "demo":
        assert len(figures) == drawn
        assert output.stat().st_size < 1_500_000
    summary = shown_by(notebook, "summary")
    if name in FAMILIES:
        diagnoses = [scenario for scenario in catalogue() if scenario.family == name]
        assert all(scenario.title in summary for scenario in diagnoses)
    if snapshot == "empty":
        assert "all healthy" not in summary
        assert not figures
    if snapshot == "poor":
        assert "not captured" in shown_by(notebook, "health")
    if snapshot == "over_quota" and name in ("quota", "overview"):
        assert "reached its daily cap" in summary
        assert "Do first: Raise or remove the daily cap" in summary


@pytest.mark.slow
@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_nbval_runs_every_notebook(snapshot, snapshots, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    place = json.dumps(snapshots[snapshot].as_posix())
    given = "snapshot: str = {}".format
    for name in NAMES:
        notebook = read(name)
        for cell in notebook.cells:
            cell.source = cell.source.replace(given('""'), given(place))
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "--nbval-lax", "-q"]
    run(["pytest", *options, *(f"{name}.ipynb" for name in NAMES)], tmp_path, cwd=tmp_path)
