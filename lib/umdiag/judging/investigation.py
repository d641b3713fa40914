"""What an investigation knows: each query fetched once, each frame derived and scenario judged once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

import pandas as pd

from umdiag.judging.accepting import Acceptances
from umdiag.judging.facts import Asked, Clock, Facts, Fetch, Progress
from umdiag.judging.incidents import Drawn, draw
from umdiag.judging.prepared import load_frame, save_frames
from umdiag.judging.records import read_diagnoses, read_incidents
from umdiag.judging.seen import Seen
from umdiag.judging.services import Services
from umdiag.judging.views import Views
from umdiag.judging.wanted import Families, Functions, wanted_queries
from umdiag.model import Diagnosis, Incident, Rows
from umdiag.queries.kql import Value
from umdiag.scenarios import FAMILIES, catalogue, scenario
from umdiag.words.once import Once


class Investigation:
    """Facts, frames and diagnoses under the parameters `named`, or those of a report's `run` folder.

    `fetch` asks the source, so many queries at a time as `parallel` says.
    """

    def __init__(
        self,
        fetch: Fetch,
        parallel: int,
        named: Mapping[str, Any],
        clock: Clock,
        services: Services,
        accepted: Acceptances,
        run: Path | None,
    ) -> None:
        self._run = run
        self._parallel = parallel
        self._facts = Facts(fetch, lambda name: self._views.answering.seen(name), clock)
        prepared = partial(load_frame, run / "frames") if run else lambda name: None
        self._views = Views(self._facts, {**named, **clock}, services, accepted, prepared)
        self._lock = RLock()
        self._once = Once()
        self._diagnoses: dict[str, Diagnosis] = read_diagnoses(run) if run else {}

    def fetch(
        self, families: Families = None, *, also: Functions = (), progress: Progress | None = None
    ) -> None:
        """Fetch what the families' judges or `also` rest on (None: every query); see `Facts.fetch`."""
        wanted = [name for name in wanted_queries(families, also) if self._views.fetched(name)]
        self._facts.fetch(wanted, self._parallel, progress)

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

    def asked(self) -> list[Asked]:
        """Return every answer so far, with when it came and how long it took."""
        return self._facts.asked()

    def frame(self, name: str) -> pd.DataFrame:
        """Return a fact or frame by name, as far as it was seen. Raises Unavailable where nothing was."""
        return self._views.frame(name)

    def seen(self, name: str, **values: Value) -> Seen:
        """Return a fact or frame with how much of it could be seen, workspaces that gave no row aside."""
        return self._views.seen(name, **values)

    def call(self, function: Callable[..., Any], **extra: Any) -> Any:
        """Call `function` with facts, frames, parameters and `extra` by name; see `Views.call`."""
        return self._views.call(function, **extra)

    def save_frames(self, folder: Path) -> None:
        """Write the frames derived so far, for kernels that only show."""
        save_frames(folder, self._views.answering.known())

    def diagnoses(self, family: str | None = None) -> list[Diagnosis]:
        """Return the diagnoses of one family or of all. What explains a finding may be of any family: all
        are judged.
        """
        return [judged for judged in self.drawn().diagnoses if family in (None, judged.family)]

    def incidents(self) -> list[Incident]:
        """Return what to fix, in order: findings that nothing explains, and what follows from them."""
        return list(self.drawn().incidents)

    def drawn(self, families: Families = None) -> Drawn:
        """Return the diagnoses of these families (None: of all), joined, and the incidents among them."""
        chosen = tuple(FAMILIES if families is None else families)
        judged = self._judged(chosen)
        return self._once.do(chosen, lambda: self._draw(judged))

    def _draw(self, judged: Sequence[Diagnosis]) -> Drawn:
        if self._run:
            return Drawn(diagnoses=tuple(judged), incidents=tuple(read_incidents(self._run)))
        return draw(judged, self.call)

    def _judged(self, families: Sequence[str]) -> list[Diagnosis]:
        wanted = [scenario for scenario in catalogue() if scenario.family in families]
        with self._lock:
            lacking = [scenario for scenario in wanted if scenario.name not in self._diagnoses]
            if lacking and not self._run:
                self.fetch(None if set(families) == set(FAMILIES) else families)
                self._diagnoses |= {scenario.name: self._views.judge(scenario) for scenario in lacking}
            return [self._diagnoses[scenario.name] for scenario in wanted if scenario.name in self._diagnoses]

    def diagnosis(self, name: str) -> Diagnosis:
        """Return one scenario's diagnosis, for which its family alone is judged.

        Raises KeyError for a name that is no scenario.
        """
        judged = self._judged([scenario(name).family])
        return next(diagnosis for diagnosis in judged if diagnosis.scenario == name)
