"""Kernels of this interpreter, in a room of their own, that can all be ended at once.

Their connection files, sockets, history and profile lie in one private folder, so that neither the
user's IPython settings change a report nor a run leaves anything behind. They talk over sockets in
that folder instead of ports where the system has such sockets and the folder's path is short enough.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from umdiag.words.private import PrivateFolder

#: What the parent may hold in its environment and no kernel needs: a kernel signs in nowhere.
SECRETS = (
    "UMDIAG_ACCESS_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_PASSWORD",
)

#: Blocks know two places; here they are parts of a page. By name: nothing is imported before a notebook does.
_ON_PAGE = (
    "get_ipython().display_formatter.formatters['text/html']"
    ".for_type_by_name('umdiag.show.blocks', 'Block', lambda block: block.on_page())"
)

#: A socket's path takes 104 bytes on macOS, the least of all systems; a number is added to it.
_LONGEST_SOCKET = 100

#: How a kernel starts. plotly imports nbformat, which imports jsonschema, which spends a second on building a
#: grammar of web addresses if it can: here it cannot. `-P` keeps the working folder from shadowing modules.
_START = f"""
import sys
sys.modules['rfc3987_syntax'] = None
from ipykernel.kernelapp import launch_new_instance
launch_new_instance(exec_lines=[{_ON_PAGE!r}])
"""


class Room:
    """The kernels of one run: where they live, with which environment, and how to end them."""

    def __init__(self, *, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._folder = PrivateFolder()
        self._private = self._folder.path
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in SECRETS},
            **environment,
            "IPYTHONDIR": str(self._private / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(self._private),
            "PYTHONPATH": os.pathsep.join(filter(None, [_import_root(), os.environ.get("PYTHONPATH", "")])),
            # A kernel shows frames; it needs neither a debugger's checks nor a pool of threads.
            "OPENBLAS_NUM_THREADS": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._count = 0

    def manager(self) -> Manager:
        """Make the manager of one more kernel, not started yet."""
        with self._lock:
            self._count += 1
            name = f"kernel-{self._count}"
        manager = Manager(kernel_name="python3", connection_file=str(self._private / f"{name}.json"))
        sockets = str(self._private / name)
        if sys.platform != "win32" and len(os.fsencode(sockets)) <= _LONGEST_SOCKET:
            manager.transport = "ipc"
            manager.ip = sockets
        manager.room = self
        return manager

    def start_options(self) -> dict[str, Any]:
        """Return what a manager's `start_kernel` takes to place its kernel in this room."""
        return {
            "cwd": str(self.folder),
            "env": dict(self._environment),
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
        }

    def enter(self, process: subprocess.Popen[bytes]) -> None:
        """Note a kernel that was started; end it at once if the room was closed meanwhile."""
        with self._lock:
            self._processes.add(process)
            closed = self._closed
        if closed:
            _kill(process)

    def close(self) -> None:
        """End every kernel, wait for each to be gone and remove the private folder."""
        with self._lock:
            self._closed = True
            processes = list(self._processes)
        for process in processes:
            _kill(process)
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
        self._folder.remove()


class Manager(AsyncKernelManager):
    """Starts this very interpreter, whatever kernel is installed under the name python3."""

    room: Room

    @property
    def kernel_spec(self) -> KernelSpec:
        """Name the command instead of looking an installed kernel up."""
        return KernelSpec(
            argv=[sys.executable, "-P", "-c", _START, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
        )

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The kernel's process while it runs."""
        return getattr(self.provisioner, "process", None)

    def kill(self) -> None:
        """End this kernel, from any thread."""
        if self.process is not None:
            _kill(self.process)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, **kw)
        if self.process is not None:
            self.room.enter(self.process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    with suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            # A kernel leads its own process group, so what it started ends with it.
            os.killpg(process.pid, signal.SIGKILL)


def _import_root() -> str:
    return str(Path(__file__).resolve().parents[2])
