"""What a report looked at, beside what another did: what one did not judge it cannot tell of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from umdiag.compare.reading import ReadReport
from umdiag.scenarios import catalogue
from umdiag.words.durations import read_duration
from umdiag.words.services import CALLED

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
#: Parameters that decide what is found, beside those of the target.
_PARAMETERS = ("services", "computers", "suspects", "update_run", "stale_after", "assessment_stale_after")


def not_judged_again(found: pd.DataFrame, old: ReadReport, new: ReadReport) -> pd.Series[Any]:
    """Say of findings that only the old report has why that does not mean that they are resolved, "" where
    it does.
    """
    why = _of_scenarios(found, new, other=old, which="later")
    states = found["key"].map(new.machines.set_index("key")["state"])
    is_machine = found["kind"] == "machine"
    absent = is_machine & states.isna()
    least = found["scenario"].map(_JUDGED_FROM).fillna("disconnected")
    rank = {state: place for place, state in enumerate(_DECIDED)}
    judged = states.map(rank).fillna(len(_DECIDED)) >= least.map(rank)
    said = ("it is " + states.astype("string").str.replace("_", " ") + " now").fillna("")
    why = why.mask((why == "") & absent, "the later report has no such machine")
    return why.mask((why == "") & is_machine & ~absent & ~judged, said)


def not_judged_before(found: pd.DataFrame, old: ReadReport, new: ReadReport) -> pd.Series[Any]:
    """Say of findings that only the new report has why the old one could not have had them, "" where it
    could. Of a machine that was not there, or not judged then, a finding is news.
    """
    return _of_scenarios(found, old, other=new, which="earlier")


def _of_scenarios(
    found: pd.DataFrame, report: ReadReport, *, other: ReadReport, which: str
) -> pd.Series[Any]:
    narrower = _narrower(report, other, which)
    told = {name: narrower(name) or _unanswered(report, name, which) for name in found["scenario"].unique()}
    return found["scenario"].map(told).astype("string").fillna("")


def _narrower(report: ReadReport, other: ReadReport, which: str) -> Callable[[str], str]:
    """Return what says of a scenario how a report looks at less than the other, "" where it does not."""
    of_scenario = {scenario.name: scenario.services for scenario in catalogue()}
    left_out = _services(other) - _services(report)
    said = []
    for key in ("workspaces", "subscriptions", "automation_account"):
        mine, theirs = _set(report.target.get(key)), _set(other.target.get(key))
        if theirs - mine:
            said.append(f"the {which} report looks at other {key.replace('_', ' ')}")
    mine, theirs = _set(report.parameters.get("computers")), _set(other.parameters.get("computers"))
    if mine and (not theirs or theirs - mine):
        said.append(f"the {which} report is limited to other computers")
    if read_duration(report.lookback) < read_duration(other.lookback):
        said.append(f"the {which} report looks back {report.lookback}, not {other.lookback}")
    suspects = _set(other.parameters.get("suspects")) - _set(report.parameters.get("suspects"))

    def why(scenario: str) -> str:
        if said:
            return "; ".join(said)
        if left_out & set(of_scenario.get(scenario, ())):
            names = " and ".join(CALLED[service] for service in sorted(left_out))
            return f"the {which} report does not look at {names}"
        if suspects and scenario == "scheduled_run_missed_machine":
            return f"the {which} report does not ask about the same suspects"
        return ""

    return why


def _services(report: ReadReport) -> set[str]:
    named = _set(report.parameters.get("services"))
    return named or set(CALLED)


def _set(value: Any) -> set[str]:
    return {str(item).casefold() for item in ([value] if isinstance(value, str) else value or ()) if item}


def _unanswered(report: ReadReport, scenario: str, which: str) -> str:
    judged = report.judged.get(scenario)
    if judged is None:
        return f"the {which} report does not ask this"
    if judged.verdict in ("UNKNOWN", "NOT_ASKED"):
        return judged.reason or f"the {which} report says {judged.verdict}"
    # Something was not seen: what is not found may still be there. What is found now is news all the same.
    partial = judged.reason and which == "later"
    return f"not everything could be judged: {judged.reason}" if partial else ""


def differences(old: ReadReport, new: ReadReport) -> Iterator[str]:
    """Say why two reports may not be comparable."""
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
    other = sorted(
        key
        for key in _PARAMETERS
        if old.parameters
        and new.parameters
        and _set(old.parameters.get(key)) != _set(new.parameters.get(key))
    )
    if other:
        yield f"The reports were asked differently: {', '.join(other)} differ."
    if set(old.judged) != set(new.judged):
        yield "The reports do not ask the same questions (--only): what is not asked is not judged."


def _of(report: ReadReport, key: str) -> str:
    value = report.target.get(key)
    return str(sorted(map(str, value)) if isinstance(value, list) else value).casefold()
