"""The updates that machines of both services lack, by weight and age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.charts.bars import bar, places, text
from umdiag.charts.canvas import WEIGHTS, Figure, Spec, chosen, figure, marked, of_machines, whole_axis
from umdiag.words.counting import counted
from umdiag.words.services import UPDATE_MANAGER

_AGES = ((7, "up to 7 days"), (30, "8 to 30 days"), (90, "31 to 90 days"), (365, "91 to 365 days"))
_OLDER, _AGELESS = "over a year", "age unknown"
_DRAWN = ["machine", "critical", "security", "age_days"]


def missing_updates(
    updates: pd.DataFrame | None,
    needed_updates: pd.DataFrame | None,
    population: pd.DataFrame,
    *,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw the missing updates by classification and age since publication.

    `updates`: one row per machine and update of Update Management (machine, needed, critical, security,
    age_days); `needed_updates`: those of Update Manager (machine_key, cut, …), which lists no others than
    critical and security ones; `population`: one row per machine (machine, arm_key, service, last_assessed,
    missing_other). One update missing on three machines counts three times.
    """
    machines, only = chosen(population, computers)
    assessed = int(machines["last_assessed"].notna().sum())
    if not assessed:
        return None
    managed = text(machines["service"]) == UPDATE_MANAGER
    needed = pd.concat(
        [
            *([] if updates is None else [_of_logs(updates, machines[~managed])]),
            *([] if needed_updates is None else [_of_manager(needed_updates, machines[managed])]),
            pd.DataFrame(columns=_DRAWN),
        ],
        ignore_index=True,
    )
    ages = _bucketed(needed["age_days"])
    shown = [*(label for _, label in _AGES), _OLDER, *([_AGELESS] if (ages == _AGELESS).any() else [])]
    layout = {
        "barmode": "stack",
        "bargap": 0.25,
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "xaxis": places("published … before the end of the window", shown),
        "yaxis": whole_axis("updates × machines", len(needed)),
    }
    title = "Missing updates, by classification and age"
    said = of_machines(assessed, len(machines), "were never assessed in the window")
    said += _said(needed, machines, managed) + only
    return figure(title, said, _of_weights(needed, ages, shown), layout, height=280)


def _of_logs(updates: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    numbers = machines["machine"].dropna()
    return updates[marked(updates["needed"]) & updates["machine"].isin(numbers)][_DRAWN].astype(
        {"machine": object}
    )


def _of_manager(needed_updates: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    listed = needed_updates["machine_key"].isin(machines["arm_key"]) & ~marked(needed_updates["cut"])
    return (
        needed_updates[listed].rename(columns={"machine_key": "machine"})[_DRAWN].astype({"machine": object})
    )


def _said(needed: pd.DataFrame, machines: pd.DataFrame, managed: pd.Series[bool]) -> str:
    said = " No update is missing."
    if len(needed):
        on = int(needed["machine"].nunique())
        said = f" Missing {counted(len(needed), 'time')} on {counted(on, 'machine')}."
    if others := int(machines["missing_other"][managed].fillna(0).sum()):
        said += f" Update Manager counts {counted(others, 'other update')} more, of unknown age: not drawn."
    if stale := int((text(machines["state"]) == "assessment_stale").sum()):
        said += f" {counted(stale, 'machine')} judged by a stale assessment."
    return said


def _of_weights(needed: pd.DataFrame, ages: pd.Series[Any], shown: Sequence[str]) -> list[Spec]:
    """Make the bars of each classification, one per age that is `shown`."""
    weight = pd.Series("other", index=needed.index)
    weight = weight.mask(marked(needed["security"]), "security").mask(marked(needed["critical"]), "critical")
    groups = needed.groupby([weight, ages])["machine"]
    times, hosts = groups.size().to_dict(), groups.nunique().to_dict()
    traces = []
    for key, (label, colour) in WEIGHTS.items():
        found = [int(times.get((key, age), 0)) for age in shown]
        notes = [[age, f"{int(hosts.get((key, age), 0)):,}"] for age in shown]
        hover = f"{label}, %{{customdata[0]}}<br>%{{y:,}} times on %{{customdata[1]}} machines<extra></extra>"
        traces.append({"x": list(range(len(shown))), "y": found, **bar(label, colour, found, notes, hover)})
    return traces


def _bucketed(age_days: pd.Series[Any]) -> pd.Series[Any]:
    ages = pd.to_numeric(age_days, errors="coerce").astype("Float64").fillna(-1).astype(float)
    bucket = pd.Series(_OLDER, index=ages.index)
    for days, label in reversed(_AGES):
        bucket = bucket.mask(ages <= days, label)
    return bucket.mask(ages < 0, _AGELESS)
