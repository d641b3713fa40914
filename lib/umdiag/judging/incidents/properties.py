"""What every machine of the population is like: property and value, as far as it can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.recognition import numbered
from umdiag.frames.shared.text import folded, looked_up, part, subscriptions_of
from umdiag.model import Partial

PROPERTIES = (
    "workspace", "subscription", "resource_group", "location", "os_type", "os_name", "environment",
    "agent_version", "image", "wsus_server", "update_configuration", "network",
)  # fmt: skip
_IMAGE = ("image_publisher", "image_offer", "image_sku")
_OF_AGENTS = ("os_name", "agent_version", "private_ip")

_ADDRESS, _LAST = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", r"\.\d+$"


@dataclass(frozen=True, kw_only=True)
class Told:
    """Every machine, by its identity; `values` of each property by the machine's place among them.

    A machine may have several values of a property; null and "" are none.
    """

    machines: pd.Index[Any]
    values: Mapping[str, pd.Series[Any]]


def properties_of_machines(
    population: Partial | None,
    machines: Partial | None,
    identities: Partial | None,
    heartbeats: Partial | None,
    estate: Partial | None,
    selections: Partial | None,
    configurations: Partial | None,
    attendance: Partial | None,
) -> Told:
    """Return what can be told of each machine."""
    if population is None:
        return Told(machines=pd.Index([]), values={})
    rows = population.assign(identity=folded(population["subject_id"]).str.rstrip("/"))
    rows = rows[rows["identity"] != ""].drop_duplicates("identity").reset_index(drop=True)
    told = _of_resources(rows, estate)
    for name, values in _of_logs(rows, machines, _of_agents(identities, heartbeats)).items():
        told[name] = told[name].fillna(values) if name in told else values
    reached = [*_configurations(rows, selections, configurations, attendance)]
    if reached:
        told["update_configuration"] = pd.concat(reached)
    return Told(
        machines=pd.Index(rows["identity"]), values={name: told[name] for name in PROPERTIES if name in told}
    )


def _of_resources(rows: pd.DataFrame, estate: pd.DataFrame | None) -> dict[str, pd.Series[Any]]:
    """Return what an ARM id says, and the resource that it is of."""
    keys = rows["arm_key"]
    arc = keys.str.contains("/microsoft.hybridcompute/", regex=False)
    azure = keys.str.contains("/microsoft.compute/", regex=False)
    told = {
        "workspace": rows["workspace"],
        "subscription": subscriptions_of(keys),
        "resource_group": part(keys, r"^.*/resourcegroups/(?P<part>[^/]+)"),
        "os_type": rows["os_type"],
        "environment": pd.Series("other", index=rows.index).mask(azure, "Azure").mask(arc, "Arc"),
    }
    if estate is not None:
        known = estate.set_index("machine_key")
        image = known[_IMAGE[0]].str.cat([known[name] for name in _IMAGE[1:]], sep=":", na_rep="")
        image = image.where(folded(known[_IMAGE[0]]) != "")
        told["location"] = looked_up(keys, known["location"])
        told["os_name"] = looked_up(keys, known["os_name"])
        told["image"] = looked_up(keys, image)
    return told


def _of_agents(identities: pd.DataFrame | None, heartbeats: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return what the newest heartbeat of each machine says, by `machine`."""
    if identities is None or heartbeats is None:
        return None
    beats = heartbeats.assign(machine=numbered(heartbeats, identities)).dropna(subset=["machine"])
    beats = beats.sort_values(["last_heartbeat", "workspace_id", "source_computer_id"], kind="stable")
    return beats.drop_duplicates("machine", keep="last").set_index("machine")[list(_OF_AGENTS)]


def _of_logs(
    rows: pd.DataFrame, machines: pd.DataFrame | None, agents: pd.DataFrame | None
) -> dict[str, pd.Series[Any]]:
    told: dict[str, pd.Series[Any]] = {}
    if machines is not None:
        servers = machines.set_index(machines["machine"].astype("Int64"))["wsus_server"]
        told["wsus_server"] = looked_up(rows["machine"], servers)
    if agents is not None:
        told |= {name: looked_up(rows["machine"], agents[name]) for name in _OF_AGENTS}
        told["network"] = _networks(told.pop("private_ip"))
    return told


def _networks(addresses: pd.Series[Any]) -> pd.Series[Any]:
    """Return the /24 of each IPv4 address, null for any other."""
    networks = addresses.str.replace(_LAST, ".0/24", regex=True)
    return networks.where(addresses.str.fullmatch(_ADDRESS).fillna(False).astype(bool))


def _configurations(
    rows: pd.DataFrame,
    selections: pd.DataFrame | None,
    configurations: pd.DataFrame | None,
    attendance: pd.DataFrame | None,
) -> Iterator[pd.Series[Any]]:
    """Yield which maintenance configurations and update deployments reach each machine."""
    if selections is not None and configurations is not None:
        names = configurations.set_index("configuration_key")["name"]
        reached = selections[surely(selections["living"])]
        yield _reached(rows, reached["machine_key"], looked_up(reached["configuration_key"], names))
    if attendance is not None:
        yield _reached(rows, attendance["machine_key"], attendance["configuration"])


def _reached(rows: pd.DataFrame, keys: pd.Series[Any], names: pd.Series[Any]) -> pd.Series[Any]:
    """Return the names by the places of the machines with these ARM ids."""
    known = rows["arm_key"][(rows["arm_key"] != "") & ~rows["arm_key"].duplicated()]
    found = pd.Index(known).get_indexer(keys)
    is_known = found >= 0
    return pd.Series(names.array[is_known], index=known.index.to_numpy()[found[is_known]])
