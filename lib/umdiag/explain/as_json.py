"""Write answers as JSON, for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from umdiag.explain.inputs import Reading
from umdiag.explain.merging import Place, merged
from umdiag.explain.unknowing import unknown_codes
from umdiag.knowledge.details import details, filled
from umdiag.knowledge.resembling import similar
from umdiag.knowledge.table import Knowledge
from umdiag.words.shortening import harmless_json

_LEFT_OUT = ("patterns", "kind", "example")


def of_text(found: Sequence[Knowledge], text: str) -> str:
    """Write what is known of a text, what it names, and where nothing is known what it resembles."""
    return _written(
        {
            "answers": [_entry(row, text) for row in found],
            "details": dict(details(text)),
            "unknown_codes": unknown_codes(text),
            "similar": []
            if found
            else [
                {"id": row.id, "platform": row.platform, "score": round(score, 2)}
                for score, row in similar(text)
            ],
        }
    )


def of_files(readings: Sequence[Reading]) -> str:
    """Write what files hold: each error with every place of it, and what could not be read."""
    return _written(
        {
            "files": [
                {"name": reading.source.name, "lines": report.lines, "bytes": report.size, "cut": report.cut}
                for reading in readings
                for _, report in reading.reports
            ],
            "not_read": [
                {"name": reading.source.name, "reason": reading.refused}
                for reading in readings
                if reading.refused
            ],
            "answers": [
                {
                    **_entry(answer.knowledge, answer.places[0].group.sample),
                    "count": answer.count,
                    "machines": answer.machines,
                    "places": [_place(place) for place in answer.places],
                }
                for answer in merged(readings)
            ],
        }
    )


def _entry(row: Knowledge, text: str) -> dict[str, Any]:
    return {key: value for key, value in asdict(filled(row, text)).items() if key not in _LEFT_OUT}


def _place(place: Place) -> dict[str, Any]:
    group = {key: value for key, value in asdict(place.group).items() if key != "knowledge"}
    return {"machine": place.machine, "file": place.file, **group}


def _written(value: dict[str, Any]) -> str:
    return harmless_json(json.dumps(value, ensure_ascii=False, indent=2))
