"""Make the healthy estate: machines that are on, assessed once a day, and reached by a schedule."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.estate import GROUPS, LOCATIONS, REGIONS, ROLES, make_subscriptions
from fleet.model import DAY, HOUR, NEVER, World, make_guids, random_for
from fleet.update_manager.model import PLATFORM, Configuration, Estate, Lists, Place, Scope
from fleet.update_manager.schedule import DAYS, wall_of
from fleet.update_manager.updates import OTHERS_LINUX, OTHERS_WINDOWS, WINDOWS, make_updates

RELEASES = ("ws2012r2", "ws2016", "ws2019", "ws2022", "ubuntu18", "ubuntu22", "rhel9", "sles15")
SHARES = (0.03, 0.15, 0.24, 0.18, 0.04, 0.2, 0.1, 0.06)
WAVE = 1500
#: What is not said of a machine until a fault or a look-alike says it.
NUMBERS = {
    "off_from": NEVER, "off_to": NEVER, "deleted": NEVER, "recreated": NEVER, "moved": NEVER,
    "changed": NEVER, "away_from": NEVER, "away_to": NEVER, "unfit_to": 0, "bypass": 1, "allow_ops": 1,
    "vm_agent": 1, "extensions_on": 1, "old": -1, "enabled": NEVER,
    "old_subscription": -1, "old_location": -1,
}  # fmt: skip
FLAGS = (
    "unread",
    "scale_set",
    "plan",
    "reboot_pending",
    "uncounted",
    "listed_out",
    "alien_extension",
    "by_children",
    "cut_list",
    "swapped",
    "unheard",
    "healthy",
)
TEXTS = (
    "old_group", "old_maintenance", "old_stage", "old_team", "audit", "managed_by", "vm_reboot",
    "allow_list", "block_list", "extension", "trouble", "esu", "shown",
)  # fmt: skip


def make_estate(seed: int, machines: int, asked: int, start: int, old: World | None) -> Estate:
    """Make a healthy estate; its first subscriptions are those of the old service, if there is one."""
    rng = random_for(seed, "update manager estate")
    estate = Estate(
        seed=seed, asked=asked, start=start, machines=_machines(rng, machines, asked),
        updates=make_updates(random_for(seed, "update manager updates"), asked),
        subscriptions=_places(seed, old), configurations=[], needed=pd.DataFrame(),
        taken=np.zeros(machines, dtype=np.bool_),
    )  # fmt: skip
    for wave in range(waves_of(machines)):
        estate.configurations += _configurations(wave, asked)
    _place_in_schedules(estate)
    estate.needed = need_others(estate, np.arange(machines))
    return estate


def _places(seed: int, old: World | None) -> list[Place]:
    """Return the subscriptions of the old service, or three new ones."""
    known = make_subscriptions(random_for(seed, "subscriptions")) if old is None else old.subscriptions
    return [
        Place(id=s.id, name=s.name, tenant=s.tenant, visible=s.visible, old=None if old is None else number)
        for number, s in enumerate(known)
    ]


def _machines(rng: np.random.Generator, count: int, asked: int) -> pd.DataFrame:
    """Make machines, one row each."""
    release = np.array(RELEASES, dtype=object)[rng.choice(len(RELEASES), count, p=SHARES)]
    table = pd.DataFrame({"number": np.arange(count), "release": release})
    table["kind"] = rng.choice(np.array(["azure", "arc"], dtype=object), count, p=[0.75, 0.25])
    table["os_type"] = np.where(table["release"].isin(WINDOWS), "Windows", "Linux")
    table["location"] = rng.choice(len(LOCATIONS), count, p=[0.34, 0.16, 0.24, 0.14, 0.12])
    table["subscription"] = rng.choice(3, count, p=[0.62, 0.3, 0.08])
    table["group"] = np.array(GROUPS, dtype=object)[rng.integers(0, len(GROUPS), count)]
    region = np.array(REGIONS, dtype=object)[table["location"]]
    role = np.array(ROLES, dtype=object)[rng.integers(0, len(ROLES), count)]
    number = table["number"].astype(str).str.zfill(6)
    table["name"] = "um-" + pd.Series(region) + "-" + pd.Series(role) + "-" + number
    for column in ("vm_id", "vm_uuid"):
        table[column] = make_guids(rng, count)
    table["spelling"] = (rng.random(count) < 0.15).astype(np.int64)
    for tag, values, chances in (
        ("maintenance", ("weekly", "monthly", "tuesday", "named"), (0.55, 0.2, 0.1, 0.15)),
        ("stage", ("prod", "preprod", "test", "dev"), (0.55, 0.1, 0.2, 0.15)),
        ("team", ("finance", "web", "data", "platform"), (0.25, 0.25, 0.25, 0.25)),
    ):
        table[tag] = np.array(values, dtype=object)[rng.choice(len(values), count, p=chances)]
    table["created"] = asked - rng.integers(60 * DAY, 900 * DAY, count)
    table["assessed"] = asked - rng.integers(HOUR, 22 * HOUR, count)
    table["assess_minutes"] = rng.integers(2, 11, count)
    warned = rng.random(count) < 0.02
    table["assess_status"] = np.where(warned, "CompletedWithWarnings", "Succeeded")
    table["power"] = np.where(table["kind"] == "arc", "Connected", "PowerState/running")
    table["shown_extension"] = rng.random(count) < 0.3
    return _settle(table)


def _settle(table: pd.DataFrame) -> pd.DataFrame:
    """Add patch settings, and what is not said of a machine yet."""
    count = len(table)
    for column in ("assess_mode", "patch_mode"):
        table[column] = pd.Series([PLATFORM] * count, dtype=object)
    table["settings"] = True
    bare = pd.DataFrame(
        {name: np.full(count, value, dtype=np.int64) for name, value in NUMBERS.items()}
        | {name: np.zeros(count, dtype=np.bool_) for name in FLAGS}
        | {name: pd.Series([None] * count, dtype=object) for name in TEXTS}
    )
    table = pd.concat([table, bare], axis=1)
    old_server = (table["release"] == "ws2012r2") & (table["kind"] == "arc")
    table["esu"] = table["esu"].where(~old_server, "Assigned")
    return table


def waves_of(machines: int) -> int:
    """Return into how many waves machines fall; each has schedules of its own."""
    return max(1, machines // WAVE)


def tag_of(wave: int, word: str) -> str:
    """Return the word that a wave of machines has in its tags."""
    return word if wave == 0 else f"{word}-{wave}"


def _configurations(wave: int, asked: int) -> list[Configuration]:
    """Make the five schedules of a wave; no two windows of one machine overlap."""
    end, lists = ("" if wave == 0 else f"-{wave}"), Lists(classes=("Critical", "Security", "UpdateRollup"))
    weekly, web = tag_of(wave, "weekly"), tag_of(wave, "web")
    linux = {"maintenance": (weekly,), "Team": (web,)}
    windows = {"maintenance": (weekly,), "Stage": ("prod", "PreProd")}
    at = ("West Europe", "North Europe", "eastus")
    both = ("Microsoft.Compute/virtualMachines", "Microsoft.HybridCompute/machines")
    monthly = asked - (9 if wall_of(asked - 9 * DAY, "UTC").day < 29 else 12) * DAY + 4 * HOUR
    return [
        weekly_at(
            f"mc-windows-weekly{end}", asked - 80 * HOUR, "W. Europe Standard Time", windows=lists,
            scopes=[
                Scope(subscription=place, group=group, systems=("Windows",), locations=at, tags=windows)
                for place, group in ((0, None), (1, "rg-apps"))
            ],
        ),
        weekly_at(
            f"MC-Linux-Weekly{end}", asked - 60 * HOUR, "UTC", reboot="NeverReboot", windows=None,
            scopes=[
                Scope(subscription=place, systems=("Linux",), tags=linux, operator="Any", locations=())
                for place in (0, 1)
            ],
        ),
        weekly_at(f"mc-named{end}", asked - 34 * HOUR, "Eastern Standard Time", reboot="AlwaysReboot"),
        _monthly(
            f"mc-monthly{end}", monthly, f"1Month day{wall_of(monthly, 'GMT Standard Time').day}",
            [Scope(subscription=place, types=both, groups=(), operator=None, systems=None,
                   tags={"maintenance": (tag_of(wave, "monthly"),)}) for place in range(3)],
        ),
        _monthly(
            f"mc-patch-tuesday{end}", asked + 8 * HOUR, "1Month Second Tuesday Offset6",
            [Scope(subscription=place, types=None, systems=(), tags={
                "maintenance": (tag_of(wave, "tuesday"),), "stage": ()}) for place in range(3)],
        ),
    ]  # fmt: skip


def weekly_at(name: str, newest: int, zone: str = "UTC", **more: object) -> Configuration:
    """Make a weekly configuration whose newest occurrence is at a moment."""
    wall = wall_of(newest, zone)
    values: dict[str, object] = {"subscription": 2, "every": f"1Week {DAYS[wall.weekday()].capitalize()}"}
    values |= {"starts": wall - pd.Timedelta(weeks=20).to_pytimedelta(), "zone": zone} | more
    return Configuration(name=name, **values)  # type: ignore[arg-type]


def _monthly(name: str, newest: int, every: str, scopes: list[Scope]) -> Configuration:
    """Make a monthly configuration that starts at the time of day of a moment."""
    wall = wall_of(newest, "GMT Standard Time")
    starts = wall - pd.Timedelta(days=160).to_pytimedelta()
    lists = Lists(classes=("Critical", "Security", "Other"))
    return Configuration(
        name=name, subscription=2, starts=starts, every=every, zone="GMT Standard Time",
        scopes=scopes, linux=lists,
    )  # fmt: skip


def _place_in_schedules(estate: Estate) -> None:
    """Give machines that the weekly schedules cannot select to the monthly one, and name some."""
    table = estate.machines
    azure, windows = table["kind"] == "azure", table["os_type"] == "Windows"
    fits = azure & windows & table["location"].isin([0, 1, 2]) & table["stage"].isin(["prod", "preprod"])
    fits &= (table["subscription"] == 0) | ((table["subscription"] == 1) & (table["group"] == "rg-apps"))
    fits |= azure & ~windows & (table["subscription"] < 2)
    lost = (table["maintenance"] == "weekly") & ~fits
    table["maintenance"] = table["maintenance"].where(~lost, "monthly")
    wave = np.minimum(table["number"] // WAVE, waves_of(len(table)) - 1)
    for tag, words in (("maintenance", None), ("team", ["web"])):
        later = (wave > 0) & (True if words is None else table[tag].isin(words))
        table[tag] = table[tag].where(~later, table[tag] + "-" + wave.astype(str))
    for number, machines in table[table["maintenance"].str.startswith("named")].groupby(wave):
        estate.configurations[5 * int(str(number)) + 2].named = machines["number"].tolist()
    # a configuration and its assignments tell of these; their tags need not
    table["maintenance"] = table["maintenance"].where(~table["maintenance"].str.startswith("named"), None)


def need_others(estate: Estate, machines: np.ndarray) -> pd.DataFrame:
    """Let machines need updates that matter little: a few on Windows, many packages on Linux."""
    rng = estate.rng("others")
    rows = estate.updates
    release = estate.machines["release"].iloc[machines]
    first = {r: int(rows.index[(rows["release"] == r) & (rows["key"] == "other-0")][0]) for r in {*release}}
    windows = release.isin(WINDOWS).to_numpy()
    size = np.where(windows, OTHERS_WINDOWS, OTHERS_LINUX)
    count = np.where(windows, rng.integers(0, 13, len(machines)), rng.integers(40, 92, len(machines)))
    begin = rng.integers(0, size)
    machine = np.repeat(machines, count)
    turn = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    update = np.repeat(release.map(first).to_numpy(), count) + (np.repeat(begin, count) + turn) % np.repeat(
        size, count
    )
    return pd.DataFrame({"machine": machine, "update": update})
