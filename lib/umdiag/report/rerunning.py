"""Let the executed notebook of a report run again wherever the report's folder is, with access to nothing."""

from __future__ import annotations

import re
from typing import Any

_SET = re.compile(r"^(?P<name>source|snapshot|accepted) = .*$", re.MULTILINE)
#: The rows in the folder of the notebook, and what was accepted is marked in them.
_HERE = {"source": "snapshot", "snapshot": ".", "accepted": ""}
_NOTE = "# This notebook runs on the rows in its folder. When the report was made:"


def rerunnable(notebook: Any) -> None:
    """Point the parameters of an executed notebook to its own folder; what they were is kept as a remark."""
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            given = [match[0] for match in _SET.finditer(cell.source)]
            here = _SET.sub(lambda match: f'{match["name"]} = "{_HERE[match["name"]]}"', cell.source)
            cell.source = "\n".join([here.rstrip(), _NOTE, *(f"# {line}" for line in given)])
