"""Roots and what follows from them, drawn from findings: once per report, after all scenarios are judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from umdiag.judging.incidents.edges import links
from umdiag.judging.incidents.joins import Call, pairs
from umdiag.judging.incidents.sharing import Properties, properties
from umdiag.judging.incidents.table import Findings, findings_of
from umdiag.model import Common, Diagnosis, Explanation, Finding, Incident, Severity

_MOST_SUBJECTS = 5
#: What so many machines among the roots have in common is no chance.
_LEAST_MACHINES = 5


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Diagnoses whose findings say what explains them, and the incidents, in the order of the report."""

    diagnoses: tuple[Diagnosis, ...]
    incidents: tuple[Incident, ...]


def draw(diagnoses: Sequence[Diagnosis], call: Call) -> Drawn:
    """Join the findings of all these diagnoses; `call` calls a function with the data that it names."""
    known = findings_of(diagnoses)
    explained = _explained(known, call)
    by_finding = _explanations(known, explained)
    numbers = iter(range(len(known.findings)))
    return Drawn(
        diagnoses=tuple(
            replace(
                diagnosis,
                findings=tuple(
                    replace(finding, explained_by=by_finding.get(next(numbers), ()))
                    if finding.counts
                    else finding
                    for finding in diagnosis.findings
                ),
            )
            for diagnosis in diagnoses
        ),
        incidents=tuple(_incidents(known, explained, call)),
    )


def _explained(known: Findings, call: Call) -> pd.DataFrame:
    """Return explained and by, numbers of findings: each pair once, in the order of the table of edges."""
    joined = [
        pairs(link.join, known.of(link.explained), known.of(link.by), known, call).assign(rank=link.rank)
        for link in links(known.kinds)
    ]
    nothing = pd.DataFrame({"explained": [], "by": [], "rank": []}, dtype="int64")
    told = pd.concat([nothing, *joined]).sort_values(["explained", "rank", "by"])
    return told.drop_duplicates(["explained", "by"])[["explained", "by"]].reset_index(drop=True)


def _explanations(known: Findings, explained: pd.DataFrame) -> dict[int, tuple[Explanation, ...]]:
    by_finding: dict[int, tuple[Explanation, ...]] = {}
    told = {number: _explanation(known, number) for number in explained["by"].unique()}
    for number, by in zip(explained["explained"], explained["by"], strict=True):
        by_finding[number] = (*by_finding.get(number, ()), told[by])
    return by_finding


def _explanation(known: Findings, number: int) -> Explanation:
    finding = known.findings[number]
    return Explanation(scenario=known.scenarios[number], cause=finding.cause, subject_id=finding.subject.id)


def _incidents(known: Findings, explained: pd.DataFrame, call: Call) -> Iterator[Incident]:
    members = _members(known, explained)
    if members.empty:
        return
    rows = members.join(known.rows, on="number")
    machines = rows[rows["subject_kind"] == "machine"]
    of_roots = machines[machines["root"]].groupby("incident")["subject"].agg(set)
    counted = machines.groupby("incident")["subject"].nunique()
    enough = {number for number, subjects in of_roots.items() if len(subjects) >= _LEAST_MACHINES}
    told = properties(call) if enough else Properties.of_nothing()
    incidents = []
    for incident, rows_of in members.groupby("incident"):
        common = told.common(of_roots[incident]) if incident in enough else ()
        incidents.append(_incident(known, rows_of, int(counted.get(incident, 0)), common))
    yield from sorted(incidents, key=_place)


def _members(known: Findings, explained: pd.DataFrame) -> pd.DataFrame:
    """Return incident (a number), number (of a finding) and root: roots, and what follows from them."""
    rows = known.rows[~known.rows.index.isin(explained["explained"])]
    incident = rows.groupby(["scenario", "cause"], sort=False).ngroup()
    reached = pd.DataFrame({"incident": incident, "number": rows.index, "root": True})
    frontier = reached
    while len(frontier):
        further = frontier.merge(explained, left_on="number", right_on="by")[["incident", "explained"]]
        further = further.rename(columns={"explained": "number"}).drop_duplicates().assign(root=False)
        known_pairs = pd.MultiIndex.from_frame(reached[["incident", "number"]])
        is_new = ~pd.MultiIndex.from_frame(further[["incident", "number"]]).isin(known_pairs)
        frontier = further[is_new]
        reached = pd.concat([reached, frontier], ignore_index=True)
    return reached.sort_values(["incident", "root", "number"], ascending=[True, False, True])


def _incident(known: Findings, members: pd.DataFrame, machines: int, common: Sequence[Common]) -> Incident:
    numbers = members["number"].tolist()
    count = int(members["root"].sum())  # roots stand first
    roots = sorted((known.findings[number] for number in numbers[:count]), key=_urgency)
    names = dict.fromkeys(finding.subject.name or finding.subject.id for finding in roots)
    return Incident(
        scenario=known.scenarios[numbers[0]],
        cause=roots[0].cause,
        severity=min((known.findings[number].severity for number in numbers), key=_rank),
        roots=count,
        explains=len(numbers) - count,
        machines=machines,
        first_step=next(iter(roots[0].resolution), ""),
        subjects=tuple(names)[:_MOST_SUBJECTS],
        common=common,
    )


def _rank(severity: Severity) -> int:
    return severity.rank


def _urgency(finding: Finding) -> tuple[int, str, str]:
    return finding.severity.rank, finding.subject.name.casefold(), finding.subject.id


def _place(incident: Incident) -> tuple[int, int, str, str]:
    """Order incidents: the gravest first, then that with which most goes away."""
    return incident.severity.rank, -incident.explains - incident.roots, incident.scenario, incident.cause
