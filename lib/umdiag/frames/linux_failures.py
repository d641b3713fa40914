"""One row per Linux machine and deployment whose newest machine run failed, with every reason that fits."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.presence import silent_at
from umdiag.frames.shared.connections import beats_of, connected, longest_gaps
from umdiag.frames.shared.recognition import outcomes_of
from umdiag.frames.shared.text import folded, letters
from umdiag.knowledge import classify_linux
from umdiag.model import Partial

#: In the order in which causes are decided.
REASONS = (
    "dependencies_unresolved",
    "package_manager_unhealthy",
    "package_interferes",
    "machine_unreachable",
)
_UNREACHED = 60


def derive(
    machine_run_outcomes: Partial,
    install_outcomes: pd.DataFrame | None,
    identities: Partial | None,
    machines: Partial | None,
    heartbeats_of_failures: pd.DataFrame | None,
    heartbeat_hours: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the columns of `machine_run_outcomes`, texts (list of package and text), gap_begin, gap_minutes
    (the longest stretch of the run without heartbeat) and the reasons as boolean columns; null where they
    cannot be told.
    """
    runs = machine_run_outcomes
    failed = runs["newest"] & (runs["status"] == "failed") & (runs["os_type"] == "linux")
    rows = runs[failed].reset_index(drop=True)
    errors = _errors(rows, install_outcomes, identities, machines)
    rows["texts"] = [
        [
            *({"package": "", "text": text} for text in (run.error_message,) if text.strip()),
            *errors.get(run.Index, []),
        ]
        for run in rows.itertuples()
    ]
    meanings = [
        {meaning for error in texts for meaning in classify_linux(error["text"])} for texts in rows["texts"]
    ]
    if install_outcomes is None:
        rows["texts"] = [texts or None for texts in rows["texts"]]
    for reason in REASONS[:3]:
        meant = pd.Series([reason in told for told in meanings], index=rows.index, dtype="boolean")
        # What no text says that was seen, one that was not may say.
        rows[reason] = meant if install_outcomes is not None else meant.mask(~meant)
    rows[["gap_begin", "gap_minutes"]] = _gaps(
        rows, identities, machines, heartbeats_of_failures, heartbeat_hours
    )
    told = rows[REASONS[0]] | rows[REASONS[1]] | rows[REASONS[2]]
    rows["machine_unreachable"] = (rows["gap_minutes"] >= _UNREACHED).astype("boolean") & ~told
    return rows


def _errors(
    rows: pd.DataFrame,
    outcomes: pd.DataFrame | None,
    identities: pd.DataFrame | None,
    machines: pd.DataFrame | None,
) -> dict[int, list[dict[str, Any]]]:
    """Return what each machine run's installations said of their failure, by the index of `rows`."""
    if outcomes is None or identities is None or machines is None:
        return {}
    failed = outcomes[
        (folded(outcomes["error"]) != "") & ~letters(outcomes["status"]).str.startswith("succe")
    ]
    failures = outcomes_of(rows, failed, identities, machines).sort_values("last_told", kind="stable")
    failures = failures.assign(
        package=failures["title"].where(failures["product"] == "", failures["product"]),
        text=failures["error"],
    )
    return {row: told[["package", "text"]].to_dict("records") for row, told in failures.groupby("row")}


def _gaps(
    rows: pd.DataFrame,
    identities: pd.DataFrame | None,
    machines: pd.DataFrame | None,
    heartbeats: pd.DataFrame | None,
    hours: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return begin and minutes of the longest stretch without heartbeat, null where it cannot be told."""
    unknown = pd.DataFrame(
        {"begin": pd.Series(pd.NaT, dtype="datetime64[us, UTC]"), "minutes": pd.Series(dtype="Float64")},
        index=rows.index,
    )
    if identities is None or machines is None or heartbeats is None or hours is None:
        return unknown
    beats = beats_of(rows, heartbeats, identities, machines)
    gaps = longest_gaps(rows, beats).astype({"minutes": "Float64"})
    # Whether the heartbeats of this machine were asked for at all is what `connected` knows.
    middle = gaps["begin"] + pd.to_timedelta(gaps["minutes"].fillna(0) / 2, unit="m")
    middle = middle.fillna(rows["start_time"])
    silent = silent_at(rows["workspace_id"], middle, hours)
    asked = connected(rows, beats, hours, identities).notna() | silent_at(
        rows["workspace_id"], rows["start_time"], hours
    )
    return gaps.mask(silent | ~asked)
