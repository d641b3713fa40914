"""Take machines out of schedules and put them into others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.model import HOUR, Ints, make_guid
from fleet.update_manager.estate import weekly_at
from fleet.update_manager.model import Change, Configuration, Estate, Lists, Outcome, Place

#: Schedules that machines with faults share: name, hours since the newest run, and what else.
SHARED: dict[str, tuple[int, dict[str, object]]] = {
    "mc-lab": (50, {"minutes": 180}),
    "mc-lab-never": (
        44,
        {"minutes": 180, "reboot": "Never", "linux": Lists(classes=("Critical", "Security"))},
    ),
}


def leave_schedules(estate: Estate, machines: Ints) -> None:
    """Take machines out of every schedule, as if they had never been in one."""
    estate.set(machines, maintenance=None, team="platform", audit=None)
    gone = set(machines.tolist())
    for configuration in estate.configurations:
        configuration.named = [machine for machine in configuration.named if machine not in gone]


def add(estate: Estate, configuration: Configuration) -> int:
    """Add a configuration; return its number."""
    estate.configurations.append(configuration)
    return len(estate.configurations) - 1


def assign(estate: Estate, machines: Ints, number: int) -> None:
    """Let one schedule alone reach machines: they are named in it."""
    leave_schedules(estate, machines)
    estate.configurations[number].named += machines.tolist()


def share(estate: Estate, machines: Ints, name: str = "mc-lab") -> int:
    """Let a schedule that machines with faults share reach machines; return its number."""
    known = [number for number, one in enumerate(estate.configurations) if one.name == name]
    hours, more = SHARED[name]
    number = known[0] if known else add(estate, weekly_at(name, estate.asked - hours * HOUR, **more))
    assign(estate, machines, number)
    return number


def schedule(estate: Estate, machines: Ints, name: str, hours: int = 40, **more: object) -> int:
    """Let a weekly schedule of their own reach machines; return its number."""
    number = add(estate, weekly_at(name, estate.asked - hours * HOUR, **more))
    assign(estate, machines, number)
    return number


def need(estate: Estate, machines: Ints, *keys: str) -> None:
    """Let machines need updates."""
    release = estate.texts("release")
    rows = [(machine, estate.update(str(release[machine]), key)) for machine in machines for key in keys]
    added = pd.DataFrame(rows, columns=["machine", "update"], dtype=np.int64)
    estate.needed = pd.concat([estate.needed, added], ignore_index=True)


def need_nothing(estate: Estate, machines: Ints) -> None:
    """Let machines need nothing at all."""
    estate.needed = estate.needed[~estate.needed["machine"].isin(machines)].reset_index(drop=True)


def add_place(estate: Estate, name: str, **more: object) -> int:
    """Add a subscription; return its number."""
    place = Place(id=make_guid(estate.rng(name)), name=name, tenant=estate.subscriptions[0].tenant)
    for key, value in more.items():
        setattr(place, key, value)
    estate.subscriptions.append(place)
    return len(estate.subscriptions) - 1


def end(estate: Estate, machines: Ints, number: int | None, **how: object) -> None:
    """Let a run on machines end in a certain way; the newest one, if nothing else is said."""
    for machine in machines.tolist():
        estate.outcomes.append(Outcome(machine=machine, configuration=number, **how))  # type: ignore[arg-type]


def retag(estate: Estate, machines: Ints, tag: str, word: str | None, at: int) -> None:
    """Change a tag of machines at a moment."""
    old = estate.texts(tag)
    for machine in machines.tolist():
        values = {f"tags.{tag}": (old[machine], word)}
        estate.changes.append(Change(machine=machine, at=at, type="Update", values=values))
        estate.machines.loc[machine, f"old_{tag}"] = old[machine] or ""
    estate.set(machines, **{tag: word, "changed": at})


def record(estate: Estate, machines: Ints, at: int, *types: str) -> None:
    """Record that machines were made or deleted."""
    for turn, sort in enumerate(types):
        for machine in machines.tolist():
            estate.changes.append(Change(machine=machine, at=at + turn * HOUR, type=sort))


def move(estate: Estate, machines: Ints, group: str, at: int) -> None:
    """Move machines to another resource group at a moment."""
    estate.machines.loc[machines, "old_subscription"] = estate.column("subscription")[machines]
    estate.machines.loc[machines, "old_group"] = estate.texts("group")[machines]
    estate.set(machines, group=group, moved=at)
    for machine in machines.tolist():
        estate.changes.append(Change(machine=machine, at=at, type="Delete", old_id=True))
        estate.changes.append(Change(machine=machine, at=at + 60, type="Create"))
