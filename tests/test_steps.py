"""Steps of causes: told on machines that they can fit, filled in with what is known, never none at all."""

from __future__ import annotations

import re
from itertools import chain, product
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umdiag.errors import QueryError
from umdiag.model import UPDATE_MANAGER, Cause, Lead, Severity, Subject, found
from umdiag.scenarios import FAMILIES, Scenario, _scenario, azure_steps, catalogue, leads_from
from umdiag.scenarios.assessment import machine_disconnected
from umdiag.scenarios.portal import resource_page, run_page
from umdiag.scenarios.steps import (
    in_update_management,
    in_update_manager,
    linux,
    on_azure_vm,
    traits,
    windows,
    with_wsus,
    without_wsus,
)
from umdiag.words.steps import Step, Traits, filled, named_parts, steps_for

VM = "/subscriptions/5a/resourceGroups/rg (test)/providers/Microsoft.Compute/virtualMachines/web01"
ARC = "/subscriptions/5a/resourceGroups/rg/providers/Microsoft.HybridCompute/machines/web02"
STEPS = (windows("Open the registry."), linux("Read the log."), with_wsus("Decline it."), "Wait.")
#: Every machine there can be.
MACHINES = [
    Traits(
        os=system, azure_vm=place == "azure", arc=place == "arc", wsus=wsus, worker=worker, service=service
    )
    for system, place, wsus, worker, service in product(
        ("windows", "linux"),
        ("azure", "arc", "elsewhere"),
        (True, False),
        (True, False),
        ("update_management", "update_manager"),
    )
    if not (system == "linux" and wsus)
]
#: Causes above info that lead nowhere: what is to be done about them is done where they are found.
LEADS_NOWHERE = {
    ("superseded_update_missing", "superseded_not_declined"),
    ("wsus_not_approved", "not_approved_in_wsus"),
    ("scheduled_run_missed_machine", "scope_not_visible"),
    ("scheduled_run_missed_machine", "machine_deleted"),
    ("scheduled_run_missed_machine", "filter_excludes_machine"),
    ("run_failed_to_start", "job_limit_reached"),
    ("assignment_points_nowhere", "machine_moved"),
    ("assignment_points_nowhere", "machine_deleted"),
    ("assignment_points_nowhere", "configuration_deleted"),
    ("scheduled_run_missed_machine", "scope_limit_reached"),
    ("scheduled_run_missed_machine", "machine_recreated"),
    ("scheduled_run_missed_machine", "changed_too_late"),
    ("scheduled_run_missed_machine", "workload_not_supported"),
    ("scheduled_run_missed_machine", "schedule_conflict"),
    ("schedule_did_not_run", "never_ran"),
    ("schedule_did_not_run", "unknown"),
}


class Row:
    """A machine as a frame's row has it."""

    def __init__(self, **columns: Any) -> None:
        self.subject_id = "agent-1"
        vars(self).update(columns)


def every_scenario() -> list[Any]:
    return [pytest.param(one, id=one.name) for one in catalogue()]


def test_a_step_for_another_system_is_not_told() -> None:
    assert steps_for(STEPS, Traits(os="linux", wsus=False)) == ("Read the log.", "Wait.")
    assert steps_for(STEPS, Traits(os="windows", wsus=True)) == ("Open the registry.", "Decline it.", "Wait.")


def test_a_condition_that_cannot_be_told_is_said() -> None:
    assert steps_for(STEPS) == (
        "On Windows: Open the registry.",
        "On Linux: Read the log.",
        "With WSUS: Decline it.",
        "Wait.",
    )
    both = on_azure_vm("Start it.", os="windows")
    assert steps_for([both]) == ("On Windows, on an Azure VM: Start it.",)
    assert steps_for([both], Traits(os="windows")) == ("On an Azure VM: Start it.",)
    assert steps_for([both], Traits(os="linux")) == ()


def test_every_trait_can_be_said() -> None:
    for machine in MACHINES:
        for trait, value in vars(machine).items():
            step = steps_for([windows("Do it.", **{} if trait == "os" else {trait: value})])
            assert step[0].endswith(": Do it.")


@pytest.mark.parametrize("judged", every_scenario())
def test_no_machine_is_left_without_a_step(judged: Scenario) -> None:
    for cause in judged.causes:
        fitting = [
            machine for machine in MACHINES if machine.service in judged.services and is_there(machine)
        ]
        assert [machine for machine in fitting if not steps_for(cause.resolution, machine)] == []


def is_there(machine: Traits) -> bool:
    """Whether a service can have such a machine: Update Manager knows Azure and Azure Arc alone."""
    return machine.service != UPDATE_MANAGER or bool(machine.azure_vm or machine.arc)


def test_names_are_filled_in_from_subject_and_evidence() -> None:
    cause = Cause(
        key="off",
        sentence="It is off.",
        resolution=(
            "az vm start --ids <resource id>.",
            "umdiag explain <code>.",
            "az account set -s <subscription>.",
            "Open <another thing>.",
        ),
        source="https://learn.microsoft.com/",
    )
    finding = found(cause, Subject(kind="machine", name="web01", id=VM), {"code": "0x80240022", "count": 3})
    assert finding.resolution == (
        f"az vm start --ids '{VM}'.",
        "umdiag explain 0x80240022.",
        "az account set -s 5a.",
        "Open <another thing>.",
    )
    elsewhere = found(cause, Subject(kind="machine", name="web01", id="agent-1"), {"code": None})
    assert elsewhere.resolution[:2] == ("az vm start --ids <resource id>.", "umdiag explain <code>.")


@given(st.text())
def test_what_is_filled_in_stays_one_word_of_a_command(value: str) -> None:
    told = filled("az group show -n <name>", {"name": value}).removeprefix("az group show -n ")
    word = told[1:-1] if told[:1] == "'" else told
    assert not {"'", "’", "‘", "\n", "\0"} & set(word)
    assert (
        told == "<name>"
        or told == f"'{value.strip()}'"
        or (told == value.strip() and not told.startswith("-"))
    )


@pytest.mark.parametrize("identity", ["", "agent-1", "/", "//", "/subscriptions", "subscriptions/5a"])
def test_an_id_that_is_not_of_azure_fills_nothing_in(identity: str) -> None:
    assert named_parts(identity) == {}


@pytest.mark.parametrize(
    ("columns", "known"),
    [
        (
            {"os_type": "Linux", "arm_key": VM.lower()},
            {"os": "linux", "wsus": False, "azure_vm": True, "arc": False},
        ),
        ({"os_type": "Windows", "wsus_server": ""}, {"os": "windows", "wsus": False}),
        ({"wsus_server": "http://wsus:8530"}, {"wsus": True}),
        ({"os_type": "", "wsus_server": None, "environment": ""}, {}),
        ({"os_type": "Windows", "wsus_server": float("nan")}, {"os": "windows"}),
        ({"environment": "Azure"}, {"azure_vm": True, "arc": False}),
        ({"environment": "Non-Azure"}, {"azure_vm": False}),
        ({"subject_id": ARC}, {"azure_vm": False, "arc": True}),
    ],
)
def test_a_row_tells_what_its_machine_is(columns: dict[str, Any], known: dict[str, Any]) -> None:
    assert traits(Row(**columns)) == Traits(service="update_management", **known)


def test_a_scenario_knows_better_than_the_row() -> None:
    assert traits(Row(os_type=""), os="windows", wsus=None).os == "windows"
    assert traits(Row(wsus_server=""), wsus=True).wsus is True


def test_a_superseded_update_without_wsus_is_left_out_of_the_count() -> None:
    (cause,) = next(one.causes for one in catalogue() if one.name == "superseded_update_missing")
    told = steps_for(cause.resolution, Traits(os="windows", wsus=False))
    assert "WSUS" not in " ".join(told)
    assert told[0].startswith("Leave the listed update out")
    assert "ask Microsoft support" in told[-1]
    assert "Decline" in steps_for(cause.resolution, Traits(os="windows", wsus=True))[0]
    assert without_wsus("x").only.wsus is False


# -- steps of Azure Update Manager ------------------------------------------------------------------------

#: Commands of the Azure CLI, each with the options that its source (azure-cli, its extension
#: connectedmachine) knows.
COMMANDS = {
    "az vm assess-patches": {"--ids"},
    "az vm update": {"--ids", "--set"},
    "az vm get-instance-view": {"--ids", "--query"},
    "az vm extension list": {"--resource-group", "--vm-name", "--subscription", "--output"},
    "az connectedmachine assess-patches": {"--ids"},
    "az connectedmachine update": {"--ids", "--os-profile"},
    "az connectedmachine extension list": {
        "--resource-group",
        "--machine-name",
        "--subscription",
        "--output",
    },
    "az connectedmachine extension delete": {
        "--resource-group",
        "--machine-name",
        "--subscription",
        "--name",
    },
    "az monitor activity-log list": {"--resource-id", "--offset", "--output"},
    "az provider register": {"--namespace", "--subscription"},
    "az provider show": {"--namespace", "--subscription", "--query"},
}
SHARED = {
    name: (value,) if isinstance(value, str) else value
    for name, value in vars(azure_steps).items()
    if name.isupper() and not name.startswith("_")
}
ON_VM = Traits(os="windows", azure_vm=True, arc=False, service="update_manager")
ON_LINUX_ARC = Traits(os="linux", azure_vm=False, arc=True, service="update_manager")


def test_shared_steps_call_commands_as_the_command_line_knows_them() -> None:
    steps = [*chain.from_iterable(SHARED.values()), *azure_steps.register("Microsoft.Maintenance")]
    texts = [step.text if isinstance(step, Step) else step for step in steps]
    called = [call for text in texts for call in re.findall(r"\baz [a-z][^,;]*", text)]
    assert len(called) > 15
    for call in called:
        command = max((known for known in COMMANDS if call.startswith(known + " ")), key=len, default=None)
        assert command, call
        assert {*re.findall(r"--[a-z-]+", call)} <= COMMANDS[command], call
    assert all(text.endswith(".") for text in texts)


@pytest.mark.parametrize("name", SHARED)
def test_shared_steps_name_one_kind_of_machine_at_a_time(name: str) -> None:
    told = " ".join(steps_for(SHARED[name], ON_VM))
    assert not re.search("az connectedmachine|azcmagent|GuestConfig|linuxConfiguration|linux-conf", told)
    told = " ".join(steps_for(SHARED[name], ON_LINUX_ARC))
    assert not re.search("az vm |WindowsAzure|windowsConfiguration|windows-conf", told)


def test_settings_are_filled_in_for_the_machine() -> None:
    (step, portal) = steps_for(azure_steps.CUSTOMER_MANAGED, ON_VM)
    assert filled(step, {"resource id": "/subscriptions/5a/x"}) == (
        "Let schedules patch the VM: az vm update --ids /subscriptions/5a/x --set"
        " osProfile.windowsConfiguration.patchSettings.patchMode=AutomaticByPlatform"
        " osProfile.windowsConfiguration.patchSettings.automaticByPlatformSettings"
        ".bypassPlatformSafetyChecksOnUserSchedule=true."
    )
    assert portal.startswith("In the portal: Azure Update Manager > Machines")
    assert steps_for(azure_steps.PERIODIC_ASSESSMENT, ON_LINUX_ARC)[0].endswith(
        "--os-profile linux-configuration.patch-settings.assessment-mode=AutomaticByPlatform."
    )


def test_a_step_of_a_service_is_told_in_that_service_alone() -> None:
    steps = (in_update_management("Read the job."), in_update_manager("Read the history."))
    assert steps_for(steps, Traits(service="update_manager")) == ("Read the history.",)
    assert steps_for(steps, Traits(service="update_management")) == ("Read the job.",)


def test_a_row_tells_which_service_has_its_machine() -> None:
    assert traits(Row(service="update_manager")).service == "update_manager"
    assert traits(Row(service="")).service == traits(Row()).service == "update_management"


def test_a_page_of_the_portal_is_addressed_by_the_id() -> None:
    assert resource_page(VM) == f"https://portal.azure.com/#resource{VM}".replace(" (test)", "%20%28test%29")
    assert resource_page(ARC + "/").endswith("/machines/web02")
    run = "/subscriptions/5A/resourceGroups/rg/providers/Microsoft.Maintenance/maintenanceConfigurations/wk"
    page = run_page(f"{run}/providers/microsoft.maintenance/applyUpdates/20261124010000")
    assert page.startswith("https://portal.azure.com/#view/Microsoft_Azure_Automation/UpdateCenterMaint")
    parts = page.partition("HistoryBlade/")[2].split("/")
    assert dict(zip(parts[::2], map(unquote, parts[1::2]), strict=True)) == {
        "maintenanceConfigurationId": run,
        "maintenanceRunId": f"{run}/providers/microsoft.maintenance/applyUpdates/20261124010000",
        "maintenanceRunName": "20261124010000",
    }


@pytest.mark.parametrize("identity", ["", "agent-1", "web01", "/providers/x", "https://evil.example/"])
def test_what_is_no_id_has_no_page(identity: str) -> None:
    assert resource_page(identity) == ""
    assert run_page(identity) == ""
    assert run_page(VM) == ""


# -- where causes lead ------------------------------------------------------------------------------------


@pytest.mark.parametrize("judged", every_scenario())
def test_every_cause_leads_to_another_notebook_unless_it_is_to_lead_nowhere(judged: Scenario) -> None:
    for cause in judged.causes:
        if cause.severity is not Severity.INFO:
            assert bool(cause.leads_to) == ((judged.name, cause.key) not in LEADS_NOWHERE), cause.key
        assert all(lead.why.endswith((".", "?")) for lead in cause.leads_to)
        roots = [lead.root for lead in cause.leads_to]
        assert roots == sorted(roots, reverse=True), "the root first"


def test_causes_that_lead_nowhere_are_causes_of_the_catalogue() -> None:
    assert {(one.name, cause.key) for one in catalogue() for cause in one.causes} >= LEADS_NOWHERE


def test_a_reason_is_a_root_wherever_it_stands_or_nowhere() -> None:
    leads = {lead for one in catalogue() for cause in one.causes for lead in cause.leads_to}
    assert any(lead.root for lead in leads)
    assert len({(lead.notebook, lead.why) for lead in leads}) == len(leads)


def test_what_is_not_known_leads_nowhere() -> None:
    assert leads_from("no_such_scenario", "machine_off") == ()
    assert leads_from("machine_disconnected", "no_such_cause") == ()
    assert [lead.notebook for lead in leads_from("machine_disconnected", "machine_off")] == [
        "missed_machines", "machine",
    ]  # fmt: skip


@pytest.mark.parametrize("notebook", ["assessment", "asessment", "overview", ""])
def test_a_lead_to_no_notebook_of_another_family_is_refused(
    notebook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "assessment" in FAMILIES
    lead = Lead(notebook=notebook, why="to see.")
    strange = Cause(key="x", sentence="X.", resolution=("Do.",), source="https://x", leads_to=(lead,))
    monkeypatch.setattr(machine_disconnected, "OFF", strange)
    with pytest.raises(QueryError, match=r"machine_disconnected: .* not a notebook of another family"):
        _scenario("assessment", "machine_disconnected", machine_disconnected)
