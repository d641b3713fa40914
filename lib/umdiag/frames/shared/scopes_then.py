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
_ASKED = ["configuration_key", "scheduled"]
_CHANGED = ["scheduled", "machine_key"]


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

    def at(self, asked: pd.DataFrame) -> pd.DataFrame:
        """Return configuration_key, scheduled, machine_key and assignment_id of whom dynamic scopes selected.

        `asked` has configuration_key and scheduled: the moment, each pair once.
        """
        asked = asked[_ASKED]
        now = asked.merge(self._selected_now, on="configuration_key")
        if self.changes is None:
            return now
        parts, changed = [now.iloc[:0]], [now[_CHANGED].iloc[:0]]
        for moment, configurations in asked.groupby("scheduled")["configuration_key"]:
            then, compared = self._before(moment)
            changed.append(then[["machine_key"]].assign(scheduled=moment))
            for configuration in configurations if len(then) else ():
                for scope in self._dynamic.get(configuration, ()):
                    if (fits := selected(scope, compared)).any():
                        of = {"configuration_key": configuration, "scheduled": moment}
                        keys = then.loc[fits, ["machine_key"]]
                        parts.append(keys.assign(assignment_id=scope.assignment_id, **of))
        # What changed since is compared as it was, not as it is.
        same = now.merge(pd.concat(changed), on=_CHANGED, how="left", indicator="side")["side"] == "left_only"
        return pd.concat([now[same.to_numpy()], *parts], ignore_index=True)

    def _before(self, moment: Any) -> tuple[pd.DataFrame, Comparable]:
        """Return the machines that changed since a moment as they were; schedules share their starts."""
        if moment not in self._moments:
            then = at(self._changed, self.changes, moment)
            then = then[~then["scale_set_instance"]].reset_index(drop=True)
            self._moments[moment] = then, comparable(then)
        return self._moments[moment]

    @cached_property
    def _changed(self) -> pd.DataFrame:
        known = () if self.changes is None else self.changes["machine_key"]
        return self.estate[among(self.estate["machine_key"], known)]

    @cached_property
    def _selected_now(self) -> pd.DataFrame:
        return self.selections.loc[~self.selections["static"], ["configuration_key", *_REACHED]]

    @cached_property
    def _moments(self) -> dict[Any, tuple[pd.DataFrame, Comparable]]:
        return {}

    @cached_property
    def named(self) -> pd.DataFrame:
        """The machines that assignments name: configuration_key, machine_key and assignment_id."""
        return self.assignments.loc[self.assignments["static"], ["configuration_key", *_REACHED]]

    @cached_property
    def living(self) -> pd.DataFrame:
        """Whom living configurations select now: configuration_key and machine_key."""
        return self.selections.loc[surely(self.selections["living"]), ["configuration_key", "machine_key"]]

    @cached_property
    def _dynamic(self) -> dict[str, list[Any]]:
        scopes: dict[str, list[Any]] = {}
        for scope in self.assignments[~self.assignments["static"]].itertuples():
            scopes.setdefault(str(scope.configuration_key), []).append(scope)
        return scopes
