"""Which updates fail on a machine again and again?

Looks for:
    Updates whose installation failed on one Windows machine in two or more runs of the window, by id or KB
    number, and that the machine still needs. In Azure Update Manager: critical and security updates, of Linux
    machines too, that failed in two or more installations of the window and are still needed.

Why it matters:
    Every further run will fail the same way: somebody must look into it.

Cannot see:
    Failures of runs outside the window; what the Windows Update agent, or the package manager, logged on the
    machine itself.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference (read 2026-11-22)
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.model import UPDATE_MANAGER, Finding, Lead, Partial, found
from umdiag.scenarios.account import BLIND, NAMES, PATCHED, SCHEDULED, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.causes_of_codes import cause_of, leading_to, resolution_of
from umdiag.scenarios.causes_of_errors import ERROR_CAUSES
from umdiag.scenarios.evidence import SHOWN, or_none, subject, told
from umdiag.scenarios.grouping import by_machine, of_logs
from umdiag.scenarios.installed import lines_of, refuse_no_machines
from umdiag.scenarios.portal import resource_page, run_page
from umdiag.scenarios.steps import traits

CAUSES = leading_to(
    Lead(notebook="assessment", why="does the same failure keep them from assessing themselves?"),
    causes=ERROR_CAUSES,
)


SERVICES = (UPDATE_MANAGEMENT, UPDATE_MANAGER)
DECIDES = ("code", "count", "updates")
RESTS = Rests(
    symptom=(
        "install_outcomes",
        "latest_updates",
        "assessments",
        "summaries",
        "patch_installations",
        "uninstalled_patches",
        "needed_patches",
        *SCHEDULED,
    ),
    causes=("heartbeats", "shared_identities", *PATCHED),
    indifferent=NAMES | BLIND,
)


def judge(
    failing_updates: Partial | None,
    failing_patches: Partial | None,
    machines: Partial | None,
    judged_installations: Partial | None,
    managed_machines: Partial | None,
) -> Iterator[Finding]:
    """Report each machine with updates that failed twice or more, by the newest code of each."""
    logged = None
    if failing_updates is not None and machines is not None:
        logged = _of_machines(failing_updates, machines)
    patches = None if failing_patches is None else _with_causes(failing_patches, failing_patches["cause"])
    for cause, also, newest, others in by_machine(logged, patches, causes=ERROR_CAUSES):
        failing = sorted([newest, *others], key=lambda update: update.last_failed, reverse=True)
        about = _of_manager(newest) if newest.service == UPDATE_MANAGER else _of_management(newest)
        yield found(
            cause,
            subject(newest),
            {
                "code": newest.code or None,
                "count": len(failing),
                "updates": [_described(update) for update in failing[:SHOWN]],
                **about,
                "also": also,
            },
            resolution=resolution_of(cause, newest.code),
            known=traits(newest),
        )
    refuse_no_machines(machines, judged_installations, managed_machines)


def _of_machines(updates: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Add to the updates of the logs whose they are and what their codes mean."""
    rows = of_logs(updates, machines).assign(os_type="windows")
    servers = [or_none(server) or "" for server in rows["wsus_server"]]
    keys = [cause_of(code, server).key for code, server in zip(rows["code"], servers, strict=True)]
    return _with_causes(rows, pd.Series(keys, index=rows.index, dtype="str"))


def _with_causes(rows: pd.DataFrame, keys: pd.Series[str]) -> pd.DataFrame:
    told = {cause.key: keys == cause.key for cause in ERROR_CAUSES}
    return rows.assign(start_time=rows["last_failed"], **told)


def _described(update: Any) -> dict[str, Any]:
    shown = told(update, "title", "kb", "code", "last_failed") | {"runs": update.runs}
    if update.service == UPDATE_MANAGER:
        return shown | told(update, "installations")
    return shown | told(update, "error")


def _of_management(update: Any) -> dict[str, Any]:
    return {"wsus_server": or_none(update.wsus_server)}


def _of_manager(update: Any) -> dict[str, Any]:
    page = run_page(next((run for run in reversed(update.runs) if run), ""))
    return {"errors": lines_of(update.texts), "portal": page or resource_page(update.subject_id)}
