"""Name the cause in what Azure Update Manager reports of a failed assessment or installation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from umdiag.knowledge.cleaning import cleaned
from umdiag.knowledge.codes import find_codes
from umdiag.knowledge.hresult import FAILURE, parse
from umdiag.knowledge.matching import LINUX_CAUSES, messages
from umdiag.knowledge.table import by_number

#: In the order in which they are decided.
ERROR_CAUSES = (
    "network_unreachable",
    "agent_shutting_down",
    "update_service_disabled",
    "timed_out",
    "access_denied",
    "sudo_denied",
    "package_manager_failure",
    "superseded_operation",
    "extension_timed_out",
    "platform_error",
    "other_hresult",
)
#: Causes of a failed run on Linux that a text can show, in the order in which they are decided.
RUN_CAUSES = (*LINUX_CAUSES, "sudo_denied")

# sudo also warns of a host name that it cannot resolve, and then does what it was asked to do; the file of
# its rules may be named because a package brings it.
_SUDO = re.compile(r"invoke sudo|\bsudo:(?! unable to resolve host)|(?<!/)\bsudoers")
_FAILED = re.compile(r"package_manager_failure|unexpected return code \S+ from package manager")
_TEXTS: Mapping[str, re.Pattern[str]] = {
    "sudo_denied": _SUDO,
    "package_manager_failure": re.compile("package_manager_failure"),
    "superseded_operation": re.compile("newer_operation_superseded"),
    "extension_timed_out": re.compile("enable command timed out"),
    "platform_error": re.compile("internal ?(?:execution ?)?error"),
}
_OTHER = "other_hresult"
# Whose messages say why Update Manager failed; what package managers write is for `run_causes` to read.
_PLATFORMS = frozenset({"windows", "extension", "control_plane", "update_manager"})
_DOTNET = re.compile(r"\bsystem\.[a-z]+|exception from|the remote (?:server|name)")


@lru_cache(maxsize=8192)
def error_cause(text: str) -> tuple[str, str]:
    """Return (cause, code): the first of `ERROR_CAUSES` that a text shows and the code that shows it.

    The code is written 0x%08X; empty where a text shows the cause. Both are empty where nothing does.
    """
    shown: dict[str, str] = {}
    # A number by itself that is less is a state of the extension (1: error), not an error of Windows.
    codes = find_codes(text) if (parse(text) or FAILURE) >= FAILURE else ()
    for code in codes:
        if code >> 28 == 8:
            shown.setdefault(_meaning(code), f"0x{code:08X}")
    plain = _plain(text)
    for cause, pattern in _TEXTS.items():
        if pattern.search(plain):
            shown.setdefault(cause, "")
    if not shown:
        shown = dict.fromkeys(_of_rows(text, plain), "")
    return next(((cause, shown[cause]) for cause in ERROR_CAUSES if cause in shown), ("", ""))


@lru_cache(maxsize=8192)
def run_causes(text: str) -> tuple[str, ...]:
    """Return which of `RUN_CAUSES` the texts of a failed run on Linux show, first that fits first.

    That the package manager failed says no more than that: it counts where nothing says why.
    """
    plain = _plain(text)
    sudo = bool(_SUDO.search(plain))
    rows = messages(cleaned(text), "package_manager")
    shown = {row.cause for row in rows if not (sudo and row.id == "sudo_missing")}
    if sudo:
        shown.add("sudo_denied")
    if not shown & {*RUN_CAUSES} and _FAILED.search(plain):
        shown.add("package_manager_unhealthy")
    return tuple(cause for cause in RUN_CAUSES if cause in shown)


def _of_rows(text: str, plain: str) -> set[str]:
    """Return the causes of the table's messages; those of .NET are causes of Windows only."""
    platforms = {*_PLATFORMS, "runtime"} if _DOTNET.search(plain) else _PLATFORMS
    return {row.cause for row in messages(cleaned(text)) if row.platform in platforms}


def _meaning(code: int) -> str:
    row = by_number().get(code)
    return row.cause if row and row.cause in ERROR_CAUSES else _OTHER


def _plain(text: str) -> str:
    """Return a text in small letters, with single blanks."""
    return " ".join(cleaned(text).lower().split())
