"""Questions that were not asked, because no service that they are about is looked at: one line for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from umdiag.model import Diagnosis, Verdict
from umdiag.show.blocks import Block
from umdiag.show.markup import Html
from umdiag.words.counting import counted
from umdiag.words.services import left_out_of

#: Class by which a page knows what nobody need read there.
LEFT_OUT = "um-left-out"


def asked(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Keep the questions that were asked."""
    return [diagnosis for diagnosis in diagnoses if diagnosis.verdict is not Verdict.NOT_ASKED]


def unasked(diagnoses: Iterable[Diagnosis]) -> str:
    """Say in one line how many questions were not asked, of which service and why, "" for none."""
    reasons = Counter(diagnosis.reason for diagnosis in diagnoses if diagnosis.verdict is Verdict.NOT_ASKED)
    return " ".join(
        left_out_of(reason, counted(number, "question")) + "." for reason, number in reasons.items()
    )


def left_out(said: str) -> Block:
    """Stand where something is not shown because its service is not looked at; a page leaves it out."""
    body = Html('<p class="um-soft {}">{}.</p>').format(LEFT_OUT, said)
    return Block(lambda _: body)
