"""Rows of Resource Graph that a role may leave out, in silence, though it shows the machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from umdiag.queries import kql

_MACHINES = ("Microsoft.Compute/virtualMachines", "Microsoft.HybridCompute/machines")


def _of_machines(part: str) -> tuple[str, ...]:
    return tuple(f"{machine}/{part}/read" for machine in _MACHINES)


def _of_maintenance(*parts: str) -> tuple[str, ...]:
    return tuple(f"Microsoft.Maintenance/{part}/read" for part in parts)


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """Rows of one kind: the operations that each query (by name) takes, and what else no row may mean.

    Operations: https://learn.microsoft.com/azure/update-manager/roles-permissions (read 2026-11-27), those of
    policy from the provider's own list; which of them Resource Graph asks for is nowhere documented.
    """

    name: str
    operations: Mapping[str, tuple[str, ...]]
    none: str

    @property
    def every_operation(self) -> tuple[str, ...]:
        """Return what all queries together take."""
        return tuple(dict.fromkeys(operation for each in self.operations.values() for operation in each))

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that hold rows of this kind and no others."""
        tables = (table for query in self.operations for table in kql.queries()[query].tables)
        return tuple(dict.fromkeys(table for table in tables if table != "resources"))


HIDDEN = (
    Hidden(
        name="patch rows",
        operations={
            "patch_assessments": _of_machines("patchAssessmentResults"),
            "needed_patches": _of_machines("patchAssessmentResults/softwarePatches"),
            "patch_installations": _of_machines("patchInstallationResults"),
            "uninstalled_patches": _of_machines("patchInstallationResults/softwarePatches"),
        },
        none="no machine was assessed in the last 7 days or patched in the last 30",
    ),
    Hidden(
        name="maintenance rows",
        operations={
            "maintenance_configurations": _of_maintenance("maintenanceConfigurations"),
            "configuration_assignments": _of_maintenance("configurationAssignments"),
            "schedule_runs": _of_maintenance("applyUpdates", "updates"),
            "schedule_machine_runs": _of_maintenance("applyUpdates", "updates"),
        },
        none="nothing is assigned to a maintenance configuration",
    ),
    Hidden(
        name="policy rows",
        operations={"policy_states": ("Microsoft.PolicyInsights/policyStates/queryResults/read",)},
        none="no policy is assigned",
    ),
)


def operations_of(query: str) -> tuple[str, ...]:
    """Return the operations that a query's rows take besides reading machines, none for most queries."""
    return next((hidden.operations[query] for hidden in HIDDEN if query in hidden.operations), ())


def hidden_in(table: str) -> Hidden | None:
    """Return the kind of rows that a table holds, None where it shows what it shows of machines."""
    return next((hidden for hidden in HIDDEN if table in hidden.tables), None)
