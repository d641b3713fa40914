"""Texts that people met in public, each with the entry that must answer it first."""

from __future__ import annotations

import json
import re
from pathlib import Path
from time import process_time

import pytest

from umdiag.explain.answering import answer
from umdiag.explain.flattening import flat
from umdiag.knowledge import decode, table
from umdiag.knowledge.details import details, filled
from umdiag.knowledge.matching import pattern
from umdiag.knowledge.resembling import similar
from umdiag.knowledge.unwrapping import code_words, http_status

#: Texts, each with the entries of which one must come first: public cases, and what was written afterwards.
TEXTS = [
    pytest.param(row["text"], row["answers"], id=f"{file.stem}-{number}")
    for file in sorted((Path(__file__).parent / "explained").glob("*.jsonl"))
    for number, row in enumerate(map(json.loads, file.read_text(encoding="utf-8").splitlines()), start=1)
]


@pytest.mark.parametrize(("text", "wanted"), TEXTS)
def test_text_that_people_met_is_answered_rightly_first(text: str, wanted: list[str]) -> None:
    found = [row.id for row in decode(flat(text))]
    assert found
    assert found[0] in wanted, found


def test_line_below_a_heading_decides_and_the_heading_follows() -> None:
    text = "dpkg: error processing archive /tmp/a.deb (--install):\n"
    text += " unable to open '/x/L.dpkg-new': Permission denied"
    assert [(row.id, row.role) for row in decode(text)] == [
        ("dpkg_unable_write", "deciding"),
        ("dpkg_error_processing", "following"),
    ]
    page = answer([text], 100)
    assert page.index("findmnt -T") < page.index("What follows from it: dpkg error processing")


def test_code_that_follows_from_another_comes_after_it() -> None:
    text = "WARNING: Failed to filter search results, error = 0x8024000B\nSyncUpdates failure: 0x80072EFE"
    assert [row.id for row in decode(text)] == ["0x80072EFE", "0x8024000B"]
    assert "TLS 1.2" in answer([text], 100)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("yum: Could not resolve 'mirror.example.com'", "apt"),
        ("apt-get: certificate has expired or is not yet valid", "yum"),
        ("zypper: Error downloading packages", "yum"),
        ("dnf: Repository 'x' is invalid", "zypper"),
        ('"maintenanceWindowExceeded": true', "update_management"),
    ],
)
def test_text_of_one_program_gets_no_answer_of_another(text: str, platform: str) -> None:
    assert platform not in {row.platform for row in decode(text)}


# --- frames ----------------------------------------------------------------------------------------------

REFUSED = (
    "The client 'a@b.example' with object id '11111111-2222-3333-4444-555555555555' does not have"
    " authorization to perform action 'Microsoft.Maintenance/configurationAssignments/write' over scope"
    " '/subscriptions/aaaaaaaa-2222-3333-4444-555555555555/resourceGroups/rg' or the scope is invalid."
)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"error":{{"code":"AuthorizationFailed","message":"{REFUSED}"}}}}',
        f"(AuthorizationFailed) {REFUSED}\nCode: AuthorizationFailed\nMessage: {REFUSED}",
        f"New-AzMaintenanceConfiguration : {REFUSED}\nStatusCode: 403\nErrorCode: AuthorizationFailed",
        f"Error: unexpected status 403 (403 Forbidden) with error: AuthorizationFailed: {REFUSED}",
        f'StatusCode=403 -- Original Error: Code="AuthorizationFailed" Message="{REFUSED}"',
        '{"status":"Failed","error":{"code":"DeploymentFailed","details":[{"message":'
        f'"{{\\"error\\":{{\\"code\\":\\"AuthorizationFailed\\",\\"message\\":\\"{REFUSED}\\"}}}}"}}]}}}}',
    ],
)
def test_frame_of_each_client_is_unwrapped(text: str) -> None:
    plain = flat(text)
    assert decode(plain)[0].id == "aum_authorization_failed"
    assert code_words(plain)[-1] == "AuthorizationFailed"
    page = " ".join(answer([text], 100).split())
    assert "action Microsoft.Maintenance/configurationAssignments/write" in page
    assert '--role "Scheduled Patching Contributor" --scope /subscriptions/aaaaaaaa-2222' in page


def test_namespace_is_taken_out_of_the_text() -> None:
    text = "The subscription is not registered to use namespace 'Microsoft.EventGrid'"
    assert details(text)["namespace"] == "Microsoft.EventGrid"
    assert (
        "az provider register --namespace Microsoft.EventGrid" in filled(decode(text)[0], text).resolution[0]
    )


def test_secrets_of_a_text_do_not_come_back() -> None:
    assert "pw" not in answer(["could not resolve host: https://me:pw@mirror.example.com/x"], 100)


@pytest.mark.parametrize(
    ("text", "words", "status"),
    [
        ('{"error":{"code":"QuxFailed","message":"no"}}', ["QuxFailed"], None),
        ("(QuxFailed) it did not work\nCode: QuxFailed", ["QuxFailed"], None),
        ("unexpected status 409 (409 Conflict) with error: QuxFailed: it did not", ["QuxFailed"], 409),
        ("QuxFailed: it did not work", ["QuxFailed"], None),
        ('{"status":"Succeeded","code":"Success"}', [], None),
        ("HTTP/1.1 503 Service Unavailable", [], 503),
    ],
)
def test_code_is_found_where_clients_write_it(text: str, words: list[str], status: int | None) -> None:
    assert code_words(text) == words
    assert http_status(text) == status


# --- honest ends -----------------------------------------------------------------------------------------


def test_unknown_code_in_a_frame_is_answered_as_a_code() -> None:
    page = answer(['{"error":{"code":"QuxNotAllowed","message":"Quux."}}'], 100)
    assert page.startswith("ARM code QuxNotAllowed: not known here.")


def test_unknown_code_beside_a_known_message_is_said_too() -> None:
    page = answer([f"(QuxFailed) {REFUSED}"], 100)
    assert page.startswith("AuthorizationFailed")
    assert page.rstrip().endswith("Unknown here: ARM code QuxFailed.")


def test_text_that_only_resembles_says_so() -> None:
    text = "machine is registered already to a totally different account"
    assert similar(text)[0][1].id == "already_registered_elsewhere"
    page = answer([text], 100)
    assert page.startswith("This text only resembles a known one (")
    assert "Confidence: low" in page


def test_nothing_known_names_the_two_nearest() -> None:
    page = answer(["the worker of the account sleeps in its hybrid group"], 100)
    assert "Most similar: " in page
    assert " ".join(page.split()).count("%, ") == 2


# --- patterns --------------------------------------------------------------------------------------------

_PARTS = re.compile(r"\{[^{}]*\}")


def hostile(template: str, size: int) -> list[str]:
    """Repeat a template without its end, and without its beginning: a search tries each place in vain."""
    pieces = [piece for piece in _PARTS.split(template.lstrip("=#").lower()) if piece.strip()]
    begun, ended = (pieces[:-1], pieces[1:]) if len(pieces) > 1 else ([pieces[0][:-1]], [pieces[0][1:]])
    return [
        (f"{repeated} " * (size // (len(repeated) + 1) + 1))[:size]
        for repeated in (" ".join(begun), " ".join(ended), " ".join([*ended, *begun]))
    ]


def slowest(size: int) -> tuple[float, str]:
    worst = (0.0, "")
    for row in table():
        for template in row.patterns:
            search = pattern(template).search
            for text in hostile(template, size):
                begin = process_time()
                search(text)
                worst = max(worst, (process_time() - begin, template))
    return worst


def test_no_pattern_runs_in_circles() -> None:
    seconds, template = slowest(1_000)
    assert seconds < 0.2, template


@pytest.mark.slow
def test_no_pattern_takes_seconds_on_a_megabyte_made_against_it() -> None:
    seconds, template = slowest(1_000_000)
    assert seconds < 2, template


def test_every_refused_action_and_policy_is_named() -> None:
    refused = "The client '5a' does not have permission to perform action '{}' at scope '/subscriptions/{}'."
    text = "(AuthorizationFailed) " + refused.format(
        "Microsoft.Maintenance/maintenanceConfigurations/write", "5a"
    )
    text += refused.format("Microsoft.Compute/virtualMachines/write", "5b")
    text += "\n(RequestDisallowedByPolicy) Resource 'mc' was disallowed by policy. Policy identifiers: "
    text += (
        """'[{"policyAssignment":{"name":"Require tag"}},{"policyAssignment":{"name":"Allowed regions"}}]'."""
    )
    page = answer([text], 400)
    assert (
        "Each needs the same steps, action: Microsoft.Compute/virtualMachines/write over /subscriptions/5b"
        in page
    )
    assert "Each needs the same steps, policy: Allowed regions" in page


def test_code_of_which_a_message_is_made_is_not_called_unknown() -> None:
    page = answer(["Code: InvalidTemplateDeployment. Resource 'mc' was disallowed by policy."], 100)
    assert "not known" not in page
