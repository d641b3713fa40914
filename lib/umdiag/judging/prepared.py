"""Frames on disk: what a report's parent process derived, for kernels that only show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from umdiag.judging.seen import Seen
from umdiag.model import State

_KEY = b"umdiag"


def save_frames(folder: Path, known: Mapping[str, Seen]) -> None:
    """Write each frame with how much of it could be seen."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, seen in known.items():
        if seen.frame is not None:
            table = pa.Table.from_pandas(seen.frame)
            told = {"state": seen.state.value, "reason": seen.reason, "gaps": dict(seen.gaps)}
            metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(told).encode()}
            pq.write_table(
                table.replace_schema_metadata(metadata), folder / f"{name}.parquet", compression="zstd"
            )


def load_frame(folder: Path, name: str) -> Seen | None:
    """Read a frame back, None where it was not written."""
    file = folder / f"{name}.parquet"
    if not file.exists():
        return None
    table = pq.read_table(file)
    told = json.loads(table.schema.metadata[_KEY])
    return Seen(frame=table.to_pandas(), state=State(told["state"]), reason=told["reason"], gaps=told["gaps"])
