"""Which machines did a schedule patch outside its window?

Looks for:
    Installations of Azure Update Manager that began more than 15 minutes after the scheduled start, or that
    ended after the end of the maintenance window.

Why it matters:
    Whoever agreed on a window relies on it. An installation that has begun is never stopped, so a long one
    runs over.

Cannot see:
    The window of a schedule that you may not read, or as it was before somebody changed it.

Sources:
    https://learn.microsoft.com/azure/update-manager/workflow-update-manager (read 2026-11-27)
    https://learn.microsoft.com/azure/virtual-machines/maintenance-configurations (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.model import UPDATE_MANAGER, Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import BLIND, PATCHED, PATCHES, SCHEDULED, Rests
from umdiag.scenarios.evidence import subject, told
from umdiag.scenarios.grouping import by_machine
from umdiag.scenarios.installed import CONFIGURATION, described_installation, refuse_no_installations
from umdiag.scenarios.steps import traits

_FLOW = "https://learn.microsoft.com/azure/update-manager/workflow-update-manager"
_RUNS = Lead(
    notebook="update_runs", why="see which runs exceeded their window, and how long a window they need."
)
_LATE = 15

LATE = Cause(
    key="late_start",
    sentence="The installation began more than 15 minutes after the scheduled start.",
    resolution=(
        "Have the machine running 15 minutes before the window, and no other schedule in the hour before it.",
        "Nothing to do if it still ended within the window.",
    ),
    source=_FLOW,
    severity=Severity.INFO,
    leads_to=(_RUNS,),
)
LONG = Cause(
    key="long_install",
    sentence="The installation ended after the end of the maintenance window.",
    resolution=(
        "Set a longer window: az maintenance configuration update --ids <configuration id> --duration 03:55,"
        f" or {CONFIGURATION} > Schedule.",
        "Or let the schedule recur more often, so that less has to be installed at a time.",
    ),
    source=_FLOW,
    severity=Severity.INFO,
    leads_to=(_RUNS,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("late_minutes", "used_minutes", "window_minutes", "configuration")
RESTS = Rests(
    symptom=("patch_installations", *SCHEDULED),
    causes=PATCHED,
    indifferent=BLIND | PATCHES,
)


def judge(judged_installations: Partial, managed_machines: Partial | None) -> Iterator[Finding]:
    """Report each machine that a run of a schedule patched outside its window."""
    rows = judged_installations[judged_installations["run_key"] != ""]
    window = pd.to_timedelta(rows["window_minutes"].astype("Float64"), unit="min")
    rows = rows.assign(
        late_start=rows["late_minutes"] > _LATE, long_install=rows["ended"] > rows["scheduled"] + window
    )
    rows = rows[surely(rows["late_start"]) | surely(rows["long_install"])]
    for cause, also, row, others in by_machine(rows, causes=(LATE, LONG)):
        evidence = described_installation(row, others) | told(
            row, "window_minutes", "late_minutes", "used_minutes"
        )
        yield found(cause, subject(row), evidence | {"also": also}, known=traits(row))
    refuse_no_installations(judged_installations, managed_machines)
