"""Faults that need many machines: schedules that come near the limits of the service."""

from __future__ import annotations

from datetime import timedelta

from fleet.model import HOUR, Ints
from fleet.update_manager.estate import weekly_at
from fleet.update_manager.faults.placing import add, leave_schedules
from fleet.update_manager.faults.registry import azure, fault
from fleet.update_manager.model import Estate, Scope

WIDE, MANY = 1006, 2750


@fault("scheduled_run_missed_machine/scope_limit_reached", azure, least=WIDE, weight=0, fleet=4000)
def be_too_many(estate: Estate, machines: Ints) -> None:
    """Let one scope select more machines than the service takes."""
    leave_schedules(estate, machines)
    estate.set(machines, subscription=0, audit="wide")
    scopes = [Scope(subscription=0, types=None, tags={"audit": ("wide",)})]
    add(estate, weekly_at("mc-wide", estate.asked - 57 * HOUR, scopes=scopes, limit=1000))


@fault("schedule_near_limits/machines_per_schedule", azure, least=MANY, weight=0, fleet=6000, borrows=True)
def be_near_the_limit(estate: Estate, machines: Ints) -> None:
    """Let a schedule that starts in three weeks select almost as many machines as there may be."""
    words = [f"yearly-{turn}" for turn in range(4)]
    for turn, word in enumerate(words):
        estate.set(machines[turn :: len(words)], audit=word)
    wall = weekly_at("mc-yearly", estate.asked - 37 * HOUR).starts + timedelta(weeks=23)
    scopes = [
        Scope(subscription=place, types=None, tags={"audit": (word,)}) for place in range(3) for word in words
    ]
    add(estate, weekly_at("mc-yearly", estate.asked - 37 * HOUR, starts=wall, scopes=scopes))
