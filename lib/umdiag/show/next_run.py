"""The next run of each schedule: when, which machines it will patch, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from umdiag.show.blocks import Block, note
from umdiag.show.markup import Html, listing
from umdiag.show.places import Place, machine_name
from umdiag.show.values import spoken, words
from umdiag.words.counting import counted

#: Prerequisite → why a machine that lacks it is not patched, in the order in which it is told.
REASONS: Mapping[str, str] = {
    "workload_not_supported": "Update Manager does not support it (client Windows, or part of a scale set)",
    "not_customer_managed": "its patch orchestration is not Customer Managed Schedules",
    "extension_operations_blocked": "its settings block the extension that installs updates",
    "provider_not_registered": "its subscription has not registered Microsoft.Maintenance",
    "machine_off": "it is off now",
    "schedule_conflict": "another schedule takes it within five minutes of this start",
}
_MOST_NAMES, _MOST_ROWS = 25, 100


def next_run(
    next_runs: pd.DataFrame | None, next_run_machines: pd.DataFrame | None, *, configuration: str
) -> Block:
    """Show the next run of every schedule in force, or of the one named `configuration` ("": of all).

    Of the machines that were asked about (parameter `suspects`) each is told with what keeps it out.
    """
    if next_runs is None or next_run_machines is None:
        return note("The next runs of Azure Update Manager could not be determined: see the data above.")
    runs = named(next_runs, configuration)
    if runs.empty:
        return note("Azure Update Manager has no schedule in force here.")
    machines = next_run_machines[next_run_machines["configuration_key"].isin(runs["configuration_key"])]
    names = dict(zip(runs["configuration_key"], runs["configuration"], strict=True))
    return Block(
        lambda place: _schedules(runs) + _not_taken(machines, names, place) + _asked(machines, names, place)
    )


def named(next_runs: pd.DataFrame, configuration: str) -> pd.DataFrame:
    """Keep the schedule of a name or ARM id, in any case; all where none is named."""
    wanted = configuration.strip().rstrip("/").casefold()
    if not wanted:
        return next_runs
    by_name = next_runs["configuration"].str.casefold() == wanted
    return next_runs[by_name | (next_runs["configuration_key"] == wanted)]


def why_not(machine: Any) -> list[str]:
    """Return in words what keeps a machine out of a run: what does not select it, then what it lacks."""
    said = []
    if not machine.machine_key:
        return ["Azure shows no machine of this name"]
    if not machine.selected:
        dropped = [
            f"scope {step['scope']}, {spoken(step['predicate'])}: wanted {step['wanted']}, has"
            f" {step['actual']}"
            for step in machine.dropped_by
        ]
        said += dropped or ["it is not assigned, and the schedule has no dynamic scope"]
    flags = {name: getattr(machine, name) for name in REASONS}
    return said + [REASONS[name] for name, flag in flags.items() if pd.notna(flag) and flag]


def _schedules(runs: pd.DataFrame) -> Html:
    heads = ("Schedule", "Next start", "Recurs", "Machines", "Will be patched")
    rows = [
        (
            run.configuration,
            _when(run),
            f"{run.recur_every} ({run.time_zone})",
            f"{run.machines:,}",
            f"{run.taken:,}",
        )
        for run in runs.head(_MOST_ROWS).itertuples()
    ]
    table = listing(heads, rows, numbers=(3, 4), names=(0,))
    more = len(runs) - _MOST_ROWS
    if more <= 0:
        return table
    told = Html("<p>{} more; umdiag next-run shows the schedule that you name.</p>")
    return table + told.format(counted(more, "schedule"))


def _when(run: Any) -> str:
    if pd.notna(run.start):
        return words(run.start)
    return "not in the next 31 days" if run.recurrence_known else "unknown"


def _not_taken(machines: pd.DataFrame, names: Mapping[str, str], place: Place) -> Html:
    """Say of each schedule which of its machines will not be patched, and why."""
    parts = []
    left_out = machines[machines["selected"] & ~machines["taken"]]
    for name, reason in REASONS.items():
        lacking = left_out[left_out[name].fillna(False).astype(bool)]
        for key, of_schedule in lacking.groupby("configuration_key", sort=False):
            shown = Html(", ").join(
                machine_name(words(computer), place) for computer in of_schedule["computer"].head(_MOST_NAMES)
            )
            more = f" and {len(of_schedule) - _MOST_NAMES:,} more" if len(of_schedule) > _MOST_NAMES else ""
            said = counted(len(of_schedule), "machine")
            parts.append((names[str(key)], said, reason, shown + more))
    if not parts:
        return Html("")
    return Html("<h3>Selected, but not patched with the current settings</h3>") + listing(
        ("Schedule", "Machines", "Why", "Which"), parts, names=(0,)
    )


def _asked(machines: pd.DataFrame, names: Mapping[str, str], place: Place) -> Html:
    asked = machines[machines["asked"]].sort_values(["computer", "start"], kind="stable")
    if asked.empty:
        return Html("")
    unknown = asked[asked["machine_key"] == ""].drop_duplicates("computer")
    known = asked[asked["machine_key"] != ""]
    rows: list[Sequence[str]] = [
        (
            machine_name(row.computer, place),
            names[row.configuration_key],
            "yes" if row.taken else "no",
            "; ".join(why_not(row)),
        )
        for row in known.head(_MOST_ROWS).itertuples()
    ]
    rows += [(row.computer, "—", "no", "; ".join(why_not(row))) for row in unknown.itertuples()]
    heads = ("Machine", "Schedule", "Will be patched", "Why not")
    return Html("<h3>The machines you asked about</h3>") + listing(heads, rows, names=(0, 1))
