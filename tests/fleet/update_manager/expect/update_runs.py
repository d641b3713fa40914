"""Expect the findings of family ``update_runs``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fleet.model import HOUR, NEVER, Planted
from fleet.update_manager.expect.findings import expect_machines
from fleet.update_manager.expect.known import SUCCEEDED, Known

WINDOWS_TEXTS = (
    "network_unreachable", "agent_shutting_down", "update_service_disabled", "timed_out", "access_denied",
    "superseded_operation", "extension_timed_out", "platform_error", "other_hresult",
)  # fmt: skip
LINUX_TEXTS = ("dependencies_unresolved", "package_manager_unhealthy", "package_interferes", "sudo_denied")
NOT_STARTED = (
    "prerequisites_not_met", "machine_deleted", "machine_recreated", "machine_off",
    "shutdown_or_unresponsive", "waiting_for_other_update", "unknown",
)  # fmt: skip
EXCEEDED = ("window_below_minimum", "started_late", "window_too_short", "reported_with_time_left")
OF_WINDOWS = (*WINDOWS_TEXTS, "reboot_failed", "update_failed", "assessment_in_run_failed", "unknown")
OF_LINUX = (*LINUX_TEXTS, "reboot_failed", "all_installed_but_failed", "unknown")
WARNED = ("reboot_withheld", "esm_packages_skipped", "list_truncated", "unknown")
ERRORS = (
    "network_unreachable", "agent_shutting_down", "update_service_disabled", "timed_out", "access_denied",
    "sudo_denied", "package_manager_failure", "superseded_operation", "extension_timed_out",
    "platform_error", "other_hresult",
)  # fmt: skip
MINUTE = 60


def expect_update_runs(known: Known) -> Iterator[Planted]:
    """Yield what went wrong when schedules ran, and when somebody installed by hand."""
    newest = known.newest()
    newest = newest[known.there[newest["machine"]]]
    never = [one.reboot.startswith("Never") for one in known.estate.configurations] + [False]
    newest = newest.assign(
        never=np.array(never)[newest["configuration"]],
        windows=(known.estate.machines["os_type"] == "Windows").to_numpy()[newest["machine"]],
    )
    yield from _of(known, _not_started(known), "run_failed_to_start", NOT_STARTED)
    exceeded = newest[newest["exceeded"].astype(bool)]
    yield from _of(known, _each(known, exceeded, _exceeded), "maintenance_window_exceeded", EXCEEDED)
    failed = newest[(newest["status"] == "Failed") & ~newest["exceeded"].astype(bool)]
    for scenario, rows, why, causes in (
        ("windows_run_failed", failed[failed["windows"]], _windows_failed, OF_WINDOWS),
        ("linux_run_failed", failed[~failed["windows"]], _linux_failed, OF_LINUX),
        ("run_finished_with_warnings", newest[newest["status"] == "CompletedWithWarnings"], _warned, WARNED),
    ):
        mild = ("all_installed_but_failed",) if scenario != "run_finished_with_warnings" else WARNED
        yield from _of(known, _each(known, rows, why), scenario, causes, mild)
    yield from _of(known, _not_installing(known), "update_not_installing", ERRORS)


def _each(known: Known, rows: pd.DataFrame, why: object) -> list[tuple[int, str]]:
    """Return machine and cause of each installation."""
    return [(int(row["machine"]), why(known, row)) for row in rows.to_dict("records")]  # type: ignore[operator]


def _of(
    known: Known,
    found: list[tuple[int, str]],
    scenario: str,
    causes: tuple[str, ...],
    low: tuple[str, ...] = (),
) -> Iterator[Planted]:
    """Yield one finding a machine: the first cause of the list over its groups."""
    first: dict[int, int] = {}
    for machine, cause in found:
        first[machine] = min(first.get(machine, len(causes)), causes.index(cause))
    cause = np.full(len(known.there), None, dtype=object)
    for machine, place in first.items():
        cause[machine] = causes[place]
    chosen = np.isin(np.arange(len(cause)), list(first))
    severity = np.where(np.isin(cause, low), "low", "medium").astype(object)
    yield from expect_machines(known, chosen, scenario, cause, severity)


def _not_started(known: Known) -> list[tuple[int, str]]:
    """Return the machines on which the newest run of a schedule failed before it installed anything."""
    rows = known.machine_runs.sort_values(["scheduled", "machine"])
    rows = rows.drop_duplicates(["machine", "configuration"], keep="last")
    rows = rows[(rows["status"] == "Failed") & ~rows["installs"].astype(bool)]
    rows = rows[~rows["run_status"].str.startswith("Cancel")]
    estate, found = known.estate, []
    for row in rows.to_dict("records"):
        machine = int(row["machine"])
        told = estate.outcomes[row["outcome"]].trouble
        anew = 0 <= row["scheduled"] - estate.column("recreated")[machine] <= 12 * HOUR
        if told == "prerequisite":
            cause = "prerequisites_not_met"
        elif estate.column("deleted")[machine] < NEVER:
            cause = "machine_deleted"
        elif told == "shutdown" and anew:
            cause = "machine_recreated"
        elif known.off[machine] and told in ("shutdown", None):
            cause = "machine_off"
        else:
            cause = {"shutdown": "shutdown_or_unresponsive", "waiting": "waiting_for_other_update"}.get(
                str(told), "unknown"
            )
        found.append((machine, cause))
    return found


def _exceeded(known: Known, row: dict[str, int]) -> str:
    """Say why a window was too short."""
    if row["configuration"] < 0:
        return "window_too_short"
    window = known.estate.configurations[row["configuration"]].minutes
    if window < 90:
        return "window_below_minimum"
    if row["started"] - row["scheduled"] > 15 * MINUTE:
        return "started_late"
    left = window - (row["ended"] - row["started"]) / MINUTE
    return "window_too_short" if left <= 30 else "reported_with_time_left"


def _windows_failed(known: Known, row: dict[str, object]) -> str:
    """Say why a run failed on Windows."""
    if row["trouble"] in WINDOWS_TEXTS:
        return str(row["trouble"])
    if row["reboot"] == "Failed":
        return "reboot_failed"
    if row["Failed"]:
        return "update_failed"
    return "assessment_in_run_failed" if row["trouble"] == "assessment" else "unknown"


def _linux_failed(known: Known, row: dict[str, object]) -> str:
    """Say why a run failed on Linux."""
    told = {"package_manager_failure": "package_manager_unhealthy"}.get(str(row["trouble"]), row["trouble"])
    if told in LINUX_TEXTS:
        return str(told)
    if row["reboot"] == "Failed":
        return "reboot_failed"
    done = row["Installed"] and not row["Failed"] and not row["Pending"]
    return "all_installed_but_failed" if done else "unknown"


def _warned(known: Known, row: dict[str, object]) -> str:
    """Say what a run warned of."""
    if row["reboot"] == "Required" and row["never"]:
        return "reboot_withheld"
    told = {"esm_required": "esm_packages_skipped", "list_truncated": "list_truncated"}
    return told.get(str(row["trouble"]), "unknown")


def _not_installing(known: Known) -> list[tuple[int, str]]:
    """Return the machines on which an update fails again and again."""
    estate = known.estate
    rows = known.installations[known.installations["started"] > estate.start]
    rows = rows[known.there[rows["machine"]]]
    tries = estate.children[estate.children["state"] == "Failed"]
    tries = tries[estate.updates["serious"].to_numpy()[tries["update"]]]
    tries = tries.merge(rows[["machine", "started", "trouble"]], left_on="installation", right_index=True)
    tries = tries.merge(estate.needed.drop_duplicates(), on=["machine", "update"])
    found = []
    for (machine, _), group in tries.groupby(["machine", "update"]):
        if len(group) >= 2:
            told = group.sort_values("started")["trouble"].iloc[-1]
            found.append((int(machine), told if told in ERRORS else "other_hresult"))
    return found


def newest_succeeded(rows: pd.DataFrame) -> pd.DataFrame:
    """Return those of the newest installations that belong to a run and succeeded."""
    return rows[(rows["configuration"] >= 0) & rows["status"].isin(SUCCEEDED)]
