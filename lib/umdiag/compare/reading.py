"""A report read back from its folder, as tables that can be laid beside those of another."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from umdiag.errors import CallError
from umdiag.report.folder import is_report

_FINDINGS = ("scenario", "cause", "severity", "kind", "key", "name", "counts")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a report says of one scenario, findings aside."""

    title: str
    verdict: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReadReport:
    """A report.

    `findings`: one row per finding: scenario, cause, severity, kind, key (the subject's folded id, else its
    folded name), name, counts (whether it makes a problem). `machines`: one row per machine: key, computer,
    state. `incidents` as in findings.json. `parameters`: those that its notebooks were run with, {} where it
    keeps no notebook.
    """

    folder: Path
    parameters: Mapping[str, Any]
    asked_at: datetime
    kit_version: str
    lookback: str
    target: Mapping[str, Any]
    judged: Mapping[str, Judged]
    findings: pd.DataFrame
    machines: pd.DataFrame
    incidents: Sequence[Mapping[str, Any]]


def read_report(folder: Path) -> ReadReport:
    """Read a report's folder. Raises CallError for what is none, and for one that is damaged."""
    if not is_report(folder):
        raise CallError(f"{folder}: is not a report, name the folder of one")
    try:
        told = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
        machines = _read_machines(folder / "machines.csv")
        return ReadReport(
            folder=folder,
            parameters=_parameters(folder),
            asked_at=datetime.fromisoformat(told["asked_at"]),
            kit_version=str(told["kit_version"]),
            lookback=str(told["lookback"]),
            target=dict(told["target"]),
            judged={
                judged["scenario"]: Judged(
                    title=str(judged["title"]), verdict=str(judged["verdict"]), reason=str(judged["reason"])
                )
                for judged in told["diagnoses"]
            },
            findings=_findings(told["diagnoses"]),
            machines=_machines(machines),
            incidents=list(told.get("incidents", ())),
        )
    except OSError as error:
        raise CallError(f"{folder}: the report cannot be read ({error.strerror}); make it again") from None
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        raise CallError(
            f"{folder}: findings.json or machines.csv is damaged or cut off; make the report again"
        ) from None


def _findings(diagnoses: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows = [
        (
            judged["scenario"],
            finding["cause"],
            finding["severity"],
            finding["subject"]["kind"],
            (finding["subject"]["id"] or finding["subject"]["name"]).casefold(),
            finding["subject"]["name"],
            finding["severity"] != "info" and not finding.get("accepted"),
        )
        for judged in diagnoses
        for finding in judged["findings"]
    ]
    frame = pd.DataFrame(rows, columns=list(_FINDINGS))
    return frame.astype(dict.fromkeys(_FINDINGS[:-1], "string") | {"counts": "bool"})


def _read_machines(file: Path) -> pd.DataFrame:
    """Read machines.csv. Raises ValueError where its last row is cut off."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    header, last = (next(csv.reader([line])) for line in (lines[0], lines[-1]))
    if not lines[-1].endswith("\n") or len(header) != len(last):
        raise ValueError("cut off")
    return pd.read_csv(file, dtype="string", keep_default_na=False)


def _parameters(folder: Path) -> Mapping[str, Any]:
    """Return the values that papermill set in the notebooks of a report; nothing of them is run."""
    for file in sorted(folder.glob("*.ipynb")):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            if "injected-parameters" in cell.get("metadata", {}).get("tags", ()):
                return dict(_assigned("".join(cell["source"])))
    return {}


def _assigned(source: str) -> Iterator[tuple[str, Any]]:
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            yield statement.targets[0].id, ast.literal_eval(statement.value)


def _machines(rows: pd.DataFrame) -> pd.DataFrame:
    """Name each machine by its ARM id, else by its agent's id, else by its name."""
    ids = rows["resource_id"].where(rows["resource_id"] != "", rows["source_computer_id"])
    keys = ids.where(ids != "", rows["computer"]).str.casefold()
    machines = pd.DataFrame({"key": keys, "computer": rows["computer"], "state": rows["state"]})
    return machines.drop_duplicates("key", ignore_index=True)
