"""Execute notebooks with papermill in threads; keep the executed copy whatever happens.

Heavy to import (papermill, nbclient): `run` imports it while the first queries are on their way.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.execute import ERROR_MARKER_TAG
from papermill.iorw import load_notebook_node

from umdiag.errors import is_full
from umdiag.report.kernels import Manager, Room
from umdiag.report.privacy import Hidden

#: A notebook only shows what was fetched and judged before; one that takes this long hangs.
SECONDS_ALLOWED = 900.0

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_log = logging.getLogger("papermill")
_log.addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True)
class Executed:
    """A notebook after its run: `error` is one line, empty if it succeeded; `cell` the one that failed."""

    family: str
    notebook: NotebookNode
    seconds: float
    error: str = ""
    cell: int | None = None


class _Run:
    """What outlives a run that raises: the notebook as far as it came, and the kernel to end."""

    def __init__(self) -> None:
        self.notebook: NotebookNode | None = None
        self.kernel: Manager | None = None
        self.started = time.monotonic()
        self.late = False

    def end_if_late(self) -> None:
        if self.kernel is not None and time.monotonic() - self.started > SECONDS_ALLOWED:
            self.late = True
            self.kernel.kill()


class _Engine(NBClientEngine):  # type: ignore[misc] # papermill is untyped
    """papermill's own engine, with a kernel of our room and no file behind the notebook."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, room: Room, run: _Run, **_: object
    ) -> None:
        run.notebook = nb_man.nb
        run.kernel = room.manager()
        client = PapermillNotebookClient(
            nb_man,
            km=run.kernel,
            kernel_name=kernel_name,
            startup_timeout=60,
            iopub_timeout=60,
            shutdown_kernel="immediate",
            # The kernel would warn of every socket it opens, and keep a history of what nobody typed.
            extra_arguments=["--log-level=40", "--HistoryManager.enabled=False"],
            log=_log,
        )
        client.execute(cleanup_kc=True, **room.start_options())


papermill_engines.register("umdiag", _Engine)


def execute(
    notebooks: Mapping[str, Path],
    values: Mapping[str, object],
    *,
    room: Room,
    jobs: int,
    finish: Callable[[Executed], None],
    hidden: Hidden,
) -> Iterator[Executed]:
    """Run each notebook with `values` as its parameters, `jobs` at a time, and yield each as it ends.

    `finish` is called with each in its own thread, while others still run; `hidden` takes the paths of this
    machine out.
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    ended: queue.SimpleQueue[Executed | Exception] = queue.SimpleQueue()
    running: dict[str, _Run] = {}
    for family in sorted(notebooks, key=lambda family: -notebooks[family].stat().st_size):
        waiting.put(family)

    def work() -> None:
        while True:
            try:
                family = waiting.get_nowait()
            except queue.Empty:
                ensure_event_loop().close()  # nbclient opened one for this thread
                return
            run = running[family] = _Run()
            try:
                executed = _execute_one(family, notebooks[family], values, room, run, hidden)
                finish(executed)
            except Exception as fault:  # noqa: BLE001 - the kit's own fault: raised again by who waits
                ended.put(fault)
            else:
                ended.put(executed)
            finally:
                del running[family]

    # Daemons, unlike a pool's threads, never keep an interrupted run from ending.
    for number in range(min(jobs, len(notebooks))):
        threading.Thread(target=work, name=f"notebook-{number}", daemon=True).start()
    for _ in notebooks:
        yield _next(ended, running)


def _next(ended: queue.SimpleQueue[Executed | Exception], running: Mapping[str, _Run]) -> Executed:
    while True:
        try:
            outcome = ended.get(timeout=1)
        except queue.Empty:
            for run in list(running.values()):
                run.end_if_late()
        else:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome


def _execute_one(
    family: str, path: Path, values: Mapping[str, object], room: Room, run: _Run, hidden: Hidden
) -> Executed:
    source = load_notebook_node(str(path))
    ids = {cell.get("id") for cell in source.cells}
    error, cell = "", None
    try:
        papermill.execute_notebook(
            source,
            None,
            dict(values),
            engine_name="umdiag",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            room=room,
            run=run,
        )
    except papermill.PapermillExecutionError as failure:
        error, cell = f"{failure.ename}: {failure.evalue}", failure.cell_index
    except (RuntimeError, OSError, ValueError) as failure:
        if is_full(failure):
            raise
        error = _explain(failure, run)
    notebook = run.notebook if run.notebook is not None else source
    if error and cell is None:
        cell = _unfinished(notebook)
    clean(notebook, ids, hidden)
    return Executed(
        family=family,
        notebook=notebook,
        seconds=time.monotonic() - run.started,
        error=hidden.words(" ".join(_ANSI.sub("", error).split()))[:500],
        cell=cell,
    )


def clean(notebook: NotebookNode, ids: set[str | None], hidden: Hidden) -> None:
    """Take out of an executed notebook what differs from run to run or tells of this machine."""
    notebook.cells = [
        cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])
    ]
    notebook.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {key: notebook.metadata[key] for key in ("kernelspec", "language_info") if key in notebook.metadata}
    )
    for index, cell in enumerate(notebook.cells):
        if cell.get("id") not in ids:
            cell["id"] = "parameters-of-this-run" if "injected-parameters" in _tags(cell) else f"cell-{index}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            _hide_in(output, hidden)


def _hide_in(output: NotebookNode, hidden: Hidden) -> None:
    if output.output_type == "stream":
        output.text = hidden.words(output.text)
    elif output.output_type == "error":
        output.evalue = hidden.words(output.evalue)
        output.traceback = [hidden.words(_ANSI.sub("", line)) for line in output.traceback]
    else:
        for kind in ("text/plain", "text/html", "text/markdown"):
            if kind in output.data:
                output.data[kind] = hidden.data(output.data[kind])


def _explain(failure: Exception, run: _Run) -> str:
    if run.late:
        return f"it took longer than {SECONDS_ALLOWED / 60:.0f} minutes and was ended"
    if isinstance(failure, DeadKernelError) or "Kernel died" in str(failure):
        return "its kernel died: killed, or out of memory"
    return f"{type(failure).__name__}: {failure}"


def _unfinished(notebook: NotebookNode) -> int | None:
    """Find the cell that was running when the kernel went: papermill completes its status all the same."""
    started = [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time")
    ]
    return started[-1] if started else None


def _tags(cell: NotebookNode) -> list[str]:
    tags: list[str] = cell.metadata.get("tags", [])
    return tags
