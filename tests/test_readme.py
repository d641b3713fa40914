"""The README tells the truth: its files and links are there, and it stays short."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_picture_and_links_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    assert len(links) >= 5
    assert [place for place in (*pictures, *links) if not (ROOT / place).is_file()] == []


def test_readme_is_read_in_a_minute() -> None:
    assert len(README.splitlines()) < 100, "what is longer is a page of lib/umdiag/docs"
