"""Hold the truth about the machines of Azure Update Manager.

Times are whole seconds since 1970 (UTC); ``NEVER`` stands for a moment that does not come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from fleet.model import NEVER, Bools, Ints, Texts, random_for

PLATFORM = "AutomaticByPlatform"
RETAINED = 30 * 24 * 3600
CHANGES_KEPT = 14 * 24 * 3600
NAMESPACES = ("Microsoft.Maintenance", "Microsoft.Compute", "Microsoft.HybridCompute")


@dataclass(kw_only=True)
class Place:
    """Describe a subscription; ``old``: its number in the estate of the old service, which writes it.

    ``withheld``: the sorts of rows that whoever asks may not read there: ``assessments``,
    ``installations``, ``runs``.
    """

    id: str
    name: str
    tenant: str
    visible: bool = True
    unregistered: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    old: int | None = None


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Say what a configuration installs: classes, and updates named in and out; None: not written."""

    classes: tuple[str, ...] | None = ("Critical", "Security")
    included: tuple[str, ...] | None = None
    excluded: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Describe a dynamic scope; an empty filter filters nothing, None is not written at all."""

    subscription: int
    group: str | None = None
    groups: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = ("Microsoft.Compute/virtualMachines",)
    systems: tuple[str, ...] | None = None
    locations: tuple[str, ...] | None = None
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    operator: str | None = "All"


@dataclass(kw_only=True)
class ScheduleRun:
    """Describe one run of a configuration; ``trouble``: what its text tells."""

    stamp: int
    status: str = "Completed"
    trouble: str | None = None


@dataclass(kw_only=True)
class Configuration:
    """Describe a maintenance configuration; ``starts`` and ``expires`` are wall times of ``zone``.

    ``named``: machines assigned one by one; ``lost``: those assigned by the id that they had before
    they moved. ``skipped``: how many occurrences before the newest had no run.
    ``held``: the statuses of runs, counted back from the newest. ``bare``: those that took nobody.
    ``born``, ``edited``: its recorded creation and change. ``gone``: deleted, with its assignments left.
    ``begins``: there is no run before; ``shift``: how many seconds late all runs are. ``spared``:
    machines that no run of it takes. ``limit``: how many machines of a scope the service takes.
    """

    name: str
    subscription: int
    starts: datetime
    every: str
    zone: str = "UTC"
    minutes: int = 120
    expires: datetime | None = None
    reboot: str = "IfRequired"
    windows: Lists | None = field(default_factory=Lists)
    linux: Lists | None = field(default_factory=Lists)
    scopes: list[Scope] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    skipped: tuple[int, ...] = ()
    held: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    bare: tuple[int, ...] = ()
    born: int = 0
    edited: int = 0
    begins: int = 0
    gone: bool = False
    shift: int = 0
    spared: list[int] = field(default_factory=list)
    limit: int = 10**9
    runs: list[ScheduleRun] = field(default_factory=list)

    @property
    def group(self) -> str:
        """Return the resource group that all configurations lie in."""
        return "rg-schedules"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Describe a machine run that is not left to chance, counted back from the configuration's newest.

    ``installs``: whether the machine reported an installation. ``children``: updates by key and state.
    ``late`` and ``minutes``: when it began after the scheduled start, and how long it took.
    ``configuration`` None: an installation without a run, ``back`` hours ago.
    """

    machine: int
    configuration: int | None
    back: int = 0
    status: str = "Succeeded"
    installs: bool = True
    trouble: str | None = None
    exceeded: bool = False
    reboot: str = "NotNeeded"
    late: int = 2
    minutes: int = 30
    children: tuple[tuple[str, str], ...] = ()
    by: str = "Platform"
    said_by_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """Describe a recorded change of a machine; ``moved_from``: of the id it had before it moved."""

    machine: int
    at: int
    type: str
    values: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    old_id: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Describe what Azure Policy says of a machine's periodic assessment, and when."""

    machine: int
    state: str
    at: int


@dataclass(kw_only=True)
class Estate:
    """Hold everything that is true of the machines of Azure Update Manager.

    ``machines``: one row per machine; those with ``old`` >= 0 are machines of the old service too.
    ``needed``: one row per machine and update of ``updates`` that its newest assessment names.
    ``machine_runs``, ``installations``, ``children``: made once the faults are in, and ``words``:
    which machines have, or had, a word in a tag; from then on columns are ``kept``.
    ``numbers``: those of updates by release and key.
    ``extra``: rows that are of nothing above, by table.
    ``managed_groups``: who manages a resource group, by subscription and name.
    """

    seed: int
    asked: int
    start: int
    machines: pd.DataFrame
    updates: pd.DataFrame
    subscriptions: list[Place]
    configurations: list[Configuration]
    needed: pd.DataFrame
    drift: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    suspects: list[int] = field(default_factory=list)
    extra: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    managed_groups: dict[tuple[int, str], str] = field(default_factory=dict)
    machine_runs: pd.DataFrame = field(default_factory=pd.DataFrame)
    installations: pd.DataFrame = field(default_factory=pd.DataFrame)
    children: pd.DataFrame = field(default_factory=pd.DataFrame)
    taken: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    words: dict[str, dict[str, Ints]] = field(default_factory=dict)
    kept: dict[tuple[str, str], Any] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the random numbers of one purpose, independent of all others."""
        return random_for(self.seed, f"update manager {purpose}")

    def column(self, name: str) -> Ints:
        """Return a whole-number column of the machines."""
        found: Ints = self._keep(name, "number", lambda column: column.to_numpy(dtype=np.int64))
        return found

    def flags(self, name: str) -> Bools:
        """Return a column of the machines that is true or false."""
        found: Bools = self._keep(name, "truth", lambda column: column.to_numpy(dtype=np.bool_))
        return found

    def texts(self, name: str) -> Texts:
        """Return a text column of the machines, None where there is none."""

        def read(column: pd.Series) -> Texts:
            column = column.astype(object)
            return column.where(column.notna(), None).to_numpy()

        return self._keep(name, "text", read)

    def _keep(self, name: str, sort: str, read: Callable[[pd.Series], Any]) -> Any:
        """Read a column; once nothing changes any more, once."""
        if not self.words:
            return read(self.machines[name])
        if (name, sort) not in self.kept:
            self.kept[name, sort] = read(self.machines[name])
        return self.kept[name, sort]

    def set(self, machines: Ints, **values: object) -> None:
        """Set columns of some machines."""
        for name, value in values.items():
            self.machines.loc[machines, name] = value

    def update(self, release: str, key: str) -> int:
        """Return the number of an update of a release."""
        if not self.numbers:
            pairs = zip(self.updates["release"], self.updates["key"], strict=True)
            self.numbers = {pair: number for number, pair in enumerate(pairs)}
        return self.numbers[release, key]

    def is_there(self) -> Bools:
        """Tell which machines have a row in ``resources``."""
        visible = np.array([s.visible for s in self.subscriptions])[self.column("subscription")]
        there: Bools = visible & (self.column("deleted") == NEVER) & ~self.flags("unread")
        return there
