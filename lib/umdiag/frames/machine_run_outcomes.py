"""One row per machine run in the window: whose it was, how it ended, and whether it is the newest."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from umdiag.frames.shared.recognition import identified
from umdiag.frames.shared.text import fold, folded, last_segment, letters, looked_up
from umdiag.frames.targets import machine_key
from umdiag.model import Adding, Partial


def derive(
    machine_runs: pd.DataFrame,
    update_runs: Adding | None,
    machines: Partial | None,
    identities: Partial | None,
    estate: pd.DataFrame | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
    update_run: str,
) -> pd.DataFrame:
    """Return id, run_id, run_key, configuration, configuration_key, status (letters only: failedtostart),
    os_type (folded), run_agent (folded), start_time, end_time, duration, error_code, error_message,
    machine_key, machine (−1: not in the logs), computer, name, subject_id, arm_key, workspace_id,
    last_heartbeat, environment, and newest: none of the machine and deployment began later.

    Where the run does not tell the operating system, the logs do, else the resource.

    `update_run` keeps one deployment's machine runs, or those of the one run of that id. Without `estate` a
    machine that is in no log is named as it was asked for.
    """
    rows = machine_runs.assign(
        run_key=folded(machine_runs["run_id"]),
        configuration_key=folded(machine_runs["configuration"]),
        run_agent=folded(machine_runs["source_computer_id"]),
        os_type=folded(machine_runs["os_type"]),
        machine_key=machine_runs["target"].map(machine_key).astype("str"),
        written=machine_runs["target"].map(last_segment),
        status=letters(machine_runs["status"]),
    )
    if update_runs is not None:
        began = update_runs.assign(key=folded(update_runs["run_id"])).drop_duplicates("key").set_index("key")
        rows["start_time"] = rows["start_time"].fillna(looked_up(rows["run_key"], began["start_time"]))
    now = pd.Timestamp(asked_at)
    rows = rows[(rows["start_time"] > now - pd.Timedelta(lookback)) & (rows["start_time"] <= now)]
    if wanted := fold(update_run):
        of_run = folded(rows["run_id"]) == fold(update_run.rstrip("/").rpartition("/")[2])
        rows = rows[of_run | (rows["configuration_key"] == wanted)]
    rows = identified(rows.reset_index(drop=True), machines, estate)
    if identities is not None and machines is not None:
        rows = _by_agent(rows, identities, machines)
    rows["os_type"] = rows["os_type"].where(rows["os_type"] != "", rows["system"])
    rows = rows.sort_values(["start_time", "id"], kind="stable").reset_index(drop=True)
    who = rows["machine"].astype("str").where(rows["machine"] >= 0, rows["machine_key"])
    rows["newest"] = ~(who + "\n" + rows["configuration_key"]).duplicated(keep="last")
    columns = (
        "id run_id run_key configuration configuration_key status os_type run_agent start_time end_time"
        " duration"
        " error_code error_message machine_key machine computer name subject_id arm_key workspace_id"
        " last_heartbeat environment newest"
    )
    return rows[columns.split()]


def _by_agent(rows: pd.DataFrame, identities: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Recognise by its agent id what neither ARM id nor name tells: a deleted machine keeps its rows."""
    agents = identities[["agent", "machine"]].drop_duplicates()
    agents = agents[(agents["agent"] != "") & ~agents["agent"].duplicated(keep=False)]
    number = looked_up(rows["run_agent"], agents.set_index("agent")["machine"].astype("Int64"))
    unknown = (rows["machine"] < 0) & number.notna()
    rows.loc[unknown, "machine"] = number[unknown].astype("int64")
    logged = machines.assign(system=folded(machines["os_type"])).set_index("machine")
    for column in ("computer", "name", "workspace_id", "last_heartbeat", "environment", "system"):
        rows.loc[unknown, column] = looked_up(rows["machine"][unknown], logged[column])
    return rows
