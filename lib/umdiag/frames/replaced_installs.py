"""One row per machine and update that was installed, is no longer listed, and that a later one replaced."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.recognition import newest, on_machines
from umdiag.frames.shared.text import among, folded, looked_up
from umdiag.frames.updates import later_titles
from umdiag.model import Partial

_ONE_ASSESSMENT = pd.Timedelta(minutes=15)


def derive(
    installed_before: pd.DataFrame,
    updates: Partial,
    assessments: pd.DataFrame,
    identities: Partial,
    machines: Partial,
) -> pd.DataFrame:
    """Return machine, title, kb, product, published, last_installed, replaced_by (a title)."""
    assessed = newest(on_machines(assessments, identities, machines), "last_assessed")["last_assessed"]
    installed = on_machines(installed_before, identities, machines)
    there = updates[among(updates["machine"], installed["machine"])]
    there = there[there["seen"] >= looked_up(there["machine"], assessed) - _ONE_ASSESSMENT]
    key = folded(installed["update_id"])
    installed["update"] = key.where(key != "", folded(installed["title"]))
    installed = installed.sort_values("last_installed", kind="stable")
    installed = installed.drop_duplicates(["machine", "update"], keep="last")
    listed = installed.merge(
        there[["machine", "update"]], on=["machine", "update"], how="left", indicator=True
    )
    gone = installed[
        (listed["_merge"] == "left_only").to_numpy()
        & (installed["last_installed"] < looked_up(installed["machine"], assessed) - _ONE_ASSESSMENT)
    ]
    later = later_titles(gone, there[there["state"] == "installed"])
    rows = gone.loc[later.index].assign(replaced_by=later)
    columns = ["machine", "title", "kb", "product", "published", "last_installed", "replaced_by"]
    return rows[columns].reset_index(drop=True)
