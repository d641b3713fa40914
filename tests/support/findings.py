"""Findings and diagnoses made up for tests of what is written about them."""

from __future__ import annotations

from typing import Any

from umdiag.model import Diagnosis, Finding, Severity, Subject, Verdict

MICROSOFT = "https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap"


def finding_of(
    name: str = "vm-1",
    cause: str = "agent_stopped",
    severity: Severity = Severity.HIGH,
    kind: str = "machine",
    **more: Any,
) -> Finding:
    """Return a finding about a machine, with what differs from an ordinary one."""
    given = {"evidence": {}, "resolution": ("Restart the agent.",), "source": MICROSOFT} | more
    subject = Subject(kind=kind, name=name, id=f"id-{name}")
    return Finding(cause=cause, severity=severity, subject=subject, **given)


def diagnosis_of(
    *findings: Finding,
    verdict: Verdict | None = None,
    scenario: str = "machine_disconnected",
    family: str = "assessment",
    **more: Any,
) -> Diagnosis:
    """Return a diagnosis of these findings: a problem if there are any, else healthy."""
    given = {"title": "Which machines have stopped reporting?", "reason": ""} | more
    told = verdict or (Verdict.PROBLEM if findings else Verdict.HEALTHY)
    return Diagnosis(scenario=scenario, family=family, verdict=told, findings=findings, **given)
