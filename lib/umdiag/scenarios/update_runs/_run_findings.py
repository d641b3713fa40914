"""Write machine runs of either service as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from umdiag.model import UPDATE_MANAGER
from umdiag.scenarios.evidence import portal, told
from umdiag.scenarios.installed import described_installation, runs_told


def described(run: Any, others: Sequence[Any]) -> dict[str, Any]:
    """Return a machine run or an installation as evidence, with the same machine's others of this kind."""
    if getattr(run, "service", "") == UPDATE_MANAGER:
        return described_installation(run, others)
    shown = told(run, "run_id", "configuration", "start_time", "end_time", "error_code", "error_message")
    account = run.id.lower().partition("/softwareupdateconfigurationmachineruns/")[0]
    return shown | {"portal": portal(run.id[: len(account)], "updateManagement")} | runs_told(others)
