"""One machine for a reader: what is known of it, and every finding on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.model import Diagnosis, Finding
from umdiag.show.blocks import Block, badge, counted, esc, listing, note, spoken, words
from umdiag.show.diagnoses import finding_lines, sentence

_STATES = {
    "unknown": "cannot be told: its workspace is silent",
    "disconnected": "disconnected: no heartbeat for too long",
    "not_assessed": "never assessed in the window",
    "assessment_stale": "its newest assessment is too old",
    "non_compliant": "critical or security updates are missing",
    "compliant": "compliant",
}
_SHOWN = {
    "workspace": "workspace",
    "os_type": "operating system",
    "environment": "environment",
    "source_computer_id": "agent id",
    "resource_id": "ARM id",
    "last_heartbeat": "last heartbeat",
    "last_assessed": "last assessed",
    "missing_critical": "missing critical updates",
    "missing_security": "missing security updates",
    "missing_other": "missing other updates",
    "unapproved_security": "security updates not approved",
    "reboot_pending": "restart pending",
}
_MOST_ROWS = 5


def machine(machines: pd.DataFrame | None, *, computer: str, diagnoses: Sequence[Diagnosis]) -> Block:
    """Show what is known of `computer` and every finding that names it.

    `machines`: one row per machine, or None where the population could not be seen.
    """
    if not computer.strip():
        return note("No machine has a finding. Name one in the parameter computers to look at it.")
    folded = computer.strip().casefold()
    body = ""
    if machines is None:
        own = pd.DataFrame()
        body += "<p>The machines of the workspaces could not be seen.</p>"
    else:
        own = machines[machines["computer"].astype("string").fillna("").str.strip().str.casefold() == folded]
        if own.empty:
            body += f"<p>None of {counted(len(machines), 'machine')} in the logs has this name.</p>"
        if len(own) > 1:
            body += f"<p>{counted(len(own), 'different machine')} bear this name.</p>"
    for row in own.head(_MOST_ROWS).to_dict("records"):
        body += _facts(row)
    found = [(one, finding) for one in diagnoses for finding in one.findings if _is(finding, folded, own)]
    return Block(_answer(computer, own, found) + body + _found(found))


def _answer(computer: str, own: pd.DataFrame, found: Sequence[tuple[Diagnosis, Finding]]) -> str:
    state = str(own["state"].iloc[0]) if len(own) else ""
    said = f"<p><b>{esc(words(computer))}</b>: {esc(_STATES.get(state, 'state not known'))}"
    said += f"; {counted(len(found), 'finding')} on it.</p>"
    if found:
        one, finding = min(found, key=lambda pair: pair[1].severity.rank)
        most = esc(sentence(one.scenario, finding.cause))
        said += f"<p>{badge(finding.severity)} <b>Most urgent:</b> {most}</p>"
        if finding.resolution:
            said += f"<p><b>Do first:</b> {esc(finding.resolution[0])}</p>"
    return f'<div class="um-answer um-{"problem" if found else "unknown"}">{said}</div>'


def _facts(row: dict[Any, Any]) -> str:
    state = str(row.get("state", ""))
    rows = [("state", badge(spoken(state), _kind(state)) + " " + esc(_STATES.get(state, "")))]
    rows += [
        (esc(said), esc(words(row[key])))
        for key, said in _SHOWN.items()
        if words(row.get(key)) not in ("", "—")
    ]
    return listing(("What", "Known"), rows)


def _kind(state: str) -> str:
    return {"compliant": "healthy", "non_compliant": "high", "unknown": "unknown"}.get(state, "medium")


def _found(found: Sequence[tuple[Diagnosis, Finding]]) -> str:
    if not found:
        return "<p>No finding names it.</p>"
    body = f"<h3>{counted(len(found), 'finding')} on it</h3>"
    for one, finding in sorted(found, key=lambda pair: pair[1].severity.rank):
        body += f"<h4>{esc(one.title)} {esc(sentence(one.scenario, finding.cause))}</h4>"
        body += finding_lines([finding], named=False)
    return body


def _is(finding: Finding, folded: str, own: pd.DataFrame) -> bool:
    if finding.subject.kind != "machine":
        return False
    if finding.subject.name.strip().casefold() == folded:
        return True
    known = (
        set()
        if own.empty
        else {str(id_).casefold() for id_ in own["subject_id"] if words(id_) not in ("", "—")}
    )
    return finding.subject.id.casefold() in known
