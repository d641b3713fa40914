"""What is known of errors: codes, messages, package managers; one table, and what reads it.

`errors.jsonl` holds the knowledge, a row per error with its source. Everything here answers from it:
`decode` a text or a code, `find_codes` and `classify_linux` for judges.
"""

from __future__ import annotations

from umdiag.knowledge.codes import find_codes
from umdiag.knowledge.decoder import decode
from umdiag.knowledge.matching import classify_linux
from umdiag.knowledge.table import Knowledge, table

__all__ = ["Knowledge", "classify_linux", "decode", "find_codes", "table"]
