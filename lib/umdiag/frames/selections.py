"""One row per machine and assignment that selects it now."""

from __future__ import annotations

import numpy as np
import pandas as pd

from umdiag.frames.shared.scopes import comparable, selected
from umdiag.frames.shared.text import among, looked_up
from umdiag.model import Partial

_OF = ("assignment_id", "configuration_key", "machine_key", "static")


def derive(assignments: Partial, configurations: Partial, estate: Partial) -> pd.DataFrame:
    """Return assignment_id, configuration_key, machine_key, static, living (the configuration is: null where
    it cannot be read), readable (false: its configuration lies where nothing can be seen).

    Instances of scale sets are selected by nothing. Null: whether the configuration is there cannot be told.
    """
    machines = estate[~estate["scale_set_instance"]]
    static = assignments["static"]
    named = assignments[static & among(assignments["machine_key"], machines["machine_key"])]
    rows = pd.concat([named, _by_scopes(assignments[~static], machines)], ignore_index=True)[list(_OF)]
    of = assignments.drop_duplicates("configuration_key").set_index("configuration_key")
    living = configurations.set_index("configuration_key")["living"].astype("boolean")
    gone = looked_up(rows["configuration_key"], of["configuration_gone"])
    rows["living"] = looked_up(rows["configuration_key"], living).mask(gone.fillna(False), False)
    rows["readable"] = looked_up(rows["configuration_key"], of["configuration_visible"])
    return rows


def _by_scopes(scopes: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    compared = comparable(machines)
    places = [np.flatnonzero(selected(scope, compared)) for scope in scopes.itertuples()]
    rows = scopes.loc[np.repeat(scopes.index.to_numpy(), [len(found) for found in places]), list(_OF)]
    found = np.concatenate(places) if places else np.array([], dtype=int)
    return rows.assign(machine_key=machines["machine_key"].to_numpy()[found])
