"""Ctrl-C while the services are slow: back at once, no thread waits, nothing half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from servers.azure import AzureStandIn
from servers.wire import Reply
from support import live_estate as estate
from support.patience import heard, patient

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
#: A request under way lasts half a minute: who is back before has not waited for it.
SECONDS = 2


def slow(good: Reply) -> Reply:
    return Reply(content=good.content, seconds=30)


@pytest.mark.parametrize(
    ("command", "api", "number"),
    [
        ("report", "monitor", signal.SIGTERM),
        pytest.param("report", "kusto", signal.SIGHUP, marks=pytest.mark.slow),
        pytest.param("doctor", "monitor", signal.SIGHUP, marks=pytest.mark.slow),
        ("doctor", "kusto", signal.SIGINT),
        pytest.param("report", "monitor", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("report", "kusto", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("doctor", "monitor", signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_run_that_is_ended_from_outside_ends_at_once_with_one_line(
    azure: AzureStandIn, tmp_path: Path, command: str, api: str, number: signal.Signals
) -> None:
    azure.fault(lambda one: bool(one.text) and "ResourceGraph" not in one.path, slow)
    YAML().dump(estate.values(azure, workspace_api=api), tmp_path / "live.yml")
    arguments = [command, "live.yml", *(["-o", "out", "--quiet"] if command == "report" else [])]
    run = subprocess.Popen(
        [sys.executable, "-m", "umdiag", *arguments],
        cwd=tmp_path,
        env=os.environ | {"UMDIAG_ACCESS_TOKEN": azure.wire.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
    )
    try:
        until = time.monotonic() + patient(60)
        while not any(one.text for one in azure.wire.requests):
            assert time.monotonic() < until
            assert run.poll() is None, run.communicate()
            time.sleep(0.05)
        run.send_signal(number)
        _, error = run.communicate(timeout=patient(SECONDS))
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 130
    assert error == "umdiag: interrupted\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["live.yml"]
