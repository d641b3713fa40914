"""One row per thing to know before reading the rows of Azure Update Manager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from umdiag.frames.needed_updates import cut_lists
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.records import TIME, typed
from umdiag.frames.shared.text import among, folded
from umdiag.model import Partial

#: So many days Resource Graph keeps them.
KEPT = {"assessments": 7, "installations": 30, "runs": 30}
_MACHINE = r"/providers/microsoft\.(?:compute/virtualmachines|hybridcompute/machines)/[^/]+/?$"


def derive(
    managed_machines: Partial,
    patch_assessments: Partial | None,
    patch_installations: Partial | None,
    schedule_runs: Partial | None,
    schedule_machine_runs: Partial | None,
    needed_updates: Partial | None,
    blind_subscriptions: Partial | None,
    *,
    asked_at: datetime,
    lookback: timedelta,
) -> pd.DataFrame:
    """Return about, number, among, newest and names (null or empty where it says nothing of the kind).

    `about`: newest_assessments, newest_installations, newest_runs (number: managed machines without any,
    among all that are shown), blind_assessments, blind_installations, blind_runs (names: subscriptions),
    invisible (machines), lists_cut (machines), other_types (rows of machines that are judged nowhere),
    cut_assessments, cut_installations, cut_runs (number: days kept, among: days asked for).
    """
    is_managed = surely(managed_machines["managed"])
    managed = managed_machines[is_managed & surely(managed_machines["shown"])]
    rows = [
        *_newest("assessments", managed, patch_assessments, "machine_id", "last_modified"),
        *_newest("installations", managed, patch_installations, "machine_id", "last_modified"),
        *_newest("runs", managed, schedule_machine_runs, "resource_id", "started", schedule_runs),
        *_blind(blind_subscriptions),
        *_number("invisible", int((is_managed & surely(managed_machines["invisible"])).sum())),
        *_cut_lists(managed, needed_updates),
        *_number("other_types", _of_other_types(patch_assessments) + _of_other_types(patch_installations)),
        *_retention(lookback),
    ]
    columns = {"about": "str", "number": "Int64", "among": "Int64", "newest": TIME, "names": "object"}
    told = typed(rows, columns)
    told["newest"] = told["newest"].where(told["newest"] <= pd.Timestamp(asked_at))
    return told


def _newest(
    what: str,
    managed: pd.DataFrame,
    table: pd.DataFrame | None,
    machine: str,
    moment: str,
    runs: pd.DataFrame | None = None,
) -> Iterator[Mapping[str, Any]]:
    """Say when the newest row is of, and how many machines have none."""
    if table is None:
        return
    without = ~among(managed["machine_key"], folded(table[machine]).str.rstrip("/"))
    moments = [
        rows[column].max() for rows, column in ((table, moment), (runs, "started")) if rows is not None
    ]
    newest = max((found for found in moments if pd.notna(found)), default=None)
    yield _row(f"newest_{what}", int(without.sum()), len(managed)) | {"newest": newest}


def _blind(subscriptions: pd.DataFrame | None) -> Iterator[Mapping[str, Any]]:
    if subscriptions is None:
        return
    for what in KEPT:
        names = list(subscriptions["subscription"][surely(subscriptions[f"for_{what}"])])
        if names:
            yield _row(f"blind_{what}", len(names), len(subscriptions)) | {"names": names}


def _cut_lists(managed: pd.DataFrame, needed_updates: pd.DataFrame | None) -> Iterator[Mapping[str, Any]]:
    if needed_updates is not None:
        judged = managed[surely(managed["succeeded"])]
        yield from _number("lists_cut", int(cut_lists(judged, needed_updates).sum()), len(judged))


def _of_other_types(table: pd.DataFrame | None) -> int:
    """Count rows of machines that are neither Azure's nor Azure Arc's, such as VMware's."""
    return 0 if table is None else int((~folded(table["machine_id"]).str.contains(_MACHINE)).sum())


def _retention(lookback: timedelta) -> Iterator[Mapping[str, Any]]:
    for what, days in KEPT.items():
        if lookback > timedelta(days=days):
            yield _row(f"cut_{what}", days, -(-lookback // timedelta(days=1)))


def _number(about: str, number: int, among: int | None = None) -> Iterator[Mapping[str, Any]]:
    if number:
        yield _row(about, number, among)


def _row(about: str, number: int, among: int | None) -> dict[str, Any]:
    return {"about": about, "number": number, "among": among, "newest": None, "names": []}
