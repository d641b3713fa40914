"""One row per machine that shares its computer name, or its agent's id, with another machine."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.identities import INTERLEAVED, beats_of_slots
from umdiag.frames.shared.text import among
from umdiag.model import Adding, Partial


def derive(machines: Partial, identities: Partial, shared_identities: Adding | None) -> pd.DataFrame:
    """Return machine, duplicate_computer_name, cloned_image, same_name (other agents of the name), same_agent
    (other names of the agent). The frame `identities` says which ids of one name are different machines.
    Without `shared_identities` neither reason can be told, and clones are not among the rows.
    """
    named = machines[machines["name"] != ""]
    twins = named[named["name"].duplicated(keep=False)]
    clones = _clones(identities, shared_identities)
    numbers = sorted({*twins["machine"], *clones["machine"]})
    rows = machines[among(machines["machine"], numbers)].reset_index(drop=True)
    told = shared_identities is not None
    for reason, bearers in (("duplicate_computer_name", twins), ("cloned_image", clones)):
        there = among(rows["machine"], bearers["machine"]).astype("boolean")
        rows[reason] = there if told else there.mask(there.notna())
    agents = {
        name: sorted(agents_of_name) for name, agents_of_name in twins.groupby("name")["source_computer_id"]
    }
    names = {agent: sorted(names_of_agent) for agent, names_of_agent in clones.groupby("agent")["computer"]}
    shared = clones.drop_duplicates("machine").set_index("machine")["agent"].to_dict()
    rows["same_name"] = [
        _others(agents.get(machine.name, []), machine.source_computer_id) for machine in rows.itertuples()
    ]
    rows["same_agent"] = [
        _others(names.get(shared.get(machine.machine), []), machine.computer) for machine in rows.itertuples()
    ]
    columns = ["machine", "duplicate_computer_name", "cloned_image", "same_name", "same_agent"]
    return rows[columns]


def _others(bearers: list[str], itself: str) -> list[str]:
    return [bearer for bearer in bearers if bearer != itself]


def _clones(identities: pd.DataFrame, slots: pd.DataFrame | None) -> pd.DataFrame:
    """Return the pairs whose heartbeats take turns with those of another name of the same agent id."""
    if slots is None or slots.empty:
        return identities.iloc[:0]
    beats = beats_of_slots(slots).sort_values("agent", kind="stable")
    beats = beats[beats["agent"] != ""]
    beats = beats[beats.groupby("agent")["name"].transform("nunique") > 1]
    return identities.merge(_taking_turns(beats), on=["agent", "name"])


def _taking_turns(beats: pd.DataFrame) -> pd.DataFrame:
    """Return agent and name where the name alternates three times or more with the agent's other names."""
    first_of_agent = beats["agent"] != beats["agent"].shift()
    begins = first_of_agent | (beats["name"] != beats["name"].shift())
    blocks = beats[begins].groupby(["agent", "name"]).size().rename("blocks").reset_index()
    at_start = _ends(beats[first_of_agent])
    at_end = _ends(beats[beats["agent"] != beats["agent"].shift(-1)])
    pairs = pd.MultiIndex.from_frame(blocks[["agent", "name"]])
    # Each block of a name begins and ends with a change, but for those at both ends of the whole row.
    turns = 2 * blocks["blocks"] - among(pairs, at_start).astype(int) - among(pairs, at_end).astype(int)
    return blocks[turns >= INTERLEAVED][["agent", "name"]]


def _ends(beats: pd.DataFrame) -> Any:
    return pd.MultiIndex.from_frame(beats[["agent", "name"]])
