"""Write down what must be found of machines and configurations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fleet.model import Bools, Planted, Texts
from fleet.update_manager.expect.known import Known
from fleet.update_manager.identity import arm_ids, configuration_id
from fleet.update_manager.model import Configuration


def expect_machines(
    known: Known, chosen: Bools, scenario: str, cause: str | Texts, severity: str | Texts
) -> Iterator[Planted]:
    """Yield one finding for each chosen machine."""
    at = np.flatnonzero(chosen)
    if not len(at):
        return
    ids, names = arm_ids(known.estate), shown_names(known)
    for machine in at:
        yield Planted(
            scenario=scenario, kind="machine", name=names[machine], id=ids[machine],
            cause=cause if isinstance(cause, str) else cause[machine],
            severity=severity if isinstance(severity, str) else severity[machine],
        )  # fmt: skip


def shown_names(known: Known) -> Texts:
    """Return the names of machines: that of their log rows, if there are any, else that of the resource."""
    shown = known.estate.texts("shown")
    return np.where(shown == None, known.estate.texts("name"), shown).astype(object)  # noqa: E711


def expect_configuration(
    known: Known, configuration: Configuration, scenario: str, cause: str, severity: str
) -> Planted:
    """Return a finding on a configuration."""
    return Planted(
        scenario=scenario, cause=cause, kind="maintenance_configuration", severity=severity,
        name=configuration.name, id=configuration_id(known.estate, configuration),
    )  # fmt: skip


def first_that_fits(known: Known, tests: list[tuple[str, Bools]], default: str | None = None) -> Texts:
    """Return the first cause of each machine whose test holds."""
    bare = np.full(len(known.there), default, dtype=object)
    return np.select([test for _, test in tests], [np.array(c, dtype=object) for c, _ in tests], default=bare)
