"""Write machine runs of either service as evidence, and say where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.model import UPDATE_MANAGER
from umdiag.scenarios.evidence import portal, told
from umdiag.scenarios.installed import described_installation, refuse_none_shown, runs_told


def described(run: Any, others: Sequence[Any]) -> dict[str, Any]:
    """Return a machine run or an installation as evidence, with the same machine's others of this kind."""
    if getattr(run, "service", "") == UPDATE_MANAGER:
        return described_installation(run, others)
    shown = told(run, "run_id", "configuration", "start_time", "end_time", "error_code", "error_message")
    account = run.id.lower().partition("/softwareupdateconfigurationmachineruns/")[0]
    return shown | {"portal": portal(run.id[: len(account)], "updateManagement")} | runs_told(others)


def refuse_no_runs(
    machine_run_outcomes: pd.DataFrame | None,
    judged_installations: pd.DataFrame | None,
    managed_machines: pd.DataFrame | None,
) -> None:
    """Raise Inconclusive where neither service shows a run, and where Update Manager shows none that it
    should.
    """
    if judged_installations is not None and judged_installations.empty:
        refuse_none_shown(managed_machines)
        if machine_run_outcomes is not None and machine_run_outcomes.empty:
            raise Inconclusive(
                "no machine run of an update deployment was found in the window, and no installation of Azure"
                " Update Manager"
            )
