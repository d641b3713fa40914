"""Diagnose Azure Update Management from its own rows: what a notebook imports, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from umdiag.kit import Kit, open_kit

__all__ = ["Kit", "open_kit"]


def load_ipython_extension(shell: Any) -> None:
    """Bring %%kql, completion and tables that sort into a notebook: `%load_ext umdiag`."""
    from umdiag.lab.extension import load

    load(shell)


def __getattr__(name: str) -> Any:
    """Import the kit when it is first asked for, so that the command line starts at once."""
    if name in __all__:
        from umdiag import kit

        return getattr(kit, name)
    raise AttributeError(f"module 'umdiag' has no attribute {name!r}")
