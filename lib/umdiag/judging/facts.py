"""Every query of an investigation, each asked once and bound with what other facts or frames fill in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypedDict

import pandas as pd

from umdiag.errors import QueryError
from umdiag.judging.needs import in_order
from umdiag.judging.seen import Seen
from umdiag.model import QueryUse, Rows, State
from umdiag.queries.kql import Query, Value, empty, queries
from umdiag.words.once import Once

#: Told each finished query's name, how many are done and how many there are.
Progress: TypeAlias = Callable[[str, int, int], None]


#: Asks a source one query with its values.
Fetch: TypeAlias = Callable[[Query, Mapping[str, Value]], Rows]


class Clock(TypedDict):
    """The window of an investigation: it ends at `asked_at` and is `lookback` long."""

    asked_at: datetime
    lookback: timedelta


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An answer, when it was there (UTC) and how many seconds it took to come."""

    rows: Rows
    ended: datetime
    seconds: float


class Facts:
    """Asks a source, once per query and values. Safe for several threads.

    `filling` returns the fact or frame that fills a query's parameter.
    """

    def __init__(
        self,
        fetch: Fetch,
        filling: Callable[[str], Seen],
        clock: Clock,
    ) -> None:
        self._fetch = fetch
        self._filling = filling
        self._clock = clock
        self._answered = Once()

    def rows(self, name: str, **values: Value) -> Rows:
        """Return the rows of one query. `values` fill parameters such as `computer`."""
        fitting = {key: value for key, value in values.items() if key in queries()[name].parameters}
        key = (name, json.dumps(fitting, default=str, sort_keys=True))
        asked: Asked = self._answered.do(key, lambda: self._timed(queries()[name], fitting))
        return asked.rows

    def fetch(self, names: Sequence[str], parallel: int, progress: Progress | None = None) -> None:
        """Ask these queries in threads, so many at a time."""
        # In this order a query that is filled from others waits only for such as are under way.
        wanted = in_order(names)
        pool = ThreadPoolExecutor(parallel, "fetch")
        try:
            asked = {pool.submit(self.rows, name): name for name in wanted}
            for done, answer in enumerate(as_completed(asked), 1):
                answer.result()
                if progress:
                    progress(asked[answer], done, len(wanted))
        finally:
            # Whoever interrupts a cell of a notebook does not wait for what is under way; it is not lost.
            pool.shutdown(wait=False, cancel_futures=True)

    def known(self) -> list[Rows]:
        """Return every answer so far, by query name."""
        return [asked.rows for asked in self.asked()]

    def asked(self) -> list[Asked]:
        """Return every answer so far with its time, by query name."""
        answered = self._answered.known().values()
        return sorted(answered, key=lambda asked: (asked.rows.name, asked.rows.text))

    def use(self, name: str) -> QueryUse:
        """Return how a query was asked and answered."""
        rows = self.rows(name)
        text = rows.sent or rows.text
        return QueryUse(name=name, text=text, state=rows.state, rows=len(rows.frame), reason=rows.reason)

    def _timed(self, query: Query, values: Mapping[str, Value]) -> Asked:
        begun = time.monotonic()
        rows = self._ask(query, values)
        return Asked(rows=rows, ended=datetime.now(UTC), seconds=time.monotonic() - begun)

    def _ask(self, query: Query, values: Mapping[str, Value]) -> Rows:
        clock = self._clock
        bound: dict[str, Value] = {"asked_at": clock["asked_at"], "lookback": clock["lookback"], **values}
        for parameter in query.parameters.values():
            if parameter.datum and parameter.name not in values:
                filling = self._filling(parameter.datum)
                if filling.frame is None or not filling.whole:
                    state = State.DENIED if filling.state is State.DENIED else State.MISSING
                    return _unseen(query, state, filling.reason)
                bound[parameter.name] = self._texts(filling.frame[parameter.column])
        try:
            return self._fetch(query, {name: bound[name] for name in bound if name in query.parameters})
        except QueryError as refused:
            # A replay knows the machine that its report showed, and no other.
            if not values:
                raise
            return _unseen(query, State.MISSING, str(refused))

    def _texts(self, column: pd.Series[Any]) -> list[str]:
        """Return the distinct texts of a column, or its times that lie in the window, written as text."""
        if not pd.api.types.is_datetime64_any_dtype(column):
            return sorted(text for text in column.dropna().unique() if text)
        times = column.dropna().drop_duplicates().sort_values()
        end = pd.Timestamp(self._clock["asked_at"])
        start = end - self._clock["lookback"]
        inside = times[(times > start) & (times <= end)]
        return list(inside.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _unseen(query: Query, state: State, reason: str) -> Rows:
    return Rows(
        name=query.name, text=query.text, frame=empty(query), state=state, reason=reason, tables=query.tables
    )
