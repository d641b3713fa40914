"""Are there hours in which a workspace received nothing?

Looks for:
    Two or more whole clock hours in a row without a heartbeat of any machine, though three or more reported
    in the day before; or without billable volume, though there was some the day before.

Why it matters:
    Nothing is known about such hours: a machine that did not report may have been fine, and a run may have
    ended without a row.

Cannot see:
    Gaps at the very start of the window, which have no day before to compare with; volume of the last hours,
    since Usage lags behind.

Sources:
    https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap (read 2026-11-22)
    https://learn.microsoft.com/azure/azure-monitor/reference/tables/usage (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.model import Cause, Finding, Lead, Partial, Subject, found
from umdiag.scenarios.account import PLACES, UPDATE_MANAGEMENT, Rests

_LOST = Lead(
    notebook="assessment",
    why="what machines sent during the gap is lost; see which assessments are stale.",
)

DURING_CAP = Cause(
    key="gap_during_cap",
    sentence="Nothing was kept while the workspace had stopped collecting.",
    resolution=(
        "Fix the stop itself: the finding of workspace_over_quota on this workspace says how.",
        "Do not read these hours as machines being down, or as updates not being needed.",
    ),
    source="https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap",
    leads_to=(_LOST,),
)
NO_HEARTBEATS = Cause(
    key="heartbeats_stopped",
    sentence="No machine sent a heartbeat, and the workspace did not say that it had stopped collecting.",
    resolution=(
        "Check the network path from the machines to the workspace (proxy, firewall, private link, gateway).",
        "Look in Azure Service Health for an outage of Azure Monitor in the region at that time.",
        "Check whether the workspace key was regenerated or the agents were removed at that time.",
    ),
    source="https://learn.microsoft.com/azure/azure-monitor/logs/monitor-workspace",
    leads_to=(
        Lead(notebook="assessment", why="no machine reported: which machines are still disconnected?"),
    ),
)
NO_DATA = Cause(
    key="billable_data_stopped",
    sentence="No billable table grew, and the workspace did not say that it had stopped collecting.",
    resolution=(
        "Check whether solutions or data collection rules of the workspace were removed or disabled.",
        "Look in Azure Service Health for an outage of Azure Monitor in the region at that time.",
    ),
    source="https://learn.microsoft.com/azure/azure-monitor/logs/analyze-usage",
    leads_to=(_LOST,),
)
_CAUSES = (DURING_CAP, NO_HEARTBEATS, NO_DATA)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("hours", "gaps")
RESTS = Rests(
    symptom=("heartbeat_hours", "usage_hours"),
    causes=("operation_events", "log_operation_events", "workspace_settings"),
    indifferent={"assessments": PLACES["heartbeat_hours"]},
)


def judge(
    gaps: Partial,
    workspaces: Partial,
    heartbeat_hours: pd.DataFrame | None,
    usage_hours: pd.DataFrame | None,
    collection_stops: Partial | None,
) -> Iterator[Finding]:
    """Report one finding per cause and workspace, with every gap of that cause in its evidence."""
    ids = workspaces.set_index("workspace_id")
    caused = gaps.assign(cause=[_cause(gap, collection_stops).key for gap in gaps.itertuples()])
    for cause in _CAUSES:
        for workspace, of_workspace in caused[caused["cause"] == cause.key].groupby("workspace_id"):
            name, arm_id = ids.loc[workspace, ["name", "id"]]
            columns = ["start", "end", "hours", "lacking"]
            yield found(
                cause,
                Subject(kind="workspace", name=name, id=arm_id or str(workspace)),
                {"gaps": of_workspace[columns].to_dict("records"), "hours": int(of_workspace["hours"].sum())},
            )
    if (
        heartbeat_hours is not None
        and usage_hours is not None
        and heartbeat_hours.empty
        and usage_hours.empty
    ):
        raise Inconclusive("Heartbeat and Usage have no rows in the window, so gaps cannot be found")


def _cause(gap: Any, stops: pd.DataFrame | None) -> Cause:
    if stops is not None:
        lasting = stops[
            (stops["workspace_id"] == gap.workspace_id) & (stops["cause"] != "ingestion_rate_limited")
        ]
        # A stop is told within the hour that it begins in, so the hours at both ends may lie outside it.
        hour = pd.Timedelta(hours=1)
        covers = (lasting["stopped"] < gap.start + hour) & (lasting["ended"] > gap.end - hour)
        if covers.any():
            return DURING_CAP
    return NO_HEARTBEATS if gap.lacking == "heartbeats" else NO_DATA
