from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from umdiag.__main__ import execute
from umdiag._version import __version__
from umdiag.errors import CallError, SourceError
from umdiag.explain import pages
from umdiag.model import Cause, Severity
from umdiag.parameters import Parameters
from umdiag.words.arguments import spread_only

ROOT = Path(__file__).parent.parent
CAP = Cause(
    key="daily_cap_reached",
    sentence="The workspace reached its daily cap and dropped what came after.",
    resolution=("Raise the cap.", "Or send less: look at the tables that filled it " + "and so on " * 12),
    source="https://learn.microsoft.com/x",
    severity=Severity.HIGH,
)
QUOTA = SimpleNamespace(
    name="workspace_over_quota",
    family="quota",
    title="Did the workspace stop taking rows?",
    manual="Did the workspace stop taking rows?\n\nLooks for: stop rows.\n\nCannot see: what was dropped.",
    services=("update_management",),
    causes=(CAP,),
)
AHEAD = SimpleNamespace(
    name="cap_ahead",
    family="quota",
    title="Soon?",
    manual="Looks for: pace.",
    services=("update_management", "update_manager"),
    causes=(),
)


@dataclass
class FakeReport:
    """Stand in for `umdiag.report`: remember the call, answer with the code that fits `fail_on`."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    error: BaseException | None = None

    def run(
        self,
        parameters: Parameters,
        *,
        output: Path,
        only: Sequence[str],
        jobs: int | None,
        single_file: bool,
        echo: Callable[[str], None] | None,
    ) -> SimpleNamespace:
        self.calls.append(
            {"output": output, "only": list(only), "jobs": jobs}
            | ({"single_file": True} if single_file else {})
        )
        if echo:
            echo("fetched 45 queries")
        if self.error:
            raise self.error
        codes = {"problem": 1, "unknown": 3, "never": 0}
        return SimpleNamespace(
            index=output / "index.html",
            single_file=output.with_name(f"{output.name}.html") if single_file else None,
            exit_code=codes.__getitem__,
            summary=lambda fail_on: {"reason": fail_on, "incidents": ["é"]},
        )


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> FakeReport:
    fake = FakeReport()
    monkeypatch.setitem(sys.modules, "umdiag.report", fake)  # type: ignore[arg-type]
    return fake


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = SimpleNamespace(catalogue=lambda: (QUOTA, AHEAD))
    monkeypatch.setitem(sys.modules, "umdiag.scenarios", fake)  # type: ignore[arg-type]


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "parameters" / "demo").mkdir(parents=True)
    (tmp_path / "parameters" / "demo.yml").write_bytes((ROOT / "parameters" / "demo.yml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return "parameters/demo.yml"


def umdiag(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lib"), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "umdiag", *words],
        env=environment,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
        **({"capture_output": True} | options),
    )


# --- wrong calls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("reprot x.yml", "No such command 'reprot'"),
        ("report", "Missing argument 'PARAMETERS'"),
        ("report --bogus x.yml", "No such option"),
        ("report x.yml --jobs 0", "Invalid value for '--jobs'"),
        ("report x.yml --jobs many", "Invalid value for '--jobs'"),
        ("report x.yml --fail-on maybe", "'maybe' is not one of 'problem', 'unknown', 'never'"),
        ("report x.yml --only", "Option '--only' requires an argument"),
        ("report x.yml y.yml", "Got unexpected extra argument"),
        ("explain", "umdiag: explain: nothing was given; name a scenario"),
        ("scenarios more", "Got unexpected extra argument"),
        (
            "report nope.yml",
            "umdiag: nope.yml: there is no such parameter file; umdiag init writes an example\n",
        ),
    ],
)
def test_wrong_call_is_one_line_and_exit_code_2(
    demo: str, capsys: pytest.CaptureFixture[str], words: str, message: str
) -> None:
    assert execute(words.split()) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert (out, err.count("\n"), err[:8]) == ("", 1, "umdiag: ")


def test_wrong_parameter_is_one_line_and_exit_code_2(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(demo).write_text("source: snapshot\nsnapshot: parameters/demo\nlookback: 14\n", encoding="utf-8")
    assert execute(["report", demo]) == 2
    expected = "umdiag: lookback: 14 has no unit, expected a duration like 14d, 36h or 90m\n"
    assert capsys.readouterr() == ("", expected)
    assert report.calls == []


def test_report_refuses_a_credential_that_asks(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(demo).write_text("snapshot: parameters/demo\ncredential: browser\n", encoding="utf-8")
    assert execute(["report", demo]) == 2
    assert "credential: browser needs a person to sign in" in capsys.readouterr().err
    assert report.calls == []


# --- report ----------------------------------------------------------------------------------------------


def test_report_is_called_with_what_was_asked_for(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", demo, "-o", "out", "--only", "quota", "missed-machines", "--jobs", "3"]
    assert execute([*words, "--fail-on", "never"]) == 0
    assert report.calls == [{"output": Path("out"), "only": ["missed_machines", "quota"], "jobs": 3}]
    assert capsys.readouterr().out == f"Report: {Path('out') / 'index.html'}\n"


def test_one_file_is_written_beside_the_folder_where_it_is_asked_for(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["report", demo, "--single-file"]) == 1
    assert [call["single_file"] for call in report.calls] == [True]
    assert capsys.readouterr().out.splitlines()[1:] == [f"As one file: {Path('reports') / 'demo.html'}"]


def test_command_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Usage: umdiag")
    assert said.err == ""


@pytest.mark.parametrize(
    ("only", "name"),
    [
        ([], "demo"),
        (["--only", "quota"], "demo+quota"),
        (["--only", "update-runs", "Quota"], "demo+quota+update_runs"),
        (["--only", "quota, update_runs,", "--only", "quota"], "demo+quota+update_runs"),
    ],
)
def test_report_folder_is_named_for_the_parameter_file_and_the_families(
    demo: str, report: FakeReport, only: list[str], name: str
) -> None:
    assert execute(["report", demo, *only]) == 1
    assert [call["output"] for call in report.calls] == [Path("reports") / name]


def test_progress_goes_to_standard_error_and_the_path_to_standard_output(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(["report", demo])
    assert capsys.readouterr() == (
        f"Report: {Path('reports') / 'demo' / 'index.html'}\n",
        "fetched 45 queries\n",
    )


def test_quiet_leaves_the_path_alone(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["report", demo, "-q"]) == 1
    assert capsys.readouterr() == (f"Report: {Path('reports') / 'demo' / 'index.html'}\n", "")


def test_json_is_all_that_standard_output_holds(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["report", demo, "--json", "--fail-on", "unknown"]) == 3
    assert json.loads(capsys.readouterr().out) == {"reason": "unknown", "incidents": ["é"]}


@pytest.mark.parametrize(("fail_on", "code"), [("problem", 1), ("unknown", 3), ("never", 0)])
def test_outcome_becomes_the_exit_code(demo: str, report: FakeReport, fail_on: str, code: int) -> None:
    assert execute(["report", demo, "--fail-on", fail_on]) == code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SourceError("demo: no snapshot\nat all \x1b[1m"), 2, "umdiag: demo: no snapshot at all \\x1b[1m\n"),
        (KeyboardInterrupt(), 130, "umdiag: interrupted\n"),
        (
            KeyError("/secret/path"),
            4,
            "umdiag: internal error (KeyError); run it again with --debug to see where\n",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/secret/path"),
            4,
            "umdiag: a disk is full (No space left on device): make room where reports and temporary files"
            " are written, and run it again\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/secret/path"),
            4,
            "umdiag: internal error (PermissionError); run it again with --debug to see where\n",
        ),
    ],
)
def test_error_of_a_run_is_one_line(
    demo: str,
    report: FakeReport,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    said: str,
) -> None:
    report.error = error
    assert execute(["report", demo, "--quiet"]) == code
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_shows_the_traceback_wherever_it_stands(
    demo: str, report: FakeReport, capsys: pytest.CaptureFixture[str], place: int
) -> None:
    report.error = SourceError("demo: no snapshot")
    words = ["report", demo]
    words.insert(place, "--debug")
    assert execute(words) == 2
    err = capsys.readouterr().err.removeprefix("fetched 45 queries\n")
    assert err.startswith("Traceback (most recent call last)")
    assert err.endswith("\numdiag: demo: no snapshot\n")


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        ("report p.yml --only a b", "report p.yml --only a --only b"),
        ("report --only a b p.yml", "report --only a --only b p.yml"),
        ("report --only=a b p.yml", "report --only=a --only b p.yml"),
        ("report --only a --only b --jobs 2", "report --only a --only b --jobs 2"),
        ("report --only a -o out p.yml", "report --only a -o out p.yml"),
        ("report p.yml --only", "report p.yml --only"),
        ("explain a b", "explain a b"),
    ],
)
def test_only_takes_several_families(words: str, spread: str) -> None:
    assert spread_only(words.split()) == spread.split()


def test_only_takes_commas(demo: str, report: FakeReport) -> None:
    execute(["report", demo, "--only", "quota,Update-Runs"])
    assert report.calls[0]["only"] == ["quota", "update_runs"]


# --- explain and scenarios -------------------------------------------------------------------------------


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    "words",
    [["workspace_over_quota"], ["Workspace-Over-Quota"], ["workspace", "over", "quota"], [" CAP ahead "]],
)
def test_scenario_is_explained_however_it_is_written(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert execute(["explain", *words]) == 0
    assert "(family quota)" in capsys.readouterr().out


@pytest.mark.usefixtures("catalogue")
def test_manual_page_holds_causes_and_their_mend(capsys: pytest.CaptureFixture[str]) -> None:
    execute(["explain", "workspace_over_quota"])
    page = capsys.readouterr().out
    wanted = [QUOTA.title, "Looks for: stop rows.", "Cannot see:", "daily_cap_reached (high)", CAP.sentence]
    positions = [page.index(text) for text in [*wanted, "1. Raise the cap.", "2. Or send less", CAP.source]]
    assert positions == sorted(positions)
    assert page.count(QUOTA.title) == 1
    assert max(map(len, page.splitlines())) <= 100


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("workspace_quota", "'workspace_quota'; did you mean workspace_over_quota?"),
    ],
)
def test_unknown_scenario_gets_near_names(
    capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    assert execute(["explain", name]) == 2
    assert capsys.readouterr() == ("", f"umdiag: explain: there is no scenario {message}\n")


@pytest.mark.usefixtures("catalogue")
def test_scenarios_are_plain_lines_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["scenarios"]) == 0
    assert capsys.readouterr().out == (
        "Family  Scenario              Services                           Causes             Question\n"
        "quota   workspace_over_quota  update_management                  daily_cap_reached"
        "  Did the workspace stop taking rows?\n"
        "quota   cap_ahead             update_management, update_manager                     Soon?\n"
    )


def test_scenarios_are_drawn_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    drawn = pages.table([QUOTA, AHEAD], drawn=True)
    assert max(map(len, drawn.splitlines())) <= 60
    assert "Family" in drawn


# --- the process -----------------------------------------------------------------------------------------


def test_version_and_help_are_told_by_the_process() -> None:
    assert umdiag("--version").stdout == f"umdiag {__version__}\n"
    told = umdiag("--help")
    assert told.returncode == 0
    assert all(command in told.stdout for command in ("report", "explain", "scenarios"))


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from umdiag.__main__ import execute; execute(['--help'])\n"
        "assert not {'pandas', 'duckdb', 'azure', 'plotly', 'papermill', 'ruamel', 'rich'} & {*sys.modules}"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lib")}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (told.returncode, told.stderr) == (0, b"")


def test_process_survives_a_code_page_that_lacks_signs(tmp_path: Path) -> None:
    told = umdiag("report", "→é中.yml", cwd=tmp_path, env={"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"})
    assert told.returncode == 2
    assert "there is no such parameter file" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.skipif(os.name == "nt", reason="a pipe that is closed before the start is POSIX")
@pytest.mark.parametrize("words", ["--version", "--help"])
def test_closed_pipe_is_no_error(words: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        told = umdiag(words, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (told.returncode, told.stderr) == (0, "")


def test_output_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from umdiag.commands import saying

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("builtins.print", refuse)
    monkeypatch.setattr(saying, "close_output", lambda: None)
    with pytest.raises(CallError, match=r"standard output cannot be written \(Input/output error\)"):
        saying.say("x")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux")
@pytest.mark.parametrize("words", [["--version"], ["scenarios"], ["report", "--help"]])
def test_full_disk_behind_the_output_is_exit_code_4_and_one_line(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        told = umdiag(*words, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert told.returncode == 4
    assert told.stderr.startswith("umdiag: a disk is full (No space left on device): make room")
    assert told.stderr.count("\n") == 1


# --- completion ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shell", "typed", "offered"),
    [
        ("bash", "umdiag sc", ["scenarios"]),
        ("bash", "umdiag report --fail-on n", ["never"]),
        ("bash", "umdiag report --only m", ["machine", "missed_machines"]),
        ("bash", "umdiag docs machine_dis", ["machine_disconnected"]),
        ("zsh", "umdiag sc", ["scenarios"]),
        ("fish", "umdiag sc", ["scenarios"]),
        ("pwsh", "umdiag sc", ["scenarios"]),
    ],
)
def test_every_shell_is_offered_what_may_follow(shell: str, typed: str, offered: list[str]) -> None:
    words = typed.split()
    asked = {
        "_UMDIAG_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": typed,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
    }
    told = umdiag(env=asked)
    assert told.stderr == ""
    found = re.findall(r"^\W*([a-z_]+)", told.stdout.replace("_arguments '*: :((", ""), re.MULTILINE)
    assert [name for name in found if name.startswith(words[-1])] == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_of_a_shell_can_be_shown(shell: str) -> None:
    told = umdiag(env={"_UMDIAG_COMPLETE": f"source_{shell}"})
    assert (told.returncode, told.stderr) == (0, "")
    assert f"complete_{shell}" in told.stdout
