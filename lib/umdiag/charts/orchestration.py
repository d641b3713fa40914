"""Who patches which machine of Azure Update Manager: one bar per combination of settings and schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from umdiag.charts.canvas import (
    BAD,
    DULL,
    GOOD,
    SERIES,
    WARN,
    Figure,
    Spec,
    chosen,
    figure,
    of_machines,
    some,
    whole_axis,
)

#: What happens to a machine → label, colour; what is well comes first.
_OUTCOMES: Mapping[str, tuple[str, str]] = {
    "schedules": ("its schedules patch it", GOOD),
    "platform": ("Azure patches it when it chooses", SERIES[1]),
    "operating_system": ("Windows patches itself", SERIES[0]),
    "nobody": ("nobody patches it", WARN),
    "prerequisites_not_met": ("schedules fail on it: prerequisites not met", BAD),
    "": ("unknown", DULL),
}
_NOT_MET = "prerequisites_not_met"
#: (Azure VM, AutomaticByPlatform, flag, schedule), in the order of Microsoft's table; an Arc machine needs
#: neither mode nor flag.
_SCHEDULED = (True, False)
_COMBINATIONS = (
    *((True, True, True, scheduled) for scheduled in _SCHEDULED),
    *((True, True, False, scheduled) for scheduled in _SCHEDULED),
    *((True, False, True, scheduled) for scheduled in _SCHEDULED),
    *((True, False, False, scheduled) for scheduled in _SCHEDULED),
    *((False, None, None, scheduled) for scheduled in _SCHEDULED),
)


def patch_orchestration(patch_orchestration: pd.DataFrame, *, computers: Sequence[str] = ()) -> Figure | None:
    """Draw how many machines have each combination of patch mode, flag and schedule, and who patches them.

    `patch_orchestration`: one row per machine (computer, virtual, platform_mode, bypass, scheduled,
    patched_by; null: not known).
    """
    rows, only = chosen(patch_orchestration, computers)
    if rows.empty:
        return None
    known = rows[rows["scheduled"].notna()]
    lines = [_line(known, combination) for combination in _COMBINATIONS]
    traces = [trace for key in _OUTCOMES for trace in _bars(key, lines)]
    said = "Speaks for " + of_machines(len(known), len(rows), "may have schedules that could not be seen")
    alone = int((known["patched_by"] == "nobody").sum() + (known["patched_by"] == _NOT_MET).sum())
    said += f" {alone:,} of them receive no updates."
    layout = {
        "barmode": "stack",
        "bargap": 0.3,
        "xaxis": whole_axis("machines", max(len(line) for line in lines)),
        "yaxis": {
            "autorange": "reversed",
            "tickvals": list(range(len(_COMBINATIONS))),
            "ticktext": [_named(combination) for combination in _COMBINATIONS],
            "showgrid": False,
        },
    }
    return figure("Who patches which machine", said + only, traces, layout, height=27 * len(_COMBINATIONS))


def _line(rows: pd.DataFrame, combination: tuple[bool, bool | None, bool | None, bool]) -> pd.DataFrame:
    virtual, mode, bypass, scheduled = combination
    fits = (rows["virtual"] == virtual) & (rows["scheduled"] == scheduled)
    if virtual:
        fits &= (rows["platform_mode"] == mode) & (rows["bypass"] == bypass)
    return rows[fits.fillna(False).astype(bool)]


def _bars(key: str, lines: Sequence[pd.DataFrame]) -> list[Spec]:
    """Make the bars of one outcome, none where no machine has it."""
    label, colour = _OUTCOMES[key]
    parts = [line[line["patched_by"].fillna("") == key] for line in lines]
    counts = [len(part) for part in parts]
    if not any(counts):
        return []
    return [
        {
            "type": "bar",
            "orientation": "h",
            "name": label,
            "marker": {"color": colour},
            "x": counts,
            "y": list(range(len(lines))),
            "text": [f"{count:,}" if count else "" for count in counts],
            "textposition": "auto",
            "customdata": [[_note(label, part)] for part in parts],
            "hovertemplate": "%{customdata[0]}<extra></extra>",
        }
    ]


def _note(label: str, part: pd.DataFrame) -> Any:
    return f"{label}: {len(part):,}<br>{some(sorted(part['computer']))}"


def _named(combination: tuple[bool, bool | None, bool | None, bool]) -> str:
    virtual, mode, bypass, scheduled = combination
    schedule = "schedule" if scheduled else "no schedule"
    if not virtual:
        return f"Azure Arc · {schedule}"
    return f"{'platform' if mode else 'other mode'} · flag {'on' if bypass else 'off'} · {schedule}"
