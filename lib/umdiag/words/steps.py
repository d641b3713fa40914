"""What to do about a cause: steps that fit only some machines, and the names in them filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

#: What a step says of its condition where it cannot be told whether it holds.
_CONDITIONS: Mapping[tuple[str, object], str] = {
    ("os", "windows"): "on Windows",
    ("os", "linux"): "on Linux",
    ("azure_vm", True): "on an Azure VM",
    ("azure_vm", False): "outside Azure",
    ("arc", True): "on an Azure Arc machine",
    ("arc", False): "without Azure Arc",
    ("wsus", True): "with WSUS",
    ("wsus", False): "without WSUS",
    ("worker", True): "on a registered worker",
    ("worker", False): "without a worker",
    ("service", "update_management"): "in Update Management",
    ("service", "update_manager"): "in Azure Update Manager",
}
_PLACEHOLDER = re.compile(r"<([a-z]+(?: [a-z]+)*)>")
_BARE = re.compile(r"[\w/][\w./:@-]*", re.ASCII)
#: Characters that end a text in single quotes, in bash or in PowerShell.
_QUOTES = frozenset("'\u2018\u2019\u201a\u201b")


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What is known of a machine (None: it cannot be told), or what a step asks for (None: any will do)."""

    os: Literal["windows", "linux"] | None = None
    azure_vm: bool | None = None
    arc: bool | None = None
    wsus: bool | None = None
    worker: bool | None = None
    service: Literal["update_management", "update_manager"] | None = None


NOTHING_KNOWN = Traits()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do, on machines that are `only` so; a `<name>` in the text is filled in where known."""

    text: str
    only: Traits

    def told(self, known: Traits) -> str | None:
        """Return the step, led by the conditions that cannot be told; None where one is known not to hold."""
        unsure = []
        for trait in _TRAITS:
            asked, actual = getattr(self.only, trait), getattr(known, trait)
            if asked is not None and actual is None:
                unsure.append(_CONDITIONS[trait, asked])
            elif asked not in (None, actual):
                return None
        lead = ", ".join(unsure)
        return f"{lead[0].upper()}{lead[1:]}: {self.text}" if unsure else self.text


_TRAITS = tuple(trait.name for trait in fields(Traits))


def steps_for(resolution: Sequence[str | Step], known: Traits = NOTHING_KNOWN) -> tuple[str, ...]:
    """Return the steps that can fit a machine, each led by its conditions that cannot be told."""
    told = (step if isinstance(step, str) else step.told(known) for step in resolution)
    return tuple(step for step in told if step is not None)


def named_parts(identity: str) -> dict[str, str]:
    """Return what an ARM id consists of; nothing for any other id."""
    parts = identity.strip().rstrip("/").split("/")
    if len(parts) < 3 or parts[1].lower() != "subscriptions":
        return {}
    named = {"resource id": "/".join(parts), "subscription": parts[2], "resource name": parts[-1]}
    return named | ({"resource group": parts[4]} if len(parts) > 4 else {})


def filled(step: str, values: Mapping[str, str]) -> str:
    """Fill in what is known, as one word of a command line; what no quotes can hold stays unfilled."""

    def value(placeholder: re.Match[str]) -> str:
        text = values.get(placeholder[1], "").strip()
        if _BARE.fullmatch(text):
            return text
        holds = text and text.isprintable() and not _QUOTES & set(text)
        return f"'{text}'" if holds else placeholder[0]

    return _PLACEHOLDER.sub(value, step)
