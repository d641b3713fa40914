"""The notebooks: thin, empty, complete by the rules, and running top to bottom on good and on poor data."""

import ast
import json
import re
import shutil

import nbformat
import pyarrow.parquet
import pytest

from fleet import KNOWN_FAULTS, make_fleet
from support.notebooks import FOLDER, NAMES, ROOT, outputs_of, run
from umdiag.model import UPDATE_MANAGER
from umdiag.scenarios import FAMILIES, catalogue

SNAPSHOTS = ("over_quota", "poor", "empty")
FIGURE = "application/vnd.plotly.v1+json"
REFERENCES = ROOT / "tests" / "notebooks"
#: What is special in a snapshot shows in the notebook of all questions too, which takes longer.
TELLING = {("empty", "quota")}
POOR_RUNS = [
    pytest.param(snapshot, name, marks=() if (snapshot, name) in TELLING else pytest.mark.slow)
    for snapshot in SNAPSHOTS
    for name in (NAMES if snapshot == "poor" else ("overview", "quota"))
]


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
    sources = code_of(name, parameters=True)
    assert sources
    for node in ast.walk(ast.parse("\n".join(sources))):
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
    assert order[:4] == ["parameters", "open", "summary", "health"]
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
    assert "%%kql" in text_of(name)
    assert not any("%%kql" in source for source in code_of(name))


# -- runs


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory):
    """Folders by name: a small fleet over quota, the same without most tables, and without rows."""
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
    return {name: folder / name for name in SNAPSHOTS}


def shown_by(notebook, cell_id):
    outputs = next(cell for cell in notebook.cells if cell.id == cell_id).outputs
    return "\n".join(output.data["text/plain"] for output in outputs if "data" in output)


def assert_answered(path, name):
    """A run shows the answer to every question of its family, and nothing on stderr."""
    streams = [output for output in outputs_of(path) if output.output_type == "stream"]
    assert [stream.name for stream in streams] == ["stdout"] * len(streams), streams
    summary = shown_by(nbformat.read(path, as_version=4), "summary")
    silent = [one for one in catalogue() if one.family == name and one.title not in summary]
    assert [
        one.title for one in silent if "Not looked at" not in summary or one.services != (UPDATE_MANAGER,)
    ] == []


def figures_of(path):
    return [output for output in outputs_of(path) if FIGURE in output.get("data", ())]


@pytest.mark.xdist_group("three ways")
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_answers_and_draws_every_chart_on_the_demo(name, demo_report):
    path = demo_report / f"{name}.ipynb"
    assert_answered(path, name)
    assert len(figures_of(path)) == sum(source.count("kit.draw(charts.") for source in code_of(name))
    assert path.stat().st_size < 1_500_000


@pytest.mark.xdist_group("snapshots")
@pytest.mark.parametrize(("snapshot", "name"), POOR_RUNS)
def test_papermill_runs_every_notebook_on_poor_data(snapshot, name, snapshots, tmp_path):
    output = tmp_path / "out.ipynb"
    given = ["-p", "snapshot", snapshots[snapshot]]
    run(["papermill", FOLDER / f"{name}.ipynb", output, "--no-progress-bar", *given], tmp_path)
    assert_answered(output, name)
    notebook = nbformat.read(output, as_version=4)
    summary = shown_by(notebook, "summary")
    if snapshot == "empty":
        assert "all healthy" not in summary
        assert not figures_of(output)
    if snapshot == "poor":
        assert "not captured" in shown_by(notebook, "health")
    if snapshot == "over_quota" and name in ("quota", "overview"):
        assert "reached its daily cap" in summary
        assert re.search(r"\b(Do f|F)irst: Raise or remove the daily cap", summary)
        assert "What the portal counts" not in summary  # nothing there is Update Manager's


@pytest.mark.slow
@pytest.mark.xdist_group("snapshots")
def test_nbval_runs_every_notebook_as_it_is_stored(snapshots, tmp_path):
    """In a folder as a checkout is, whose demo is small."""
    notebooks = shutil.copytree(FOLDER, tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (tmp_path / "parameters").mkdir()
    demo = f"source: snapshot\nsnapshot: {json.dumps(str(snapshots['over_quota']))}\n"
    (tmp_path / "parameters" / "demo.yml").write_text(demo)
    validate(["--nbval-lax", *(notebooks / f"{name}.ipynb" for name in NAMES)], tmp_path)


def test_nbval_finds_every_cell_showing_what_its_reference_shows(tmp_path):
    stored = sorted(REFERENCES.glob("*.ipynb"))
    assert sum(len(outputs_of(path)) for path in stored) > 5
    validate(["--nbval", *stored], tmp_path)


def validate(options, folder):
    (folder / "pytest.ini").write_text("[pytest]\n")
    plugins = ["no:cacheprovider", "no:xdist", "no:randomly"]
    without = [part for plugin in plugins for part in ("-p", plugin)]
    run(["pytest", "-q", "-c", folder / "pytest.ini", "--rootdir", folder, *without, *options], folder)
