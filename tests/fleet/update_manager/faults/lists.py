"""Faults of what configurations install: runs that install nothing, and updates they never install."""

from __future__ import annotations

from fleet.model import Ints
from fleet.update_manager.faults.placing import end, need, schedule, share
from fleet.update_manager.faults.registry import fault, linux, windows
from fleet.update_manager.model import Estate, Lists

NOTHING, EXCLUDED = "run_installed_nothing", "security_updates_excluded"
DONE = ("other-1", "Installed")


def numbers_of(estate: Estate, key: str) -> tuple[str, ...]:
    """Return the numbers of an update of all releases, some with letters before."""
    found = estate.updates.loc[(estate.updates["key"] == key) & estate.updates["windows"], "kb"]
    return tuple(f"KB{kb}" if turn % 2 else str(kb) for turn, kb in enumerate(found))


@fault(f"{NOTHING}/excluded_by_configuration", windows, weight=0)
def exclude(estate: Estate, machines: Ints) -> None:
    """Exclude by number what machines need: the run installs nothing."""
    lists = Lists(excluded=numbers_of(estate, "lcu-prev"))
    number = schedule(estate, machines, "mc-excludes", hours=51, windows=lists)
    need(estate, machines, "lcu-prev")
    end(estate, machines, number, children=(("lcu-prev", "Excluded"),))


@fault(f"{NOTHING}/classification_not_selected", windows, weight=0)
def not_select(estate: Estate, machines: Ints) -> None:
    """Leave out the class of what machines need: the run installs nothing."""
    lists = Lists(classes=("Critical", "UpdateRollup"), included=())
    number = schedule(estate, machines, "mc-critical-only", hours=52, windows=lists)
    need(estate, machines, "sql-old")
    end(estate, machines, number, children=(("sql-old", "NotSelected"),))


@fault(f"{NOTHING}/unknown", windows)
def ignore(estate: Estate, machines: Ints) -> None:
    """Install nothing, and do not name what machines need since weeks."""
    number = share(estate, machines)
    need(estate, machines, "lcu-prev")
    end(estate, machines, number)


@fault(f"{EXCLUDED}/kb_excluded", windows, weight=0)
def exclude_beside(estate: Estate, machines: Ints) -> None:
    """Exclude by number what machines need, and install something else."""
    lists = Lists(excluded=numbers_of(estate, "crit-old"), included=numbers_of(estate, "crit-old"))
    number = schedule(estate, machines, "mc-excludes-one", hours=53, windows=lists)
    need(estate, machines, "crit-old")
    end(estate, machines, number, children=(("crit-old", "Excluded"), DONE))


@fault(f"{EXCLUDED}/package_mask_excludes", linux, least=2, weight=0)
def mask(estate: Estate, machines: Ints) -> None:
    """Exclude packages by a mask: a name with a star, and a name with its version."""
    for turn, masks in enumerate((("open*",), ("curl_3.*",))):
        key = ("ssl", "curl")[turn]
        some = machines[turn::2]
        number = schedule(estate, some, f"mc-masks-{turn}", hours=54, linux=Lists(excluded=masks))
        need(estate, some, key)
        end(estate, some, number, children=((key, "Excluded"), DONE))


@fault(f"{EXCLUDED}/class_not_included", linux, weight=0)
def leave_class(estate: Estate, machines: Ints) -> None:
    """Leave out the class of what machines need."""
    number = schedule(estate, machines, "mc-critical-linux", hours=55, linux=Lists(classes=("Critical",)))
    need(estate, machines, "curl")
    end(estate, machines, number, children=(("curl", "NotSelected"), DONE))
