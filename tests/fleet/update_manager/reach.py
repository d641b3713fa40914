"""Tell which machines a configuration selects, by what they were at a moment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.estate import LOCATIONS
from fleet.model import NEVER, Bools, Ints, Texts, known
from fleet.update_manager.model import PLATFORM, Configuration, Estate, Scope
from fleet.update_manager.schedule import living
from fleet.update_manager.updates import WINDOWS

TYPES = {"microsoft.compute/virtualmachines": "azure", "microsoft.hybridcompute/machines": "arc"}
TAGS = ("maintenance", "stage", "team", "audit")


def tag_at(estate: Estate, tag: str, moment: int, machines: Ints) -> Texts:
    """Return a tag of machines as it stood at a moment."""
    now = estate.texts(tag)[machines]
    if f"old_{tag}" not in estate.machines:
        return now
    old = estate.texts(f"old_{tag}")[machines]
    # an empty text: it had no such tag
    told = np.where(old == "", np.array(None, dtype=object), old)
    return np.where((estate.column("changed")[machines] > moment) & known(old), told, now)


def at_moment(estate: Estate, column: str, since: str, moment: int, machines: Ints) -> Ints:
    """Return a number of machines as it stood at a moment."""
    old = estate.column(f"old_{column}")[machines]
    before = (estate.column(since)[machines] > moment) & (old >= 0)
    return np.where(before, old, estate.column(column)[machines])


def group_at(estate: Estate, moment: int, machines: Ints) -> Texts:
    """Return the resource groups of machines as they stood at a moment, in small letters."""
    old = estate.texts("old_group")[machines]
    before = (estate.column("moved")[machines] > moment) & known(old)
    found = np.where(before, old, estate.texts("group")[machines])
    return np.array([text.lower() for text in found], dtype=object)


def predicates(estate: Estate, scope: Scope, moment: int, machines: Ints) -> dict[str, Bools]:
    """Return what holds of machines, predicate by predicate in the service's order."""
    group = group_at(estate, moment, machines)
    in_scope = at_moment(estate, "subscription", "moved", moment, machines) == scope.subscription
    if scope.group is not None:
        in_scope &= group == scope.group.lower()
    every = np.ones(len(machines), dtype=np.bool_)
    kind, system = estate.texts("kind")[machines], estate.texts("os_type")[machines]
    kinds = [TYPES[one.lower()] for one in scope.types or ()]
    places = [LOCATIONS.index(p.replace(" ", "").lower()) for p in scope.locations or ()]
    location = at_moment(estate, "location", "changed", moment, machines)
    systems = [one.capitalize() for one in scope.systems or ()]
    return {
        "scope": in_scope,
        "resource_group": np.isin(group, [g.lower() for g in scope.groups]) if scope.groups else every,
        "resource_type": np.isin(kind, kinds) if kinds else every,
        "operating_system": np.isin(system, systems) if systems else every,
        "location": np.isin(location, places) if places else every,
        "tags": _tagged(estate, scope, moment, machines),
    }


def _tagged(estate: Estate, scope: Scope, moment: int, machines: Ints) -> Bools:
    """Tell which machines have the tags of a scope."""
    found = []
    for key, values in scope.tags.items():
        if key.lower() not in TAGS:
            found.append(np.zeros(len(machines), dtype=np.bool_))
            continue
        now = tag_at(estate, key.lower(), moment, machines)
        found.append(np.isin(now, [v.lower() for v in values]) if values else known(now))
    if not found:
        return np.ones(len(machines), dtype=np.bool_)
    return (np.logical_and if scope.operator == "All" else np.logical_or).reduce(found)


def index_words(estate: Estate) -> None:
    """Note which machines have each word in a tag, now or before: done once nothing changes any more."""
    for tag in TAGS:
        now, old = estate.machines[tag], estate.machines.get(f"old_{tag}", estate.machines[tag])
        words = pd.concat([now.dropna(), old.dropna()])
        estate.words[tag] = {
            str(word): np.unique(rows.index.to_numpy()) for word, rows in words.groupby(words)
        }


def _near(estate: Estate, scope: Scope) -> Ints:
    """Return machines among which are all that the tags of a scope select."""
    every = np.arange(len(estate.machines))
    keys = {key.lower(): [v.lower() for v in values] for key, values in scope.tags.items()}
    if not estate.words or not keys or not all(key in TAGS for key in keys):
        return every
    if scope.operator == "All":
        keys = dict([next(((k, v) for k, v in keys.items() if v), (next(iter(keys)), []))])
    if not all(keys.values()):
        return every
    found = [estate.words[key].get(value) for key, values in keys.items() for value in values]
    return np.unique(np.concatenate([[], *(one for one in found if one is not None)])).astype(np.int64)


def selects(estate: Estate, scope: Scope, moment: int) -> Bools:
    """Tell which machines a scope selects at a moment; instances of scale sets never."""
    machines = _near(estate, scope)
    inside = estate.column("subscription")[machines] == scope.subscription
    machines = machines[inside | (estate.column("old_subscription")[machines] == scope.subscription)]
    chosen = np.zeros(len(estate.machines), dtype=np.bool_)
    if not len(machines):
        return chosen
    chosen[machines] = np.logical_and.reduce(list(predicates(estate, scope, moment, machines).values()))
    return chosen & ~estate.flags("scale_set")


def named(estate: Estate, configuration: Configuration) -> Bools:
    """Tell which machines are assigned one by one, by the id that they have now."""
    chosen = np.zeros(len(estate.machines), dtype=np.bool_)
    chosen[configuration.named] = True
    return chosen


def selected(estate: Estate, configuration: Configuration, moment: int) -> Bools:
    """Tell which machines a configuration selects at a moment."""
    chosen = named(estate, configuration)
    lost = np.array(configuration.lost, dtype=np.int64)
    chosen[lost[estate.column("moved")[lost] > moment]] = True
    for scope in configuration.scopes:
        chosen |= selects(estate, scope, moment)
    return chosen


def reached_by(estate: Estate, configuration: Configuration) -> Bools:
    """Tell which machines a configuration that lives selects now."""
    if not living(configuration, estate.asked):
        return np.zeros(len(estate.machines), dtype=np.bool_)
    return selected(estate, configuration, estate.asked) & ~estate.flags("scale_set") & estate.is_there()


def reached(estate: Estate) -> Bools:
    """Tell which machines a living configuration selects now, or one that cannot be read."""
    chosen = np.zeros(len(estate.machines), dtype=np.bool_)
    for configuration in estate.configurations:
        chosen |= reached_by(estate, configuration)
    return chosen


def is_client(estate: Estate) -> Bools:
    """Tell which machines run a Windows for clients."""
    found: Bools = (estate.machines["release"] == WINDOWS[-1]).to_numpy()
    return found


def schedulable(estate: Estate) -> Bools:
    """Tell which machines are fit for schedules: Arc machines, and what the customer manages."""
    fit = (estate.texts("patch_mode") == PLATFORM) & (estate.column("bypass") == 1)
    found: Bools = (estate.texts("kind") == "arc") | (fit & estate.flags("settings"))
    return found


def is_off(estate: Estate) -> Bools:
    """Tell which machines are off now."""
    found: Bools = ~np.isin(estate.texts("power"), ["PowerState/running", "Connected"])
    return found & (estate.column("deleted") == NEVER)


def registered(estate: Estate, namespace: str) -> Bools:
    """Tell whose subscription has a provider."""
    states = np.array([namespace not in s.unregistered for s in estate.subscriptions])
    found: Bools = states[estate.column("subscription")]
    return found
