"""Whom maintenance configurations select: now, and at moments before machines changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from umdiag.frames.estate import at
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.scopes import comparable, selected


@dataclass(frozen=True)
class Scopes:
    """Whom assignments select, now and at other moments."""

    assignments: pd.DataFrame
    selections: pd.DataFrame
    estate: pd.DataFrame
    changes: pd.DataFrame | None

    def at(self, configuration_key: str, moment: Any) -> pd.DataFrame:
        """Return machine_key and assignment_id of whom the dynamic scopes of a configuration selected."""
        chosen = self.selections
        now = chosen[(chosen["configuration_key"] == configuration_key) & ~chosen["static"]]
        now = now[["machine_key", "assignment_id"]]
        if self.changes is None:
            return now
        then = at(self.estate, self.changes, moment)
        then = then[~then["scale_set_instance"]].reset_index(drop=True)
        if then.empty:
            return now
        parts = [now[~now["machine_key"].isin(then["machine_key"])]]
        compared = comparable(then)
        mine = self.assignments[self.assignments["configuration_key"] == configuration_key]
        for scope in mine[~mine["static"]].itertuples():
            keys = then["machine_key"][selected(scope, compared)]
            parts.append(pd.DataFrame({"machine_key": keys}).assign(assignment_id=scope.assignment_id))
        return pd.concat(parts, ignore_index=True)

    def named(self, configuration_key: str) -> pd.DataFrame:
        """Return machine_key and assignment_id of the machines that assignments of a configuration name."""
        mine = self.assignments["configuration_key"] == configuration_key
        return self.assignments.loc[mine & self.assignments["static"], ["machine_key", "assignment_id"]]

    def reached_by_others(self, configuration_key: str) -> pd.Series[str]:
        """Return the machines that another living configuration selects now."""
        others = self.selections["configuration_key"] != configuration_key
        return self.selections["machine_key"][others & surely(self.selections["living"])]
