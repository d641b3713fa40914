"""Write ``UpdateRunProgress``: what each run installed where, or could not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fleet.installs import installs
from fleet.model import World, make_guids
from fleet.tables.sender import Senders, chunks
from fleet.tables.writer import TableWriter, coded, times


def write_progress(world: World, folder: Path, senders: Senders) -> int:
    """Write two rows for every update a run tried to install: begun, and how it ended."""
    writer = TableWriter(folder, "UpdateRunProgress")
    every = installs(world)
    rng = world.rng("progress")
    about = world.catalogue
    names = [deployment.name for deployment in world.deployments]
    loud = world.column("spelling") == 1
    for first, last in chunks(world):
        rows = every[(every["machine"] >= first) & (every["machine"] < last)].reset_index(drop=True)
        begun = rows.assign(at=rows["begun"], status="InProgress", result=None)
        # the Linux agent invents an id for every row, and another revision has another id
        invented = make_guids(rng, len(rows))
        windows = (about["family"] == "Windows").to_numpy()[rows["update"]]
        by_id = windows & (rows["named"] == "id").to_numpy()
        rows["id"] = np.where(by_id, about["id"].to_numpy()[rows["update"]], invented)
        number = about["kb"].to_numpy(dtype=object)[rows["update"]]
        prefixed = windows & ((rows["named"] == "KB").to_numpy() | (loud[rows["machine"]] & by_id))
        rows["kb"] = np.where(prefixed, "KB" + pd.Series(number).fillna(""), number)
        begun[["id", "kb"]] = rows[["id", "kb"]]
        # what was never begun has no such row
        begun = begun[~rows["status"].isin(["NotStarted", "NotIncluded", "Excluded"])]
        rows = pd.concat([begun, rows]).sort_values(["machine", "at"], kind="stable", ignore_index=True)
        machine, moment = rows["machine"].to_numpy(), rows["at"].to_numpy(dtype=np.int64)
        update, number = rows["update"].to_numpy(), rows["deployment"].to_numpy()
        plain = np.arange(len(rows))
        writer.write(
            {
                "TimeGenerated": times(moment),
                **senders.columns(machine, moment, "UpdateRunProgress"),
                "OSType": coded(world.texts("os_type"), machine),
                "UpdateRunName": coded(names, number),
                "CorrelationId": coded(rows["correlation"], plain),
                "InstallationStatus": coded(rows["status"], plain),
                "UpdateId": coded(rows["id"], plain),
                "KBID": coded(rows["kb"], plain),
                "Title": coded(about["title"], update),
                "Product": coded(about["product"], update),
                "ErrorResult": coded(rows["result"], plain),
            }
        )
    writer.close()
    return writer.rows
