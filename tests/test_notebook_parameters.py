"""A notebook is for exploring: it takes a parameter file, runs again and again, and minds only parameters."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from support import live_estate, parameter_forms
from support import snapshot_rows as rows
from umdiag.errors import ParameterError
from umdiag.kit import Kit
from umdiag.parameters import as_values, from_notebook, from_values, opened, read
from umdiag.sources.replay import write_facts

ROOT = Path(__file__).parent.parent
CELL = parameter_forms.cell()
WORKSPACE = rows.workspace_id()
TARGETS = {
    "snapshot": "parameters/demo",
    "workspaces": [WORKSPACE],
    "automation_account": rows.account_id(),
    "subscriptions": [rows.identifier("main")],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose demo has three days and two suspects; the working directory is that of notebooks."""
    (tmp_path / "parameters" / "demo").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    demo = "snapshot: parameters/demo\nlookback: 3d\nsuspects: [a, '00123']\n"
    (tmp_path / "parameters" / "demo.yml").write_text(demo)
    (tmp_path / "parameters" / "mine.yml").write_text(
        f"source: azure\nworkspaces: ['{WORKSPACE}']\nlookback: 5d\n"
    )
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


class Notebook:
    """The names and the history that IPython keeps, without a kernel."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "In": [""], "Out": {}}
        self.run(CELL)

    def run(self, cell: str) -> None:
        self.names["In"].append(cell)
        exec(cell, self.names)

    def values(self) -> dict[str, Any]:
        return as_values(from_notebook(self.names))


# -- a parameter file under the values of the cell ---------------------------------------------------------


def test_cells_of_notebooks_look_at_the_demo(place: Path) -> None:
    assert Notebook().values() == as_values(read(place / "parameters" / "demo.yml"))


def test_cells_of_notebooks_look_at_what_make_report_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "notebooks")
    assert Notebook().values() == as_values(read(ROOT / "parameters" / "demo.yml"))


def test_value_of_the_cell_lies_over_that_of_the_file(place: Path) -> None:
    notebook = Notebook()
    notebook.run('lookback = "36h"; computers = ["web01"]')
    values = notebook.values()
    assert (values["lookback"], values["computers"]) == ("36h", ["web01"])
    assert values["suspects"] == ["a", "00123"]


def test_value_equal_to_its_default_counts_as_not_given(place: Path) -> None:
    notebook = Notebook()
    notebook.run('parameters_file = "parameters/mine.yml"; lookback = "14d"; source = "snapshot"')
    assert (notebook.values()["lookback"], notebook.values()["source"]) == ("5d", "azure")


@pytest.mark.parametrize("name", TARGETS)
def test_demo_is_dropped_as_soon_as_the_cell_says_what_to_look_at(place: Path, name: str) -> None:
    notebook = Notebook()
    notebook.names |= {"snapshot": "parameters/demo", name: TARGETS[name]}
    assert (notebook.values()["lookback"], notebook.values()["suspects"]) == ("14d", [])


def test_demo_is_dropped_for_live_azure(place: Path) -> None:
    notebook = Notebook()
    notebook.run('source = "azure"')
    with pytest.raises(ParameterError, match=r"^workspaces: \(empty\) names no workspace"):
        notebook.values()


def test_file_that_was_named_is_kept_under_a_target(place: Path) -> None:
    notebook = Notebook()
    notebook.run(f'parameters_file = "parameters/mine.yml"; automation_account = "{rows.account_id()}"')
    assert notebook.values()["workspaces"] == [WORKSPACE]


def test_no_file_means_the_defaults(place: Path) -> None:
    notebook = Notebook()
    notebook.run('parameters_file = ""')
    with pytest.raises(ParameterError, match=r"^snapshot: \(empty\) names no folder"):
        notebook.values()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "parameters/gone.yml",
            "parameters_file: parameters/gone.yml is not a file in the working directory or its",
        ),
        (5, "parameters_file: 5 is a number, quote it"),
    ],
)
def test_file_that_is_not_there_is_refused(place: Path, file: object, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        from_notebook({"parameters_file": file})
    assert str(caught.value).startswith(message)


def test_parameter_file_names_no_parameter_file(place: Path) -> None:
    path = place / "parameters" / "demo.yml"
    path.write_text(path.read_text() + "parameters_file: parameters/mine.yml\n")
    message = "parameters_file: parameters/mine.yml is a parameter of notebooks, not of a file"
    with pytest.raises(ParameterError, match=message):
        read(path)
    with pytest.raises(ParameterError, match=message):
        opened("parameters/demo.yml")


def test_fault_of_the_file_is_named(place: Path) -> None:
    (place / "parameters" / "demo.yml").write_text("snapshot: parameters/demo\nlookbak: 3d\n")
    with pytest.raises(ParameterError, match=r"lookbak: 3d is not a parameter; did you mean lookback\?$"):
        Notebook().values()


# -- what open_kit takes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", ["parameters/demo.yml", Path("parameters/demo.yml"), r"parameters\demo.yml"]
)
def test_kit_is_opened_on_a_file_from_below_the_checkout(place: Path, given: Path | str) -> None:
    assert opened(given) == read(place / "parameters" / "demo.yml")


def test_kit_is_opened_on_a_mapping_in_which_every_name_is_a_parameter(place: Path) -> None:
    assert as_values(opened({"snapshot": "parameters/demo", "lookback": "2d"}))["lookback"] == "2d"
    with pytest.raises(ParameterError, match=r"^n: 5 is not a parameter; known are source"):
        opened({"snapshot": "parameters/demo", "n": 5})


def test_kit_is_opened_on_what_the_notebook_holds(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"__name__": "__main__", "snapshot": "parameters/demo", "lookback": "2d", "n": 5}
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(**names))
    assert as_values(opened(None))["lookback"] == "2d"


def test_kit_is_opened_on_the_demo_where_no_parameter_is_held(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__name__="__main__", n=5))
    assert opened(None) == read(place / "parameters" / "demo.yml")


def test_kit_is_not_opened_on_anything_else() -> None:
    with pytest.raises(
        ParameterError, match=r"^open_kit: int is given, expected globals\(\) or a parameter file$"
    ):
        opened(5)  # type: ignore[arg-type]


# -- only parameters are judged ----------------------------------------------------------------------------


SCRATCH = [
    "n = 5",
    'name = "web01"',
    "rows = [1, 2]",
    "computer = 'web01'.upper()",
    "for computer in ['web01']: pass",
    "update = {}; state = None; last = 3.5",
    '_computer = "web01"',
    "%broken magic",
]


@pytest.mark.parametrize("cell", SCRATCH)
def test_names_of_an_explorer_are_left_alone(place: Path, cell: str) -> None:
    notebook = Notebook()
    if cell.startswith("%"):
        notebook.names["In"].append(cell)
    else:
        notebook.run(cell)
    assert notebook.values()["lookback"] == "3d"


@pytest.mark.parametrize("extra", ['lookbak = "3d"', 'zzz: str = "3d"', "n = None"])
def test_unknown_name_in_the_parameters_cell_is_refused_until_it_is_gone(place: Path, extra: str) -> None:
    notebook = Notebook()
    notebook.run(f"{CELL}\n{extra}")
    with pytest.raises(ParameterError, match=r"is not a parameter; (did you mean lookback|known are source)"):
        notebook.values()
    notebook.run(CELL)
    assert notebook.values()["lookback"] == "3d"


def test_unknown_name_that_papermill_injected_is_refused(place: Path) -> None:
    notebook = Notebook()
    notebook.run("# Parameters\nzzz = 5\n")
    with pytest.raises(ParameterError, match=r"^zzz: 5 is not a parameter; known are source"):
        notebook.values()
    notebook.run('# Parameters\nlookback = "2d"\n')
    assert notebook.values()["lookback"] == "2d"


def test_near_miss_is_refused_until_its_parameter_is_given(place: Path) -> None:
    notebook = Notebook()
    notebook.run('lookbak = "2d"')
    with pytest.raises(ParameterError) as caught:
        notebook.values()
    assert str(caught.value) == (
        "lookbak: 2d is not a parameter; did you mean lookback? If not, del lookbak and take another name"
    )
    notebook.run('lookback = "2d"')
    assert notebook.values()["lookback"] == "2d"


def test_near_miss_that_was_deleted_is_forgotten(place: Path) -> None:
    notebook = Notebook()
    notebook.run('suspect = ["a"]')
    notebook.run("del suspect")
    assert notebook.values()["lookback"] == "3d"


def test_near_miss_of_a_script_is_refused(place: Path) -> None:
    names = {
        "__name__": "__main__",
        "snapshot": "parameters/demo",
        "lookbak": "2d",
        "n": 5,
        "frame": object(),
    }
    with pytest.raises(ParameterError, match="did you mean lookback"):
        from_notebook(names)
    assert from_notebook(names | {"lookback": "2d"}).snapshot == place / "parameters" / "demo"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("computers = ['web01', 83]", "computers: 83 is a number, quote it"),
        ("suspects = [False]", "suspects: False is true or false, quote it"),
        ("update_run = 750", "update_run: 750 is a number, quote it"),
        ("computers = 'web01'", "computers: web01 is not a list, expected one like [first, second]"),
        ("snapshot = Ellipsis", "snapshot: Ellipsis is a ellipsis, expected text"),
    ],
)
def test_value_that_is_no_text_stops_the_notebook(place: Path, cell: str, message: str) -> None:
    notebook = Notebook()
    notebook.run(cell)
    with pytest.raises(ParameterError) as caught:
        notebook.values()
    assert str(caught.value) == message


# -- in a kernel -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose demo is a replay of heartbeats alone: no notebook takes long on ready answers."""
    folder = tmp_path_factory.mktemp("checkout")
    tables, demo = folder / "tables", folder / "parameters" / "demo"
    rows.write_snapshot(tables, live_estate.GIVEN)
    for table in tables.glob("*.parquet"):
        if table.stem != "Heartbeat":
            table.unlink()
    (tables / "snapshot.json").unlink()
    given = live_estate.values() | {"snapshot": str(tables)}
    kit = Kit(from_values(given, folder=None))
    kit.fetch()
    demo.mkdir(parents=True)
    write_facts(
        demo, kit.rows(), asked_at=kit.asked_at, lookback=kit.lookback, health=kit.health(), notes=kit.notes
    )
    kit.close()
    (folder / "parameters" / "demo.yml").write_text(json.dumps(given | {"snapshot": "parameters/demo"}))
    return folder


def passes(path: Path) -> Iterator[Any]:
    """Yield the cells of a notebook as a person runs them: twice, with scratch cells and other machines."""
    for computers in ("[]", '["b-fine"]'):
        yield nbformat.v4.new_code_cell('n = 5; name = "web01"; rows = [1]')
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                shown = cell.source.replace(
                    "computers: list[str] = []", f"computers: list[str] = {computers}"
                )
                yield nbformat.v4.new_code_cell(shown)


@pytest.mark.parametrize("names", [("machine", "quota"), pytest.param((), marks=pytest.mark.slow)])
def test_every_notebook_runs_twice_in_one_kernel(
    estate: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    monkeypatch.delenv("UMDIAG_RUN", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "lib"))
    monkeypatch.setenv("IPYTHONDIR", str(estate))
    paths = [path for path in parameter_forms.NOTEBOOKS if not names or path.stem in names]
    notebook = nbformat.v4.new_notebook(cells=[cell for path in paths for cell in passes(path)])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(estate)}}).execute()
    opened_on = [
        output.text for cell in notebook.cells if "open_kit(" in cell.source for output in cell.outputs
    ]
    assert len(opened_on) == 2 * len(paths)
    assert all(re.match(r"snapshot demo · last 3 days", text) for text in opened_on)
    machine = [cell for cell in notebook.cells if cell.source.startswith("computer = ")]
    first, second = ("".join(str(output.data) for output in cell.outputs) for cell in machine)
    assert "b-fine" in second
    assert "b-fine" not in first


@pytest.mark.slow
@pytest.mark.parametrize(("start", "prefix"), [(".", ""), ("notebooks", "../")])
def test_papermill_takes_a_parameter_file(estate: Path, tmp_path: Path, start: str, prefix: str) -> None:
    (estate / "notebooks").mkdir(exist_ok=True)
    notebook, output = ROOT / "notebooks" / "quota.ipynb", tmp_path / "out.ipynb"
    words = ["papermill", notebook, output, "-f", f"{prefix}parameters/demo.yml", "--no-progress-bar"]
    environment = {"PYTHONPATH": str(ROOT / "lib"), "IPYTHONDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=estate / start,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert "snapshot demo · last 3 days" in output.read_text(encoding="utf-8")
    # papermill names its files; ipykernel says of every kernel that it talks in plain text, and when it ends.
    said = [line for line in done.stderr.splitlines() if line and "[IPKernelApp]" not in line]
    assert [line.split(":")[0] for line in said] == [
        "Input Notebook", "Output Notebook", "Executing notebook with kernel",
    ]  # fmt: skip


def test_misspelt_name_of_the_file_is_refused(place: Path) -> None:
    notebook = Notebook()
    notebook.run('parameters_file = "parameters/demo.yml"')
    notebook.run('parameter_file = "parameters/mine.yml"')
    with pytest.raises(ParameterError, match=r"^parameter_file: .*; did you mean parameters_file\?"):
        notebook.values()
