"""The kit's own queries, to be browsed, shown, and run with other values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from umdiag.errors import QueryError
from umdiag.model import Rows
from umdiag.queries.kql import Parameter, Query, Value, bind, literal
from umdiag.queries.kql import queries as of_package
from umdiag.show.queries import one_query, query_table
from umdiag.words.durations import read_duration

#: Returns the rows of a query by name, with values for its parameters.
Ask = Callable[..., Rows]


class UnknownQuery(QueryError, KeyError):
    """The kit has no query of that name."""


class AskedQuery:
    """One query of the kit: `title`, what it `answers`, its `columns`, its `text` as it would be sent."""

    def __init__(self, query: Query, ask: Ask, clock: Mapping[str, Value]) -> None:
        self.query = query
        self._ask = ask
        self._clock = clock

    @property
    def title(self) -> str:
        """What its rows are."""
        return self.query.title

    @property
    def answers(self) -> str:
        """The question that it answers."""
        return self.query.answers

    @property
    def columns(self) -> Mapping[str, str]:
        """Columns of its rows, each with its KQL type."""
        return self.query.columns

    @property
    def parameters(self) -> Mapping[str, str]:
        """What `run` takes, each with its KQL type."""
        return {name: parameter.type for name, parameter in self.query.parameters.items()}

    @property
    def text(self) -> str:
        """The KQL with the values of this investigation; what other rows fill in is fetched for it."""
        if any(parameter.datum for parameter in self.query.parameters.values()):
            return self._ask(self.query.name).text
        return bind(self.query, self._clock)

    def run(self, **values: Any) -> Rows:
        """Return its rows, with other values for its parameters: text, numbers, times, durations, lists.

        A duration may be written as 3d or 12h, a time as ISO text with a zone. Raises QueryError for a value
        that is not of its parameter's type; nothing but a typed literal reaches the query.
        """
        return self._ask(self.query.name, **{name: self._value(name, values[name]) for name in values})

    def _value(self, name: str, given: Any) -> Value:
        parameter = self.query.parameters.get(name)
        if parameter is None:
            known = ", ".join(self.query.parameters) or "none"
            raise QueryError(f"{self.query.name} has no parameter {name[:80]!r}; it has {known}")
        value = _read(parameter, given)
        literal(value, parameter.type, name)
        return value

    def _repr_html_(self) -> str:
        return one_query(self.query, self._shown())._repr_html_()

    def __repr__(self) -> str:
        return repr(one_query(self.query, self._shown()))

    def _shown(self) -> str:
        """Return the text for a reader, without a question to the source."""
        return bind(self.query, self._clock)


class Queries(Mapping[str, AskedQuery]):
    """The kit's queries by name."""

    def __init__(self, ask: Ask, asked_at: datetime, lookback: timedelta) -> None:
        clock: dict[str, Value] = {"asked_at": asked_at, "lookback": lookback}
        self._queries = {name: AskedQuery(query, ask, clock) for name, query in of_package().items()}

    def __getitem__(self, name: str) -> AskedQuery:
        """Return a query. Raises UnknownQuery, a KeyError, for a name that none of them has."""
        if name not in self._queries:
            near = get_close_matches(str(name), self._queries, n=3, cutoff=0.5)
            meant = f"; did you mean {' or '.join(near)}?" if near else "; kit.queries lists them"
            raise UnknownQuery(f"there is no query {str(name)[:80]!r}{meant}")
        return self._queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._queries)

    def _repr_html_(self) -> str:
        return query_table(of_package().values())._repr_html_()

    def __repr__(self) -> str:
        return repr(query_table(of_package().values()))


def _read(parameter: Parameter, given: Any) -> Value:
    """Return a value for a parameter; times and durations may come as text."""
    try:
        if parameter.type == "timespan" and isinstance(given, str):
            return read_duration(given)
        if parameter.type == "datetime" and isinstance(given, str):
            return datetime.fromisoformat(given)
    except ValueError as error:
        reason = str(error) if parameter.type == "timespan" else "is not a time, expected ISO with a zone"
        raise QueryError(f"parameter {parameter.name}: {given[:80]!r} {reason}") from None
    if parameter.type == "real" and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    return list(given) if parameter.type == "list" and isinstance(given, (tuple, set)) else given
