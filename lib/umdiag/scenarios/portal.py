"""Write addresses of the portal: pages of Azure Update Manager, and the page of one resource."""

from __future__ import annotations

from urllib.parse import quote

_PORTAL = "https://portal.azure.com"
_PAGES = f"{_PORTAL}/#view/Microsoft_Azure_Automation/UpdateCenter"

CONFIGURATIONS_PAGE = f"{_PORTAL}/#browse/Microsoft.Maintenance%2FmaintenanceConfigurations"


def resource_page(resource_id: str) -> str:
    """Return the address of a resource's page, "" for what is not an ARM id."""
    path = resource_id.strip().rstrip("/")
    return f"{_PORTAL}/#resource{quote(path)}" if path.lower().startswith("/subscriptions/") else ""


def run_page(run_id: str) -> str:
    """Return the address of a schedule run's page by its maintenance run id, "" for what is none."""
    path = run_id.strip().rstrip("/")
    configuration, found, name = path.lower().partition("/providers/microsoft.maintenance/applyupdates/")
    if not found or not name:
        return ""
    return (
        f"{_PAGES}MaintenanceRunHistoryBlade"
        f"/maintenanceConfigurationId/{quote(path[: len(configuration)], safe='')}"
        f"/maintenanceRunId/{quote(path, safe='')}/maintenanceRunName/{quote(name, safe='')}"
    )
