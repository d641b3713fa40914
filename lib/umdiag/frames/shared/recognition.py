"""Recognise whom a row speaks of: a machine of the logs, a machine of Azure, a subscription."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import after_last, among, folded, looked_up


def of_update_management(machines: pd.DataFrame) -> pd.DataFrame:
    """Return the machines that are not known to be managed by Update Manager, which judges those itself."""
    return machines[~surely(machines["update_manager"])]


def on_machines(rows: pd.DataFrame, identities: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the column `machine`; rows of strangers are left out.

    A row is recognised by its agent id and computer name, else by its ARM id, else by its name alone, which
    several machines may bear: then it stands once for each. `rows` has computer, and may have
    source_computer_id and resource_id.
    """
    name = folded(rows["computer"])
    number = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    if "source_computer_id" in rows:
        pairs = pd.Series(
            identities["machine"].to_numpy(), index=identities["agent"] + "\n" + identities["name"]
        ).astype("Int64")
        number = looked_up(folded(rows["source_computer_id"]) + "\n" + name, pairs)
    if "resource_id" in rows:
        bound = machines[machines["arm_key"] != ""]
        bound = bound.sort_values(["last_heartbeat", "machine"], na_position="first", kind="stable")
        by_id = bound.drop_duplicates("arm_key", keep="last").set_index("arm_key")["machine"].astype("Int64")
        number = number.fillna(looked_up(folded(rows["resource_id"]).str.rstrip("/"), by_id))
    known = rows.assign(machine=number)[number.notna()].astype({"machine": "int64"})
    bare = rows[number.isna()]
    if bare.empty:
        return known
    bearers = identities[["name", "machine"]].drop_duplicates().rename(columns={"name": "_name"})
    named = bare.assign(_name=name[bare.index]).merge(bearers, on="_name").drop(columns="_name")
    return pd.concat([known, named], ignore_index=True) if len(named) else known


def numbered(rows: pd.DataFrame, identities: pd.DataFrame) -> pd.Series[Any]:
    """Return the machine of each row by agent id and name, else the newest of that name (null: none)."""
    name = folded(rows["computer"])
    pairs = identities.set_index(identities["agent"] + "\n" + identities["name"])["machine"].astype("Int64")
    bearers = identities.sort_values(["last_seen", "machine"], kind="stable")
    bearers = bearers.drop_duplicates("name", keep="last").set_index("name")
    by_pair = looked_up(folded(rows["source_computer_id"]) + "\n" + name, pairs)
    return by_pair.fillna(looked_up(name, bearers["machine"].astype("Int64")))


def outcomes_of(
    rows: pd.DataFrame, outcomes: pd.DataFrame, identities: pd.DataFrame, machines: pd.DataFrame
) -> pd.DataFrame:
    """Return the installations of each machine run in `rows` (machine, run_key); `row` is its index there.

    A machine that reports to several workspaces tells everything in each: one of them counts.
    """
    told = outcomes.assign(run_key=folded(outcomes["run_id"]))
    told = on_machines(told[among(told["run_key"], rows["run_key"])], identities, machines)
    told = told.sort_values(["last_told", "workspace_id"], kind="stable")
    last = told.groupby(["machine", "run_key"])["workspace_id"].transform("last")
    told = told[told["workspace_id"] == last]
    return rows[["machine", "run_key"]].assign(row=rows.index).merge(told, on=["machine", "run_key"])


def newest(rows: pd.DataFrame, moment: str) -> pd.DataFrame:
    """Return each machine's newest row, by `machine`."""
    others = [column for column in rows if column not in ("machine", moment) and rows[column].dtype != object]
    latest = rows.sort_values([moment, *others], kind="stable").drop_duplicates("machine", keep="last")
    return latest.set_index("machine")


def wsus_server_of(
    numbers: pd.Series[Any], summaries: pd.DataFrame | None, identities: pd.DataFrame, machines: pd.DataFrame
) -> pd.Series[Any]:
    """Return each machine's update server by its newest summary: "" for none, null where none can be told."""
    if summaries is None:
        return pd.Series(None, index=numbers.index, dtype="str")
    told = newest(on_machines(summaries, identities, machines), "last_assessed")["wsus_server"]
    return looked_up(numbers, told.str.strip()).fillna("").astype("str")


def identified(
    rows: pd.DataFrame, machines: pd.DataFrame | None, estate: pd.DataFrame | None
) -> pd.DataFrame:
    """Say who each `machine_key` is: as the log writes it, else as Azure does, else as it was asked for.

    Adds computer, name, subject_id, arm_key, source_computer_id, machine (−1: not in the logs), workspace_id,
    last_heartbeat, environment, system (windows, linux; "": nothing tells); the column `written` is how a
    machine was asked for, if it was.
    """
    plain = rows["machine_key"].str.removeprefix("name:")
    segment = after_last(plain, "/")
    rows["computer"], rows["subject_id"], rows["arm_key"] = (
        segment,
        plain,
        plain.where(plain.str.startswith("/"), ""),
    )
    rows["source_computer_id"], rows["machine"], rows["workspace_id"] = "", -1, ""
    rows["environment"], rows["system"] = "", ""
    rows["last_heartbeat"] = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]")
    if estate is not None:
        known = estate.set_index("machine_key")
        rows["computer"] = looked_up(rows["machine_key"], known["name"]).fillna(rows["computer"])
        rows["subject_id"] = looked_up(rows["machine_key"], known["resource_id"]).fillna(rows["subject_id"])
        rows["system"] = looked_up(rows["machine_key"], known["operating_system"]).fillna("")
    if "written" in rows:
        rows["computer"] = rows["written"].fillna(rows["computer"])
    if machines is not None:
        logged = machines.sort_values(["last_heartbeat", "machine"], na_position="first", kind="stable")
        logged = logged.assign(key=logged["arm_key"].where(logged["arm_key"] != "", "name:" + logged["name"]))
        names = logged.assign(key="name:" + logged["name"])
        known = pd.concat([names, logged]).drop_duplicates("key", keep="last").set_index("key")
        for column in (
            "computer",
            "subject_id",
            "arm_key",
            "source_computer_id",
            "machine",
            "workspace_id",
            "last_heartbeat",
            "environment",
        ):
            rows[column] = looked_up(rows["machine_key"], known[column]).fillna(rows[column])
        system = folded(known["os_type"])
        rows["system"] = looked_up(rows["machine_key"], system[system != ""]).fillna(rows["system"])
    rows["name"] = folded(rows["computer"])
    return rows.astype({"machine": "int64"})


AUTOMATION, COMPUTE, MAINTENANCE = "microsoft.automation", "microsoft.compute", "microsoft.maintenance"


def registrations_of(registrations: pd.DataFrame, namespace: str) -> pd.DataFrame:
    """Return the registrations of one namespace (folded); before 0.2 a fact named no namespace."""
    known = (namespace, "") if namespace == AUTOMATION else (namespace,)
    return registrations[among(folded(registrations["namespace"]), known)]


def unregistered(registrations: pd.DataFrame | None, namespace: str) -> set[str]:
    """Return the subscriptions, folded, that have not registered a namespace."""
    if registrations is None:
        return set()
    rows = registrations_of(registrations, namespace)
    return set(folded(rows["subscription_id"][folded(rows["registration_state"]) != "registered"]))
