"""Causes in the texts of Azure Update Manager: the book's table, its order, and what only looks like one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from umdiag.frames.shared.error_causes import deciding_codes, error_causes, linux_run_causes
from umdiag.knowledge import table
from umdiag.knowledge.causes import ERROR_CAUSES, RUN_CAUSES
from umdiag.model import Cause, Subject, found
from umdiag.scenarios import causes_of_errors
from umdiag.scenarios.causes_of_codes import CAUSES
from umdiag.scenarios.causes_of_errors import ERROR_CAUSES as CAUSES_OF_ERRORS
from umdiag.scenarios.causes_of_errors import WINDOWS_RUN_CAUSES
from umdiag.words.steps import Traits

SUDO = "EXCEPTION: Exception('Unable to invoke sudo successfully. Output: root is not in the sudoers file.',)"
#: One text per cause, in the book's order.
EXAMPLES = {
    "network_unreachable": "Exception from HRESULT: 0x8024402C",
    "agent_shutting_down": "The update was stopped (0x8024001E)",
    "update_service_disabled": "The service cannot be started. (Exception from HRESULT: 0x80070422)",
    "timed_out": "Exception from HRESULT: 0x80072EE2",
    "access_denied": "Access is denied. (Exception form HRESULT: 0x80070005(E_ACCESSDENIED))",
    "sudo_denied": SUDO,
    "package_manager_failure": "PACKAGE_MANAGER_FAILURE\nthe package manager failed",
    "superseded_operation": "NEWER_OPERATION_SUPERSEDED",
    "extension_timed_out": "Extension failed during enable. Enable command timed out.",
    "platform_error": "An internal execution error occurred. Please retry later.",
    "other_hresult": "Failed with 0x80240438",
}
TEXTS = [
    ("0x8024401c", "network_unreachable"),
    ("0X8024402F then the end", "network_unreachable"),
    ("hr=8024402c", "network_unreachable"),
    ("-2145107924", "network_unreachable"),
    ("2149859372", "network_unreachable"),
    ('{"code": -2145107924, "message": ""}', "network_unreachable"),
    ("WU_E_PT_WINHTTP_NAME_NOT_RESOLVED", "network_unreachable"),
    ("0x8024002e", "update_service_disabled"),
    ("-2147023838", "update_service_disabled"),
    ("Unable to\n  invoke SUDO successfully", "sudo_denied"),
    ("sudo: a password is required", "sudo_denied"),
    ("sh: 1: sudo: not found", "sudo_denied"),
    ("sudo: unable to resolve host web01\nsudo: no tty present", "sudo_denied"),
    ("web01 is not in the sudoers file", "sudo_denied"),
    ("package_manager_failure", "package_manager_failure"),
    ("Newer_Operation_Superseded", "superseded_operation"),
    ("Internal error", "platform_error"),
    ("VMGuestPatchInternalError", "platform_error"),
    ("an INTERNAL\r\nERROR occurred", "platform_error"),
    ("0x80240022", "other_hresult"),
    ("0x800F0922 and 0x8024402C", "network_unreachable"),
    ("0x80080005 (CO_E_SERVER_EXEC_FAILURE)", "other_hresult"),
]
#: What the table of errors knows of texts without a code.
FROM_TABLE = [
    ("System.Net.WebException: The remote name could not be resolved: 'x.y.example'", "network_unreachable"),
    ("System.Net.WebException: The operation has timed out", "timed_out"),
    ("System.UnauthorizedAccessException: Access to the path 'C:\\x' is denied.", "access_denied"),
    ("The remote server returned an error: (407) Proxy Authentication Required.", "network_unreachable"),
    (
        "VM has not reported status for VM agent or extensions. Verify that the OS is up",
        "extension_timed_out",
    ),
    ("[ExtensionError] Timeout(900): bin/handler.sh -enable", "extension_timed_out"),
    ("OperationPreempted: preempted by a more recent operation.", "superseded_operation"),
    ("Failed to start service 'Windows Update (wuauserv)'.", "update_service_disabled"),
]
#: What only looks like a cause.
LOOK_ALIKES = [
    "",
    "Success",
    "0",
    "0x0",
    "1",
    "5",
    "12007",
    "0x00240005 a restart is needed",
    "0xC0000022",
    "{8024402C-1DE1-4ABC-9DEF-0123456789AB}",
    "installationActivityId 80072ee2-1234-4abc-9def-0123456789ab",
    "KB8024402 was not found",
    "E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem.",
    "Package manager on machine is not healthy. To fix, please run: sudo dpkg --configure -a",
    "sudo: unable to resolve host web01: Name or service not known",
    "Configuration file '/etc/sudoers': end of file on stdin at conffile prompt",
    "pseudo: nothing",
    "500 Internal Server Error",
    "The command timed out",
    "OPERATION_FAILED",
    "Connection refused",
    "E: Failed to fetch http://x/y.deb  Connection timed out [IP: 1.2.3.4 80]",
]


def test_every_cause_of_the_book_has_an_example() -> None:
    assert tuple(EXAMPLES) == ERROR_CAUSES
    assert list(error_causes(pd.Series(EXAMPLES.values()))) == list(ERROR_CAUSES)


@pytest.mark.parametrize(("text", "cause"), [*TEXTS, *FROM_TABLE])
def test_text_shows_its_cause(text: str, cause: str) -> None:
    assert list(error_causes(pd.Series([text]))) == [cause]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_looks_like_a_cause_shows_none(text: str) -> None:
    assert list(error_causes(pd.Series([text]))) == [""]


def test_first_cause_of_the_order_is_told_wherever_it_stands() -> None:
    for first, second in combinations(EXAMPLES, 2):
        texts = pd.Series(
            [f"{EXAMPLES[first]}\n{EXAMPLES[second]}", f"{EXAMPLES[second]}\n{EXAMPLES[first]}"]
        )
        assert list(error_causes(texts)) == [first, first]


def test_codes_of_the_table_and_the_book_are_the_same() -> None:
    codes = {
        row.cause: {other.code for other in table() if other.kind == "code" and other.cause == row.cause}
        for row in table()
        if row.kind == "code" and row.cause not in ("", "other_hresult")
    }
    assert codes == {
        "network_unreachable": {"0x8024402C", "0x8024401C", "0x8024402F"},
        "agent_shutting_down": {"0x8024001E"},
        "update_service_disabled": {"0x8024002E", "0x80070422"},
        "timed_out": {"0x80072EE2"},
        "access_denied": {"0x80070005"},
    }


def test_missing_texts_and_odd_indexes_are_kept() -> None:
    texts = pd.Series([None, np.nan, "0x80072EE2", "nothing"], index=["d", "c", "b", "a"])
    told = error_causes(texts)
    assert told.index.equals(texts.index)
    assert list(told) == ["", "", "timed_out", ""]
    assert told.dtype == "str"
    none = error_causes(pd.Series([], dtype="str"))
    assert (len(none), none.dtype) == (0, "str")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("first 0x800F0922, then 0x8024402c", "0x8024402C"),
        ("0x80240022 0x800F0922", "0x80240022"),
        ("-2147023838", "0x80070422"),
        (f"{SUDO} 0x80240022", ""),
        ("all well", ""),
    ],
)
def test_code_is_that_of_the_cause(text: str, code: str) -> None:
    assert list(deciding_codes(pd.Series([text, None]))) == [code, ""]


# --- Linux -----------------------------------------------------------------------------------------------

DEPENDENCIES, UNHEALTHY, INTERFERES, DENIED = RUN_CAUSES
FAILED = "PACKAGE_MANAGER_FAILURE: Customer environment error: Investigate and resolve unexpected return code"


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        ("E: Unable to correct problems, you have held broken packages.", [DEPENDENCIES]),
        ("E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a'", [UNHEALTHY]),
        ("Package manager on machine is not healthy. To fix, please run: sudo dpkg --configure", [UNHEALTHY]),
        ("E: Type 'Suites:' is not known on line 7 in source list /x/msft-aumc-1.list", [UNHEALTHY]),
        ("trying to overwrite '/usr/bin/x', which is also in package y 1.0", [INTERFERES]),
        (SUDO, [DENIED]),
        ("sudo: a password is required", [DENIED]),
        ("PACKAGE_MANAGER_FAILURE", [UNHEALTHY]),
        (f"{FAILED} (100) from package manager on command: sudo apt-get -y install x", [UNHEALTHY]),
        (f"{FAILED} (100) from package manager\ntrying to overwrite '/x', which is also in package y",
         [INTERFERES]),
        (f"{FAILED} (1) from package manager\nUnmet dependencies. Try 'apt --fix-broken install' with no"
         " packages (or specify a solution).", [DEPENDENCIES]),
        (f"{SUDO} PACKAGE_MANAGER_FAILURE", [DENIED]),
        (f"{SUDO}\nNo space left on device", [UNHEALTHY, DENIED]),
        ("OPERATION_FAILED", []),
        ("0x8024402C", []),
        ("", []),
    ],
)  # fmt: skip
def test_text_of_a_failed_linux_run_shows_its_causes(text: str, causes: list[str]) -> None:
    shown = linux_run_causes(pd.Series([text, None]))
    assert list(shown.columns) == list(RUN_CAUSES)
    assert [cause for cause in RUN_CAUSES if shown[cause][0]] == causes
    assert not shown.iloc[1].any()


def test_no_texts_show_no_causes() -> None:
    shown = linux_run_causes(pd.Series([], dtype="str"))
    assert shown.empty
    assert list(shown.dtypes) == [np.dtype("bool")] * len(RUN_CAUSES)


# --- causes of both services -----------------------------------------------------------------------------


def test_each_error_cause_is_a_cause_in_the_same_order() -> None:
    keys = [cause.key for cause in CAUSES_OF_ERRORS]
    assert [key for key in keys if key != "wsus_unreachable"] == list(ERROR_CAUSES)
    assert [key for key in keys if key in {cause.key for cause in CAUSES}] == [cause.key for cause in CAUSES]
    assert {cause.key for cause in WINDOWS_RUN_CAUSES} == {*ERROR_CAUSES} - {
        "sudo_denied", "package_manager_failure",
    }  # fmt: skip


@pytest.mark.parametrize("cause", [pytest.param(cause, id=cause.key) for cause in CAUSES_OF_ERRORS])
def test_one_cause_serves_each_service_with_its_own_steps_and_page(cause: Cause) -> None:
    machine = Subject(kind="machine", name="web01", id="/subscriptions/5a/resourceGroups/rg/providers/"
                      "Microsoft.Compute/virtualMachines/web01")  # fmt: skip
    for system in ("windows", "linux"):
        told = found(cause, machine, {}, known=Traits(
            os=system, azure_vm=True, arc=False, service="update_manager", wsus=False))  # fmt: skip
        text = " ".join(told.resolution)
        assert told.resolution
        assert "StartScan" not in text
        assert "HealthService" not in text
        assert "connectedmachine" not in text
        if cause.key != "wsus_unreachable":
            assert "azure/automation" not in told.source
    old = found(cause, machine, {}, known=Traits(os="windows", azure_vm=True, service="update_management"))
    if cause in CAUSES:
        assert "assess-patches" not in " ".join(old.resolution)
        assert old.source == cause.source


def test_names_of_causes_are_bound_once() -> None:
    causes = [value for value in vars(causes_of_errors).values() if isinstance(value, Cause)]
    assert len(causes) == len({cause.key for cause in causes}) == len(CAUSES_OF_ERRORS)
