"""`umdiag init`: what a user begins with, in a folder that may hold work already."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import typer.main

from umdiag import starter
from umdiag.__main__ import app, execute
from umdiag.parameters import read
from umdiag.report.notebooks import find_notebooks

NOTEBOOKS = sorted(f"notebooks/{name}.ipynb" for name in find_notebooks())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_empty_folder_gets_the_example_and_the_notebooks(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["init"]) == 0
    assert files(folder) == [*NOTEBOOKS, "parameters/example.yml"]
    said = capsys.readouterr().out.replace("\\", "/")
    assert sorted(re.findall("^wrote (.+)$", said, re.M)) == files(folder)
    assert "parameters/example.yml, then umdiag doctor" in said.splitlines()[-1]
    # Where the schema lies is true in a checkout alone.
    assert "$schema" not in (folder / "parameters/example.yml").read_text(encoding="utf-8")


def test_demo_can_be_reported_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["init", "ops", "--demo"]) == 0
    next_step = capsys.readouterr().out.replace("\\", "/").splitlines()[-1]
    assert next_step == "Next: umdiag report ops/parameters/demo.yml"
    assert read(Path("ops/parameters/demo.yml")).snapshot == folder / "ops" / "parameters" / "demo"
    source = starter.home() / "parameters"
    for name in (*files(source / "demo"), "../demo.yml"):
        assert (folder / "ops/parameters/demo" / name).read_bytes() == (source / "demo" / name).read_bytes()


def test_what_is_there_is_kept_and_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("parameters/example.yml", "parameters/demo/mine.csv", "notebooks/quota.ipynb"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine", encoding="utf-8")
    assert execute(["init", "--demo"]) == 0
    said = capsys.readouterr().out.replace("\\", "/")
    kept = re.findall("^kept  (.+), it was there already$", said, re.M)
    assert kept == ["parameters/example.yml", "parameters/demo", "notebooks/quota.ipynb"]
    assert files(folder / "parameters") == ["demo.yml", "demo/mine.csv", "example.yml"]
    assert (folder / "notebooks/quota.ipynb").read_text(encoding="utf-8") == "mine"
    assert (folder / "notebooks/overview.ipynb").stat().st_size > 1000


def test_folder_in_the_place_of_a_file_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "parameters/example.yml").mkdir(parents=True)
    assert execute(["init"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(
        r"umdiag: parameters.example\.yml: a folder has this name; move it, or name another folder\n",
        said.err,
    )


def test_second_call_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    execute(["init", "--demo"])
    capsys.readouterr()
    assert execute(["init", "--demo"]) == 0
    assert "wrote" not in capsys.readouterr().out


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_folder_that_cannot_be_written_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (folder / "taken").write_text("a file", encoding="utf-8")
    assert execute(["init", place]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"umdiag: \S*taken\S+: cannot be written \(.+\); name another folder\n", said.err)


def test_interrupted_copy_leaves_nothing_half_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = 0
    copyfile = shutil.copyfile

    def stop_in_the_demo(source: Path, target: Path) -> None:
        nonlocal copied
        copied += 1
        if copied == 6:
            raise KeyboardInterrupt
        copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", stop_in_the_demo)
    assert execute(["init", "--demo"]) == 130
    assert files(folder) == ["parameters/demo.yml", "parameters/example.yml"]
    assert list((folder / "parameters").glob(".*")) == []


@pytest.mark.parametrize("command", sorted(typer.main.get_command(app).commands))  # type: ignore[attr-defined]
def test_help_names_no_file_that_need_not_be_there(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert execute([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert command in said
    assert not re.findall(r"\b(?:parameters|notebooks)/\S+|\S+\.(?:yml|ipynb)\b", said)


def test_missing_parameter_file_points_to_init(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["report", "parameters/demo.yml"]) == 2
    assert "there is no such parameter file; umdiag init writes an example" in capsys.readouterr().err
