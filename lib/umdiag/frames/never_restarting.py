"""One row per machine run in the window whose deployment is set to Never reboot."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from umdiag.frames.shared.text import among, fold
from umdiag.model import Partial

_NEVER = ("never", "neverreboot")


def derive(machine_run_outcomes: Partial, update_configurations: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `machine_run_outcomes` and reboot_setting, as the deployment writes it.

    Machines that are in no log are there with the number −1.
    """
    settings = {
        fold(configuration.name): _setting(configuration)
        for configuration in update_configurations.itertuples()
    }
    never = {key: value for key, value in settings.items() if _plain(value) in _NEVER}
    rows = machine_run_outcomes[among(machine_run_outcomes["configuration_key"], never)]
    return rows.assign(reboot_setting=rows["configuration_key"].map(never).astype("str")).reset_index(
        drop=True
    )


def _setting(configuration: Any) -> str:
    for part in (configuration.windows, configuration.linux):
        if isinstance(part, dict) and part.get("rebootSetting"):
            return str(part["rebootSetting"])
    return ""


def _plain(setting: str) -> str:
    return re.sub(r"[^a-z]", "", setting.lower())
