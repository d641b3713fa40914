"""Write ``Update`` and ``UpdateSummary``: what each assessment of each machine said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from fleet.model import DAY, Bools, Ints, World, where
from fleet.reports import SOURCES, STATES
from fleet.tables.drift import drift_apart
from fleet.tables.heartbeats import SYSTEMS, ticks
from fleet.tables.sender import Senders, chunks
from fleet.tables.writer import TableWriter, booleans, coded, numbers, times

WINDOWS_VERSIONS = {"2016": "10.0.14393", "2019": "10.0.17763", "2022": "10.0.20348"}
TEXTS = {
    "Title": "title", "KBID": "kb", "Classification": "classification", "Product": "product",
    "ProductVersion": "version", "ProductArch": "arch", "MSRCSeverity": "severity",
    "PackageRepository": "repository", "RebootBehavior": "reboot",
}  # fmt: skip
BUCKETS = ((30, "Recent"), (60, "30 days ago"), (90, "60 days ago"), (120, "90 days ago"))


def write_updates(world: World, folder: Path, senders: Senders) -> tuple[int, int]:
    """Write both tables side by side; return their numbers of rows."""
    updates, summaries = TableWriter(folder, "Update"), TableWriter(folder, "UpdateSummary")
    for first, last in chunks(world):
        machine, moment = ticks(world, "scan", first, last)
        report, scan = _reports_of_scans(world, first, last, machine, moment)
        rows = world.reports.iloc[report]
        needed = moment[scan] < rows["installed"].to_numpy()
        step = _place_in_scan(scan) * world.column("scan_step")[machine[scan]]
        told = _update_columns(world, senders, rows, machine[scan], moment[scan] + step, needed)
        updates.write(drift_apart(told) if world.drift else told)
        summaries.write(_summary_columns(world, senders, machine, moment, rows, scan, needed))
    updates.close()
    summaries.close()
    return updates.rows, summaries.rows


def _reports_of_scans(world: World, first: int, last: int, machine: Ints, moment: Ints) -> tuple[Ints, Ints]:
    """Return the report and the scan of every row, in order of machine and time."""
    owner = world.reports["machine"].to_numpy()
    low, high = np.searchsorted(owner, [first, last])
    scans = np.bincount(machine - first, minlength=last - first)
    begin = np.cumsum(scans) - scans
    count = scans[owner[low:high] - first]
    report = np.repeat(np.arange(low, high), count)
    turn = np.arange(len(report)) - np.repeat(np.cumsum(count) - count, count)
    scan = begin[owner[report] - first] + turn
    there = moment[scan] >= world.reports["since"].to_numpy()[report]
    there &= moment[scan] < world.reports["until"].to_numpy()[report]
    report, scan = report[there], scan[there]
    order = np.argsort(scan, kind="stable")
    return report[order], scan[order]


def _place_in_scan(scan: Ints) -> Ints:
    """Count the rows of each scan from 0; the rows of a scan stand together."""
    if not len(scan):
        return scan
    new = np.flatnonzero(np.diff(scan, prepend=-1))
    return np.arange(len(scan)) - np.repeat(new, np.diff(new, append=len(scan)))


def _update_columns(
    world: World, senders: Senders, rows: pd.DataFrame, machine: Ints, moment: Ints, needed: Bools
) -> dict[str, pa.Array]:
    """Return the columns of ``Update``."""
    update = rows["update"].to_numpy()
    catalogue = world.catalogue
    linux = (world.machines["os_type"] == "Linux").to_numpy()[machine]
    state = np.where(needed, 0, rows["after"].to_numpy())
    optional = np.where(linux, -1, catalogue["optional"].to_numpy(dtype=np.int64)[update])
    of_windows = (catalogue["family"] == "Windows").to_numpy()
    ids = where(of_windows, catalogue["id"].to_numpy(dtype=object))
    published = catalogue["published"].to_numpy()[update]
    os, os_type = world.texts("os"), world.texts("os_type")
    return {
        "TimeGenerated": times(moment),
        **senders.columns(machine, moment, "Update"),
        "OSType": coded(os_type, machine),
        "OSName": coded([SYSTEMS[o][0] for o in os], machine),
        "OSVersion": coded([WINDOWS_VERSIONS.get(o) or ".".join(SYSTEMS[o][1:]) for o in os], machine),
        **{name: coded(catalogue[text], update) for name, text in TEXTS.items()},
        "UpdateID": coded(ids, update),
        "RevisionNumber": coded(where(of_windows, "200"), update),
        "PublishedDate": times(published),
        "UpdateState": coded(STATES, state),
        "Optional": booleans(optional),
        "Approved": booleans(rows["approved"].to_numpy()),
        "ApprovalSource": coded(SOURCES, rows["source"].to_numpy()),
    }


def _summary_columns(
    world: World, senders: Senders, machine: Ints, moment: Ints,
    rows: pd.DataFrame, scan: Ints, needed: Bools,
) -> dict[str, pa.Array]:  # fmt: skip
    """Return the columns of ``UpdateSummary``: Windows only, once per assessment."""
    about = world.catalogue.iloc[rows["update"]].reset_index(drop=True)
    missing = needed & (rows["approved"].to_numpy() != 0)
    critical = missing & about["critical"].to_numpy()
    security = missing & about["serious"].to_numpy() & ~about["critical"].to_numpy()
    other = missing & ~about["serious"].to_numpy() & ~about["optional"].to_numpy()
    counts = [np.bincount(scan[some], minlength=len(machine)) for some in (critical, security, other)]
    oldest = np.full(len(machine), 2**60)
    grave = critical | security
    np.minimum.at(oldest, scan[grave], about["published"].to_numpy()[grave])
    windows = (world.machines["os_type"] == "Windows").to_numpy()[machine]
    days = np.where(oldest < 2**60, (moment - oldest) // DAY, 0)[windows]
    machine, moment = machine[windows], moment[windows]
    names = ("Recent", *(name for _, name in BUCKETS[1:]), "120 days ago")
    by_wsus = world.machines["wsus"].to_numpy()
    setting = np.where(by_wsus, "Notify before installation", "Manual").astype(object)
    setting[world.flags("installs_on_schedule")] = "Scheduled installation"
    reals = {
        name: numbers(values, pa.int32())
        for name, values in (
            ("CriticalUpdatesMissing", counts[0][windows]),
            ("SecurityUpdatesMissing", counts[1][windows]),
            ("OtherUpdatesMissing", counts[2][windows]),
            ("TotalUpdatesMissing", np.sum(counts, axis=0)[windows]),
            ("OldestMissingSecurityUpdateInDays", days),
        )
    }
    return {
        "TimeGenerated": times(moment),
        **senders.columns(machine, moment, "UpdateSummary"),
        **reals,
        "OldestMissingSecurityUpdateBucket": coded(
            names, np.searchsorted([b for b, _ in BUCKETS], days, "right")
        ),
        "WindowsUpdateSetting": coded(setting, machine),
        "WindowsUpdateAgentVersion": coded(["10.0.17763.6414"], np.zeros_like(machine)),
        "WSUSServer": coded(where(by_wsus, "http://wsus01.contoso.com:8530"), machine),
        "OsVersion": coded([WINDOWS_VERSIONS.get(o) for o in world.texts("os")], machine),
        "NETRuntimeVersion": coded(["4.8"], np.zeros_like(machine)),
        "RestartPending": booleans(np.zeros_like(machine)),
    }
