"""Choose what a distribution carries beside the package: the kit's notebooks and what `umdiag init` lays out.

Chosen by name, not by folder: in a checkout that was used lie checkpoints, scratch notebooks and parameter
files of real workspaces, and git hides some of them from whoever builds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Notebooks that belong to no family of scenarios.
WITHOUT_FAMILY = ("overview", "machine")
PARAMETERS = ("demo.yml", "example.yml", "demo/*.parquet", "demo/*.json")


class CustomBuildHook(BuildHookInterface[Any]):
    """Add the chosen files; an editable install reads them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Stop with one line where a notebook holds outputs: they tell of whoever ran it."""
        if version == "editable":
            return
        root = Path(self.root)
        place = "umdiag/files/" if self.target_name == "wheel" else ""
        for file in chosen(root):
            name = file.relative_to(root).as_posix()
            if file.suffix == ".ipynb" and was_run(file):
                self.app.abort(f"{name} holds outputs, which would go to whoever installs this: make fix")
            build_data["force_include"][str(file)] = f"{place}{name}"


def chosen(root: Path) -> list[Path]:
    """Return the files, each notebook by the name of its family of scenarios."""
    families = [folder.parent.name for folder in root.glob("lib/umdiag/scenarios/*/__init__.py")]
    notebooks = [root / "notebooks" / f"{name}.ipynb" for name in (*WITHOUT_FAMILY, *families)]
    return sorted([*notebooks, *(file for part in PARAMETERS for file in (root / "parameters").glob(part))])


def was_run(notebook: Path) -> bool:
    """Tell whether a cell holds an output or the number of its last run."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
