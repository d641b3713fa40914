"""One row per machine of Update Manager that no schedule reaches: the closest dynamic scope."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.nearest import near_misses, nearest
from umdiag.frames.shared.scopes import actual, wanted
from umdiag.frames.shared.text import among
from umdiag.model import Partial

#: What predicates read of a machine.
_COMPARED = (
    "machine_key", "subscription", "resource_group", "virtual", "operating_system", "location", "tags",
)  # fmt: skip


def derive(
    managed_machines: Partial, assignments: pd.DataFrame, configurations: pd.DataFrame
) -> pd.DataFrame:
    """Return machine_key, assignment_id, configuration_key, configuration, predicate (the first that the
    machine fails), wanted, actual, and misspelt: whether one mistyped word of a tag alone leaves it out,
    which is then what was wanted and what there is.

    Machines that are off, and scopes of configurations that have expired, are left out.
    """
    names = configurations[configurations["living"]].set_index("configuration_key")["name"]
    scopes = assignments[~assignments["static"] & among(assignments["configuration_key"], names.index)]
    machines = candidates(managed_machines)
    found = nearest(machines, scopes).set_index("machine_key", drop=False)
    missed = near_misses(machines, scopes).set_index("machine_key")
    found["misspelt"] = found.index.isin(missed.index)
    found.loc[missed.index, "assignment_id"] = missed["assignment_id"]
    found.loc[missed.index, "predicate"] = "tags"
    by_id = {scope.assignment_id: scope for scope in scopes.itertuples()}
    of = {machine.machine_key: machine for machine in machines[list(_COMPARED)].itertuples()}
    told = [
        (wanted(by_id[row.assignment_id], row.predicate), actual(of[row.machine_key], row.predicate))
        for row in found.itertuples()
    ]
    found["wanted"] = pd.Series([pair[0] for pair in told], index=found.index, dtype="str")
    found["actual"] = pd.Series([pair[1] for pair in told], index=found.index, dtype="str")
    found.loc[missed.index, "wanted"], found.loc[missed.index, "actual"] = (
        missed["wanted_word"],
        missed["actual_word"],
    )
    keys = scopes.set_index("assignment_id")["configuration_key"]
    found["configuration_key"] = found["assignment_id"].map(keys)
    found["configuration"] = found["configuration_key"].map(names)
    columns = "machine_key assignment_id configuration_key configuration predicate wanted actual misspelt"
    return found.reset_index(drop=True)[columns.split()]


def candidates(managed_machines: pd.DataFrame) -> pd.DataFrame:
    """Return the machines that Update Manager manages and supports, that are on and that nothing reaches."""
    rows = managed_machines[managed_machines["resource_id"].notna()]
    supported = ~rows["scale_set_instance"].astype(bool) & ~rows["windows_client"].astype(bool)
    chosen = surely(rows["managed"]) & surely(rows["on"]) & supported & surely_not(rows["reached"])
    return rows[chosen].reset_index(drop=True)
