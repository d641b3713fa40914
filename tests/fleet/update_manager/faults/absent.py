"""Faults of scenarios ``assignment_points_nowhere`` and ``schedule_reaches_no_machine``."""

from __future__ import annotations

from fleet.model import DAY, HOUR, NEVER, Ints
from fleet.update_manager.estate import weekly_at
from fleet.update_manager.faults.placing import add, move, schedule
from fleet.update_manager.faults.registry import anyone, azure, fault
from fleet.update_manager.model import Estate, Scope

NOWHERE = "assignment_points_nowhere"


@fault(f"{NOWHERE}/machine_moved", azure, weight=0)
def assign_anew(estate: Estate, machines: Ints) -> None:
    """Move machines and assign them again; the old assignment stays."""
    number = schedule(estate, machines, "mc-moved", hours=36)
    estate.configurations[number].lost += machines.tolist()
    move(estate, machines, "rg-moved", estate.asked - 20 * DAY)


@fault(f"{NOWHERE}/configuration_deleted", anyone, weight=0)
def delete_configuration(estate: Estate, machines: Ints) -> None:
    """Delete a schedule; its assignments stay, and another one reaches the machines."""
    gone = weekly_at("mc-deleted", estate.asked - 30 * HOUR, gone=True, begins=NEVER)
    estate.configurations[add(estate, gone)].named += machines.tolist()


@fault("schedule_reaches_no_machine/no_assignments", anyone, least=0, weight=0)
def assign_nothing(estate: Estate, machines: Ints) -> None:
    """Make a schedule and assign nothing."""
    add(estate, weekly_at("mc-forgotten", estate.asked - 33 * HOUR, begins=NEVER))


@fault("schedule_reaches_no_machine/scope_matches_nothing", anyone, least=0, weight=0)
def match_nothing(estate: Estate, machines: Ints) -> None:
    """Make a schedule whose scopes match nothing."""
    scopes = [Scope(subscription=0, types=None, tags={"stage": ("quality",)})]
    add(estate, weekly_at("mc-nobody", estate.asked - 33 * HOUR, begins=NEVER, scopes=scopes))
