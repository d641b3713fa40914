"""One row per machine that a maintenance configuration's deciding run missed, with what may explain it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.presence import silent_workspaces
from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.missed_runs import with_history
from umdiag.frames.shared.recognition import MAINTENANCE, unregistered
from umdiag.frames.shared.scopes_then import Scopes
from umdiag.frames.shared.text import after_last, among, folded, looked_up, paired, subscriptions_of
from umdiag.model import Partial

#: In the order in which causes are decided; where nothing supports the machine, that alone is said.
REASONS = (
    "provider_not_registered",
    "assignment_lost_by_move",
    "machine_deleted",
    "machine_recreated",
    "machine_unavailable",
    "patch_mode_not_schedulable",
    "changed_too_late",
    "changed_before_run",
    "schedule_conflict",
    "scope_limit_reached",
    "workload_not_supported",
    "taken_by_other_runs",
    "never_taken",
)
_OF_MACHINE = (
    "computer", "subject_id", "subscription", "operating_system", "power", "off", "deleted", "invisible",
    "virtual", "customer_managed", "windows_client",
)  # fmt: skip
_OF_LOGS = ("machine", "workspace_id", "first_heartbeat", "last_heartbeat")
_QUARTER, _FIVE = pd.Timedelta(minutes=15), pd.Timedelta(minutes=5)
_HALF_DAY, _HALF_HOUR = pd.Timedelta(hours=12), pd.Timedelta(minutes=30)
_LARGEST_SCOPE = 1000


def derive(
    schedule_attendance: Partial,
    schedule_attempts: Partial,
    maintenance_runs: pd.DataFrame,
    managed_machines: Partial,
    assignments: pd.DataFrame,
    selections: pd.DataFrame,
    configurations: pd.DataFrame,
    estate: pd.DataFrame,
    blind_subscriptions: pd.DataFrame | None,
    machine_changes: pd.DataFrame | None,
    resource_changes: pd.DataFrame | None,
    provider_registrations: pd.DataFrame | None,
    machines: pd.DataFrame | None,
    presence: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Return the columns of `schedule_attendance`, of the machine (at its new place, if it was moved)
    computer, subject_id, subscription, operating_system, os_type, power, off, moved_from ("": it was not),
    missed_runs (ids of the configuration's runs of the window without it, newest first), selected_at (how
    many of these its dynamic scope selected it for and took others; null: changes were not seen), named (an
    assignment of a living configuration names it), and REASONS as boolean columns; null where they cannot be
    told.

    `runs_hidden`: its subscription hides runs, so that nothing says that it was missed. Left out are machines
    that are not shown and not known to be deleted.
    """
    rows = schedule_attendance[~schedule_attendance["took_part"]].reset_index(drop=True)
    rows = _at_new_places(rows, estate, managed_machines)
    reached = paired(selections, "configuration_key", "machine_key")
    there = among(paired(rows, "configuration_key", "key"), reached)
    # What moved and is reached at its new place is judged there alone.
    rows = rows[~((rows["moved_from"] != "") & there)].reset_index(drop=True)
    rows = _with_machines(rows, managed_machines, machines)
    rows = rows[surely_not(rows["invisible"])]
    rows["runs_hidden"] = _runs_hidden(rows, blind_subscriptions)
    rows = rows.reset_index(drop=True)
    scopes = Scopes(assignments, selections, estate, machine_changes)
    lacking = among(rows["subscription"], unregistered(provider_registrations, MAINTENANCE))
    rows["provider_not_registered"] = _told(lacking, provider_registrations)
    moved = rows["moved_from"] != ""
    rows["assignment_lost_by_move"] = moved & (rows["via"] == "static")
    rows["machine_deleted"] = ((rows["via"] == "deleted") | rows["deleted"]) & ~moved
    rows["machine_recreated"] = _recreated(rows, resource_changes)
    rows["machine_unavailable"] = _unavailable(rows, machines, presence, heartbeat_hours)
    rows["patch_mode_not_schedulable"] = rows["virtual"].astype("boolean") & ~rows["customer_managed"].astype(
        "boolean"
    )
    rows["changed_too_late"] = _told(_changed_too_late(rows, scopes), machine_changes)
    changed = (rows["via"] == "changed") | (moved & (rows["via"] == "deleted"))
    rows["changed_before_run"] = _told(changed, machine_changes)
    rows["schedule_conflict"] = _taken_beside(rows, schedule_attempts)
    sizes = selections["assignment_id"].value_counts()
    too_large = rows["assignment_id"].map(sizes).fillna(0) > _LARGEST_SCOPE
    rows["scope_limit_reached"] = (rows["via"] == "scope") & too_large
    rows["workload_not_supported"] = rows["windows_client"].astype("boolean").fillna(False)
    rows = with_history(rows, maintenance_runs, schedule_attempts, scopes, asked_at, lookback)
    rows["named"] = among(rows["machine_key"], _named(assignments, configurations))
    rows[list(REASONS)] = rows[list(REASONS)].astype("boolean")
    return rows.drop(columns=["key", *_OF_LOGS])


def _told(is_so: pd.Series[bool], rests_on: pd.DataFrame | None) -> pd.Series[bool]:
    """Keep what is true; what is not may be, where what it rests on could not be seen."""
    told = is_so.astype("boolean")
    return told.mask(~told) if rests_on is None else told


def _at_new_places(rows: pd.DataFrame, estate: pd.DataFrame, managed: pd.DataFrame) -> pd.DataFrame:
    """Add key (of the machine where it is now) and moved_from (where it was, "": it was not moved).

    A machine that is not there any more was moved if exactly one of its type and name is elsewhere.
    """
    gone = ~among(rows["machine_key"], estate["machine_key"])
    known = managed.set_index("machine_key")["deleted"].astype("boolean")
    gone &= (rows["via"] == "deleted") | surely(looked_up(rows["machine_key"], known).fillna(True))
    places = estate["machine_key"].set_axis(after_last(estate["machine_key"], "/providers/").to_numpy())
    places = places[~places.index.duplicated(keep=False)]
    place = looked_up(after_last(rows["machine_key"], "/providers/"), places).where(gone)
    rows["key"] = place.fillna(rows["machine_key"]).astype("str")
    rows["moved_from"] = rows["machine_key"].where(place.notna(), "").astype("str")
    return rows


def _with_machines(rows: pd.DataFrame, managed: pd.DataFrame, machines: pd.DataFrame | None) -> pd.DataFrame:
    known = managed.set_index("machine_key")
    for column in _OF_MACHINE:
        rows[column] = looked_up(rows["key"], known[column])
    rows["computer"] = rows["computer"].fillna(after_last(rows["key"], "/"))
    rows["subject_id"] = rows["subject_id"].fillna(rows["key"])
    rows["subscription"] = subscriptions_of(rows["key"])
    rows["os_type"] = rows["operating_system"].fillna("")
    # Of a machine that only an assignment names nothing tells but that it is not there.
    stranger = ~among(rows["key"], known.index)
    rows["deleted"] = rows["deleted"].astype("boolean").mask(stranger, True)
    rows["invisible"] = rows["invisible"].astype("boolean").mask(stranger, False)
    logged = rows.iloc[:0].assign(arm_key="", **dict.fromkeys(_OF_LOGS)) if machines is None else machines
    logged = logged[logged["arm_key"] != ""].sort_values(["last_heartbeat", "machine"], kind="stable")
    logged = logged.drop_duplicates("arm_key", keep="last").set_index("arm_key")
    return rows.assign(**{column: looked_up(rows["key"], logged[column]) for column in _OF_LOGS})


def _runs_hidden(rows: pd.DataFrame, blind: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether the runs of each machine's subscription are hidden (null: cannot be told)."""
    if blind is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    told = blind.set_index("subscription")["for_runs"].astype("boolean")
    hidden = looked_up(rows["subscription"], told)
    return hidden.mask(~among(rows["subscription"], told.index), False)


def _recreated(rows: pd.DataFrame, changes: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether each machine was deleted and created again in the half day before the start."""
    if changes is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    told = pd.DataFrame(
        {
            "machine_key": folded(changes["target_id"]).str.rstrip("/"),
            "kind": folded(changes["change_type"]),
            "changed": changes["changed"],
        }
    )
    near = rows[["machine_key", "scheduled"]].assign(row=rows.index).merge(told, on="machine_key")
    inside = (near["changed"] <= near["scheduled"]) & (near["changed"] > near["scheduled"] - _HALF_DAY)
    near = near[inside]
    out = near[near["kind"] == "delete"].groupby("row")["changed"].min()
    back = near[near["kind"] == "create"].groupby("row")["changed"].max()
    return (looked_up(rows.index.to_series(), back) > looked_up(rows.index.to_series(), out)).astype(
        "boolean"
    )


def _unavailable(
    rows: pd.DataFrame,
    machines: pd.DataFrame | None,
    presence: pd.DataFrame | None,
    hours: pd.DataFrame | None,
) -> pd.Series[bool]:
    """Whether each machine is off, or was not heard around the start though before it and after."""
    off = rows["off"].astype("boolean").fillna(False)
    if machines is None or presence is None or hours is None:
        return _told(off, None)
    around = (rows["first_heartbeat"] < rows["scheduled"] - _HALF_HOUR) & (
        rows["last_heartbeat"] > rows["scheduled"] + _HALF_HOUR
    )
    unheard = pd.Series(False, index=rows.index)
    for moment, here in rows[around.fillna(False).astype(bool)].groupby("scheduled"):
        heard = presence["machine"][presence["moment"] == moment]
        silent = silent_workspaces(presence, hours, moment)
        unheard[here.index] = ~among(here["machine"], heard) & ~among(here["workspace_id"], silent)
    return off | unheard


def _changed_too_late(rows: pd.DataFrame, scopes: Scopes) -> pd.Series[bool]:
    """Whether the dynamic scopes did not select each machine a quarter of an hour before the start."""
    mine = rows.loc[rows["via"] == "scope", ["configuration_key", "scheduled", "machine_key"]]
    mine["scheduled"] -= _QUARTER
    before = scopes.at(mine.drop_duplicates(["configuration_key", "scheduled"])).drop(columns="assignment_id")
    pairs = mine.assign(row=mine.index).merge(before, on=list(before))
    return pd.Series(rows.index.isin(mine.index.difference(pairs["row"])), index=rows.index)


def _taken_beside(rows: pd.DataFrame, attempts: pd.DataFrame) -> pd.Series[bool]:
    """Whether a run of another configuration took each machine within five minutes of the start."""
    mine = rows[["machine_key", "configuration_key", "scheduled"]].assign(row=rows.index)
    others = attempts[["machine_key", "configuration_key", "scheduled"]]
    pairs = mine.merge(others, on="machine_key", suffixes=("", "_other"))
    near = (pairs["scheduled"] - pairs["scheduled_other"]).abs() <= _FIVE
    hit = pairs["row"][near & (pairs["configuration_key"] != pairs["configuration_key_other"])]
    return pd.Series(rows.index.isin(hit), index=rows.index)


def _named(assignments: pd.DataFrame, configurations: pd.DataFrame) -> pd.Series[str]:
    living = configurations["configuration_key"][configurations["living"]]
    chosen = assignments["static"] & among(assignments["configuration_key"], living)
    return assignments["machine_key"][chosen]
