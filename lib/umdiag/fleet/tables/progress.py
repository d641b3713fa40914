"""Write ``UpdateRunProgress``: what each run installed where."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from umdiag.fleet.model import World, make_guids
from umdiag.fleet.tables.sender import Senders, chunks
from umdiag.fleet.tables.writer import TableWriter, coded, times

IN_PROGRESS, SUCCEEDED = 0, 1
STATUSES = ("InProgress", "Succeeded")


def write_progress(world: World, folder: Path, senders: Senders) -> int:
    """Write two rows for every update a run installed: begun, and done."""
    writer = TableWriter(folder, "UpdateRunProgress")
    installed = world.reports[world.reports["run"] >= 0]
    runs = world.attended.drop_duplicates("run").set_index("run")
    names = np.array([world.deployments[n].name for n in runs["deployment"]], dtype=object)
    ids = [
        world.deployments[number].runs[place].id
        for number, place in zip(runs["deployment"], runs["place"], strict=True)
    ]
    place_of = {run: place for place, run in enumerate(runs.index)}
    begun = world.attended.set_index(["run", "machine"])["start"]
    rng = world.rng("progress")
    for first, last in chunks(world):
        rows = installed[(installed["machine"] >= first) & (installed["machine"] < last)]
        start = begun.reindex(list(zip(rows["run"], rows["machine"], strict=True))).to_numpy(dtype=np.int64)
        end = rows["installed"].to_numpy()
        moment = np.concatenate([start + 60, end - 60])
        order = np.lexsort((moment, np.tile(rows["machine"].to_numpy(), 2)))
        both = np.tile(np.arange(len(rows)), 2)[order]
        status = np.repeat([IN_PROGRESS, SUCCEEDED], len(rows))[order]
        moment = moment[order]
        machine = rows["machine"].to_numpy()[both]
        update = rows["update"].to_numpy()[both]
        about = world.catalogue
        windows = (about["family"] == "Windows").to_numpy()[update]
        # the Linux agent invents an id for every row
        invented = make_guids(rng, len(rows))[both]
        run = np.array([place_of[r] for r in rows["run"]], dtype=np.int64)[both]
        writer.write(
            {
                "TimeGenerated": times(moment),
                **senders.columns(machine, moment, "UpdateRunProgress"),
                "OSType": coded(world.texts("os_type"), machine),
                "UpdateRunName": coded(names, run),
                "CorrelationId": coded(ids, run),
                "InstallationStatus": coded(STATUSES, status),
                "UpdateId": coded(
                    np.where(windows, about["id"].to_numpy()[update], invented), np.arange(len(update))
                ),
                "KBID": coded(about["kb"], update),
                "Title": coded(about["title"], update),
                "Product": coded(about["product"], update),
                "ErrorResult": coded([None], np.zeros_like(update)),
            }
        )
    writer.close()
    return writer.rows
