"""What the keys of findings.json may hold, and how its records are read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from umdiag.words.plain import plain

#: A literal name of the kit's own: of a scenario, a family, a cause, a query.
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Count = Annotated[int, PlainSerializer(int), WithJsonSchema({"type": "integer", "minimum": 0})]
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$"
Moment = Annotated[datetime, PlainSerializer(plain), WithJsonSchema({"type": "string", "pattern": _MOMENT})]
#: In a file every key of a record is written and no other is read.
RECORD = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)
