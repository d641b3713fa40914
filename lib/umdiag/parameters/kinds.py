"""The kinds of values that parameters hold: annotations of pydantic that read a plain value or refuse it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from umdiag.parameters import checks

_TEXT = WithJsonSchema({"type": "string"})

Text = Annotated[str, BeforeValidator(checks.text), Field(title="text")]
#: In front of a `Literal`: its choices are read in any case.
AnyCase = BeforeValidator(lambda value: checks.text(value).casefold())
Texts = Annotated[
    tuple[Annotated[str, BeforeValidator(checks.item)], ...],
    BeforeValidator(checks.items),
    AfterValidator(checks.once),
    Field(title="list"),
]
Services = Annotated[
    tuple[Annotated[Literal["update_management", "update_manager"], AnyCase], ...],
    BeforeValidator(checks.items),
    AfterValidator(checks.once),
    Field(title="list of update_management, update_manager"),
]
WholeNumber = Annotated[
    int,
    BeforeValidator(checks.whole_number),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": checks.MOST}),
    Field(title="whole number"),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(checks.length("is not longer than zero")),
    _TEXT,
    Field(title="duration"),
]
Window = Annotated[
    timedelta,
    BeforeValidator(checks.length("ends the window before it starts")),
    _TEXT,
    Field(title="duration"),
]
Moment = Annotated[
    datetime | Literal["latest"] | None,
    BeforeValidator(checks.moment),
    PlainSerializer(checks.write_moment),
    _TEXT,
    Field(title="time with zone | latest"),
]
Tenant = Annotated[str, BeforeValidator(checks.text), AfterValidator(checks.tenant), Field(title="text")]
AccountId = Annotated[
    str,
    BeforeValidator(checks.text),
    AfterValidator(checks.arm_id("Microsoft.Automation/automationAccounts")),
    Field(title="ARM id"),
]
WorkspaceIds = Annotated[
    tuple[
        Annotated[
            str,
            BeforeValidator(checks.item),
            AfterValidator(checks.arm_id("Microsoft.OperationalInsights/workspaces")),
        ],
        ...,
    ],
    BeforeValidator(checks.items),
    AfterValidator(checks.once),
    Field(title="list of ARM ids"),
]
ScopeIds = Annotated[
    tuple[Annotated[str, BeforeValidator(checks.item), AfterValidator(checks.subscription)], ...],
    BeforeValidator(checks.items),
    AfterValidator(checks.once),
    Field(title="list of ids"),
]
Address = Annotated[
    str, BeforeValidator(checks.text), AfterValidator(checks.address), Field(title="https address")
]
PathText = Annotated[
    Path | None,
    BeforeValidator(checks.path),
    PlainSerializer(lambda path: str(path or "")),
    _TEXT,
    Field(title="path"),
]
