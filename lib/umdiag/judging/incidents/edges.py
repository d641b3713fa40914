"""The table of what explains what. Between scenarios it forms no circle.

A kind of finding is written `scenario`, for all of its causes, or `scenario/cause`. A finding is explained by
another when their kinds stand in one edge and its join holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

Kind = str


class Join(StrEnum):
    """How a finding must belong to the one that explains it (`joins.py`)."""

    ANY = "any"
    MACHINE = "same machine"
    MACHINE_AND_CAUSE = "same machine and cause"
    MOVED_MACHINE = "same name and type"
    WORKSPACE = "the same workspace, or that of the machine"
    SUBSCRIPTION = "the subscription of the machine or the configuration"
    RUN = "same run"
    CONFLICT = "one of the schedules in conflict is that of the missed run"
    REACHES = "the configuration reaches the machine"


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Findings of the kinds `explained` follow from those of the kinds `by`, where the join holds."""

    explained: tuple[Kind, ...]
    by: tuple[Kind, ...]
    join: Join


EDGES = (
    Edge(
        explained=("assessment_stale/quota_reached", "machine_not_in_update_management/quota_reached"),
        by=("workspace_over_quota",),
        join=Join.WORKSPACE,
    ),
    Edge(
        explained=("ingestion_gap/gap_during_cap",),
        by=("workspace_over_quota",),
        join=Join.WORKSPACE,
    ),
    Edge(
        explained=("machine_not_in_update_management/solution_not_enabled",),
        by=("update_solution_not_enabled",),
        join=Join.ANY,
    ),
    Edge(
        explained=(
            "machine_not_in_update_management/worker_not_registered",
            "scheduled_run_missed_machine/worker_not_installed",
            "worker_not_responding",
        ),
        by=(
            "registered_to_other_account",
            "service_unreachable",
            "certificate_not_created",
            "machine_stuck_configuring",
        ),
        join=Join.MACHINE,
    ),
    Edge(
        explained=(
            "scheduled_run_missed_machine/provider_not_registered",
            "machine_not_assessed/provider_not_registered",
            "assessment_stale/provider_not_registered",
        ),
        by=("provider_not_registered",),
        join=Join.SUBSCRIPTION,
    ),
    Edge(
        explained=("schedule_did_not_run/provider_not_registered",),
        by=("provider_not_registered",),
        join=Join.SUBSCRIPTION,
    ),
    Edge(
        explained=(
            "scheduled_run_missed_machine/machine_unavailable",
            "run_failed_to_start/machine_off",
            "run_failed_to_start/machine_unreachable",
            "linux_run_failed/machine_unreachable",
        ),
        by=("machine_disconnected", "worker_not_responding"),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("scheduled_run_missed_machine/machine_deleted", "run_failed_to_start/machine_deleted"),
        by=("machine_disconnected/machine_deleted", "assignment_points_nowhere/machine_deleted"),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("scheduled_run_missed_machine/assignment_lost_by_move",),
        by=("assignment_points_nowhere/machine_moved",),
        join=Join.MOVED_MACHINE,
    ),
    Edge(
        explained=(
            "scheduled_run_missed_machine/patch_mode_not_schedulable",
            "run_failed_to_start/prerequisites_not_met",
        ),
        by=("patch_mode_not_schedulable",),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("scheduled_run_missed_machine/schedule_conflict",),
        by=("schedule_conflict",),
        join=Join.CONFLICT,
    ),
    Edge(
        explained=("scheduled_run_missed_machine/workload_not_supported",),
        by=("workload_not_supported",),
        join=Join.MACHINE,
    ),
    Edge(
        explained=(
            "machine_not_assessed/extension_operations_blocked",
            "assessment_stale/extension_operations_blocked",
        ),
        by=("extension_operations_blocked",),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("machine_not_assessed/extension_failed", "assessment_stale/extension_failed"),
        by=("patch_extension_not_healthy",),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("windows_run_failed", "update_not_installing"),
        by=("assessment_failed",),
        join=Join.MACHINE_AND_CAUSE,
    ),
    # An update that fails again and again is why the runs of its machine fail.
    Edge(
        explained=("windows_run_failed",),
        by=("update_not_installing",),
        join=Join.MACHINE_AND_CAUSE,
    ),
    # A change of tags took the machine out of the run, and out of what the schedule selects since.
    Edge(
        explained=("machine_without_schedule/scope_filter_excludes",),
        by=("scheduled_run_missed_machine/changed_before_run",),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("scheduled_run_missed_machine",),
        by=("run_cancelled",),
        join=Join.RUN,
    ),
    Edge(
        explained=("reboot_pending",),
        by=("maintenance_window_exceeded", "run_finished_with_warnings/reboot_withheld"),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("machine_non_compliant",),
        by=(
            "scheduled_run_missed_machine",
            "run_failed_to_start",
            "maintenance_window_exceeded",
            "linux_run_failed",
            "windows_run_failed",
            "update_not_installing",
            "run_installed_nothing",
            "patch_mode_not_schedulable",
            "machine_without_schedule",
            "machine_not_in_update_management",
            "reboot_pending",
        ),
        join=Join.MACHINE,
    ),
    Edge(
        explained=("machine_non_compliant",),
        by=("schedule_did_not_run", "run_cancelled", "security_updates_excluded"),
        join=Join.REACHES,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Link:
    """One explained kind with one that explains it; `rank` is the place of the pair in the table."""

    explained: Kind
    by: Kind
    join: Join
    rank: int


def links(known: Collection[Kind]) -> Iterator[Link]:
    """Yield the pairs of the table, in its order, both of whose kinds are among `known`.

    `known` holds the kinds that there are findings of, each with its cause and without.
    """
    rank = 0
    for edge in EDGES:
        for by in edge.by:
            for explained in edge.explained:
                rank += 1
                if explained in known and by in known:
                    yield Link(explained=explained, by=by, join=edge.join, rank=rank)
