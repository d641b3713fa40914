"""`umdiag next-run`: which machines the next run of each schedule will take, in a terminal or as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from umdiag.errors import CallError, Unavailable, is_full
from umdiag.kit import Kit
from umdiag.parameters import Parameters
from umdiag.report.records import write_machines_csv
from umdiag.show import next_run
from umdiag.show.next_run import named, why_not

_MOST_NAMES = 10


def tell(parameters: Parameters, configuration: str, csv: Path | None) -> Iterator[str]:
    """Yield what is to be printed, and write the rows of every machine to `csv`.

    Raises CallError for a schedule that is not in force or a file that cannot be written, Unavailable where
    schedules or their machines could not be seen.
    """
    kit = Kit(parameters)
    try:
        kit.fetch([], also=[next_run])
        runs, machines = kit.frame("next_runs"), kit.frame("next_run_machines")
        chosen = named(runs, configuration)
        if configuration and chosen.empty:
            raise CallError(f"no schedule in force is called {configuration[:80]}; {_there_are(runs)}")
        yield str(kit.call(next_run, configuration=configuration))
        if lacking := kit.seen("next_run_machines").reason:
            yield f"Incomplete: {lacking}."
        if csv is not None:
            _write(csv, table(chosen, machines))
            yield f"CSV: {csv}"
    except Unavailable as unseen:
        raise CallError(
            f"{unseen}; which machines the next run takes rests on it: umdiag doctor says what can be read"
        ) from None
    finally:
        kit.close()


def table(runs: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the CSV: every machine that these runs select, and each that was asked about."""
    names = runs.set_index("configuration_key")["configuration"]
    rows = machines[machines["configuration_key"].isin(names.index)]
    columns = ["start", "computer", "resource_id", "selected", "taken"]
    told = rows[columns].rename(columns={"start": "next_start", "taken": "will_be_patched"})
    told.insert(0, "schedule", rows["configuration_key"].map(names))
    left_out = rows[~rows["taken"]]
    reasons = pd.Series(
        ["; ".join(why_not(row)) for row in left_out.itertuples()], index=left_out.index, dtype="str"
    )
    return told.assign(why_not=reasons.reindex(rows.index))


def _write(csv: Path, rows: pd.DataFrame) -> None:
    try:
        write_machines_csv(csv, rows)
    except OSError as error:
        if is_full(error):
            raise
        raise CallError(f"--csv {csv}: cannot be written ({error.strerror}); name another file") from None


def _there_are(runs: pd.DataFrame) -> str:
    names = sorted(set(runs["configuration"]), key=str.casefold)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"there are {', '.join(names[:_MOST_NAMES])}{more}" if names else "there is none"
