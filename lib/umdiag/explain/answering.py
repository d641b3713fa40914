"""Answer `umdiag explain`: tell what was given (scenario, code, text, log, standard input) and explain it."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from umdiag.errors import CallError
from umdiag.explain import wording
from umdiag.explain.patience import USUAL, Limits, Patient
from umdiag.explain.reading import Joined, blocks
from umdiag.explain.scanning import scan
from umdiag.knowledge.decoder import decode

# What is shorter is read as one text, so that a message may go over as many lines as it likes.
_SHORT = 8192
_NAME = re.compile(r"\s*[A-Za-z]+(?:[\s_-]+[A-Za-z]+){0,6}\s*")
_OPTION = re.compile(r"--?[a-z][a-z-]*")
_FILE = re.compile(r"\S*[/\\]\S*|\S+\.(?:log|txt|xml|json|csv|tsv|gz|evtx|etl|out|err)", re.IGNORECASE)


def answer(words: Sequence[str], width: int, limits: Limits = USUAL) -> str:
    """Return the page for the words of the command line. Raises CallError for nothing, or no such file."""
    text = " ".join(words)
    if not text.strip():
        raise CallError(
            "explain: nothing was given; name a scenario, an error text, a code, a log file, or -"
        )
    if text.strip() == "-":
        return _from_stream(Patient(_standard_input, limits), width, limits)
    named = _NAME.fullmatch(text)
    if named and (page := _scenario(text, width)):
        return page
    if path := _existing(text):
        return wording.report(scan(path, limits=limits), width)
    if found := decode(text):
        return wording.pages(found, width)
    if _OPTION.fullmatch(text):
        raise CallError(f"explain: there is no option {text[:80]}; see umdiag explain --help")
    if _FILE.fullmatch(text):
        raise CallError(f"explain: there is no file {Path(text).name[:80]!r} to read")
    if named:
        _raise_if_near(text)
    return wording.unknown(width)


def _scenario(text: str, width: int) -> str:
    from umdiag.explain import pages  # these open pandas: only where a scenario may be meant
    from umdiag.scenarios import catalogue

    scenario = pages.find(text, catalogue())
    return pages.manual(scenario, width) if scenario else ""


def _raise_if_near(text: str) -> None:
    """Raise CallError for a single word in small letters, or for words that come near a scenario's name.

    A word with capitals is an error's code, such as `OperationNotAllowed`.
    """
    from umdiag.explain import pages
    from umdiag.scenarios import catalogue

    try:
        pages.choose(text, catalogue())
    except CallError as error:
        if "did you mean" in str(error) or (text.islower() and len(text.split()) == 1):
            raise


def _existing(text: str) -> Path | None:
    try:
        path = Path(text)
        if path.is_dir():
            raise CallError(f"explain: {path.name!r} is a folder; name a file in it")
        return path if path.exists() else None
    except (OSError, ValueError):  # too long, or signs that no file name has
        return None


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, ValueError, OSError):
        raise CallError("explain: there is no standard input to read") from None


def _from_stream(stream: Patient, width: int, limits: Limits) -> str:
    name = "standard input"
    try:
        head = stream.read(_SHORT + 1)
    except OSError as error:
        raise CallError(f"explain: {name}: it cannot be read ({error.strerror})") from None
    if len(head) > _SHORT:
        report = scan(Joined(head=head, rest=stream), name, limits)
        return wording.report(replace(report, cut=report.cut or stream.cut), width)
    text = b"".join(block.data for block in blocks(io.BytesIO(head), name)).decode("utf-8", "replace")
    if not text.strip():
        raise CallError(f"explain: {name} is empty" + (f": {stream.cut}" if stream.cut else ""))
    found = decode(text)
    page = wording.pages(found, width) if found else wording.unknown(width)
    return f"{page}\n\n{name}: {stream.cut}." if stream.cut else page
