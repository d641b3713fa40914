"""Write installations of Azure Update Manager as evidence, and say where there should be some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.certainty import surely_not
from umdiag.scenarios.evidence import SHOWN, or_none, told
from umdiag.scenarios.portal import resource_page, run_page
from umdiag.words.counting import counted

#: Where the portal has the schedule of a finding on a machine.
CONFIGURATION = "Azure Update Manager > Machines > Maintenance configurations > <configuration>"
_LINES = 10
_RIGHTS = {
    "installation": "Microsoft.Compute/virtualMachines/patchInstallationResults/read",
    "run": "Microsoft.Maintenance/applyUpdates/read",
}


def described_installation(row: Any, others: Sequence[Any]) -> dict[str, Any]:
    """Return an installation as evidence, with the same machine's other runs and installations."""
    shown = told(row, "run_id", "configuration", "configuration_id", "scheduled", "start_time")
    shown |= {"end_time": or_none(row.ended), "status": or_none(row.status)}
    shown |= told(row, "installed", "failed", "pending", "reboot_status")
    page = run_page(row.run_id) or resource_page(row.subject_id)
    return shown | {"errors": lines_of(row.texts), "portal": page} | runs_told(others)


def runs_told(others: Sequence[Any]) -> dict[str, Any]:
    """Return the other runs of a machine as evidence."""
    return {"other_runs": [told(other, "run_id", "configuration", "start_time") for other in others[:SHOWN]]}


def lines_of(texts: Any) -> list[str]:
    """Return the codes and messages of an error, a success left out."""
    lines = str(or_none(texts) or "").split("\n")
    return [line for line in lines if line and line.lower() != "success"][:_LINES]


def refuse_none_shown(managed_machines: pd.DataFrame | None, what: str = "installation") -> None:
    """Raise Inconclusive where schedules reach machines of which not one run or installation is shown."""
    if managed_machines is None:
        return
    reached = managed_machines["managed"].fillna(True) & ~surely_not(managed_machines["reached"])
    if number := int(reached.astype(bool).sum()):
        raise Inconclusive(
            f"Azure Update Manager shows no {what}, though schedules may reach {counted(number, 'machine')}:"
            f" have a role with {_RIGHTS[what]} assigned to you, or wait for the first run"
        )


def refuse_no_installations(
    judged_installations: pd.DataFrame, managed_machines: pd.DataFrame | None
) -> None:
    """Raise Inconclusive where Update Manager shows no installation of a machine that is there."""
    if judged_installations.empty:
        refuse_none_shown(managed_machines)
        raise Inconclusive("no installation of Azure Update Manager was found")


def refuse_no_runs(
    machine_run_outcomes: pd.DataFrame | None,
    judged_installations: pd.DataFrame | None,
    managed_machines: pd.DataFrame | None,
) -> None:
    """Raise Inconclusive where neither service shows a run, and where Update Manager shows none that it
    should.
    """
    _refuse_nothing(
        machine_run_outcomes,
        judged_installations,
        managed_machines,
        "no machine run of an update deployment was found in the window, and no installation of Azure Update"
        " Manager",
    )


def refuse_no_machines(
    machines: pd.DataFrame | None,
    judged_installations: pd.DataFrame | None,
    managed_machines: pd.DataFrame | None,
) -> None:
    """Raise Inconclusive where neither service knows a machine, and where Update Manager shows no
    installation that it should.
    """
    _refuse_nothing(
        machines,
        judged_installations,
        managed_machines,
        "no machine sent a heartbeat or an assessment in the window, and no installation of Azure Update"
        " Manager was found",
    )


def _refuse_nothing(
    logged: pd.DataFrame | None,
    judged_installations: pd.DataFrame | None,
    managed_machines: pd.DataFrame | None,
    why: str,
) -> None:
    if judged_installations is not None and judged_installations.empty:
        refuse_none_shown(managed_machines)
        if logged is not None and logged.empty:
            raise Inconclusive(why)
