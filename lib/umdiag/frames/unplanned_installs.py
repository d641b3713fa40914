"""One row per Windows machine and update that became installed without a deployment having installed it."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.recognition import on_machines
from umdiag.frames.shared.text import among, folded, letters
from umdiag.model import Partial

_ONE_ASSESSMENT = pd.Timedelta(minutes=15)
_DEFENDER = "2267602"


def derive(
    became_installed: pd.DataFrame,
    install_outcomes: pd.DataFrame,
    identities: Partial,
    machines: Partial,
) -> pd.DataFrame:
    """Return machine, title, kb, first_needed, last_needed, last_installed.

    An update was deployed if an installation that names it, by id or KB, succeeded on the machine since it
    was first seen needed in the window. KB2267602, which changes daily, is left out.
    """
    rows = on_machines(became_installed, identities, machines)
    rows["kb"] = folded(rows["kb"]).str.removeprefix("kb")
    rows = rows[(rows["kb"] != _DEFENDER) & ~rows["title"].str.contains(f"KB{_DEFENDER}", regex=False)]
    key = folded(rows["update_id"])
    rows = rows.assign(update=key.where(key != "", rows["kb"] + "|" + folded(rows["title"])))
    rows = rows.groupby(["machine", "update"], as_index=False).agg(
        title=("title", "last"), kb=("kb", "last"), first_needed=("first_needed", "min"),
        last_needed=("last_needed", "max"), last_installed=("last_installed", "max"),
    )  # fmt: skip
    rows = rows[rows["last_installed"] > rows["first_needed"] + _ONE_ASSESSMENT].reset_index(drop=True)
    installed = install_outcomes[letters(install_outcomes["status"]).str.startswith("succe")]
    names = identities[among(identities["machine"], rows["machine"])]
    keys = machines["arm_key"][among(machines["machine"], rows["machine"])]
    by_name = among(folded(installed["computer"]), names["name"])
    installed = installed[by_name | among(folded(installed["resource_id"]), keys[keys != ""])]
    installed = on_machines(installed, identities, machines)
    facts = installed[["machine", "last_told"]].assign(
        update=folded(installed["update_id"]), kb=folded(installed["kb"]).str.removeprefix("kb")
    )
    deployed = pd.Series(False, index=rows.index)
    for key_ in ("update", "kb"):
        updates = rows[["machine", key_, "first_needed"]].assign(row=rows.index)
        pairs = updates[updates[key_] != ""].merge(
            facts[["machine", key_, "last_told"]], on=["machine", key_]
        )
        deployed |= rows.index.isin(pairs["row"][pairs["last_told"] >= pairs["first_needed"]])
    columns = ["machine", "title", "kb", "first_needed", "last_needed", "last_installed"]
    return rows[~deployed][columns].reset_index(drop=True)
