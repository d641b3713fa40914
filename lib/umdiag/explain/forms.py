"""The forms in which `explain` writes its answers."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"
