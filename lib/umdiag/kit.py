"""What a notebook holds: every query fetched once, every frame derived once, every scenario judged once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive, UmdiagError
from umdiag.frames.machines import table
from umdiag.judging.facts import Facts
from umdiag.judging.needs import data_of, needs, queries_of
from umdiag.judging.prepared import load_frame, save_frames
from umdiag.judging.records import read_diagnoses
from umdiag.judging.seen import Seen, of_answering, together
from umdiag.judging.views import Views
from umdiag.model import Diagnosis, Rows, TableHealth
from umdiag.parameters import Parameters, opened
from umdiag.queries.kql import Value, queries
from umdiag.scenarios import catalogue, scenario
from umdiag.sources.clock import clock_of, days, notes_on_clock
from umdiag.sources.opening import open_folder, open_source

#: Environment variable that hands a prepared run folder to the kernels of a report.
RUN_VARIABLE = "UMDIAG_RUN"
#: Queries of the machine notebook, asked for one machine once the findings are known.
OF_ONE_MACHINE = ("machine_hours", "machine_assessments")


class Unavailable(UmdiagError):
    """A fact or frame could not be seen; the message says which and why."""


def open_kit(given: Mapping[str, Any] | str | Path | None = None) -> Kit:
    """Open the kit and print what it looks at: `open_kit(globals())`, or `open_kit("parameters/demo.yml")`.

    Without an argument the names of the running notebook are taken. Raises ParameterError for a parameter
    that is unknown or wrong.
    """
    run = os.environ.get(RUN_VARIABLE)
    kit = Kit(opened(given, find=run is None), run=Path(run) if run else None)
    print(kit)
    for note in kit.notes:
        print(note)
    return kit


def wanted_queries(families: Sequence[str] | None, also: Iterable[Callable[..., Any]] = ()) -> list[str]:
    """Return the names of the queries that the families' judges and `also` rest on (None: every query)."""
    names = set(queries()) - set(OF_ONE_MACHINE)
    if families is not None:
        judges = [scenario.judge for scenario in catalogue() if scenario.family in families]
        names &= set().union(*(queries_of(function) for function in (*judges, *also)))
    return sorted(names)


class Kit:
    """One investigation: parameters, a source, and what has been fetched, derived and judged so far."""

    def __init__(self, parameters: Parameters, *, run: Path | None = None) -> None:
        self.parameters = parameters
        self._run = run
        self._source = open_source(parameters) if run is None else open_folder(run)
        self.lookback: timedelta = parameters.lookback
        self.asked_at: datetime = clock_of(self._source, parameters)
        self._source.look_at(self.asked_at, self.lookback)
        self.notes = [*self._source.notes, *notes_on_clock(self._source, parameters, self.asked_at)]
        self._named = parameters.named | {"asked_at": self.asked_at, "lookback": self.lookback}
        self._facts = Facts(
            self._source.fetch, lambda name: self._views.answering.seen(name), self.asked_at, self.lookback
        )
        self._views = Views(self._facts, self._named, self._prepared)
        self._lock = RLock()
        self._diagnoses: dict[str, Diagnosis] = read_diagnoses(run) if run else {}

    def __repr__(self) -> str:
        start = self.asked_at - self.lookback
        return f"{self.scope} · {start:%Y-%m-%d %H:%M} to {self.asked_at:%Y-%m-%d %H:%M} UTC"

    @property
    def scope(self) -> str:
        """What is looked at, in one line without paths."""
        where = f"snapshot {self.parameters.snapshot.name}" if self.parameters.snapshot else "Azure"
        return f"{where} · last {days(self.lookback)}"

    def fetch(
        self,
        families: Sequence[str] | None = None,
        *,
        also: Iterable[Callable[..., Any]] = (),
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        """Fetch, in threads, every query that the families' judges or `also` name (None: every query).

        `progress` is told each finished query's name, how many are done and how many there are.
        """
        self._facts.fetch(wanted_queries(families, also), self._source.parallel, progress)

    def fact(self, name: str, **values: Value) -> Rows:
        """Return the rows of one query, fetched on first use. `values` fill parameters such as `computer`."""
        return self._facts.rows(name, **values)

    def rows(self) -> list[Rows]:
        """Return every answer so far, by query name."""
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
        seen = self.seen(name)
        if seen.frame is None:
            raise Unavailable(seen.reason)
        return seen.frame

    def seen(self, name: str, **values: Value) -> Seen:
        """Return a fact or frame with how much of it could be seen, workspaces that gave no row aside."""
        if name in queries():
            return of_answering(self._facts.rows(name, **values))
        return self._views.answering.seen(name)

    def call(self, function: Callable[..., Any], **extra: Any) -> Any:
        """Call `function` with its parameters filled by name: facts, frames, parameters, then `extra`.

        What is only shown may be shown as far as it was seen. Raises Unavailable where data it must have
        could not be seen at all, and Inconclusive as `function` does.
        """
        data = [(need, self.seen(need.name, **extra)) for need in data_of(function)]
        if lacking := [seen.reason for need, seen in data if seen.frame is None and not need.optional]:
            raise Unavailable(together(lacking))
        given = self._named | extra
        named = {need.name: given[need.name] for need in needs(function) if not need.is_data}
        return function(*(seen.frame for _, seen in data), **named)

    def draw(self, chart: Callable[..., Any], **extra: Any) -> Any:
        """Return the figure of a chart, or a note that says why there is none."""
        from umdiag import show

        try:
            figure = self.call(chart, **extra)
        except (Unavailable, Inconclusive) as unseen:
            return show.note(f"No picture: {unseen}.")
        return show.note("No picture: there is nothing to draw.") if figure is None else figure

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
        """Say of each table and scope how much could be seen."""
        return list(self._source.health())

    def machine_table(self) -> pd.DataFrame:
        """Return the columns of machines.csv, one row per machine that the parameters ask for."""
        return table(self.seen("machines").frame, self.parameters.computers)

    def worst_machine(self) -> str:
        """Return the first of `computers`, else the machine with the worst findings, else ""."""
        from umdiag.show import urgency

        if self.parameters.computers:
            return self.parameters.computers[0]
        return urgency.worst_machine(finding for judged in self.diagnoses() for finding in judged.findings)

    def fetch_machine(self) -> None:
        """Fetch what the machine notebook shows of the worst machine."""
        for name in OF_ONE_MACHINE:
            self.fact(name, computer=self.worst_machine())

    def _prepared(self, name: str) -> Seen | None:
        return load_frame(self._run / "frames", name) if self._run else None
