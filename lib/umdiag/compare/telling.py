"""A comparison for people and programs: plain text, JSON, a page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from umdiag.compare.comparing import (
    ACCEPTED,
    COUNTS_AGAIN,
    FATES,
    FIRST_JUDGED,
    NEW,
    RESOLVED,
    UNCHANGED,
    UNJUDGED,
    Comparison,
)
from umdiag.report.single import inlined
from umdiag.report.templates import render, script
from umdiag.show import comparison as show
from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute, write_moment
from umdiag.words.shortening import harmless_json, shortened
from umdiag.words.states import called

SCHEMA = "umdiag/comparison/1"
_MOST_LINES = 25
#: What is listed, in this order.
_HEADS = {
    NEW: "New",
    COUNTS_AGAIN: "No longer accepted",
    FIRST_JUDGED: "Judged for the first time",
    UNJUDGED: "No longer judged",
    RESOLVED: "Resolved",
    ACCEPTED: "Accepted since",
}


def first_line(comparison: Comparison) -> str:
    """Say in one sentence what became of what was found."""
    count = comparison.count
    said = [
        counted(count(NEW), "new finding"),
        f"{count(RESOLVED):,} resolved",
        f"{count(UNCHANGED):,} unchanged",
        *(f"{count(fate):,} {fate}" for fate in (COUNTS_AGAIN, ACCEPTED) if count(fate)),
    ]
    more = [
        f"{count(FIRST_JUDGED):,} could not be judged before" if count(FIRST_JUDGED) else "",
        f"{count(UNJUDGED):,} could no longer be judged, which is not the same as resolved"
        if count(UNJUDGED)
        else "",
    ]
    return "; ".join([", ".join(said), *filter(None, more)]) + "."


def as_text(comparison: Comparison) -> str:
    """Write a comparison for a terminal."""
    return "\n".join(_lines(comparison)) + "\n"


def as_json(comparison: Comparison) -> str:
    """Write a comparison for programs."""
    content = {
        "schema": SCHEMA,
        "old": _told(comparison.old),
        "new": _told(comparison.new),
        "warnings": list(comparison.warnings),
        "counts": {fate: comparison.count(fate) for fate in FATES},
        "findings": _records(
            comparison.findings,
            ["scenario", "cause", "severity", "kind", "name", "key", "counts", "fate", "why"],
        ),
        "incidents": _records(comparison.incidents),
        "states": _records(comparison.states),
        "changes": _records(
            comparison.changes.assign(changed=comparison.changes["changed"].map(write_moment))
        ),
    }
    return harmless_json(json.dumps(content, indent=1, ensure_ascii=False)) + "\n"


def as_html(comparison: Comparison) -> str:
    """Write a comparison as one page that loads nothing."""
    return render(
        "comparison.html",
        title="Comparison",
        scope=_span(comparison),
        pages=(),
        scripts=False,
        single=inlined(script()),
        answer=first_line(comparison),
        verdict="problem" if comparison.exit_code else "unknown" if comparison.count(UNJUDGED) else "healthy",
        warnings=comparison.warnings,
        incidents=show.incidents(comparison.incidents).on_page(),
        sections=[
            (
                _HEADS[fate],
                show.findings(
                    _that_count(comparison, fate), with_reason=fate in (UNJUDGED, FIRST_JUDGED)
                ).on_page(),
            )
            for fate in _HEADS
            if fate == NEW or comparison.count(fate)
        ],
        unchanged=comparison.count(UNCHANGED),
        states=show.states(comparison.states).on_page(),
        changes=show.changes(comparison.changes).on_page(),
    )


def _lines(comparison: Comparison) -> Iterator[str]:
    yield _span(comparison)
    yield first_line(comparison)
    yield from (f"Note: {warning}" for warning in comparison.warnings)
    for fate in _HEADS:
        rows = _that_count(comparison, fate)
        if len(rows):
            yield ""
            yield f"{_HEADS[fate]}:"
            yield from (_line(row) for row in rows.head(_MOST_LINES).itertuples())
            if len(rows) > _MOST_LINES:
                yield f"  … and {len(rows) - _MOST_LINES:,} more (--format json has all)"
    changed = comparison.states[comparison.states["old"] != comparison.states["new"]]
    if len(changed):
        yield ""
        yield "Machines whose state changed:"
        rows = changed.sort_values("machines", ascending=False, kind="stable")
        yield from (f"  {row.machines:,}: {called(row.old)} → {called(row.new)}" for row in rows.itertuples())


def _line(row: Any) -> str:
    why = f" ({row.why})" if row.why else ""
    return f"  {row.severity} {row.scenario} {row.cause} {shortened(row.name)}{why}"


def _span(comparison: Comparison) -> str:
    return f"{to_the_minute(comparison.old.asked_at)} → {to_the_minute(comparison.new.asked_at)}"


def _told(report: Any) -> dict[str, Any]:
    return {
        "asked_at": write_moment(report.asked_at),
        "kit_version": report.kit_version,
        "lookback": report.lookback,
    }


def _records(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    kept = frame if columns is None else frame[list(columns)]
    records: list[dict[str, Any]] = json.loads(kept.to_json(orient="records"))
    return records


def _that_count(comparison: Comparison, fate: str) -> pd.DataFrame:
    rows = comparison.findings
    return rows[(rows["fate"] == fate) & rows["counts"]]
