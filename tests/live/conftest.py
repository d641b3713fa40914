"""What the tests of live Azure share: the stand-in of a small estate, without faults at each test's start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.azure import AzureStandIn
from support import live_estate as estate
from support import snapshot_rows as rows


@pytest.fixture(scope="session")
def estate_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    rows.write_snapshot(folder, estate.GIVEN)
    return folder


@pytest.fixture(scope="session")
def _stand_in(estate_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureStandIn]:
    with AzureStandIn(estate_folder, tmp_path_factory.mktemp("stand-in")) as azure:
        yield azure


@pytest.fixture(scope="session")
def _translated() -> dict[Any, Any]:
    return {}


@pytest.fixture
def azure(
    _stand_in: AzureStandIn,
    _translated: dict[Any, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AzureStandIn]:
    """The stand-in as new, and a client in haste that is signed in to it."""
    _stand_in.restore()
    # A folder without certificates: the public ones take 20 ms to read, and none of them is needed here.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("UMDIAG_ACCESS_TOKEN", _stand_in.wire.token)
    monkeypatch.setattr("umdiag.sources.live.azure.Limits", lambda: estate.HASTY)
    with rows.answered_once(_translated):
        yield _stand_in
    _stand_in.restore()
