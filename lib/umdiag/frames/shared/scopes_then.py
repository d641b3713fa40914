"""Whom maintenance configurations select: now, and at moments before machines changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from umdiag.frames.estate import at
from umdiag.frames.shared.certainty import surely
from umdiag.frames.shared.scopes import Comparable, comparable, selected
from umdiag.frames.shared.text import among

_REACHED = ["machine_key", "assignment_id"]


@dataclass(frozen=True)
class Scopes:
    """Whom assignments select, now and at other moments."""

    assignments: pd.DataFrame
    selections: pd.DataFrame
    estate: pd.DataFrame
    changes: pd.DataFrame | None

    @cached_property
    def created(self) -> pd.Series[Any]:
        """When each machine was created, by itself or by its recorded creation (null: cannot be told)."""
        created = self.estate.set_index("machine_key")["created"]
        if self.changes is None:
            return created
        births = self.changes[self.changes["change_type"] == "create"]
        return created.fillna(births.groupby("machine_key")["changed"].max().reindex(created.index))

    @cached_property
    def unsupported(self) -> dict[str, pd.Series[str]]:
        """The machines that no assignment reaches by its name, and those that no dynamic scope selects."""
        keys = self.estate["machine_key"]
        return {
            "static": keys[self.estate["scale_set_instance"]],
            "scope": keys[self.estate["windows_client"]],
        }

    def at(self, configuration_key: str, moment: Any) -> pd.DataFrame:
        """Return machine_key and assignment_id of whom the dynamic scopes of a configuration selected."""
        now = self._selected_now.get(configuration_key, self.selections.iloc[:0])[_REACHED]
        if self.changes is None:
            return now
        then, compared = self._before(moment)
        if then.empty:
            return now
        parts = [now[~among(now["machine_key"], then["machine_key"])]]
        mine = self.assignments[self.assignments["configuration_key"] == configuration_key]
        for scope in mine[~mine["static"]].itertuples():
            keys = then["machine_key"][selected(scope, compared)]
            parts.append(pd.DataFrame({"machine_key": keys}).assign(assignment_id=scope.assignment_id))
        return pd.concat(parts, ignore_index=True)

    def _before(self, moment: Any) -> tuple[pd.DataFrame, Comparable]:
        """Return the machines that changed since a moment as they were; schedules share their starts."""
        if moment not in self._moments:
            then = at(self.estate, self.changes, moment)
            then = then[~then["scale_set_instance"]].reset_index(drop=True)
            self._moments[moment] = then, comparable(then)
        return self._moments[moment]

    @cached_property
    def _selected_now(self) -> dict[str, pd.DataFrame]:
        by_scope = self.selections.loc[~self.selections["static"], ["configuration_key", *_REACHED]]
        return dict(tuple(by_scope.groupby("configuration_key")))

    @cached_property
    def _moments(self) -> dict[Any, tuple[pd.DataFrame, Comparable]]:
        return {}

    def named(self, configuration_key: str) -> pd.DataFrame:
        """Return machine_key and assignment_id of the machines that assignments of a configuration name."""
        mine = self.assignments["configuration_key"] == configuration_key
        return self.assignments.loc[mine & self.assignments["static"], _REACHED]

    def reached_by_others(self, configuration_key: str) -> pd.Series[str]:
        """Return the machines that another living configuration selects now."""
        others = self.selections["configuration_key"] != configuration_key
        return self.selections["machine_key"][others & surely(self.selections["living"])]
