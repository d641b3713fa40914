"""Reports beside each other: what is new, what is resolved, and what could no longer be judged."""

from umdiag.compare.comparing import Comparison, compare
from umdiag.compare.reading import ReadReport, read_report

__all__ = ["Comparison", "ReadReport", "compare", "read_report"]
