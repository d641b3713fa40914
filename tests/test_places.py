"""Places that are unkind: a full disk, no working folder, a plain locale, what killed runs left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import nbformat
import pytest

from support.patience import patient
from support.thinning import one_in
from umdiag.__main__ import execute
from umdiag.words import private
from umdiag.words.private import PrivateFolder

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX")
HEARTBEATS = (
    "TimeGenerated,Computer,SourceComputerId\n"
    "2026-11-20T11:00:00Z,web-1,11111111-1111-1111-1111-111111111111\n"
)
#: Longer than the path of a socket may be.
TEMPORARY = "temporary" * 12
#: The command line with the one notebook of this test.
PROGRAM = """
import sys
from pathlib import Path
from umdiag import __main__ as command
from umdiag.report import job
notebook = Path(sys.argv.pop(1))
job.find_notebooks = lambda: {"quota": notebook}
command.main()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a snapshot, a notebook, parameters and an earlier report."""
    for name in ("csv", "Berichte-ü", TEMPORARY):
        (tmp_path / name).mkdir()
    (tmp_path / "csv" / "Heartbeat.csv").write_text(HEARTBEATS, encoding="utf-8")
    (tmp_path / "csv.yml").write_text("source: snapshot\nsnapshot: csv\n", encoding="utf-8")
    (tmp_path / "Berichte-ü" / "findings.json").write_text('{"schema": "umdiag/findings/1"}')
    cell = nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "quota.ipynb")
    return tmp_path


def report(
    place: Path, *words: str, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(place / "quota.ipynb"), "report", *words]
    return subprocess.run(
        [*command, "--quiet", "--fail-on", "never"],
        env=os.environ
        | {"TMPDIR": str(place / TEMPORARY), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        | environment,
        preexec_fn=before,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=patient(120),
        check=False,
    )


@POSIX
@pytest.mark.parametrize("optimised", one_in(2, ["", "1"]))  # which compiles anew all that is imported
def test_report_is_written_without_a_working_folder_in_a_plain_locale_by_optimised_python(
    place: Path, optimised: str
) -> None:
    gone = place / "gone"
    gone.mkdir()

    def vanish() -> None:
        os.chdir(gone)
        gone.rmdir()

    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONOPTIMIZE": optimised}
    told = report(place, str(place / "csv.yml"), "-o", str(place / "Berichte-ü"), before=vanish, **plain)
    assert (told.returncode, told.stderr) == (0, "")
    written = json.loads((place / "Berichte-ü" / "findings.json").read_text(encoding="utf-8"))
    assert [notebook["status"] for notebook in written["notebooks"]] == ["succeeded"]
    assert list((place / TEMPORARY).iterdir()) == []


@POSIX
@pytest.mark.parametrize("words", [["csv.yml"], ["{place}/csv.yml", "-o", "out"]])
def test_relative_path_from_a_folder_that_is_gone_is_said_before_any_work(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    (place / "gone").mkdir()
    monkeypatch.chdir(place / "gone")
    (place / "gone").rmdir()
    monkeypatch.setattr("umdiag.kit.Kit.fetch", lambda *_, **__: pytest.fail("work was done"))
    assert execute(["report", *(word.format(place=place) for word in words)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("umdiag: the working folder is gone: change to one that is there")
    assert told.err.count("\n") == 1


@pytest.mark.slow
def test_python_without_docstrings_is_refused_in_words_to_act_on(place: Path) -> None:
    told = report(place, str(place / "csv.yml"), "-o", str(place / "out"), PYTHONOPTIMIZE="2")
    assert told.returncode == 2
    assert told.stderr.startswith(
        "umdiag: Python leaves out docstrings, which umdiag reads: unset PYTHONOPTIMIZE"
    )
    assert told.stderr.count("\n") == 1
    assert not (place / "out").exists()


# -- a full disk ---------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize(
    ("most", "said"),
    [
        (0, "no temporary folder can be written: make room"),
        pytest.param(
            2_000, "a disk is full (File too large): make room where reports", marks=pytest.mark.slow
        ),
        (200_000, "a disk is full (File too large): make room where reports"),
    ],
)
def test_full_disk_ends_a_report_with_4_and_leaves_the_earlier_whole(
    place: Path, most: int, said: str
) -> None:
    """The system's limit on the size of files stands for the disk: it refuses in the same way."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    told = report(place, str(place / "csv.yml"), "-o", str(place / "Berichte-ü"), before=limit)
    assert told.returncode == 4
    assert told.stderr.startswith(f"umdiag: {said}")
    assert told.stderr.count("\n") == 1
    assert [path.name for path in (place / "Berichte-ü").iterdir()] == ["findings.json"]
    assert [path.name for path in place.iterdir() if "partial" in path.name] == []
    assert list((place / TEMPORARY).iterdir()) == []


@pytest.mark.parametrize("words", [["init", "new", "--demo"], ["report", "csv.yml", "-o", "new"]])
def test_full_disk_is_no_wrong_call(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(place))

    monkeypatch.chdir(place)
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert execute(words) == 4
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert str(place) not in told.err


# -- what killed runs leave ----------------------------------------------------------------------

HOLDER = """
import time
from umdiag.words.private import PrivateFolder
folder = PrivateFolder()
print(folder.path, flush=True)
time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(private.tempfile, "tempdir", str(tmp_path))
    private._sweep.cache_clear()
    return tmp_path


def test_private_folder_of_a_killed_run_is_swept_and_that_of_a_live_run_is_not(
    temporary: Path, request: pytest.FixtureRequest
) -> None:
    environment = os.environ | {
        "TMPDIR": str(temporary),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    runs = []
    for _ in range(2):
        runs.append(
            subprocess.Popen(
                [sys.executable, "-c", HOLDER], env=environment, stdout=subprocess.PIPE, text=True
            )
        )
        request.addfinalizer(runs[-1].communicate)
        request.addfinalizer(runs[-1].kill)
    killed, live = (Path(run.stdout.readline().strip()) for run in runs)
    (killed / "spill").mkdir()
    (killed / "spill" / "rows").write_text("x")
    runs[0].kill()
    runs[0].wait()
    for name in ("umdiag-fleet", "other"):  # of somebody else
        (temporary / name).mkdir()
    mine = PrivateFolder()
    assert not killed.exists()
    assert live.is_dir()
    private._sweep.cache_clear()
    other = PrivateFolder()  # of the same process
    assert mine.path.is_dir()
    mine.remove()
    other.remove()
    assert sorted(path.name for path in temporary.iterdir()) == sorted([live.name, "other", "umdiag-fleet"])


def left(temporary: Path, held_by: bytes, age: timedelta) -> Path:
    """Return a folder that nobody locks, so old; `held_by` is the system that made it."""
    folder = temporary / "umdiag-left"
    folder.mkdir()
    owner = folder / ".owner"
    owner.write_bytes(held_by)
    made = time.time() - age.total_seconds()
    os.utime(owner, (made, made))
    return folder


@pytest.mark.parametrize("held_by", [b"another system", b""], ids=["another's", "nobody's"])
def test_private_folder_of_another_system_is_left_for_a_fortnight(temporary: Path, held_by: bytes) -> None:
    # Its lock may not be seen here: both may have the folder from a server that keeps no locks.
    young = left(temporary, held_by, timedelta(days=13))
    mine = PrivateFolder()
    assert young.is_dir()
    private._sweep.cache_clear()
    os.utime(young / ".owner", (0, 0))
    other = PrivateFolder()
    assert not young.exists()
    mine.remove()
    other.remove()


def test_private_folder_of_this_system_is_swept_at_once(temporary: Path) -> None:
    folder = left(temporary, private._system(), timedelta(0))
    PrivateFolder().remove()
    assert not folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
def test_owner_that_is_no_file_is_left_alone(temporary: Path) -> None:
    (temporary / "umdiag-pipe").mkdir()
    os.mkfifo(temporary / "umdiag-pipe" / ".owner")
    PrivateFolder().remove()
    assert (temporary / "umdiag-pipe" / ".owner").exists()


def test_private_folder_goes_with_who_holds_it(temporary: Path) -> None:
    folder = PrivateFolder()
    assert folder.path.parent == temporary
    if os.name != "nt":
        assert folder.path.stat().st_mode & 0o077 == 0
    del folder
    assert list(temporary.iterdir()) == []
