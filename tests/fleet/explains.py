"""Say which planted findings explain which, by the rules as they are written down for people.

The rules are told in words here and in a table of the kit there, so that each holds the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from fleet.model import Fleet, Planted

#: Explained findings, what explains them, and how both belong together.
RULES = """
assessment_stale/quota_reached machine_not_in_update_management/quota_reached
    <- workspace_over_quota : workspace
ingestion_gap/gap_during_cap
    <- workspace_over_quota : workspace
machine_not_in_update_management/solution_not_enabled
    <- update_solution_not_enabled : any
machine_not_in_update_management/worker_not_registered scheduled_run_missed_machine/worker_not_installed
worker_not_responding
    <- registered_to_other_account service_unreachable certificate_not_created
       machine_stuck_configuring : machine
scheduled_run_missed_machine/provider_not_registered machine_not_assessed/provider_not_registered
assessment_stale/provider_not_registered schedule_did_not_run/provider_not_registered
    <- provider_not_registered : subscription
scheduled_run_missed_machine/machine_unavailable run_failed_to_start/machine_off
run_failed_to_start/machine_unreachable linux_run_failed/machine_unreachable
    <- machine_disconnected worker_not_responding : machine
scheduled_run_missed_machine/machine_deleted run_failed_to_start/machine_deleted
    <- machine_disconnected/machine_deleted assignment_points_nowhere/machine_deleted : machine
scheduled_run_missed_machine/assignment_lost_by_move
    <- assignment_points_nowhere/machine_moved : name and type
scheduled_run_missed_machine/patch_mode_not_schedulable run_failed_to_start/prerequisites_not_met
    <- patch_mode_not_schedulable : machine
scheduled_run_missed_machine/schedule_conflict
    <- schedule_conflict : conflict
scheduled_run_missed_machine/workload_not_supported
    <- workload_not_supported : machine
machine_not_assessed/extension_operations_blocked assessment_stale/extension_operations_blocked
    <- extension_operations_blocked : machine
machine_not_assessed/extension_failed assessment_stale/extension_failed
    <- patch_extension_not_healthy : machine
windows_run_failed update_not_installing
    <- assessment_failed : machine and cause
windows_run_failed
    <- update_not_installing : machine and cause
machine_without_schedule/scope_filter_excludes
    <- scheduled_run_missed_machine/changed_before_run : machine
scheduled_run_missed_machine
    <- run_cancelled : run
reboot_pending
    <- maintenance_window_exceeded run_finished_with_warnings/reboot_withheld : machine
machine_non_compliant
    <- scheduled_run_missed_machine run_failed_to_start maintenance_window_exceeded linux_run_failed
       windows_run_failed update_not_installing run_installed_nothing patch_mode_not_schedulable
       machine_without_schedule machine_not_in_update_management reboot_pending : machine
machine_non_compliant
    <- schedule_did_not_run run_cancelled security_updates_excluded : reaches
"""
#: What takes more than the findings and the estate to tell: which run it was, which schedules met.
NOT_TOLD = ("run", "conflict")


def rules() -> Iterator[tuple[str, str, str]]:
    """Yield an explained kind, one that explains it, and how they belong together."""
    explained: list[str] = []
    left: list[str] = []
    for word in (
        RULES.replace(" : ", " :")
        .replace("name and type", "name+type")
        .replace("machine and cause", "machine+cause")
        .split()
    ):
        if word == "<-":
            explained, left = left, []
        elif word.startswith(":"):
            yield from ((one, by, word[1:].replace("+", " and ")) for by in left for one in explained)
            left = []
        else:
            left.append(word)
    assert not left


def explains(fleet: Fleet) -> dict[Planted, frozenset[Planted]]:
    """Return what explains each finding that something explains."""
    planted = [one for one in fleet.planted if one.severity != "info"]
    found: dict[Planted, set[Planted]] = {}
    for explained, by, how in rules():
        if how in NOT_TOLD:
            continue
        reasons = [(one, _keys(one, how, fleet, explains=True)) for one in planted if _is(one, by)]
        places: dict[str, set[Planted]] = {}
        for one, keys in reasons:
            for key in keys:
                places.setdefault(key, set()).add(one)
        for one in planted:
            if _is(one, explained):
                for key in _keys(one, how, fleet, explains=False):
                    found.setdefault(one, set()).update(places.get(key, ()))
    return {one: frozenset(reasons) for one, reasons in found.items() if reasons}


def _is(planted: Planted, kind: str) -> bool:
    """Tell whether a finding is of a kind, with its cause or without."""
    return kind in (planted.scenario, f"{planted.scenario}/{planted.cause}")


def _keys(planted: Planted, how: str, fleet: Fleet, *, explains: bool) -> Collection[str]:
    """Return what a finding and one that belongs to it have in common."""
    id_ = planted.id.lower()
    parts = id_.split("/")
    match how:
        case "any":
            return ("",)
        case "machine" | "machine and cause":
            return (id_ + planted.cause * (how != "machine"),) if planted.kind == "machine" else ()
        case "workspace":
            return (id_,) if planted.kind == "workspace" else _home(fleet.homes, id_)
        case "subscription":
            return parts[2:3]
        case "name and type":
            return ("/".join(parts[-3:]),)
        case "reaches":
            return fleet.reach.get(id_, ()) if explains else (id_,)
    raise ValueError(how)


def _home(homes: Mapping[str, str], machine: str) -> Collection[str]:
    return (homes[machine],) if machine in homes else ()
