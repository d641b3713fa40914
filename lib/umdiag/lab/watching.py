"""What a kit has where a person looks at the notebook: progress, and rows of other notebooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from umdiag._version import __version__
from umdiag.lab.cache import Cache, content_of
from umdiag.lab.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Watching:
    """Shows `progress`; `folder` is where rows are kept (None: nowhere), `opened` what this kernel opened."""

    progress: Progress
    folder: Path | None
    opened: set[str]

    def cache(self, parameters: Mapping[str, Any], snapshot: Path | None) -> Cache | None:
        """Return the rows of all notebooks with these parameters, None where none are kept.

        `snapshot` is the folder that is looked at, None for live Azure.
        """
        if self.folder is None:
            return None
        try:
            content = content_of(snapshot) if snapshot is not None else ""
        except OSError:
            return None
        target = json.dumps([__version__, parameters, content], sort_keys=True, default=str)
        again = target in self.opened
        self.opened.add(target)
        return Cache(self.folder, target, lasting=snapshot is not None, again=again)
