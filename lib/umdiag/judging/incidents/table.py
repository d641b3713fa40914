"""Findings as a table, on which joins and counts work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from umdiag.frames.shared.text import identity
from umdiag.model import Diagnosis, Finding

#: Columns of the table of findings; a finding's number is its place in it.
COLUMNS = ("scenario", "cause", "subject_kind", "subject")


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The findings that make problems, of all diagnoses, and `rows`: one for each, with `COLUMNS`.

    `subject` is the id of the subject as ids are compared: in small letters, without a slash at its end.
    """

    scenarios: list[str]
    findings: list[Finding]
    rows: pd.DataFrame

    def of(self, kind: str) -> pd.DataFrame:
        """Return the rows of a kind, written `scenario` or `scenario/cause`."""
        scenario, _, cause = kind.partition("/")
        chosen = self.rows["scenario"] == scenario
        return self.rows[chosen & (self.rows["cause"] == cause) if cause else chosen]

    @property
    def kinds(self) -> set[str]:
        """Every kind that there is a finding of, with its cause and without."""
        pairs = self.rows[["scenario", "cause"]].drop_duplicates()
        of_causes = {f"{row.scenario}/{row.cause}" for row in pairs.itertuples()}
        return {*pairs["scenario"], *of_causes}


def findings_of(diagnoses: Iterable[Diagnosis]) -> Findings:
    """Collect what makes a problem: no remark (severity info), and nothing that was accepted."""
    told = [
        (diagnosis.scenario, finding)
        for diagnosis in diagnoses
        for finding in diagnosis.findings
        if finding.counts
    ]
    cells = [
        (scenario, finding.cause, finding.subject.kind, identity(finding.subject.id))
        for scenario, finding in told
    ]
    return Findings(
        scenarios=[scenario for scenario, _ in told],
        findings=[finding for _, finding in told],
        rows=pd.DataFrame(cells, columns=list(COLUMNS), dtype="str"),
    )
