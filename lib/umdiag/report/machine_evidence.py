"""What shows each finding, in short: the few pairs of its evidence that decide, for very many findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias

import pandas as pd

from umdiag.model import Diagnosis, Finding
from umdiag.scenarios import decides_of
from umdiag.show.evidence import APART, called
from umdiag.show.findings import sentence
from umdiag.show.values import words
from umdiag.words.shortening import shortened

#: Scenario, cause, the cause's sentence, then what the pairs of evidence are called.
Kind: TypeAlias = tuple[str, ...]
#: Pairs of evidence that a finding shows here, and signs of each value.
MOST_PAIRS, SHORT = 3, 80
_HOLDERS = (str, list, tuple, dict)


def shown(scenarios: Sequence[Diagnosis], findings: Sequence[Finding]) -> tuple[list[Kind], list[str]]:
    """Return the kind of each finding; then the values of all, of each as many as its kind names keys."""
    ordered: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
    kinds: dict[tuple[str, str, tuple[str, ...]], Kind] = {}
    kind_of: list[Kind] = []
    keys_of: list[str] = []
    values: list[Any] = []
    for diagnosis, finding in zip(scenarios, findings, strict=True):
        evidence = finding.evidence
        keys = _keys(diagnosis.scenario, tuple(evidence), evidence, ordered)
        kind = (diagnosis.scenario, finding.cause, keys)
        if kind not in kinds:
            said = sentence(diagnosis.scenario, finding.cause)
            kinds[kind] = (diagnosis.scenario, finding.cause, said, *map(called, keys))
        kind_of.append(kinds[kind])
        keys_of += keys
        values += map(evidence.__getitem__, keys)
    return kind_of, _written(values, keys_of)


def _keys(
    scenario: str,
    keys: tuple[str, ...],
    evidence: Mapping[str, Any],
    ordered: dict[tuple[str, tuple[str, ...]], tuple[str, ...]],
) -> tuple[str, ...]:
    """Choose the first keys that have a value: those that decide, then the others as they stand."""
    order = ordered.get((scenario, keys))
    if order is None:
        wanted = [key for key in decides_of(scenario) if key in evidence]
        order = tuple(key for key in dict.fromkeys((*wanted, *keys)) if key not in APART)
        ordered[scenario, keys] = order
    filled = (key for key in order if (value := evidence[key]) is not None and not _is_empty(value))
    return tuple(islice(filled, MOST_PAIRS))


def _is_empty(value: object) -> bool:
    return isinstance(value, _HOLDERS) and not value


def _written(values: Sequence[Any], keys: Sequence[str]) -> list[str]:
    """Write values for a reader; moments all at once, as few minutes make many of them."""
    places = [place for place, value in enumerate(values) if isinstance(value, datetime)]
    minutes = pd.Series(pd.to_datetime([values[place] for place in places], utc=True)).dt.floor("min")
    numbers, different = pd.factorize(minutes, use_na_sentinel=False)
    moments = [words(moment) for moment in different]
    known: dict[tuple[str, object], str] = {}
    written = [
        "" if isinstance(value, datetime) else _word(value, key, known)
        for value, key in zip(values, keys, strict=True)
    ]
    for place, number in zip(places, numbers.tolist(), strict=True):
        written[place] = moments[number]
    return written


def _word(value: Any, key: str, known: dict[tuple[str, object], str]) -> str:
    """Write a value, a short text or a number only once under each key."""
    if type(value) not in (int, str):
        return shortened(words(value, key), SHORT)
    if (key, value) not in known:
        known[key, value] = shortened(words(value, key), SHORT)
    return known[key, value]
