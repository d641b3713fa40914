"""What shows the findings of one cause: few columns that decide, what all have in common, the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from umdiag.model import Finding
from umdiag.show.values import spoken, words

#: What a value is called, and the value as it is read.
Pair: TypeAlias = tuple[str, str]
#: Columns beside severity and subject: more do not fit on a laptop's screen.
MOST_COLUMNS = 4
_WIDEST = 48
_UTC = " UTC"
#: Keys that are told in their own way.
APART = ("also", "not_checked", "portal")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One finding: `cells` for the sheet's columns, `more` for what is not among them, `steps` of its own."""

    finding: Finding
    cells: tuple[str, ...]
    more: tuple[Pair, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Findings of one cause side by side; `same` holds for all of them, `steps` are those of the first."""

    columns: tuple[str, ...]
    same: tuple[Pair, ...]
    lines: tuple[Line, ...]
    steps: tuple[str, ...]

    @property
    def has_more(self) -> bool:
        """Whether any finding says something that is in no column."""
        return any(line.more or line.steps for line in self.lines)


def sheet(findings: Sequence[Finding], decides: Sequence[str] = ()) -> Sheet:
    """Lay findings out; of `decides` (keys of evidence) those become columns in which they differ."""
    told = [dict(_told(finding)) for finding in findings]
    counts = Counter(key for pairs in told for key in pairs)
    order = [key for key in (*decides, *counts) if key in counts]
    keys = list(dict.fromkeys(order))
    same = _same(keys, told) if len(findings) > 1 else []
    # Where fewer than half have a value the column would be empty to who looks at it.
    candidates = [
        key
        for key in keys
        if key not in same and key not in APART and 2 * counts[key] >= len(told) and _fits(key, told)
    ]
    columns = candidates[:MOST_COLUMNS]
    times = {key for key in columns if all(pairs.get(key, _UTC).endswith(_UTC) for pairs in told)}
    steps = tuple(findings[0].resolution)
    lines = tuple(
        Line(
            finding=finding,
            cells=tuple(pairs.get(key, "—").removesuffix(_UTC if key in times else "") for key in columns),
            more=tuple(
                (called(key), pairs[key])
                for key in keys
                if key in pairs and key not in same and key not in columns
            ),
            steps=tuple(step for step in finding.resolution if step not in steps),
        )
        for finding, pairs in zip(findings, told, strict=True)
    )
    return Sheet(
        columns=tuple(called(key) + (" (UTC)" if key in times else "") for key in columns),
        same=tuple((called(key), told[0][key]) for key in same),
        lines=lines,
        steps=steps,
    )


def _told(finding: Finding) -> Iterable[Pair]:
    for key, value in finding.evidence.items():
        if key == "portal" or value is None or value in ("", [], {}, ()):
            continue
        if key == "also":
            yield key, ", ".join(spoken(cause) for cause in _many(value))
        elif key == "not_checked":
            yield key, "; ".join(map(str, _many(value)))
        else:
            yield key, words(value, key)


def called(key: str) -> str:
    """Return what a key of evidence is called."""
    return {"also": "also fits", "not_checked": "could not be checked"}.get(key, spoken(key))


def _same(keys: Iterable[str], told: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys of which every finding says the same."""
    return [key for key in keys if key in told[0] and all(pairs.get(key) == told[0][key] for pairs in told)]


def _fits(key: str, told: Sequence[Mapping[str, str]]) -> bool:
    return max(len(pairs.get(key, "")) for pairs in told) <= _WIDEST


def _many(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)
