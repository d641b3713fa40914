"""From parameters to what they name: the source that answers, or the target of live Azure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from umdiag.errors import SourceError
from umdiag.parameters import Parameters
from umdiag.sources import Source
from umdiag.sources.manifest import read_manifest
from umdiag.words.services import CALLED, UPDATE_MANAGEMENT

if TYPE_CHECKING:
    from umdiag.sources.live.target import Target


def open_source(parameters: Parameters) -> Source:
    """Open the snapshot or live Azure. Raises SourceError where that fails."""
    if parameters.source == "snapshot" and parameters.snapshot is not None:
        return open_folder(parameters.snapshot)
    # Imported only where it is opened: offline nobody waits for the clients of Azure.
    from umdiag.sources.live.azure import Azure

    return Azure(target_of(parameters))


def target_of(parameters: Parameters) -> Target:
    """Return the scope and the addresses of live Azure, without what no service needs that is looked at."""
    from umdiag.sources.live.target import CLOUDS, Target

    services: tuple[str, ...] = parameters.services or tuple(CALLED)
    with_logs = UPDATE_MANAGEMENT in services
    return Target(
        cloud=CLOUDS[parameters.cloud],
        services=services,
        workspaces=parameters.workspaces if with_logs else (),
        automation_account=parameters.automation_account if with_logs else "",
        subscriptions=parameters.scope,
        management_groups=parameters.management_groups,
        workspace_api=parameters.workspace_api,
        credential=parameters.credential,
        tenant_id=parameters.tenant_id,
        endpoints=parameters.endpoints.given(),
    )


def open_folder(folder: Path) -> Source:
    """Open a snapshot or a replay; `facts` in snapshot.json distinguishes them. Raises SourceError."""
    try:
        manifest = read_manifest(folder)
    except OSError as error:
        raise SourceError(f"snapshot {folder.name} cannot be opened: {error.strerror or error}") from None
    # Each imported only where it is opened: a report's kernels read a replay and never start the engine.
    if manifest and manifest.facts is not None:
        from umdiag.sources.replay import Replay

        return Replay(folder)
    from umdiag.sources.snapshot import Snapshot

    return Snapshot(folder)
