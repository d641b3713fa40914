"""Answer `umdiag explain`: tell what was given (scenario, code, text, logs, standard input), explain it."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from umdiag.errors import CallError
from umdiag.explain import as_json, inputs, overview, unknowing, wording
from umdiag.explain.flattening import flat
from umdiag.explain.inputs import Reading, Source
from umdiag.explain.listing import listing
from umdiag.explain.patience import USUAL, Limits, Patient
from umdiag.explain.reading import Joined, blocks
from umdiag.explain.scanning import scan
from umdiag.knowledge.decoder import decode

# What is shorter is read as one text, so that a message may go over as many lines as it likes.
_SHORT = 8192
_NAME = re.compile(r"\s*[A-Za-z]+(?:[\s_-]+[A-Za-z]+){0,6}\s*")
_OPTION = re.compile(r"--?[a-z][a-z-]*")
_FILE = re.compile(r"\S*[/\\]\S*|\S+\.(?:log|txt|xml|json|csv|tsv|gz|evtx|etl|out|err)", re.IGNORECASE)


def answer(
    words: Sequence[str], width: int, limits: Limits = USUAL, *, listed: bool = False, form: str = "text"
) -> str:
    """Return the page for the words of the command line. Raises CallError for nothing, or no such file.

    `listed`: what is known, of the platform that the words name. `form` is text or json.
    """
    if listed:
        return listing(words, width)
    text = " ".join(words)
    if not text.strip():
        raise CallError(
            "explain: nothing was given; name a scenario, an error text, a code, a log file, or -"
        )
    if text.strip() == "-":
        return _from_stream(Patient(_standard_input, limits), width, limits, form)
    named = _NAME.fullmatch(text)
    if form == "text" and named and (page := _scenario(text, width)):
        return page
    if paths := _existing(words, text):
        return _files(paths, width, limits, form)
    if not decode(flat(text)):
        _raise_if_no_text(text, named=bool(named))
    return _text(text, width, form)


def _text(text: str, width: int, form: str) -> str:
    plain = flat(text)
    found = decode(plain)
    if form == "json":
        return as_json.of_text(found, plain)
    if not found:
        return unknowing.answer(plain, width)
    return "\n\n".join([wording.pages(found, width, plain), *unknowing.also(plain, width)])


def _files(paths: Sequence[Path], width: int, limits: Limits, form: str) -> str:
    alone = len(paths) == 1 and not paths[0].is_dir()
    found = [inputs.read(source, limits) for source in inputs.sources(paths)]
    if alone and found[0].refused:
        raise CallError(f"explain: {_refusal(found[0])}")
    if form == "json":
        return as_json.of_files(found)
    if not alone:
        return overview.page(found, width)
    if len(found[0].reports) > 1:
        return overview.page(found, width)
    return wording.report(found[0].reports[0][1], width)


def _refusal(reading: Reading) -> str:
    name, said = reading.source.name, reading.refused
    return said if said.startswith(name) else f"{name}: {said}"


def _raise_if_no_text(text: str, *, named: bool) -> None:
    """Raise CallError for what was meant as an option, a file or a scenario, and is none of these."""
    if _OPTION.fullmatch(text):
        raise CallError(f"explain: there is no option {text[:80]}; see umdiag explain --help")
    if _FILE.fullmatch(text):
        raise CallError(f"explain: there is no file {Path(text).name[:80]!r} to read")
    if named:
        _raise_if_near(text)


def _scenario(text: str, width: int) -> str:
    from umdiag.explain import pages  # these open pandas: only where a scenario may be meant
    from umdiag.scenarios import catalogue

    scenario = pages.find(text, catalogue())
    return pages.manual(scenario, width) if scenario else ""


def _raise_if_near(text: str) -> None:
    """Raise CallError for words that come near a scenario's name; any others are a text that is not known."""
    from umdiag.explain import pages
    from umdiag.scenarios import catalogue

    try:
        pages.choose(text, catalogue())
    except CallError as error:
        if "did you mean" in str(error) and not unknowing.unknown_codes(text):
            raise


def _existing(words: Sequence[str], text: str) -> list[Path]:
    """Return the files and folders that the words name: all of them together, or each."""
    try:
        if Path(text).exists():
            return [Path(text)]
        paths = [Path(word) for word in words]
        return paths if len(paths) > 1 and all(path.exists() for path in paths) else []
    except (OSError, ValueError):  # too long, or signs that no file name has
        return []


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, ValueError, OSError):
        raise CallError("explain: there is no standard input to read") from None


def _from_stream(stream: Patient, width: int, limits: Limits, form: str) -> str:
    name = "standard input"
    try:
        head = stream.read(_SHORT + 1)
    except OSError as error:
        raise CallError(f"explain: {name}: it cannot be read ({error.strerror})") from None
    if len(head) > _SHORT:
        report = scan(Joined(head=head, rest=stream), name, limits)
        report = replace(report, cut=report.cut or stream.cut)
        source = Source(path=Path("-"), name=name, machine="")
        if form == "json":
            return as_json.of_files([Reading(source=source, reports=(("", report),))])
        return wording.report(report, width)
    parts = [*blocks(io.BytesIO(head), name)]
    text = b"".join(part.data for part in parts).decode("utf-8", "replace")
    cut = "; ".join(filter(None, [*(part.cut for part in parts), stream.cut]))
    if not text.strip():
        said = "gave no text" if any(part.cut for part in parts) else "is empty"
        raise CallError(f"explain: {name} {said}" + (f": {cut}" if cut else ""))
    page = _text(text, width, form)
    return f"{page}\n\n{name}: {cut}." if cut and form == "text" else page
