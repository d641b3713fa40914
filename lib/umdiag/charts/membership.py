"""Machines that should be in Update Management and are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from umdiag.charts.bars import bar
from umdiag.charts.canvas import (
    BAD,
    SERIES,
    WARN,
    Figure,
    Spec,
    chosen,
    figure,
    inert,
    marked,
    some,
    whole_axis,
)
from umdiag.words.counting import counted

_MOST_BARS = 12
#: Reason → label, colour; in the order in which the scenarios decide.
_WAITING: Mapping[str, tuple[str, str]] = {
    "duplicate_computer_name": ("several machines of one name", "#CC79A7"),
    "cloned_image": ("cloned with its agent", "#8C1D40"),
    "communication_blocked": ("communication blocked", SERIES[2]),
}
_UNMANAGED: Mapping[str, tuple[str, str]] = {
    "quota_reached": ("workspace over quota", WARN),
    "solution_not_enabled": ("outside the scope", SERIES[0]),
    "worker_not_registered": ("no worker", BAD),
}
_UNKNOWN, _SILENT = ("no known cause", "#A5B4C4"), ("agent sends nothing", "#5F6872")
_NOWHERE = "(in no workspace)"


def not_managed(
    unmanaged: pd.DataFrame,
    stuck: pd.DataFrame,
    silent_agents: pd.DataFrame | None,
    machines: pd.DataFrame,
    *,
    computers: Sequence[str] = (),
) -> Figure | None:
    """Draw the machines that report and were never assessed, one bar per workspace, by cause.

    `unmanaged` and `stuck`: one row per machine with its reasons (stuck machines that were assessed are
    left out); `silent_agents`: running machines that sent no row; `machines`: the population.
    """
    population, only = chosen(machines, computers)
    waiting, _ = chosen(stuck[stuck["last_assessed"].isna()], computers)
    bare, _ = chosen(unmanaged, computers)
    silent = bare.iloc[:0] if silent_agents is None else chosen(silent_agents, computers)[0]
    rows = _reasons(waiting, bare, silent)
    if rows.empty:
        return None
    totals = rows.groupby("workspace").size().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in totals.index[:_MOST_BARS]]
    said = f"{len(waiting) + len(bare):,} of {counted(len(population), 'machine')} in the logs"
    said += " report and are not managed." + _silent_said(len(silent), seen=silent_agents is not None)
    if len(totals) > len(names):
        said += f" {counted(len(totals) - len(names), 'workspace')} with the fewest not drawn."
    layout = {
        "barmode": "stack",
        "bargap": 0.3,
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "xaxis": whole_axis("machines", int(totals.max())),
        "yaxis": {
            "autorange": "reversed",
            "tickvals": list(range(len(names))),
            "ticktext": [_named(name) for name in names],
            "showgrid": False,
        },
    }
    title = "Machines that should be managed and are not, by workspace and cause"
    return figure(title, said + only, _traces(rows, names), layout, height=max(34 * len(names), 70))


def _silent_said(silent: int, *, seen: bool) -> str:
    if not seen:
        return " Machines that send nothing could not be determined."
    more = f" {counted(silent, 'running machine')} more should report and sent nothing."
    return more if silent else ""


def _reasons(waiting: pd.DataFrame, bare: pd.DataFrame, silent: pd.DataFrame) -> pd.DataFrame:
    """Return one row per machine: computer, workspace, reason."""
    parts = [
        _told(waiting, _WAITING, _UNKNOWN),
        _told(bare, _UNMANAGED, _UNKNOWN),
        silent[["computer"]].assign(workspace=_NOWHERE, reason=_SILENT[0]),
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1])


def _traces(rows: pd.DataFrame, names: list[str]) -> list[Spec]:
    """Make the bars of each reason that a machine of these workspaces has."""
    drawn = rows[rows["workspace"].isin(names)]
    traces = []
    for label, colour in (*_WAITING.values(), *_UNMANAGED.values(), _SILENT, _UNKNOWN):
        with_reason = drawn[drawn["reason"] == label]
        who = {str(name): list(part) for name, part in with_reason.groupby("workspace")["computer"]}
        if who:
            traces.append(_bar(label, colour, who, names))
    return traces


def _told(
    rows: pd.DataFrame, reasons: Mapping[str, tuple[str, str]], otherwise: tuple[str, str]
) -> pd.DataFrame:
    """Give each machine the first of the reasons that fit it."""
    reason = pd.Series(otherwise[0], index=rows.index, dtype="object")
    for key in reversed(list(reasons)):
        reason = reason.mask(marked(rows[key]), reasons[key][0])
    return rows[["computer", "workspace"]].assign(reason=reason)


def _bar(label: str, colour: str, who: Mapping[str, list[str]], names: list[str]) -> Spec:
    counts = [len(who.get(name, ())) for name in names]
    notes = [
        [f"{_named(name)}<br>{label}: {count:,}<br>{some(sorted(who.get(name, ())))}"]
        for name, count in zip(names, counts, strict=True)
    ]
    stacked = bar(label, colour, counts, notes, "%{customdata[0]}<extra></extra>")
    return {"orientation": "h", "x": counts, "y": list(range(len(names))), **stacked}


def _named(workspace: str) -> str:
    return inert(workspace or "no workspace", 34)
