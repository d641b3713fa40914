"""Which machines lack critical or security updates?

Looks for:
    Update Management: machines that need an approved critical or security update, by their newest assessment.
    Updates that a later one of their series replaces are left out, and so are Defender definitions, which
    change daily. Azure Update Manager: machines whose newest assessment succeeded, is not stale and counts
    critical or security updates.

Why it matters:
    These are the machines that patching has not reached.

Cannot see:
    What the machine does not report: a stale assessment or a disconnected machine is not judged here. Which
    updates were counted, where Azure Update Manager cut the list of them. Update Management: Linux
    distributions of which ten or more packages are needed and none is ever classified critical or security:
    their machines cannot be judged (see linux_classification_mismatch).

Sources:
    https://learn.microsoft.com/azure/automation/update-management/query-logs (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/query-logs (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from umdiag.frames.needed_updates import cut_lists
from umdiag.frames.shared.text import among
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import (
    MACHINES,
    MANAGED,
    NAMES,
    UPDATE_MANAGEMENT,
    UPDATE_MANAGER,
    Rests,
)
from umdiag.scenarios.assessment._machine_findings import listed, subject, unknown_states, with_updates
from umdiag.scenarios.assessment._managed import (
    BEHIND_STATES,
    NOT_READ,
    described,
    judged,
    known,
    of_logs,
    refuse_unclear,
)
from umdiag.scenarios.evidence import SHOWN, or_none, undecided
from umdiag.scenarios.steps import in_update_management, in_update_manager, on_azure_vm, traits

MISSING = Cause(
    key="security_updates_missing",
    sentence="Critical or security updates are needed and not installed.",
    resolution=(
        in_update_management(
            "Check in missed_machines whether a deployment should have reached this machine, and why it did"
            " not."
        ),
        in_update_management(
            "Deploy the listed updates: Automation account > Update management > Schedule update deployment."
        ),
        in_update_management(
            "If a deployment ran, check that its classifications and exclusions let these updates through."
        ),
        in_update_manager(
            "If the evidence shows a next start, wait for that run; otherwise check in missed_machines "
            "which schedule"
            " should reach this machine, and why it does not."
        ),
        in_update_manager(
            "Install the listed updates now: Azure Update Manager > Machines > the machine > One-time update."
        ),
        *(
            on_azure_vm(
                "Or on the command line: az vm install-patches --ids <resource id> --maximum-duration PT2H"
                f" --reboot-setting IfRequired --classifications-to-include-{system} Critical Security.",
                os=name,
                service="update_manager",
            )
            for name, system in (("windows", "win"), ("linux", "linux"))
        ),
        in_update_manager(
            "If a run took the machine, check that the classes and exclusions of its schedule let these"
            " updates through."
        ),
    ),
    source="https://learn.microsoft.com/azure/automation/update-management/deploy-updates",
    manager_source="https://learn.microsoft.com/azure/update-manager/deploy-updates",
    leads_to=(
        Lead(
            notebook="missed_machines",
            why="updates stay missing where runs leave machines out: see which machines were missed.",
        ),
        Lead(
            notebook="update_runs", why="updates stay missing where runs fail; see what went wrong in them."
        ),
    ),
)


_CUT = "all of the updates: the assessment lists fewer than it counted"


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("missing_critical", "missing_security", "oldest_age_days", "next_start")
RESTS = Rests(
    symptom=("latest_updates", "needed_packages", *MACHINES),
    manager=MANAGED,
    causes=(*BEHIND_STATES, "azure_machines"),
    indifferent=NAMES | NOT_READ,
)


def judge(
    machines: Partial | None,
    updates: Partial | None,
    unclassed: Partial | None,
    managed_machines: Partial | None,
    needed_updates: Partial | None,
    next_starts: Partial | None,
) -> Iterator[Finding]:
    """Report each machine in state non_compliant; severity is high if a critical update is missing."""
    said = _unspoken(unclassed)
    if machines is not None:
        logged = of_logs(machines, managed_machines)
        said = "; ".join(filter(None, [unknown_states(logged), said]))
        yield from () if updates is None else _in_logs(logged, updates)
    if managed_machines is not None:
        rows = judged(managed_machines)
        lacking = rows[rows["state"] == "non_compliant"]
        yield from _in_resource_graph(_with_starts(lacking, next_starts), needed_updates)
    refuse_unclear(managed_machines, machines, said)


def _in_logs(machines: pd.DataFrame, updates: pd.DataFrame) -> Iterator[Finding]:
    lacking = machines[machines["state"] == "non_compliant"]
    grave = updates[
        updates["needed"]
        & (updates["critical"] | updates["security"])
        & ~updates["superseded"]
        & ~updates["definition"]
    ]
    for machine, missing in with_updates(lacking, grave):
        yield found(
            MISSING,
            subject(machine),
            listed(missing)
            | {
                "missing_critical": int(machine.missing_critical),
                "missing_security": int(machine.missing_security),
                "oldest_age_days": _oldest(missing),
                "last_assessed": or_none(machine.last_assessed),
            },
            known=traits(machine),
            severity=Severity.HIGH if any(update.critical for update in missing) else Severity.MEDIUM,
        )


def _in_resource_graph(lacking: pd.DataFrame, needed_updates: pd.DataFrame | None) -> Iterator[Finding]:
    rows: dict[str, list[Any]] = {}
    cut: pd.Series[Any] = pd.Series(False, index=lacking.index)
    if needed_updates is not None:
        of_lacking = needed_updates[among(needed_updates["machine_key"], lacking["machine_key"])]
        cut = cut_lists(lacking, of_lacking)
        grave = of_lacking[(of_lacking["critical"] | of_lacking["security"]) & ~of_lacking["cut"]]
        order = grave.sort_values(["critical", "age_days", "title"], ascending=[False, False, True])
        for update in order.itertuples():
            rows.setdefault(update.machine_key, []).append(update)
    for machine in lacking.assign(cut=cut).itertuples():
        missing = rows.get(machine.machine_key, [])
        evidence = described(machine) | {
            "count": int(machine.critical + machine.security),
            "missing_critical": int(machine.critical),
            "missing_security": int(machine.security),
            "updates": [_update(update) for update in missing[:SHOWN]],
            "oldest_age_days": _oldest(missing),
            "next_start": or_none(machine.next_start),
            "schedule": or_none(machine.schedule),
            "not_checked": [_CUT] if machine.cut else [],
        }
        severity = Severity.HIGH if machine.critical > 0 else Severity.MEDIUM
        yield found(MISSING, subject(machine), evidence, known=known(machine), severity=severity)


def _with_starts(machines: pd.DataFrame, next_starts: pd.DataFrame | None) -> pd.DataFrame:
    if next_starts is None:
        return machines.assign(next_start=pd.NaT, schedule=None)
    return machines.merge(
        next_starts[["machine_key", "next_start", "schedule"]], on="machine_key", how="left"
    )


def _update(update: Any) -> dict[str, Any]:
    """Return an update of Update Manager as evidence, without what it does not say."""
    columns = ("title", "kb", "version", "classification", "msrc_severity", "published", "age_days")
    told = {column: or_none(getattr(update, column)) for column in columns}
    return {column: value for column, value in told.items() if value is not None}


def _oldest(updates: Sequence[Any]) -> float | None:
    ages = [update.age_days for update in updates if pd.notna(update.age_days)]
    return float(max(ages)) if ages else None


def _unspoken(unclassed: pd.DataFrame | None) -> str:
    """Say of how many machines the classes cannot be trusted, though they seem compliant ("": none)."""
    if unclassed is None or not (unclassed["state"] == "compliant").any():
        return ""
    silent = unclassed[unclassed["state"] == "compliant"]
    systems = ", ".join(sorted(silent["distribution"].drop_duplicates(), key=str.casefold))
    return undecided(
        len(silent),
        "whether security updates are needed: no package of the distribution is ever classified so:"
        f" {systems}",
    )
