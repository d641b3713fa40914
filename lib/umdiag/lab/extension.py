"""Bring magic, completion, tables and progress into the IPython that runs, once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from umdiag.lab.watching import Watching

#: What JupyterLab and the classic notebook tell their kernels, and what VS Code does.
_MAGIC = "KqlMagic"
_SESSION, _VS_CODE = "JPY_SESSION_NAME", "__vsc_ipynb_file__"


def begin() -> Watching | None:
    """Load the extension where a notebook runs; return what a kit has where a person looks at it."""
    # Who has not imported IPython does not run in it.
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return None
    load(shell)
    if not is_watched(shell.user_ns):
        return None
    from umdiag.lab.cache import cache_folder
    from umdiag.lab.progress import Progress
    from umdiag.lab.watching import Watching

    opened = shell.magics_manager.registry[_MAGIC].opened
    return Watching(progress=Progress(), folder=cache_folder(), opened=opened)


def is_watched(namespace: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a person looks at this notebook, in a front end that draws HTML and runs its scripts.

    A notebook that papermill or nbconvert runs has nobody; its outputs are kept, so they stay small.
    """
    return bool(environment.get(_SESSION)) or _VS_CODE in namespace


def load(shell: Any) -> None:
    """Register everything with an IPython shell; a second time changes nothing."""
    from umdiag.lab.magic import KqlMagic
    from umdiag.lab.matching import matchers

    if isinstance(shell.magics_manager.registry.get(_MAGIC), KqlMagic):
        return
    shell.register_magics(KqlMagic(shell, draw))
    shell.Completer.custom_matchers.extend(matchers(shell.user_ns))
    if is_watched(shell.user_ns):
        from umdiag.lab.tables import Tables

        formatter = shell.display_formatter.formatters["text/html"]
        formatter.for_type_by_name("pandas", "DataFrame", Tables(_place_in(shell)).html)


def draw(rows: Any) -> Any:
    """Draw the rows of a free question."""
    from umdiag.charts.free import free

    return free(rows)


def _place_in(shell: Any) -> Callable[[], str]:
    """Return what names the cell that runs: by its id where the front end tells it, else by its number."""

    def place() -> str:
        parent = getattr(shell, "parent_header", None) or {}
        metadata = parent.get("metadata", {}) if isinstance(parent, Mapping) else {}
        return str(metadata.get("cellId") or shell.execution_count)

    return place
