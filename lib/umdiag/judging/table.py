"""Findings as a frame, one row each, filtered by what they are and whom they concern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from umdiag.errors import UmdiagError
from umdiag.model import Diagnosis, Severity
from umdiag.scenarios import catalogue

COLUMNS = (
    "severity", "scenario", "cause", "subject", "kind", "explained", "accepted", "first_step", "family", "id",
)  # fmt: skip


def finding_table(
    diagnoses: Iterable[Diagnosis],
    *,
    scenario: str = "",
    severity: str = "",
    cause: str = "",
    computer: str = "",
) -> pd.DataFrame:
    """Return one row per finding with COLUMNS, worst first; each filter that is given must hold.

    `explained`: it follows from others. Raises UmdiagError for names that are not known.
    """
    known = {judged.name: {cause.key for cause in judged.causes} for judged in catalogue()}
    _check("scenario", scenario, known)
    _check("severity", severity, [level.value for level in Severity])
    _check("cause", cause, sorted(set().union(*known.values())))
    rows = [
        (
            finding.severity.value,
            diagnosis.scenario,
            finding.cause,
            finding.subject.name,
            finding.subject.kind,
            bool(finding.explained_by),
            finding.accepted is not None,
            next(iter(finding.resolution), ""),
            diagnosis.family,
            finding.subject.id,
        )
        for diagnosis in diagnoses
        for finding in diagnosis.findings
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column, wanted in (("scenario", scenario), ("severity", severity), ("cause", cause)):
        if wanted:
            frame = frame[frame[column] == wanted]
    if computer:
        named = frame["subject"].astype("str").str.strip().str.casefold() == computer.strip().casefold()
        frame = frame[named & (frame["kind"] == "machine")]
    order = {level.value: place for place, level in enumerate(Severity)}
    return frame.sort_values("severity", key=lambda levels: levels.map(order), kind="stable").reset_index(
        drop=True
    )


def _check(what: str, wanted: str, known: Iterable[str]) -> None:
    names: Sequence[str] = list(known)
    if wanted and wanted not in names:
        near = [name for name in names if wanted.casefold() in name.casefold()][:5] or names[:5]
        raise UmdiagError(f"{what} {wanted[:80]!r}: is not known; there is for one {', '.join(near)}")
