"""Two reports beside each other for a reader: tables of what became of what was found."""

from __future__ import annotations

import pandas as pd

from umdiag.scenarios import catalogue
from umdiag.show.blocks import Block
from umdiag.show.findings import sentence
from umdiag.show.markup import Html, badge, listing
from umdiag.words.moments import to_the_minute
from umdiag.words.states import STATES, called

_MOST_ROWS = 2_000


def findings(rows: pd.DataFrame, *, with_reason: bool) -> Block:
    """Show findings (severity, name, key, scenario, cause, why), `with_reason`: why they were not judged."""
    if rows.empty:
        return _block(Html("<p>None.</p>"))
    titles = {scenario.name: scenario.title for scenario in catalogue()}
    heads = ("Severity", "Subject", "Found", "Question", *(("Why",) if with_reason else ()))
    lines = [
        (
            badge(row.severity),
            row.name or row.key,
            sentence(row.scenario, row.cause),
            titles.get(row.scenario, row.scenario),
            *((row.why,) if with_reason else ()),
        )
        for row in rows.head(_MOST_ROWS).itertuples(index=False)
    ]
    more = len(rows) - _MOST_ROWS
    rest = Html("<p>… and {:,} more: --format json has all.</p>").format(more) if more > 0 else Html("")
    return _block(listing(heads, lines, kind="um-findings") + rest)


def incidents(rows: pd.DataFrame) -> Block:
    """Show incidents (severity, scenario, cause, fate, before, after)."""
    if rows.empty:
        return _block(Html("<p>None in either report.</p>"))
    lines = [
        (
            badge(row.severity),
            sentence(row.scenario, row.cause),
            row.fate,
            f"{row.before:,}",
            f"{row.after:,}",
        )
        for row in rows.itertuples()
    ]
    heads = ("Severity", "Thing to fix", "What became of it", "Findings before", "Findings after")
    return _block(listing(heads, lines, numbers=(3, 4)))


def states(rows: pd.DataFrame) -> Block:
    """Show machines by state (old, new, machines): those of the earlier report down, of the later across."""
    if rows.empty:
        return _block(Html("<p>No machine is in either report.</p>"))
    table = rows.pivot_table(index="old", columns="new", values="machines", aggfunc="sum", fill_value=0)
    order = [*STATES, *sorted({*rows["old"], *rows["new"]} - set(STATES))]
    across = [state for state in order if state in table.columns]
    lines = [
        (called(old), *(f"{int(table.loc[old, new]):,}" if table.loc[old, new] else "" for new in across))
        for old in order
        if old in table.index
    ]
    heads = ("Before ↓ after →", *map(called, across))
    return _block(listing(heads, lines, numbers=range(1, len(heads)), names=(0,)))


def changes(rows: pd.DataFrame) -> Block:
    """Show recorded changes (name, changed, property, before, after, by)."""
    if rows.empty:
        return _block(Html("<p>The later report keeps no change of these machines.</p>"))
    lines = [
        (row.name, to_the_minute(row.changed), row.property, row.before, row.after, row.by)
        for row in rows.head(_MOST_ROWS).itertuples(index=False)
    ]
    return _block(listing(("Machine", "Changed", "What", "Before", "After", "By"), lines, names=(0, 1)))


def _block(body: Html) -> Block:
    return Block(lambda _: body)
