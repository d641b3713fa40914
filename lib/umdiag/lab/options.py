"""The options of %%kql: read from its line, named for completion."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from umdiag.errors import UmdiagError
from umdiag.words.durations import read_duration

#: Rows that a cell returns where it does not say how many.
MOST_ROWS = 10_000
OPTIONS = ("--to", "--chart", "--limit", "--time-limit", "--kit")
USAGE = """%%kql [--to NAME] [--chart] [--limit ROWS] [--time-limit 30s] [--kit NAME]
Ask in KQL what the notebook's kit looks at. A pipeline may begin with a table or with a query of the kit.

--to NAME         keep the rows in the variable NAME instead of showing them
--chart           draw the rows (so does a last line | render …)
--limit ROWS      return at most so many rows, 0 for all [10000]
--time-limit 30s  give up after so long
--kit NAME        ask this kit; else the one that was opened last
"""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How one question is asked and shown; `limit` None: every row."""

    to: str
    chart: bool
    limit: int | None
    time_limit: timedelta | None
    kit: str


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UmdiagError(f"%%kql: {message}; %%kql? shows the options")


def read_options(line: str) -> Options:
    """Return the options of a magic's line. Raises UmdiagError for what is none."""
    parser = _Parser(prog="%%kql", add_help=False, allow_abbrev=False)
    parser.add_argument("--to", default=None, type=_name)
    parser.add_argument("--chart", action="store_true")
    parser.add_argument("--limit", default=MOST_ROWS, type=_rows)
    parser.add_argument("--time-limit", default=None, type=_span)
    parser.add_argument("--kit", default="")
    try:
        words = shlex.split(line)
    except ValueError as error:
        parser.error(str(error).lower())
    given = parser.parse_args(words)
    return Options(
        to=given.to or "",
        chart=given.chart,
        limit=given.limit or None,
        time_limit=given.time_limit,
        kit=given.kit,
    )


def _name(text: str) -> str:
    if not text.isidentifier():
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a name for a variable")
    return text


def _rows(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a number of rows")
    return int(text)


def _span(text: str) -> timedelta:
    try:
        span = read_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} {error}") from None
    if span <= timedelta():
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a length of time")
    return span
