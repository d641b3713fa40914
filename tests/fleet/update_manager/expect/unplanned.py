"""Expect the findings of family ``unplanned``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.model import Planted
from fleet.update_manager.expect.findings import expect_machines, first_that_fits
from fleet.update_manager.expect.known import Known
from fleet.update_manager.expect.update_runs import _of

REBOOTED = ("vm_setting_overrides", "unknown")
OUTSIDE = ("late_start", "long_install")


def expect_unplanned(known: Known) -> Iterator[Planted]:
    """Yield what happened to machines that nobody had planned."""
    estate = known.estate
    newest = known.newest()
    newest = newest[known.there[newest["machine"]]]
    never = np.array([one.reboot.startswith("Never") for one in estate.configurations] + [False])
    restarted = newest[never[newest["configuration"]] & newest["reboot"].isin(["Started", "Completed"])]
    override = [
        estate.texts("vm_reboot")[m] not in (None, "", "Unknown", "Never") for m in restarted["machine"]
    ]
    told = [
        (int(m), REBOOTED[0] if own else REBOOTED[1])
        for m, own in zip(restarted["machine"], override, strict=True)
    ]
    yield from _of(known, told, "unexpected_reboot", REBOOTED)
    yield from _alone(known)
    yield from _outside(known)


def _alone(known: Known) -> Iterator[Planted]:
    """Yield the machines whose newest installation without a run was made by somebody."""
    newest = known.newest()
    rows = newest[(newest["configuration"] < 0) & known.there[newest["machine"]]]
    platform, user = (np.isin(np.arange(len(known.there)), rows.loc[rows["by"] == by, "machine"])
                      for by in ("Platform", "User"))  # fmt: skip
    cause = first_that_fits(known, [("platform_patching", platform), ("on_demand_by_user", user)])
    severity = np.where(platform & known.reached, "low", "info").astype(object)
    yield from expect_machines(known, platform | user, "update_without_deployment", cause, severity)


def _outside(known: Known) -> Iterator[Planted]:
    """Yield the machines on which a run worked outside its window."""
    rows = known.installations
    rows = rows[(rows["configuration"] >= 0) & known.there[rows["machine"]]]
    minutes = np.array([one.minutes for one in known.estate.configurations] + [0])[rows["configuration"]]
    late = rows["started"] - rows["scheduled"] > 15 * 60
    long = rows["ended"] > rows["scheduled"] + minutes * 60
    found = np.zeros((2, len(known.there)), dtype=np.bool_)
    found[0, rows.loc[late, "machine"]] = True
    found[1, rows.loc[long, "machine"]] = True
    cause = first_that_fits(known, list(zip(OUTSIDE, found, strict=True)))
    yield from expect_machines(known, found.any(axis=0), "patched_outside_window", cause, "info")
