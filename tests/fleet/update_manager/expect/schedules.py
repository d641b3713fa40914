"""Expect what must be said of maintenance configurations and their assignments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fleet.model import DAY, HOUR, NEVER, Planted
from fleet.update_manager.expect.findings import expect_configuration, shown_names
from fleet.update_manager.expect.known import Known
from fleet.update_manager.expect.missed import SEVERITIES, UNDECIDED, Held, expected
from fleet.update_manager.identity import arm_ids, old_ids
from fleet.update_manager.model import Configuration
from fleet.update_manager.reach import selects
from fleet.update_manager.schedule import expiry, occurrences

CLASSES = {
    "windows": [
        "critical",
        "security",
        "updaterollup",
        "featurepack",
        "servicepack",
        "definition",
        "tools",
        "updates",
    ],
    "linux": ["critical", "security", "other"],
}
NEAR = 0.9
MOST = {"machines": 3000, "scope": 1000, "scopes": 200, "filters": 50}
ON_TIME = 20 * 60
AHEAD = 31 * DAY


def expect_schedules(known: Known) -> Iterator[Planted]:
    """Yield what is wrong with configurations, and with assignments."""
    for number, configuration in enumerate(known.estate.configurations):
        if not known.seen(configuration):
            continue
        for scenario, found in (
            ("schedule_did_not_run", _not_run(known, number, configuration)),
            ("schedule_reaches_no_machine", _reaches_none(known, number, configuration)),
            ("schedule_near_limits", _limits(known, number, configuration)),
            ("configuration_invalid", _invalid(known, configuration)),
            ("run_cancelled", _cancelled(configuration)),
        ):
            if found is not None:
                yield expect_configuration(known, configuration, scenario, *found)
    yield from _conflicts(known)
    yield from _nowhere(known)


def _not_run(known: Known, number: int, configuration: Configuration) -> tuple[str, str] | None:
    """Say why a configuration did not run when it should have."""
    estate = known.estate
    recorded = max(configuration.born, configuration.edited)
    runs = configuration.runs
    if not runs:
        missing = occurrences(configuration, estate.start, estate.asked - HOUR)
        ready = 0 < recorded < estate.start and known.reach[number].any()
        return ("never_ran", "medium") if missing and ready else None
    if _took_none(known, number, configuration):
        return "took_no_machine", "high"
    since = max(estate.start, runs[0].stamp, recorded + 15 * 60 if recorded else 0)
    due = occurrences(configuration, since, estate.asked - HOUR)
    if configuration.shift > ON_TIME or "2Week" in configuration.every:
        due = []
    missing = [at for at in due if not any(abs(run.stamp - at) <= ON_TIME for run in runs)]
    if missing:
        place = estate.subscriptions[configuration.subscription]
        lost = "Microsoft.Maintenance" in place.unregistered
        return "provider_not_registered" if lost else "unknown", "high"
    end = expiry(configuration)
    if (
        end is not None
        and estate.start < end <= estate.asked
        and occurrences(configuration, estate.start, end)
    ):
        return "expired", "info"
    return None


def _took_none(known: Known, number: int, configuration: Configuration) -> bool:
    """Tell whether the newest run that counts took no machine, though one was expected and is on."""
    runs = configuration.runs
    for place in reversed(range(len(runs))):
        if runs[place].status in UNDECIDED:
            continue
        if runs[place].status == "NoUpdatesPending":
            return False
        if (number, place) in known.takers:
            return False
        held = Held(
            number=number, configuration=configuration, run=runs[place], place=place, before=None, inside=()
        )
        return bool((expected(known, held) & known.there & ~known.off & ~known.blind_runs).any())
    return False


def _reaches_none(known: Known, number: int, configuration: Configuration) -> tuple[str, str] | None:
    """Say why a configuration reaches nothing."""
    assigned = configuration.named or configuration.lost
    if not known.lives(configuration) or assigned:
        return None
    if not configuration.scopes:
        return "no_assignments", "medium"
    visible = all(known.estate.subscriptions[s.subscription].visible for s in configuration.scopes)
    return ("scope_matches_nothing", "medium") if visible and not known.reach[number].any() else None


def _limits(known: Known, number: int, configuration: Configuration) -> tuple[str, str] | None:
    """Say which limit of the service a configuration comes near."""
    if not known.lives(configuration):
        return None
    widest = filters = 0
    for scope in configuration.scopes:
        chosen = selects(known.estate, scope, known.estate.asked) & known.there
        widest = max(widest, int(chosen.sum()))
        filters = max(filters, len(scope.tags), len(scope.groups or ()))
    counted = {
        "machines": int(known.reach[number].sum()), "scope": widest,
        "scopes": len(configuration.scopes), "filters": filters,
    }  # fmt: skip
    causes = ("machines_per_schedule", "machines_per_scope", "scopes_per_schedule", "filters_per_scope")
    near = [c for c, what in zip(causes, MOST, strict=True) if counted[what] >= NEAR * MOST[what]]
    over = any(counted[what] > most for what, most in MOST.items())
    return (near[0], "medium" if over else "info") if near else None


def _invalid(known: Known, configuration: Configuration) -> tuple[str, str] | None:
    """Say what the service does not take in a configuration."""
    if not known.lives(configuration):
        return None
    for system, lists in (("windows", configuration.windows), ("linux", configuration.linux)):
        if lists is not None and any(c.lower() not in CLASSES[system] for c in lists.classes or ()):
            return "classification_invalid", "high"
    if configuration.minutes < 90:
        return "window_below_minimum", "low"
    if configuration.minutes > 240:
        return "window_above_maximum", "low"
    often = "Hour" in configuration.every and int(configuration.every.split("Hour")[0] or 1) < 6
    return ("recurs_too_often", "low") if often else None


def _cancelled(configuration: Configuration) -> tuple[str, str] | None:
    """Say by whom the newest run of a configuration was cancelled."""
    if not configuration.runs or not configuration.runs[-1].status.startswith("Cancel"):
        return None
    cause = configuration.runs[-1].trouble or "unknown"
    return cause, "info" if cause == "cancelled_by_api" else "medium"


def _conflicts(known: Known) -> Iterator[Planted]:
    """Yield the configurations that start when another does on the same machine."""
    configurations = known.estate.configurations
    parts = [
        pd.DataFrame({"machine": np.flatnonzero(reach), "number": number})
        for number, reach in enumerate(known.reach)
        if known.lives(configurations[number])
    ]
    if not parts:
        return
    rows = pd.concat(parts)
    rows = rows[rows["machine"].duplicated(keep=False)]
    pairs = rows.merge(rows, on="machine")
    pairs = pairs[pairs["number_x"] < pairs["number_y"]]
    found: dict[int, list[tuple[int, int]]] = {}
    for (one, other), together in pairs.groupby(["number_x", "number_y"])["machine"]:
        told = _conflict(known, configurations[one], configurations[other], together.to_numpy())
        if told is not None:
            later = max((one, other), key=lambda number: configurations[number].name.lower())
            found.setdefault(later, []).append(told)
    for number, several in found.items():
        cause = ("same_start", "overlapping_windows")[min(place for place, _ in several)]
        severity = SEVERITIES[max(severity for _, severity in several)]
        yield expect_configuration(known, configurations[number], "schedule_conflict", cause, severity)


def _conflict(
    known: Known, one: Configuration, other: Configuration, machines: np.ndarray
) -> tuple[int, int] | None:
    """Return place of the cause and of the severity of two configurations that come together."""
    asked = known.estate.asked
    # a window that is open at the moment of asking counts from its start on
    mine, theirs = (occurrences(c, asked, asked + AHEAD) for c in (one, other))
    same = set(mine) & set(theirs)
    over = any(
        at < there + other.minutes * 60 and there < at + one.minutes * 60 for at in mine for there in theirs
    )
    if not same and not over:
        return None
    systems = {str(s).lower() for s in known.estate.machines["os_type"].iloc[machines]}
    shared = False
    for system in systems:
        lists = [getattr(c, system) for c in (one, other)]
        classes = [{c.lower() for c in (a.classes or ())} if a is not None else set() for a in lists]
        shared |= bool(classes[0] & classes[1])
    severity = 0 if not shared else 2 if same else 1
    return (0 if same else 1), severity


def _nowhere(known: Known) -> Iterator[Planted]:
    """Yield the assignments to what is not there any more."""
    estate = known.estate
    now, before, names = arm_ids(estate), old_ids(estate), shown_names(known)
    deleted = estate.column("deleted")
    found: dict[tuple[str, str, str], tuple[str, str]] = {}
    for number, configuration in enumerate(estate.configurations):
        assigned = configuration.named or configuration.lost or configuration.scopes
        if configuration.gone and assigned and estate.subscriptions[configuration.subscription].visible:
            yield expect_configuration(
                known, configuration, "assignment_points_nowhere", "configuration_deleted", "medium"
            )
        for machine in configuration.lost:
            again = known.reach[number][machine]
            found["machine", before[machine], estate.texts("name")[machine]] = (
                "machine_moved",
                "info" if again else "medium",
            )
        for machine in configuration.named:
            if deleted[machine] < NEVER:
                found["machine", now[machine], names[machine]] = "machine_deleted", "low"
    for (kind, subject, name), (cause, severity) in found.items():
        yield Planted(
            scenario="assignment_points_nowhere",
            cause=cause,
            kind=kind,
            name=name,
            id=subject,
            severity=severity,
        )
