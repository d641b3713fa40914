"""One row per machine of the population: who it is, when it was heard and assessed, in which state it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.shared.recognition import newest, numbered
from umdiag.frames.shared.records import whole
from umdiag.frames.shared.text import folded, looked_up, swapped

_COUNTED = 3


def derive(
    identities: pd.DataFrame,
    heartbeats: pd.DataFrame | None,
    assessments: pd.DataFrame | None,
    summaries: pd.DataFrame | None,
    updates: pd.DataFrame | None,
    workspaces: pd.DataFrame,
    azure_machines: pd.DataFrame | None,
    update_manager_machines: pd.DataFrame | None,
    *,
    asked_at: datetime,
    stale_after: timedelta,
) -> pd.DataFrame:
    """Return machine, computer, name (folded), source_computer_id (the present id), resource_id, arm_key
    (folded), subject_id, workspace_id, workspace, os_type, environment, solutions, vmuuid, first_heartbeat,
    last_heartbeat, first_assessed, last_assessed, silenced, state, missing_critical, missing_security,
    missing_other, unapproved_security, reboot_pending, update_manager.

    `silenced`: connected when its workspace fell silent, so that nothing can be said of it now.
    A state that rests on a table which could not be seen is `unknown`.
    """
    machines = _present(identities)
    machines = _with_arm_ids(machines, azure_machines)
    names = workspaces.drop_duplicates("workspace_id").set_index("workspace_id")["name"]
    machines["workspace"] = looked_up(machines["workspace_id"], names).fillna("").astype("str")
    managed = set() if update_manager_machines is None else set(folded(update_manager_machines["machine_id"]))
    machines["update_manager"] = machines["arm_key"].isin(managed) & (machines["arm_key"] != "")
    machines = _with_counts(machines, updates)
    machines["reboot_pending"] = _restart_pending(machines, identities, summaries)
    seen = whole(heartbeats), whole(assessments) and whole(summaries), whole(updates)
    machines["silenced"] = _silenced(machines, pd.Timestamp(asked_at))
    machines["state"] = _states(machines, pd.Timestamp(asked_at), pd.Timedelta(stale_after), seen)
    return machines.sort_values(["name", "source_computer_id"], kind="stable").reset_index(drop=True)


def restricted(machines: pd.DataFrame, computers: Sequence[str]) -> pd.DataFrame:
    """Return the machines that the parameter `computers` names, all where it names none."""
    wanted = {name.strip().lower() for name in computers}
    return machines[machines["name"].isin(wanted)] if wanted else machines


def _present(identities: pd.DataFrame) -> pd.DataFrame:
    """Fold a machine's pairs into one row; its newest heartbeat, else its newest row, gives the id."""
    order = identities.sort_values(["last_heartbeat", "last_seen"], na_position="first", kind="stable")
    texts = ["resource_id", "os_type", "environment", "solutions", "vmuuid"]
    order[texts] = order[texts].replace("", None)
    grouped = order.groupby("machine", sort=True)
    columns = ["computer", "name", "agent", "source_computer_id", *texts]
    machines = grouped[columns].last()
    machines["workspace_id"] = (
        order.sort_values("last_seen", kind="stable").groupby("machine")["workspace_id"].last()
    )
    for column in ("first_heartbeat", "first_assessed"):
        machines[column] = grouped[column].min()
    for column in ("last_heartbeat", "last_assessed"):
        machines[column] = grouped[column].max()
    machines[texts] = machines[texts].fillna("").astype("str")
    return machines.reset_index()


def _with_arm_ids(machines: pd.DataFrame, azure_machines: pd.DataFrame | None) -> pd.DataFrame:
    """Join machines whose rows carry no ARM id to the one resource with their hardware's id."""
    machines["arm_key"] = folded(machines["resource_id"]).str.rstrip("/")
    bare = machines[(machines["arm_key"] == "") & (machines["vmuuid"] != "")]
    if azure_machines is not None and len(bare) and len(azure_machines):
        hardware = azure_machines.assign(vm=folded(azure_machines["vm_id"]))
        hardware = hardware[hardware["vm"] != ""].drop_duplicates("vm", keep=False).set_index("vm")["id"]
        uuid = folded(bare["vmuuid"])
        ids = looked_up(uuid, hardware).fillna(looked_up(uuid.map(swapped), hardware)).dropna()
        ids = ids[~ids.duplicated(keep=False) & ~folded(ids).isin(machines["arm_key"])]
        machines.loc[ids.index, "resource_id"] = ids
        machines["arm_key"] = folded(machines["resource_id"]).str.rstrip("/")
    machines["subject_id"] = machines["resource_id"].where(
        machines["arm_key"] != "", machines["source_computer_id"]
    )
    return machines


def _with_counts(machines: pd.DataFrame, updates: pd.DataFrame | None) -> pd.DataFrame:
    counts = ["missing_critical", "missing_security", "missing_other", "unapproved_security"]
    if updates is None:
        return machines.assign(**{count: pd.Series(dtype="Int64", index=machines.index) for count in counts})
    counting = ~updates["superseded"] & ~updates["definition"]
    grave = updates["critical"] | updates["security"]
    flags = pd.DataFrame(
        {
            "machine": updates["machine"],
            "missing_critical": updates["needed"] & updates["critical"] & counting,
            "missing_security": updates["needed"] & updates["security"] & counting,
            "missing_other": updates["needed"] & ~grave,
            "unapproved_security": updates["unapproved"] & grave & counting,
        }
    )
    summed = flags.groupby("machine")[counts].sum().reindex(machines["machine"]).fillna(0).astype("Int64")
    return machines.assign(**{count: summed[count].to_numpy() for count in counts}).astype(
        dict.fromkeys(counts, "Int64")
    )


def _restart_pending(
    machines: pd.DataFrame, identities: pd.DataFrame, summaries: pd.DataFrame | None
) -> pd.Series[bool]:
    if summaries is None:
        return pd.Series(pd.NA, index=machines.index, dtype="boolean")
    told = newest(summaries.assign(machine=numbered(summaries, identities)), "last_assessed")
    return looked_up(machines["machine"], told["restart_pending"])


def _states(
    machines: pd.DataFrame, now: pd.Timestamp, stale_after: pd.Timedelta, seen: tuple[bool, bool, bool]
) -> pd.Series[str]:
    heartbeats_seen, assessments_seen, updates_seen = seen
    heard, assessed = machines["last_heartbeat"], machines["last_assessed"]
    connected = heard >= now - stale_after
    lacking = (machines["missing_critical"].fillna(0) + machines["missing_security"].fillna(0)) > 0
    state = pd.Series("compliant" if updates_seen else "unknown", index=machines.index, dtype="str")
    state[lacking.astype(bool)] = "non_compliant" if updates_seen else "unknown"
    state[assessed < now - stale_after] = "assessment_stale" if assessments_seen else "unknown"
    state[assessed.isna()] = "not_assessed" if assessments_seen else "unknown"
    state[assessed.isna() & machines["update_manager"]] = "unknown"
    state[~connected] = "disconnected" if heartbeats_seen else "unknown"
    state[machines["silenced"]] = "unknown"
    return state


def _silenced(machines: pd.DataFrame, now: pd.Timestamp) -> pd.Series[bool]:
    """Whether a machine was connected when its workspace fell silent, and is so at `now`."""
    half_hour, day = pd.Timedelta(minutes=30), pd.Timedelta(days=1)
    heard = machines["last_heartbeat"]
    by_workspace = heard.groupby(machines["workspace_id"])
    last = by_workspace.transform("max")
    reporting = (heard >= now - day).groupby(machines["workspace_id"]).transform("sum")
    return (last < now - half_hour) & (reporting >= _COUNTED) & (heard >= last - half_hour)
