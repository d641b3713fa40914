"""Write subjects and values of frames in the words of a finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.model import Cause, Subject
from umdiag.words.counting import counted

#: How many rows of one kind a finding shows.
SHOWN = 25


def subject(machine: Any) -> Subject:
    """Return the subject of a row that carries a machine's computer and subject_id."""
    return Subject(kind="machine", name=machine.computer, id=machine.subject_id or machine.computer)


def or_none(value: Any) -> Any:
    """Return a value as evidence holds it: None for what is not there, Python's own numbers and texts."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)) or value == "":
        return None
    return value.item() if hasattr(value, "item") else value


def told(row: Any, *columns: str) -> dict[str, Any]:
    """Return these columns of a row as evidence."""
    return {column: or_none(getattr(row, column)) for column in columns}


def fitting(row: Any, causes: Sequence[Cause], otherwise: Cause | None = None) -> list[Cause]:
    """Return the causes whose column is true (not null) in a row, in order; `otherwise` where none is."""
    fits = [cause for cause in causes if or_none(getattr(row, cause.key))]
    return fits or ([otherwise] if otherwise else [])


def portal(resource_id: str, page: str = "overview") -> str:
    """Return the portal's address of a page of a resource."""
    return f"https://portal.azure.com/#resource/{resource_id.strip('/')}/{page}"


def undecided(number: int, what: str) -> str:
    """Say for how many machines something is unknown; `what` begins with *whether* and names no machine."""
    return f"unknown for {counted(number, 'machine')}: {what}"


def not_shown(machine: Any) -> list[str]:
    """Return what cannot be checked of a connected machine that Resource Graph does not show."""
    if not or_none(machine.hidden):
        return []
    return [
        "whether Azure Update Manager manages it: Resource Graph does not show its resource"
        f" (have Reader on {machine.arm_key.partition('/providers/')[0]} assigned to you)"
    ]


def refuse_nobody(machines: pd.DataFrame) -> None:
    """Raise Inconclusive where the logs tell of no machine."""
    if machines.empty:
        raise Inconclusive("no machine sent a heartbeat or an assessment in the window")
