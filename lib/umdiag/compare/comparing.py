"""What became of findings, incidents and machines from one report to a later one.

What was found and is no longer found is resolved only where it was looked at again: a question that was not
answered, and a machine that was not judged, resolve nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from umdiag.compare.changes import changes_between
from umdiag.compare.reading import ReadReport

NEW, RESOLVED, UNCHANGED, UNJUDGED = "new", "resolved", "unchanged", "no longer judged"
#: In the order in which a reader wants them.
FATES = (NEW, UNJUDGED, RESOLVED, UNCHANGED)
#: Where a machine is in only one of the reports.
ABSENT = "not in the report"
_KEY = ["scenario", "cause", "key"]
#: States in the order in which they are decided (scenarios.md): a machine in one of them was not judged by
#: what comes later.
_DECIDED = (
    "unknown",
    "disconnected",
    "assessment_failed",
    "not_assessed",
    "assessment_stale",
    "non_compliant",
)
#: Scenario → the first state in which a machine was judged by it; of others, any but unknown.
_JUDGED_FROM: Mapping[str, str] = {
    "machine_disconnected": "assessment_failed",
    "assessment_failed": "non_compliant",
    "machine_not_assessed": "non_compliant",
    "assessment_stale": "non_compliant",
    "machine_stuck_configuring": "non_compliant",
    "machine_non_compliant": "non_compliant",
    "reboot_pending": "non_compliant",
    "superseded_update_missing": "non_compliant",
    "updates_need_subscription": "non_compliant",
    "wsus_not_approved": "non_compliant",
    "defender_definition_missing": "non_compliant",
    "linux_classification_mismatch": "non_compliant",
}


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
        warnings=tuple(_warnings(old, new)),
    )


def _findings(old: ReadReport, new: ReadReport) -> pd.DataFrame:
    both = old.findings.merge(new.findings, on=_KEY, how="outer", suffixes=("_old", "_new"), indicator=True)
    side = both["_merge"].astype("string")
    fate = side.map({"left_only": RESOLVED, "right_only": NEW, "both": UNCHANGED}).astype("string")
    # What is accepted by now, or was until now, is a problem to nobody or to somebody again.
    counts_old = both["counts_old"].astype("boolean").fillna(False)
    counts_new = both["counts_new"].astype("boolean").fillna(False)
    fate = fate.mask((side == "both") & counts_new & ~counts_old, NEW)
    rows = pd.DataFrame(
        {name: both[name] for name in _KEY}
        | {name: both[f"{name}_new"].fillna(both[f"{name}_old"]) for name in ("severity", "kind", "name")}
        | {"counts": counts_new | (counts_old & (side == "left_only")), "fate": fate, "why": ""}
    )
    gone = rows["fate"] == RESOLVED
    why = _why_not_judged(rows[gone], new)
    rows.loc[gone, "why"] = why
    rows.loc[rows["why"] != "", "fate"] = UNJUDGED
    order = pd.Categorical(rows["fate"], FATES, ordered=True)
    rows = rows.assign(order=order).sort_values(["order", "scenario", "cause", "name", "key"])
    return rows.drop(columns="order").reset_index(drop=True).astype({"counts": "bool"})


def _why_not_judged(gone: pd.DataFrame, new: ReadReport) -> pd.Series[Any]:
    """Say of findings that are gone why that does not mean that they are resolved, "" where it does."""
    of_scenario = {name: _unanswered(new, name) for name in gone["scenario"].unique()}
    why = gone["scenario"].map(of_scenario).astype("string")
    states = gone["key"].map(new.machines.set_index("key")["state"])
    is_machine = gone["kind"] == "machine"
    absent = is_machine & states.isna()
    least = gone["scenario"].map(_JUDGED_FROM).fillna("disconnected")
    rank = {state: place for place, state in enumerate(_DECIDED)}
    judged = states.map(rank).fillna(len(_DECIDED)) >= least.map(rank)
    said = ("it is " + states.astype("string").str.replace("_", " ") + " now").fillna("")
    why = why.mask((why == "") & absent, "the later report has no such machine")
    return why.mask((why == "") & is_machine & ~absent & ~judged, said)


def _unanswered(new: ReadReport, scenario: str) -> str:
    judged = new.judged.get(scenario)
    if judged is None:
        return "the later report does not ask this"
    if judged.verdict in ("UNKNOWN", "NOT_ASKED"):
        return judged.reason or f"the later report says {judged.verdict}"
    # Something was not seen: what is not found may still be there.
    return f"not everything could be judged: {judged.reason}" if judged.reason else ""


def _incidents(old: ReadReport, new: ReadReport, findings: pd.DataFrame) -> pd.DataFrame:
    before, after = _sizes(old), _sizes(new)
    open_roots = set(
        findings[findings["fate"] == UNJUDGED][["scenario", "cause"]].itertuples(index=False, name=None)
    )
    rows = []
    for key in {**after, **before}:
        there = after.get(key) or before[key]
        fate = UNCHANGED if key in before and key in after else NEW if key in after else RESOLVED
        if fate == RESOLVED and key in open_roots:
            fate = UNJUDGED
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


def _warnings(old: ReadReport, new: ReadReport) -> Iterator[str]:
    if old.kit_version != new.kit_version:
        yield (
            f"The reports were made by different versions of the kit ({old.kit_version}, {new.kit_version}):"
            " what a rule finds may have changed."
        )
    if old.asked_at > new.asked_at:
        yield "The first report is the later one: give the older report first."
    if old.lookback != new.lookback:
        yield f"The reports look back differently far ({old.lookback}, {new.lookback})."
    differing = sorted(key for key in {**old.target, **new.target} if _of(old, key) != _of(new, key))
    if differing:
        yield f"The reports look at different things: {', '.join(differing)} differ."
    if set(old.judged) != set(new.judged):
        yield "The reports do not ask the same questions (--only): what is not asked is not judged."


def _of(report: ReadReport, key: str) -> str:
    value = report.target.get(key)
    return str(sorted(map(str, value)) if isinstance(value, list) else value).casefold()
