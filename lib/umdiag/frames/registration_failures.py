"""One row per machine whose registration as a worker failed, and that was not assessed since."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.recognition import newest, on_machines
from umdiag.frames.shared.text import after_last, among, before_first, folded
from umdiag.model import Partial

#: What the guide's texts mean, in the order in which causes are decided.
_TEXTS = {
    "registration_refused": r"already registered to a different account",
    "no_common_algorithm": r"do not possess a common algorithm",
    "intercepted_response": r"error parsing positive infinity value",
    "certificate_intercepted": r"was not issued by a certificate authority used for microsoft services",
    "access_denied": r"0x80070005|e_accessdenied",
    "key_folder_denied": r"failed to create a self-signed certificate",
}
_SHOWN = 600


def derive(
    registration_errors: pd.DataFrame,
    machines: Partial,
    identities: Partial,
    heartbeats: pd.DataFrame | None,
    assessments: pd.DataFrame | None,
    summaries: pd.DataFrame | None,
    managed: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the columns of `machines` and failed, text, and a boolean column per meaning of the text:
    registration_refused, no_common_algorithm, intercepted_response, certificate_intercepted, access_denied
    (without a certificate that could not be created), key_folder_denied.

    Left out are machines of Azure Update Manager, and those of which that or a later assessment cannot be
    told. Without `heartbeats` a machine that only its error names is there under what the error says of it,
    with a number below zero.
    """
    errors = newest(on_machines(registration_errors, identities, machines), "failed")
    told = machines["last_assessed"].notna() | surely_not(machines["assessed"])
    rows = machines[_here(machines, managed) & told]
    rows = rows.merge(errors[["failed", "text"]], left_on="machine", right_index=True)
    rows = rows[~(rows["last_assessed"] > rows["failed"])].reset_index(drop=True)
    if heartbeats is None and not (assessments is None or summaries is None or managed is None):
        unknown = _strangers(registration_errors, machines, identities, managed)
        rows = pd.concat([rows, unknown], ignore_index=True) if len(unknown) else rows
    plain = folded(rows["text"]).str.replace(r"\s+", " ", regex=True)
    for meaning, pattern in _TEXTS.items():
        rows[meaning] = plain.str.contains(pattern, regex=True).astype(bool)
    rows["access_denied"] &= ~rows["key_folder_denied"]
    rows["text"] = rows["text"].str.strip().str.slice(0, _SHOWN)
    return rows


def _here(machines: pd.DataFrame, elsewhere: pd.DataFrame | None) -> pd.Series[bool]:
    """Whether each machine is not one of Azure Update Manager; of one whose ARM id cannot be told the name
    decides.
    """
    here = surely_not(machines["update_manager"])
    if elsewhere is None:
        return here
    bare = machines["update_manager"].isna() & (machines["arm_key"] == "")
    return here | (bare & ~_namesake(machines["name"], elsewhere))


def _namesake(names: pd.Series[Any], elsewhere: pd.DataFrame) -> pd.Series[bool]:
    """Whether Azure Update Manager manages a machine of each name."""
    return among(before_first(names, "."), after_last(_keys(elsewhere), "/"))


def _keys(managed: pd.DataFrame) -> pd.Series[str]:
    return managed["machine_key"][surely(managed["managed"])]


def _strangers(
    errors: pd.DataFrame, machines: pd.DataFrame, identities: pd.DataFrame, elsewhere: pd.DataFrame
) -> pd.DataFrame:
    """Return the newest error of each computer that is not known, in the columns of `machines`."""
    key = folded(errors["resource_id"]).str.rstrip("/")
    rows = errors.assign(name=folded(errors["computer"]), arm_key=key)
    known = among(rows["name"], identities["name"]) | (among(key, machines["arm_key"]) & (key != ""))
    managed = among(key, _keys(elsewhere)) | _namesake(rows["name"], elsewhere)
    rows = rows[~known & ~managed & (rows["name"] != "")].sort_values("failed", kind="stable")
    rows = rows.drop_duplicates("name", keep="last").reset_index(drop=True)
    rows["machine"] = -1 - rows.index.to_numpy()
    rows["subject_id"] = rows["resource_id"].where(rows["arm_key"] != "", rows["computer"])
    empty = machines.iloc[:0].reindex(rows.index)
    texts = empty.select_dtypes("str").columns.difference(["workspace", "wsus_server", "state"])
    empty[texts] = empty[texts].fillna("")
    columns = machines.columns.intersection(rows.columns)
    strangers = empty.drop(columns=columns).join(rows[[*columns, "failed", "text"]])
    return strangers.assign(state="unknown")
