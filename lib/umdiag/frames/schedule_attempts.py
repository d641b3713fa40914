"""One row per machine and run of a maintenance configuration that took it: how it ended there."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.blind_subscriptions import run_keys
from umdiag.frames.installations import configuration_of, scheduled_of
from umdiag.frames.shared.run_outcomes import in_guest, outcomes_of, texts_of
from umdiag.frames.shared.text import after_last, among, folded, looked_up
from umdiag.model import Partial


def derive(
    schedule_machine_runs: Partial,
    maintenance_runs: pd.DataFrame | None,
    patch_installations: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return run_key, run_id, configuration_key, configuration (its name), machine_key, scheduled (the stamp
    of the run, else its start), started, ended, status (as written), outcome (succeeded, cancelled,
    under_way, failed; "": another status), texts (its error), run_outcome, run_texts (of the run; null: not
    seen, "": the run is not among them), installs (an installation of the machine names the run; null: cannot
    be told); ascending.
    """
    rows = schedule_machine_runs[in_guest(schedule_machine_runs["maintenance_scope"])].reset_index(drop=True)
    rows["machine_key"] = _machines(rows)
    rows["run_key"] = run_keys(rows)
    named = folded(rows["configuration_id"]).str.rstrip("/")
    rows["configuration_key"] = named.where(named != "", configuration_of(rows["run_key"]))
    rows["configuration"] = after_last(rows["configuration_id"].fillna("").str.rstrip("/"), "/")
    rows["scheduled"] = scheduled_of(rows["run_key"]).fillna(rows["started"])
    rows["outcome"] = outcomes_of(rows["status"])
    rows["texts"] = texts_of(rows)
    for column, of_run in (("run_outcome", "outcome"), ("run_texts", "texts")):
        rows[column] = _of_runs(rows["run_key"], maintenance_runs, of_run)
    rows["installs"] = _installs(rows, patch_installations)
    rows = rows.sort_values(["scheduled", "id"], na_position="first", kind="stable").reset_index(drop=True)
    columns = (
        "run_key run_id configuration_key configuration machine_key scheduled started ended status outcome"
        " texts run_outcome run_texts installs"
    )
    return rows[columns.split()]


def _machines(rows: pd.DataFrame) -> pd.Series[str]:
    """Return the machine of each row: the one it names, else the one that its id extends."""
    named = folded(rows["resource_id"]).str.rstrip("/")
    extended = folded(rows["id"]).str.replace(r"/providers/microsoft\.maintenance/.*$", "", regex=True)
    return named.where(named != "", extended).astype("str")


def _of_runs(keys: pd.Series[str], runs: pd.DataFrame | None, column: str) -> pd.Series[Any]:
    if runs is None:
        return pd.Series(None, index=keys.index, dtype="str")
    return looked_up(keys, runs.set_index("run_key")[column]).fillna("").astype("str")


def _installs(rows: pd.DataFrame, installations: pd.DataFrame | None) -> pd.Series[bool]:
    """Say of which rows the installation is there, be it finished or not."""
    if installations is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    there = folded(installations["machine_id"]).str.rstrip("/") + "\n" + run_keys(installations)
    return among(rows["machine_key"] + "\n" + rows["run_key"], there).astype("boolean")
