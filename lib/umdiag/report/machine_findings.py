"""Which findings are about which machine: by its id and name, else by its id, else by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from umdiag.model import Diagnosis, Finding
from umdiag.show.urgency import weight

Text: TypeAlias = "pd.Series[Any]"
#: State of a machine that a finding names and the machine table does not.
NOT_LISTED = "not_listed"
#: A finding whose machine cannot be told from others of its name or id is shown on so many of them.
MOST_NAMESAKES = 20
_IDS = ("resource_id", "source_computer_id")


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Machines with their findings.

    `machines`: the machine table, and below it those that only findings name (state `not_listed`).
    `pairs`: number of a machine and of a finding in `findings`; by machine, the most urgent finding first.
    `scenarios`: the diagnosis of each finding, beside it: a tuple for each would be 200,000 to look after.
    """

    machines: pd.DataFrame
    findings: Sequence[Finding]
    scenarios: Sequence[Diagnosis]
    pairs: pd.DataFrame


def join(machines: pd.DataFrame, diagnoses: Sequence[Diagnosis]) -> Joined:
    """Bring together the machine table and every finding whose subject is a machine."""
    findings: list[Finding] = []
    scenarios: list[Diagnosis] = []
    for diagnosis in diagnoses:
        of_machines = [finding for finding in diagnosis.findings if finding.subject.kind == "machine"]
        findings += of_machines
        scenarios += [diagnosis] * len(of_machines)
    subjects = _subjects(findings)
    pairs = _pairs(machines, subjects)
    strangers = subjects[~subjects["finding"].isin(pairs["finding"])]
    whole = pd.concat([machines, _rows(strangers, machines)], ignore_index=True)
    numbers = strangers["id"].where(strangers["id"] != "", strangers["name"]).factorize()[0]
    pairs = pd.concat([pairs, strangers[["finding"]].assign(machine=numbers + len(machines))])
    pairs = pairs.merge(subjects[["finding", "order"]], on="finding").sort_values(
        ["machine", "order", "finding"]
    )
    pairs = pairs[["machine", "finding"]].reset_index(drop=True)
    return Joined(machines=whole, pairs=pairs, findings=findings, scenarios=scenarios)


def folded(texts: Text) -> Text:
    """Return texts as names are compared, "" for null."""
    return texts.astype("str").fillna("").str.strip().str.casefold()


def _subjects(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return one row per finding: its number, name and id as written and folded, its place by urgency."""
    subjects = pd.DataFrame(
        {
            "finding": pd.RangeIndex(len(findings)),
            "said_name": pd.Series([finding.subject.name for finding in findings], dtype="str"),
            "said_id": pd.Series([finding.subject.id for finding in findings], dtype="str"),
            "order": pd.Series(_order(findings), dtype="int64"),
        }
    )
    return subjects.assign(name=folded(subjects["said_name"]), id=folded(subjects["said_id"]))


def _order(findings: Sequence[Finding]) -> list[int]:
    """Return the place of each finding by urgency; many share one, as few things decide about it."""
    grades = [f"{finding.severity} {finding.accepted is None} {finding.cause}" for finding in findings]
    weights = {grade: weight(finding) for grade, finding in dict(zip(grades, findings, strict=True)).items()}
    places = {least: place for place, least in enumerate(sorted(set(weights.values())))}
    return [places[weights[grade]] for grade in grades]


def _pairs(machines: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    names = pd.DataFrame({"machine": range(len(machines)), "name": folded(machines["computer"])})
    ids = pd.concat([names.assign(id=folded(machines[column])) for column in _IDS]).drop_duplicates()
    ids = ids[ids["id"] != ""]
    names = names[names["name"] != ""]
    left, pairs = subjects, []
    for known, keys in ((ids, ["id", "name"]), (ids, ["id"]), (names, ["name"])):
        few = known[known.groupby(keys).cumcount() < MOST_NAMESAKES]
        met = left[["finding", *keys]].merge(few[["machine", *keys]], on=keys)
        pairs.append(met[["machine", "finding"]])
        left = left[~left["finding"].isin(met["finding"])]
    return pd.concat(pairs).drop_duplicates()


def _rows(strangers: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each machine that is in no machine table: its name, its id, nothing else."""
    keys = strangers["id"].where(strangers["id"] != "", strangers["name"])
    first = strangers[~keys.duplicated()]
    is_resource = first["id"].str.startswith("/")
    rows = pd.DataFrame(
        {
            "computer": first["said_name"].where(first["name"] != "", first["said_id"]),
            "resource_id": first["said_id"].where(is_resource, ""),
            "source_computer_id": first["said_id"].mask(is_resource, ""),
            "state": NOT_LISTED,
        }
    )
    return rows.reindex(columns=machines.columns).astype(dict(machines.dtypes))
