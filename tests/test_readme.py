"""The README tells the truth: its tables are those of the code, its files and links are there."""

from __future__ import annotations

import re
from pathlib import Path

from support import readme

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_tables_are_fresh() -> None:
    assert readme.with_tables(README) == README, "run make fix"


def test_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_named_files_exist() -> None:
    named = set(re.findall(r"`((?:lib|notebooks|parameters|tests)/[\w./-]*)`", README))
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()
