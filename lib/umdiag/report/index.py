"""The first page of a report: the answer, what to do first, and what could not be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from umdiag.charts.canvas import STATES
from umdiag.judging.verdicts import worst_first
from umdiag.model import Diagnosis, Finding, Severity, State, TableHealth, Verdict
from umdiag.report.document import Notebook
from umdiag.report.templates import Link, render
from umdiag.show.markup import Html
from umdiag.show.places import Place, referring
from umdiag.show.unanswered import Unanswered, beyond, unanswered
from umdiag.show.unasked import asked, unasked
from umdiag.show.urgency import by_urgency, families_by_urgency, leading
from umdiag.words.moments import to_the_minute, write_moment

#: Rows older than this make the whole report a picture of the past, and it says so aloud.
OLD = timedelta(days=2)
FILES = (
    ("machines.csv", "one row per machine: last heartbeat, last assessment, state, missing updates"),
    ("findings.csv", "one row per finding: cause, severity, subject, evidence, first step"),
    ("findings.json", "everything above for programs, with the queries as sent"),
    ("run.log", "what the run did, and how long it took"),
)
_MOST_NAMES = 5
_MOST_HEALTH = 60
_VERDICTS = (Verdict.PROBLEM, Verdict.UNKNOWN, Verdict.HEALTHY)
_UNSEEN = (State.UNREADABLE, State.DENIED, State.MISSING, State.PARTIAL)
_STATE_ORDER = (*_UNSEEN, State.EMPTY, State.COMPLETE)
_MOST_TABLES = 30


@dataclass(frozen=True, kw_only=True)
class _Task:
    """A scenario with a problem, as the list of what to do first shows it."""

    title: str
    href: str
    severity: Severity
    count: int
    subjects: str
    step: Html
    source: str
    fits: str


def index(
    *,
    scope: str,
    pages: Sequence[Link],
    asked_at: datetime,
    lookback: timedelta,
    made_at: datetime,
    notes: Sequence[str],
    diagnoses: Sequence[Diagnosis],
    machines: pd.DataFrame,
    health: Sequence[TableHealth],
    patch_notes: Sequence[str],
    notebooks: Sequence[Notebook],
    titles: Mapping[str, str],
    target: Mapping[str, Any],
) -> str:
    """Make index.html; `titles` names the families, and only those among `notebooks` have a page."""
    with_page = {notebook.family for notebook in notebooks}
    counts = Counter(diagnosis.verdict for diagnosis in diagnoses)
    of_services = asked(diagnoses)
    groups = [group for group in unanswered(of_services) if len(group.diagnoses) > 1]
    age = made_at - asked_at
    lines = sorted(health, key=lambda line: (_STATE_ORDER.index(line.state), line.table, line.scope))
    return render(
        "index.html",
        title="Summary",
        scope=scope,
        pages=pages,
        scripts=False,
        notes=notes,
        asked_at=to_the_minute(asked_at),
        asked_at_iso=write_moment(asked_at),
        start=to_the_minute(asked_at - lookback),
        days_old=age.days if age > OLD else 0,
        counts={verdict.value: counts[verdict] for verdict in _VERDICTS},
        total=len(of_services),
        unasked=unasked(diagnoses),
        unanswered=[group.said for group in groups],
        tasks=_tasks(diagnoses, with_page),
        families=_families(of_services, titles, with_page, groups),
        states=_states(machines),
        machines=len(machines),
        health=lines[:_MOST_HEALTH],
        health_cut=len(lines[_MOST_HEALTH:]),
        unseen=sum(line.state in _UNSEEN for line in health),
        unseen_by_state=_unseen(health),
        patch_notes=patch_notes,
        notebooks=notebooks,
        titles=titles,
        files=FILES,
        target=_target(target),
    )


def _tasks(diagnoses: Iterable[Diagnosis], with_page: Collection[str]) -> list[_Task]:
    leads = ((diagnosis, leading(diagnosis.findings)) for diagnosis in by_urgency(diagnoses))
    return [
        _task(diagnosis, lead, with_page)
        for diagnosis, lead in leads
        if diagnosis.verdict is Verdict.PROBLEM and lead is not None
    ]


def _task(diagnosis: Diagnosis, lead: Finding, with_page: Collection[str]) -> _Task:
    names = dict.fromkeys(finding.subject.name for finding in (lead, *worst_first(diagnosis.findings)))
    address = partial(_address, with_page=with_page)
    return _Task(
        title=diagnosis.title,
        href=address(diagnosis.family, diagnosis.scenario),
        severity=lead.severity,
        count=len(diagnosis.findings),
        subjects=_named(list(names)),
        step=referring(next(iter(lead.resolution), ""), address),
        source=lead.source if lead.source.startswith("https://") else "",
        fits=_fits(lead, diagnosis.findings),
    )


def _fits(lead: Finding, findings: Sequence[Finding]) -> str:
    """Say for which of the findings the first step is meant, where they have several causes."""
    alike = sum(
        finding.cause == lead.cause and list(finding.resolution[:1]) == list(lead.resolution[:1])
        for finding in findings
    )
    spoken = lead.cause.replace("_", " ")
    return f"{spoken}, {alike:,} of {len(findings):,}" if alike < len(findings) else spoken


def _families(
    diagnoses: Sequence[Diagnosis],
    titles: Mapping[str, str],
    with_page: Collection[str],
    groups: Sequence[Unanswered],
) -> list[dict[str, Any]]:
    ordered = by_urgency(diagnoses)
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
        for family in families_by_urgency(ordered)
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


def _states(machines: pd.DataFrame) -> list[dict[str, Any]]:
    counts = Counter(machines["state"])
    return [
        {
            "label": label,
            "colour": colour,
            "count": counts[state],
            "share": round(100 * counts[state] / len(machines), 1),
        }
        for state, (label, colour) in STATES.items()
        if counts[state]
    ]


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
