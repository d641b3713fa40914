"""What is said of Azure Update Manager's rows before any verdict, and of the figures of the portal."""

from __future__ import annotations

from typing import Any

import pytest

from support.estates import Estate
from support.snapshot_rows import identifier
from umdiag import show

VM: dict[str, Any] = {
    "heard": "never",
    "assessed": "never",
    "worker": "none",
    "patch": {"assessment": "AutomaticByPlatform"},
}


def notes(given: dict[str, Any], **parameters: Any) -> list[str]:
    return Estate(given, **parameters).kit().patch_notes()


def estate(count: int = 2, **more: Any) -> dict[str, Any]:
    """Return machines vm0, vm1, …, of which the first was assessed three hours ago."""
    machines = {f"vm{number}": VM for number in range(count)}
    return {"machines": machines, "manager_assessments": {"vm0": {"at": "-3h"}}} | more


def test_age_of_the_newest_rows_and_machines_without_any_are_told() -> None:
    runs = [{"schedule": "weekly", "at": "-2d", "machines": {"vm0": {}}}]
    told = notes(estate(3, schedules={"weekly": {}}, schedule_runs=runs))
    assert told[0] == (
        "Newest assessment of Azure Update Manager: 2024-03-15 07:00 UTC, 3 hours old;"
        " 2 of 3 machines have none."
    )
    assert told[1].startswith(
        "Newest installation of Azure Update Manager: 2024-03-13 10:21 UTC, 47 hours old"
    )
    assert told[2].startswith("Newest run of Azure Update Manager: 2024-03-13 10:00 UTC, 2 days old; 2 of 3")


def test_nothing_is_told_of_a_service_that_is_not_looked_at() -> None:
    assert notes({"machines": {"web01": {}}}) == []
    assert notes(estate(), services=["update_management"]) == []


def test_a_window_longer_than_rows_are_kept_is_told() -> None:
    assert not [told for told in notes(estate(), lookback="7d") if "keeps" in told]
    (told,) = [told for told in notes(estate(), lookback="30d") if "keeps" in told]
    assert told == "The window is 30 days, and Azure keeps assessments for 7 days: older ones are not seen."
    assert len([told for told in notes(estate(), lookback="31d") if "keeps" in told]) == 3


def test_blind_subscriptions_are_named_with_what_is_missing() -> None:
    closed = {f"c{number}": VM | {"subscription": "closed"} for number in range(5)}
    told = notes(
        {
            "machines": {"vm0": VM, **closed},
            "manager_assessments": {"vm0": {}},
            "subscriptions": {"closed": {}},
        }
    )
    (blind,) = [line for line in told if "assessments of 1 subscription can" in line]
    assert identifier("closed") in blind
    assert blind.endswith("Your role may lack patchAssessmentResults/read.")
    assert len([line for line in told if line.startswith("Not one")]) == 3


def test_machines_that_are_not_shown_and_lists_that_are_cut_are_counted() -> None:
    given = estate(3, changes=[{"machine": "vm0", "at": "-60h", "tags.x": ["1", "2"]}])
    given["machines"] |= {"vm2": VM | {"resource": False}}
    needs = {"needs": [{"kb": 1}]}
    given["manager_assessments"] = {"vm0": {"counts": {"security": 2}} | needs, "vm1": needs, "vm2": {}}
    told = " ".join(notes(given))
    assert "1 machine that rows of Azure Update Manager name is not shown by Resource Graph" in told
    assert "The newest assessment of 1 of 2 machines lists fewer critical and security updates" in told


def test_machines_of_other_types_are_counted_and_judged_nowhere() -> None:
    place = (
        "/subscriptions/5a/resourceGroups/rg/providers/Microsoft.ConnectedVMwarevSphere/virtualMachines/v1"
    )
    type_ = "microsoft.connectedvmwarevsphere/virtualmachines/patchassessmentresults"
    row = {"id": f"{place}/patchAssessmentResults/latest", "type": type_, "properties": {"status": "Failed"}}
    kit = Estate(estate(rows={"patchassessmentresources": [row]})).kit()
    assert (
        "Rows of machines of other types, such as VMware, are not judged: there are 1." in kit.patch_notes()
    )
    assert "v1" not in set(kit.machine_table()["computer"])


# -- what the portal counts -------------------------------------------------------------------------------


def portal(given: dict[str, Any], **parameters: Any) -> str:
    block = Estate(given, **parameters).kit().draw(show.portal_figures)
    return " ".join(repr(block).split())


@pytest.fixture
def counted() -> dict[str, Any]:
    needs: dict[str, Any] = {"needs": [{"kb": 1}]}
    assessed = {
        "fresh": {},
        "old": {"at": "-3d"},
        "old and lacking": {"at": "-49h"} | needs,
        "lacking": needs,
        "counts nothing": {"counts": None},
        "failed": {"status": "Failed", "counts": {"security": 4}},
        "under way": {"status": "InProgress"},
        "warned": {"status": "CompletedWithWarnings"},
        "strange": {"status": "Mislaid"},
        "off": {"at": "-30h"},
    }
    machines = dict.fromkeys((*assessed, "never assessed"), VM)
    machines["off"] = VM | {"power": "PowerState/deallocated"}
    machines["nobody's"] = VM | {"patch": None}
    return {"machines": machines, "manager_assessments": assessed}


def test_the_portal_counts_succeeded_assessments_of_any_age(counted: dict[str, Any]) -> None:
    rows = Estate(counted).kit().frame("portal_compliance")
    numbers = rows.groupby("portal")["machines"].sum().to_dict()
    # fresh, old, counts nothing, off · lacking, old and lacking · the others
    assert numbers == {"Compliant": 4, "Non-compliant": 2, "No updates data": 6}
    assert rows["machines"].sum() == len(counted["machines"])


def test_what_the_portal_leaves_out_is_said_beside_its_figures(counted: dict[str, Any]) -> None:
    text = portal(counted)
    assert "The portal counts 4 machines as compliant. Of these, 1 was last assessed more than two" in text
    assert "The newest assessment of 1 machine failed" in text
    assert (
        "1 assessed more than two days ago; 1 whose assessment counted nothing; 1 off, disconnected" in text
    )
    assert (
        "1 whose newest assessment failed; 1 whose newest assessment is under way; 1 whose newest assessment"
        " completed with warnings; 2 without an assessment in the last 7 days; 1 whose newest assessment has"
        " a status that is not known" in text
    )


def test_figures_of_the_portal_need_every_row() -> None:
    assert "patchassessmentresources was refused" in portal(estate(denied=["patchassessmentresources"]))
