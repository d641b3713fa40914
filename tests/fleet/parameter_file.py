"""Write the parameter file that a fleet is asked about with."""

from __future__ import annotations

from pathlib import Path

from fleet.model import Fleet


def write_parameters(fleet: Fleet, path: Path, snapshot: str, about: str) -> None:
    """Write a parameter file beside the folder of a fleet.

    ``snapshot``: how the file names the folder; ``about``: the comment it begins with.
    """
    lines = [
        about.rstrip("\n"), "source: snapshot", f"snapshot: {snapshot}",
        *_listed("workspaces", fleet.workspaces),
        *([f"automation_account: {fleet.automation_account}"] if fleet.automation_account else []),
        *_listed("subscriptions", fleet.subscriptions),
    ]  # fmt: skip
    if fleet.suspects:
        lines.append("# Machines that should have been patched: the report says for each why it was not.")
        lines += _listed("suspects", [f'"{name}"' for name in fleet.suspects])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _listed(key: str, values: tuple[str, ...] | list[str]) -> list[str]:
    """Return the lines of a list; none where it is empty."""
    return [f"{key}:", *(f"  - {value}" for value in values)] if values else []
