"""The first page of a report: the answer, what to do first, and what could not be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from umdiag.model import Diagnosis, Incident, Severity, State, TableHealth
from umdiag.report.document import Notebook
from umdiag.report.single import Single
from umdiag.report.templates import Link, Portal, render
from umdiag.show.board import write_board
from umdiag.show.places import Place
from umdiag.show.triage import board_of
from umdiag.show.unanswered import Unanswered, beyond, unanswered
from umdiag.show.unasked import asked
from umdiag.show.urgency import by_urgency
from umdiag.words.moments import to_the_minute, write_moment

#: The page, as it and all others call it.
TITLE = "Overview"
#: Rows older than this make the whole report a picture of the past, and it says so aloud.
OLD = timedelta(days=2)
FILES = (
    ("machines.html", "every machine with its findings, to search, filter and sort"),
    ("machines.csv", "one row per machine: last heartbeat, last assessment, state, missing updates"),
    ("findings.csv", "one row per finding: cause, severity, subject, evidence, first step"),
    ("findings.json", "everything above for programs, with the queries as sent"),
    ("run.log", "what the run did, and how long it took"),
)
_MOST_NAMES = 5
_MOST_HEALTH = 60
_UNSEEN = (State.UNREADABLE, State.DENIED, State.MISSING, State.PARTIAL)
_STATE_ORDER = (*_UNSEEN, State.EMPTY, State.COMPLETE)
_MOST_TABLES = 30


def index(
    *,
    scope: str,
    pages: Sequence[Link],
    asked_at: datetime,
    made_at: datetime,
    notes: Sequence[str],
    diagnoses: Sequence[Diagnosis],
    incidents: Sequence[Incident],
    machines: pd.DataFrame,
    portal: pd.DataFrame | None,
    health: Sequence[TableHealth],
    patch_notes: Sequence[str],
    notebooks: Sequence[Notebook],
    titles: Mapping[str, str],
    target: Mapping[str, Any],
    portal_of_queries: Portal | None = None,
    single: Single | None = None,
) -> str:
    """Make index.html; `titles` names the families, and only those among `notebooks` have a page.

    `single`: what the same page needs where it holds the whole report.
    """
    with_page = {notebook.family for notebook in notebooks}
    address = partial(_address, with_page=with_page)
    board = write_board(board_of(diagnoses, incidents, machines, portal), address)
    of_services = asked(diagnoses)
    groups = [group for group in unanswered(of_services) if len(group.diagnoses) > 1]
    age = made_at - asked_at
    lines = sorted(health, key=lambda line: (_STATE_ORDER.index(line.state), line.table, line.scope))
    return render(
        "index.html",
        title=TITLE,
        scope=scope,
        pages=pages,
        scripts=False,
        notes=notes,
        asked_at=to_the_minute(asked_at),
        asked_at_iso=write_moment(asked_at),
        days_old=age.days if age > OLD else 0,
        board=board,
        families=_families(of_services, incidents, titles, with_page, groups),
        health=lines[:_MOST_HEALTH],
        health_cut=len(lines[_MOST_HEALTH:]),
        unseen=sum(line.state in _UNSEEN for line in health),
        unseen_by_state=_unseen(health),
        patch_notes=patch_notes,
        notebooks=notebooks,
        titles=titles,
        files=FILES,
        target=_target(target),
        portal=portal_of_queries,
        single=single,
    )


def _families(
    diagnoses: Sequence[Diagnosis],
    incidents: Sequence[Incident],
    titles: Mapping[str, str],
    with_page: Collection[str],
    groups: Sequence[Unanswered],
) -> list[dict[str, Any]]:
    ordered = by_urgency(diagnoses, incidents)
    told = {diagnosis.scenario: group for group in groups for diagnosis in group.diagnoses}
    return [
        {
            "title": titles.get(family, family),
            "href": _address(family, with_page=with_page),
            "scenarios": [
                _row(diagnosis, with_page, told.get(diagnosis.scenario))
                for diagnosis in ordered
                if diagnosis.family == family
            ],
        }
        for family in dict.fromkeys(diagnosis.family for diagnosis in ordered)
    ]


def _row(diagnosis: Diagnosis, with_page: Collection[str], group: Unanswered | None) -> dict[str, Any]:
    reason = diagnosis.reason
    if group is not None:
        reason = "; ".join(filter(None, ["as said above", beyond(group, diagnosis)]))
    return {
        "name": diagnosis.scenario,
        "title": diagnosis.title,
        "href": _address(diagnosis.family, diagnosis.scenario, with_page=with_page),
        "verdict": diagnosis.verdict.value,
        "reason": reason,
        "counts": _by_severity(diagnosis),
    }


def _by_severity(diagnosis: Diagnosis) -> str:
    counts = Counter(finding.severity for finding in diagnosis.findings)
    return ", ".join(f"{counts[severity]:,} {severity.value}" for severity in Severity if counts[severity])


def _unseen(health: Sequence[TableHealth]) -> list[tuple[str, str]]:
    """Name the tables that could not be seen whole, by what is wrong with them."""
    tables = {
        state: list(dict.fromkeys(line.table for line in health if line.state is state)) for state in _UNSEEN
    }
    return [(state.value, _named(names, _MOST_TABLES)) for state, names in tables.items() if names]


def _target(target: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name what was asked, by the last segments of the ids."""
    account = str(target["automation_account"])
    asked = (
        ("workspaces", [id_.rpartition("/")[2] for id_ in target["workspaces"]]),
        ("Automation account", [account.rpartition("/")[2]] if account else []),
        ("subscriptions", [str(len(target["subscriptions"]))] if target["subscriptions"] else []),
    )
    return [(word, _named(names)) for word, names in asked if names]


def _named(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """List the first names, and how many more there are."""
    listed = ", ".join(name if len(name) <= 64 else name[:63] + "…" for name in names[:most])
    return listed + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _address(family: str, scenario: str = "", *, with_page: Collection[str]) -> str:
    """Return where a family or one of its scenarios stands in this report, "" where it has no page."""
    return Place.PAGE.address(family, scenario) if family in with_page else ""
