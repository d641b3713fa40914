"""Know every attempt of a run to install an update: what went as usual, and what did not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.model import World

MINUTE = 60
COLUMNS = (
    "machine", "update", "deployment", "place", "correlation", "begun", "at", "status", "result",
    "code", "named",
)  # fmt: skip


def installs(world: World) -> pd.DataFrame:
    """Return one row per machine, run and update tried; ``at`` is when it ended."""
    return pd.concat([_usual(world), _told(world)], ignore_index=True)


def _correlations(world: World) -> dict[tuple[int, int], str]:
    """Return the id of every run by its deployment and place."""
    return {(n, p): run.id for n, d in enumerate(world.deployments) for p, run in enumerate(d.runs)}


def _usual(world: World) -> pd.DataFrame:
    """Return what runs installed on the machines that a deployment keeps patched."""
    done = world.reports[world.reports["run"] >= 0]
    runs = world.attended.drop_duplicates("run").set_index("run")
    begun = world.attended.set_index(["run", "machine"])["start"]
    pairs = pd.MultiIndex.from_arrays([done["run"], done["machine"]])
    correlations = _correlations(world)
    deployment = runs["deployment"].reindex(done["run"]).to_numpy(dtype=np.int64)
    place = runs["place"].reindex(done["run"]).to_numpy(dtype=np.int64)
    ids = {
        run: correlations[n, p]
        for run, n, p in zip(runs.index, runs["deployment"], runs["place"], strict=True)
    }
    return pd.DataFrame(
        {
            "machine": done["machine"].to_numpy(), "update": done["update"].to_numpy(),
            "deployment": deployment, "place": place,
            "correlation": done["run"].map(ids).to_numpy(dtype=object),
            "begun": begun.reindex(pairs).to_numpy(dtype=np.int64) + MINUTE,
            "at": done["installed"].to_numpy() - MINUTE,
            "status": "Succeeded", "result": None, "code": None, "named": "id",
        },
        columns=list(COLUMNS),
    ).astype(dict.fromkeys(("status", "result", "code", "named"), object))  # fmt: skip


def _told(world: World) -> pd.DataFrame:
    """Return what happened in the runs that were not left to chance."""
    place_of = {
        pair: at for at, pair in enumerate(zip(world.catalogue["key"], world.catalogue["os"], strict=True))
    }
    os = world.texts("os")
    correlations = _correlations(world)
    rows = []
    for row in world.attended[world.attended["outcome"] >= 0].itertuples():
        one = world.outcomes[row.outcome]
        step = (row.end - row.start - 2 * MINUTE) // max(1, len(one.installs))
        for turn, install in enumerate(one.installs):
            begun = row.start + MINUTE + turn * step
            update = place_of[install.key, os[one.machine]]
            rows.append(
                (one.machine, update, one.deployment, one.place, correlations[one.deployment, one.place],
                 begun, begun + step - 5, install.status, install.result, install.code, install.named)
            )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = dict.fromkeys(("machine", "update", "deployment", "place", "begun", "at"), np.int64)
    return frame.astype(dict.fromkeys(COLUMNS, object) | whole)
