"""What a run came to: the exit code that follows from it, and the summary that scripts read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from umdiag._version import __version__
from umdiag.model import Diagnosis, Incident, Severity, Verdict
from umdiag.report.document import Notebook
from umdiag.words.moments import write_moment

SCHEMA = "umdiag/summary/1"
_COUNTED = (Verdict.PROBLEM, Verdict.UNKNOWN, Verdict.HEALTHY)


class Reason(StrEnum):
    """Why `umdiag report` ended with the exit code that it ended with."""

    NOTHING_WRONG = "nothing_wrong"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    NOTEBOOK_FAILED = "notebook_failed"
    NOTHING_JUDGED = "nothing_judged"
    FAIL_ON_NEVER = "fail_on_never"


_CODES = {Reason.PROBLEM: 1, Reason.UNKNOWN: 3, Reason.NOTEBOOK_FAILED: 3, Reason.NOTHING_JUDGED: 3}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where to look, how the verdicts fell, what to fix in which order, how each notebook ended.

    `unmatched` says which entries of the `accepted` file fit no finding; `single_file` is the report as one
    file, None where that was not asked for.
    """

    index: Path
    asked_at: datetime
    diagnoses: Sequence[Diagnosis]
    incidents: Sequence[Incident] = ()
    notebooks: Sequence[Notebook] = ()
    unmatched: Sequence[str] = ()
    single_file: Path | None = None

    @property
    def verdicts(self) -> Mapping[Verdict, int]:
        """How many scenarios have each verdict; those of services that are not looked at count nowhere."""
        counts = Counter(diagnosis.verdict for diagnosis in self.diagnoses)
        return {verdict: counts[verdict] for verdict in _COUNTED}

    @property
    def failed(self) -> Sequence[str]:
        """Families whose notebook failed."""
        return [notebook.family for notebook in self.notebooks if notebook.status == "failed"]

    def exit_code(self, fail_on: str = "problem") -> int:
        """Return the exit code of `umdiag report --fail-on` problem, unknown or never (contract §1)."""
        return _CODES.get(self.reason(fail_on), 0)

    def reason(self, fail_on: str = "problem") -> Reason:
        """Return what decides the exit code; the first that holds, in the order of that `--fail-on`."""
        verdicts = self.verdicts
        judged = verdicts[Verdict.PROBLEM] + verdicts[Verdict.HEALTHY]
        problem = Reason.PROBLEM if verdicts[Verdict.PROBLEM] else None
        failed = Reason.NOTEBOOK_FAILED if self.failed else None
        if fail_on == "never":
            return Reason.FAIL_ON_NEVER
        if fail_on == "unknown":
            unknown = Reason.UNKNOWN if verdicts[Verdict.UNKNOWN] else None
            return unknown or failed or problem or Reason.NOTHING_WRONG
        return problem or failed or (Reason.NOTHING_WRONG if judged else Reason.NOTHING_JUDGED)

    def summary(self, fail_on: str = "problem") -> dict[str, Any]:
        """Return what `--json` prints: plain values, the keys of which stay as they are."""
        findings = [finding for diagnosis in self.diagnoses for finding in diagnosis.findings]
        severities = Counter(finding.severity for finding in findings if finding.accepted is None)
        return {
            "schema": SCHEMA,
            "kit_version": __version__,
            "asked_at": write_moment(self.asked_at),
            "report": self.index.parent.as_posix(),
            "index": self.index.as_posix(),
            "single_file": self.single_file.as_posix() if self.single_file else "",
            "exit_code": self.exit_code(fail_on),
            "reason": self.reason(fail_on).value,
            "verdicts": {verdict.value: count for verdict, count in self.verdicts.items()},
            "findings": {severity.value: severities[severity] for severity in Severity},
            "accepted": sum(finding.accepted is not None for finding in findings),
            "accepted_unmatched": list(self.unmatched),
            "incidents": [_incident(incident) for incident in self.incidents],
            "notebooks": [asdict(notebook) for notebook in self.notebooks],
        }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "scenario": incident.scenario,
        "cause": incident.cause,
        "severity": incident.severity.value,
        "roots": incident.roots,
        "explains": incident.explains,
        "machines": incident.machines,
        "first_step": incident.first_step,
    }
