"""What a notebook holds: an investigation, its source, and what is drawn of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive, Unavailable
from umdiag.frames.population import table
from umdiag.judging.accepting import Acceptance, Acceptances
from umdiag.judging.facts import Clock
from umdiag.judging.investigation import Investigation
from umdiag.judging.needs import data_of
from umdiag.judging.seen import together
from umdiag.judging.services import Services
from umdiag.judging.window import notes_on_window, watched
from umdiag.model import UPDATE_MANAGER, Diagnosis, TableHealth
from umdiag.parameters import Parameters, opened
from umdiag.parameters.accepted import read_accepted
from umdiag.queries.belonging import service_of
from umdiag.show.patches import patch_notes
from umdiag.show.pictures import picture
from umdiag.show.unasked import left_out
from umdiag.show.urgency import worst_machine
from umdiag.sources.clock import clock_of, covered, days, notes_on_clock
from umdiag.sources.opening import open_folder, open_source

#: Environment variable that hands a prepared run folder to the kernels of a report.
RUN_VARIABLE = "UMDIAG_RUN"


def open_kit(given: Mapping[str, Any] | str | Path | None = None) -> Kit:
    """Open the kit on parameters, a parameter file or (None) the notebook's names; print what it looks at.

    Raises ParameterError for a parameter that is unknown or wrong.
    """
    run = os.environ.get(RUN_VARIABLE)
    kit = Kit(opened(given, find=run is None), run=Path(run) if run else None)
    print(kit, *kit.notes, sep="\n")
    return kit


def acceptances(parameters: Parameters | None, asked_at: datetime) -> Acceptances:
    """Read the `accepted` file, none where there is none. Raises ParameterError for what it says."""
    entries = read_accepted(parameters.accepted) if parameters and parameters.accepted else []
    return Acceptances([Acceptance(**entry) for entry in entries], asked_at)


class Kit(Investigation):
    """One investigation: parameters, a source, and what has been fetched, derived and judged so far."""

    def __init__(self, parameters: Parameters, *, run: Path | None = None) -> None:
        self.parameters = parameters
        self._source = open_source(parameters) if run is None else open_folder(run)
        self.lookback = parameters.lookback
        self.asked_at = clock_of(self._source, parameters)
        self._covered = covered(self._source, self.asked_at, self.lookback)
        clock: Clock = {"asked_at": self.asked_at, "lookback": self.lookback}
        services = Services(
            given=parameters.services,
            captured=self._source.captured,
            absence=self._source.absence,
            decided=self._source.decided,
        )
        fetch = watched(self._source.fetch, self._covered, parameters.stale_after)
        accepted = acceptances(parameters if run is None else None, self.asked_at)
        super().__init__(fetch, self._source.parallel, parameters.named, clock, services, accepted, run)

    def __repr__(self) -> str:
        where = f"snapshot {self.parameters.snapshot.name}" if self.parameters.snapshot else "Azure"
        start = self.asked_at - self.lookback
        window = f"{start:%Y-%m-%d %H:%M} to {self.asked_at:%Y-%m-%d %H:%M} UTC"
        return f"{where} · last {days(self.lookback)} · {window}"

    @property
    def notes(self) -> list[str]:
        """What a reader should be told before anything else."""
        clock = notes_on_clock(self._source, self.parameters, self.asked_at)
        window = notes_on_window(self._covered, self.parameters.stale_after)
        return [*dict.fromkeys([*self._source.notes, *clock, *window, *self._views.named.notes()])]

    def unmatched(self, diagnoses: Iterable[Diagnosis]) -> list[str]:
        """Say which accepted findings are not there. Where `computers` limits what is found, none is said."""
        return [] if self.parameters.computers else self._views.accepted.unmatched(diagnoses)

    def kql(self, text: str) -> pd.DataFrame:
        """Answer a free question. Raises QueryError with one line for what cannot be answered."""
        return self._source.kql(text)

    def interrupt(self) -> None:
        """Stop whatever query runs."""
        self._source.interrupt()

    def close(self) -> None:
        """Release the source."""
        self._source.close()

    def draw(self, chart: Callable[..., Any], **extra: Any) -> Any:
        """Return the figure of a chart, with what it lacks, or a note that says why there is none."""
        if said := self._views.left_out(chart):
            return left_out(said)
        try:
            figure = self.call(chart, **extra)
        except (Unavailable, Inconclusive) as unseen:
            return picture(None, str(unseen))
        return picture(figure, together(self.seen(need.name, **extra).reason for need in data_of(chart)))

    def health(self) -> list[TableHealth]:
        """Say of each table and scope how much could be seen, but of services that are not looked at."""
        lines = self._source.health()
        return [line for line in lines if service_of([line.table]) not in self.not_asked]

    def patch_notes(self) -> list[str]:
        """Say what a reader should know of the rows of Update Manager; nothing where it is not looked at."""
        if UPDATE_MANAGER in self.not_asked:
            return []
        seen = self.seen("patch_health")
        return [] if seen.frame is None else patch_notes(seen.frame, self.asked_at)

    def machine_table(self) -> pd.DataFrame:
        """Return the columns of machines.csv, one row per machine that the parameters ask for."""
        return table(self.seen("population").frame, self.parameters.computers)

    def worst_machine(self) -> str:
        """Return the first of `computers`, else the machine with the worst findings, else ""."""
        if self.parameters.computers:
            return self.parameters.computers[0]
        return worst_machine(finding for judged in self.diagnoses() for finding in judged.findings)
