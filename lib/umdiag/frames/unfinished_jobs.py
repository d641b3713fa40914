"""One row per runbook and worker group whose jobs did not finish: the newest of them, and the others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.open_jobs import account_of
from umdiag.frames.shared.text import folded, letters
from umdiag.knowledge import decode
from umdiag.knowledge.cleaning import shown
from umdiag.model import Partial

_PATCH_RUNBOOK = "patch-microsoftomscomputer"
#: What a job that ran in Azure names as its worker group.
_IN_AZURE = ("", "azure")
_WAITING = ("new", "queued", "activating")
_LONG = pd.Timedelta(hours=1)
#: How many signs of an exception are shown, and how many meanings of it.
_WIDTH, _MEANINGS = 600, 3
_OTHERS = ["name", "status", "created", "exception"]


def derive(automation_jobs: Partial, *, asked_at: datetime, lookback: timedelta) -> pd.DataFrame:
    """Return the columns of `automation_jobs` (exception shortened), cause, patches (bool: a runbook of
    Update Management), count (jobs of the runbook and group that did not finish), others (list of dicts,
    newest first) and means (list of dicts: what is known of the exception).

    Jobs that were created in the window, and patch machines or run on a hybrid worker.
    """
    now = pd.Timestamp(asked_at)
    rows = automation_jobs[
        (automation_jobs["created"] > now - pd.Timedelta(lookback)) & (automation_jobs["created"] <= now)
    ]
    runbook, group, status = folded(rows["runbook"]), folded(rows["worker_group"]), letters(rows["status"])
    cause = pd.Series("", index=rows.index, dtype="str")
    cause = cause.mask(status == "suspended", "suspended")
    cause = cause.mask(status == "failed", "failed_by_exception")
    cause = cause.mask(status.isin(_WAITING) & (now - rows["created"] > _LONG), "queued_too_long")
    group = group.mask(group.isin(_IN_AZURE), "")
    patches = runbook.str.startswith(_PATCH_RUNBOOK)
    rows = rows.assign(cause=cause, patches=patches)[(cause != "") & (patches | (group != ""))]
    means = rows["exception"].map({text: _meanings(text) for text in rows["exception"].unique()})
    rows = rows.assign(means=means, exception=[shown(text, _WIDTH) for text in rows["exception"]])
    rows = rows.sort_values(["created", "id"], ascending=[False, True], kind="stable")
    alike = rows.groupby(
        [account_of(rows["id"]), runbook[rows.index], group[rows.index]], sort=False
    ).ngroup()
    newest = rows[~alike.duplicated()].copy()
    others: dict[int, list[dict[str, Any]]] = {}
    for number, job in zip(alike, rows[_OTHERS].to_dict("records"), strict=True):
        others.setdefault(number, []).append(job)
    newest["others"] = [jobs[1:] for jobs in others.values()]
    newest["count"] = [len(jobs) for jobs in others.values()]
    return newest.astype({"count": "int64"}).reset_index(drop=True)


def _meanings(exception: str) -> list[dict[str, str]]:
    """Return what the error knowledge says of an exception, and what to do first."""
    known = decode(exception) if exception.strip() else []
    return [
        {"meaning": row.meaning, "next_step": row.resolution[0] if row.resolution else ""}
        for row in known[:_MEANINGS]
    ]
