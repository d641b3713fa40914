"""From parameters to what they name: the source that answers, or the target of live Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from umdiag.parameters import Parameters
from umdiag.sources import Source

if TYPE_CHECKING:
    from umdiag.sources.live.target import Target


def open_source(parameters: Parameters) -> Source:
    """Open the snapshot or live Azure. Raises SourceError where that fails."""
    # Each imported only where it is opened: offline nobody waits for the clients of Azure.
    if parameters.source == "snapshot" and parameters.snapshot is not None:
        from umdiag.sources.folders import open_folder

        return open_folder(parameters.snapshot)
    from umdiag.sources.live.azure import Azure

    return Azure(target_of(parameters))


def target_of(parameters: Parameters) -> Target:
    """Return the scope and the addresses of live Azure."""
    from umdiag.sources.live.target import CLOUDS, Target

    return Target(
        cloud=CLOUDS[parameters.cloud],
        workspaces=parameters.workspaces,
        automation_account=parameters.automation_account,
        subscriptions=parameters.scope,
        management_groups=parameters.management_groups,
        workspace_api=parameters.workspace_api,
        credential=parameters.credential,
        tenant_id=parameters.tenant_id,
        endpoints=parameters.endpoints,
    )
