"""One row per Linux machine of a distribution whose packages have no class that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.frames.shared.recognition import newest, numbered, on_machines
from umdiag.frames.shared.text import folded, looked_up
from umdiag.frames.workspaces import places
from umdiag.model import Partial

_ENOUGH = 10


def derive(
    machines: Partial,
    updates: Partial,
    identities: Partial,
    heartbeats: pd.DataFrame,
    needed_packages: pd.DataFrame,
    workspace_settings: pd.DataFrame | None,
    *,
    workspaces: Sequence[str],
) -> pd.DataFrame:
    """Return the columns of `machines`, distribution (name and major version), packages (how many packages
    the machines of the distribution need together) and home (ARM id of the workspace, null: cannot be told).

    Ten or more packages are needed on the machines of such a distribution, and none that was needed in the
    window was ever classed critical or security. Machines that do not name their system are left out.
    """
    linux = heartbeats[folded(heartbeats["os_type"]) == "linux"]
    told = newest(on_machines(linux, identities, machines), "last_heartbeat")
    systems = _distributions(told)
    needed = updates[updates["needed"]]
    by_package = pd.DataFrame(
        {"system": looked_up(needed["machine"], folded(systems)), "package": folded(needed["product"])}
    )
    packages = by_package[by_package["package"] != ""].groupby("system")["package"].nunique()
    classed = set(folded(looked_up(numbered(needed_packages, identities).dropna(), systems)))
    doubtful = packages[(packages >= _ENOUGH) & ~packages.index.isin({*classed, ""})]
    rows = machines.assign(distribution=looked_up(machines["machine"], systems))
    rows["packages"] = looked_up(folded(rows["distribution"]), doubtful)
    rows = rows.dropna(subset=["packages"]).astype({"packages": "int64"}).reset_index(drop=True)
    homes = places(rows["workspace_id"].unique(), workspace_settings, workspaces)
    homes = homes.drop_duplicates("workspace_id").set_index("workspace_id")["id"]
    return rows.assign(home=looked_up(rows["workspace_id"], homes.replace("", None)))


def _distributions(heartbeats: pd.DataFrame) -> pd.Series[Any]:
    """Return each machine's distribution as it is told: its name, and its version if the name has none."""
    name, version = heartbeats["os_name"].str.strip(), heartbeats["os_version"].fillna("").str.strip()
    with_version = name.str.cat(version, sep=" ").str.strip()
    return with_version.mask(name.str.contains(r"\d", regex=True), name).mask(name == "", "")
