"""What a parameter's declaration consists of, beside its kind: default, help, example, and marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field


@dataclass(frozen=True, kw_only=True)
class LookedFor:
    """Marks a path that is looked for where rows come from one of `sources`."""

    directory: bool
    sources: tuple[str, ...]
    expected: str


@dataclass(frozen=True, kw_only=True)
class NotebookOnly:
    """Marks a parameter that no file may hold; notebooks begin with `start` as its value."""

    start: str


@dataclass(frozen=True)
class Target:
    """Marks a parameter that says what is looked at: where one is given, the notebooks' demo is not meant."""


def declared(default: Any, help_: str, example: Any) -> Any:
    """Declare a default as a plain value, which is read like a given one, and what people are told."""
    return Field(default=default, validate_default=True, description=help_, examples=[example])


def is_nothing(value: object) -> bool:
    """Tell whether a value stands for the default: None, blank text, an empty list or mapping."""
    empty = isinstance(value, (str, list, tuple, Mapping)) and not value
    return value is None or empty or (isinstance(value, str) and not value.strip())


def marked(model: type[BaseModel], mark: type) -> dict[str, Any]:
    """Return the marks of one kind that the fields of a model bear, by the fields' names."""
    return {
        name: found
        for name, field in model.model_fields.items()
        for found in field.metadata
        if isinstance(found, mark)
    }
