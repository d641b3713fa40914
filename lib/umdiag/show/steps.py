"""Where to go next: which notebook, and why, read off the findings."""

from __future__ import annotations

from collections.abc import Sequence

from umdiag.model import Diagnosis, Severity, Verdict
from umdiag.show.blocks import Block, counted, esc, in_report, link
from umdiag.show.diagnoses import kinds

#: Cause → the family that goes to the root of it, and why.
_ROOTS = {
    "quota_reached": (
        "quota",
        "the workspace stopped taking data; mend that first, then look at these machines again.",
    ),
    "gap_during_cap": (
        "assessment",
        "what machines sent during the gap is lost; see which assessments are stale.",
    ),
    "daily_cap_reached": ("assessment", "see whose assessments grew stale while nothing was collected."),
    "agent_stopped": (
        "missed_machines",
        "a silent machine takes part in no run; see which runs left it out.",
    ),
    "machine_unavailable": (
        "assessment",
        "the machines that were silent when the run began: are they heard again?",
    ),
    "security_updates_missing": (
        "missed_machines",
        "updates stay missing where runs leave machines out; see who was missed.",
    ),
}
_QUESTIONS = {
    "quota": "Is the workspace keeping what machines send?",
    "assessment": "What state is every machine in?",
    "missed_machines": "Who was left out of a run, and why?",
}


def next_steps(diagnoses: Sequence[Diagnosis], *, here: str = "") -> Block:
    """Name the notebooks to open next and why; `here` is the one that is open."""
    ways: dict[str, str] = {}
    problems = [one for one in diagnoses if one.verdict is Verdict.PROBLEM]
    for one in problems:
        if one.family != here and one.family not in ways:
            own = [problem for problem in problems if problem.family == one.family]
            found = [
                finding
                for problem in own
                for finding in problem.findings
                if finding.severity is not Severity.INFO
            ]
            ways[one.family] = f"{counted(len(own), 'problem')} there: {kinds(found)}."
    for one in problems:
        for finding in one.findings:
            family, why = _ROOTS.get(finding.cause, ("", ""))
            if family and family != here:
                ways.setdefault(family, why)
    machines = [finding for one in problems for finding in one.findings if finding.subject.kind == "machine"]
    if machines and here != "machine":
        ranks: dict[str, list[int]] = {}
        for finding in machines:
            ranks.setdefault(finding.subject.name, []).append(finding.severity.rank)
        worst = min(ranks, key=lambda name: (min(ranks[name]), -len(ranks[name]), name.lower()))
        ways["machine"] = (
            f"{worst} on one time line, with every finding on it (parameter computers takes any other)."
        )
    unknown = [one for one in diagnoses if one.verdict is Verdict.UNKNOWN]
    lines = [f"<li>{_way(name)}: {esc(why)}</li>" for name, why in ways.items()]
    if unknown:
        number = counted(len(unknown), "question")
        said = f"{number} could not be answered: the section says why, and what to do."
        lines.append(f"<li>{esc(said)}</li>")
    if not lines:
        return Block(
            f"<p>Nothing to follow up. {_way('overview')} shows everything.</p>"
            if here
            else "<p>Nothing to follow up.</p>"
        )
    return Block(f"<ol>{''.join(lines)}</ol>")


def _way(name: str) -> str:
    page = link(f"{name}.html" if in_report() else f"{name}.ipynb", name)
    return f"<b>{page}</b>" + (f" ({esc(_QUESTIONS[name])})" if name in _QUESTIONS else "")
