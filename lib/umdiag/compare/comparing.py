"""What became of findings, incidents and machines from one report to a later one.

What was found and is no longer found is resolved only where it was looked at again: a question that was not
answered, and a machine that was not judged, resolve nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from umdiag.compare.changes import changes_between
from umdiag.compare.reading import ReadReport
from umdiag.compare.scope import differences, not_judged_again, not_judged_before

NEW, RESOLVED, UNCHANGED = "new", "resolved", "unchanged"
UNJUDGED, FIRST_JUDGED = "no longer judged", "judged for the first time"
ACCEPTED, COUNTS_AGAIN = "accepted since", "no longer accepted"
#: In the order in which a reader wants them.
FATES = (NEW, COUNTS_AGAIN, FIRST_JUDGED, UNJUDGED, RESOLVED, ACCEPTED, UNCHANGED)
#: Where one subject may have several findings, of different causes.
_SEVERAL = ("ingestion_gap",)
#: Where a machine is in only one of the reports.
ABSENT = "not in the report"
_KEY = ["scenario", "cause", "key"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two reports beside each other.

    `findings`: one row per finding of either: scenario, cause, severity, kind, key, name, counts, fate, why
    (it was not judged, else ""). `states`: one row per pair of states: old, new, machines. `incidents`: one
    row per incident: scenario, cause, severity, fate, before, after (findings that are its roots or follow).
    `changes`: what Azure recorded in between of machines that changed: name, changed, property, before,
    after, by. `warnings`: why the two may not be comparable.
    """

    old: ReadReport
    new: ReadReport
    findings: pd.DataFrame
    incidents: pd.DataFrame
    states: pd.DataFrame
    changes: pd.DataFrame
    warnings: Sequence[str]

    def count(self, fate: str) -> int:
        """Return how many findings that make a problem have a fate."""
        return int(((self.findings["fate"] == fate) & self.findings["counts"]).sum())

    @property
    def exit_code(self) -> int:
        """1 where there is a new problem, else 0 (contract §1)."""
        return int(self.count(NEW) > 0)


def compare(old: ReadReport, new: ReadReport) -> Comparison:
    """Lay two reports beside each other."""
    findings = _findings(old, new)
    return Comparison(
        old=old,
        new=new,
        findings=findings,
        incidents=_incidents(old, new, findings),
        states=_states(old, new),
        changes=changes_between(old, new, _moved(old, new, findings)),
        warnings=tuple(differences(old, new)),
    )


def _findings(old: ReadReport, new: ReadReport) -> pd.DataFrame:
    both = old.findings.merge(new.findings, on=_KEY, how="outer", suffixes=("_old", "_new"), indicator=True)
    side = both["_merge"].astype("string")
    counts_old = both["counts_old"].astype("boolean").fillna(False).astype(bool)
    counts_new = both["counts_new"].astype("boolean").fillna(False).astype(bool)
    fate = side.map({"left_only": RESOLVED, "right_only": NEW, "both": UNCHANGED}).astype("string")
    fate = fate.mask((side == "both") & counts_new & ~counts_old, COUNTS_AGAIN)
    fate = fate.mask((side == "both") & counts_old & ~counts_new, ACCEPTED)
    rows = pd.DataFrame(
        {name: both[name] for name in _KEY}
        | {name: both[f"{name}_new"].fillna(both[f"{name}_old"]) for name in ("severity", "kind", "name")}
        | {"counts": counts_new | (counts_old & (side != "right_only")), "fate": fate, "why": ""}
    )
    rows = _with_other_causes(rows)
    for fate_if_judged, told, said in (
        (RESOLVED, not_judged_again, UNJUDGED),
        (NEW, not_judged_before, FIRST_JUDGED),
    ):
        chosen = rows["fate"] == fate_if_judged
        why = told(rows[chosen], old, new)
        rows.loc[chosen, "why"] = why.where(why != "", rows.loc[chosen, "why"])
        rows.loc[chosen & rows.index.isin(why.index[why != ""]), "fate"] = said
    order = pd.Categorical(rows["fate"], FATES, ordered=True)
    rows = rows.assign(order=order).sort_values(["order", "scenario", "cause", "name", "key"])
    return rows.drop(columns="order").reset_index(drop=True).astype({"counts": "bool"})


def _with_other_causes(rows: pd.DataFrame) -> pd.DataFrame:
    """Take a finding of another cause on the same subject for the one that was there."""
    alone = ~rows["scenario"].isin(_SEVERAL)
    gone = rows[(rows["fate"] == RESOLVED) & rows["counts"] & alone]
    before = gone.drop_duplicates(["scenario", "key"]).set_index(["scenario", "key"])["cause"]
    pairs = pd.MultiIndex.from_frame(rows[["scenario", "key"]])
    other = (rows["fate"] == NEW) & rows["counts"] & alone & pairs.isin(before.index)
    was = pd.Series(pairs.map(before.to_dict()), index=rows.index, dtype="string")
    changed = set(pairs[other])
    left = ~((rows["fate"] == RESOLVED) & pairs.isin(list(changed))) if changed else rows["fate"].notna()
    rows = rows.assign(
        fate=rows["fate"].mask(other, UNCHANGED),
        why=rows["why"].mask(other, ("its cause was " + was).fillna("")),
    )
    return rows[left].reset_index(drop=True)


def _incidents(old: ReadReport, new: ReadReport, findings: pd.DataFrame) -> pd.DataFrame:
    before, after = _sizes(old), _sizes(new)
    open_roots = set(
        findings[findings["fate"].isin([UNJUDGED, FIRST_JUDGED])][["scenario", "cause"]].itertuples(
            index=False, name=None
        )
    )
    rows = []
    for key in {**after, **before}:
        there = after.get(key) or before[key]
        fate = UNCHANGED if key in before and key in after else NEW if key in after else RESOLVED
        if fate in (RESOLVED, NEW) and key in open_roots:
            fate = UNJUDGED if fate == RESOLVED else FIRST_JUDGED
        sizes = (before.get(key, ("", 0))[1], after.get(key, ("", 0))[1])
        rows.append((*key, there[0], fate, *sizes))
    columns = ["scenario", "cause", "severity", "fate", "before", "after"]
    return pd.DataFrame(rows, columns=columns)


def _sizes(report: ReadReport) -> dict[tuple[str, str], tuple[str, int]]:
    """Return each incident's severity and the number of its findings, in the report's order."""
    return {
        (incident["scenario"], incident["cause"]): (
            incident["severity"],
            incident["roots"] + incident["explains"],
        )
        for incident in report.incidents
    }


def _states(old: ReadReport, new: ReadReport) -> pd.DataFrame:
    both = old.machines.merge(new.machines, on="key", how="outer", suffixes=("_old", "_new"))
    pairs = both[["state_old", "state_new"]].fillna(ABSENT)
    counted = pairs.value_counts().rename("machines").reset_index()
    counted.columns = pd.Index(["old", "new", "machines"])
    return counted.sort_values(["old", "new"]).reset_index(drop=True)


def _moved(old: ReadReport, new: ReadReport, findings: pd.DataFrame) -> Mapping[str, str]:
    """Return the machines that have a new finding or another state, by key, with their names."""
    both = old.machines.merge(new.machines, on="key", suffixes=("_old", "_new"))
    other = both[both["state_old"] != both["state_new"]]
    found = findings[(findings["fate"] == NEW) & (findings["kind"] == "machine")]
    keys = pd.concat([other["key"], found["key"]])
    names = pd.concat([other["computer_new"], found["name"]])
    return dict(zip(keys, names, strict=True))
