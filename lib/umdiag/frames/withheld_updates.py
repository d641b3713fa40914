"""One row per maintenance configuration and update that it can never install where it is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.text import among, folded, looked_up
from umdiag.frames.shared.update_lists import EXCLUDES, INSTALLS, LEAVES_OUT, Verdicts, distinct, verdicts
from umdiag.model import Partial

_SHOWN = 5


def derive(
    needed_updates: Partial,
    managed_machines: Partial,
    selections: pd.DataFrame,
    configurations: pd.DataFrame,
) -> pd.DataFrame:
    """Return configuration_key, update, title, kb, version, classification, critical, published, reason
    (kb_excluded, package_mask_excludes, class_not_included), machines (how many need it), computers (some of
    them), unread (on how many of them a schedule that cannot be read may install it).

    Critical and security updates, ESM left out, of machines that lack some, where no living configuration
    that reaches the machine would install them. Of several the one that excludes by name has the row, else
    the one with most classes, else the first by name.
    """
    needed = grave_updates(needed_updates, managed_machines)
    rank = _ranked(configurations)
    living = selections[surely(selections["living"])]
    living = living[among(living["configuration_key"], rank.index)]
    needed = needed[among(needed["machine_key"], living["machine_key"])].reset_index(drop=True)
    codes, kinds = distinct(needed)
    reaching = living.assign(place=looked_up(living["configuration_key"], rank["place"]).astype("int64"))
    numbers, together, keys = _groups(reaching.drop_duplicates(["machine_key", "place"]).sort_values("place"))
    group = looked_up(needed["machine_key"], pd.Series(numbers, index=keys)).astype("int64")
    pairs = pd.DataFrame({"group": group.to_numpy(), "code": codes})
    chosen = _chosen(pairs.drop_duplicates(), together, verdicts(configurations, kinds), rank, kinds)
    needed["unread"] = among(
        needed["machine_key"], selections["machine_key"][surely_not(selections["readable"])]
    )
    blamed = pairs.assign(row=needed.index).merge(chosen, on=["group", "code"])
    return _gathered(blamed, needed, configurations)


def _groups(reaching: pd.DataFrame) -> tuple[Any, Any, pd.Index[str]]:
    """Return the number of each machine's group of places, the groups, and the machines."""
    numbers, keys = pd.factorize(reaching["machine_key"])
    order = np.argsort(numbers, kind="stable")
    places = np.split(reaching["place"].to_numpy()[order], np.bincount(numbers).cumsum())[: len(keys)]
    groups = pd.Series([*map(tuple, places)], dtype="object")
    return *pd.factorize(groups), keys


def grave_updates(needed_updates: pd.DataFrame, managed_machines: pd.DataFrame) -> pd.DataFrame:
    """Return the critical and security updates, ESM left out, of machines that lack some; adds computer and
    linux.
    """
    lacking = managed_machines[managed_machines["state"] == "non_compliant"].set_index("machine_key")
    rows = needed_updates[among(needed_updates["machine_key"], lacking.index)]
    grave = (rows["critical"] | rows["security"]) & ~rows["esm"] & ~rows["cut"]
    rows = rows[grave].reset_index(drop=True)
    system = folded(looked_up(rows["machine_key"], lacking["operating_system"]))
    linux = (system == "linux") | ((system != "windows") & (folded(rows["version"]) != ""))
    return rows.assign(linux=linux, computer=looked_up(rows["machine_key"], lacking["computer"]))


def _ranked(configurations: pd.DataFrame) -> pd.DataFrame:
    """Return by configuration_key its place, and its rank for each system: by classes, then name."""
    ranks = pd.DataFrame({"place": range(len(configurations)), "name": folded(configurations["name"])})
    ranks.index = pd.Index(configurations["configuration_key"])
    for system in ("windows", "linux"):
        ranks["classes"] = [-len(set(classes or ())) for classes in configurations[f"{system}_classes"]]
        order = ranks.reset_index().sort_values(["classes", "name", "configuration_key"], kind="stable")
        ranks[system] = pd.Series(range(len(order)), index=order["configuration_key"])
    return ranks


def _chosen(
    pairs: pd.DataFrame, together: Any, told: Verdicts, rank: pd.DataFrame, kinds: pd.DataFrame
) -> pd.DataFrame:
    """Return, by group of configurations and update that none of them installs, the place of the one to
    blame and why.
    """
    ranks = {system: rank[system].to_numpy() for system in ("windows", "linux")}
    linux = kinds["linux"].to_numpy(dtype=bool)
    found = []
    for group, codes in pairs.groupby("group")["code"]:
        places = np.array(together[group])
        said = told[np.ix_(places, codes.to_numpy())]
        judged = np.isin(said, (EXCLUDES, LEAVES_OUT))
        system = linux[codes.to_numpy()]
        order = np.where(system, ranks["linux"][places][:, None], ranks["windows"][places][:, None])
        order = order + (said == LEAVES_OUT) * len(rank) + ~judged * 2 * len(rank)
        first = order.argmin(axis=0)
        kept = judged.any(axis=0) & ~(said == INSTALLS).any(axis=0)
        part = pd.DataFrame({"code": codes.to_numpy(), "place": places[first]}).assign(group=group)
        part["named"] = said[first, np.arange(len(codes))] == EXCLUDES
        found.append(part[kept])
    columns = {"code": "int64", "place": "int64", "group": "int64", "named": "bool"}
    return pd.concat(found) if found else pd.DataFrame(columns=list(columns)).astype(columns)


def _gathered(blamed: pd.DataFrame, needed: pd.DataFrame, configurations: pd.DataFrame) -> pd.DataFrame:
    """Return one row per configuration and update, those that most machines need first."""
    keys = ["place", "code"]
    blamed["machine"] = pd.factorize(needed["machine_key"])[0][blamed["row"]]
    blamed["unread"] = needed["unread"].to_numpy()[blamed["row"]]
    blamed = blamed.drop_duplicates([*keys, "machine"]).sort_values("row")
    by = blamed.groupby(keys)
    counts = by.agg(machines=("machine", "size"), unread=("unread", "sum"))
    some = blamed[by.cumcount() < _SHOWN]
    computers = needed["computer"].to_numpy()[some["row"]]
    counts["computers"] = (
        pd.Series(computers, index=some.index).groupby([some[key] for key in keys]).agg(list)
    )
    first = blamed.drop_duplicates(keys).merge(counts.reset_index(), on=keys, suffixes=("_", ""))
    rows = needed.iloc[first["row"]].reset_index(drop=True)
    rows = rows[["update", "title", "kb", "version", "classification", "critical", "published", "linux"]]
    rows["reason"] = np.select(
        [first["named"] & rows["linux"], first["named"]],
        ["package_mask_excludes", "kb_excluded"],
        "class_not_included",
    )
    names = configurations["configuration_key"].to_numpy()
    rows["configuration_key"] = pd.Series(names[first["place"]], dtype="str", index=rows.index)
    rows = rows.drop(columns="linux").assign(**{name: first[name] for name in counts})
    return rows.sort_values(["machines", "update"], ascending=[False, True], kind="stable", ignore_index=True)
