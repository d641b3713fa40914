"""What a notebook holds: every query fetched once, every frame derived once, every scenario judged once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive, Unavailable
from umdiag.frames.population import table
from umdiag.judging.facts import Clock, Facts, Progress
from umdiag.judging.needs import data_of
from umdiag.judging.prepared import load_frame, save_frames
from umdiag.judging.records import read_diagnoses
from umdiag.judging.seen import Seen, together
from umdiag.judging.services import Services
from umdiag.judging.views import Views
from umdiag.judging.wanted import Families, Functions, wanted_queries
from umdiag.judging.window import notes_on_window, watched
from umdiag.model import UPDATE_MANAGER, Diagnosis, Rows, TableHealth
from umdiag.parameters import Parameters, opened
from umdiag.queries.belonging import service_of
from umdiag.queries.kql import Value
from umdiag.scenarios import catalogue, scenario
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


class Kit:
    """One investigation: parameters, a source, and what has been fetched, derived and judged so far."""

    def __init__(self, parameters: Parameters, *, run: Path | None = None) -> None:
        self.parameters = parameters
        self._run = run
        self._source = open_source(parameters) if run is None else open_folder(run)
        self.lookback = parameters.lookback
        self.asked_at = clock_of(self._source, parameters)
        self._covered = covered(self._source, self.asked_at, self.lookback)
        clock: Clock = {"asked_at": self.asked_at, "lookback": self.lookback}
        fetch = watched(self._source.fetch, self._covered, parameters.stale_after)
        self._facts = Facts(fetch, lambda name: self._views.answering.seen(name), clock)
        services = Services(
            given=parameters.services,
            captured=self._source.captured,
            absence=self._source.absence,
            decided=self._source.decided,
        )
        prepared = partial(load_frame, run / "frames") if run else lambda name: None
        self._views = Views(self._facts, parameters.named | clock, services, prepared)
        self._lock = RLock()
        self._diagnoses: dict[str, Diagnosis] = read_diagnoses(run) if run else {}

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

    def fetch(
        self, families: Families = None, *, also: Functions = (), progress: Progress | None = None
    ) -> None:
        """Fetch what the families' judges or `also` rest on (None: every query); see `Facts.fetch`."""
        wanted = [name for name in wanted_queries(families, also) if self._views.fetched(name)]
        self._facts.fetch(wanted, self._source.parallel, progress)

    def fact(self, name: str, **values: Value) -> Rows:
        """Return the rows of one query, fetched on first use. `values` fill parameters such as `computer`."""
        return self._views.rows(name, **values)

    @property
    def not_asked(self) -> Mapping[str, str]:
        """Services that are not looked at, each with the reason."""
        return self._views.not_asked

    def rows(self) -> list[Rows]:
        """Return every answer so far."""
        return self._facts.known()

    def kql(self, text: str) -> pd.DataFrame:
        """Answer a free question. Raises QueryError with one line for what cannot be answered."""
        return self._source.kql(text)

    def interrupt(self) -> None:
        """Stop whatever query runs."""
        self._source.interrupt()

    def close(self) -> None:
        """Release the source."""
        self._source.close()

    def frame(self, name: str) -> pd.DataFrame:
        """Return a fact or frame by name, as far as it was seen. Raises Unavailable where nothing was."""
        return self._views.frame(name)

    def seen(self, name: str, **values: Value) -> Seen:
        """Return a fact or frame with how much of it could be seen, workspaces that gave no row aside."""
        return self._views.seen(name, **values)

    def call(self, function: Callable[..., Any], **extra: Any) -> Any:
        """Call `function` with facts, frames, parameters and `extra` by name; see `Views.call`."""
        return self._views.call(function, **extra)

    def draw(self, chart: Callable[..., Any], **extra: Any) -> Any:
        """Return the figure of a chart, with what it lacks, or a note that says why there is none."""
        if said := self._views.left_out(chart):
            return left_out(said)
        try:
            figure = self.call(chart, **extra)
        except (Unavailable, Inconclusive) as unseen:
            return picture(None, str(unseen))
        return picture(figure, together(self.seen(need.name, **extra).reason for need in data_of(chart)))

    def save_frames(self, folder: Path) -> None:
        """Write the frames derived so far, for kernels that only show."""
        save_frames(folder, self._views.answering.known())

    def diagnoses(self, family: str | None = None) -> list[Diagnosis]:
        """Return the diagnoses of one family or of all, judged once."""
        wanted = [scenario for scenario in catalogue() if family in (None, scenario.family)]
        with self._lock:
            lacking = [scenario for scenario in wanted if scenario.name not in self._diagnoses]
            if lacking and not self._run:
                self.fetch(None if family is None else [family])
                self._diagnoses |= {scenario.name: self._views.judge(scenario) for scenario in lacking}
            return [self._diagnoses[scenario.name] for scenario in wanted if scenario.name in self._diagnoses]

    def diagnosis(self, name: str) -> Diagnosis:
        """Return one scenario's diagnosis. Raises KeyError for a name that is no scenario."""
        judged = self.diagnoses(scenario(name).family)
        return next(diagnosis for diagnosis in judged if diagnosis.scenario == name)

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
