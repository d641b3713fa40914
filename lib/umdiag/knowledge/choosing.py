"""Choose among the rows that a text matches: those of its own platform, and the reason before its effects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from umdiag.knowledge.table import ROLES, Knowledge

#: What shows from which program a line comes.
_SIGNS: Mapping[str, re.Pattern[str]] = {
    "apt": re.compile(r"\bapt(?:-get|itude)?\b|\bdpkg\b|\.deb\b|^\s*[ew]: |/etc/apt/|/var/lib/apt/", re.M),
    "yum": re.compile(
        r"\byum\b|\bt?dnf5?\b|\bcurl#|\bmirrorlist\b(?!/)|\[errno (?:12|14|256)\]"
        r"|\brhui\d?\b|subscription-manager|/etc/yum|\bcurl error \(|status code: \d+ for http"
    ),
    "rpm": re.compile(r"\brpm(?:db)?\b|\.rpm\b|\bscriptlet\b"),
    "zypper": re.compile(
        r"\bzypper\b|\blibzypp\b|suseconnect|registercloudguest|/etc/zypp|download \(curl\) error"
        r"|the to be installed"
    ),
    "update_manager": re.compile(
        r"patchextension|osupdateextension|msft-aumc|microsoft\.maintenance|maintenancerunid"
        r"|maintenancewindowexceeded[\"']?\s*:|installationactivityid|assessmentactivityid|update manager"
        r"|patchinstallation|patchassessment"
    ),
    "update_management": re.compile(
        r"omsagent|omsupdatemgmt|hybrid ?runbook|softwareupdateconfiguration|microsoft\.automation"
        r"|patch-microsoftomscomputer|update management|healthservice|nxautomation"
    ),
}
#: The platform whose words stand in texts of all others.
LIBRARIES = "runtime"
#: Platforms that exclude each other, with those whose signs speak for them.
_FAMILIES: Sequence[Mapping[str, frozenset[str]]] = (
    {
        "apt": frozenset({"apt"}),
        "yum": frozenset({"yum", "rpm"}),
        "zypper": frozenset({"zypper", "rpm"}),
        "rpm": frozenset({"yum", "zypper", "rpm"}),
    },
    {
        "update_manager": frozenset({"update_manager"}),
        "update_management": frozenset({"update_management"}),
    },
)


@dataclass(frozen=True, kw_only=True)
class Match:
    """A row and the place of its message in a text."""

    row: Knowledge
    start: int
    end: int


def chosen(text: str, found: Iterable[Match]) -> list[Match]:
    """Return the matches that belong to a text in small letters, reasons first, each group in reading order.

    A line that shows the signs of one program is not answered by the rows of another; where it shows none,
    the signs of the whole text decide. What is true of many texts is left out where a reason is known, and
    the words of a language's library where the program's own reason is on the same line.
    """
    kept = sorted((match for match in found if belongs(text, match)), key=rank)
    reasons = [match for match in kept if match.row.role == ROLES[0]]
    if not reasons:
        return kept
    theirs = [match for match in reasons if match.row.platform != LIBRARIES]
    return [
        match
        for match in kept
        if match.row.role != ROLES[-1]
        and not (match.row.platform == LIBRARIES and any(_same_line(text, match, other) for other in theirs))
    ]


def rank(match: Match) -> tuple[int, int, str]:
    """Return what puts reasons before what follows from them; of general ones the longest match is first."""
    general = match.row.role == ROLES[-1]
    return ROLES.index(match.row.role), match.start - match.end if general else match.start, match.row.id


def belongs(text: str, match: Match) -> bool:
    """Return whether nothing near a match, or else in the text, says that another program wrote it."""
    for family in _FAMILIES:
        if match.row.platform in family:
            speaking = family[match.row.platform]
            low = text.rfind("\n", 0, match.start) + 1
            high = text.find("\n", match.end)
            shown = _shown(text[low : high if high >= 0 else len(text)], family) or _shown(text, family)
            return not shown or bool(shown & speaking)
    return True


def _same_line(text: str, match: Match, other: Match) -> bool:
    first, second = sorted((match, other), key=lambda place: place.start)
    return text.find("\n", first.start, second.start) < 0


def _shown(text: str, family: Iterable[str]) -> frozenset[str]:
    return frozenset(platform for platform in family if _SIGNS[platform].search(text))
