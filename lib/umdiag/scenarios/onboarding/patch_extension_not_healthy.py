"""On which machines has an extension that assesses or patches them failed?

Looks for:
    Patch extensions and OS update extensions, of Azure virtual machines and of Azure Arc, whose provisioning
    state is Failed.

Why it matters:
    Azure Update Manager works through these extensions. Where one has failed, the next assessment or the next
    run fails, or the machine keeps an old result.

Cannot see:
    What went wrong on the machine, unless the extension's own message says so: read its log there.

Sources:
    https://learn.microsoft.com/azure/update-manager/workflow-update-manager (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.shared.text import among
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import AGENT_STATE, EXTENSION_LOG, EXTENSION_STATE, REINSTALL_EXTENSION
from umdiag.scenarios.evidence import or_none, subject
from umdiag.scenarios.onboarding._azure_machines import known, supported
from umdiag.scenarios.portal import resource_page

FAILED = Cause(
    key="extension_failed",
    sentence="An extension through which Azure Update Manager works has failed on the machine.",
    resolution=(*EXTENSION_STATE, *AGENT_STATE, *EXTENSION_LOG, *REINSTALL_EXTENSION),
    source="https://learn.microsoft.com/azure/update-manager/troubleshoot",
    leads_to=(
        Lead(notebook="assessment", why="see which of them are not assessed, or no longer."),
        Lead(notebook="update_runs", why="see which runs failed on them."),
    ),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("extension", "newest_assessment", "newest_installation")
RESTS = Rests(
    symptom=("azure_machines", "patch_extensions"),
    causes=("patch_assessments", "patch_installations"),
)


def judge(
    estate: Partial,
    failed_extensions: Partial,
    patch_states: Partial | None,
    installations: Partial | None,
) -> Iterator[Finding]:
    """Report each machine with a failed patch extension; high if its newest operation failed too."""
    failing = failed_extensions.groupby("machine_key")
    machines = supported(estate[among(estate["machine_key"], failed_extensions["machine_key"])])
    assessment, installation = _newest(patch_states, "assessed"), _newest(installations, "started")
    for machine in machines.itertuples():
        extensions = [
            {
                column: or_none(getattr(row, column))
                for column in ("extension_type", "publisher", "version", "status_message")
            }
            for row in failing.get_group(machine.machine_key).itertuples()
        ]
        statuses = [operation.get(machine.machine_key) for operation in (assessment, installation)]
        evidence = {
            "extension": failing.get_group(machine.machine_key)["extension"].iloc[0],
            "extensions": extensions,
            "newest_assessment": statuses[0],
            "newest_installation": statuses[1],
            "portal": resource_page(machine.subject_id),
            "also": [],
        }
        severity = Severity.HIGH if "failed" in statuses else Severity.MEDIUM
        yield found(FAILED, subject(machine), evidence, severity=severity, known=known(machine))


def _newest(operations: pd.DataFrame | None, moment: str) -> dict[str, str]:
    """Return the status of each machine's newest assessment or installation."""
    if operations is None:
        return {}
    order = operations.sort_values(moment, na_position="first", kind="stable")
    newest = order.drop_duplicates("machine_key", keep="last")
    return dict(zip(newest["machine_key"], newest["status"], strict=True))
