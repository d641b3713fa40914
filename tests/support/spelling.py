"""Spell what a service writes as another would."""

from __future__ import annotations

import re


def pascal(text: str) -> str:
    """Write every key with a capital."""
    return re.sub(r'"([a-z])(\w*)":', lambda key: f'"{key[1].upper()}{key[2]}":', text)
