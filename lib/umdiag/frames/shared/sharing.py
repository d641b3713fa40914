"""Which computer names stand for more than one identity, so that a query must tell more of them."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.text import folded


def shared(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the column `name` (folded, sorted): names with several ids, spellings or workspaces.

    Also names whose agent id other names bear. `pairs` has source_computer_id, computer, workspace_id.
    """
    keys = pairs[["source_computer_id", "computer", "workspace_id"]].drop_duplicates()
    keys = keys.assign(name=keys["computer"].str.lower(), agent=folded(keys["source_computer_id"]))
    by_name = keys.groupby("name")["name"].transform("size") > 1
    names = keys[["agent", "name"]].drop_duplicates()
    several = names[names["agent"] != ""].groupby("agent")["name"].transform("size") > 1
    found = {*keys["name"][by_name], *names["name"].reindex(several.index)[several]}
    return pd.DataFrame({"name": pd.Series(sorted(found), dtype="str")})
