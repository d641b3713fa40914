"""The report's data files on disk: JSON that is strict, CSV that is safe to open, neither ever half."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from umdiag.judging.verdicts import worst_first
from umdiag.model import Diagnosis, Finding
from umdiag.words.files import private_file, write_private
from umdiag.words.plain import plain
from umdiag.words.shortening import harmless, shortened

FINDING_COLUMNS = (
    "family",
    "scenario",
    "cause",
    "severity",
    "kind",
    "subject",
    "id",
    "evidence",
    "first_step",
    "source",
    "accepted",
)

#: What a spreadsheet takes for the begin of a formula (contract §5), in whatever width it is written.
_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋﬩−"
#: Where a cell begins: at its start, and, where semicolons or tabs separate cells, behind those. There quotes
#: that protect a cell from commas protect nothing, and a line break in it ends the row.
_FORMULA = re.compile(rf"(?:^|(?<=[;\t\n]))(?=[\s\"\u200b-\u200f\u2060\ufeff]*[{_SIGNS}])|^(?=\t)")
_BREAK = re.compile("\r\n?")
_MOST_EVIDENCE = 300
#: Signs that a cell of a spreadsheet holds.
_MOST_OF_CELL = 32_767


def write_json(path: Path, content: object) -> None:
    """Write strict JSON, one finding a line, under its final name only when whole."""
    text = "".join(_lines(content, 4)) + "\n"
    write_private(path, text.encode("utf-8", "replace"))


def write_findings_csv(path: Path, diagnoses: Sequence[Diagnosis]) -> None:
    """Write one row per finding, in the order of the report."""
    rows = (
        (
            diagnosis.family,
            diagnosis.scenario,
            finding.cause,
            finding.severity.value,
            finding.subject.kind,
            finding.subject.name,
            finding.subject.id,
            summary(finding.evidence),
            next(iter(finding.resolution), ""),
            finding.source,
            _accepted(finding),
        )
        for diagnosis in diagnoses
        for finding in worst_first(diagnosis.findings)
    )
    _write_csv(path, FINDING_COLUMNS, rows)


def write_machines_csv(path: Path, machines: pd.DataFrame) -> None:
    """Write one row per machine; times are ISO in UTC, what is not known is empty."""
    columns = [[_cell(value) for value in machines[name].astype(object)] for name in machines.columns]
    _write_csv(path, list(machines.columns), zip(*columns, strict=True))


def summary(evidence: Mapping[str, Any]) -> str:
    """Put evidence on one line of limited length."""
    parts = []
    for key, value in evidence.items():
        value = plain(value)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        parts.append(f"{key}: {' '.join(text.split())}")
    line = "; ".join(parts)
    return shortened(line, _MOST_EVIDENCE)


def _lines(value: Any, depth: int, indent: str = "") -> Iterator[str]:
    """Spread the outer `depth` levels over lines and leave the rest to json's fast encoder."""
    inner = indent + " "
    if depth and value and isinstance(value, dict):
        yield "{\n"
        for number, (key, item) in enumerate(value.items()):
            yield f"{',' + chr(10) if number else ''}{inner}{json.dumps(key)}: "
            yield from _lines(item, depth - 1, inner)
        yield f"\n{indent}}}"
    elif depth and value and isinstance(value, list):
        yield "[\n"
        for number, item in enumerate(value):
            yield f"{',' + chr(10) if number else ''}{inner}"
            yield from _lines(item, depth - 1, inner)
        yield f"\n{indent}]"
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)


def _accepted(finding: Finding) -> str:
    """Say until when a finding is accepted and why, "" for one that is not."""
    if finding.accepted is None:
        return ""
    until = finding.accepted.until
    return f"{f'until {until}' if until else 'for good'}: {finding.accepted.why}"


def _cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with (
        private_file(path) as file,
        io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows([_disarmed(cell) for cell in row] for row in rows)


def _disarmed(cell: str) -> str:
    return shortened(_FORMULA.sub("'", harmless(_BREAK.sub("\n", cell))), _MOST_OF_CELL)
