"""Accept what a report found: write an entry of the file that the parameter `accepted` names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from umdiag.errors import CallError, ParameterError
from umdiag.judging.accepting import Acceptance, Acceptances
from umdiag.judging.records import read_diagnoses
from umdiag.model import Finding
from umdiag.parameters.accepted import Entry, add_entry
from umdiag.words.counting import counted
from umdiag.words.shortening import shortened

_SHOWN = 5


def accept(report: Path, entry: Entry, file: Path) -> Iterator[str]:
    """Write the entry at the end of `file`, and yield what it accepts of this report.

    Raises CallError for a folder that is no report and for an entry that accepts nothing of it,
    ParameterError for a scenario or cause that is not there and for a day that is over.
    """
    asked_at, findings = _read(report, entry["scenario"])
    if entry["until"] is not None and entry["until"] < asked_at.astimezone(UTC).date():
        day = f"{asked_at:%Y-%m-%d}"
        raise ParameterError("until", entry["until"].isoformat(), f"is over; the report is of {day}")
    acceptances = Acceptances([Acceptance(**entry)], asked_at)
    accepted = [finding for finding in acceptances.mark(entry["scenario"], findings) if finding.accepted]
    if not accepted:
        raise CallError(f"{entry['scenario']}: this matches no finding of the report; {_there(findings)}")
    add_entry(file, entry)
    names = ", ".join(shortened(finding.subject.name) for finding in accepted[:_SHOWN])
    more = f" and {len(accepted) - _SHOWN:,} more" if len(accepted) > _SHOWN else ""
    yield f"wrote {file}: accepts {counted(len(accepted), 'finding')} of this report: {names}{more}"
    yield f"Next: have the line  accepted: {file.as_posix()}  in the parameter file, and run the report again"


def _read(report: Path, scenario: str) -> tuple[datetime, Sequence[Finding]]:
    """Return when a report was asked for, and what it found of a scenario."""
    try:
        told = json.loads((report / "findings.json").read_text(encoding="utf-8"))
        judged = read_diagnoses(report).get(scenario)
        asked_at = datetime.fromisoformat(told["asked_at"])
    except (OSError, ValueError, KeyError, TypeError):
        raise CallError(f"{report}: is not a report of this version, name the folder of one") from None
    return asked_at, () if judged is None else judged.findings


def _there(findings: Sequence[Finding]) -> str:
    if not findings:
        return "it has no finding of this scenario"
    told = dict.fromkeys(f"{finding.cause} {shortened(finding.subject.name)}" for finding in findings)
    more = f" and {len(told) - _SHOWN:,} more" if len(told) > _SHOWN else ""
    return f"it has {', '.join(list(told)[:_SHOWN])}{more}"
