"""`make new-scenario`: skeletons that pass every check but for what is left to be filled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import new_scenario
from support.unfilled import unfilled

# A checkout of its own, whose tests are collected again and again.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("new scenario")]

ROOT = Path(__file__).parent.parent
TITLE = "Which machines wait for a restart?"
#: What a scenario with a frame of its own leaves to be filled, and one with a query and without a title.
LEFT = {
    "lib/umdiag/scenarios/assessment/restart_pending.py",
    "lib/umdiag/frames/pending_restarts.py",
    "tests/cases/restart_pending.yml",
    "tests/fleet/faults/restart_pending.py",
    "lib/umdiag/scenarios/update_runs/run_never_ends.py",
    "lib/umdiag/queries/logs/endless_runs.kql",
    "tests/cases/run_never_ends.yml",
    "tests/fleet/faults/run_never_ends.py",
    "notebooks/update_runs.ipynb",
    "CHANGELOG.md",
}
WRONG = {
    ("Restart", "quota"): "NAME=Restart: small letters",
    ("class", "quota"): "NAME=class: small letters",
    ("", "quota"): "NAME=: small letters",
    ("restart_pending", ""): "FAMILY=: there are quota, assessment,",
    ("restart_pending", "quotas"): "FAMILY=quotas: there are quota, assessment,",
    ("cap_ahead", "quota"): "NAME=cap_ahead: there is a scenario of that name",
    ("restart_pending", "quota", "--frame", "machines"): "machines: there is a query or frame of that name",
    (
        "restart_pending",
        "quota",
        "--query",
        "heartbeats",
    ): "heartbeats: there is a query or frame of that name",
    ("restart_pending", "quota", "--query", "a1", "--frame", "b1"): "start with one of them",
    ("restart_pending", "quota", "--title", "Restarts"): "ending with a question mark",
    ("restart_pending", "quota", "--cause", "Off"): "CAUSE=Off: small letters",
}


def run(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    given["PYTHONPATH"] = os.pathsep.join([str(checkout / "lib"), str(checkout / "tests")])
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, cwd=checkout, env=given, capture_output=True, encoding="utf-8", check=False, timeout=300
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the script writes to and reads, and write two scenarios there."""
    copy = tmp_path_factory.mktemp("checkout")
    passing = shutil.ignore_patterns("__pycache__", "node_modules", ".ipynb_checkpoints")
    for folder in ("lib", "tests", "notebooks"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=passing)
    for name in ("README.md", "CHANGELOG.md", "pyproject.toml", "report.png"):
        shutil.copy(ROOT / name, copy / name)
    words = ("restart_pending", "assessment", "--title", TITLE, "--frame", "pending_restarts")
    for call in (words, ("run_never_ends", "update_runs", "--query", "endless_runs", "--cause", "hangs")):
        done = run(copy, "support.new_scenario", *call)
        assert done.returncode == 0, done.stderr
        assert "Left to be filled:" in done.stdout
    return copy


def test_skeletons_pass_format_and_lint(checkout: Path) -> None:
    files = [name for name in LEFT if name.endswith(".py")]
    for words in (["format", "--check"], ["check"]):
        done = run(checkout, "ruff", *words, "--no-cache", *files, "notebooks")
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_skeletons_pass_types(checkout: Path) -> None:
    done = run(checkout, "mypy", "--cache-dir", os.devnull)
    assert done.returncode == 0, done.stdout


def test_each_unfilled_place_fails_once_and_names_file_and_line(checkout: Path) -> None:
    wanted = unfilled(checkout)
    assert set(wanted) == LEFT
    chosen = "filled or restart_pending or run_never_ends or endless_runs or pages_are_fresh"
    modules = ("unfilled", "scenarios", "notebooks", "docs")
    done = run(
        checkout, "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-m", "not slow", "-k", chosen,
        *(f"tests/test_{name}.py" for name in modules),
    )  # fmt: skip
    failed = re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
    assert sorted(failed) == sorted(f"tests/test_unfilled.py::test_place_is_filled[{name}]" for name in LEFT)
    for lines in wanted.values():
        for line in lines:
            assert re.match(r"[\w./-]+:\d+: \S", line)
            assert line in done.stdout


def test_cells_stand_after_the_family_s_last_scenario(checkout: Path) -> None:
    before = (ROOT / "notebooks/assessment.ipynb").read_text(encoding="utf-8")
    after = (checkout / "notebooks/assessment.ipynb").read_text(encoding="utf-8")
    heading, cell = after.index(f'"## {TITLE}"'), after.index('kit.diagnosis(\\"restart_pending\\")')
    assert heading < cell < after.index('"next"')
    assert len(after.splitlines()) - len(before.splitlines()) == 18


def test_changelog_has_the_lines_under_what_is_not_released(checkout: Path) -> None:
    text = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.count("## [Unreleased]") == 1
    news = text.partition("## [Unreleased]")[2].partition("\n## ")[0]
    assert f"- New scenario `restart_pending`: {TITLE}\n" in news
    assert "- New scenario `run_never_ends`: " in news


def test_nothing_is_written_over(checkout: Path) -> None:
    (checkout / "tests/cases/another.yml").write_text("mine", encoding="utf-8")
    done = run(checkout, "support.new_scenario", "another", "quota")
    (checkout / "tests/cases/another.yml").unlink()
    assert done.returncode == 1
    assert done.stderr == "tests/cases/another.yml: is there already\n"
    assert not (checkout / "lib/umdiag/scenarios/quota/another.py").exists()


@pytest.mark.parametrize(("words", "message"), WRONG.items(), ids=WRONG.values())
def test_wrong_call_is_refused(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        new_scenario.main(words)
    assert left.value.code == 2
    assert message in capsys.readouterr().err
