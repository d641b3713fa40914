"""One row per machine and update that it needs, or cumulative update that it has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.recognition import numbered
from umdiag.frames.shared.text import folded, looked_up
from umdiag.model import Partial

_CUMULATIVE = "|".join(
    (
        "cumulative update",
        "monthly quality rollup",
        "security monthly",
        "servicing stack update",
        "malicious software removal tool",
    )
)
_DEFINITION = r"(?i)\bKB2267602\b"
_MONTH = r"^\s*(\d{4})[-/](\d{2})\b\s*"


def derive(latest_updates: pd.DataFrame, identities: Partial, *, asked_at: datetime) -> pd.DataFrame:
    """Return machine, computer, update, title, kb, product, product_arch, product_version, classification,
    severity, state (needed, installed), seen, published, approval_source, needed, unapproved, critical,
    security, definition, superseded, superseded_by, age_days.

    The latest state is the newest row within 14 h (Windows) or 5 h (Linux) of the machine's newest
    assessment; what was not reported in that time is no longer needed.
    """
    assessed = identities.groupby("machine")["last_assessed"].max()
    rows = latest_updates.assign(machine=numbered(latest_updates, identities))
    rows = rows.dropna(subset=["machine"]).astype({"machine": "int64"}).reset_index(drop=True)
    rows["assessed"] = looked_up(rows["machine"], assessed)
    linux = folded(rows["os_type"]) == "linux"
    reach = linux.map({True: pd.Timedelta(hours=5), False: pd.Timedelta(hours=14)})
    rows = rows[rows["seen"] >= rows["assessed"] - reach]
    linux = linux[rows.index]
    product = folded(rows["product"])
    windows_key = folded(rows["update_id"]).where(folded(rows["update_id"]) != "", folded(rows["title"]))
    rows["update"] = (product + "|" + folded(rows["product_arch"])).where(linux, windows_key)
    rows = rows.sort_values("seen", kind="stable").drop_duplicates(["machine", "update"], keep="last")
    rows["state"] = folded(rows["state"])
    rows = rows[rows["state"].isin(["needed", "installed"])].copy()
    return _judged(rows, linux[rows.index], asked_at).reset_index(drop=True)


def _judged(rows: pd.DataFrame, linux: pd.Series[bool], asked_at: datetime) -> pd.DataFrame:
    classification = folded(rows["classification"])
    rows["critical"] = classification.str.contains("critical", regex=False)
    rows["security"] = classification.str.contains("security", regex=False)
    rows["kb"] = folded(rows["kb"]).str.removeprefix("kb")
    rows["definition"] = (rows["kb"] == "2267602") | rows["title"].str.contains(_DEFINITION, regex=True)
    declined = surely_not(rows["approved"])
    optional = surely(rows["optional"]) & ~(rows["critical"] | rows["security"])
    is_needed = rows["state"] == "needed"
    rows["needed"] = is_needed & (linux | ~(declined | optional))
    rows["unapproved"] = is_needed & declined
    later = later_titles(rows, rows[rows["needed"] | (rows["state"] == "installed")])
    rows["superseded"] = rows.index.isin(later.index) & is_needed
    rows["superseded_by"] = later.reindex(rows.index).fillna("").where(rows["superseded"], "")
    rows["age_days"] = (
        ((pd.Timestamp(asked_at) - rows["published"]) / pd.Timedelta(days=1)).round(1).astype("Float64")
    )
    columns = (
        "machine computer update title kb product product_arch product_version classification severity state"
        " seen published approval_source needed unapproved critical security definition superseded"
        " superseded_by age_days"
    )
    return rows[columns.split()]


def series_of(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the series each update belongs to ("" outside the cumulative ones), from product and title."""
    title = folded(rows["title"])
    bare = (
        title.str.replace(_MONTH, "", regex=True)
        .str.replace(r"\(\s*kb\d+\s*\)", "", regex=True)
        .str.replace(r"\s*-\s*v?\d+(?:\.\d+)+\s*$", "", regex=True)
        .str.replace(r"\s+", " ", regex=True)
        .str.strip()
    )
    cumulative = title.str.contains(_CUMULATIVE, regex=True)
    return (folded(rows["product"]) + "|" + bare).where(cumulative, "")


def month_of(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the year-month that leads each title as a number, 0 where there is none."""
    month = rows["title"].str.extract(_MONTH)
    return pd.to_numeric(month[0] + month[1], errors="coerce").fillna(0).astype("int64")


def later_titles(rows: pd.DataFrame, others: pd.DataFrame) -> pd.Series[Any]:
    """Return, by the index of `rows`, the title of the newest of `others` that replaces each; those alone.

    Both have machine, product, title and published. One replaces another of its series on the same machine
    if it was published later, or, where that is not told or equal, if its title leads with a later month.
    """
    columns = ["machine", "series", "published", "month", "title"]
    mine = rows.assign(series=series_of(rows), month=month_of(rows), row=rows.index)[[*columns, "row"]]
    theirs = others.assign(series=series_of(others), month=month_of(others))[columns]
    pairs = mine[mine["series"] != ""].merge(theirs, on=["machine", "series"], suffixes=("", "_later"))
    newer = pairs["published_later"] > pairs["published"]
    open_ = (
        pairs["published"].isna()
        | pairs["published_later"].isna()
        | (pairs["published"] == pairs["published_later"])
    )
    pairs = pairs[newer | (open_ & (pairs["month_later"] > pairs["month"]))]
    newest = pairs.sort_values(["published_later", "month_later"], na_position="first").drop_duplicates(
        "row", keep="last"
    )
    return newest.set_index("row")["title_later"]
