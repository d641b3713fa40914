"""Know the columns that every row of a machine carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from fleet.identity import PROVIDERS, TYPES, logged_ids, subscription_ids
from fleet.model import NEVER, Bools, Ints, Texts, World, known, where
from fleet.tables.writer import coded, constant

CHUNK = 2000


def chunks(world: World) -> list[tuple[int, int]]:
    """Cut the machines into parts that fit into memory."""
    count = len(world.machines)
    return [(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]


@dataclass(frozen=True, kw_only=True)
class Senders:
    """Hold what machines write about themselves; ``text`` has one row per machine.

    ``earlier``: what a column said before a moment. ``loud``: who writes names in other cases.
    """

    text: pd.DataFrame
    earlier: dict[str, tuple[Texts, Ints]]
    loud: Bools
    drift: bool

    def columns(self, machine: Ints, moment: Ints, table: str) -> dict[str, pa.Array]:
        """Return the columns of rows that these machines sent at these moments."""
        count = len(machine)
        if not count:
            first, part = 0, self.text.iloc[:0]
        else:
            first = int(machine.min())
            part = self.text.iloc[first : int(machine.max()) + 1]
        at = machine - first
        found = {
            name: coded(part[name].to_numpy(dtype=object), at)
            for name in part.columns
            if name not in self.earlier
        }
        for name, (old, changed) in self.earlier.items():
            now = part[name].to_numpy(dtype=object)
            if name == "Computer" and table == "UpdateRunProgress":
                loud = self.loud[first : first + len(part)]
                now = np.array(
                    [n.swapcase() if x else n for n, x in zip(now, loud, strict=True)], dtype=object
                )
            before = (moment < changed[machine]) & (changed[machine] < NEVER)
            both = np.concatenate([now, old[first : first + len(part)]])
            found[name] = coded(both, at + before * len(part))
        if self.drift and table == "Heartbeat":
            found["SourceComputerId"] = constant("", count)
        found["Type"] = constant(table, count)
        return found


def make_senders(world: World) -> Senders:
    """Write down once what machines say of themselves in every row."""
    kind = world.machines["kind"]
    linux = world.machines["os_type"] == "Linux"
    hosted = (kind != "plain").to_numpy()
    ids = logged_ids(world)
    homes = np.array([w.customer_id for w in world.workspaces], dtype=object)
    home = homes[world.column("workspace")]
    provider = kind.map(PROVIDERS).to_numpy(dtype=object, na_value=None)
    types = kind.map(TYPES).to_numpy(dtype=object, na_value=None)
    text = pd.DataFrame(
        {
            "Computer": world.texts("computer"),
            "SourceComputerId": world.texts("source_id"),
            "VMUUID": world.texts("vmuuid"),
            "TenantId": home,
            "ManagementGroupName": np.array([f"AOI-{h}" for h in home], dtype=object),
            "ComputerEnvironment": np.where(kind == "azure", "Azure", "Non-Azure").astype(object),
            "ResourceId": ids,
            "_ResourceId": np.array([None if i is None else i.lower() for i in ids], dtype=object),
            "SubscriptionId": subscription_ids(world),
            "ResourceGroup": where(hosted, world.texts("group")),
            "ResourceProvider": provider,
            "Resource": where(hosted, world.texts("name")),
            "ResourceType": types,
            "SourceSystem": np.where(linux, "Linux", "OpsManager").astype(object),
        },
        dtype=object,
    )
    reinstalled = world.column("reinstalled")
    uuids, old_uuids = world.texts("vmuuid"), world.texts("old_vmuuid")
    return Senders(
        text=text, loud=world.column("spelling") == 1, drift=world.drift,
        earlier={
            "Computer": (world.texts("old_computer"), world.column("renamed")),
            "SourceComputerId": (world.texts("old_source_id"), reinstalled),
            "VMUUID": (np.where(known(old_uuids), old_uuids, uuids), reinstalled),
        },
    )  # fmt: skip
