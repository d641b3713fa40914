"""Know what the services write when something went wrong, by what is wrong."""

from __future__ import annotations

from typing import Any

from fleet.faults.package_texts import TEXTS as OF_MANAGERS
from fleet.update_manager.updates import MANAGERS

HRESULTS = {
    "network_unreachable": ("0x8024402C", "0x8024401C", "0x8024402F"),
    "agent_shutting_down": ("0x8024001E",),
    "update_service_disabled": ("0x80070422", "0x8024002E"),
    "timed_out": ("0x80072EE2",),
    "access_denied": ("0x80070005",),
    "other_hresult": ("0x80240022", "0x800F0922", "0x80070643"),
}
MESSAGES = {
    "sudo_denied": ("ERROR", "Sudo is disallowed or restricted. Unable to invoke sudo successfully."),
    "package_manager_failure": ("PACKAGE_MANAGER_FAILURE", "Unexpected return code from package manager."),
    "superseded_operation": ("NEWER_OPERATION_SUPERSEDED", "A newer operation superseded this one."),
    "extension_timed_out": ("VMExtensionProvisioningTimeout", "Enable command timed out."),
    "platform_error": (
        "InternalExecutionError",
        "An internal execution error occurred. Please retry later. This result may be incomplete.",
    ),
    "assessment": ("OPERATION_FAILED", "The patch assessment before the installation failed."),
    "esm_required": ("UA_ESM_REQUIRED", "2 patches were skipped: they require Ubuntu Pro with ESM."),
    "list_truncated": ("PACKAGE_LIST_TRUNCATED", "Package lists were truncated to limit reporting data."),
}  # fmt: skip
OF_RUNS = {
    "prerequisite": "Failed to start: the prerequisites for scheduling are not met on this machine.",
    "shutdown": "ShutdownOrUnresponsive: the machine was shut down or does not respond.",
    "waiting": "The machine is waiting for an ongoing update to finish.",
    "cancelled_by_api": "Maintenance was cancelled by the cancellation API.",
    "platform_failure": "Maintenance was cancelled due to an internal platform failure.",
}
CLEAN = {"code": "Success", "message": "", "details": []}


def error_details(trouble: str | None, release: str, turn: int) -> dict[str, Any] | None:
    """Return the errors of an assessment or installation; ``turn`` chooses among what is equal."""
    if trouble is None:
        return (None, CLEAN)[turn % 2]
    if trouble in HRESULTS:
        codes = HRESULTS[trouble]
        code = codes[turn % len(codes)]
        if turn % 2:
            return {"code": code, "message": "The operation failed."}
        inner = {"code": "WindowsUpdateError", "message": f"Exception from HRESULT: {code}"}
        return {"code": "ERROR", "message": "1 error/s reported.", "details": [inner]}
    if trouble in MESSAGES:
        code, message = MESSAGES[trouble]
        if trouble == "package_manager_failure":
            return {"code": code, "message": message}
        return {
            "code": "ERROR",
            "message": "1 error/s reported.",
            "details": [{"code": code, "message": message}],
        }
    texts = OF_MANAGERS[trouble][MANAGERS[release]]
    text = texts[turn % len(texts)].format(p="openssl", n=7 + 31 * turn)
    return {"code": "ERROR", "message": "1 error/s reported.", "details": [
        {"code": "PACKAGE_MANAGER_FAILURE", "message": text}]}  # fmt: skip
