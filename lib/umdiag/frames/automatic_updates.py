"""One row per machine for which it is known whether Windows Update acts on its own."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.recognition import newest, on_machines
from umdiag.frames.shared.text import folded
from umdiag.model import Partial

_VALUES = {"auoptions": "au_options", "alwaysautorebootatscheduledtime": "always_reboots"}
_INSTALLS = 4


def derive(
    update_policies: pd.DataFrame | None,
    summaries: pd.DataFrame | None,
    identities: Partial,
    machines: Partial,
) -> pd.DataFrame:
    """Return machine, au_options, always_reboots (numbers, null: not told), registry_key, setting (of the
    newest UpdateSummary; "": not told), installs (AUOptions is 4, or the setting says scheduled
    installation), reboots (AUOptions is 4, or AlwaysAutoRebootAtScheduledTime is 1); null where what was
    seen does not tell.
    """
    rows = machines[["machine"]].set_index("machine", drop=False)
    columns: dict[str, Any] = {
        "au_options": "Int64",
        "always_reboots": "Int64",
        "registry_key": "str",
        "setting": "str",
    }
    for column, dtype in columns.items():
        rows[column] = pd.Series(dtype=dtype, index=rows.index) if dtype == "Int64" else ""
    if update_policies is not None and len(update_policies):
        told = on_machines(update_policies, identities, machines)
        told["number"] = [_number(text) for text in told["value_data"]]
        for value, column in _VALUES.items():
            policies = newest(told[folded(told["value_name"]) == value], "seen")
            rows[column] = policies["number"].reindex(rows.index).astype("Int64")
            rows["registry_key"] = policies["registry_key"].reindex(rows.index).fillna(rows["registry_key"])
    if summaries is not None:
        assessed = newest(on_machines(summaries, identities, machines), "last_assessed")
        rows["setting"] = assessed["windows_update_setting"].reindex(rows.index).fillna("")
    if update_policies is None:
        rows["registry_key"] = pd.Series(None, index=rows.index, dtype="str")
    if summaries is None:
        rows["setting"] = pd.Series(None, index=rows.index, dtype="str")
    by_policy = surely(rows["au_options"].eq(_INSTALLS))
    scheduled = (
        folded(rows["setting"].fillna("")).str.contains(r"scheduled\s*install", regex=True).astype(bool)
    )
    installs = (by_policy | scheduled).astype("boolean")
    reboots = (by_policy | surely(rows["always_reboots"].eq(1))).astype("boolean")
    policies_unseen = update_policies is None
    rows["installs"] = installs.mask(~installs) if policies_unseen or summaries is None else installs
    rows["reboots"] = reboots.mask(~reboots) if policies_unseen else reboots
    return rows.reset_index(drop=True)


def _number(text: object) -> int | None:
    """Return a registry value, written as 4, 0x00000004 or `4 (0x4)`."""
    word = str(text).strip().partition(" ")[0]
    try:
        return int(word, 16 if word.lower().startswith("0x") else 10)
    except ValueError:
        return None
