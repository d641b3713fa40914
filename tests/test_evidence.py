"""Evidence side by side: few columns that decide, what all share told once, nothing lost."""

from __future__ import annotations

import json
import re

import pytest

from support.every_fault import every_fault_kit
from support.findings import diagnosis_of, finding_of
from umdiag import show
from umdiag.model import Severity
from umdiag.scenarios import catalogue
from umdiag.show.evidence import MOST_COLUMNS, sheet
from umdiag.show.findings import SHOWN


def many(number, **same):
    return [
        finding_of(f"vm-{place}", evidence={"code": f"0x{place}", "failed": "2026-11-18T05:00:00Z"} | same)
        for place in range(number)
    ]


def test_what_differs_becomes_columns_and_what_all_share_is_told_once():
    laid = sheet(many(3, wsus_server="wsus01"), ["code", "wsus_server"])
    assert laid.columns == ("code",)
    assert laid.same == (("WSUS server", "wsus01"), ("failed", "2026-11-18 05:00 UTC"))
    assert [line.cells for line in laid.lines] == [("0x0",), ("0x1",), ("0x2",)]
    assert not laid.has_more


def test_what_decides_comes_first_and_the_rest_is_more():
    evidence = [{"a": 1, "b": place, "c": place, "d": place, "e": place, "f": place} for place in (1, 2)]
    laid = sheet([finding_of(evidence=one) for one in evidence], ["f", "e"])
    assert laid.columns == ("f", "e", "b", "c")
    assert len(laid.columns) == MOST_COLUMNS
    assert [line.more for line in laid.lines] == [(("d", "1"),), (("d", "2"),)]


def test_a_single_finding_shows_its_values_as_columns():
    laid = sheet([finding_of(evidence={"hours": 17, "gaps": []})], ["hours"])
    assert (laid.columns, laid.same) == (("hours",), ())


def test_times_say_once_that_they_are_utc():
    evidence = ({"seen": f"2026-11-1{day}T05:00:00Z"} for day in (1, 2))
    laid = sheet([finding_of(evidence=one) for one in evidence], [])
    assert laid.columns == ("seen (UTC)",)
    assert [line.cells for line in laid.lines] == [("2026-11-11 05:00",), ("2026-11-12 05:00",)]


def test_a_value_that_few_have_or_that_is_long_is_no_column():
    evidence = [{"rare": "x", "long": "y" * 100}, {"long": "z" * 100}, {"long": "w"}]
    laid = sheet([finding_of(evidence=one) for one in evidence], ["rare", "long"])
    assert laid.columns == ()
    assert laid.lines[0].more == (("rare", "x"), ("long", "y" * 100))


def test_steps_stand_once_and_a_finding_tells_those_in_which_it_differs():
    laid = sheet(
        [
            finding_of(resolution=("Look at the agent.", "az vm start --ids a")),
            finding_of("vm-2", resolution=("Look at the agent.", "az vm start --ids b")),
        ]
    )
    assert laid.steps == ("Look at the agent.", "az vm start --ids a")
    assert [line.steps for line in laid.lines] == [(), ("az vm start --ids b",)]


def stored(page):
    return [
        json.loads(text)
        for text in re.findall(r'<script type="application/json" class="um-rows">(.*?)</script>', page)
    ]


def test_findings_that_do_not_stand_on_a_page_are_stored_for_its_script():
    block = show.diagnosis(diagnosis_of(*many(SHOWN + 30, detail="</script><script>alert(1)")))
    (content,) = stored(block.on_page())
    assert [row[1] for row in content["rows"]] == sorted(f"vm-{place}" for place in range(SHOWN + 30))[SHOWN:]
    assert not stored(block._repr_html_())


def test_every_finding_is_there_with_what_it_says():
    findings = [
        finding_of(f"vm-{place:04}", evidence={"code": place, "list": [f"item {place}", "x" * 60]})
        for place in range(400)
    ]
    page = show.diagnosis(diagnosis_of(*findings)).on_page()
    (content,) = stored(page)
    shown = page.count('<tr><td><span class="um-badge')
    assert shown + len(content["rows"]) == len(findings)
    assert content["rows"][-1][:3] == [Severity.HIGH.value, "vm-0399", ["399"]]
    assert [[content["keys"][key], said] for key, said in content["rows"][-1][3]] == [
        ["list", f"item 399, {'x' * 60}"]
    ]


def test_five_thousand_findings_stay_a_small_page():
    findings = [
        finding_of(
            f"vm-{place:05}",
            evidence={"code": f"0x{place:08X}", "list": [f"update {place} " + "x" * 300]},
            resolution=(f"az vm restart --ids {place}" + "x" * 200,),
        )
        for place in range(5_000)
    ]
    page = show.diagnosis(diagnosis_of(*findings)).on_page()
    (content,) = stored(page)
    assert len(page.encode()) < 800_000
    # What is in no column goes first.
    assert len(content["rows"]) == 5_000 - SHOWN
    assert len(content["rows"][0]) == 4
    assert len(content["rows"][-1]) == 3


@pytest.mark.xdist_group("null rule")  # in the process that opens the fleet anyway
def test_what_decides_is_found_in_evidence():
    told = {
        judged.scenario: {key for finding in judged.findings for key in finding.evidence}
        for judged in every_fault_kit().diagnoses()
        if judged.findings
    }
    assert len(told) == len(catalogue())
    assert {
        scenario.name: unknown
        for scenario in catalogue()
        if (unknown := set(scenario.decides) - told[scenario.name])
    } == {}
