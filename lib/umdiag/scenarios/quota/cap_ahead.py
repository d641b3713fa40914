"""Will a workspace reach its daily cap before the next reset?

Looks for:
    A cap that the billable volume since the last reset passes before the next one, if it keeps growing at the
    pace of the last 24 hours.

Why it matters:
    There is still time to raise the cap or to slow down what fills it; after the stop there is not.

Cannot see:
    Volume of the last hours, since Usage lags behind; and caps of workspaces whose settings cannot be read.

Sources:
    https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely
from umdiag.model import Cause, Finding, Partial, Severity, Subject, found
from umdiag.scenarios.account import PLACES, UPDATE_MANAGEMENT, Rests

ON_COURSE = Cause(
    key="on_course_to_cap",
    sentence="At the pace of the last 24 hours the workspace reaches its daily cap before the next reset.",
    resolution=(
        "Raise the daily cap before it is reached: az monitor log-analytics workspace update --subscription"
        " <subscription> --resource-group <resource group> --workspace-name <resource name> --quota GB, or"
        " the workspace > Usage and estimated costs > Daily cap.",
        "Or slow down the tables that grow fastest (evidence) at their source.",
    ),
    source="https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap",
    severity=Severity.INFO,
)
_DAY = pd.Timedelta(days=1)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("expected_gb", "daily_cap_gb", "since_reset_gb", "next_reset")
RESTS = Rests(
    symptom=("usage_hours", "workspace_settings"),
    causes=("operation_events", "log_operation_events"),
    indifferent={"assessments": PLACES["heartbeat_hours"], "heartbeat_hours": PLACES["heartbeat_hours"]},
)


def judge(
    quota: Partial,
    usage_hours: pd.DataFrame,
    *,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Carry each capped workspace's billable volume on to its next reset. 1 GB is 1000 MB."""
    now = pd.Timestamp(asked_at)
    not_known = []
    for workspace in quota.itertuples():
        if pd.isna(workspace.daily_cap_gb) or (workspace.daily_cap_gb >= 0 and pd.isna(workspace.next_reset)):
            not_known.append(workspace.name)
            continue
        if workspace.daily_cap_gb < 0 or (workspace.over_quota_now is not pd.NA and workspace.over_quota_now):
            continue
        hours = usage_hours[usage_hours["workspace_id"] == workspace.workspace_id]
        billed = hours[surely(hours["billable"])]
        seen_to = min(now, hours["hour"].max() + pd.Timedelta(hours=1)) if len(hours) else now
        since_reset = float(billed["megabytes"][billed["hour"] >= workspace.last_reset].sum()) / 1000
        last_day = billed[billed["hour"] >= seen_to - _DAY]
        pace = float(last_day["megabytes"].sum()) / 1000
        expected = since_reset + pace * ((workspace.next_reset - max(seen_to, workspace.last_reset)) / _DAY)
        cap = float(workspace.daily_cap_gb)
        if pace > 0 and expected > cap:
            largest = last_day.groupby("data_type")["megabytes"].sum().round(1).nlargest(5)
            yield found(
                ON_COURSE,
                Subject(kind="workspace", name=workspace.name, id=workspace.id or workspace.workspace_id),
                {
                    "daily_cap_gb": cap,
                    "since_reset_gb": round(since_reset, 3),
                    "last_24_hours_gb": round(pace, 3),
                    "expected_gb": round(expected, 3),
                    "next_reset": workspace.next_reset,
                    "tables": [{"table": name, "megabytes": float(size)} for name, size in largest.items()],
                },
            )
    if not_known:
        raise Inconclusive(f"the daily cap or its reset time is unknown: {', '.join(sorted(not_known))}")
    if quota.empty:
        raise Inconclusive("no workspace was found")
