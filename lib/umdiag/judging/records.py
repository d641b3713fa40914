"""Read back the diagnoses that a report's parent process judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from umdiag.model import Diagnosis, Finding, QueryUse, Severity, State, Subject, Verdict


def read_diagnoses(run: Path) -> dict[str, Diagnosis]:
    """Return the diagnoses of a run folder by scenario."""
    report = json.loads((run / "findings.json").read_text(encoding="utf-8"))
    facts = json.loads((run / "snapshot.json").read_text(encoding="utf-8"))["facts"]
    reasons = {name: fact.get("reason", "") for name, fact in facts.items()}
    return {one["scenario"]: _diagnosis(one, reasons) for one in report["diagnoses"]}


def _diagnosis(one: Mapping[str, Any], reasons: Mapping[str, str]) -> Diagnosis:
    return Diagnosis(
        scenario=one["scenario"],
        family=one["family"],
        title=one["title"],
        verdict=Verdict(one["verdict"]),
        reason=one["reason"],
        findings=tuple(
            Finding(
                **finding
                | {"severity": Severity(finding["severity"]), "subject": Subject(**finding["subject"])}
            )
            for finding in one["findings"]
        ),
        queries=tuple(
            QueryUse(**query | {"state": State(query["state"]), "reason": reasons.get(query["name"], "")})
            for query in one["queries"]
        ),
    )
