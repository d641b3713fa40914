"""One row per newest installation that succeeded, installed nothing, and left updates that are needed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.needed_updates import identity_of
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import among, folded, letters
from umdiag.frames.shared.update_lists import INSTALLS, distinct, verdicts
from umdiag.frames.withheld_updates import grave_updates
from umdiag.model import Partial

#: In the order in which causes are decided.
REASONS = ("excluded_by_configuration", "classification_not_selected", "unknown")
_PUBLISHED_BEFORE = pd.Timedelta(hours=24)
_SHOWN = 25
_TOLD = ("title", "kb", "classification", "published", "state")


def derive(
    judged_installations: Partial,
    needed_updates: Partial,
    uninstalled_patches: pd.DataFrame,
    managed_machines: Partial,
    selections: pd.DataFrame,
    configurations: pd.DataFrame,
) -> pd.DataFrame:
    """Return the columns of `judged_installations`, count, updates (list of title, kb, classification,
    published, state in the run) and the reasons as boolean columns.

    Critical and security updates, ESM left out, count that the machine needs now and that were there at the
    start: the run tells of them, or they were published more than 24 h before; and that no other living
    configuration which reaches the machine would install.
    """
    rows = judged_installations
    idle = (
        rows["newest"] & (rows["run_key"] != "") & rows["succeeded"] & rows["installed"].eq(0).fillna(False)
    )
    rows = rows[idle.astype(bool)].reset_index(drop=True)
    left = _left(rows, grave_updates(needed_updates, managed_machines), uninstalled_patches)
    left = left[~_installed_elsewhere(left, selections, configurations)]
    reasons = left.groupby("row")[list(REASONS)].any()
    return (
        rows.loc[reasons.index]
        .assign(
            **{reason: reasons[reason] for reason in REASONS},
            count=left.groupby("row").size(),
            updates=_listed(left),
        )
        .reset_index(drop=True)
    )


def _listed(left: pd.DataFrame) -> pd.Series[Any]:
    """Return the first updates of each row, as evidence holds them."""
    shown = left[left.groupby("row").cumcount() < _SHOWN]
    told: dict[int, list[dict[str, Any]]] = {}
    for row, update in zip(shown["row"], shown[list(_TOLD)].to_dict("records"), strict=True):
        told.setdefault(row, []).append({str(key): value for key, value in update.items()})
    return pd.Series(told, dtype="object")


def _left(rows: pd.DataFrame, needed: pd.DataFrame, uninstalled: pd.DataFrame) -> pd.DataFrame:
    """Return the updates that each installation could have installed, with `row` and why it did not."""
    runs = rows[["machine_key", "installation_id", "configuration_key", "started"]].assign(row=rows.index)
    left = runs.merge(needed, on="machine_key")
    told = uninstalled.assign(
        installation_id=folded(uninstalled["installation_id"]).str.rstrip("/"),
        update=identity_of(uninstalled),
        state=letters(uninstalled["installation_state"]),
    )
    told = told[among(told["installation_id"], rows["installation_id"])]
    told = told.sort_values("state", kind="stable").drop_duplicates(["installation_id", "update"])
    left = left.merge(
        told[["installation_id", "update", "state"]], on=["installation_id", "update"], how="left"
    )
    left["excluded_by_configuration"] = left["state"] == "excluded"
    left["classification_not_selected"] = left["state"] == "notselected"
    early = left["published"] < left["started"] - _PUBLISHED_BEFORE
    left["unknown"] = left["state"].isna() & early.fillna(False)
    return left[left[list(REASONS)].any(axis=1)].reset_index(drop=True)


def _installed_elsewhere(
    left: pd.DataFrame, selections: pd.DataFrame, configurations: pd.DataFrame
) -> pd.Series[Any]:
    """Whether another living configuration that reaches the machine would install each update."""
    codes, kinds = distinct(left)
    told = verdicts(configurations, kinds)
    places = pd.Series(range(len(configurations)), index=configurations["configuration_key"])
    living = selections[surely(selections["living"])][["machine_key", "configuration_key"]]
    living = living[among(living["configuration_key"], places.index)].drop_duplicates()
    living = living.rename(columns={"configuration_key": "other"})
    pairs = left[["machine_key", "configuration_key"]].assign(at=left.index, code=codes)
    pairs = pairs.merge(living, on="machine_key")
    pairs = pairs[pairs["other"] != pairs["configuration_key"]]
    would = told[places.reindex(pairs["other"]).to_numpy(dtype="int64"), pairs["code"].to_numpy()] == INSTALLS
    return pd.Series(left.index.isin(pairs["at"].to_numpy()[would]), index=left.index)
