"""JupyterLab on copies of the notebooks: looking at them never edits them, and what one wrote is kept."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from umdiag.errors import CallError, is_full
from umdiag.starter import DEMO, home
from umdiag.words.files import write_private
from umdiag.words.private import PrivateFolder

#: Environment variable that tells kernels where rows are kept for the other notebooks.
CACHE_VARIABLE = "UMDIAG_CACHE"
#: Folder of the copies, one folder in it for each parameter file.
COPIES = Path("lab")
_FIRST = "overview.ipynb"
_FILE = "parameters_file: str = "
#: Metadata of a copy: the fingerprint of its cells as they were copied.
_MARK = "umdiag"
#: Settings of JupyterLab: no server is asked for news or newer versions.
_CONFIG = Path(__file__).parent / "config"


def lay_out(parameters: Path | None) -> Iterator[tuple[Path, str]]:
    """Copy the notebooks so that they open `parameters` (None: the demo's); yield each and what was done.

    What was done is "wrote", "fresh" (there already) or "kept": its cells were changed by hand. Raises
    CallError where nothing can be written.
    """
    if parameters is None:
        parameters = DEMO if DEMO.is_file() else home() / DEMO
    folder = COPIES / (parameters.stem or "parameters")
    for notebook in sorted((home() / "notebooks").glob("*.ipynb")):
        target = folder / notebook.name
        try:
            yield target, _copy(notebook, target, _named(parameters))
        except OSError as error:
            if is_full(error):
                raise
            raise CallError(
                f"{target}: cannot be written ({error.strerror or type(error).__name__})"
            ) from None


def start(folder: Path, options: Sequence[str]) -> int:
    """Run JupyterLab of this Python on a folder, on this machine alone, and return its exit code.

    `options` are JupyterLab's own and come last.
    """
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{_FIRST}",
        "--LabApp.extension_manager=readonly",
        *options,
    ]
    config = filter(None, [os.environ.get("JUPYTER_CONFIG_PATH", ""), str(_CONFIG)])
    kept = PrivateFolder()
    environment = os.environ | {
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this Python, not the user's
        "JUPYTER_CONFIG_PATH": os.pathsep.join(config),
        CACHE_VARIABLE: str(kept.path),
    }
    signal.signal(signal.SIGINT, lambda number, frame: None)  # Ctrl-C is JupyterLab's: it asks back
    try:
        server = subprocess.Popen(command, env=environment)
        try:
            return server.wait()
        except KeyboardInterrupt:  # told to end
            server.terminate()
            server.wait()
            raise
    finally:
        kept.remove()


def _named(parameters: Path) -> str:
    """Return how a notebook finds the file: from the working folder where it lies in it."""
    whole = Path(os.path.abspath(parameters))  # noqa: PTH100 - links are left as they are
    here = Path.cwd()
    return (whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix()


def _copy(notebook: Path, target: Path, parameters: str) -> str:
    content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = [_opening(line, parameters) for line in cell["source"]]
            # A click opens it; folded, it leaves the first screen to the answer.
            cell["metadata"]["jupyter"] = {"source_hidden": True}
    fresh = _fingerprint(content)
    if os.path.lexists(target):
        known = _known(target)
        if known is None or known.get("metadata", {}).get(_MARK) != _fingerprint(known):
            return "kept"
        if known["metadata"][_MARK] == fresh:
            return "fresh"
    content["metadata"][_MARK] = fresh
    target.parent.mkdir(parents=True, exist_ok=True)
    write_private(target, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
    return "wrote"


def _opening(line: str, parameters: str) -> str:
    """Let the parameters cell name the file."""
    if not line.startswith(_FILE):
        return line
    _, hash_, comment = line.removeprefix(_FILE).partition("  # ")
    return f"{_FILE}{json.dumps(parameters, ensure_ascii=False)}{hash_}{comment}"


def _known(target: Path) -> Mapping[str, Any] | None:
    """Return a notebook that is there, None where it is none that could be read."""
    try:
        content = json.loads(target.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("cells"), list) else None


def _fingerprint(content: Mapping[str, Any]) -> str:
    """Return what stands for the cells' texts, however their lines are stored and whatever they printed."""
    texts = ["".join(cell.get("source", "")) for cell in content["cells"]]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
