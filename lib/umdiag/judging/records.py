"""Diagnoses and incidents read back from the folder of a report, for the kernels that show them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from umdiag.model import Diagnosis, Incident


def read_diagnoses(run: Path) -> dict[str, Diagnosis]:
    """Return, by scenario, the diagnoses of a report that its parent process judged."""
    findings, snapshot = _json(run / "findings.json"), _json(run / "snapshot.json")
    reasons = {name: fact.get("reason", "") for name, fact in snapshot["facts"].items()}
    diagnoses = _diagnoses().validate_python(findings["diagnoses"])
    return {diagnosis.scenario: _with_reasons(diagnosis, reasons) for diagnosis in diagnoses}


def read_incidents(run: Path) -> Sequence[Incident]:
    """Return the incidents of a report, in its order."""
    return _incidents().validate_python(_json(run / "findings.json")["incidents"])


def _with_reasons(diagnosis: Diagnosis, reasons: dict[str, str]) -> Diagnosis:
    queries = (replace(query, reason=reasons.get(query.name, "")) for query in diagnosis.queries)
    return replace(diagnosis, queries=tuple(queries))


@cache
def _diagnoses() -> TypeAdapter[Sequence[Diagnosis]]:
    return TypeAdapter(Sequence[Diagnosis])


@cache
def _incidents() -> TypeAdapter[Sequence[Incident]]:
    return TypeAdapter(Sequence[Incident])


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
