"""Expect the findings of family ``update_runs`` about machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from fleet.deployments import off
from fleet.expect.assessment import expect_machines
from fleet.expect.codes import CAUSES, cause_of_code
from fleet.expect.states import is_needed, latest_reports
from fleet.installs import installs
from fleet.model import HOUR, NEVER, Planted, World
from fleet.rhythm import connected_at, workspace_silent_at

JOB_LIMIT = 200
FAILED = ("Failed", "InstallFailed", "Install Failed")
START_CAUSES = (
    "machine_deleted", "source_computer_id_changed", "machine_off", "machine_unreachable",
    "job_limit_reached", "unknown",
)  # fmt: skip
LINUX_CAUSES = (
    "dependencies_unresolved", "package_manager_unhealthy", "package_interferes",
    "machine_unreachable", "unknown",
)  # fmt: skip


def expect_update_runs(world: World) -> Iterator[Planted]:
    """Yield what went wrong in runs that had begun."""
    rows = world.attended.sort_values("start", kind="stable")
    newest = rows.drop_duplicates(["machine", "deployment"], keep="last")
    status = newest["status"]
    linux = (world.texts("os_type") == "Linux")[newest["machine"]]
    yield from _first(
        world, "run_failed_to_start", START_CAUSES, _why_not_started(world, newest[status == "FailedToStart"])
    )
    exceeded = [
        (int(m), "window_too_short") for m in newest.loc[status == "MaintenanceWindowExceeded", "machine"]
    ]
    yield from _first(world, "maintenance_window_exceeded", ("window_too_short",), exceeded)
    failed = newest[(status == "Failed") & linux]
    yield from _first(world, "linux_run_failed", LINUX_CAUSES, _why_failed(world, failed))
    yield from _first(world, "update_not_installing", CAUSES, _not_installing(world))


def _first(
    world: World, scenario: str, order: tuple[str, ...], found: list[tuple[int, str]]
) -> Iterator[Planted]:
    """Yield one finding per machine: of several causes the first of the order."""
    cause = np.full(len(world.machines), None, dtype=object)
    for machine, one in found:
        if cause[machine] is None or order.index(one) < order.index(cause[machine]):
            cause[machine] = one
    chosen: np.ndarray[tuple[int], np.dtype[np.bool_]] = cause != np.array(None)
    yield from expect_machines(world, chosen, scenario, cause, "medium")


def _why_not_started(world: World, rows: pd.DataFrame) -> list[tuple[int, str]]:
    """Return the cause of every machine run that failed to start."""
    visible = np.array([s.visible for s in world.subscriptions])[world.column("subscription")]
    gone = visible & (world.texts("kind") != "plain") & (world.column("deleted") < NEVER)
    halted = visible & off(world) & ~world.flags("unread")
    reinstalled, busy = world.column("reinstalled"), _jobs(world)
    found = []
    for row in rows.itertuples():
        machine = row.machine
        away = not connected_at(world, row.start)[machine]
        silent = workspace_silent_at(world, row.start)[machine]
        changed = world.outcomes[row.outcome].old_id and reinstalled[machine] <= row.start
        tests: Mapping[str, bool] = {
            "machine_deleted": bool(gone[machine]),
            "source_computer_id_changed": bool(changed),
            "machine_off": bool(halted[machine]) and away,
            "machine_unreachable": away and not silent,
            "job_limit_reached": _peak(busy, row.start, row.end) >= JOB_LIMIT,
            "unknown": True,
        }
        found.append((int(machine), next(cause for cause in START_CAUSES if tests[cause])))
    return found


def _jobs(world: World) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return when every job of the account was made and when it ended."""
    begun = world.attended[world.attended["status"] != "FailedToStart"]
    patching = begun[["start", "end"]].to_numpy(dtype=np.int64)
    others = np.array([(job.created, job.ended) for job in world.jobs], dtype=np.int64).reshape(-1, 2)
    return np.concatenate([patching, others])


def _peak(jobs: np.ndarray[tuple[int, ...], np.dtype[np.int64]], since: int, until: int) -> int:
    """Return how many jobs there were at once at most between two moments."""
    begun, ended = jobs[:, 0], jobs[:, 1]
    moments = [since, *begun[(begun > since) & (begun <= until)].tolist()]
    return max(int(((begun <= at) & (ended > at)).sum()) for at in moments)


def _why_failed(world: World, rows: pd.DataFrame) -> list[tuple[int, str]]:
    """Return the cause of every run that failed on Linux: its texts, else a long silence."""
    gap_from, gap_to = world.column("beat_gap_from"), world.column("beat_gap_to")
    found = []
    for row in rows.itertuples():
        trouble = world.outcomes[row.outcome].trouble
        silence = min(gap_to[row.machine], row.end) - max(gap_from[row.machine], row.start)
        silent = silence >= HOUR and not workspace_silent_at(world, row.start)[row.machine]
        found.append((int(row.machine), trouble or ("machine_unreachable" if silent else "unknown")))
    return found


def _not_installing(world: World) -> list[tuple[int, str]]:
    """Return the cause of every update that failed in two runs and is still needed."""
    latest = latest_reports(world)
    needed = latest[is_needed(latest)]
    wanted = set(zip(needed["machine"].tolist(), needed["update"].tolist(), strict=True))
    by_wsus, os_type = world.flags("wsus"), world.texts("os_type")
    rows = installs(world)
    rows = rows[rows["status"].isin(FAILED)].sort_values("at", kind="stable")
    found = []
    for (machine, update), failed in rows.groupby(["machine", "update"]):
        if os_type[machine] != "Windows" or (machine, update) not in wanted:
            continue
        if failed["correlation"].nunique() >= 2:
            codes = [code for code in failed["code"] if isinstance(code, str)]
            code = codes[-1] if codes else None
            found.append((int(machine), cause_of_code(code, wsus=bool(by_wsus[machine]))))
    return found
