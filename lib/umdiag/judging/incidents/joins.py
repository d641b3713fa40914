"""The joins between findings: a finding follows from another where both have a key in common.

Each half of a join returns number (of a finding) and key; a finding may have several keys, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import pandas as pd

from umdiag.frames.installations import configuration_of
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import after_last, folded, identity, looked_up, subscriptions_of
from umdiag.judging.incidents.edges import Join
from umdiag.judging.incidents.table import Findings
from umdiag.model import Partial

#: Calls a function with the facts, frames and parameters that it names.
Call: TypeAlias = Callable[[Callable[..., Any]], Any]
Half: TypeAlias = Callable[[pd.DataFrame, Findings, Call], pd.DataFrame]


def pairs(join: Join, explained: pd.DataFrame, by: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    """Return explained and by: the numbers of findings of which the first follows from the second."""
    of_explained, of_explaining = _HALVES[join]
    left = _clean(of_explained(explained, known, call)).rename(columns={"number": "explained"})
    right = _clean(of_explaining(by, known, call)).rename(columns={"number": "by"})
    return left.merge(right, on="key")[["explained", "by"]].drop_duplicates()


def workspace_of_machines(machines: Partial | None, workspaces: Partial | None) -> pd.Series[Any]:
    """Return the identity of each machine's workspace, by the identity of the machine."""
    if machines is None or workspaces is None:
        return pd.Series(dtype="str", index=pd.Index([], dtype="str"))
    named = workspaces.drop_duplicates("workspace_id").set_index("workspace_id")
    places = folded(named["id"]).mask(named["id"] == "").fillna(pd.Series(named.index, index=named.index))
    told = machines.drop_duplicates("subject_id", keep="last")
    return pd.Series(
        _identities(looked_up(told["workspace_id"], places)).to_numpy(),
        index=_identities(told["subject_id"]),
    )


def schedules_in_conflict(schedule_conflicts: Partial | None) -> pd.DataFrame:
    """Return configuration_key and other: the schedules with which each is in conflict."""
    if schedule_conflicts is None:
        return pd.DataFrame({"configuration_key": [], "other": []}, dtype="str")
    told = schedule_conflicts[schedule_conflicts["same_start"].notna()]
    return told[["configuration_key", "other_key"]].rename(columns={"other_key": "other"})


def reached(selections: Partial | None) -> pd.DataFrame:
    """Return configuration_key and machine_key: whom each living configuration selects now."""
    if selections is None:
        return pd.DataFrame({"configuration_key": [], "machine_key": []}, dtype="str")
    return selections[surely(selections["living"])][["configuration_key", "machine_key"]]


def is_of_one_run(*, update_run: str) -> bool:
    """Tell whether one run, or one schedule, was asked for."""
    return bool(update_run.strip())


def _machine(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    machines = rows[rows["subject_kind"] == "machine"]
    return _keyed(machines, machines["subject"])


def _machine_and_cause(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    machines = rows[rows["subject_kind"] == "machine"]
    return _keyed(machines, machines["subject"] + "\n" + machines["cause"])


def _any(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    return _keyed(rows, pd.Series("any", index=rows.index))


def _subject(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    return _keyed(rows, rows["subject"])


def _workspace(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    machine = rows["subject_kind"] == "machine"
    places = rows["subject"].mask(machine)
    if machine.any():
        places = places.fillna(looked_up(rows["subject"], call(workspace_of_machines)))
    return _keyed(rows, places)


def _subscription(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    return _keyed(rows, subscriptions_of(rows["subject"]))


def _name_and_type(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    resources = rows[rows["subject"].str.contains("/providers/", regex=False)]
    return _keyed(resources, after_last(resources["subject"], "/providers/"))


def _run(name: str, rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    """Key findings by the run that their evidence names; only where one run was asked for."""
    if not call(is_of_one_run):
        rows = rows.iloc[:0]
    return _keyed(rows, _told(name, rows, known))


def _configuration_of_run(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    return _keyed(rows, configuration_of(_told("run", rows, known)))


def _in_conflict(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    others = call(schedules_in_conflict)
    beside = _subject(rows, known, call).merge(others, left_on="key", right_on="configuration_key")
    return pd.concat(
        [_subject(rows, known, call), beside[["number", "other"]].rename(columns={"other": "key"})]
    )


def _reached_machines(rows: pd.DataFrame, known: Findings, call: Call) -> pd.DataFrame:
    selected = call(reached)
    chosen = selected[selected["configuration_key"].isin(rows["subject"])]
    told = _subject(rows, known, call).merge(chosen, left_on="key", right_on="configuration_key")
    return told[["number", "machine_key"]].rename(columns={"machine_key": "key"})


def _told(name: str, rows: pd.DataFrame, known: Findings) -> pd.Series[str]:
    """Return what the evidence of findings says under a name, as identities."""
    values = [identity(str(known.findings[number].evidence.get(name) or "")) for number in rows.index]
    return pd.Series(values, index=rows.index, dtype="str")


def _keyed(rows: pd.DataFrame, keys: pd.Series[Any]) -> pd.DataFrame:
    return pd.DataFrame({"number": rows.index, "key": keys.to_numpy()}).astype({"key": "str"})


def _clean(half: pd.DataFrame) -> pd.DataFrame:
    """Leave out what has no key: it is joined with nothing."""
    return half[half["key"].notna() & (half["key"] != "")].drop_duplicates()


def _identities(ids: pd.Series[Any]) -> pd.Series[Any]:
    return folded(ids).str.rstrip("/")


_HALVES: Mapping[Join, tuple[Half, Half]] = {
    Join.ANY: (_any, _any),
    Join.MACHINE: (_machine, _machine),
    Join.MACHINE_AND_CAUSE: (_machine_and_cause, _machine_and_cause),
    Join.MOVED_MACHINE: (_name_and_type, _name_and_type),
    Join.WORKSPACE: (_workspace, _workspace),
    Join.SUBSCRIPTION: (_subscription, _subscription),
    Join.RUN: (partial(_run, "run"), partial(_run, "run_id")),
    Join.CONFLICT: (_configuration_of_run, _in_conflict),
    Join.REACHES: (_machine, _reached_machines),
}
