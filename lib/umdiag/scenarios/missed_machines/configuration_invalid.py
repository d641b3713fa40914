"""Which schedules have settings that the service does not accept?

Looks for:
    Maintenance configurations in force that name an unknown class of updates, whose maintenance window is
    shorter than 90 minutes or longer than 4 hours, or that recur more often than every 6 hours.

Why it matters:
    Templates and scripts can store such settings; each run of an unknown class fails, a short window leaves
    no room for an update and a restart.

Cannot see:
    Settings that the service corrects when it runs.

Sources:
    https://learn.microsoft.com/azure/virtual-machines/maintenance-configurations (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/troubleshoot (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from umdiag.frames.shared.text import fold
from umdiag.model import Cause, Finding, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.evidence import or_none
from umdiag.scenarios.leads import OUTCOMES
from umdiag.scenarios.missed_machines._schedule_findings import (
    CONFIGURATIONS,
    TROUBLESHOOT,
    UPDATE,
    schedule_of,
    subject,
)

#: What a configuration may name, as the service spells it.
CLASSES = {
    "windows_classes": (
        "Critical", "Security", "UpdateRollup", "FeaturePack", "ServicePack", "Definition", "Tools",
        "Updates",
    ),
    "linux_classes": ("Critical", "Security", "Other"),
}  # fmt: skip
_SHORTEST, _LONGEST, _OFTENEST = 90, 240, 6
CLASS_INVALID = Cause(
    key="classification_invalid",
    sentence="The schedule names a class of updates that the service does not know.",
    resolution=(
        "Name classes that it knows: for Windows Critical, Security, UpdateRollup, FeaturePack, ServicePack,"
        " Definition, Tools and Updates, for Linux Critical, Security and Other:"
        f' {UPDATE} --install-patches-windows-parameters classifications-to-include="[Critical,Security]".',
        "Correct the template or script that wrote them.",
    ),
    source=TROUBLESHOOT,
    severity=Severity.HIGH,
    leads_to=(OUTCOMES,),
)
BELOW_MINIMUM = Cause(
    key="window_below_minimum",
    sentence="The maintenance window is shorter than the 90 minutes that the service asks for.",
    resolution=(f'Lengthen it: {UPDATE} --maintenance-window-duration "02:00".',),
    source=CONFIGURATIONS,
    severity=Severity.LOW,
    leads_to=(OUTCOMES,),
)
ABOVE_MAXIMUM = Cause(
    key="window_above_maximum",
    sentence="The maintenance window is longer than the 4 hours that the service allows.",
    resolution=(
        f'Shorten it: {UPDATE} --maintenance-window-duration "03:55".',
        "If the machines need longer, split them over two schedules.",
    ),
    source=CONFIGURATIONS,
    severity=Severity.LOW,
    leads_to=(OUTCOMES,),
)
TOO_OFTEN = Cause(
    key="recurs_too_often",
    sentence="The schedule recurs more often than the 6 hours that the service allows.",
    resolution=(
        f'Let it recur every 6 hours or less often: {UPDATE} --maintenance-window-recur-every "1Day".',
    ),
    source=CONFIGURATIONS,
    severity=Severity.LOW,
    leads_to=(OUTCOMES,),
)

SERVICES = (UPDATE_MANAGER,)
DECIDES = ("start", "time_zone", "minutes", "recur_every")
RESTS = Rests(symptom=("maintenance_configurations",))


def judge(configurations: Partial) -> Iterator[Finding]:
    """Report each living schedule with a setting out of bounds, once."""
    for configuration in configurations[configurations["living"]].itertuples():
        invalid = [
            name for column, known in CLASSES.items() for name in _unknown(configuration, column, known)
        ]
        minutes, hours = or_none(configuration.minutes), or_none(configuration.every_hours)
        wrong = {
            CLASS_INVALID: bool(invalid),
            BELOW_MINIMUM: minutes is not None and minutes < _SHORTEST,
            ABOVE_MAXIMUM: minutes is not None and minutes > _LONGEST,
            TOO_OFTEN: hours is not None and hours < _OFTENEST,
        }
        fits = [cause for cause, is_so in wrong.items() if is_so]
        if fits:
            evidence = {"classes": invalid, "minutes": minutes, "also": [cause.key for cause in fits[1:]]}
            yield found(fits[0], subject(configuration), schedule_of(configuration) | evidence)


def _unknown(configuration: Any, column: str, known: Collection[str]) -> list[str]:
    """Return the classes of a system that the service does not know."""
    classes = getattr(configuration, column) or []
    return [name for name in classes if name not in {fold(word) for word in known}]
