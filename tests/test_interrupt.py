"""A run that is ended from outside: back at the prompt at once, no kernel left, the old report as it was."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from support.patience import heard, patient

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

HEARTBEATS = (
    "TimeGenerated,Computer,SourceComputerId\n"
    "2026-11-20T11:00:00Z,web-1,11111111-1111-1111-1111-111111111111\n"
)
#: The command line, with the notebooks of this test, and a mark where the run is when it hangs.
PROGRAM = """
import sys, time
from pathlib import Path
from umdiag import __main__ as command
from umdiag.kit import Kit
from umdiag.report import job

def fetch(self, *given, **named):
    Path("hanging").touch()
    time.sleep(600)

if sys.argv.pop(1) == "fetch":
    Kit.fetch = fetch
job.find_notebooks = lambda: {"overview": Path("nb/overview.ipynb"), "quota": Path("nb/quota.ipynb")}
command.main()
"""
HANG = "from pathlib import Path\nPath('../hanging').touch()\nimport time\ntime.sleep(600)"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a snapshot, two notebooks (one hangs), parameters and an earlier report."""
    for name in ("csv", "nb", "report"):
        (tmp_path / name).mkdir()
    (tmp_path / "csv" / "Heartbeat.csv").write_text(HEARTBEATS)
    (tmp_path / "csv.yml").write_text("source: snapshot\nsnapshot: csv\n")
    (tmp_path / "report" / "findings.json").write_text('{"schema": "umdiag/findings/1"}')
    (tmp_path / "program.py").write_text(PROGRAM)
    for name, source in (("overview", HANG), ("quota", "1")):
        cells = [
            nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(source),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "nb" / f"{name}.ipynb")
    return tmp_path


@pytest.fixture
def started(place: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command in a session of its own, as a terminal does, and wait until it hangs."""
    runs: list[subprocess.Popen[str]] = []

    def start(where: str, *before: str) -> subprocess.Popen[str]:
        command = [
            *before,
            sys.executable,
            "program.py",
            where,
            "report",
            "csv.yml",
            "--quiet",
            "-o",
            "report",
            "--jobs",
            "2",
        ]
        environment = os.environ | {
            "TMPDIR": str(place),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        run = subprocess.Popen(
            command,
            cwd=place,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=heard,
        )
        runs.append(run)
        deadline = time.monotonic() + patient(60)
        while not (place / "hanging").exists():
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < deadline, "the run did not come to the place where it hangs"
            time.sleep(0.05)
        return run

    yield start
    for run in runs:
        if run.poll() is None:
            run.kill()
        run.communicate()


def assert_nothing_is_left(place: Path, kernels: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(kernels, timeout=patient(1))
    assert alive == []
    assert [path.name for path in (place / "report").iterdir()] == ["findings.json"]
    left = {path.name for path in place.iterdir()}
    assert left == {"csv", "csv.yml", "hanging", "nb", "program.py", "report"}


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("fetch", signal.SIGINT),
        ("notebooks", signal.SIGHUP),
        pytest.param("fetch", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("fetch", signal.SIGHUP, marks=pytest.mark.slow),
        pytest.param("notebooks", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("notebooks", signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_interrupted_run_ends_at_once_and_leaves_nothing(place, started, where, number):
    run = started(where)
    kernels = psutil.Process(run.pid).children(recursive=True)
    assert bool(kernels) is (where == "notebooks")
    os.killpg(run.pid, number)
    _, said = run.communicate(timeout=patient(2))
    assert run.returncode == 130
    assert said.endswith("umdiag: interrupted\n")
    assert "Traceback" not in said
    assert_nothing_is_left(place, kernels)


@pytest.mark.slow
def test_closed_terminal_that_takes_no_word_stops_no_cleaning_up(place, started):
    run = started("notebooks")
    kernels = psutil.Process(run.pid).children(recursive=True)
    run.stderr.close()
    run.stderr = None  # nothing is read from it at the end
    os.killpg(run.pid, signal.SIGHUP)
    assert run.wait(timeout=patient(2)) == 130
    assert_nothing_is_left(place, kernels)


@pytest.mark.skipif(shutil.which("nohup") is None, reason="nohup is not there")
def test_run_that_was_told_to_outlive_its_terminal_does(place, started):
    run = started("fetch", "nohup")
    os.killpg(run.pid, signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        run.wait(timeout=1)
    os.killpg(run.pid, signal.SIGTERM)
    assert run.wait(timeout=patient(2)) == 130


@pytest.mark.slow
def test_impatient_user_breaks_nothing(place, started):
    run = started("notebooks")
    kernels = psutil.Process(run.pid).children(recursive=True)
    for _ in range(5):
        os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.05)
    run.communicate(timeout=patient(10))
    assert run.returncode == 130
    assert_nothing_is_left(place, kernels)


def test_killed_run_leaves_the_earlier_report_and_no_kernel(place, started):
    run = started("notebooks")
    kernels = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.communicate(timeout=patient(10))
    _, alive = psutil.wait_procs(kernels, timeout=patient(10))
    assert alive == []
    assert [path.name for path in (place / "report").iterdir()] == ["findings.json"]
