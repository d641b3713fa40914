"""Hold the truth about a made fleet: what is so, from which rows and expectations are both derived.

Times are whole seconds since 1970 (UTC). ``NEVER`` stands for a moment that does not come.
``USAGE_LAG`` is how far the table ``Usage`` is behind.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fleet.story import Happening, Job, Outcome

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

NEVER = 2**60
HOUR = 3600
DAY = 24 * HOUR
USAGE_LAG = 2 * HOUR


@dataclass(frozen=True, kw_only=True)
class Planted:
    """State one finding that the kit must report on this fleet."""

    scenario: str
    cause: str
    kind: str
    name: str
    id: str
    severity: str | None


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Describe a fleet that was written: where it lies, what is wrong in it, how to ask about it.

    ``states``: the state of every machine of the population by its subject id in small letters.
    ``homes``: the workspace of each machine of the logs, and ``reach``: the machines that each
    maintenance configuration selects, all by their ids in small letters.
    """

    folder: Path
    asked_at: datetime
    lookback: str
    planted: tuple[Planted, ...]
    states: Mapping[str, str]
    suspects: tuple[str, ...]
    workspaces: tuple[str, ...]
    automation_account: str
    subscriptions: tuple[str, ...]
    rows: Mapping[str, int]
    homes: Mapping[str, str] = field(default_factory=dict)
    reach: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Root:
    """Describe something that happened, and the subjects it happened to, by their ids in small letters."""

    says: str
    subjects: frozenset[str]


@dataclass(kw_only=True)
class Subscription:
    """Describe a subscription; a hidden one has no row in ``resourcecontainers``."""

    id: str
    name: str
    tenant: str
    visible: bool = True
    registration: str = "Registered"


@dataclass(kw_only=True)
class Stop:
    """Describe one stop of collection; ``until`` is the resumed row, if there was one."""

    since: int
    until: int = NEVER
    detail: str = (
        "Data collection stopped due to daily limit of free data reached. Ingestion status = OverQuota"
    )


@dataclass(kw_only=True)
class Workspace:
    """Describe a workspace, what flows into it and when it does not.

    ``hourly_mb`` is billable volume per whole hour since the window's start; None lets it follow
    the number of machines. Gaps are half-open intervals in which nothing of that sort arrives.
    """

    name: str
    customer_id: str
    subscription: int
    location: str
    cap_gb: float | None = None
    status: str = "RespectQuota"
    next_reset: int | None = None
    stops: list[Stop] = field(default_factory=list)
    drops: list[int] = field(default_factory=list)
    heartbeat_gap: tuple[int, int] = (NEVER, NEVER)
    billable_gap: tuple[int, int] = (NEVER, NEVER)
    hourly_mb: NDArray[np.float64] | None = None
    on_course: bool = False


@dataclass(frozen=True, kw_only=True)
class Query:
    """Describe a dynamic group; a scope is a subscription and, maybe, one resource group."""

    scopes: tuple[tuple[int, str | None], ...]
    locations: tuple[str, ...]
    tags: Mapping[str, tuple[str, ...]]
    operator: str


@dataclass(kw_only=True)
class Run:
    """Describe one run of a deployment."""

    id: str
    start: int
    end: int
    status: str = "Succeeded"


@dataclass(kw_only=True)
class Deployment:
    """Describe an update deployment; machines name theirs in the column ``named``.

    ``listed``: further machines it names. ``masks``: packages it leaves out.
    """

    name: str
    os_type: str
    classes: str
    reboot: str
    query: Query | None = None
    runs: list[Run] = field(default_factory=list)
    listed: list[int] = field(default_factory=list)
    masks: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Change:
    """Describe one recorded change of a machine's resource."""

    machine: int
    at: int
    type: str
    values: Mapping[str, tuple[str | None, str | None]]


@dataclass(kw_only=True)
class World:
    """Hold everything that is true of a fleet.

    ``machines``: one row per agent; those marked ``ghost`` belong to another row's machine;
    of those marked ``unread`` whoever asks may not read the resource, and is not told so.
    ``reports``: one row per machine and update it reports.
    ``attended``: one row per machine run, made once the faults are in.
    ``linked``: how many workspaces are linked to the account. ``elsewhere``: machines that Azure
    Update Manager assesses; ``lapsed``: those of them on which it fails, or has not looked for days.
    ``declared``: faults that say themselves what is found: their name, the
    severity, their machines. ``touched``: what faults have changed of a machine; ``chosen``: the
    machines of each fault. ``adopted``: machines that Azure Update Manager manages and writes.
    """

    seed: int
    asked: int
    start: int
    machines: pd.DataFrame
    catalogue: pd.DataFrame
    subscriptions: list[Subscription]
    workspaces: list[Workspace]
    account_subscription: int
    deployments: list[Deployment]
    reports: pd.DataFrame = field(default_factory=pd.DataFrame)
    attended: pd.DataFrame = field(default_factory=pd.DataFrame)
    changes: list[Change] = field(default_factory=list)
    suspects: list[int] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    elsewhere: list[int] = field(default_factory=list)
    lapsed: list[int] = field(default_factory=list)
    linked: int = 999
    drift: bool = False
    declared: list[tuple[str, str, Ints]] = field(default_factory=list)
    touched: dict[int, set[str]] = field(default_factory=dict)
    taken: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    chosen: dict[str, Ints] = field(default_factory=dict)
    adopted: list[int] = field(default_factory=list)

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the random numbers of one purpose, independent of all others."""
        return random_for(self.seed, purpose)

    def column(self, name: str) -> Ints:
        """Return a whole-number column of the machines."""
        return self.machines[name].to_numpy(dtype=np.int64)

    def flags(self, name: str) -> Bools:
        """Return a column of the machines that is true or false."""
        return self.machines[name].to_numpy(dtype=np.bool_)

    def texts(self, name: str) -> Texts:
        """Return a text column of the machines, None where there is none."""
        found = self.machines[name].astype(object)
        return found.where(found.notna(), None).to_numpy()


def known(texts: Texts) -> Bools:
    """Tell where there is a text."""
    there: Bools = pd.notna(texts)
    return there


def where(chosen: Bools, texts: Texts | str) -> Texts:
    """Keep texts where chosen; None elsewhere."""
    return np.where(chosen, texts, np.array(None, dtype=object)).astype(object)


def random_for(seed: int, purpose: str) -> np.random.Generator:
    """Return a generator that depends on the seed and the purpose only."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def make_guids(rng: np.random.Generator, count: int) -> Texts:
    """Make many random ids of version 4 at once."""
    raw = rng.integers(0, 16, size=(count, 32), dtype=np.uint8)
    raw[:, 12] = 4
    raw[:, 16] = 8 + raw[:, 16] % 4
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[raw]
    text = np.full((count, 36), ord("-"), dtype=np.uint8)
    for source, target, length in ((0, 0, 8), (8, 9, 4), (12, 14, 4), (16, 19, 4), (20, 24, 12)):
        text[:, target : target + length] = digits[:, source : source + length]
    return np.ascontiguousarray(text).view("S36").ravel().astype("U36").astype(object)


def make_guid(rng: np.random.Generator) -> str:
    """Make one random id."""
    return str(make_guids(rng, 1)[0])


def iso(moment: int, fraction: str = "") -> str:
    """Write a moment as Azure does."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f"{fraction}Z"
