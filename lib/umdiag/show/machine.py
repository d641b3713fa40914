"""One machine for a reader: what is known of it, and every finding on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.model import Diagnosis, Finding
from umdiag.show.blocks import Block, note
from umdiag.show.findings import finding_table, sentence
from umdiag.show.markup import Html, badge, listing
from umdiag.show.places import Place, referring
from umdiag.show.urgency import leading, weight
from umdiag.show.values import spoken, words
from umdiag.words.counting import counted
from umdiag.words.services import CALLED

_STATES = {
    "unknown": "unknown: what decides its state was not seen",
    "disconnected": "disconnected: it is off, or sent no heartbeat for too long",
    "assessment_failed": "its newest assessment failed",
    "not_assessed": "never assessed in the window",
    "assessment_stale": "its newest assessment is too old",
    "non_compliant": "critical or security updates are missing",
    "compliant": "compliant",
    "not_managed": "no service patches it",
}
_SHOWN = {
    "service": "service",
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


def machine(population: pd.DataFrame | None, *, computer: str, diagnoses: Sequence[Diagnosis]) -> Block:
    """Show what is known of `computer` and every finding that names it.

    `population`: one row per machine of either service, or None where it could not be seen.
    """
    if not computer.strip():
        return note("No machine has a finding. Name one in the parameter computers to look at it.")
    folded = computer.strip().casefold()
    rows = pd.DataFrame() if population is None else population[_folded(population["computer"]) == folded]
    known = _known(rows, population)
    found = [
        (diagnosis, finding)
        for diagnosis in diagnoses
        for finding in diagnosis.findings
        if _is(finding, folded, rows)
    ]
    return Block(lambda place: _answer(computer, rows, found, place) + known + _found(found, place))


def _folded(names: pd.Series[Any]) -> pd.Series[Any]:
    return names.astype("string").fillna("").str.strip().str.casefold()


def _answer(
    computer: str, rows: pd.DataFrame, found: Sequence[tuple[Diagnosis, Finding]], place: Place
) -> Html:
    state = _STATES.get(str(rows["state"].iloc[0]) if len(rows) else "", "state unknown")
    lines = [Html("<b>{}</b>: {}; {}.").format(words(computer), state, counted(len(found), "finding"))]
    lead = leading([finding for _, finding in found])
    if lead is not None:
        scenario = next(diagnosis.scenario for diagnosis, finding in found if finding is lead)
        urgent = Html("{} <b>Most urgent:</b> {}")
        lines.append(urgent.format(badge(lead.severity), sentence(scenario, lead.cause)))
        if lead.resolution:
            step = referring(lead.resolution[0], place.address)
            lines.append(Html("<b>Do first:</b> {}").format(step))
    whole = Html('<div class="um-answer um-{}">{}</div>')
    return whole.format("problem" if found else "unknown", Html("<p>{}</p>").each(lines))


def _known(rows: pd.DataFrame, machines: pd.DataFrame | None) -> Html:
    """Say how many machines bear the name, and show what is known of each."""
    parts = []
    if machines is None:
        parts.append(Html("<p>The machines could not be seen.</p>"))
    elif rows.empty:
        none = Html("<p>None of {} has this name.</p>")
        parts.append(none.format(counted(len(machines), "machine")))
    if len(rows) > 1:
        parts.append(Html("<p>{} have this name.</p>").format(counted(len(rows), "different machine")))
    return Html("").join([*parts, *(_facts(row) for row in rows.head(_MOST_ROWS).to_dict("records"))])


def _facts(row: dict[Any, Any]) -> Html:
    state = str(row.get("state", ""))
    row = row | {"service": CALLED.get(str(row.get("service")), "")}
    facts = [(said, words(row.get(key))) for key, said in _SHOWN.items()]
    known = [fact for fact in facts if fact[1] not in ("", "—")]
    first = ("state", badge(spoken(state), _kind(state)) + " " + _STATES.get(state, ""))
    return listing(("Property", "Value"), [first, *known])


def _kind(state: str) -> str:
    return {"compliant": "healthy", "non_compliant": "high", "unknown": "unknown"}.get(state, "medium")


def _found(found: Sequence[tuple[Diagnosis, Finding]], place: Place) -> Html:
    if not found:
        return Html("<p>There is no finding on this machine.</p>")
    parts = [Html("<h3>{}</h3>").format(counted(len(found), "finding"))]
    for diagnosis, finding in sorted(found, key=lambda pair: weight(pair[1])):
        head = Html("<h4>{} {}</h4>").format(diagnosis.title, sentence(diagnosis.scenario, finding.cause))
        parts.append(head + finding_table(diagnosis.scenario, [finding], place, named=False))
    return Html("").join(parts)


def _is(finding: Finding, folded: str, rows: pd.DataFrame) -> bool:
    if finding.subject.kind != "machine":
        return False
    if finding.subject.name.strip().casefold() == folded:
        return True
    ids = () if rows.empty else rows["subject_id"]
    known = {str(id_).casefold() for id_ in ids if words(id_) not in ("", "—")}
    return finding.subject.id.casefold() in known
