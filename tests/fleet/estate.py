"""Make the healthy estate: subscriptions, workspaces and machines, before anything goes wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.catalogue import LINUX, WINDOWS
from fleet.model import DAY, HOUR, NEVER, Subscription, Workspace, make_guid, make_guids

LINUX_PERIOD = HOUR
WINDOWS_PERIOD = 12 * HOUR
LOCATIONS = ("westeurope", "northeurope", "eastus", "uksouth", "southeastasia")
REGIONS = ("weu", "neu", "eus", "uks", "sea")
WORKSPACE_OF_LOCATION = (1, 1, 0, 0, 2)
ROLES = ("app", "sql", "web", "fs", "dc", "job")
GROUPS = ("rg-apps", "rg-data", "RG-Web", "rg-infra")
SOLUTIONS = (
    '"security","updates","changeTracking"',
    '"updates","changeTracking"',
    '"security","Updates"',
)
DOMAIN = "contoso.com"


def make_subscriptions(rng: np.random.Generator) -> list[Subscription]:
    """Make the three subscriptions of the estate: production, test, and the one of the platform."""
    tenant = make_guid(rng)
    return [
        Subscription(id=make_guid(rng), name=name, tenant=tenant, registration=state)
        for name, state in (
            ("sub-prod", "Registered"),
            ("sub-nonprod", "registered"),
            ("sub-platform", "Registered"),
        )
    ]


def make_workspaces(rng: np.random.Generator, asked: int) -> list[Workspace]:
    """Make the three workspaces of the estate: no cap, a cap far away, and no word on caps."""
    reset = asked + 5 * HOUR
    made = []
    for name, location, cap, status in (
        ("law-main", "eastus", -1.0, "RespectQuota"),
        ("law-emea", "westeurope", 100000.0, "RespectQuota"),
        ("law-apac", "southeastasia", None, ""),
    ):
        made.append(
            Workspace(
                name=name, customer_id=make_guid(rng), subscription=2, location=location,
                cap_gb=cap, status=status, next_reset=reset,
            )
        )  # fmt: skip
    return made


def make_machines(
    rng: np.random.Generator, count: int, *, asked: int, start: int, heartbeat_minutes: int | None
) -> pd.DataFrame:
    """Make healthy machines, one row each: who they are, where they live, how they report."""
    machines = pd.DataFrame({"number": np.arange(count)})
    _add_identity(machines, rng, count)
    _add_place(machines, rng, count)
    _add_rhythm(machines, rng, count, start, heartbeat_minutes)
    _add_story(machines, rng, count, start)
    return machines


def _add_identity(machines: pd.DataFrame, rng: np.random.Generator, count: int) -> None:
    """Add kind, operating system, ids and names."""
    kind = rng.choice(np.array(["azure", "arc", "plain"], dtype=object), count, p=[0.6, 0.16, 0.24])
    names = np.array((*WINDOWS, *LINUX), dtype=object)
    system = names[rng.choice(len(names), count, p=[0.15, 0.27, 0.23, 0.08, 0.11, 0.08, 0.05, 0.03])]
    machines["kind"] = kind
    machines["os"] = system
    machines["os_type"] = np.where(machines["os"].isin(WINDOWS), "Windows", "Linux")
    machines["location"] = rng.choice(len(LOCATIONS), count, p=[0.34, 0.16, 0.24, 0.14, 0.12])
    for column in ("source_id", "vmuuid", "worker_id", "group_id"):
        machines[column] = make_guids(rng, count)
    machines["vm_id"] = machines["vmuuid"]
    _drift_vmuuids(machines, rng, count)
    region = np.array(REGIONS, dtype=object)[machines["location"]]
    role = np.array(ROLES, dtype=object)[rng.integers(0, len(ROLES), count)]
    number = machines["number"].astype(str).str.zfill(5)
    name = pd.Series(region) + "-" + pd.Series(role) + "-" + number
    windows = machines["os_type"] == "Windows"
    joined = windows & (rng.random(count) < 0.7) | (machines["kind"] == "plain")
    shown = name.where(rng.random(count) < 0.85, name.str.upper())
    machines["name"] = shown
    machines["computer"] = (name + f".{DOMAIN}").where(joined, name)
    loud = windows & (rng.random(count) < 0.3)
    machines["computer"] = machines["computer"].where(~loud, machines["computer"].str.upper())


def _drift_vmuuids(machines: pd.DataFrame, rng: np.random.Generator, count: int) -> None:
    """Write VMUUIDs as agents do: Windows in capitals, Linux often with three groups swapped."""
    v = machines["vmuuid"]
    swapped = v.str[6:8] + v.str[4:6] + v.str[2:4] + v.str[0:2] + "-" + v.str[11:13] + v.str[9:11]
    swapped = swapped + "-" + v.str[16:18] + v.str[14:16] + v.str[18:]
    drift = rng.random(count) < 0.5
    linux = machines["os_type"] == "Linux"
    machines["vmuuid"] = v.where(~(linux & drift), swapped).where(linux | ~drift, v.str.upper())


def _add_place(machines: pd.DataFrame, rng: np.random.Generator, count: int) -> None:
    """Add subscription, resource group, tags and workspace."""
    machines["subscription"] = rng.choice(3, count, p=[0.62, 0.3, 0.08])
    machines["group"] = np.array(GROUPS, dtype=object)[rng.integers(0, len(GROUPS), count)]
    machines["workspace"] = np.array(WORKSPACE_OF_LOCATION)[machines["location"]]
    for tag, values, chances in (
        ("env", ("prod", "preprod", "test", "dev"), (0.55, 0.1, 0.2, 0.15)),
        ("patch", ("weekly", "monthly", "none"), (0.55, 0.25, 0.2)),
        ("owner", ("finance", "web", "data", "platform"), (0.25, 0.25, 0.25, 0.25)),
    ):
        machines[tag] = np.array(values, dtype=object)[rng.choice(len(values), count, p=chances)]
    solutions = np.array(SOLUTIONS, dtype=object)
    machines["solutions"] = solutions[rng.choice(len(solutions), count, p=[0.6, 0.3, 0.1])]
    # 0: as written in the configurations, 1: keys, values and ids in other cases
    machines["spelling"] = (rng.random(count) < 0.15).astype(np.int64)
    machines["wsus"] = rng.random(count) < 0.3
    machines["defender"] = rng.random(count) < 0.5
    machines["address"] = rng.integers(0, 2**22, count)


def _add_rhythm(
    machines: pd.DataFrame,
    rng: np.random.Generator,
    count: int,
    start: int,
    heartbeat_minutes: int | None,
) -> None:
    """Add when each machine sends heartbeats and assessments; a gap is half-open."""
    period = rng.integers(20 * 60, 30 * 60 + 1, count)
    if heartbeat_minutes is not None:
        period = np.full(count, heartbeat_minutes * 60)
    machines["beat_period"] = period
    machines["beat_first"] = start + 1 + (rng.random(count) * period).astype(np.int64)
    windows = (machines["os_type"] == "Windows").to_numpy()
    machines["scan_period"] = np.where(windows, WINDOWS_PERIOD, LINUX_PERIOD)
    # No scan falls near a whole multiple of 12 h (1 h) before the moment of asking, so that no
    # expectation hangs on a few minutes.
    machines["scan_first"] = start + np.where(
        windows, rng.integers(1500, WINDOWS_PERIOD - 1500, count), rng.integers(400, 3200, count)
    )
    machines["scan_step"] = rng.integers(1, 9, count)
    for column, value in (
        ("beat_from", 0),
        ("beat_to", NEVER),
        ("beat_gap_from", NEVER),
        ("beat_gap_to", NEVER),
        ("scan_from", 0),
        ("scan_to", NEVER),
        ("scan_gap_from", NEVER),
        ("scan_gap_to", NEVER),
    ):
        machines[column] = np.int64(value)


def _add_story(machines: pd.DataFrame, rng: np.random.Generator, count: int, start: int) -> None:
    """Add what faults and look-alikes change later."""
    machines["created"] = start - rng.integers(60 * DAY, 900 * DAY, count)
    machines["power"] = np.where(machines["kind"] == "arc", "Connected", "PowerState/running")
    how = np.array(["vm", "name", "group"], dtype=object)
    machines["worker"] = how[rng.choice(3, count, p=[0.5, 0.4, 0.1])]
    plain_by_name = (machines["kind"] == "plain") & (machines["worker"] == "vm")
    machines["worker"] = machines["worker"].where(~plain_by_name, "name")
    machines["rollout_delay"] = rng.integers(1 * DAY, 4 * DAY, count)
    machines["named"] = -1
    machines["by_deployment"] = False
    machines["deleted"] = np.int64(NEVER)
    machines["withheld"] = np.int64(NEVER)
    machines["changed"] = np.int64(NEVER)
    for column in ("reinstalled", "renamed", "resolved", "worker_seen"):
        machines[column] = np.int64(NEVER)
    for column in ("ghost", "unread", "reboots_always", "installs_on_schedule"):
        machines[column] = False
    for column in (
        "old_source_id", "old_vmuuid", "old_computer", "old_solutions", "old_env", "old_patch",
        "old_owner", "old_location", "au_options", "auto_update",
    ):  # fmt: skip
        machines[column] = pd.Series([None] * count, dtype=object)
