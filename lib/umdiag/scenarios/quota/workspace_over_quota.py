"""Has a workspace stopped collecting data, or dropped some?

Looks for:
    Rows of the workspace itself (Operation and _LogOperation, which record the same events) that say that
    collection stopped or data was dropped, the status that Azure shows for the workspace, and the tables
    that filled it.

Why it matters:
    Heartbeats are free and continue, update rows are billed and stop: machines look alive but "not assessed".

Cannot see:
    What was dropped. A cap may let more through than it says, and the day starts at the reset hour of the
    workspace, not at midnight.

Sources:
    https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap (read 2026-11-22)
    https://learn.microsoft.com/azure/azure-monitor/logs/monitor-workspace (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.model import Cause, Finding, Partial, Severity, Subject, found
from umdiag.scenarios.account import PLACES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.leads import FIRST, STALE

_DOCS = "https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap"

SUSPENDED = Cause(
    key="subscription_suspended",
    sentence="The subscription of the workspace is suspended, so it collects no data.",
    resolution=(
        "Have the workspace's subscription enabled again: Subscriptions > <subscription> > Overview.",
        "Then wait for the next assessment of the machines: up to 12 hours on Windows, 3 hours on Linux.",
    ),
    source=_DOCS,
    leads_to=(STALE, FIRST),
)
CAPPED = Cause(
    key="daily_cap_reached",
    sentence="The workspace reached its daily cap and stopped collecting billable data until its next reset.",
    resolution=(
        "Raise or remove the daily cap: az monitor log-analytics workspace update --subscription"
        " <subscription>"
        " --resource-group <resource group> --workspace-name <resource name> --quota GB (-1: no cap), or the"
        " workspace > Usage and estimated costs > Daily cap.",
        "If the cap must stay, cut the tables that fill it (evidence) at their source.",
        "After the next reset, machines that were due in between are assessed again within 12 hours.",
    ),
    source=_DOCS,
    leads_to=(STALE, FIRST),
)
LIMITED = Cause(
    key="ingestion_rate_limited",
    sentence="More data came in per minute than the workspace accepts, and some of it was dropped.",
    resolution=(
        "Find the table that grew in that hour (evidence) and slow down what sends it.",
        "If the workspace needs that volume, ask Azure support for a higher ingestion rate.",
    ),
    source="https://learn.microsoft.com/azure/azure-monitor/logs/monitor-workspace",
    leads_to=(STALE,),
)
_CAUSES = {cause.key: cause for cause in (SUSPENDED, CAPPED, LIMITED)}
_OF_STATUS = {"subscriptionsuspended": SUSPENDED, "overquota": CAPPED, "forceoff": CAPPED}


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("over_quota_now", "daily_cap_gb", "next_reset", "ingestion_status")
RESTS = Rests(
    symptom=("operation_events", "log_operation_events", "workspace_settings"),
    causes=("usage_hours",),
    indifferent={"assessments": PLACES["heartbeat_hours"], "heartbeat_hours": PLACES["heartbeat_hours"]},
)


def judge(
    quota: Partial,
    collection_stops: Partial | None,
    usage_hours: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> Iterator[Finding]:
    """Judge each workspace by its own rows and its status; severity is high while it is over quota."""
    stops = pd.DataFrame(columns=["workspace_id", "cause"]) if collection_stops is None else collection_stops
    for workspace in quota.itertuples():
        intervals = stops[stops["workspace_id"] == workspace.workspace_id]
        causes = [cause for cause in _CAUSES.values() if (intervals["cause"] == cause.key).any()]
        over_now = workspace.over_quota_now is not pd.NA and bool(workspace.over_quota_now)
        status = workspace.ingestion_status.strip().lower()
        if over_now and not causes:
            causes = [_OF_STATUS.get(status, CAPPED)]
        if not causes:
            continue
        yield found(
            causes[0],
            Subject(kind="workspace", name=workspace.name, id=workspace.id or workspace.workspace_id),
            {
                "over_quota_now": over_now,
                "intervals": [_interval(stop) for stop in intervals.itertuples()],
                "daily_cap_gb": _cap(workspace.daily_cap_gb),
                "next_reset": None if pd.isna(workspace.next_reset) else workspace.next_reset,
                "ingestion_status": workspace.ingestion_status or None,
                "tables": _tables(usage_hours, workspace, intervals, asked_at),
                "disagreement": _disagreement(workspace, intervals, usage_hours, asked_at),
                "also": [cause.key for cause in causes[1:]],
            },
            severity=Severity.HIGH if over_now else Severity.MEDIUM,
        )
    if quota.empty:
        raise Inconclusive("no row of any workspace was found in the window")


def _interval(stop: Any) -> dict[str, Any]:
    interval = {"cause": stop.cause, "from": stop.stopped, "to": stop.ended, "resumed": stop.resumed}
    return interval | {"detail": stop.detail}


def _cap(gigabytes: Any) -> float | str | None:
    """Return the cap in GB; -1 is no cap, and one that is not known is None."""
    if pd.isna(gigabytes):
        return None
    return "none" if gigabytes < 0 else float(gigabytes)


def _tables(
    usage: pd.DataFrame | None, workspace: Any, intervals: pd.DataFrame, asked_at: datetime
) -> list[dict[str, Any]]:
    """Return the ten largest billable tables of the day that ended with the newest stop, in MB."""
    if usage is None:
        return []
    end = pd.Timestamp(asked_at) if intervals.empty else intervals["stopped"].max()
    hours = usage[(usage["workspace_id"] == workspace.workspace_id) & usage["billable"].eq(True)]
    day = hours[(hours["hour"] >= end - pd.Timedelta(days=1)) & (hours["hour"] < end)]
    largest = day.groupby("data_type")["megabytes"].sum().round(1).nlargest(10)
    return [{"table": table, "megabytes": float(size)} for table, size in largest.items()]


def _disagreement(
    workspace: Any, intervals: pd.DataFrame, usage: pd.DataFrame | None, asked_at: datetime
) -> list[str]:
    """Say where status, rows and volume contradict each other."""
    said = []
    now = pd.Timestamp(asked_at)
    lasting = intervals[intervals["cause"].isin(["daily_cap_reached", "subscription_suspended"])]
    open_ = len(lasting) > 0 and bool((~lasting["resumed"] & (lasting["ended"] > now)).any())
    by_status = workspace.status_over_quota
    if by_status is not pd.NA and bool(by_status) and not open_:
        said.append(f"the status is {workspace.ingestion_status}, but no row shows a stop that still lasts")
    if by_status is not pd.NA and not bool(by_status) and open_:
        said.append(f"a row shows a stop that still lasts, but the status is {workspace.ingestion_status}")
    cap = _cap(workspace.daily_cap_gb)
    if usage is None or not isinstance(cap, float) or pd.isna(workspace.last_reset):
        return said
    hours = usage[(usage["workspace_id"] == workspace.workspace_id) & usage["billable"].eq(True)]
    volume = float(hours["megabytes"][hours["hour"] >= workspace.last_reset].sum()) / 1000
    if open_ and volume < 0.5 * cap:
        said.append(f"Usage shows {volume:.2f} GB since the last reset, far below the cap of {cap:g} GB")
    if not open_ and not (by_status is not pd.NA and bool(by_status)) and volume > cap:
        said.append(
            f"Usage shows {volume:.2f} GB since the last reset, above the cap of {cap:g} GB, without a stop"
        )
    return said
