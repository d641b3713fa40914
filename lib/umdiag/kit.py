"""What a notebook holds: every query fetched once, every frame derived once, every scenario judged once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive, QueryError, UmdiagError
from umdiag.judging import needs
from umdiag.judging.derivation import Derivation
from umdiag.judging.verdicts import Datum, combined, judge
from umdiag.model import Diagnosis, Finding, QueryUse, Rows, Severity, State, Subject, TableHealth, Verdict
from umdiag.parameters import Parameters, from_notebook
from umdiag.queries.kql import Query, Value, empty, queries
from umdiag.scenarios import Scenario, catalogue
from umdiag.sources.opening import open_folder, open_source
from umdiag.words.once import Once

#: Environment variable that hands a prepared run folder to the kernels of a report.
RUN_VARIABLE = "UMDIAG_RUN"
#: Queries of the machine notebook, asked for one machine once the findings are known.
OF_ONE_MACHINE = ("machine_hours", "machine_assessments")


class Unavailable(UmdiagError):
    """A fact or frame could not be seen; the message says which and why."""


def open_kit(namespace: Mapping[str, Any]) -> Kit:
    """Open the kit on the parameters among a notebook's names (`globals()`) and print what it looks at.

    Raises ParameterError for a parameter that is unknown or wrong.
    """
    run = os.environ.get(RUN_VARIABLE)
    kit = Kit(from_notebook(namespace, find=run is None), run=Path(run) if run else None)
    print(kit)
    for note in kit.notes:
        print(note)
    return kit


def wanted_queries(families: Sequence[str] | None, also: Iterable[Callable[..., Any]] = ()) -> list[str]:
    """Return the names of the queries that the families' judges and `also` rest on (None: every query)."""
    names = set(queries()) - set(OF_ONE_MACHINE)
    if families is not None:
        judges = [scenario.judge for scenario in catalogue() if scenario.family in families]
        names &= set().union(*(needs.queries_of(one) for one in (*judges, *also)))
    return sorted(names)


class Kit:
    """One investigation: parameters, a source, and what has been fetched, derived and judged so far."""

    def __init__(self, parameters: Parameters, *, run: Path | None = None) -> None:
        self.parameters = parameters
        self._run = run
        self._source = open_source(parameters) if run is None else open_folder(run)
        self.lookback: timedelta = parameters.lookback
        self.asked_at: datetime = self._clock()
        self.notes: list[str] = list(self._source.notes)
        self._source.look_at(self.asked_at, self.lookback)
        self._lock = RLock()
        self._answered = Once()
        # Where whole workspaces could not be seen there are two views: of the others as if they were all, and
        # of everything, with rows missing.
        self._seen = Derivation(self._fact_seen, self._named(), self._prepared)
        self._whole = Derivation(lambda name: _as_datum(self.fact(name)), self._named())
        self._diagnoses: dict[str, Diagnosis] | None = _read_diagnoses(run) if run else None
        self._note_window()
        self._note_age()

    def __repr__(self) -> str:
        start = self.asked_at - self.lookback
        return f"{self.scope} · {start:%Y-%m-%d %H:%M} to {self.asked_at:%Y-%m-%d %H:%M} UTC"

    @property
    def scope(self) -> str:
        """What is looked at, in one line without paths."""
        where = f"snapshot {self.parameters.snapshot.name}" if self.parameters.snapshot else "Azure"
        return f"{where} · last {_days(self.lookback)}"

    # -- fetching ---------------------------------------------------------------------------------

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
        # In this order a query that is filled from others waits only for such as are under way.
        wanted = needs.in_order(wanted_queries(families, also))
        pool = ThreadPoolExecutor(self._source.parallel, "fetch")
        try:
            asked = {pool.submit(self.fact, name): name for name in wanted}
            for done, answer in enumerate(as_completed(asked), 1):
                answer.result()
                if progress:
                    progress(asked[answer], done, len(wanted))
        finally:
            # Whoever interrupts a cell of a notebook does not wait for what is under way; it is not lost.
            pool.shutdown(wait=False, cancel_futures=True)

    def fact(self, name: str, **values: Value) -> Rows:
        """Return the rows of one query, fetched on first use. `values` fill parameters such as `computer`."""
        key = (name, json.dumps(values, default=str, sort_keys=True))
        return self._answered.do(key, lambda: self._ask(queries()[name], values))

    def _ask(self, query: Query, values: Mapping[str, Value]) -> Rows:
        bound = self._values(query, values)
        rows = bound if isinstance(bound, Rows) else self._fetched(query, bound, asked=bool(values))
        rows.frame.attrs["state"] = (State.COMPLETE if rows.unseen else rows.state).value
        return rows

    def _fetched(self, query: Query, bound: Mapping[str, Value], *, asked: bool) -> Rows:
        try:
            return self._source.fetch(query, bound)
        except QueryError as refused:
            # A replay knows the machine that its report showed, and no other.
            if not asked:
                raise
            return _unseen(query, State.MISSING, str(refused))

    def rows(self) -> list[Rows]:
        """Return every answer so far, by query name."""
        return sorted(self._answered.known().values(), key=lambda rows: (rows.name, rows.text))

    def kql(self, text: str) -> pd.DataFrame:
        """Answer a free question. Raises QueryError with one line for what cannot be answered."""
        return self._source.kql(text)

    def interrupt(self) -> None:
        """Stop whatever query runs."""
        self._source.interrupt()

    def close(self) -> None:
        """Release the source."""
        self._source.close()

    # -- data by name -----------------------------------------------------------------------------

    def frame(self, name: str) -> pd.DataFrame:
        """Return a fact or frame by name. Raises Unavailable where it could not be seen."""
        datum = self.datum(name)
        if datum.frame is None:
            raise Unavailable(datum.reason)
        return datum.frame

    def datum(self, name: str, **values: Value) -> Datum:
        """Return a fact or frame with how much of it could be seen, workspaces that gave no row aside."""
        if name in queries():
            return self._fact_seen(name, **_fitting(name, values))
        return self._seen.datum(name)

    def call(self, function: Callable[..., Any], **extra: Any) -> Any:
        """Call `function` with its parameters filled by name: facts, frames, parameters, then `extra`.

        Raises Unavailable where data it must have could not be seen, and Inconclusive as `function` does.
        """
        data, named, given = [], {}, self._named() | extra
        for need in needs.needs(function):
            if not need.is_data:
                named[need.name] = given[need.name]
                continue
            datum = self.datum(need.name, **extra)
            if datum.frame is None and not need.optional:
                raise Unavailable(datum.reason)
            data.append(datum.frame)
        return function(*data, **named)

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
        folder.mkdir(parents=True, exist_ok=True)
        for name, datum in self._seen.known().items():
            if datum.frame is not None and datum.state is State.COMPLETE:
                datum.frame.to_parquet(folder / f"{name}.parquet", compression="zstd")

    # -- judgement --------------------------------------------------------------------------------

    def diagnoses(self, family: str | None = None) -> list[Diagnosis]:
        """Return the diagnoses of one family or of all, judged once."""
        with self._lock:
            known = self._diagnoses if self._diagnoses is not None else {}
            wanted = [one for one in catalogue() if family in (None, one.family) and one.name not in known]
            if wanted and not self._run:
                self.fetch(None if family is None else [family])
                for scenario in wanted:
                    known[scenario.name] = self._judge(scenario)
            self._diagnoses = known
            order = [scenario.name for scenario in catalogue()]
            return [known[name] for name in order if name in known and family in (None, known[name].family)]

    def diagnosis(self, scenario: str) -> Diagnosis:
        """Return one scenario's diagnosis. Raises KeyError for a name that is no scenario."""
        from umdiag.scenarios import scenario as by_name

        return next(one for one in self.diagnoses(by_name(scenario).family) if one.scenario == scenario)

    def health(self) -> list[TableHealth]:
        """Say of each table and scope how much could be seen, and which machines are another service's."""
        machines = self.datum("machines").frame
        lines = list(self._source.health())
        managed = 0 if machines is None else int(machines["update_manager"].sum())
        if managed:
            note = f"{managed:,} machines belong to Azure Update Manager and are left out of 'not assessed'"
            lines = [
                _noted(line, note) if line.table == "patchassessmentresources" else line for line in lines
            ]
        return lines

    def machine_table(self) -> pd.DataFrame:
        """Return the columns of machines.csv, one row per machine that the parameters ask for."""
        from umdiag.frames.machines import restricted

        columns = [
            "computer",
            "source_computer_id",
            "resource_id",
            "workspace",
            "os_type",
            "last_heartbeat",
            "last_assessed",
            "state",
            "missing_critical",
            "missing_security",
            "missing_other",
            "unapproved_security",
            "reboot_pending",
        ]
        datum = self.datum("machines")
        if datum.frame is None:
            return pd.DataFrame(columns=columns)
        return restricted(datum.frame, self.parameters.computers)[columns].reset_index(drop=True)

    def worst_machine(self) -> str:
        """Return the first of `computers`, else the machine with the worst findings, else ""."""
        if self.parameters.computers:
            return self.parameters.computers[0]
        ranks: dict[str, list[int]] = {}
        for diagnosis in self.diagnoses():
            for finding in diagnosis.findings:
                if finding.subject.kind == "machine":
                    ranks.setdefault(finding.subject.name, []).append(finding.severity.rank)
        worst = min(
            ranks.items(), key=lambda item: (min(item[1]), -len(item[1]), item[0].lower()), default=("", [])
        )
        return worst[0]

    def fetch_machine(self) -> None:
        """Fetch what the machine notebook shows of the worst machine."""
        for name in OF_ONE_MACHINE:
            self.fact(name, computer=self.worst_machine())

    # -- inside -----------------------------------------------------------------------------------

    def _fact_seen(self, name: str, **values: Value) -> Datum:
        rows = self.fact(name, **values)
        return Datum(frame=rows.frame, state=State.COMPLETE) if rows.unseen else _as_datum(rows)

    def _judge(self, scenario: Scenario) -> Diagnosis:
        names = sorted(needs.queries_of(scenario.judge))
        uses = [self._use(name) for name in names]
        seen = judge(scenario, self._seen.datum, self._named(), uses)
        unseen = {one for name in names for one in self.fact(name).unseen}
        if not unseen:
            return seen
        whole = judge(scenario, self._whole.datum, self._named(), uses)
        return combined(seen, whole, lambda finding: self._is_known(finding, unseen))

    def _is_known(self, finding: Finding, unseen: set[str]) -> bool:
        """Whether rows of a workspace that was seen may speak of a finding's subject."""
        if finding.subject.kind == "workspace":
            return finding.subject.name not in unseen
        if finding.subject.kind != "machine":
            return True
        machines = self.datum("machines").frame
        if machines is None:
            return False
        spelled = {finding.subject.id.strip().lower(), finding.subject.name.strip().lower()}
        return any(
            machines[column].str.lower().isin(spelled).any()
            for column in ("subject_id", "source_computer_id", "name", "arm_key")
        )

    def _clock(self) -> datetime:
        asked_at = self.parameters.asked_at
        if asked_at == "latest":
            return self._source.newest().astimezone(UTC)
        return asked_at if isinstance(asked_at, datetime) else self._source.clock().astimezone(UTC)

    def _note_age(self) -> None:
        """Say how old a clock is that was taken from the rows: its verdicts are not of today."""
        if self.parameters.asked_at == "latest" and self.parameters.source == "azure":
            age = self._source.clock().astimezone(UTC) - self.asked_at
            newest = f"{self.asked_at:%Y-%m-%d %H:%M} UTC, {age.days:,} days ago"
            self.notes.append(f"The clock is the newest row found: {newest}.")

    def _note_window(self) -> None:
        held = self._source.lookback
        if held is not None and held < self.lookback:
            self.notes.append(
                f"The snapshot holds {_days(held)}; the {_days(self.lookback)} asked for reach further back."
            )

    def _named(self) -> dict[str, Any]:
        given = {name: getattr(self.parameters, name) for name in _PARAMETERS}
        if self.parameters.management_groups:
            given["subscriptions"] = self.parameters.scope
        return given | {"asked_at": self.asked_at, "lookback": self.lookback}

    def _values(self, query: Query, values: Mapping[str, Value]) -> dict[str, Value] | Rows:
        """Collect the values a query is bound with; rows that say why, where another fact lacks them."""
        bound: dict[str, Value] = {"asked_at": self.asked_at, "lookback": self.lookback, **values}
        for parameter in query.parameters.values():
            if parameter.datum:
                filling = self.datum(parameter.datum)
                if filling.frame is None or not filling.whole:
                    return _unseen(query, _refusal(filling.state), filling.reason)
                column = filling.frame[parameter.column]
                bound[parameter.name] = _filling(column, self.asked_at, self.lookback)
        return {name: value for name, value in bound.items() if name in query.parameters}

    def _prepared(self, name: str) -> Datum | None:
        file = self._run / "frames" / f"{name}.parquet" if self._run else None
        if file is None or not file.exists():
            return None
        return Datum(frame=pd.read_parquet(file), state=State.COMPLETE)

    def _use(self, name: str) -> QueryUse:
        rows = self.fact(name)
        return QueryUse(name=name, text=rows.text, state=rows.state, rows=len(rows.frame), reason=rows.reason)


_PARAMETERS = (
    "stale_after", "computers", "suspects", "update_run", "job_limit", "workspaces", "automation_account",
    "subscriptions",
)  # fmt: skip


def _unseen(query: Query, state: State, reason: str) -> Rows:
    return Rows(
        name=query.name, text=query.text, frame=empty(query), state=state, reason=reason, tables=query.tables
    )


def _refusal(state: State) -> State:
    """Return the state of rows that were not asked for, because those that fill the query are in `state`."""
    return state if state is State.DENIED else State.MISSING


def _filling(column: pd.Series[Any], asked_at: datetime, lookback: timedelta) -> list[str]:
    """Return the distinct texts of a column, or its times that lie in the window, written as text."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        return sorted(text for text in column.dropna().unique() if text)
    times = column.dropna().drop_duplicates().sort_values()
    inside = times[(times > pd.Timestamp(asked_at - lookback)) & (times <= pd.Timestamp(asked_at))]
    return list(inside.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _as_datum(rows: Rows) -> Datum:
    frame = rows.frame.copy(deep=False) if rows.state in (State.COMPLETE, State.PARTIAL) else None
    if frame is not None:
        frame.attrs["state"] = rows.state.value
    return Datum(frame=frame, state=rows.state, reason=rows.reason)


def _fitting(name: str, values: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if key in queries()[name].parameters}


def _noted(line: TableHealth, note: str) -> TableHealth:
    return replace(line, note=f"{line.note}; {note}" if line.note else note)


def _days(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours % 24 == 0 else f"{hours:g} hours"


def _read_diagnoses(run: Path) -> dict[str, Diagnosis]:
    """Read back the diagnoses that a report's parent process judged."""
    report = json.loads((run / "findings.json").read_text(encoding="utf-8"))
    facts = json.loads((run / "snapshot.json").read_text(encoding="utf-8"))["facts"]
    reasons = {name: fact.get("reason", "") for name, fact in facts.items()}
    return {one["scenario"]: _diagnosis(one, reasons) for one in report["diagnoses"]}


def _diagnosis(one: Mapping[str, Any], reasons: Mapping[str, str]) -> Diagnosis:
    return Diagnosis(
        scenario=one["scenario"],
        family=one["family"],
        title=one["title"],
        verdict=Verdict(one["verdict"]),
        reason=one["reason"],
        findings=tuple(
            Finding(
                **finding
                | {"severity": Severity(finding["severity"]), "subject": Subject(**finding["subject"])}
            )
            for finding in one["findings"]
        ),
        queries=tuple(
            QueryUse(**query | {"state": State(query["state"]), "reason": reasons.get(query["name"], "")})
            for query in one["queries"]
        ),
    )
