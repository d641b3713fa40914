"""One row per Windows machine and needed update whose installation failed in two or more runs."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.codes import first_codes
from umdiag.frames.shared.recognition import on_machines, wsus_server_of
from umdiag.frames.shared.text import among, folded, letters
from umdiag.model import Partial

_RUNS = 2


def derive(
    install_outcomes: pd.DataFrame,
    updates: Partial,
    identities: Partial,
    machines: Partial,
    summaries: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return machine, title, kb, runs (list of run ids, oldest first), code (of the newest failure that
    carries one, else ""), error (its text), last_failed, wsus_server ("" where it has none, null where that
    cannot be told).

    A failure belongs to a needed update of the machine by its id or by its KB number.
    """
    status = letters(install_outcomes["status"])
    failed = install_outcomes[
        status.isin(["failed", "installfailed"]) & (folded(install_outcomes["os_type"]) != "linux")
    ]
    failed = on_machines(failed, identities, machines)
    windows = machines["machine"][folded(machines["os_type"]) != "linux"]
    needed = updates[updates["needed"] & among(updates["machine"], windows)]
    needed = needed[["machine", "update", "title", "kb"]]
    facts = failed[["machine", "run_id", "error", "last_told"]].assign(
        run_key=folded(failed["run_id"]),
        update=folded(failed["update_id"]),
        kb=folded(failed["kb"]).str.removeprefix("kb"),
    )
    by_id = needed.merge(facts[facts["update"] != ""].drop(columns="kb"), on=["machine", "update"])
    by_kb = needed[needed["kb"] != ""].merge(facts.drop(columns="update"), on=["machine", "kb"])
    both = pd.concat([by_id, by_kb]).drop_duplicates(["machine", "update", "run_key", "last_told", "error"])
    repeated = both.groupby(["machine", "update"])["run_key"].transform("nunique") >= _RUNS
    both = both[repeated & (both["run_key"] != "")].sort_values("last_told", kind="stable")
    both["code"] = first_codes(both["error"])
    keys = ["machine", "update"]
    runs = both.drop_duplicates([*keys, "run_key"]).groupby(keys)["run_id"].agg(list).rename("runs")
    last = both.groupby(keys)["last_told"].max().rename("last_failed")
    # A row with a code outranks a newer one without.
    telling = both.assign(tells=both["code"] != "").sort_values(["tells", "last_told"], kind="stable")
    rows = telling.drop_duplicates(keys, keep="last").merge(runs, on=keys).merge(last, on=keys)
    rows["wsus_server"] = wsus_server_of(rows["machine"], summaries, identities, machines)
    columns = ["machine", "title", "kb", "runs", "code", "error", "last_failed", "wsus_server"]
    return rows[columns].reset_index(drop=True)
