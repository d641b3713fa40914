"""One row per machine and package that a run restricted to its class should have installed, and did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.recognition import newest, on_machines
from umdiag.frames.shared.text import among, fold, folded, looked_up
from umdiag.model import Partial

_GRAVE = {"security", "critical"}
_SETTLED = pd.Timedelta(hours=1)


def derive(
    machine_run_outcomes: Partial,
    update_configurations: pd.DataFrame,
    needed_packages: pd.DataFrame,
    identities: Partial,
    machines: Partial,
    heartbeats: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return machine, configuration, classifications, modified, run_id, start_time, end_time, package,
    package_arch, package_version, classification, first_needed, last_needed, os_name.

    Of each machine the newest succeeded machine run counts, of the deployments that install security or
    critical packages only. A package was left behind if it was needed, in the same version, before the run
    and an hour or more after its end, and no mask excludes it. From when to when it was needed stands in for
    the assessments before and after; a package that was needed, gone and needed again counts as left behind.
    `os_name` is "" where nothing names the system, null where that cannot be told.
    """
    restricted = pd.DataFrame(
        _restricted(update_configurations),
        columns=["configuration_key", "classifications", "excluded", "modified"],
    )
    runs = machine_run_outcomes.merge(restricted, on="configuration_key")
    runs = runs[runs["status"].str.startswith("succe") & (runs["machine"] >= 0)]
    runs = runs.sort_values("start_time").drop_duplicates("machine", keep="last")
    packages = needed_packages.rename(columns={"os_name": "os_told"})
    packages = on_machines(packages, identities, machines)
    packages = packages[among(packages["machine"], runs["machine"])]
    packages = _spans(packages)
    columns = [
        "machine",
        "configuration",
        "classifications",
        "excluded",
        "modified",
        "run_id",
        "start_time",
        "end_time",
    ]
    rows = packages.merge(runs[columns], on="machine")
    rows = rows[
        (rows["first_needed"] <= rows["start_time"])
        & (rows["last_needed"] >= rows["end_time"].fillna(rows["start_time"]) + _SETTLED)
    ]
    rows = rows[_wanted(rows) & ~_excluded(rows)].reset_index(drop=True)
    rows["os_name"] = rows["os_told"] if heartbeats is not None else rows["os_told"].replace("", None)
    if heartbeats is not None and len(rows):
        told = newest(on_machines(heartbeats, identities, machines), "last_heartbeat")["os_name"]
        rows["os_name"] = rows["os_told"].where(
            rows["os_told"] != "", looked_up(rows["machine"], told).fillna("")
        )
    return rows.drop(columns=["excluded", "os_told"])


def _restricted(configurations: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for configuration in configurations.itertuples():
        linux = configuration.linux if isinstance(configuration.linux, dict) else {}
        classes = linux.get("includedPackageClassifications") or ""
        words = classes if isinstance(classes, list) else str(classes).split(",")
        wanted = {fold(word) for word in words} - {""}
        if wanted and wanted <= _GRAVE:
            masks = [fold(mask) for mask in linux.get("excludedPackageNameMasks") or [] if fold(mask)]
            yield {
                "configuration_key": fold(configuration.name),
                "classifications": ", ".join(sorted(wanted)),
                "excluded": "|".join(map(_pattern, masks)),
                "modified": configuration.modified,
            }


def _pattern(mask: str) -> str:
    """Write a mask (`*` any text, `?` any character) as a regular expression."""
    return re.escape(mask).replace(r"\*", ".*").replace(r"\?", ".")


def _spans(packages: pd.DataFrame) -> pd.DataFrame:
    """Join what two agents of one machine told of one package."""
    keys = ["machine", "package", "package_arch", "package_version"]
    packages = packages.sort_values("last_needed", kind="stable")
    again = packages.duplicated(keys, keep=False)
    several = packages[again]
    first = several.groupby(keys)["first_needed"].transform("min")
    joined = several.assign(first_needed=first).drop_duplicates(keys, keep="last")
    return pd.concat([packages[~again], joined], ignore_index=True)


def _wanted(rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether the package's class is among those that the deployment installs."""
    told = folded(rows["classification"])
    wanted = pd.Series(False, index=rows.index)
    for word in _GRAVE:
        asked = rows["classifications"].str.contains(word, regex=False)
        wanted |= (told.str.contains(word, regex=False) & asked).astype(bool)
    return wanted


def _excluded(rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether a mask of the deployment names the package, alone or with its architecture or version."""
    excluded = pd.Series(False, index=rows.index)
    for masks, masked in rows[rows["excluded"] != ""].groupby("excluded"):
        name, arch, version = (
            folded(masked[part]) for part in ("package", "package_arch", "package_version")
        )
        written = (name, name + "." + arch, name + "-" + version, name + "=" + version)
        excluded[masked.index] = pd.concat(
            [spelling.str.fullmatch(masks) for spelling in written], axis=1
        ).any(axis=1)
    return excluded
