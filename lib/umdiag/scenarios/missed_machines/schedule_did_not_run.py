"""Which schedules should have started, and did not?

Looks for:
    Starts of maintenance configurations in the window without a run that is due within 20 minutes of them,
    once the schedule has run before and since it was last changed; schedules that have never run; schedules
    whose newest run took no machine, though machines that are on are assigned; and schedules that expired in
    the window.

Why it matters:
    What did not start reports nothing, and no machine counts as missed: all of them wait for the next start.

Cannot see:
    Runs older than 30 days and changes older than 14 days, which Azure does not keep; when schedules that
    recur every few weeks or months start; when machines were assigned.

Sources:
    https://learn.microsoft.com/azure/update-manager/scheduled-patching (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/query-logs (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.recognition import MAINTENANCE, unregistered
from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.evidence import SHOWN, fitting, or_none, told
from umdiag.scenarios.missed_machines._did_not_run_causes import IN_ORDER
from umdiag.scenarios.missed_machines._schedule_findings import next_starts, schedule_of, subject
from umdiag.scenarios.portal import run_page

TOOK_NO_MACHINE, NOT_REGISTERED, NEVER_RAN, UNKNOWN, EXPIRED = IN_ORDER
_SINCE = "when the machines were assigned"

SERVICES = (UPDATE_MANAGER,)
DECIDES = ("last_run", "next_start", "skipped", "count")
RESTS = Rests(
    symptom=(
        "maintenance_configurations",
        "configuration_assignments",
        "configuration_changes",
        "schedule_runs",
        "schedule_machine_runs",
        "azure_machines",
        "resource_changes",
    ),
    causes=("provider_registrations", "patch_assessments", "patch_installations"),
    indifferent={"subscriptions": "says whether a schedule that is not shown still exists; none is judged"},
)


def judge(
    configurations: Partial,
    occurrences: Partial,
    maintenance_runs: Partial,
    skipped_occurrences: Partial,
    empty_runs: Partial | None,
    selections: pd.DataFrame | None,
    blind_subscriptions: pd.DataFrame | None,
    provider_registrations: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> Iterator[Finding]:
    """Report each schedule that skipped a start, took nobody or expired, once."""
    now = pd.Timestamp(asked_at)
    window = (now - pd.Timedelta(lookback), now)
    past = occurrences["configuration_key"][occurrences["start"].between(*window)]
    living = configurations[configurations["living"]]
    if maintenance_runs.empty and living["configuration_key"].isin(past).any():
        raise Inconclusive("no run of a maintenance configuration was found, though schedules started")
    rows = _with_causes(configurations, skipped_occurrences, empty_runs, blind_subscriptions)
    key, lacking = rows["configuration_key"], unregistered(provider_registrations, MAINTENANCE)
    rows[NOT_REGISTERED.key] = (rows["skipped"].map(len) > 0) & rows["subscription"].isin(lacking)
    rows[EXPIRED.key] = rows["complete"] & rows["expires"].between(*window) & key.isin(past)
    starts = next_starts(occurrences, asked_at)
    runs = maintenance_runs.groupby("configuration_key")["scheduled"].max()
    for row in rows.itertuples():
        if fits := _causes(row):
            times = {"last_run": runs, "next_start": starts}
            evidence = schedule_of(row) | {
                name: or_none(moments.get(row.configuration_key)) for name, moments in times.items()
            }
            evidence |= _evidence(row, fits, empty_runs) | {"also": [cause.key for cause in fits[1:]]}
            yield found(fits[0], subject(row), evidence)
    if doubts := [*_doubts(living, skipped_occurrences, selections)]:
        raise Inconclusive("; ".join(doubts))


def _with_causes(
    configurations: pd.DataFrame,
    skipped: pd.DataFrame,
    empty_runs: pd.DataFrame | None,
    blind: pd.DataFrame | None,
) -> pd.DataFrame:
    """Add skipped (the starts that a run should have been at), never_ran, took_no_machine and complete
    (it is known that nothing was skipped, and that the newest run took somebody).
    """
    key = configurations["configuration_key"]
    hidden = [] if blind is None else blind["subscription"][surely(blind["for_runs"])]
    unread = key[configurations["subscription"].isin(hidden)]
    beside = skipped["offset"].notna()
    never = surely(skipped["never_ran"]) & ~skipped["configuration_key"].isin(unread)
    due = skipped[(surely(skipped["missed"]) | never) & ~beside]
    starts = due.groupby("configuration_key")["start"].agg(list)
    possible = ~(surely_not(skipped["missed"]) & surely_not(skipped["never_ran"]))
    empty = key.iloc[:0] if empty_runs is None else empty_runs["configuration_key"]
    took = empty if empty_runs is None else empty[surely(empty_runs["took_no_machine"])]
    return configurations.assign(
        skipped=[starts.get(each, []) for each in key],
        never_ran=key.isin(skipped["configuration_key"][never]),
        # What is said of a schedule whose runs are all beside its starts may rest on a misread start.
        took_no_machine=key.isin(took) & ~key.isin(skipped["configuration_key"][beside]),
        complete=(empty_runs is not None) & ~key.isin(skipped["configuration_key"][possible]),
    )


def _causes(row: Any) -> list[Cause]:
    """Return the causes that fit, in order."""
    otherwise = UNKNOWN if row.skipped else EXPIRED if row.expired else None
    fits = fitting(row, (TOOK_NO_MACHINE, NOT_REGISTERED, NEVER_RAN))
    return fits or ([otherwise] if otherwise else [])


def _evidence(row: Any, fits: Sequence[Cause], empty_runs: pd.DataFrame | None) -> dict[str, Any]:
    """Return what shows it: the starts that were skipped, the run that took no machine, when it expired."""
    evidence: dict[str, Any] = {"count": len(row.skipped), "skipped": row.skipped[-SHOWN:]}
    if TOOK_NO_MACHINE in fits and empty_runs is not None:
        run = next(empty_runs[empty_runs["configuration_key"] == row.configuration_key].itertuples())
        evidence |= {"run": run.run_id, "portal": run_page(run.run_id), "computers": run.computers}
        evidence |= told(run, "scheduled", "status", "machines")
    if EXPIRED in fits:
        evidence |= told(row, "expires")
    if NOT_REGISTERED in fits:
        evidence |= told(row, "subscription")
    return evidence | {"not_checked": [_SINCE] if TOOK_NO_MACHINE in fits else []}


def _doubts(living: pd.DataFrame, skipped: pd.DataFrame, selections: pd.DataFrame | None) -> Iterator[str]:
    """Yield of which schedules it cannot be told whether they ran."""
    unknown = living[~living["recurrence_known"]]
    if selections is not None:
        unknown = unknown[unknown["configuration_key"].isin(selections["configuration_key"])]
    if len(unknown):
        names = [f"{row.name} ({row.recur_every or 'no recurrence'})" for row in unknown.itertuples()]
        yield f"when these schedules start is unknown: {', '.join(sorted(names))}"
    beside = skipped.dropna(subset=["offset"]).drop_duplicates("configuration_key")
    names_of = living.set_index("configuration_key")["name"]
    beside = beside[beside["configuration_key"].isin(names_of.index)]
    if len(beside):
        names = [f"{names_of[row.configuration_key]} ({_minutes(row.offset)})" for row in beside.itertuples()]
        told = ", ".join(sorted(names))
        yield f"all runs of these schedules are off their start times by the same amount: {told}"


def _minutes(offset: pd.Timedelta) -> str:
    return f"{round(offset.total_seconds() / 60):+d} minutes"
