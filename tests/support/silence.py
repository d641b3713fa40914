"""What of a diagnosis changes without a word, when a part of its rows is taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from umdiag.kit import Kit
from umdiag.model import Diagnosis, Verdict

#: States of machines that say that their updates are known.
CLEAR = ("compliant", "non_compliant")
#: (scenario, table) where a finding may come on a subject that had none, saying what was not checked.
APPEARS = {
    # A later assessment that only this table tells of may have put it right.
    *(
        (name, "UpdateSummary")
        for name in (
            "assessment_failed",
            "defender_definition_missing",
            "installed_update_replaced",
            "machine_non_compliant",
            "superseded_update_missing",
            "update_not_installing",
            "wsus_not_approved",
        )
    ),
    ("assessment_failed", "Update"),
    # Whether its workspace was stopped just now.
    ("machine_stuck_configuring", "workspaces"),
    # Whether its scans fail, which another scenario says better.
    ("assessment_stale", "Event"),
    # A machine that bears no time of its creation may have been created after the run.
    ("scheduled_run_missed_machine", "resourcechanges"),
    # A workspace is then known by its id.
    ("ingestion_gap", "workspaces"),
    ("workspace_over_quota", "workspaces"),
    ("cap_ahead", "workspaces"),
    ("linux_classification_mismatch", "workspaces"),
    # Where changes were not seen, the absence of a resource has to tell that it was deleted.
    ("machine_disconnected", "resourcechanges"),
    ("scheduled_run_missed_machine", "resourcechanges"),
    ("assignment_points_nowhere", "resourcechanges"),
    # Whether changes reach back to its newest sign of life, an installation.
    ("scheduled_run_missed_machine", "patchinstallationresources"),
    # Whether the machine was deleted since, or is not shown at all: then its runs are not reported.
    ("windows_run_failed", "resources"),
    ("windows_run_failed", "resourcecontainers"),
    ("run_failed_to_start", "resources"),
    # Only the id of its resource ties the heartbeats of a machine to assessments under another name.
    ("machine_not_in_update_management", "Heartbeat"),
}
Told = Mapping[tuple[str, str], list[str]]


def told(diagnosis: Diagnosis) -> Told:
    """Return what was not checked, by the cause and the subject of each finding."""
    return {
        (finding.cause, finding.subject.name): list(finding.evidence.get("not_checked", ()))
        for finding in diagnosis.findings
    }


def silent_changes(before: Diagnosis, after: Diagnosis, table: str) -> Iterator[str]:
    """Yield what changed without a word on the table that was taken away."""
    said = table in after.reason
    # What was not asked for want of rows is asked where it cannot be told whether there are any.
    known_bad = before.verdict not in (Verdict.HEALTHY, Verdict.NOT_ASKED)
    if known_bad and after.verdict is Verdict.HEALTHY:
        yield f"{before.verdict} became HEALTHY"
    if before.verdict not in (after.verdict, Verdict.NOT_ASKED) and not said:
        yield f"{before.verdict} became {after.verdict}"
    known, now = told(before), told(after)
    # Without the table that names it, a subject may be known by another name.
    names = {finding.subject.id.casefold(): finding.subject.name for finding in after.findings}
    there = {name for _, name in known} | {names.get(one.subject.id.casefold()) for one in before.findings}
    for finding in now.keys() - known.keys():
        subject = finding[1] in there
        if not any(table in gap for gap in now[finding]):
            yield f"{finding} appeared"
        elif not subject and (after.scenario, table) not in APPEARS:
            yield f"{finding} appeared on a subject that had none, though it says what was not checked"
    if known.keys() - now.keys() and not said:
        yield f"{sorted(known.keys() - now.keys())} vanished"


def states_of(kit: Kit) -> Mapping[str, str]:
    """Return the state of each machine."""
    machines = kit.machine_table()
    return dict(zip(machines["computer"] + machines["source_computer_id"], machines["state"], strict=True))


def cleared(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield the machines whose updates seem to be known now, and were another way before."""
    for machine, state in after.items():
        if state in CLEAR and before.get(machine, state) != state:
            yield f"{machine} was {before[machine]} and is {state}"
