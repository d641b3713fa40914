"""The states of the machines of both services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from umdiag.charts.bars import bar, text
from umdiag.charts.canvas import STATES, Figure, Spec, chosen, figure, inert, of_machines
from umdiag.words.services import CALLED, UPDATE_MANAGER

_MOST_BARS = 12
_SUBSCRIPTION = r"^/subscriptions/([^/]+)"


def machine_states(
    population: pd.DataFrame, subscriptions: pd.DataFrame | None, *, computers: Sequence[str] = ()
) -> Figure | None:
    """Draw how many machines are in each state, one bar per workspace and operating system.

    `population`: one row per machine (workspace_id, workspace, arm_key, os_type, state); a machine that no
    workspace knows stands in the bar of its subscription; `subscriptions`: their names.
    """
    machines, only = chosen(population, computers)
    if machines.empty:
        return None
    states = text(machines["state"])
    states = states.where(states.isin(list(STATES)), "unknown")
    ids, labels, title = _groups(machines, subscriptions)
    counts = states.groupby([ids, labels, text(machines["os_type"]), states]).size().unstack(fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    names = [
        f"{inert(label, 38)} · {inert(system, 12) if system else 'system unknown'}"
        for _, label, system in counts.index
    ]
    cut = max(len(counts) - _MOST_BARS, 0)
    if cut:
        rest = counts.iloc[_MOST_BARS:].sum().to_frame().T
        counts = pd.concat([counts.iloc[:_MOST_BARS], rest])
        names = [*names[:_MOST_BARS], f"{cut:,} smaller groups"]
    said = _said(states) + (f" The {cut:,} smallest groups share one bar." if cut else "")
    layout = {
        "barmode": "stack",
        "bargap": 0.3,
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "xaxis": {"title": {"text": "machines"}, "rangemode": "tozero", "tickformat": ",d"},
        "yaxis": {
            "autorange": "reversed",
            "tickvals": list(range(len(counts))),
            "ticktext": names,
            "showgrid": False,
        },
    }
    return figure(title, said + only, _of_states(counts, names), layout, height=max(34 * len(counts), 70))


def _groups(
    machines: pd.DataFrame, subscriptions: pd.DataFrame | None
) -> tuple[pd.Series[Any], pd.Series[Any], str]:
    """Return the id and the label of what each machine is counted under, and a title that says so."""
    ids, workspaces = text(machines["workspace_id"]), text(machines["workspace"])
    below = text(machines["arm_key"]).str.extract(_SUBSCRIPTION)[0].fillna("")
    in_azure = (ids == "") & (workspaces == "") & (below != "")
    known = _names(subscriptions)
    of_azure = {key: f"{CALLED[UPDATE_MANAGER]} · {known.get(key) or key}" for key in below.unique()}
    labels = workspaces.mask(workspaces == "", "workspace " + ids.str[:8]).mask(
        (workspaces == "") & (ids == ""), "no workspace"
    )
    labels = labels.mask(in_azure, below.map(of_azure))
    by = ["workspace"] * bool((~in_azure).any()) + ["subscription"] * bool(in_azure.any())
    title = f"State of machines, by {' or '.join(by)} and operating system"
    return ids.mask(in_azure, below), labels, title


def _names(subscriptions: pd.DataFrame | None) -> Mapping[str, str]:
    if subscriptions is None:
        return {}
    rows = subscriptions[text(subscriptions["container_type"]) == "microsoft.resources/subscriptions"]
    return dict(zip(text(rows["subscription_id"]).str.lower(), text(rows["name"]), strict=True))


def _said(states: pd.Series[Any]) -> str:
    known = int((states != "unknown").sum())
    said = of_machines(known, len(states), "unknown, what decides it was not seen")
    if unassessed := int((states == "not_assessed").sum()):
        said += f" {unassessed:,} of them were never assessed."
    return said


def _of_states(counts: pd.DataFrame, names: Sequence[str]) -> list[Spec]:
    """Make the bars of each state; `counts`: a row per group of machines, a column per state."""
    totals = counts.sum(axis=1).tolist()
    traces = []
    for state, (label, colour) in STATES.items():
        if state in counts:
            found = [int(number) for number in counts[state]]
            notes = [[name, f"{n / t:.0%}"] for name, n, t in zip(names, found, totals, strict=True)]
            hover = f"%{{customdata[0]}}<br>{label}: %{{x:,}} (%{{customdata[1]}})<extra></extra>"
            drawn = bar(label, colour, found, notes, hover)
            traces.append({"orientation": "h", "x": found, "y": list(range(len(found))), **drawn})
    return traces
