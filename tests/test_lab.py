"""A notebook's shell with the extension: %%kql, completion, what kits and records look like, copies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import umdiag
from support.findings import diagnosis_of, finding_of
from umdiag import parameters
from umdiag.errors import CallError, QueryError, UmdiagError
from umdiag.kit import MENU, Kit
from umdiag.lab import copies
from umdiag.lab.completing import fitting
from umdiag.lab.extension import is_watched, load
from umdiag.lab.questions import Refused
from umdiag.lab.tables import Tables
from umdiag.model import Incident, Rows, Severity, State
from umdiag.queries.kql import queries
from umdiag.show.records import Diagnoses, Incidents
from umdiag.starter import home

HOSTILE = "<script>x</script> $\\alpha$ \x1b[31mred \u202eleft"
HEARTBEATS = (
    "TimeGenerated,Computer,SourceComputerId,OSType\n"
    "2026-11-20T10:00:00Z,web-1,11111111-1111-1111-1111-111111111111,Windows\n"
    "2026-11-20T11:00:00Z,web-1,11111111-1111-1111-1111-111111111111,Windows\n"
    "2026-11-20T11:30:00Z,db-1,21111111-1111-1111-1111-111111111111,Linux\n"
)
LONG = (
    "range a from 1 to 40000 step 1 | extend k = 1"
    " | join kind=inner (range b from 1 to 400000 step 1 | extend k = 1) on k | summarize n = sum(a * b)"
)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    folder = tmp_path_factory.mktemp("lab") / "csv"
    folder.mkdir()
    (folder / "Heartbeat.csv").write_text(HEARTBEATS, encoding="utf-8")
    opened = Kit(parameters.from_values({"source": "snapshot", "snapshot": str(folder)}, folder=None))
    yield opened
    opened.close()


@pytest.fixture
def shell(kit: Kit) -> Iterator[InteractiveShell]:
    made = InteractiveShell.instance()
    load(made)
    made.user_ns["kit"] = kit
    yield made
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> tuple[Any, str]:
    """Run a cell and return its result and what it showed; raise what it raised."""
    with capture_output() as shown:
        done = shell.run_cell(cell)
    if error := done.error_before_exec or done.error_in_exec:
        raise error
    said = [str(output.data.get("text/plain", "")) for output in shown.outputs]
    return done.result, "\n".join([shown.stdout, *said])


def refusal(shell: InteractiveShell, cell: str) -> str:
    """Return what a notebook shows of a cell that fails: these lines and no traceback."""
    with pytest.raises(UmdiagError) as raised:
        run(shell, cell)
    return "\n".join(raised.value._render_traceback_())


# -- %%kql -----------------------------------------------------------------------------------------------


def test_cell_in_kql_answers_with_rows(shell: InteractiveShell) -> None:
    rows, _ = run(shell, "%%kql\nHeartbeat\n| summarize n = count() by Computer\n| order by Computer asc")
    assert rows.to_dict("list") == {"Computer": ["db-1", "web-1"], "n": [1, 2]}
    rows, _ = run(shell, "%kql Heartbeat | count")
    assert rows.iloc[0, 0] == 3


def test_rows_are_kept_in_a_variable(shell: InteractiveShell) -> None:
    result, said = run(shell, "%%kql --to beats\nHeartbeat | project Computer")
    assert result is None
    assert len(shell.user_ns["beats"]) == 3
    assert "beats: 3 rows, Computer" in said


def test_rows_left_out_are_said(shell: InteractiveShell) -> None:
    rows, said = run(shell, "%%kql --limit 2\nHeartbeat")
    assert len(rows) == 2
    assert "The first 2 rows; there are more." in said
    rows, said = run(shell, "%%kql --limit 3\nHeartbeat // all of them")
    assert len(rows) == 3
    assert "there are more" not in said
    assert len(run(shell, "%%kql --limit 0\nHeartbeat")[0]) == 3


def test_pipeline_may_begin_with_a_query_of_the_kit(shell: InteractiveShell) -> None:
    rows, _ = run(
        shell, "%%kql\n// who\nheartbeats\n| where computer == 'web-1'\n| project computer, heartbeats"
    )
    assert rows.to_dict("list") == {"computer": ["web-1"], "heartbeats": [2]}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (
            "%%kql\nHeartbeat\n| whre Computer == 'x'",
            "KQL: line 3, column 3: there is no operator 'whre'; did you mean where?\n"
            "    | whre Computer == 'x'\n      ^",
        ),
        (
            "%%kql\nHeartbeat\n| where Komputer == 'x'",
            "KQL: line 3, column 9: there is no column 'Komputer'\n"
            "    | where Komputer == 'x'\n            ^",
        ),
        (
            "%%kql\nHeartbeet | count",
            "KQL: line 2, column 1: there is no table 'Heartbeet'\n    Heartbeet | count\n    ^",
        ),
        (
            "%%kql\nheartbeats\n| where computer == \n",
            "KQL: line 3, column 20: the query ends too early\n    | where computer ==\n",
        ),
        ("%%kql\nUpdate | count", "KQL: Update was not captured"),
        ("%%kql\n.drop table Heartbeat", "KQL: statement cannot be run offline"),
        ("%%kql --limit few\nHeartbeat", "argument --limit: 'few' is not a number of rows"),
        ("%%kql --to 1st\nHeartbeat", "argument --to: '1st' is not a name for a variable"),
        ("%%kql --time-limit 5\nHeartbeat", "argument --time-limit: '5' has no unit"),
        ("%%kql --kit other\nHeartbeat", "--kit other: is not a kit"),
        ("%%kql --what\nHeartbeat", "unrecognized arguments: --what"),
        ("%%kql\n \n", "the cell asks nothing"),
    ],
)
def test_refusal_is_a_line_with_its_place(shell: InteractiveShell, cell: str, shown: str) -> None:
    said = refusal(shell, cell)
    assert shown in said
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 3


def test_error_in_a_query_of_the_kit_is_placed_in_what_was_typed(shell: InteractiveShell) -> None:
    said = refusal(shell, "%%kql\nheartbeats | whre x\n| count")
    assert said.startswith("KQL: line 2, column 14: there is no operator 'whre'")


def test_line_that_was_typed_cannot_steer_a_terminal(shell: InteractiveShell) -> None:
    assert "\x1b" not in refusal(shell, "%%kql\nHeartbeat\n| where Komputer == '\x1b[31m'")


def test_kit_that_was_opened_last_is_asked(shell: InteractiveShell, kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "Heartbeat.csv").write_text(HEARTBEATS.replace("web-1", "other"), encoding="utf-8")
    with_other = {"source": "snapshot", "snapshot": str(tmp_path)}
    second = Kit(parameters.from_values(with_other, folder=None))
    shell.user_ns |= {"second": second}
    cell = "Heartbeat | where OSType == 'Windows' | distinct Computer"
    assert list(run(shell, f"%%kql\n{cell}")[0]["Computer"]) == ["other"]
    assert list(run(shell, f"%%kql --kit kit\n{cell}")[0]["Computer"]) == ["web-1"]
    second.close()


def test_without_a_kit_the_magic_says_how_to_open_one(shell: InteractiveShell) -> None:
    del shell.user_ns["kit"]
    assert "run kit = open_kit(globals())" in refusal(shell, "%%kql\nHeartbeat")


def test_question_ends_when_its_time_is_over_and_the_next_is_answered(shell: InteractiveShell) -> None:
    said = refusal(shell, f"%%kql --time-limit 1s\n{LONG}")
    assert said == "KQL: no answer within 1s; shorten the window or set a longer limit"
    assert run(shell, "%kql Heartbeat | count")[0].iloc[0, 0] == 3


def test_rows_are_drawn(shell: InteractiveShell) -> None:
    for cell in (
        "%%kql --chart\nHeartbeat | summarize n = count() by bin(TimeGenerated, 1h), OSType",
        "%%kql\nHeartbeat | summarize n = count() by Computer\n| render barchart",
    ):
        with capture_output() as shown:
            assert shell.run_cell(cell).result is None
        (figure,) = shown.outputs
        assert "application/vnd.plotly.v1+json" in figure.data
    rows, said = run(shell, "%%kql --chart\nHeartbeat | project Computer")
    assert "There is nothing to draw" in said
    assert len(rows) == 3


# -- completion ------------------------------------------------------------------------------------------


def completions(shell: InteractiveShell, text: str) -> list[str]:
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(text, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%kql\nHeartb", ["Heartbeat", "heartbeat_hours"]),
        ("%%kql\nHeartbeat\n| whe", ["where"]),
        ("%%kql\nHeartbeat | where Comp", ["ComputerIP", "Computer", "ComputerEnvironment"]),
        ("%%kql\nHeartbeat | summarize n = dcountif", ["dcountif"]),
        ("%%kql\nHeartbeat | extend age = startofd", ["startofday"]),
        ("%%kql\nheartbeats | where os_", ["os_type", "os_name", "os_version"]),
        ("%%kql\nHeartbeat | extend mine = 1 | project mi", ["mine"]),
        ("%%kql\nHeartbeat | join kind=inner (UpdateS", ["UpdateSummary"]),
        ("%%kql\nlet a = Heartb", ["Heartbeat"]),
        ("%%kql --ti", ["--time-limit"]),
        ("kit.que", ["queries"]),
        ("x = kit.findi", ["findings"]),
    ],
)
def test_what_fits_is_completed(shell: InteractiveShell, text: str, expected: list[str]) -> None:
    assert completions(shell, text)[: len(expected)] == expected


@pytest.mark.parametrize("text", ["Heartbeat | where Computer == 'Comp", "Heartbeat // Comp", 'print "Comp'])
def test_nothing_is_completed_in_texts_and_comments(text: str) -> None:
    assert fitting(text, len(text), queries()) == ("Comp", [])


def test_python_is_not_mixed_into_kql(shell: InteractiveShell) -> None:
    shell.user_ns["Heartwood"] = 1
    assert "Heartwood" not in completions(shell, "%%kql\nHeart")
    assert completions(shell, "%%kql\nHeartw") == ["Heartw"]
    assert "Heartwood" in completions(shell, "Heartw")


def test_kit_offers_a_menu_in_its_order(shell: InteractiveShell, kit: Kit) -> None:
    assert completions(shell, "kit.") == list(MENU)
    assert [name for name in MENU if not hasattr(type(kit), name) and name not in vars(kit)] == []


def test_extension_is_loaded_once_and_only_in_notebooks(shell: InteractiveShell) -> None:
    umdiag.load_ipython_extension(shell)
    assert len(shell.Completer.custom_matchers) == 2
    code = "import sys, umdiag.kit; print([m for m in sys.modules if m in ('itables', 'umdiag.lab.magic')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_notebook_that_papermill_runs_is_not_watched() -> None:
    assert is_watched({}, {"JPY_SESSION_NAME": "overview.ipynb"})
    assert is_watched({"__vsc_ipynb_file__": "a.ipynb"}, {})
    assert not is_watched({}, {})


# -- what a kit can be asked -----------------------------------------------------------------------------


def test_query_is_shown_and_run_with_other_values(kit: Kit) -> None:
    query = kit.queries["heartbeats"]
    assert query.title == "Heartbeats per machine"
    assert "heartbeats" in kit.queries._repr_html_()
    assert "let lookback = 1209600s; // parameter" in repr(query)
    assert len(query.run(lookback="20m").frame) == 1
    assert len(query.run(lookback=timedelta(days=2)).frame) == 2
    assert len(query.run(asked_at="2026-11-20T10:30:00Z").frame) == 1
    assert len(kit.fact("heartbeats").frame) == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lookback": 3}, "a int is not a timespan"),
        ({"lookback": "1d) | union Usage"}, "is not a duration"),
        ({"asked_at": "2026-11-20T10:30:00"}, "is not a datetime"),
        ({"limit": 3}, "heartbeats has no parameter 'limit'; it has asked_at, lookback"),
    ],
)
def test_only_typed_literals_reach_a_query(kit: Kit, values: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said.replace("|", r"\|")):
        kit.queries["heartbeats"].run(**values)


def test_query_that_is_not_there_is_a_key_error_in_words(kit: Kit) -> None:
    assert "no_such" not in kit.queries
    with pytest.raises(QueryError, match="there is no query 'heartbeat'; did you mean heartbeats"):
        kit.queries["heartbeat"]


def test_findings_are_a_frame(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    low = finding_of("VM-2", cause="agent_stopped", severity=Severity.LOW)
    judged = [diagnosis_of(low, finding_of("vm-1", cause="machine_off"))]
    monkeypatch.setattr(type(kit), "diagnoses", lambda self, family=None: Diagnoses(judged))
    assert list(kit.findings()["subject"]) == ["vm-1", "VM-2"]
    assert list(kit.findings(computer="vm-2")["cause"]) == ["agent_stopped"]
    assert list(kit.findings(severity="high", scenario="machine_disconnected")["subject"]) == ["vm-1"]
    assert kit.findings(cause="machine_off")["first_step"].to_list() == ["Restart the agent."]
    with pytest.raises(UmdiagError, match="severity 'hgh': is not known"):
        kit.findings(severity="hgh")


def test_kit_alone_is_the_first_screen(shell: InteractiveShell, kit: Kit) -> None:
    html, text = kit._repr_html_(), shell.display_formatter.format(kit)[0]["text/plain"]
    assert "could not be answered" in text
    assert "What could not be seen" in html
    assert repr(kit).startswith("snapshot csv")
    assert "\n" not in repr(kit)


def test_machine_is_shown_with_its_time_line(shell: InteractiveShell, kit: Kit) -> None:
    shown = kit.machine("web-1")
    assert repr(shown).startswith("web-1:")
    with capture_output() as outputs:
        shown._ipython_display_()
    assert len(outputs.outputs) >= 2
    assert "None of 2 machines has this name" in repr(kit.machine("stranger"))


def test_error_text_is_explained(kit: Kit) -> None:
    shown = kit.explain("0x80240022")
    assert "WU_E_ALL_UPDATES_FAILED" in repr(shown)
    assert "<pre>" in shown._repr_html_()


# -- records ---------------------------------------------------------------------------------------------

INCIDENT = Incident(
    scenario="machine_disconnected",
    cause="agent_stopped",
    severity=Severity.HIGH,
    roots=1,
    explains=2,
    machines=1,
    first_step=f"Start {HOSTILE}",
    subjects=(HOSTILE,),
)
ROWS = Rows(name="heartbeats", text="", frame=pd.DataFrame({"computer": [HOSTILE]}), state=State.COMPLETE)
FINDING = finding_of(HOSTILE, evidence={"os": HOSTILE})
RECORDS = [FINDING, diagnosis_of(FINDING), INCIDENT, Incidents([INCIDENT]), ROWS]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_is_shown_as_text(record: Any) -> None:
    html = record._repr_html_()
    assert "&lt;script&gt;" in html
    assert not {"<script", "\x1b", "\u202e"} & {
        sign for sign in ("<script", "\x1b", "\u202e") if sign in html
    }
    assert "mathjax_ignore" in html


def test_diagnoses_are_shown_as_their_summary() -> None:
    shown = Diagnoses([diagnosis_of(FINDING)])
    assert "Which machines have stopped reporting?" in repr(shown)
    assert "<script" not in shown._repr_html_()


def test_record_is_named_in_a_line() -> None:
    assert repr(finding_of("vm-1")) == "<Finding high: agent_stopped on machine 'vm-1'>"
    assert repr(diagnosis_of(finding_of("vm-1"))) == "<Diagnosis machine_disconnected: PROBLEM, 1 finding>"
    assert "machine_disconnected/agent_stopped" in repr(INCIDENT)
    assert repr(ROWS).startswith("<Rows heartbeats: complete, 1 row>\n")


# -- tables of a front end -------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How often the library of the tables was sent, and with which options."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr("itables.init_notebook_mode", lambda **given: calls.append(given))
    return calls


def test_long_table_sorts_and_its_cells_are_text(sent: list[dict[str, Any]]) -> None:
    times = pd.date_range("2026-11-20", periods=5_001, freq="min", tz="UTC")
    frame = pd.DataFrame({"name": HOSTILE, "n": range(5_001), "at": times, "bag": [{"a": HOSTILE}] * 5_001})
    frame.loc[0, "name"] = "x" * 1_000_000
    html = Tables(lambda: "cell").html(frame)
    assert sent == [{"all_interactive": False, "connected": False}]
    assert len(html) < 5_000_000
    assert "<script>x" not in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "The first 5,000 of 5,001 rows" in html
    assert "https://cdn" not in html
    assert "unpkg" not in html


def test_short_table_needs_no_library(sent: list[dict[str, Any]]) -> None:
    html = Tables(lambda: "cell").html(pd.DataFrame({"name": [HOSTILE]}))
    assert sent == []
    assert "&lt;script&gt;" in html


def test_library_is_sent_again_with_the_cell_that_sent_it(sent: list[dict[str, Any]]) -> None:
    cells = iter("abba")
    tables = Tables(lambda: next(cells))
    for _ in range(4):
        tables.html(pd.DataFrame({"n": range(50)}))
    assert len(sent) == 2


# -- copies ----------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yml").write_text("source: snapshot\nsnapshot: csv\n", encoding="utf-8")
    return tmp_path


def laid_out(file: str | None = "own.yml") -> dict[str, str]:
    return {place.as_posix(): done for place, done in copies.lay_out(Path(file) if file else None)}


def changed(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def test_copies_open_the_parameter_file_and_originals_stay(place: Path) -> None:
    before = {file: file.read_bytes() for file in (home() / "notebooks").glob("*.ipynb")}
    done = laid_out()
    assert set(done.values()) == {"wrote"}
    assert sorted(done) == sorted(f"lab/own/{file.name}" for file in before)
    text = (place / "lab/own/quota.ipynb").read_text(encoding="utf-8")
    assert [cell["metadata"] for cell in json.loads(text)["cells"]][1]["jupyter"] == {"source_hidden": True}
    assert r"parameters_file: str = \"own.yml\"  # A parameter file" in text
    assert {file: file.read_bytes() for file in before} == before


def test_demo_is_opened_where_no_file_is_named(place: Path) -> None:
    assert "lab/demo/overview.ipynb" in laid_out(None)
    assert (home() / "parameters/demo.yml").as_posix() in (place / "lab/demo/quota.ipynb").read_text()


def test_copy_that_was_run_is_left_and_one_that_was_changed_is_kept(place: Path) -> None:
    laid_out()
    was_run, edited, strange = (
        place / "lab/own" / f"{name}.ipynb" for name in ("quota", "machine", "overview")
    )
    changed(was_run, lambda content: content["cells"][1].update(execution_count=3, outputs=[]))
    changed(edited, lambda content: content["cells"][0].update(source=["# Mine"]))
    strange.write_text("not a notebook", encoding="utf-8")
    before = [file.read_bytes() for file in (was_run, edited, strange)]
    done = laid_out()
    assert [done[f"lab/own/{file.name}"] for file in (was_run, edited, strange)] == ["fresh", "kept", "kept"]
    assert [file.read_bytes() for file in (was_run, edited, strange)] == before


def test_copy_of_an_older_kit_is_replaced_unless_it_was_changed(place: Path) -> None:
    laid_out()
    old = place / "lab/own/quota.ipynb"

    def aged(content: dict[str, Any]) -> None:
        content["cells"][0]["source"] = ["# An older question?"]
        content["metadata"]["umdiag"] = copies._fingerprint(content)

    changed(old, aged)
    assert laid_out()["lab/own/quota.ipynb"] == "wrote"
    assert "older question" not in old.read_text(encoding="utf-8")


def test_place_that_cannot_be_written_is_one_line(place: Path) -> None:
    (place / "lab").write_text("a file", encoding="utf-8")
    with pytest.raises(CallError, match="cannot be written"):
        laid_out()


def test_refused_is_an_error_of_the_kit() -> None:
    assert issubclass(Refused, UmdiagError)
