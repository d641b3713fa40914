"""One row per machine of the logs: who it is, when it reported and was assessed, in which state it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.shared.arm_ids import with_arm_ids
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.existence import absent
from umdiag.frames.shared.recognition import newest, numbered
from umdiag.frames.shared.text import among, folded, looked_up
from umdiag.frames.workspaces import places
from umdiag.model import Partial

_COUNTED = 3
_HEARD, _ASSESSED = ("first_heartbeat", "last_heartbeat"), ("first_assessed", "last_assessed")


def derive(
    identities: Partial,
    heartbeats: pd.DataFrame | None,
    assessments: pd.DataFrame | None,
    summaries: pd.DataFrame | None,
    updates: Partial | None,
    workspace_settings: pd.DataFrame | None,
    azure_machines: pd.DataFrame | None,
    managed: pd.DataFrame | None,
    *,
    workspaces: Sequence[str],
    asked_at: datetime,
    stale_after: timedelta,
) -> pd.DataFrame:
    """Return machine, computer, name (folded), source_computer_id (the present id), resource_id, arm_key
    (folded), subject_id, workspace_id, workspace, os_type, environment, solutions, vmuuid, first_heartbeat,
    last_heartbeat, heard, first_assessed, last_assessed, assessed, silenced, state, missing_critical,
    missing_security, missing_other, unapproved_security, reboot_pending, wsus_server ("":
    none, null: no summary tells), update_manager (Azure Update Manager manages it: its state is then
    `update_manager`, and stands in `managed_machines`), hidden (it is connected, and Resource Graph does not
    show its resource).

    `heard` and `assessed` say whether there was a heartbeat or an assessment in the window: a time that is
    null means none only where they are false. `silenced`: connected when its workspace fell silent, so that
    nothing can be said of it now. A state that rests on a table which could not be seen is `unknown`.
    Without `azure_machines` a machine whose rows carry no ARM id is known by its agent's id; without
    `workspace_settings` a workspace is named by its id.
    """
    machines = _present(identities)
    machines = with_arm_ids(machines, azure_machines)
    machines["subject_id"] = machines["resource_id"].where(
        machines["arm_key"] != "", machines["source_computer_id"]
    )
    names = places(machines["workspace_id"].unique(), workspace_settings, workspaces)
    names = names.drop_duplicates("workspace_id").set_index("workspace_id")["name"]
    machines["workspace"] = looked_up(machines["workspace_id"], names).fillna("").astype("str")
    if heartbeats is None and machines["workspace_id"].nunique() > 1:
        # The newest row of a machine, which tells, may be a heartbeat.
        machines["workspace"] = pd.Series(pd.NA, index=machines.index, dtype="str")
    machines["update_manager"] = _managed(machines, azure_machines, managed)
    machines = _with_counts(machines, updates)
    machines[["reboot_pending", "wsus_server"]] = _summarised(machines, identities, summaries)
    seen = assessments is not None and summaries is not None
    machines["heard"] = _whether(machines["last_heartbeat"], seen=heartbeats is not None)
    machines["assessed"] = _whether(machines["last_assessed"], seen=seen)
    fresh_since = pd.Timestamp(asked_at) - stale_after
    machines["hidden"] = _hidden(machines, azure_machines, fresh_since, seen=heartbeats is not None)
    machines["silenced"] = _silenced(machines, pd.Timestamp(asked_at), seen=heartbeats is not None)
    machines["state"] = _states(machines, fresh_since, heard=heartbeats is not None, assessed=seen)
    # As far as they were seen these are bounds, good enough for a state and not to be told as times.
    for column in [*(_HEARD if heartbeats is None else ()), *(() if seen else _ASSESSED)]:
        machines[column] = pd.Series(pd.NaT, index=machines.index, dtype=machines[column].dtype)
    return machines.sort_values(["name", "source_computer_id"], kind="stable").reset_index(drop=True)


def _present(identities: pd.DataFrame) -> pd.DataFrame:
    """Fold a machine's pairs into one row; its newest heartbeat, else its newest row, gives the id."""
    # Of what came in the same minute the keys decide, else the order of rows would.
    keys = ["workspace_id", "agent", "name"]
    order = identities.sort_values(["last_heartbeat", "last_seen", *keys], na_position="first", kind="stable")
    texts = ["resource_id", "os_type", "environment", "solutions", "vmuuid"]
    order[texts] = order[texts].replace("", None)
    grouped = order.groupby("machine", sort=True)
    columns = ["computer", "name", "agent", "source_computer_id", *texts]
    machines = grouped[columns].last()
    machines["workspace_id"] = (
        order.sort_values(["last_seen", *keys], kind="stable").groupby("machine")["workspace_id"].last()
    )
    for column in ("first_heartbeat", "first_assessed"):
        machines[column] = grouped[column].min()
    for column in ("last_heartbeat", "last_assessed"):
        machines[column] = grouped[column].max()
    machines[texts] = machines[texts].fillna("").astype("str")
    return machines.reset_index()


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


def _summarised(
    machines: pd.DataFrame, identities: pd.DataFrame, summaries: pd.DataFrame | None
) -> pd.DataFrame:
    """Return what each machine's newest summary says, null where none does."""
    if summaries is None:
        unseen = pd.DataFrame(index=machines.index, columns=["restart_pending", "wsus_server"])
        return unseen.astype({"restart_pending": "boolean", "wsus_server": "str"})
    told = newest(summaries.assign(machine=numbered(summaries, identities)), "last_assessed")
    return pd.DataFrame(
        {
            column: looked_up(machines["machine"], told[column])
            for column in ("restart_pending", "wsus_server")
        }
    )


def _whether(last: pd.Series[Any], *, seen: bool) -> pd.Series[bool]:
    """Whether there was any in the window (null: cannot be told), from the last time that was seen."""
    there = last.notna().astype("boolean")
    return there if seen else there.mask(~there)


def _managed(
    machines: pd.DataFrame, azure_machines: pd.DataFrame | None, managed: pd.DataFrame | None
) -> pd.Series[bool]:
    """Say which machines Update Manager manages (null: cannot be told)."""
    has_id = machines["arm_key"] != ""
    if managed is None:
        is_so = pd.Series(pd.NA, index=machines.index, dtype="boolean").mask(~has_id, False)
    else:
        told = managed.set_index("machine_key")["managed"]
        is_so = looked_up(machines["arm_key"], told).astype("boolean")
        is_so = is_so.mask(~among(machines["arm_key"], told.index), False)
    return is_so.mask(~has_id) if azure_machines is None else is_so


def _hidden(
    machines: pd.DataFrame, azure_machines: pd.DataFrame | None, since: pd.Timestamp, *, seen: bool
) -> pd.Series[bool]:
    """Whether a machine is connected and its resource is not shown (null: cannot be told)."""
    keys = None if azure_machines is None else folded(azure_machines["id"]).str.rstrip("/")
    connected = (machines["last_heartbeat"] >= since).astype("boolean")
    connected = connected if seen else connected.mask(~connected)
    return connected & absent(machines["arm_key"], None if keys is None else keys.to_frame("machine_key"))


def _states(
    machines: pd.DataFrame, fresh_since: pd.Timestamp, *, heard: bool, assessed: bool
) -> pd.Series[str]:
    """Decide each state; the last that applies stands, and `unknown` where it rests on what was not seen.

    `heard` and `assessed`: all rows that tell of it were seen, so that what is not there is not there.
    """
    last_heartbeat, last_assessed = machines["last_heartbeat"], machines["last_assessed"]
    lacking = machines["missing_critical"] + machines["missing_security"] > 0
    managed = machines["update_manager"]
    state = pd.Series("compliant", index=machines.index, dtype="str")
    state[surely(lacking)] = "non_compliant"
    state[lacking.isna()] = "unknown"
    state[last_assessed < fresh_since] = "assessment_stale" if assessed else "unknown"
    state[last_assessed.isna()] = "not_assessed" if assessed else "unknown"
    state[last_assessed.isna() & managed.isna()] = "unknown"
    state[~(last_heartbeat >= fresh_since)] = "disconnected" if heard else "unknown"
    state[machines["silenced"].fillna(True).astype(bool)] = "unknown"
    state[surely(managed)] = "update_manager"
    return state


def _silenced(machines: pd.DataFrame, now: pd.Timestamp, *, seen: bool) -> pd.Series[bool]:
    """Whether a machine was connected when its workspace fell silent, and is so now (null: cannot tell)."""
    half_hour, day = pd.Timedelta(minutes=30), pd.Timedelta(days=1)
    heard = machines["last_heartbeat"]
    by_workspace = heard.groupby(machines["workspace_id"])
    last = by_workspace.transform("max")
    reporting = (heard >= now - day).groupby(machines["workspace_id"]).transform("sum")
    silenced = (last < now - half_hour) & (reporting >= _COUNTED) & (heard >= last - half_hour)
    # Of rows that were not all seen, only a heartbeat just now tells.
    return (
        silenced.astype("boolean") if seen else silenced.astype("boolean").mask(~(heard >= now - half_hour))
    )
