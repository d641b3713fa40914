"""One row per machine that waits for Update Management to be configured, with every reason that fits."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.certainty import surely_not
from umdiag.frames.shared.text import among, looked_up
from umdiag.model import Partial

REASONS = ("duplicate_computer_name", "cloned_image", "communication_blocked")


def derive(namesakes: Partial, unassessed: Partial, machines: Partial) -> pd.DataFrame:
    """Return the columns of `machines`, same_name, same_agent, and duplicate_computer_name, cloned_image,
    communication_blocked (a new machine with solution and worker, never assessed, and no quota explains it).

    A reason is null where it cannot be told. Machines of Azure Update Manager are left out, and those of
    which that cannot be told.
    """
    here = surely_not(machines["update_manager"])
    rows = machines[here].merge(namesakes, on="machine", how="left")
    for reason in REASONS[:2]:
        rows[reason] = (
            rows[reason].astype("boolean").mask(~among(rows["machine"], namesakes["machine"]), False)
        )
    waiting = unassessed[unassessed["is_new"] & unassessed["solution"]]
    # Over booleans that may be null: false where one side is, whatever the other.
    blocked = (waiting["worker"] & ~waiting["quota_reached"]).set_axis(waiting["machine"])
    rows["communication_blocked"] = looked_up(rows["machine"], blocked).astype("boolean")
    rows["communication_blocked"] = rows["communication_blocked"].mask(
        ~among(rows["machine"], waiting["machine"]), False
    )
    possible = pd.concat([rows[reason].fillna(True) for reason in REASONS], axis=1).any(axis=1)
    rows = rows[possible.astype(bool)].reset_index(drop=True)
    for column in ("same_name", "same_agent"):
        rows[column] = [names if isinstance(names, list) else [] for names in rows[column]]
    return rows
