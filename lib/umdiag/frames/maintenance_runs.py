"""One row per run of a maintenance configuration that Azure keeps: when it was due, and how it ended."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.blind_subscriptions import run_keys
from umdiag.frames.installations import configuration_of, scheduled_of
from umdiag.frames.shared.run_outcomes import in_guest, outcomes_of, texts_of
from umdiag.frames.shared.text import after_last, folded
from umdiag.model import Partial


def derive(schedule_runs: Partial) -> pd.DataFrame:
    """Return run_key, run_id, configuration_key, configuration_id, configuration (its name), scheduled (the
    stamp in its id, else its start), started, ended, status (as written), outcome (succeeded, cancelled,
    under_way, failed; "": another status), succeeded, total, texts (its error); ascending.
    """
    rows = schedule_runs[in_guest(schedule_runs["maintenance_scope"])].reset_index(drop=True)
    rows["run_key"] = run_keys(rows)
    # A run of which only the row's own id tells is known by that.
    rows["run_key"] = rows["run_key"].where(rows["run_key"] != "", folded(rows["id"]).str.rstrip("/"))
    named = folded(rows["configuration_id"]).str.rstrip("/")
    rows["configuration_key"] = named.where(named != "", configuration_of(rows["run_key"]))
    rows["configuration_id"] = rows["configuration_id"].where(named != "", rows["configuration_key"])
    name = rows["configuration_name"].fillna("").str.strip()
    rows["configuration"] = name.where(name != "", after_last(rows["configuration_id"].str.rstrip("/"), "/"))
    rows["scheduled"] = scheduled_of(rows["run_key"]).fillna(rows["started"])
    rows["outcome"] = outcomes_of(rows["status"])
    rows["texts"] = texts_of(rows)
    rows = rows.sort_values(["scheduled", "run_key"], na_position="first", kind="stable")
    rows = rows.drop_duplicates("run_key", keep="last").reset_index(drop=True)
    columns = (
        "run_key run_id configuration_key configuration_id configuration scheduled started ended status"
        " outcome succeeded total texts"
    )
    return rows[columns.split()]
