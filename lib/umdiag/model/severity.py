"""How urgent a finding is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How urgent a finding is, most urgent first; INFO alone makes no PROBLEM."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
