"""The script of all machines read back, and estates to write it of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from umdiag.frames.population import COLUMNS
from umdiag.model import Diagnosis
from umdiag.report.machine_script import NAME, write_machines_js

_TIME = "datetime64[us, UTC]"
_TYPES = {
    "last_heartbeat": _TIME, "last_assessed": _TIME, "missing_critical": "Int64", "missing_security": "Int64",
    "missing_other": "Int64", "unapproved_security": "Int64", "reboot_pending": "boolean",
}  # fmt: skip


def table_of(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return a machine table; what a row does not say is empty, and a number or time not known."""
    whole = [{name: row.get(name, None if name in _TYPES else "") for name in COLUMNS} for row in rows]
    frame = pd.DataFrame(whole, columns=list(COLUMNS))
    return frame.astype({name: _TYPES.get(name, "str") for name in COLUMNS})


def written(folder: Path, machines: pd.DataFrame, diagnoses: Sequence[Diagnosis] = ()) -> Path:
    """Write the script of these machines and return it."""
    write_machines_js(folder / NAME, machines, diagnoses, families=["assessment"])
    return folder / NAME


def content(script: Path) -> dict[str, Any]:
    """Return what the script sets, after a look at its form: one name, one literal of plain ASCII."""
    text = script.read_bytes().decode("ascii")
    begin, end = "window.umdiagMachines={", "};\n"
    assert text.startswith(begin)
    assert text.endswith(end)
    assert not set("<>&\r") & set(text)
    read: dict[str, Any] = json.loads("{" + text[len(begin) : -len(end)] + "}")
    return read


def machines_in(read: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the machine table."""
    columns = {name: _column(read[name]) for name in COLUMNS if name != "resource_id"}
    columns["resource_id"] = [
        folder + _last(last, name)
        for folder, last, name in zip(
            _column(read["folder"]), read["resource"], columns["computer"], strict=True
        )
    ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def findings_in(read: dict[str, Any]) -> list[tuple[int, str, str, str, dict[str, str], str]]:
    """Return machine, scenario, cause, severity, evidence and acceptance of each finding."""
    evidence = iter(_column(read["evidence"]))
    rows = [row for row, count in enumerate(read["count"]) for _ in range(count)]
    columns = (_column(read[name]) for name in ("kinds", "severity", "accepted"))
    found = [
        (row, kind[0], kind[1], severity, {key: next(evidence) for key in kind[3:]}, accepted)
        for row, kind, severity, accepted in zip(rows, *columns, strict=True)
    ]
    assert next(evidence, None) is None
    return found


def _column(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data["values"][place] for place in data["at"]]


def _last(last: Any, name: str) -> str:
    return name if last == 0 else name.split(".")[0].lower() if last == 1 else str(last)
