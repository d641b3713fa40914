"""Frames on disk: what a report's parent process derived, for kernels that only show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from umdiag.judging.seen import Seen
from umdiag.judging.stored import read_frame, write_frame
from umdiag.model import State


def save_frames(folder: Path, known: Mapping[str, Seen]) -> None:
    """Write each frame with how much of it could be seen."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, seen in known.items():
        if seen.frame is not None:
            told = {"state": seen.state.value, "reason": seen.reason, "gaps": dict(seen.gaps)}
            write_frame(folder / f"{name}.parquet", seen.frame, told)


def load_frame(folder: Path, name: str) -> Seen | None:
    """Read a frame back, None where it was not written."""
    file = folder / f"{name}.parquet"
    if not file.exists():
        return None
    frame, told = read_frame(file)
    return Seen(frame=frame, state=State(told["state"]), reason=told["reason"], gaps=told["gaps"])
