"""Why a start of a maintenance configuration has no run, or a run without machines."""

from __future__ import annotations

from umdiag.model import Cause, Lead, Severity
from umdiag.scenarios.azure_steps import ACTIVITY_LOG, HISTORY, register
from umdiag.scenarios.leads import PROVIDERS
from umdiag.scenarios.missed_machines._schedule_findings import (
    OPEN,
    SCHEDULES,
    SCOPES,
    TROUBLESHOOT,
    UPDATE,
)

_ON_DEMAND = (
    "Patch on demand what cannot wait for the next run: Azure Update Manager > Machines > One-time update."
)
_UNFIT = Lead(
    notebook="onboarding", why="see which of the machines no schedule can patch, and why.", root=True
)

TOOK_NO_MACHINE = Cause(
    key="took_no_machine",
    sentence="The newest run of the schedule took no machine, though it should have taken some that are on.",
    resolution=(
        "Check that the VMs are set to Customer Managed Schedules (evidence: computers): Azure Update Manager"
        " > Machines > Update settings > Patch orchestration.",
        "Check that Microsoft.Maintenance is registered in the machines' subscriptions: az provider show"
        " --namespace Microsoft.Maintenance --subscription <subscription> --query registrationState.",
        f"See which machines the schedule reaches: {OPEN} > Machines, and Dynamic scopes.",
        HISTORY,
        _ON_DEMAND,
    ),
    source=SCOPES,
    severity=Severity.HIGH,
    leads_to=(_UNFIT,),
)
NOT_REGISTERED = Cause(
    key="provider_not_registered",
    sentence="The schedule did not start, and its subscription has not registered Microsoft.Maintenance.",
    resolution=(*register("Microsoft.Maintenance"), _ON_DEMAND),
    source=TROUBLESHOOT,
    severity=Severity.HIGH,
    leads_to=(PROVIDERS,),
)
NEVER_RAN = Cause(
    key="never_ran",
    sentence="The schedule is in force and reaches machines, but it has no run.",
    resolution=(
        f"Check its first start and its time zone (evidence: start, time_zone): {OPEN} > Schedule.",
        f"Save it again with a start in the future: {UPDATE} --maintenance-window-start-date-time"
        ' "<yyyy-MM-dd HH:mm>".',
        ACTIVITY_LOG,
        _ON_DEMAND,
    ),
    source=SCHEDULES,
)
UNKNOWN = Cause(
    key="unknown",
    sentence="The schedule ran before and did not start this time; no known cause fits.",
    resolution=(
        ACTIVITY_LOG,
        "See whether it ran at another time: Azure Update Manager > History > By maintenance run ID.",
        _ON_DEMAND,
        "If it happens again, open a support request with the start that was skipped (evidence: skipped).",
    ),
    source=TROUBLESHOOT,
    severity=Severity.HIGH,
)
EXPIRED = Cause(
    key="expired",
    sentence="The schedule expired in the window and no longer starts.",
    resolution=(
        f"Extend it if it is still needed: {UPDATE} --maintenance-window-expiration-date-time"
        ' "<yyyy-MM-dd HH:mm>".',
        "Otherwise delete it: az maintenance configuration delete --subscription <subscription>"
        " --resource-group <resource group> --resource-name <resource name>.",
    ),
    source=SCHEDULES,
    severity=Severity.INFO,
)
#: In the order in which causes are decided.
IN_ORDER = (TOOK_NO_MACHINE, NOT_REGISTERED, NEVER_RAN, UNKNOWN, EXPIRED)
