"""Where to go next: which notebook, and why, read off the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from umdiag.model import Diagnosis, Finding, Severity, Verdict
from umdiag.show.blocks import Block, counted, esc, in_report, link
from umdiag.show.diagnoses import kinds, urgency
from umdiag.show.ways import ROOTS, ways_from

_MOST_REASONS = 3
#: Notebooks that speak of every family: there a family with a problem is a way of its own.
_ALL = ("overview", "machine", "")


def next_steps(diagnoses: Sequence[Diagnosis], *, here: str = "", computer: str = "") -> Block:
    """Name the notebooks to open next and why, the most urgent first.

    `here` is the notebook that is open; with `computer` only findings on that machine count.
    """
    seen = [_only(one, computer) for one in diagnoses] if computer.strip() else list(diagnoses)
    problems = [one for one in seen if one.verdict is Verdict.PROBLEM]
    listed = _roots_first(problems) if here in _ALL else []
    lines = [_family_line(family, seen) for family in listed]
    if here not in _ALL or computer:
        lines += _followed(problems, {here, *listed})
    if here != "machine":
        lines += [*_on_machine(problems, told=here not in _ALL)]
    if here in _ALL and not computer:
        lines += _clean(seen)
    if unknown := [one for one in seen if one.verdict is Verdict.UNKNOWN]:
        number = counted(len(unknown), "question")
        pages = ", ".join(_page(family) for family in dict.fromkeys(one.family for one in unknown))
        where = f" ({pages})" if here in _ALL else ""
        lines.append(f"{number} could not be answered{where}: the section says why, and what to do.")
    if not problems and not unknown:
        whole = f" {_way('overview')} shows everything." if here else ""
        return Block(f"<p>Nothing to follow up.{whole}</p>")
    return Block(f"<ol>{''.join(f'<li>{line}</li>' for line in lines)}</ol>")


def by_urgency(diagnoses: Sequence[Diagnosis]) -> list[str]:
    """Order the families of these diagnoses by the most urgent that was found in each."""
    return list(dict.fromkeys(one.family for one in sorted(diagnoses, key=urgency)))


def _roots_first(problems: Sequence[Diagnosis]) -> list[str]:
    """Order families by urgency, but each after those in which the root of its findings lies."""
    order = by_urgency(problems)
    listed: list[str] = []
    for family in order:
        reasons = _reasons([one for one in problems if one.family == family])
        roots = [name for name, why in reasons.items() if ROOTS & set(why) and name in order]
        listed += [name for name in (*roots, family) if name not in listed]
    return listed


def _family_line(family: str, diagnoses: Sequence[Diagnosis]) -> str:
    """Say what was found in a family, what to begin with, and what of other families has its root there."""
    problems = sorted((one for one in diagnoses if one.verdict is Verdict.PROBLEM), key=urgency)
    own = [one for one in problems if one.family == family]
    said = f"{counted(len(own), 'problem')} there: {kinds(_grave(own))}."
    if len(own) > 1:
        said += f" Most urgent: {own[0].title}"
    led = _reasons([one for one in problems if one.family != family]).get(family, {})
    if explained := [finding for why, found in led.items() if why in ROOTS for finding in found]:
        said += f" The root of findings on {kinds(explained)} elsewhere lies here: begin with it."
    return f"{_way(family)}: {esc(said)}"


def _followed(problems: Sequence[Diagnosis], listed: set[str]) -> list[str]:
    """Write one line per further notebook to which causes lead, with the reasons and how many have each."""
    reasons = {name: why for name, why in _reasons(problems).items() if name not in {*listed, "machine"}}
    order = sorted(reasons, key=lambda name: _depth(reasons[name]))
    return [f"{_way(name)}: {esc(_because(reasons[name]))}" for name in order]


def _on_machine(problems: Sequence[Diagnosis], *, told: bool) -> Iterator[str]:
    """Lead to the machine that the findings say most of; `told`: with the reason.

    A report shows but one machine, the worst of all; any other is asked for.
    """
    findings = [finding for one in problems for finding in one.findings if _is_machine(finding)]
    if not findings:
        return
    reasons = _reasons(problems).get("machine", {}) if told else {}
    if reasons:
        why = min(reasons, key=lambda why: _weight(reasons[why]))
        said = f"{why} Begin with {_worst(reasons[why])} (parameter computers)."
    elif told:
        said = f"all findings on one machine, such as {_worst(findings)} (parameter computers)."
    else:
        said = f"{_worst(findings)} on one time line, with every finding on it;"
        said += " the parameter computers takes any other."
    yield f"{_way('machine')}: {esc(said)}"


def _reasons(problems: Sequence[Diagnosis]) -> dict[str, dict[str, list[Finding]]]:
    """Collect the findings that lead to each notebook, by the reason."""
    reasons: dict[str, dict[str, list[Finding]]] = {}
    for one in sorted(problems, key=urgency):
        for finding in _grave([one]):
            for name, why in ways_from(one.scenario, finding.cause):
                reasons.setdefault(name, {}).setdefault(why, []).append(finding)
    return reasons


def _because(reasons: dict[str, list[Finding]]) -> str:
    ordered = sorted(reasons, key=lambda why: _weight(reasons[why]))
    said = [f"{kinds(reasons[why])}: {why}" for why in ordered[:_MOST_REASONS]]
    more = len(ordered) - len(said)
    return " ".join([*said, f"And {counted(more, 'reason')} more." if more else ""]).strip()


def _depth(reasons: Mapping[str, Sequence[Finding]]) -> tuple[bool, int, int]:
    """Order notebooks: what is the root of something first, then what the gravest findings lead to."""
    return min((why not in ROOTS, *_weight(found)) for why, found in reasons.items())


def _weight(findings: Sequence[Finding]) -> tuple[int, int]:
    return min(finding.severity.rank for finding in findings), -len(findings)


def _worst(findings: Sequence[Finding]) -> str:
    """Return the name of the machine with the gravest findings."""
    ranks: dict[str, list[int]] = {}
    for finding in findings:
        ranks.setdefault(finding.subject.name, []).append(finding.severity.rank)
    return min(ranks, key=lambda name: (min(ranks[name]), -len(ranks[name]), name.lower()))


def _clean(diagnoses: Sequence[Diagnosis]) -> list[str]:
    """Name the families in which everything is well: nobody need open them."""
    verdicts: dict[str, set[Verdict]] = {}
    for one in diagnoses:
        verdicts.setdefault(one.family, set()).add(one.verdict)
    well = [family for family, found in verdicts.items() if found == {Verdict.HEALTHY}]
    return [f"Nothing found in {', '.join(map(_page, well))}."] if well and len(well) < len(verdicts) else []


def _grave(diagnoses: Iterable[Diagnosis]) -> list[Finding]:
    findings = (finding for one in diagnoses for finding in one.findings)
    return [finding for finding in findings if finding.severity is not Severity.INFO]


def _is_machine(finding: Finding) -> bool:
    return finding.subject.kind == "machine"


def _only(one: Diagnosis, computer: str) -> Diagnosis:
    """Keep of a problem what was found on one machine."""
    if one.verdict is not Verdict.PROBLEM:
        return one
    wanted = computer.strip().casefold()
    own = tuple(
        finding
        for finding in one.findings
        if _is_machine(finding) and finding.subject.name.strip().casefold() == wanted
    )
    kept = replace(one, findings=own)
    return kept if _grave([kept]) else replace(kept, verdict=Verdict.HEALTHY)


def _way(name: str) -> str:
    # Here, not above: showing rests on the records alone, and only words come from the scenarios.
    from umdiag.scenarios import FAMILIES

    return f"<b>{_page(name)}</b>" + (f" ({esc(FAMILIES[name])})" if name in FAMILIES else "")


def _page(name: str) -> str:
    return link(f"{name}.html" if in_report() else f"{name}.ipynb", name)
