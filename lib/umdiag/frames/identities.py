"""One row per (agent id, computer name) pair of the logs, with the machine that it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.text import before_first, fold, folded, looked_up, same_uuid
from umdiag.model import Partial

#: Heartbeats that take turns at least so often are interleaved (scenarios: "alternate three times or more").
INTERLEAVED = 3


def derive(
    heartbeats: Partial | None,
    assessments: Partial | None,
    summaries: Partial | None,
    shared_identities: Partial | None,
) -> pd.DataFrame:
    """Return machine, agent, name (both folded), source_computer_id, computer, workspace_id, os_type,
    environment, solutions, vmuuid, resource_id, first_heartbeat, last_heartbeat, first_assessed,
    last_assessed, last_seen.

    `machine` numbers machines: ids of one name that follow one another are one machine, ids that interleave
    and differ in VMUUID or ARM id are several; one id whose names follow one another is a renamed machine,
    and a name with and without its domain is one machine's.
    As far as seen: a first time is at the latest then, a last one at the earliest. Without
    `shared_identities` ids that overlap count as interleaved.
    Raises Inconclusive where no table tells of machines.
    """
    facts = [fact for fact in (heartbeats, assessments, summaries) if fact is not None]
    if not facts:
        raise Inconclusive(
            "none of Heartbeat, Update and UpdateSummary could be read, so no machine is known"
        )
    pairs = _pairs(pd.concat(facts, ignore_index=True))
    pairs = _without_missing_agents(pairs)
    pairs["machine"] = _machines(pairs, shared_identities)
    return pairs


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "os_type": "str", "environment": "str", "solutions": "str", "vmuuid": "str", "resource_id": "str",
        "first_heartbeat": "datetime64[us, UTC]", "last_heartbeat": "datetime64[us, UTC]",
        "first_assessed": "datetime64[us, UTC]", "last_assessed": "datetime64[us, UTC]",
    }  # fmt: skip
    for column, dtype in columns.items():
        if column not in rows:
            rows[column] = pd.Series(dtype=dtype, index=rows.index)
    rows["agent"], rows["name"] = folded(rows["source_computer_id"]), folded(rows["computer"])
    rows["last_seen"] = rows[["last_heartbeat", "last_assessed"]].max(axis=1)
    return _folded_together(rows)


def _folded_together(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per agent and name: the newest text that is there, the ends of the times."""
    texts = ["source_computer_id", "os_type", "environment", "solutions", "vmuuid", "resource_id"]
    rows[texts] = rows[texts].replace("", None)
    # Of what came in the same minute the texts decide, else the order of rows would.
    order = ["last_seen", "workspace_id", "source_computer_id", "computer", *texts[1:]]
    grouped = rows.sort_values(order, kind="stable", na_position="first").groupby(
        ["agent", "name"], sort=True
    )
    # `last` takes the newest value that is there; a name is displayed as its newest row writes it.
    pairs = grouped[["source_computer_id", "computer", "workspace_id", *texts[1:]]].last()
    for column in ("first_heartbeat", "first_assessed"):
        pairs[column] = grouped[column].min()
    for column in ("last_heartbeat", "last_assessed", "last_seen"):
        pairs[column] = grouped[column].max()
    pairs[texts] = pairs[texts].fillna("").astype("str")
    pairs["computer"] = pairs["computer"].str.strip()
    return pairs.reset_index()


def _without_missing_agents(pairs: pd.DataFrame) -> pd.DataFrame:
    """Fold a pair without an agent id into the newest pair of its name that has one."""
    bare = pairs[pairs["agent"] == ""]
    whole = pairs[pairs["agent"] != ""].sort_values(["last_seen", "agent"], kind="stable")
    host = looked_up(bare["name"], whole.drop_duplicates("name", keep="last").set_index("name")["agent"])
    if not host.notna().any():
        return pairs.reset_index(drop=True)
    merged = pairs.copy()
    merged.loc[host.dropna().index, ["agent", "source_computer_id"]] = None
    merged["agent"] = merged["agent"].fillna(host)
    return _folded_together(merged)


def _machines(pairs: pd.DataFrame, slots: pd.DataFrame | None) -> pd.Series[int]:
    """Give each machine a number: every name is one, but for the few names or ids that are shared."""
    groups = _of_hosts(pairs)
    beats = pd.DataFrame()
    if slots is not None and not slots.empty:
        beats = beats_of_slots(slots).set_index("name").sort_index(kind="stable")
    for shared in ("name", "agent"):
        counted = pairs[pairs[shared] != ""].assign(machine=groups[pairs[shared] != ""])
        counted = counted.groupby(shared)["machine"].transform("nunique")
        for _, several in pairs.loc[counted[counted > 1].index].groupby(shared):
            _join(
                several.sort_values(["last_seen", "agent", "name"], kind="stable"),
                groups,
                beats,
                renamed=shared == "agent",
            )
    return pd.Series(pd.factorize(groups)[0], index=pairs.index, dtype="int64")


def _of_hosts(pairs: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Give each pair a number, the same to those that are one host of an agent: some tables add its domain.

    Nothing they tell of the hardware may differ, and it is the same for all of them, or only one of the
    names bears heartbeats.
    """
    host = before_first(pairs["name"], ".")
    keys = [pairs["agent"], host]
    told = pd.DataFrame({"arm": folded(pairs["resource_id"]), "uuid": folded(pairs["vmuuid"])})
    counts = told.replace("", None).groupby(keys).transform("nunique")
    size = pairs.groupby(keys)["name"].transform("size")
    same = (told.ne("").groupby(keys).transform("all") & counts.eq(1)).any(axis=1)
    heard = pairs["last_heartbeat"].notna().groupby(keys).transform("sum")
    bare = pairs["name"].eq(host).groupby(keys).transform("any")
    joined = (size > 1) & bare & counts.le(1).all(axis=1) & (same | (heard <= 1)) & (pairs["agent"] != "")
    first = pd.Series(np.arange(len(pairs)), index=pairs.index).groupby(keys).transform("first")
    return np.where(joined, first, np.arange(len(pairs)))


def _join(several: pd.DataFrame, groups: np.ndarray[Any, Any], slots: pd.DataFrame, *, renamed: bool) -> None:
    rows = list(several.itertuples())
    for at, earlier in enumerate(rows):
        for later in rows[at + 1 :]:
            same = _same_rename(earlier, later) if renamed else _same_machine(earlier, later, slots)
            if same and groups[earlier.Index] != groups[later.Index]:
                groups[groups == groups[earlier.Index]] = groups[later.Index]


def _same_machine(earlier: Any, later: Any, slots: pd.DataFrame) -> bool:
    """Two ids of one name: one machine, unless they interleave and differ in VMUUID or ARM id."""
    if not _overlap(earlier, later) or _alternations(earlier, later, slots) < INTERLEAVED:
        return True
    return not _differ(earlier, later)


def _same_rename(earlier: Any, later: Any) -> bool:
    """Two names of one id: one renamed machine if they follow one another on the same hardware."""
    if _overlap(earlier, later) or pd.isna(earlier.first_heartbeat) or pd.isna(later.first_heartbeat):
        return False
    return not _differ(earlier, later) and bool(
        (earlier.vmuuid and later.vmuuid) or (earlier.resource_id and later.resource_id)
    )


def _overlap(earlier: Any, later: Any) -> bool:
    return bool(
        earlier.first_heartbeat <= later.last_heartbeat and later.first_heartbeat <= earlier.last_heartbeat
    )


def _differ(earlier: Any, later: Any) -> bool:
    uuids = bool(earlier.vmuuid and later.vmuuid) and not same_uuid(earlier.vmuuid, later.vmuuid)
    return uuids or bool(
        earlier.resource_id and later.resource_id and fold(earlier.resource_id) != fold(later.resource_id)
    )


def beats_of_slots(slots: pd.DataFrame) -> pd.DataFrame:
    """Return agent, name, at: both ends of each slot, in time; a slot with one heartbeat has one end."""
    keys = slots.assign(agent=folded(slots["source_computer_id"]), name=folded(slots["computer"]))
    ends = [
        keys[["agent", "name", end]].rename(columns={end: "at"})
        for end in ("first_heartbeat", "last_heartbeat")
    ]
    return pd.concat(ends).drop_duplicates().sort_values("at", kind="stable")


def _alternations(earlier: Any, later: Any, slots: pd.DataFrame) -> int:
    """Count how often the heartbeats of two ids of one name take turns; without slots, overlap counts."""
    if slots.empty or earlier.name not in slots.index:
        return INTERLEAVED
    turns = slots.loc[[earlier.name]]
    agents = turns[turns["agent"].isin([earlier.agent, later.agent])].sort_values("at", kind="stable")[
        "agent"
    ]
    return int((agents != agents.shift()).sum()) - 1
