"""One row per maintenance configuration whose newest finished run took no machine: which it should have."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.expected import expected
from umdiag.frames.shared.run_outcomes import CANCELLED, UNDER_WAY
from umdiag.frames.shared.scopes_then import Scopes
from umdiag.frames.shared.text import among, letters
from umdiag.model import Partial

_OF_RUN = ("configuration_key", "run_id", "scheduled", "status")
#: A run that ends so had nothing to install.
_NOTHING = "noupdatespending"
_SHOWN = 25


def derive(
    maintenance_runs: pd.DataFrame,
    schedule_attempts: pd.DataFrame,
    configurations: Partial,
    assignments: pd.DataFrame,
    selections: pd.DataFrame,
    estate: pd.DataFrame,
    blind_subscriptions: pd.DataFrame,
    machine_changes: pd.DataFrame | None,
    *,
    asked_at: datetime,
) -> pd.DataFrame:
    """Return configuration_key, run_id, scheduled, status, took_no_machine (it expected machines that are on
    now; null: cannot be told), machines (how many; null: cannot be told) and computers (the first of them).

    A run whose own count says that it took machines is left out, as are machines of subscriptions that hide
    which runs took them. Without changes it is not known whom a dynamic scope selected then.
    """
    runs = maintenance_runs[maintenance_runs["scheduled"] <= pd.Timestamp(asked_at)]
    runs = runs[among(runs["configuration_key"], configurations["configuration_key"])]
    over = ~runs["outcome"].isin([CANCELLED, UNDER_WAY]) & (letters(runs["status"]) != _NOTHING)
    newest = runs[over].drop_duplicates("configuration_key", keep="last")
    empty = ~among(newest["run_key"], schedule_attempts["run_key"]) & ~(newest["total"].fillna(0) > 0)
    newest = newest[empty].reset_index(drop=True)
    hidden = blind_subscriptions["subscription"][surely(blind_subscriptions["for_runs"])]
    fit = estate[surely(estate["on"]) & ~among(estate["subscription"], hidden)]
    scopes = Scopes(assignments, selections, estate, machine_changes)
    taken = schedule_attempts[["configuration_key", "run_key", "scheduled", "machine_key"]].drop_duplicates()
    parts = dict(tuple(expected(newest, scopes, taken).groupby("run_key")))
    told = [_told(parts.get(key), fit, seen=machine_changes is not None) for key in newest["run_key"]]
    rows = newest[list(_OF_RUN)]
    return rows.assign(
        took_no_machine=pd.Series([row[0] for row in told], dtype="boolean"),
        machines=pd.Series([row[1] for row in told], dtype="Int64"),
        computers=pd.Series([row[2] for row in told], dtype="object"),
    )


def _told(
    rows: pd.DataFrame | None, fit: pd.DataFrame, *, seen: bool
) -> tuple[bool | None, int | None, list[str] | None]:
    """Return whether a run expected machines that are on, how many, and their names; `rows` are those of
    `expected`, `seen` says that changes were.
    """
    if rows is None:
        return False, 0 if seen else None, [] if seen else None
    names = _names(rows, fit)
    if seen:
        return bool(names), len(names), names[:_SHOWN]
    certain = _names(rows[rows["via"] == "static"], fit)
    undecided = not certain and bool(names)
    return None if undecided else bool(certain), None, certain[:_SHOWN] or None


def _names(rows: pd.DataFrame, fit: pd.DataFrame) -> list[str]:
    return sorted(fit["name"][among(fit["machine_key"], rows["machine_key"])])
