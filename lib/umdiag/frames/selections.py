"""One row per machine and assignment that selects it now."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.scopes import comparable, selected
from umdiag.frames.shared.text import looked_up
from umdiag.model import Partial


def derive(assignments: Partial, configurations: Partial, estate: Partial) -> pd.DataFrame:
    """Return assignment_id, configuration_key, machine_key, static, living (the configuration is: null where
    it cannot be read), readable (false: its configuration lies where nothing can be seen).

    Instances of scale sets are selected by nothing. Null: whether the configuration is there cannot be told.
    """
    machines = estate[~estate["scale_set_instance"]].reset_index(drop=True)
    statically = assignments[assignments["static"] & assignments["machine_key"].isin(machines["machine_key"])]
    parts = [statically[["assignment_id", "configuration_key", "machine_key", "static"]]]
    compared, keys = comparable(machines), machines["machine_key"]
    for scope in assignments[~assignments["static"]].itertuples():
        reached = keys[selected(scope, compared)]
        named = {"assignment_id": scope.assignment_id, "configuration_key": scope.configuration_key}
        parts.append(pd.DataFrame({"machine_key": reached}).assign(**named, static=False))
    rows = pd.concat(parts, ignore_index=True)
    of = assignments.drop_duplicates("configuration_key").set_index("configuration_key")
    living = configurations.set_index("configuration_key")["living"].astype("boolean")
    gone = looked_up(rows["configuration_key"], of["configuration_gone"])
    rows["living"] = looked_up(rows["configuration_key"], living).mask(gone.fillna(False), False)
    rows["readable"] = looked_up(rows["configuration_key"], of["configuration_visible"])
    return rows.astype({"static": "bool"})
