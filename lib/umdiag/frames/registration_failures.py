"""One row per machine whose registration as a worker failed, and that was not assessed since."""

from __future__ import annotations

import pandas as pd

from umdiag.frames.shared.certainty import surely_not
from umdiag.frames.shared.recognition import newest, on_machines
from umdiag.frames.shared.text import folded
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


def derive(registration_errors: pd.DataFrame, machines: Partial, identities: Partial) -> pd.DataFrame:
    """Return the columns of `machines` and failed, text, and a boolean column per meaning of the text:
    registration_refused, no_common_algorithm, intercepted_response, certificate_intercepted, access_denied
    (without a certificate that could not be created), key_folder_denied.

    Left out are machines of Azure Update Manager, and those of which that or a later assessment cannot be
    told.
    """
    errors = newest(on_machines(registration_errors, identities, machines), "failed")
    here = surely_not(machines["update_manager"])
    told = machines["last_assessed"].notna() | surely_not(machines["assessed"])
    rows = machines[here & told].merge(errors[["failed", "text"]], left_on="machine", right_index=True)
    rows = rows[~(rows["last_assessed"] > rows["failed"])].reset_index(drop=True)
    plain = folded(rows["text"]).str.replace(r"\s+", " ", regex=True)
    for meaning, pattern in _TEXTS.items():
        rows[meaning] = plain.str.contains(pattern, regex=True).astype(bool)
    rows["access_denied"] &= ~rows["key_folder_denied"]
    rows["text"] = rows["text"].str.strip().str.slice(0, _SHOWN)
    return rows
