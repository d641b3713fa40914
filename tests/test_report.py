"""The main job end to end on a tiny snapshot: what is in the folder, what fails and what is left alone."""

import csv
import json
import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator, ValidationError

from support import findings_schema
from support.findings import diagnosis_of, finding_of
from umdiag import parameters
from umdiag.errors import CallError, ParameterError
from umdiag.judging.records import read_diagnoses
from umdiag.kit import Kit
from umdiag.model import Diagnosis, Finding, QueryUse, Severity, State, Verdict
from umdiag.report import Outcome, records, run
from umdiag.report.document import document as whole_document
from umdiag.report.folder import Staging
from umdiag.report.job import Job
from umdiag.report.kernels import Room
from umdiag.report.notebooks import choose, find_notebooks
from umdiag.report.privacy import Hidden
from umdiag.words.private import numbering

HEARTBEATS = (
    "TimeGenerated,Computer,SourceComputerId,OSType,Solutions,TenantId,"
    "OSName,OSMajorVersion,ResourceId,_ResourceId,ComputerEnvironment,VMUUID\n"
    "2026-11-20T11:00:00Z,web-1,11111111-1111-1111-1111-111111111111,Windows,updates,aaaaaaaa-1111-1111-1111-111111111111,,,,,,\n"
    "2026-11-20T11:30:00Z,=1+<b>,21111111-1111-1111-1111-111111111111,Linux,updates,aaaaaaaa-1111-1111-1111-111111111111,,,,,,\n"
)
LINKS = "from umdiag import show\nshow.next_steps([], [], here='quota')"
FIGURE = (
    "import plotly.graph_objects as go, plotly.io\n"
    "plotly.io.renderers.default = 'plotly_mimetype'\n"
    "go.Figure({'data': [{'type': 'bar', 'y': [1, 2]}], 'layout': {'title': {'text': 'Two &lt;bars&gt;'}}})"
)


def snapshot(folder: Path) -> parameters.Parameters:
    place = folder / "somewhere private" / "csv"
    place.mkdir(parents=True)
    (place / "Heartbeat.csv").write_text(HEARTBEATS, encoding="utf-8")
    return parameters.from_values({"source": "snapshot", "snapshot": str(place)}, folder=None)


def notebook(folder: Path, name: str, *cells: str) -> Path:
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(f"# {name}"), nbformat.v4.new_code_cell("x = 1")],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    made.cells[1].metadata["tags"] = ["parameters"]
    made.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    for number, cell in enumerate(made.cells):
        cell["id"] = f"{name}-{number}"
    path = folder / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


def make(folder: Path, output: Path, said: list[str] | None = None, **cells: list[str]) -> Outcome:
    """Run the whole job with notebooks of these cells instead of the kit's own."""
    source = folder / f"notebooks for {output.name}"
    source.mkdir()
    notebooks = {name: notebook(source, name, *cells[name]) for name in cells}
    lines = said if said is not None else []
    return Job(snapshot(source), output, notebooks, 3, lines.append).make()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome, list[str]]:
    """A report of four notebooks: one well, one with a fault, one whose kernel dies, one with a chart."""
    folder = tmp_path_factory.mktemp("run")
    output = folder / "reports" / "first"
    said: list[str] = []
    outcome = make(
        folder,
        output,
        said,
        overview=[LINKS, "import os\nprint(sorted(os.listdir(os.environ['UMDIAG_RUN'])))"],
        quota=[
            "import os\nprint('before')",
            "raise ValueError('no <b>bold</b> move in ' + os.getcwd())",
            "print('after')",
        ],
        assessment=["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "print('after')"],
        machine=[FIGURE],
    )
    return output, outcome, said


def findings(folder: Path) -> dict:
    return json.loads((folder / "findings.json").read_text(encoding="utf-8"))


def schema() -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(files("umdiag.report").joinpath("findings.schema.json").read_text(encoding="utf-8"))
    )


# -- what lies in the folder ---------------------------------------------------------------------


def test_report_folder_holds_what_the_contract_names_and_nothing_else(report):
    output, outcome, _ = report
    names = {path.name for path in output.iterdir()}
    pages = {
        f"{name}.{kind}"
        for name in ("overview", "quota", "assessment", "machine")
        for kind in ("html", "ipynb")
    }
    own = {"index.html", "findings.json", "findings.csv", "machines.csv", "snapshot.json", "facts", "run.log"}
    assert names == pages | own | {"machines.html", "machines.js", "plotly.min.js", "report.js"}
    assert outcome.index == output / "index.html"
    assert [path.name for path in output.parent.iterdir()] == ["first"]


def test_notebooks_see_facts_frames_and_findings_of_the_run(report):
    shown = nbformat.read(report[0] / "overview.ipynb", as_version=4).cells[-1].outputs[0].text
    for name in ("facts", "frames", "findings.json", "machines.csv", "snapshot.json"):
        assert repr(name) in shown


def test_findings_follow_their_schema(report):
    schema().validate(findings(report[0]))


def test_schema_is_the_one_that_the_records_declare():
    ((file, text),) = findings_schema.forms().items()
    assert file.read_text(encoding="utf-8") == text


SPOILED = {
    "a verdict that there is not": lambda one: one.update(verdict="WELL"),
    "UNKNOWN without a reason": lambda one: one.update(verdict="UNKNOWN", reason=""),
    "NOT_ASKED without a reason": lambda one: one.update(verdict="NOT_ASKED", reason=""),
    "PROBLEM without a finding": lambda one: one.update(findings=[]),
    "a key too many": lambda one: one.update(more=1),
    "a key too few": lambda one: one.pop("reason"),
    "a scenario that is no name": lambda one: one.update(scenario="Not a name"),
    "a severity that there is not": lambda one: one["findings"][0].update(severity="grave"),
    "a subject of no kind": lambda one: one["findings"][0]["subject"].update(kind="thing"),
    "an empty step": lambda one: one["findings"][0].update(resolution=[""]),
    "rows below none": lambda one: one["queries"][0].update(rows=-1),
    "a reason of a query": lambda one: one["queries"][0].update(reason="denied"),
    "a query that was empty": lambda one: one["queries"][0].update(state="empty"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_schema_refuses(how):
    query = QueryUse(name="heartbeats", text="Heartbeat", state=State.DENIED, rows=0, reason="no right")
    content = document(replace(diagnosis_of(finding("m", Severity.HIGH)), queries=(query,)))
    schema().validate(content)
    SPOILED[how](content["diagnoses"][0])
    with pytest.raises(ValidationError):
        schema().validate(content)


def test_diagnoses_are_read_back_as_they_were_judged(tmp_path):
    query = QueryUse(name="heartbeats", text="Heartbeat", state=State.DENIED, rows=0, reason="no right")
    judged = replace(
        diagnosis_of(finding("m", Severity.HIGH, at="2026-11-20T12:00:00Z", many=[1, {"a": None}])),
        reason="a table was not seen",
        queries=(query,),
    )
    records.write_json(tmp_path / "findings.json", document(judged))
    snapshot = {"facts": {"heartbeats": {"reason": "no right"}}}
    (tmp_path / "snapshot.json").write_text(json.dumps(snapshot), encoding="utf-8")
    (read,) = read_diagnoses(tmp_path).values()
    assert (read.verdict, read.reason, read.queries) == (judged.verdict, judged.reason, judged.queries)
    assert document(read) == document(judged)
    assert isinstance(read.findings[0], Finding)
    assert read.findings[0].severity is Severity.HIGH


def test_blocks_link_to_the_pages_of_their_report(report):
    page = (report[0] / "overview.html").read_text(encoding="utf-8")
    assert '<a href="overview.html" rel=' in page
    assert '<a href="overview.ipynb" rel=' not in page


def test_notebook_that_fails_costs_no_other(report):
    output, outcome, said = report
    states = {one["family"]: one for one in findings(output)["notebooks"]}
    assert [one["status"] for one in states.values()] == ["succeeded", "failed", "failed", "succeeded"]
    assert outcome.failed == ["quota", "assessment"]
    assert states["quota"]["error"].startswith("ValueError: no <b>bold</b> move")
    assert "kernel died" in states["assessment"]["error"]
    assert any(re.fullmatch(r"overview … \d+\.\d s", line) for line in said)
    assert any(line.startswith("quota … failed: ValueError") for line in said)


def test_failed_notebook_is_kept_and_marked(report):
    output, _, _ = report
    kept = nbformat.read(output / "quota.ipynb", as_version=4)
    nbformat.validate(kept)
    assert kept.cells[3].outputs[0].text == "before\n"
    assert kept.cells[4].outputs[0].ename == "ValueError"
    assert kept.cells[5].outputs == []
    page = (output / "quota.html").read_text(encoding="utf-8")
    assert "This notebook failed." in page
    assert "no &lt;b&gt;bold&lt;/b&gt; move" in page
    assert "no <b>bold" not in page
    killed = (output / "assessment.html").read_text(encoding="utf-8")
    assert 'class="cell failed"' in killed
    index = (output / "index.html").read_text(encoding="utf-8")
    assert index.count('<span class="badge failed">failed</span>') == 2


def test_no_path_of_this_machine_is_published(report, tmp_path_factory):
    output, _, _ = report
    private = (
        str(tmp_path_factory.getbasetemp()),
        sys.prefix,
        str(Path.home()),
        "somewhere private",
        ".partial-",
    )
    read = [path for path in output.rglob("*") if path.is_file() and path.suffix not in (".js", ".parquet")]
    assert {path.name for path in read} >= {"index.html", "findings.json", "quota.ipynb", "run.log"}
    for path in read:
        text = path.read_text(encoding="utf-8")
        assert [word for word in private if word in text] == [], path.name


def test_machines_are_one_row_each_and_safe_to_open(report):
    with (report[0] / "machines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["computer"] for row in rows} == {"web-1", "'=1+<b>"}
    assert {row["last_heartbeat"] for row in rows} == {"2026-11-20T11:00:00Z", "2026-11-20T11:30:00Z"}


def test_same_rows_make_the_same_pages(tmp_path):
    cells = {"overview": ["print('well')"], "machine": [FIGURE, "1 / 0"]}
    made = []
    for number in (1, 2):
        make(tmp_path, tmp_path / f"run-{number}", **cells)
        made.append(tmp_path / f"run-{number}")
    for name in (
        "overview.html",
        "overview.ipynb",
        "machine.html",
        "machine.ipynb",
        "machines.csv",
        "findings.csv",
    ):
        assert (made[0] / name).read_text() == (made[1] / name).read_text(), name
    first, second = (re.sub(r'"seconds": [\d.]+', "", json.dumps(findings(one))) for one in made)
    assert first == second


def test_report_takes_the_place_of_an_earlier_one(tmp_path):
    output = tmp_path / "report"
    make(tmp_path, output, overview=["1"])
    (output / "index.html").write_text("old")
    again = snapshot(tmp_path / "again")
    job = Job(again, output, {"overview": notebook(tmp_path, "overview", "2")}, 1, lambda line: None)
    job.make()
    assert "What to fix first" in (output / "index.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_notebook_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("umdiag.report.execution.SECONDS_ALLOWED", 2)
    outcome = make(tmp_path, tmp_path / "report", overview=["import time\ntime.sleep(300)"])
    assert outcome.failed == ["overview"]
    (told,) = findings(tmp_path / "report")["notebooks"]
    assert "took longer than" in told["error"]


def test_kernels_are_told_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("UMDIAG_ACCESS_TOKEN", "secret")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "secret")
    room = Room(folder=tmp_path, environment={"UMDIAG_RUN": "run"})
    environment = room.start_options()["env"]
    room.close()
    assert "secret" not in environment.values()
    assert environment["UMDIAG_RUN"] == "run"
    assert not Path(environment["IPYTHONDIR"]).parent.exists()


def test_own_folders_are_hidden_and_what_rows_say_is_not(tmp_path):
    hidden = Hidden([tmp_path])
    assert (
        hidden.words(f"File {tmp_path}/a.py, {Path.home()}/b and /data/c") == "File …/a.py, …/b and /data/c"
    )
    assert hidden.data(f"{tmp_path}/a {tmp_path}b {Path.home()}/x") == f"…/a {tmp_path}b {Path.home()}/x"


# -- calls that are refused ----------------------------------------------------------------------


def test_folder_that_holds_something_else_is_left_alone(tmp_path):
    output = tmp_path / "home"
    output.mkdir()
    (output / "letter.txt").write_text("dear")
    with pytest.raises(CallError, match="holds something other than a report"):
        run(snapshot(tmp_path), output=output)
    assert [path.name for path in output.iterdir()] == ["letter.txt"]


def test_folder_that_cannot_be_made_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "file").write_text("")
    missing = parameters.from_values({"source": "snapshot", "snapshot": str(tmp_path)}, folder=None)
    with pytest.raises(CallError, match="cannot be written"):
        run(missing, output=tmp_path / "file" / "report")
    with pytest.raises(CallError, match="is not a folder"):
        run(missing, output=tmp_path / "file")


def test_family_that_is_not_there_is_refused():
    with pytest.raises(CallError, match="--only quotas: no such notebook; there are overview, "):
        choose(["quotas"], find_notebooks())


def test_only_picks_notebooks_in_reading_order():
    assert list(choose(["missed_machines", "quota"], find_notebooks())) == ["quota", "missed_machines"]


def test_credential_that_asks_is_refused(tmp_path):
    asks = parameters.from_values(
        {"source": "snapshot", "snapshot": str(snapshot(tmp_path).snapshot), "credential": "browser"},
        folder=None,
    )
    with pytest.raises(ParameterError, match="credential"):
        run(asks, output=tmp_path / "report")


def test_source_that_cannot_be_opened_leaves_no_folder(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = parameters.from_values({"source": "snapshot", "snapshot": str(empty)}, folder=None)
    with pytest.raises(Exception, match="empty"):
        run(nothing, output=tmp_path / "new" / "report")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


# -- staging -------------------------------------------------------------------------------------


def old_report(folder: Path) -> Path:
    folder.mkdir()
    (folder / "findings.json").write_text('{\n "schema": "umdiag/findings/1"}')
    return folder


def test_unpublished_report_leaves_the_old_one(tmp_path):
    target = old_report(tmp_path / "report")
    with Staging(target) as staging:
        (staging.folder / "index.html").write_text("half")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert [path.name for path in target.iterdir()] == ["findings.json"]


def test_swap_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    target = old_report(tmp_path / "report")
    rename = Path.rename

    def refuse(path, new):
        if ".partial-" in path.name:
            raise OSError(13, "no")
        return rename(path, new)

    with Staging(target) as staging:
        monkeypatch.setattr(Path, "rename", refuse)
        with pytest.raises(CallError, match="cannot be moved here"):
            staging.publish()
        monkeypatch.undo()
    assert (target / "findings.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_what_a_killed_run_left_is_swept_and_its_old_report_put_back(tmp_path):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    pid, here = int(gone.stdout), numbering()
    (tmp_path / f".report.partial-{pid}-{here}-00000000").mkdir()
    old_report(tmp_path / f".report.old-{pid}-{here}-00000000")
    (tmp_path / f".report.partial-{os.getpid()}-{here}-11111111").mkdir()
    (tmp_path / ".report.partial-mine").mkdir()
    with Staging(tmp_path / "report"):
        assert (tmp_path / "report" / "findings.json").exists()
        assert not (tmp_path / f".report.partial-{pid}-{here}-00000000").exists()
    assert (tmp_path / f".report.partial-{os.getpid()}-{here}-11111111").exists()
    assert (tmp_path / ".report.partial-mine").exists()


def test_what_a_run_on_another_system_makes_is_left_for_a_fortnight(tmp_path):
    theirs = tmp_path / ".report.partial-1-00000000-22222222"
    theirs.mkdir()
    with Staging(tmp_path / "report"):
        assert theirs.exists()
    os.utime(theirs, (0, 0))
    with Staging(tmp_path / "report"):
        assert not theirs.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_report_is_its_owners_alone_in_a_folder_as_it_was(tmp_path):
    for name, mode in (("new", 0o700), ("old", 0o750)):
        if name == "old":
            old_report(tmp_path / name).chmod(mode)
        with Staging(tmp_path / name) as staging:
            assert staging.folder.stat().st_mode & 0o777 == 0o700
            (staging.folder / "facts").mkdir()
            (staging.folder / "facts" / "rows").write_text("rows")
            staging.publish()
        assert (tmp_path / name).stat().st_mode & 0o777 == mode
        inside = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / name).rglob("*")}
        assert inside == {"facts": 0o700, "rows": 0o600}


# -- records -------------------------------------------------------------------------------------


def finding(name: str, severity: Severity, **evidence: object) -> Finding:
    return finding_of(name, severity=severity, evidence=evidence)


def document(*diagnoses: Diagnosis) -> dict:
    return whole_document(
        asked_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
        lookback=timedelta(hours=36),
        target={
            "source": "snapshot",
            "workspaces": (),
            "automation_account": "",
            "subscriptions": (),
            "x": 1,
        },
        health=[],
        diagnoses=diagnoses,
        incidents=[],
        notebooks=[],
    )


def test_findings_are_strict_json_whatever_the_evidence_is(tmp_path):
    evidence = {
        "nan": float("nan"),
        "missing": pd.NA,
        "never": pd.NaT,
        "count": np.int64(3),
        "share": np.float64("inf"),
        "yes": np.bool_(True),
        "at": pd.Timestamp("2026-11-20T12:00:00.5", tz="Europe/Berlin"),
        "naive": datetime(2026, 11, 20, 12),
        "span": timedelta(minutes=90),
        "many": [np.array([1, 2]), ("a", Verdict.HEALTHY), {"b", "a"}],
        "text": "\ud800 </script> \u2028 é",
        3: "key",
    }
    content = document(diagnosis_of(finding("m", Severity.HIGH, **{str(k): v for k, v in evidence.items()})))
    records.write_json(tmp_path / "findings.json", content)
    read = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    schema().validate(read)
    told = read["diagnoses"][0]["findings"][0]["evidence"]
    assert (told["nan"], told["missing"], told["never"], told["share"]) == (None, None, None, None)
    assert (told["count"], told["yes"], told["span"]) == (3, True, "90m")
    assert (told["at"], told["naive"]) == ("2026-11-20T11:00:00.500000Z", "2026-11-20T12:00:00Z")
    assert told["many"] == [[1, 2], ["a", "HEALTHY"], ["a", "b"]]
    assert read["lookback"] == "36h"
    assert set(read["target"]) == {"source", "workspaces", "automation_account", "subscriptions"}


def test_findings_stand_worst_first_then_by_name(tmp_path):
    given = [finding("b", Severity.LOW), finding("C", Severity.HIGH), finding("a", Severity.HIGH)]
    told = document(diagnosis_of(*given))["diagnoses"][0]["findings"]
    assert [one["subject"]["name"] for one in told] == ["a", "C", "b"]
    records.write_json(tmp_path / "f.json", document(diagnosis_of(*given)))
    lines = (tmp_path / "f.json").read_text().splitlines()
    assert sum('"cause"' in line for line in lines) == 3


def test_formulas_are_disarmed_in_csv(tmp_path):
    names = ["=1", "+1", "-1", "@x", "\tx", "\rx", "plain", 'quo"te, comma', "two\nlines"]
    records.write_findings_csv(
        tmp_path / "f.csv", [diagnosis_of(*(finding(name, Severity.LOW, note="=x") for name in names))]
    )
    text = (tmp_path / "f.csv").read_bytes()
    assert b"\r\n" in text
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["subject"] for row in rows} == {"'=1", "'+1", "'-1", "'@x", "'\tx", "\nx", *names[6:]}
    assert {row["first_step"] for row in rows} == {"Restart the agent."}
    assert list(rows[0]) == list(records.FINDING_COLUMNS)


def cells(folder: Path, *values: str, separator: str = ",") -> list[str]:
    """Return every cell that a spreadsheet makes of machines with these names."""
    records.write_machines_csv(folder / "m.csv", pd.DataFrame({"computer": values, "os": "Windows"}))
    with (folder / "m.csv").open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file, delimiter=separator) for cell in row]


WIDTHS = [chr(sign) for sign in range(0x110000) if unicodedata.normalize("NFKC", chr(sign)) in set("=+-@")]


@pytest.mark.parametrize("sign", [*WIDTHS, "\u2212"])
def test_formula_is_disarmed_in_any_width(tmp_path, sign):
    assert f"'{sign}1+1" in cells(tmp_path, f"{sign}1+1")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "value",
    ["x;=1+1", "x; =1+1", 'x;"=1+1"', "x\t=1+1", "x\n=1+1", "x\r=1+1;", ";;+1", "\x00=1", "\x1b=1",
     "\u202e=1", "x;\x00=1", "x;\u200b=1", "\ufeff=1", "x\r\n;＝1", "\r\n=1"],
)  # fmt: skip
def test_no_cell_begins_a_formula_whatever_separates_cells(tmp_path, separator, value):
    found = cells(tmp_path, value, "b", separator=separator)
    signs = (*WIDTHS, "\u2212")
    # What follows a line break is the begin of a row where the quotes around it are not seen as such.
    parts = [part for cell in found for part in cell.split("\n")]
    assert [part for part in parts if part.strip(' \t\r"\u200b\ufeff').startswith(signs)] == []


def test_nothing_in_csv_steers_a_terminal(tmp_path):
    records.write_findings_csv(
        tmp_path / "f.csv", [diagnosis_of(finding("a\x1b[2J\x9b1m\x07b\u202ec\u2066", Severity.LOW))]
    )
    text = (tmp_path / "f.csv").read_text(encoding="utf-8")
    assert "a[2J1mbc" in text
    assert [sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf") and sign not in "\r\n"] == []


def test_what_is_not_known_of_a_machine_is_empty(tmp_path):
    machines = pd.DataFrame(
        {
            "computer": pd.array(["a", None], dtype="str"),
            "last_heartbeat": pd.to_datetime(["2026-11-20T12:00:00Z", None], utc=True),
            "missing_critical": pd.array([3, None], dtype="Int64"),
            "reboot_pending": pd.array([True, None], dtype="boolean"),
        }
    )
    records.write_machines_csv(tmp_path / "m.csv", machines)
    lines = (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["a,2026-11-20T12:00:00Z,3,true", ",,,"]


def test_accepted_entry_that_matches_nothing_is_said_by_the_run_and_the_index(tmp_path):
    class Idle(Kit):
        def unmatched(self, diagnoses):
            return ["entry 1 (<b>gone</b>) matches no finding"]

    said: list[str] = []
    chosen = {"quota": notebook(tmp_path, "quota", "1")}
    job = Job(snapshot(tmp_path / "rows"), tmp_path / "out", chosen, 1, said.append, open_kit=Idle)
    assert job.make().unmatched == ["entry 1 (<b>gone</b>) matches no finding"]
    assert "entry 1 (<b>gone</b>) matches no finding" in said
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "entry 1 (&lt;b&gt;gone&lt;/b&gt;) matches no finding" in page
    log = (tmp_path / "out" / "run.log").read_text(encoding="utf-8")
    assert "WARNING entry 1 (<b>gone</b>)" in log
