"""The case files `tests/cases/<scenario>.yml`: what is given, and what must be found in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

CASES = Path(__file__).parents[1] / "cases"
KINDS = ("healthy", "causes", "look_alikes", "inconclusive", "further")
#: What a case expects; everything else in it is given.
EXPECTED = ("expect", "reason", "verdict", "parameters")


@cache
def read_file(path: Path) -> dict[str, Any]:
    """Read one case file; nobody changes what all share."""
    read: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return read


def every_case(*kinds: str) -> list[Any]:
    """Return (scenario, case) of every case of these kinds, of all kinds where none is named.

    Cases of one scenario ask the same of nearly the same rows: one process answers them, and once.
    """
    return [
        pytest.param(
            path.stem,
            merged(content.get("given") or {}, case),
            id=f"{path.stem}: {name}",
            marks=pytest.mark.xdist_group(path.stem),
        )
        for path in sorted(CASES.glob("*.yml"))
        for content in [read_file(path)]
        for kind in kinds or KINDS
        for name, case in (content.get(kind) or {}).items()
    ]


def given_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a case gives."""
    return {key: value for key, value in case.items() if key not in EXPECTED}


def merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a case over what its file gives to all; null takes a key away."""
    result = dict(shared)
    for key, value in own.items():
        known = result.get(key)
        result[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return {key: value for key, value in result.items() if value is not None or key not in shared}


def read_expected(expect: str | list[Any]) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    """Yield (cause, severity, subject) and the evidence of each finding that a case expects."""
    for item in [] if isinstance(expect, str) else expect:
        line, evidence = next(iter(item.items())) if isinstance(item, dict) else (item, {})
        cause, severity, subject = line.split(" ", 2)
        yield (cause, severity, subject), evidence or {}
