"""How runs of maintenance configurations ended, in few words for the many that the service writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from umdiag.frames.shared.error_texts import error_texts
from umdiag.frames.shared.text import fold, folded, letters

SUCCEEDED, CANCELLED, UNDER_WAY, FAILED = "succeeded", "cancelled", "under_way", "failed"
_OUTCOMES: Mapping[str, str] = {
    "completed": SUCCEEDED,
    "succeeded": SUCCEEDED,
    "noupdatespending": SUCCEEDED,
    "cancel": CANCELLED,
    "cancelled": CANCELLED,
    "canceled": CANCELLED,
    "inprogress": UNDER_WAY,
    "pending": UNDER_WAY,
    "notstarted": UNDER_WAY,
    "failed": FAILED,
    "retrynow": FAILED,
    "retrylater": FAILED,
}


def outcomes_of(statuses: pd.Series[Any]) -> pd.Series[str]:
    """Return succeeded, cancelled, under_way or failed for each status, "" for any other."""
    return letters(statuses).map(_OUTCOMES).fillna("").astype("str")


def in_guest(scopes: pd.Series[Any]) -> pd.Series[bool]:
    """Whether runs patch machines from within, and not their hosts or images; a row may not say."""
    return folded(scopes).isin(["inguestpatch", ""])


def texts_of(rows: pd.DataFrame) -> pd.Series[str]:
    """Return what each run says of its failure, a line each, "" where it says nothing."""
    return error_texts(
        pd.Series("", index=rows.index, dtype="str"), rows["error_message"], rows["error_details"]
    )


def is_asked_for(rows: pd.DataFrame, update_run: str) -> pd.Series[bool]:
    """Whether rows belong to what the parameter `update_run` names: a configuration (name or id), or a run
    (id, or the stamp that it ends in). Columns: run_key, configuration_key.
    """
    wanted = fold(update_run).rstrip("/")
    if not wanted:
        return pd.Series(True, index=rows.index)
    run, configuration = rows["run_key"], rows["configuration_key"]
    tail = "/" + wanted
    return (
        (run == wanted)
        | (configuration == wanted)
        | run.str.endswith(tail)
        | configuration.str.endswith(tail)
    )
