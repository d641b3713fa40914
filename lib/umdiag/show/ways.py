"""Which notebook goes to the root of a finding, or shows what follows from it, and why. A table, no code."""

from __future__ import annotations

from collections.abc import Mapping

_NO_WORKER = ("missed_machines", "a machine without a worker is left out of every run: see which ones.")
_ASSESSES = ("assessment", "does the same failure keep them from assessing themselves?")
_INSTALLS = ("update_runs", "the same failure keeps updates from installing: see which fail again and again.")
_STALE = ("assessment", "see whose assessments grew stale while nothing was collected.")
_FIRST = (
    "onboarding",
    "machines first heard after the stop were never assessed; it is the same mend.",
)
_QUOTA = ("quota", "the workspace stopped taking data; mend that first, then look at these machines again.")
_WORKERS = ("onboarding", "what keeps them from becoming workers stands there.")
_PROVIDERS = (
    "onboarding",
    "the subscriptions that lack the provider Microsoft.Automation, and how to register it.",
)
_TOGETHER = ("machine", "what came first, and when it changed.")
_SILENCE = ("machine", "when it fell silent, and what was done to it before.")
_HEARD = ("assessment", "are they heard again, and what do they miss by now?")
_PACKAGES = ("assessment", "which packages they still need, and how long they have been known.")

#: Scenario and cause ("" for any other) → notebooks with the reason, what goes to the root first.
WAYS: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("workspace_over_quota", ""): (_STALE, _FIRST),
    ("workspace_over_quota", "ingestion_rate_limited"): (_STALE,),
    ("ingestion_gap", ""): (
        ("assessment", "what machines sent during the gap is lost; see which assessments are stale."),
    ),
    ("ingestion_gap", "heartbeats_stopped"): (
        ("assessment", "nobody was heard: which machines are disconnected still?"),
    ),
    ("machine_non_compliant", ""): (
        ("missed_machines", "updates stay missing where runs leave machines out; see who was missed."),
        ("update_runs", "updates stay missing where runs fail; see what went wrong in them."),
    ),
    ("machine_disconnected", ""): (
        _SILENCE,
        ("missed_machines", "a silent machine takes part in no run; see which runs left it out."),
    ),
    ("machine_disconnected", "machine_deleted"): (
        ("missed_machines", "deployments that still name a deleted machine wait for it in vain."),
    ),
    ("assessment_failed", ""): (_INSTALLS, _TOGETHER),
    ("assessment_stale", "quota_reached"): (_QUOTA,),
    ("assessment_stale", ""): (_TOGETHER,),
    ("linux_classification_mismatch", ""): (
        ("update_runs", "did the package manager refuse these packages in a run?"),
    ),
    ("machine_stuck_configuring", "communication_blocked"): (_NO_WORKER,),
    ("machine_stuck_configuring", ""): (
        ("machine", "which heartbeats are whose: several machines share a name or an agent id."),
        ("update_runs", "a run that calls a machine by a shared or former id does not start there."),
    ),
    ("machine_not_in_update_management", "quota_reached"): (_QUOTA,),
    ("machine_not_in_update_management", "unknown"): (_TOGETHER,),
    ("machine_not_in_update_management", ""): (_NO_WORKER,),
    ("update_solution_not_enabled", ""): (_NO_WORKER,),
    ("provider_not_registered", ""): (
        ("missed_machines", "machines of these subscriptions are left out of every run: see which."),
    ),
    ("registered_to_other_account", "multi_homed"): (
        ("machine", "which workspace hears it when."),
        ("quota", "its rows are paid for, and counted against the cap, in each of its workspaces."),
    ),
    ("registered_to_other_account", ""): (_NO_WORKER,),
    ("service_unreachable", ""): (_NO_WORKER,),
    ("certificate_not_created", ""): (_NO_WORKER,),
    ("scheduled_run_missed_machine", "provider_not_registered"): (_PROVIDERS,),
    ("scheduled_run_missed_machine", "worker_not_installed"): (_WORKERS,),
    ("scheduled_run_missed_machine", "machine_unavailable"): (_HEARD,),
    ("scheduled_run_missed_machine", "changed_before_run"): (
        ("machine", "the change of tag or location beside the runs, and who made it."),
    ),
    ("scheduled_run_missed_machine", "unknown"): (_TOGETHER,),
    ("run_failed_to_start", "machine_deleted"): (
        ("missed_machines", "deployments that still name a deleted machine wait for it in vain."),
    ),
    ("run_failed_to_start", "source_computer_id_changed"): (
        ("onboarding", "agent ids that are shared, or of machines in two workspaces, stand there."),
    ),
    ("run_failed_to_start", "machine_off"): (_HEARD,),
    ("run_failed_to_start", "machine_unreachable"): (_HEARD,),
    ("run_failed_to_start", "unknown"): (_TOGETHER,),
    ("maintenance_window_exceeded", ""): (
        ("assessment", "what was left over for want of time, and how urgent it is."),
    ),
    ("linux_run_failed", "machine_unreachable"): (_SILENCE,),
    ("linux_run_failed", ""): (_PACKAGES,),
    ("update_not_installing", ""): (_ASSESSES,),
    ("cross_tenant_target", ""): (
        ("missed_machines", "a deployment that cannot be saved keeps its old list: see whom it misses."),
    ),
    ("unexpected_reboot", "policy_reboots"): (
        ("update_runs", "a restart in the middle of a run cuts it off: see what did not succeed."),
    ),
    ("unexpected_reboot", ""): (("machine", "the restart beside the run, and what happened before it."),),
    ("update_without_deployment", ""): (
        ("missed_machines", "a machine that patches itself may be in no deployment: see who is left out."),
        ("assessment", "what they still need all the same."),
    ),
}

#: Reasons that name the root of a finding; the others name what follows from it, or shows it better.
ROOTS = frozenset(why for _, why in (_QUOTA, _WORKERS, _PROVIDERS))


def ways_from(scenario: str, cause: str) -> tuple[tuple[str, str], ...]:
    """Return the notebooks to which a finding leads, each with the reason."""
    return WAYS.get((scenario, cause), WAYS.get((scenario, ""), ()))
