"""One row per machine of Azure Arc that has the hardware id of an Azure VM, or of other machines."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.text import all_swapped, among, folded, is_placeholder
from umdiag.model import Partial


def derive(estate: Partial) -> pd.DataFrame:
    """Return machine_key, vm_uuid (folded), arc_and_azure (an Azure VM has that id), same_hardware_id (other
    connected machines of Azure Arc have it; this one is connected too) and others: their resource ids.

    The bytes of an id may be swapped. Ids that many machines get from their maker are nobody's.
    """
    arc = _with_hardware(estate[~estate["virtual"]], "vm_uuid")
    virtual = _with_hardware(estate[estate["virtual"]], "vm_id")
    arc["arc_and_azure"] = among(arc["hardware"], virtual["hardware"])
    connected = arc[surely(arc["on"])]
    several = connected["hardware"].duplicated(keep=False).reindex(arc.index, fill_value=False)
    arc["same_hardware_id"] = several
    rows = arc[arc["arc_and_azure"] | several].sort_values("machine_key", ignore_index=True)
    sharing = pd.concat([virtual, connected])
    sharing = sharing[among(sharing["hardware"], rows["hardware"])].sort_values("machine_key")
    ids = sharing.groupby("hardware")["resource_id"].agg(list)
    rows["others"] = [
        [other for other in ids.get(hardware, []) if other != resource]
        for hardware, resource in zip(rows["hardware"], rows["resource_id"], strict=True)
    ]
    rows["vm_uuid"] = folded(rows["vm_uuid"])
    return rows[["machine_key", "vm_uuid", "arc_and_azure", "same_hardware_id", "others"]]


def _with_hardware(machines: pd.DataFrame, column: str) -> pd.DataFrame:
    """Add the hardware id in one of its two byte orders, always the same; leave out those without."""
    ids = folded(machines[column])
    turned = all_swapped(ids)
    nobodys = is_placeholder(ids) | is_placeholder(turned)
    return machines.assign(hardware=ids.where(ids <= turned, turned))[~nobodys]
