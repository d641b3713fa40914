"""A real JupyterLab, as `umdiag lab` starts it, and its notebooks in a browser."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.notebooks import environment
from support.patience import patient

TOKEN = "only-this-test"


class Lab:
    """A running server: where it is, and the folder of the notebooks that it shows."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder

    def url(self, notebook: str) -> str:
        return f"{self.address}/lab/tree/{notebook}?token={TOKEN}&reset"


@contextmanager
def running_lab(place: Path, parameters: Path) -> Iterator[Lab]:
    """Run `umdiag lab` in `place`, where nothing of the user's is read; it listens on 127.0.0.1 alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    private = place / "jupyter"
    private.mkdir()
    options = [
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        "--allow-root",
    ]
    given = environment(private) | {
        "JUPYTER_DATA_DIR": str(private),
        "JUPYTER_RUNTIME_DIR": str(private),
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
    }
    with (place / "jupyter.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "umdiag", "lab", str(parameters), *options],
            cwd=place,
            env=given,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(server, address, place / "jupyter.log")
            yield Lab(address, place / "lab" / parameters.stem)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(patient(10))
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _wait_for(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + patient(60)
    while True:
        assert server.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=5):
                return
        except OSError:
            time.sleep(0.1)


class Notebook:
    """A notebook in a tab of a browser."""

    def __init__(self, page: Any, lab: Lab, name: str) -> None:
        self.page = page
        self.file = lab.folder / name
        self.said: list[str] = []
        self.asked: list[str] = []
        page.set_default_timeout(min(patient(20), 60) * 1000)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(lab.url(name))
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        self._wait_for_kernel()

    def run_all(self) -> None:
        """Run every cell and wait until none is left to run."""
        self.command("Run", "Run All Cells")
        self.wait()

    def command(self, menu: str, item: str) -> None:
        self.page.click(f".lm-MenuBar-itemLabel:text-is('{menu}')")
        self.page.click(f".lm-Menu-itemLabel:text-is('{item}')")

    def wait(self, seconds: float = 120) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(
            "() => { const cells = [...document.querySelectorAll('.jp-InputPrompt')];"
            " return !cells.some(cell => cell.textContent.includes('[*]')); }",
            timeout=patient(seconds) * 1000,
        )
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        # The circle of a notebook that has no kernel yet is idle too.
        self.page.wait_for_selector("#jp-main-statusbar :text-matches('ipykernel.*Idle')")

    def add(self, text: str) -> None:
        """Put a new cell below the last one and type `text` into it."""
        self.page.locator(".jp-Notebook .jp-Cell").last.click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(text)

    def run(self, text: str) -> Any:
        """Run `text` in a new cell at the end and return what locates the cell's output."""
        self.add(text)
        self.page.keyboard.press("Control+Enter")
        self.wait()
        return self.page.locator(".jp-Notebook .jp-CodeCell").last.locator(".jp-Cell-outputArea")

    def outputs(self) -> list[dict[str, Any]]:
        """Save the notebook and return the outputs of its cells, in order."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
        cells = json.loads(self.file.read_text(encoding="utf-8"))["cells"]
        return [output for cell in cells for output in cell.get("outputs", [])]
