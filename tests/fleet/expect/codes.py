"""Say what an HRESULT means for a scan or an installation that failed."""

from __future__ import annotations

CAUSES = (
    "network_unreachable", "wsus_unreachable", "agent_shutting_down", "update_service_disabled",
    "timed_out", "access_denied", "other_hresult",
)  # fmt: skip
MEANING = {
    0x8024402C: "network_unreachable",
    0x8024401C: "network_unreachable",
    0x8024402F: "network_unreachable",
    0x8024001E: "agent_shutting_down",
    0x8024002E: "update_service_disabled",
    0x80070422: "update_service_disabled",
    0x80072EE2: "timed_out",
    0x80070005: "access_denied",
}
NAME_NOT_RESOLVED = 0x8024402C


def cause_of_code(code: str | None, *, wsus: bool) -> str:
    """Return the cause that a code stands for; ``wsus``: the machine has a WSUS server."""
    if code is None:
        return "other_hresult"
    number = int(code, 16)
    if number == NAME_NOT_RESOLVED and wsus:
        return "wsus_unreachable"
    return MEANING.get(number, "other_hresult")
