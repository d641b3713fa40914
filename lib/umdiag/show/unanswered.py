"""Questions that could not be answered, those together that lack the same: told once, not twenty times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from umdiag.model import Diagnosis, Verdict
from umdiag.words.counting import counted


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """UNKNOWN diagnoses and the reason that all of them have in common."""

    reason: str
    diagnoses: Sequence[Diagnosis]

    @property
    def said(self) -> str:
        """What a reader is told of them in one sentence."""
        return f"{counted(len(self.diagnoses), 'question')} cannot be answered: {self.reason.rstrip('.')}."


def unanswered(diagnoses: Iterable[Diagnosis]) -> list[Unanswered]:
    """Group what is UNKNOWN by the reasons in common, the largest group first; alone is what shares none.

    A diagnosis with several reasons stands where most others share one of them.
    """
    left = [diagnosis for diagnosis in diagnoses if diagnosis.verdict is Verdict.UNKNOWN]
    groups = []
    while left:
        counts = Counter(part for diagnosis in left for part in _parts(diagnosis))
        shared = max(counts, key=lambda part: counts[part])
        alike = [diagnosis for diagnosis in left if shared in _parts(diagnosis)]
        common = [part for part in _parts(alike[0]) if all(part in _parts(other) for other in alike)]
        groups.append(Unanswered(reason="; ".join(common), diagnoses=alike))
        left = [diagnosis for diagnosis in left if diagnosis not in alike]
    return groups


def beyond(group: Unanswered, diagnosis: Diagnosis) -> str:
    """Return the reasons of a diagnosis that the group does not share, "" for none."""
    common = group.reason.split("; ")
    return "; ".join(part for part in _parts(diagnosis) if part not in common)


def _parts(diagnosis: Diagnosis) -> list[str]:
    return list(dict.fromkeys(diagnosis.reason.split("; ")))
