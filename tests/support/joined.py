"""Draw incidents from findings made up for a test, with the frames that their joins rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from support.findings import diagnosis_of, finding_of
from umdiag.judging.incidents import Drawn, draw
from umdiag.judging.needs import needs
from umdiag.model import Diagnosis, Finding, Severity, Subject

Frames = Mapping[str, pd.DataFrame]


def found_on(
    subject: str, cause: str, *, kind: str = "machine", severity: Severity = Severity.MEDIUM, **more: Any
) -> Finding:
    """Return a finding on the subject with this id, whose name is the last part of it."""
    finding = finding_of(cause=cause, severity=severity, **more)
    return replace(finding, subject=Subject(kind=kind, name=subject.rpartition("/")[2], id=subject))


def drawn(found: Mapping[str, Sequence[Finding]], frames: Frames | None = None, **named: Any) -> Drawn:
    """Draw incidents from findings by scenario; `named` are parameters."""
    diagnoses: list[Diagnosis] = [diagnosis_of(*findings, scenario=name) for name, findings in found.items()]
    return draw(diagnoses, caller(frames or {}, {"update_run": ""} | named))


def caller(frames: Frames, named: Mapping[str, Any]) -> Callable[[Callable[..., Any]], Any]:
    """Return what calls a function with the frames and parameters that it names, None for no frame."""

    def call(function: Callable[..., Any]) -> Any:
        wanted = needs(function)
        data = [frames.get(need.name) for need in wanted if need.is_data]
        return function(*data, **{need.name: named[need.name] for need in wanted if not need.is_data})

    return call
