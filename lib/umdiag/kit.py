"""What a notebook holds: an investigation, its source, and what is drawn of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from umdiag.charts.timeline import machine_timeline
from umdiag.errors import Inconclusive, Unavailable
from umdiag.frames.population import table
from umdiag.judging.accepting import Acceptance, Acceptances
from umdiag.judging.facts import Clock, Progress
from umdiag.judging.investigation import Investigation
from umdiag.judging.needs import data_of
from umdiag.judging.seen import together
from umdiag.judging.services import Services
from umdiag.judging.table import finding_table
from umdiag.judging.wanted import Families, Functions
from umdiag.judging.window import notes_on_window, watched
from umdiag.lab.extension import begin
from umdiag.lab.machine import MachineView
from umdiag.lab.queries import Queries
from umdiag.model import UPDATE_MANAGER, Diagnosis, TableHealth
from umdiag.parameters import Parameters, as_values, opened
from umdiag.parameters.accepted import read_accepted
from umdiag.queries.belonging import service_of
from umdiag.show.blocks import Block, plain_text
from umdiag.show.first_screen import first_screen
from umdiag.show.machine import machine
from umdiag.show.patches import patch_notes
from umdiag.show.pictures import picture
from umdiag.show.records import Diagnoses, Incidents
from umdiag.show.unasked import left_out
from umdiag.show.urgency import worst_machine
from umdiag.sources.clock import clock_of, covered, days, notes_on_clock
from umdiag.sources.opening import open_folder, open_source
from umdiag.words.moments import to_the_minute

if TYPE_CHECKING:
    from umdiag.lab.watching import Watching

#: What `kit.` offers, in this order.
MENU = (
    "incidents", "diagnoses", "findings", "diagnosis", "machine", "explain", "kql", "queries", "draw",
    "machine_table", "worst_machine", "health", "notes", "patch_notes", "fact", "frame", "call", "fetch",
    "parameters", "asked_at", "lookback", "not_asked", "interrupt", "close",
)  # fmt: skip
_NUMBERS = count()
_EARLIER = "As of {}, when another notebook asked; run this cell again to ask about now."
_WIDTH = 100
#: Environment variable that hands a prepared run folder to the kernels of a report.
RUN_VARIABLE = "UMDIAG_RUN"


def open_kit(given: Mapping[str, Any] | str | Path | None = None) -> Kit:
    """Open the kit on parameters, a parameter file or (None) the notebook's names; print what it looks at.

    Raises ParameterError for a parameter that is unknown or wrong.
    """
    run = os.environ.get(RUN_VARIABLE)
    # A report's kernel shows what was judged for it; nobody asks anything there.
    watching = begin() if run is None else None
    kit = Kit(opened(given, find=run is None), run=Path(run) if run else None, watching=watching)
    print(kit, *kit.notes, sep="\n")
    return kit


def acceptances(parameters: Parameters | None, asked_at: datetime) -> Acceptances:
    """Read the `accepted` file, none where there is none. Raises ParameterError for what it says."""
    entries = read_accepted(parameters.accepted) if parameters and parameters.accepted else []
    return Acceptances([Acceptance(**entry) for entry in entries], asked_at)


class Kit(Investigation):
    """One investigation: parameters, a source, and what has been fetched, derived and judged so far."""

    def __init__(
        self, parameters: Parameters, *, run: Path | None = None, watching: Watching | None = None
    ) -> None:
        self.parameters = parameters
        self.number = next(_NUMBERS)
        self._progress = watching.progress if watching else None
        self._source = open_source(parameters) if run is None else open_folder(run)
        self.lookback = parameters.lookback
        cache = watching.cache(as_values(parameters), parameters.snapshot) if watching else None
        earlier = cache.moment() if cache and parameters.asked_at is None else None
        self.asked_at = earlier or clock_of(self._source, parameters)
        self._earlier = [] if earlier is None else [_EARLIER.format(to_the_minute(earlier))]
        self._covered = covered(self._source, self.asked_at, self.lookback)
        clock: Clock = {"asked_at": self.asked_at, "lookback": self.lookback}
        services = Services(
            given=parameters.services,
            captured=self._source.captured,
            absence=self._source.absence,
            decided=self._source.decided,
        )
        if cache and parameters.asked_at is None:
            cache.keep_moment(self.asked_at)
        fetch = cache.around(self._source.fetch, self.asked_at) if cache else self._source.fetch
        fetch = watched(fetch, self._covered, parameters.stale_after)
        accepted = acceptances(parameters if run is None else None, self.asked_at)
        super().__init__(fetch, self._source.parallel, parameters.named, clock, services, accepted, run)

    def __dir__(self) -> list[str]:
        """Return what a person may ask, in the order of a menu."""
        return list(MENU)

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
        return [
            *dict.fromkeys([*self._earlier, *self._source.notes, *clock, *window, *self._views.named.notes()])
        ]

    def _first_screen(self) -> Block:
        return first_screen(repr(self), self.notes, self.diagnoses(), self.incidents())

    def _repr_html_(self) -> str:
        return self._first_screen()._repr_html_()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self._first_screen()))

    def fetch(
        self, families: Families = None, *, also: Functions = (), progress: Progress | None = None
    ) -> None:
        """Fetch what the families' judges or `also` rest on (None: every query), and show how far it is."""
        super().fetch(families, also=also, progress=progress or self._progress)

    def diagnoses(self, family: str | None = None) -> Diagnoses:
        """Return the diagnoses of one family or of all, judged once."""
        return Diagnoses(super().diagnoses(family))

    def incidents(self) -> Incidents:
        """Return what to fix, in order: findings that nothing explains, and what follows from them."""
        return Incidents(super().incidents())

    def findings(
        self, *, scenario: str = "", severity: str = "", cause: str = "", computer: str = ""
    ) -> pd.DataFrame:
        """Return one row per finding, worst first, of what is named; raises UmdiagError for unknown names."""
        return finding_table(
            self.diagnoses(), scenario=scenario, severity=severity, cause=cause, computer=computer
        )

    def machine(self, name: str) -> MachineView:
        """Return what is known of one machine, every finding on it, and its time line."""
        known = self.call(machine, computer=name, diagnoses=self.diagnoses())
        return MachineView(name=name, known=known, timeline=self.draw(machine_timeline, computer=name))

    def explain(self, text: str) -> Block:
        """Explain an error text, a code, a scenario by name, or a log file: cause and what to do."""
        from umdiag.explain.answering import answer  # a room that few questions need

        return plain_text(answer([text], _WIDTH))

    @property
    def queries(self) -> Queries:
        """The kit's own queries: browse, show, run with other values."""
        return Queries(self.fact, self.asked_at, self.lookback)

    def kql(self, text: str, time_limit: timedelta | None = None) -> pd.DataFrame:
        """Answer a free question. Raises QueryError with one line for what cannot be answered (in time)."""
        return self._source.kql(text, time_limit)

    def unmatched(self, diagnoses: Iterable[Diagnosis]) -> list[str]:
        """Say which accepted findings are not there. Where `computers` limits what is found, none is said."""
        return [] if self.parameters.computers else self._views.accepted.unmatched(diagnoses)

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
