"""One row per finished installation of Azure Update Manager: on which machine, by whom, with what result."""

from __future__ import annotations

from typing import Any

import pandas as pd

from umdiag.frames.patch_states import SUCCEEDED
from umdiag.frames.shared.error_texts import error_texts
from umdiag.frames.shared.text import folded, letters, part
from umdiag.model import Partial

_UNDER_WAY = ("notstarted", "inprogress", "pending")
APPLY_UPDATES = "/providers/microsoft.maintenance/applyupdates/"


def derive(patch_installations: Partial) -> pd.DataFrame:
    """Return installation_id, machine_key, run_key, configuration_key (folded ids; "" for an installation
    without a run), origin (run, user, platform; "": not told), status (letters, folded), succeeded,
    scheduled (start that the run's id tells), started, ended, window_exceeded, installed, failed, pending,
    excluded, not_selected, reboot_status (letters, folded), os_type (folded), texts (codes and messages of
    its errors, a line each).
    """
    rows = patch_installations.assign(status=letters(patch_installations["status"]))
    rows = rows[~rows["status"].isin(_UNDER_WAY)].reset_index(drop=True)
    rows["installation_id"] = folded(rows["id"]).str.rstrip("/")
    rows["machine_key"] = folded(rows["machine_id"]).str.rstrip("/")
    run = folded(rows["run_id"]).str.rstrip("/")
    rows["run_key"] = run.where(run.str.contains("/applyupdates/", regex=False), "")
    rows["configuration_key"] = configuration_of(rows["run_key"])
    rows["scheduled"] = scheduled_of(rows["run_key"])
    rows["origin"] = _origins(rows, run)
    rows["succeeded"] = rows["status"].isin(SUCCEEDED)
    rows["ended"] = rows["last_modified"]
    rows["reboot_status"] = letters(rows["reboot_status"])
    rows["os_type"] = folded(rows["os_type"])
    rows["texts"] = error_texts(rows["error_code"], rows["error_message"], rows["error_details"])
    columns = (
        "installation_id machine_key run_key configuration_key origin status succeeded scheduled started"
        " ended window_exceeded installed failed pending excluded not_selected reboot_status os_type texts"
    )
    return rows[columns.split()]


def _origins(rows: pd.DataFrame, run: pd.Series[Any]) -> pd.Series[str]:
    """Say what made each installation: a run, else who started it, else the platform, which names its own."""
    starter = folded(rows["started_by"])
    starter = starter.where(starter.isin(["user", "platform"]), "")
    origin = starter.mask((starter == "") & (run != ""), "platform")
    return origin.mask(rows["run_key"] != "", "run").astype("str")


def configuration_of(run_keys: pd.Series[Any]) -> pd.Series[str]:
    """Return the key of the configuration within each run's, "" where there is none."""
    return part(run_keys, f"^(?P<part>.+){APPLY_UPDATES}[^/]+$")


def scheduled_of(run_keys: pd.Series[Any]) -> pd.Series[Any]:
    """Return the start (UTC) that a run's id ends in, null where it ends otherwise."""
    stamp = part(run_keys, r"/(?P<part>[0-9]{14})$")
    return pd.to_datetime(stamp, format="%Y%m%d%H%M%S", errors="coerce", utc=True).astype(
        "datetime64[us, UTC]"
    )
