"""What a caller may do in a scope, compared with what the kit asks for there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from umdiag.sources.live.collections import COLLECTIONS
from umdiag.sources.live.faults import strange
from umdiag.sources.live.management import ResourceManager

Granted: TypeAlias = Sequence[Mapping[str, Any]]

_OF_GRAPH = (
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.HybridCompute/machines/read",
)
#: Kind of scope → the role that reads it, and the operations the kit asks for there (Azure's built-in roles).
NEEDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "workspace": (
        "Log Analytics Reader",
        (
            "Microsoft.OperationalInsights/workspaces/read",
            "Microsoft.OperationalInsights/workspaces/query/read",
            "Microsoft.OperationalInsights/workspaces/linkedServices/read",
        ),
    ),
    "automation account": (
        "Reader",
        tuple(
            f"Microsoft.Automation/automationAccounts/{part}/read"
            for part in (
                "softwareUpdateConfigurations",
                "softwareUpdateConfigurationRuns",
                "softwareUpdateConfigurationMachineRuns",
                "hybridRunbookWorkerGroups",
                "hybridRunbookWorkerGroups/hybridRunbookWorkers",
                "jobs",
            )
        ),
    ),
    "subscription": ("Reader", _OF_GRAPH),
    "management group": ("Reader", _OF_GRAPH),
}


def granted_in(management: ResourceManager, scope: str) -> Granted:
    """Return the sets of actions that the caller is granted in a scope. Raises Fault where nobody says."""
    content = management.probe(COLLECTIONS["permissions"], scope)
    granted = content.get("value") if isinstance(content, Mapping) else None
    if not isinstance(granted, list) or not all(isinstance(actions, Mapping) for actions in granted):
        raise strange("the answer holds no list of permissions")
    return granted


def lacking(granted: Granted, operations: Sequence[str]) -> list[str]:
    """Return the operations that no granted set of actions holds."""
    return [operation for operation in operations if not _allowed(granted, operation)]


def _allowed(granted: Granted, operation: str) -> bool:
    """Whether one of the granted sets of actions holds an operation and does not take it back."""
    return any(
        _matches(permission.get("actions") or (), operation)
        and not _matches(permission.get("notActions") or (), operation)
        for permission in granted
    )


def _matches(patterns: Sequence[str], operation: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), operation, re.IGNORECASE)
        for pattern in patterns
    )
