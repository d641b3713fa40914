"""The schema of findings.json as its records declare it; `make fix` writes it."""

from __future__ import annotations

import json
from pathlib import Path

import umdiag
from umdiag.report.document import schema


def forms() -> dict[Path, str]:
    """Return the file with what it should hold."""
    file = Path(umdiag.__file__).parent / "report" / "findings.schema.json"
    return {file: json.dumps(schema(), indent=2) + "\n"}
