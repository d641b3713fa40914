"""What recorded traffic of the services showed them to do, and what the kit makes of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from servers import errors
from servers.azure import AzureStandIn, changed
from servers.wire import Request
from support import live_estate as estate
from support import snapshot_rows as rows
from support.thinning import one_in
from umdiag.model import State, TableHealth
from umdiag.parameters import from_values
from umdiag.report.doctor import examine
from umdiag.sources.live.gates import Bucket

APIS = ("monitor", "kusto")
LAW = rows.workspace_id("law-b")


def of_logs(request: Request) -> bool:
    return bool(request.text) and "ResourceGraph" not in request.path


def lines(health: object) -> Mapping[tuple[str, str], TableHealth]:
    return {(line.table, line.scope): line for line in health}  # type: ignore[attr-defined]


# -- one table --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("trouble", "told"),
    [("basic", "the table is on the Basic plan"), ("slow", "the service has a problem (504 GatewayTimeout")],
)
def test_table_that_is_refused_costs_itself_alone(
    azure: AzureStandIn, api: str, trouble: str, told: str
) -> None:
    setattr(azure.logs, trouble, {"law-b": {"Event"}})
    kit = estate.live(azure, workspace_api=api, workspaces=[LAW])
    try:
        beats, scans = kit.fact("heartbeats"), kit.fact("scan_failures")
        health = lines(kit.health())
    finally:
        kit.close()
    assert (beats.state, beats.reason, len(beats.frame)) == (State.COMPLETE, "", 4)
    assert (scans.state, len(scans.frame)) == (State.MISSING, 0)
    assert scans.reason.startswith(f"Event of law-b: {told}")
    assert health["Heartbeat", "law-b"].state is State.COMPLETE
    assert health["Event", "law-b"].state is State.MISSING
    assert told in health["Event", "law-b"].note
    assert "endpoints" not in health["Event", "law-b"].note


def test_doctor_names_the_one_table_that_is_refused(azure: AzureStandIn) -> None:
    azure.logs.basic = {"law-b": {"Event"}}
    seen = {one.what: one for one in examine(from_values(estate.values(azure), folder=None))}
    no = {what: one.told for what, one in seen.items() if not one.ok}
    assert list(no) == ["table Event of law-b"]
    assert "set the table's plan to Analytics" in no["table Event of law-b"]


@pytest.mark.parametrize("api", APIS)
def test_workspace_without_any_table_is_said_once(azure: AzureStandIn, api: str) -> None:
    azure.logs.never_existed = {"law-b": set(azure.logs._rows.tables)}
    kit = estate.live(azure, workspace_api=api)
    try:
        answer = kit.fact("heartbeats")
    finally:
        kit.close()
    assert (answer.state, answer.unseen) == (State.PARTIAL, ("law-b",))
    assert answer.reason == (
        "workspace law-b: it has none of the tables that Update Management writes, "
        "leave the workspace out of workspaces if it never had Update Management"
    )


@pytest.mark.parametrize("api", APIS)
def test_table_that_a_fuzzy_union_leaves_out_takes_nothing_from_the_others(
    azure: AzureStandIn, api: str
) -> None:
    azure.logs.never_existed = {"law-b": {"ConfigurationChange"}}
    kit = estate.live(azure, workspace_api=api, workspaces=[LAW])
    try:
        health = lines(kit.health())
    finally:
        kit.close()
    assert health["Update", "law-b"].state is State.COMPLETE
    assert health["ConfigurationChange", "law-b"].state is State.MISSING


# -- columns that were never there ------------------------------------------------------------------------


@pytest.mark.parametrize("api", one_in(2, APIS))
@pytest.mark.parametrize(
    ("query", "absent", "lacking"),
    [
        ("needed_packages", {("Update", "OSFullName")}, ""),
        ("assessments", {("Update", "ResourceId")}, ""),
        ("assessments", {("Update", "VMUUID")}, "it never had Update.VMUUID, check "),
        (
            "latest_updates",
            {("Update", "Approved"), ("Update", "PublishedDate")},
            "it never had Update.PublishedDate and Update.Approved, check ",
        ),
    ],
)
def test_column_that_a_workspace_never_had_costs_that_column(
    azure: AzureStandIn, api: str, query: str, absent: set[tuple[str, str]], lacking: str
) -> None:
    azure.logs.absent = {"law-a": absent}
    kit = estate.live(azure, workspace_api=api)
    try:
        answer = kit.fact(query)
        whole = estate.live(azure, workspace_api=api)
        azure.logs.absent = {}
        expected = whole.fact(query)
        whole.close()
    finally:
        kit.close()
    assert len(answer.frame) == len(expected.frame) > 0
    assert answer.state is (State.PARTIAL if lacking else State.COMPLETE)
    assert (lacking in answer.reason) if lacking else not answer.reason
    assert answer.unseen == ()
    assert answer.text == expected.text
    first = answer.sent.splitlines()[:3]
    assert first[0] == "// As sent to law-a, where columns are absent:"
    assert first[1] == "let Update_with_all_columns = Update"
    assert all(f"{column} = " in first[2] for _, column in absent)


def test_schema_of_a_table_is_asked_for_once(azure: AzureStandIn) -> None:
    azure.logs.absent = {"law-b": {("Update", "OSFullName"), ("Update", "VMUUID")}}
    kit = estate.live(azure, workspaces=[LAW])
    try:
        for query in ("assessments", "needed_packages", "assessments"):
            kit.fact(query)
    finally:
        kit.close()
    assert len(azure.asked("Update\n| getschema")) == 1


# -- what Resource Graph leaves out -----------------------------------------------------------------------

MAIN, OTHER = rows.identifier("main"), rows.identifier("other")
GROUP = "/providers/Microsoft.Management/managementGroups/"


def test_subscription_that_is_left_out_in_silence_makes_what_rests_on_it_partial(azure: AzureStandIn) -> None:
    azure.management.visible = {MAIN}
    kit = estate.live(azure, subscriptions=[MAIN, OTHER])
    try:
        machines, subscriptions = kit.fact("azure_machines"), kit.fact("subscriptions")
    finally:
        kit.close()
    assert len(machines.frame)
    assert machines.state is State.PARTIAL
    assert machines.reason == (
        f"resources in Resource Graph is not complete: subscription {OTHER} cannot be seen, "
        f"have Reader on /subscriptions/{OTHER} assigned to you"
    )
    assert subscriptions.state is State.COMPLETE


def test_reader_of_some_resource_groups_is_told_that_rows_may_be_missing(azure: AzureStandIn) -> None:
    path = f"/subscriptions/{MAIN}/providers/Microsoft.Authorization/permissions"
    azure.fault(lambda one: one.path == path, changed(lambda good: {"value": []}))
    kit = estate.live(azure)
    try:
        machines = kit.fact("azure_machines")
    finally:
        kit.close()
    assert machines.state is State.PARTIAL
    assert f"only a part of subscription {MAIN} may be read" in machines.reason


@pytest.mark.parametrize(
    ("named", "scope", "what"),
    [
        (MAIN, f"/subscriptions/{MAIN}", f"subscription {MAIN}"),
        (f"{GROUP}mg.prod", f"{GROUP}mg.prod", "management group mg.prod"),
    ],
    ids=["subscription", "management group"],
)
def test_rights_that_nobody_tells_leave_open_what_may_be_read(
    azure: AzureStandIn, named: str, scope: str, what: str
) -> None:
    azure.management.groups["mg.prod"] = [MAIN]
    azure.management.denied = [f"{scope}/providers/Microsoft.Authorization"]
    kit = estate.live(azure, subscriptions=[named])
    try:
        machines, subscriptions = kit.fact("azure_machines"), kit.fact("subscriptions")
    finally:
        kit.close()
    assert len(machines.frame)
    assert machines.state is State.PARTIAL
    assert (
        f"how much of {what} may be read is unknown (its permissions: access was refused" in machines.reason
    )
    assert subscriptions.state is State.COMPLETE


def test_reader_of_a_part_of_a_management_group_is_told_that_rows_may_be_missing(azure: AzureStandIn) -> None:
    azure.management.groups["mg.prod"] = [MAIN]
    path = f"{GROUP}mg.prod/providers/Microsoft.Authorization/permissions"
    azure.fault(lambda one: one.path == path, changed(lambda good: {"value": []}))
    kit = estate.live(azure, subscriptions=[f"{GROUP}mg.prod"])
    try:
        machines = kit.fact("azure_machines")
    finally:
        kit.close()
    assert machines.state is State.PARTIAL
    assert "only a part of management group mg.prod may be read" in machines.reason


def test_no_subscription_that_may_be_read_is_refused(azure: AzureStandIn) -> None:
    azure.management.visible = set()
    kit = estate.live(azure)
    try:
        answer = kit.fact("azure_machines")
    finally:
        kit.close()
    assert answer.state is State.DENIED
    assert "AccessDenied" in answer.reason


# -- the sign-in ------------------------------------------------------------------------------------------


def test_given_token_that_is_refused_is_not_sent_again_and_earlier_answers_are_kept(
    azure: AzureStandIn,
) -> None:
    kit = estate.live(azure)
    try:
        before = kit.fact("heartbeats")
        azure.wire.token = "another"
        azure.wire.requests.clear()
        after = [kit.fact(name) for name in ("scan_failures", "latest_updates", "update_runs", "workers")]
        again = kit.fact("heartbeats")
    finally:
        kit.close()
    assert (before.state, again.state) == (State.COMPLETE, State.COMPLETE)
    assert len(again.frame)
    for answer in after:
        assert answer.state is State.DENIED
        assert "the sign-in was not accepted (401 InvalidAuthenticationToken" in answer.reason
        assert "UMDIAG_ACCESS_TOKEN" in answer.reason
    logs = [one for one in azure.wire.requests if of_logs(one)]
    assert len(logs) <= len(estate.WORKSPACES)  # those that were on their way
    # One to Resource Manager, and one to Resource Graph, which tells whether Update Manager is looked at.
    others = [one for one in azure.wire.requests if not of_logs(one)]
    assert sorted("ResourceGraph" in one.path for one in others) == [False, True]


# -- pace -------------------------------------------------------------------------------------------------


def test_sound_estate_is_never_told_that_it_asks_too_often(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.management.bucket = (25, 250.0)
    tenth = Bucket(requests=20, a_second=240.0)  # the documented bucket, ten times as small and as fast
    monkeypatch.setattr(
        "umdiag.sources.live.azure.Limits", lambda: replace(estate.HASTY, management_bucket=tenth)
    )
    with estate.looked_at(azure):
        pass
    assert len([one for one in azure.wire.requests if one.method == "GET"]) > 25
    assert not [one for one in azure.wire.requests if one.status == 429]


def test_throttled_subscription_waits_and_loses_nothing(azure: AzureStandIn) -> None:
    azure.fault(
        lambda one: one.method == "GET" and "/jobs" in one.path,
        errors.error(429, "SubscriptionRequestsThrottled", "exceeded", **{"Retry-After": "0.01"}),
        times=2,
    )
    kit = estate.live(azure)
    try:
        assert kit.fact("automation_jobs").state is State.COMPLETE
    finally:
        kit.close()


@pytest.mark.slow
def test_throttled_run_takes_little_longer_than_it_was_asked_to_wait(azure: AzureStandIn) -> None:
    def seconds() -> float:
        began = time.monotonic()
        with estate.looked_at(azure):
            return time.monotonic() - began

    seconds()  # the stand-in remembers its answers
    sound = min(seconds(), seconds())
    azure.wire.requests.clear()
    calls = itertools.count()
    azure.fault(
        lambda one: one.method == "GET" and next(calls) % 8 == 0,
        errors.error(429, "SubscriptionRequestsThrottled", "exceeded", **{"Retry-After": "2"}),
    )
    throttled = seconds()
    refused = sorted(one.ended for one in azure.wire.requests if one.status == 429)
    assert len(refused) > 3
    waits = sum(min(2.0, later - earlier) for earlier, later in pairwise([*refused, refused[-1] + 2]))
    assert throttled - sound <= 1.5 * waits, (sound, throttled, waits)


# -- times ------------------------------------------------------------------------------------------------


def test_reset_of_the_cap_is_read_as_vendor_articles_write_it(azure: AzureStandIn) -> None:
    def rewritten(good: dict[str, Any]) -> dict[str, Any]:
        capping = good["properties"]["workspaceCapping"] | {
            "quotaNextResetTime": "Fri, 15 Mar 2024 14:00:00 GMT"
        }
        return good | {"properties": good["properties"] | {"workspaceCapping": capping}}

    azure.fault(lambda one: one.path.lower() == LAW.lower(), changed(rewritten))
    kit = estate.live(azure, workspaces=[LAW])
    try:
        settings = kit.fact("workspace_settings").frame
    finally:
        kit.close()
    assert [one.isoformat() for one in settings["next_reset"]] == ["2024-03-15T14:00:00+00:00"]
