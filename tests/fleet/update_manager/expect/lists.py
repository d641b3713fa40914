"""Expect what the lists of configurations keep from machines."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

import pandas as pd

from fleet.model import DAY, Planted
from fleet.update_manager.expect.findings import expect_configuration
from fleet.update_manager.expect.known import Known
from fleet.update_manager.expect.update_runs import _of, newest_succeeded
from fleet.update_manager.model import Configuration, Lists

NOTHING = ("excluded_by_configuration", "classification_not_selected", "unknown")
EXCLUDED = ("kb_excluded", "package_mask_excludes", "class_not_included")


def expect_lists(known: Known) -> Iterator[Planted]:
    """Yield runs that installed nothing, and configurations that never install what is needed."""
    grave = _grave(known)
    yield from _of(known, _installed_nothing(known, grave), "run_installed_nothing", NOTHING)
    yield from _excluded(known, grave)


def _grave(known: Known) -> pd.DataFrame:
    """Return the critical and security updates that machines need which lack some."""
    needed = known.estate.needed
    serious = known.estate.updates["serious"].to_numpy()[needed["update"]]
    lacking = (known.states == "non_compliant")[needed["machine"]]
    return needed[serious & lacking].drop_duplicates()


def keeps_out(lists: Lists | None, update: dict[str, object]) -> str | None:
    """Say what in the lists of a configuration keeps an update out; None where nothing does."""
    if lists is None:
        return None
    names = _names(update)
    if _names_one(lists.excluded, names):
        return "kb_excluded" if update["windows"] else "package_mask_excludes"
    if _names_one(lists.included, names):
        return None
    classes = [one.lower() for one in lists.classes or ()]
    return None if str(update["class"]).lower() in classes else "class_not_included"


def _names(update: dict[str, object]) -> tuple[str, ...]:
    """Return the names by which lists may call an update."""
    if update["windows"]:
        return (str(update["kb"]),)
    return str(update["title"]).lower(), f"{update['title']}_{update['version']}".lower()


def _names_one(masks: tuple[str, ...] | None, names: tuple[str, ...]) -> bool:
    """Tell whether a list names an update."""
    return any(fnmatchcase(name, mask.lower().removeprefix("kb")) for mask in masks or () for name in names)


def _reaching(known: Known, machine: int) -> list[int]:
    """Return the configurations that live and reach a machine."""
    estate = known.estate
    return [n for n, c in enumerate(estate.configurations) if known.lives(c) and known.reach[n][machine]]


def _says(known: Known, number: int, machine: int, update: int) -> str | None:
    """Say what a configuration has against an update on a machine; an empty text: nothing."""
    configuration: Configuration = known.estate.configurations[number]
    windows = known.estate.machines["os_type"].iat[machine] == "Windows"
    lists = configuration.windows if windows else configuration.linux
    if lists is None:
        return None
    return keeps_out(lists, known.estate.updates.iloc[update].to_dict()) or ""


def _installed_nothing(known: Known, grave: pd.DataFrame) -> list[tuple[int, str]]:
    """Return the machines on which a run succeeded, installed nothing, and left what is needed."""
    rows = newest_succeeded(known.newest())
    rows = rows[(rows["Installed"] == 0) & rows["machine"].isin(grave["machine"])]
    found = []
    for at, row in rows.iterrows():
        machine, number = int(row["machine"]), int(row["configuration"])
        needed = grave.loc[grave["machine"] == machine, "update"].tolist()
        mine = known.estate.children[known.estate.children["installation"] == at]
        others = [n for n in _reaching(known, machine) if n != number]
        for update in needed:
            if any(_says(known, n, machine, update) == "" for n in others):
                continue
            states = set(mine.loc[mine["update"] == update, "state"])
            published = int(known.estate.updates["published"].iat[update])
            if "Excluded" in states:
                found.append((machine, "excluded_by_configuration"))
            elif "NotSelected" in states:
                found.append((machine, "classification_not_selected"))
            elif not states and 0 < published < row["started"] - DAY:
                found.append((machine, "unknown"))
    return found


def _excluded(known: Known, grave: pd.DataFrame) -> Iterator[Planted]:
    """Yield the configurations whose lists can never install what machines need."""
    configurations = known.estate.configurations
    blame: dict[int, int] = {}
    for machine, update in grave.itertuples(index=False):
        told = {n: _says(known, n, machine, update) for n in _reaching(known, machine)}
        if not told or "" in told.values():
            continue
        judged = {n: said for n, said in told.items() if said}
        if not judged:
            continue
        windows = known.estate.machines["os_type"].iat[machine] == "Windows"
        chosen = min(
            judged,
            key=lambda n: (
                judged[n] == "class_not_included",
                -len((configurations[n].windows if windows else configurations[n].linux).classes or ()),  # type: ignore[union-attr]
                configurations[n].name.lower(),
            ),
        )
        place = EXCLUDED.index(str(judged[chosen]))
        blame[chosen] = min(blame.get(chosen, len(EXCLUDED)), place)
    for number, place in blame.items():
        yield expect_configuration(
            known, configurations[number], "security_updates_excluded", EXCLUDED[place], "medium"
        )
