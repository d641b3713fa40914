"""Which schedules had their newest run cancelled?

Looks for:
    Maintenance configurations whose newest run was cancelled, and whether the run says by whom: through the
    cancellation API, or by the platform.

Why it matters:
    Nothing is installed in a cancelled run, and the next may be a month away.

Cannot see:
    Which person or pipeline called the cancellation API; the activity log knows it for 90 days.

Sources:
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/manage-pre-post-events (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.run_outcomes import CANCELLED, is_asked_for
from umdiag.frames.shared.text import fold
from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Severity, Subject, found
from umdiag.scenarios.account import Rests
from umdiag.scenarios.azure_steps import ACTIVITY_LOG, HISTORY
from umdiag.scenarios.evidence import told
from umdiag.scenarios.installed import lines_of
from umdiag.scenarios.portal import run_page

_TROUBLE = "https://learn.microsoft.com/azure/virtual-machines/troubleshoot-maintenance-configurations"
_ON_DEMAND = (
    "Patch on demand what cannot wait for the next run: Azure Update Manager > Machines > One-time update."
)
_MISSED = Lead(notebook="missed_machines", why="see which machines have not been patched since.")

BY_API = Cause(
    key="cancelled_by_api",
    sentence="Somebody, or a pre-maintenance event, cancelled the run through the cancellation API.",
    resolution=(
        "If nobody meant to, see which event cancels it: Azure Update Manager > Machines > Maintenance"
        " configurations > <resource name> > Events.",
        ACTIVITY_LOG,
    ),
    source="https://learn.microsoft.com/azure/update-manager/manage-pre-post-events",
    severity=Severity.INFO,
    leads_to=(_MISSED,),
)
BY_PLATFORM = Cause(
    key="platform_failure",
    sentence="The platform failed, and cancelled the run.",
    resolution=(
        _ON_DEMAND,
        f"If it happens again, open a support request with the maintenance run id. {HISTORY}",
    ),
    source=_TROUBLE,
    leads_to=(_MISSED,),
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The run was cancelled, and it does not say by whom.",
    resolution=(
        ACTIVITY_LOG,
        HISTORY,
        _ON_DEMAND,
    ),
    source=_TROUBLE,
    leads_to=(_MISSED,),
)
_TEXTS = {"cancellation api": BY_API, "internal platform failure": BY_PLATFORM}


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("status", "started", "ended", "total")
RESTS = Rests(symptom=("schedule_runs",))


def judge(maintenance_runs: pd.DataFrame, *, update_run: str) -> Iterator[Finding]:
    """Report each maintenance configuration whose newest run was cancelled."""
    runs = maintenance_runs[is_asked_for(maintenance_runs, update_run)]
    newest = runs.drop_duplicates("configuration_key", keep="last")
    for run in newest[newest["outcome"] == CANCELLED].itertuples():
        fits = [cause for text, cause in _TEXTS.items() if text in fold(run.texts)]
        yield found(
            (fits or [UNKNOWN])[0],
            Subject(kind="maintenance_configuration", name=run.configuration, id=run.configuration_id),
            _evidence(run) | {"also": [cause.key for cause in fits[1:]]},
        )
    if runs.empty:
        raise Inconclusive("no run of a maintenance configuration was found")


def _evidence(run: Any) -> dict[str, Any]:
    shown = told(run, "run_id", "scheduled", "started", "ended", "status", "total")
    return shown | {"errors": lines_of(run.texts), "portal": run_page(run.run_id)}
