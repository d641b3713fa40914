"""What a notebook shows: escaped, worst first, in words, and nothing cut without a count."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from support.findings import MICROSOFT, diagnosis_of, finding_of
from umdiag import show
from umdiag.model import (
    Accepted,
    Common,
    Explanation,
    Finding,
    Incident,
    QueryUse,
    Severity,
    State,
    Subject,
    TableHealth,
    Verdict,
)  # fmt: skip
from umdiag.show.markup import Html, link
from umdiag.show.unanswered import beyond, unanswered
from umdiag.show.urgency import by_urgency
from umdiag.show.values import words

HOSTILE = "<script>alert(1)</script>\"'&\u202e\x00 [x](javascript:alert(1))"


def query_of(state=State.COMPLETE, **more):
    return QueryUse(
        **{"name": "heartbeats", "text": "Heartbeat\n| count\n", "state": state, "rows": 3} | more
    )


def machines_of(**more):
    row = {
        "computer": "vm-1",
        "subject_id": "id-1",
        "state": "non_compliant",
        "missing_critical": 2,
        "os_type": "Linux",
    }
    return pd.DataFrame([row | {"os_type": "Linux"} | more])


def line_of(table="Heartbeat", state=State.COMPLETE, scope="law-main", **more):
    given = {"rows": 5, "newest": datetime(2026, 11, 22, tzinfo=UTC), "note": ""} | more
    return TableHealth(table=table, scope=scope, state=state, **given)


def hostile_blocks():
    finding = finding_of(
        HOSTILE,
        HOSTILE,
        evidence={
            HOSTILE: HOSTILE,
            "list": [{HOSTILE: HOSTILE}],
            "also": [HOSTILE],
            "not_checked": [HOSTILE],
        },
        resolution=(HOSTILE,),
        source=f"javascript:{HOSTILE}",
    )
    one = diagnosis_of(
        finding,
        title=HOSTILE,
        reason=HOSTILE,
        scenario=HOSTILE,
        family=HOSTILE,
        queries=(query_of(text=HOSTILE),),
    )
    rows = machines_of(computer=HOSTILE, state=HOSTILE, os_type=HOSTILE)
    return {
        "board": board_of(
            one, incidents=[incident_of(HOSTILE)], states=[HOSTILE, "compliant"], portal=HOSTILE
        ),
        "diagnosis": show.diagnosis(one),
        "health": show.health([line_of(HOSTILE, scope=HOSTILE, note=HOSTILE)], [HOSTILE]),
        "machine": show.machine(rows, computer=HOSTILE, diagnoses=[one]),
        "next_steps": show.next_steps([one], []),
        "note": show.note(HOSTILE),
        "summary": show.summary([one], []),
        "table": show.table(rows.rename(columns={"os_type": HOSTILE})),
    }


def incident_of(scenario, **more):
    given = {
        "cause": "agent_stopped", "severity": Severity.HIGH, "roots": 1, "explains": 0, "machines": 1,
        "first_step": HOSTILE if scenario == HOSTILE else "Restart the agent.", "subjects": (scenario,),
        "common": (Common(property="network", value="10.4.7.0/24", share=0.93, elsewhere=0.02),),
    }  # fmt: skip
    if scenario == HOSTILE:
        given["common"] = (Common(property="image", value=HOSTILE, share=1.0, elsewhere=0.0),)
    return Incident(**{"scenario": scenario} | given | more)


def board_of(*diagnoses, incidents=(), states=(), portal=None):
    figures = None if portal is None else pd.DataFrame({"portal": [portal], "machines": [3]})
    machines = pd.DataFrame({"state": list(states), "name": "vm"})
    return show.board(machines, figures, computers=[], diagnoses=diagnoses, incidents=incidents)


@pytest.mark.parametrize("name", sorted(hostile_blocks()))
def test_every_value_is_escaped(name):
    page = hostile_blocks()[name]._repr_html_()
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert not set("\u202e\x00") & set(page)


@pytest.mark.parametrize("name", sorted(hostile_blocks()))
def test_every_block_reads_as_plain_text_too(name):
    text = repr(hostile_blocks()[name])
    assert "alert(1)" in text
    assert "<td" not in text
    assert "um-" not in text.replace(HOSTILE, "")


def test_a_note_escapes_markdown():
    marked = show.note(HOSTILE)._repr_markdown_()
    assert "](" not in marked
    assert "\\<script" in marked


def test_blocks_need_no_script_and_no_network():
    page = show.summary([diagnosis_of(finding_of())], [])._repr_html_()
    assert not re.search(r"<script|<link|<img|@import|url\(|onclick", page)


def test_only_https_and_files_beside_the_page_become_links():
    assert link(MICROSOFT, "page").startswith("<a ")
    assert link("quota.html", "quota").startswith("<a ")
    assert link("quota.html#um-cap_ahead", "cap").startswith("<a ")
    for other in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "../x.html",
        'https://x"onload="y',
        "https://x\n",
    ):
        assert "<a" not in link(other, "x")


# -- the triage board


def test_board_tells_what_to_fix_in_order_and_what_goes_away_with_it():
    found = diagnosis_of(
        *(finding_of(f"vm-{number}") for number in range(7)), scenario="machine_disconnected"
    )
    blind = [
        diagnosis_of(
            verdict=Verdict.UNKNOWN, title=f"Which {name}?", reason="jobs was refused", scenario=f"s{name}",
            queries=(query_of(State.DENIED),),
        )
        for name in "ab"
    ]  # fmt: skip
    first = incident_of("machine_disconnected", roots=2, explains=5, machines=7)
    text = repr(
        board_of(found, *blind, incidents=[first], states=["compliant", "disconnected"], portal="Compliant")
    )
    assert text.startswith("1 thing to fix; 5 of 7 findings follow from it.")
    assert "Of 3 questions, 1 found a problem, 2 could not be answered, 0 are healthy." in text
    assert "high The machine exists and is not known to be off, but its agent sends nothing." in text
    assert "7 machines · 5 more findings go away with it" in text
    assert "First: Restart the agent." in text
    assert "In common: network 10.4.7.0/24 (93% of them, 2% of the others)" in text
    assert text.count("jobs was refused") == 1
    assert "2 machines by state" in text
    assert "What the portal counts" in text


def test_board_leads_to_the_section_of_each_incident():
    board = board_of(diagnosis_of(finding_of()), incidents=[incident_of("machine_disconnected")])
    assert '<a href="assessment.html#um-machine_disconnected"' in board.on_page()
    assert '<a href="assessment.ipynb"' in board._repr_html_()


def test_board_folds_away_what_is_far_down_and_stays_small():
    found = diagnosis_of(finding_of())
    many = [incident_of("machine_disconnected", cause=f"cause_{number}") for number in range(140)]
    board = board_of(found, incidents=many)
    assert "88 more things to fix" in repr(board)
    assert "and 40 more in findings.json" in repr(board)
    assert len(board._repr_html_()) < 100_000


def test_board_says_what_is_accepted_and_what_is_no_longer():
    known = replace(finding_of(), accepted=Accepted(until=None, why="known"))
    again = finding_of("vm-2", evidence={"accepted_until": "2026-11-17, which is over"})
    text = repr(board_of(diagnosis_of(known, again), incidents=[incident_of("machine_disconnected")]))
    assert text.startswith("1 thing to fix: 1 finding.")
    assert "1 finding is accepted and not counted." in text
    assert "1 finding counts again: the date until which it was accepted has passed." in text


def test_board_of_nothing_wrong_is_no_all_clear_for_what_was_not_seen():
    assert repr(board_of(diagnosis_of())).startswith("Nothing to fix: 1 question answered, all healthy.")
    blind = diagnosis_of(verdict=Verdict.UNKNOWN, reason="denied", queries=(query_of(State.DENIED),))
    assert "that is not the same as healthy" in repr(board_of(blind))
    assert "Log Analytics Reader" in repr(board_of(blind))
    assert repr(board_of()).startswith("No question was asked.")


# -- summary


def test_the_summary_begins_with_the_worst_and_what_to_do_first():
    healthy, low, high = (
        diagnosis_of(title="Is it well?"),
        diagnosis_of(finding_of("vm-low", severity=Severity.LOW), title="Which is low?"),
        diagnosis_of(finding_of("vm-high"), finding_of("vm-too"), title="Which is high?"),
    )
    unknown = diagnosis_of(
        verdict=Verdict.UNKNOWN, reason="Heartbeat was not captured", title="Which is not known?"
    )
    first = incident_of("machine_disconnected", roots=2, machines=2)
    text = repr(show.summary([healthy, unknown, low, high], [first, incident_of("cap_ahead")]))
    places = [
        text.index(title)
        for title in ("Which is high?", "Which is low?", "Which is not known?", "Is it well?")
    ]
    assert places == sorted(places)
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == "1 of 2 things to fix begins here."
    assert (
        lines[1] == "2 questions found a problem, 1 cannot be answered from what could be seen, 1 is healthy."
    )
    assert "First: Restart the agent." in lines[2]
    assert "2 machines: 2 high" in text


def test_what_befell_a_workspace_comes_before_its_machines():
    machines = diagnosis_of(finding_of(), finding_of("vm-2"), title="Which machines?")
    workspace = diagnosis_of(finding_of("law", kind="workspace"), title="Which workspace?")
    text = repr(show.summary([machines, workspace], []))
    assert text.index("Which workspace?") < text.index("Which machines?")


def test_unknown_alone_is_no_all_clear():
    text = repr(
        show.summary(
            [diagnosis_of(verdict=Verdict.UNKNOWN, reason="denied", queries=(query_of(State.DENIED),))], []
        )
    )
    assert "not an all-clear" in text
    assert "Log Analytics Reader" in text


def test_all_healthy_is_said_in_one_line():
    assert repr(show.summary([diagnosis_of()], [])).startswith("No problem: 1 question asked, all healthy.")


def test_no_diagnosis_is_not_healthy():
    assert "No scenario was judged" in repr(show.summary([], []))


UNSEEN = "patchassessmentresources was refused"


def unknown_of(name, reason, **more):
    return diagnosis_of(verdict=Verdict.UNKNOWN, scenario=name, title=f"Why {name}?", reason=reason, **more)


def test_what_cannot_be_answered_for_one_reason_is_one_row():
    many = [unknown_of(f"s{number}", UNSEEN) for number in range(17)]
    text = repr(show.summary([diagnosis_of(), *many, unknown_of("other", "Usage was refused")], []))
    assert text.count(UNSEEN) == 1
    assert "17 questions" in text
    assert all(f"Why s{number}?" in text for number in range(17))
    assert "UNKNOWN | Why other? | Usage was refused" in text
    assert "18 cannot be answered from what could be seen, 1 is healthy." in text


def test_questions_share_what_all_of_them_lack_and_each_its_largest_group():
    groups = unanswered(
        [
            unknown_of("a", f"{UNSEEN}; Usage was refused"),
            unknown_of("b", f"jobs was refused; {UNSEEN}; Usage was refused"),
            unknown_of("c", f"jobs was refused; {UNSEEN}"),
            unknown_of("d", "jobs was refused"),
            diagnosis_of(finding_of()),
        ]
    )
    assert [(one.reason, [of.scenario for of in one.diagnoses]) for one in groups] == [
        (UNSEEN, ["a", "b", "c"]),
        ("jobs was refused", ["d"]),
    ]
    assert groups[0].said == f"3 questions cannot be answered: {UNSEEN}."
    assert [beyond(groups[0], one) for one in groups[0].diagnoses] == [
        "Usage was refused",
        "jobs was refused; Usage was refused",
        "jobs was refused",
    ]


# -- services that are not looked at

NOT_LOOKED_AT = "Not looked at: Update Management (no workspace is given)"


def not_asked_of(name, reason=NOT_LOOKED_AT, **more):
    return diagnosis_of(verdict=Verdict.NOT_ASKED, scenario=name, title=f"Why {name}?", reason=reason, **more)


def test_what_was_not_asked_is_one_line_below_the_answers():
    text = repr(show.summary([not_asked_of("a"), diagnosis_of(), not_asked_of("b")], []))
    assert text.startswith("No problem: 1 question asked, all healthy.")
    assert text.endswith("Not looked at: 2 questions of Update Management (no workspace is given).")
    assert "Why a?" not in text


def test_section_that_was_not_asked_is_one_line():
    assert repr(show.diagnosis(not_asked_of("a"))) == f"{NOT_LOOKED_AT}."


def test_steps_do_not_speak_of_what_was_not_asked():
    problem = diagnosis_of(finding_of())
    others = [not_asked_of("a", family="quota"), not_asked_of("b")]
    for here, computer in (("overview", ""), ("assessment", ""), ("machine", "vm-1")):
        alone = show.next_steps([problem], [], here=here, computer=computer)
        assert repr(show.next_steps([problem, *others], [], here=here, computer=computer)) == repr(alone)


# -- diagnosis


def test_findings_of_one_cause_share_sentence_and_steps():
    text = repr(show.diagnosis(diagnosis_of(finding_of(), finding_of("vm-2"))))
    assert text.count("its agent sends nothing") == 1
    assert text.count("Restart the agent.") == 1


def test_a_finding_with_its_own_steps_shows_them():
    own = finding_of("vm-3", resolution=("sudo yum update",))
    text = repr(show.diagnosis(diagnosis_of(finding_of(), finding_of("vm-2"), own)))
    assert "What to do (as for vm-1; details say where a step differs)" in text
    assert text.index("Its own steps:") < text.index("sudo yum update") < text.index("What to do")


def test_long_lists_are_cut_with_a_count_and_no_cause_disappears():
    many = [finding_of(f"vm-{n}") for n in range(600)]
    block = show.diagnosis(diagnosis_of(*many, finding_of("vm-off", "machine_off", Severity.LOW)))
    text = repr(block)
    assert "vm-off" in text
    assert "… and 550 more in findings.csv" in text
    assert len(block._repr_html_()) < 40_000


def test_on_a_page_of_a_report_the_rest_is_linked():
    many = show.diagnosis(diagnosis_of(*(finding_of(f"vm-{n}") for n in range(60))))
    assert '<a href="findings.csv"' not in many._repr_html_()
    assert '<a href="findings.csv"' in many.on_page()


def test_a_question_is_linked_to_its_section_or_its_notebook():
    here = diagnosis_of(finding_of())
    alone, of_many = show.summary([here], []), show.summary([here, diagnosis_of(family="quota")], [])
    assert '<a href="#um-machine_disconnected"' in alone.on_page()
    assert '<a href="assessment.html#um-machine_disconnected"' in of_many.on_page()
    assert '<a href="assessment.ipynb"' in of_many._repr_html_()


def test_findings_that_follow_from_another_page_name_it():
    root = Explanation(scenario="cap_ahead", cause="growth_reaches_cap", subject_id="law")
    follows = diagnosis_of(finding_of(explained_by=(root,)), finding_of("vm-2", explained_by=(root,)))
    text = repr(show.summary([follows], [incident_of("cap_ahead")]))
    assert text.startswith("Nothing to fix begins here: what was found follows from something else.")
    assert "1. 2 findings: " in text.partition("follow from something on another page")[2]


def test_a_machine_page_begins_with_what_follows_from_nothing():
    root = Explanation(scenario="cap_ahead", cause="growth_reaches_cap", subject_id="law")
    follows = diagnosis_of(finding_of(explained_by=(root,), resolution=("Wait.",)), title="Which wait?")
    lead = finding_of(cause="machine_off", severity=Severity.LOW, resolution=("Start it.",))
    text = repr(
        show.machine(
            machines_of(), computer="vm-1", diagnoses=[follows, diagnosis_of(lead, title="Which is off?")]
        )
    )
    assert "Do first: Start it." in text
    assert text.index("Which is off?") < text.index("Which wait?") < text.index("Follows from: ")


def test_a_step_that_names_a_notebook_or_a_scenario_leads_there():
    step = "Look in missed_machines, then at cap_ahead; my_missed_machines and quota are no names."
    for block in (
        show.summary([diagnosis_of(finding_of())], [incident_of("machine_disconnected", first_step=step)]),
        show.diagnosis(diagnosis_of(finding_of(resolution=(step,)))),
        show.machine(
            machines_of(), computer="vm-1", diagnoses=[diagnosis_of(finding_of(resolution=(step,)))]
        ),
    ):
        assert re.search('Look in <a href="missed_machines.html"[^>]*>missed_machines</a>,', block.on_page())
        assert re.search('<a href="quota.html#um-cap_ahead"[^>]*>cap_ahead</a>;', block.on_page())
        assert '<a href="missed_machines.ipynb"' in block._repr_html_()
        assert "; my_missed_machines and quota are no names." in block.on_page()
        assert step in repr(block)


def test_what_else_fits_and_what_was_not_checked_is_said_in_words():
    finding = finding_of(evidence={"also": ["machine_off"], "not_checked": ["resources: not captured"]})
    text = repr(show.diagnosis(diagnosis_of(finding)))
    assert "also fits: machine off" in text
    assert "could not be checked: resources: not captured" in text


def test_the_portal_is_a_link_and_an_id_is_no_quantity():
    portal = "https://portal.azure.com/#resource/subscriptions/s/updateManagement"
    restart = {"event_id": 1074, "jobs": 1074}
    block = show.diagnosis(diagnosis_of(finding_of(evidence={"portal": portal, "restarts": [restart]})))
    assert f'<a href="{portal}"' in block._repr_html_()
    assert portal not in repr(block)
    assert "event ID 1074, jobs 1,074" in repr(block)


def test_unknown_says_why_and_what_to_do():
    one = diagnosis_of(
        verdict=Verdict.UNKNOWN, reason="Heartbeat was not captured", queries=(query_of(State.MISSING),)
    )
    text = repr(show.diagnosis(one))
    assert "UNKNOWN machine_disconnected Cannot be determined: Heartbeat was not captured." in text
    assert "capture the tables" in text


def test_a_problem_that_is_not_the_whole_truth_says_so():
    text = repr(show.diagnosis(diagnosis_of(finding_of(), reason="5 machines are unknown")))
    assert "Not everything could be judged: 5 machines are unknown" in text


def test_remarks_do_not_make_a_problem():
    one = diagnosis_of(finding_of(severity=Severity.INFO), verdict=Verdict.HEALTHY)
    assert "No problem; 1 note." in repr(show.diagnosis(one))


def test_a_query_bound_to_very_many_names_is_cut_and_cannot_be_copied_in_part():
    page = show.diagnosis(diagnosis_of(queries=(query_of(text="x" * 30_000),)))._repr_html_()
    assert "… and 10,000 more characters: findings.json has all of it." in page
    assert 'class="um-query"' not in page


def test_a_name_of_a_million_letters_is_cut_wherever_it_is_shown():
    name = "n" * 1_000_000
    finding = replace(
        finding_of(name, resolution=(f"az vm start --ids {name}",)),
        subject=Subject(kind="machine", name=name, id=f"/subscriptions/{name}"),
    )
    block = show.diagnosis(diagnosis_of(finding, *(finding_of(f"vm-{place}") for place in range(60))))
    assert len(block.on_page()) < 60_000
    assert 'id="um-machine_disconnected"' in block.on_page()


def test_queries_are_shown_as_sent():
    page = show.diagnosis(diagnosis_of(queries=(query_of(),)))._repr_html_()
    assert "<details><summary>1 query behind this, as sent</summary>" in page
    assert '<pre class="um-query" tabindex="0" data-query="heartbeats">Heartbeat\n| count</pre>' in page


def test_two_subjects_of_one_name_are_told_apart_by_their_ids():
    one, other = (
        finding_of(),
        Finding(**vars(finding_of()) | {"subject": Subject(kind="machine", name="vm-1", id="id-2")}),
    )
    text = repr(show.diagnosis(diagnosis_of(one, other)))
    assert "id-vm-1" in text
    assert "id-2" in text


def test_a_cause_that_no_scenario_knows_is_shown_as_words():
    assert "Brand new cause." in repr(show.diagnosis(diagnosis_of(finding_of(cause="brand_new_cause"))))


def test_what_is_put_into_html_is_escaped_however_it_is_put_there():
    made = (
        Html("<p>{}</p>").format(HOSTILE),
        Html("<p>{x}</p>").format(x=HOSTILE),
        Html("<p>{}</p>").each([HOSTILE]),
        Html("<p>") + HOSTILE,
        HOSTILE + Html("<p>"),
        Html("<br>").join([HOSTILE]),
        Html("<p>%s</p>") % HOSTILE,
    )
    for html in made:
        assert isinstance(html, Html)
        assert not {"\u202e", "\x00", "'", '"'} & set(html)
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_safe_html_is_not_escaped_twice():
    assert Html("<p>{}</p>").format(Html("<b>{}</b>").format("&")) == "<p><b>&amp;</b></p>"


# -- words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "—"),
        (True, "yes"),
        (12345, "12,345"),
        (28.0, "28"),
        (0.1234567, "0.1235"),
        (float("nan"), "—"),
        (pd.NA, "—"),
        (pd.NaT, "—"),
        ("2026-11-20T10:00:00.1234567Z", "2026-11-20 10:00 UTC"),
        ("2026-11-20T12:00:00+02:00", "2026-11-20 10:00 UTC"),
        ("2026-13-45 10:00", "2026-13-45 10:00"),
        (pd.Timestamp("2026-11-20T10:00Z"), "2026-11-20 10:00 UTC"),
        (timedelta(hours=5), "5 hours"),
        (timedelta(days=3), "3 days"),
        (["a", "b"], "a, b"),
        (list("abcdef"), "a, b, c, d, … 2 more"),
        ([{"title": "Update", "kb": "123"}], "Update KB123"),
        ([{"product": "openssl", "product_version": "1.2"}], "openssl 1.2"),
        ([{"package": "openssl", "package_arch": "x86_64", "package_version": "1.2"}], "openssl 1.2"),
        ([{"package": "openssl", "text": "unmet"}], "package openssl, text unmet"),
        ([{"table": "Perf", "megabytes": 12.5}], "Perf, megabytes 12.5"),
        ({"cause": "daily_cap_reached", "resumed": False}, "daily cap reached, resumed no"),
    ],
)
def test_values_are_written_for_a_reader(value, said):
    assert words(value) == said


# -- table, health, machine, next steps


def test_a_long_table_is_cut_with_a_count():
    text = repr(show.table(pd.DataFrame({"a": range(250)}), limit=100))
    assert text.endswith("… and 150 more in machines.csv of a report")


def test_health_lists_what_lacks_first_and_folds_the_rest():
    lines = [line_of(f"Table{n}") for n in range(20)] + [
        line_of("Update", State.MISSING, rows=0, newest=None)
    ]
    text = repr(show.health(lines))
    assert text.startswith(
        "21 tables in 1 source, 100 rows. Newest row: 2026-11-22 00:00 UTC. 1 not read completely"
    )
    assert text.index("Update") < text.index("Table0")


def test_one_table_in_many_places_is_one_line():
    text = repr(show.health([line_of(scope=f"law-{n}") for n in range(12)]))
    assert "Heartbeat | 12 sources | 60" in text


def test_all_that_could_be_seen_is_said_in_one_line():
    assert repr(show.health([line_of()])).splitlines()[0].endswith("All were read completely.")


def test_no_table_at_all_is_said():
    assert "nothing can be judged" in repr(show.health([]))


def test_a_machine_is_shown_with_every_finding_on_it():
    others = diagnosis_of(finding_of("VM-1 "), finding_of("vm-2"))
    by_id = diagnosis_of(
        Finding(
            **vars(finding_of("renamed")) | {"subject": Subject(kind="machine", name="renamed", id="ID-1")}
        )
    )
    text = repr(show.machine(machines_of(), computer="vm-1", diagnoses=[others, by_id]))
    assert "2 findings" in text
    assert "critical or security updates are missing" in text
    assert "vm-2" not in text


def test_a_machine_of_update_manager_is_known_by_its_service_and_state():
    machines = machines_of().assign(service="update_manager", state="assessment_failed")
    text = repr(show.machine(machines, computer="vm-1", diagnoses=[]))
    assert "its newest assessment failed" in text
    assert "Update Manager" in text


def test_a_machine_without_rows_is_said():
    assert "None of 1 machine has this name" in repr(
        show.machine(machines_of(), computer="vm-9", diagnoses=[])
    )
    assert "could not be seen" in repr(show.machine(None, computer="vm-9", diagnoses=[]))
    assert "computers" in repr(show.machine(machines_of(), computer="", diagnoses=[]))


#: Where what is found leads: scenario, cause, the family it is found in → the notebooks, in order.
LEADS = [
    ("assessment", "assessment_stale", "quota_reached", ["quota"]),
    ("assessment", "assessment_stale", "unknown", ["machine"]),
    ("assessment", "assessment_failed", "timed_out", ["update_runs", "machine"]),
    ("assessment", "machine_non_compliant", "security_updates_missing", ["missed_machines", "update_runs"]),
    ("assessment", "machine_disconnected", "agent_stopped", ["missed_machines", "machine"]),
    ("onboarding", "machine_not_in_update_management", "quota_reached", ["quota"]),
    ("onboarding", "service_unreachable", "access_denied", ["missed_machines"]),
    ("missed_machines", "scheduled_run_missed_machine", "worker_not_installed", ["onboarding"]),
    ("missed_machines", "scheduled_run_missed_machine", "provider_not_registered", ["onboarding"]),
    ("missed_machines", "scheduled_run_missed_machine", "machine_unavailable", ["assessment"]),
    ("update_runs", "update_not_installing", "wsus_unreachable", ["assessment"]),
    ("update_runs", "run_failed_to_start", "source_computer_id_changed", ["onboarding"]),
    ("unplanned", "unexpected_reboot", "policy_reboots", ["update_runs"]),
    ("unplanned", "update_without_deployment", "unknown", ["missed_machines", "assessment"]),
]


def led(block):
    """Return the notebooks that next steps name, in their order."""
    return re.findall(r"<li><b><a href=\"(\w+)\.ipynb", block._repr_html_())


@pytest.mark.parametrize(("family", "scenario", "cause", "notebooks"), LEADS)
def test_a_cause_leads_to_the_notebook_of_its_root(family, scenario, cause, notebooks):
    one = diagnosis_of(finding_of("vm-2", cause), family=family, scenario=scenario)
    found = led(show.next_steps([one], [], here=family))
    assert found == notebooks + ["machine"] * ("machine" not in notebooks)


def test_the_root_of_a_finding_comes_before_what_follows_from_others():
    grave = diagnosis_of(
        *(finding_of(f"vm-{n}", "security_updates_missing") for n in range(9)),
        scenario="machine_non_compliant",
    )
    stale = diagnosis_of(finding_of("vm-2", "quota_reached", Severity.MEDIUM), scenario="assessment_stale")
    block = show.next_steps([grave, stale], [], here="assessment")
    assert led(block) == ["quota", "missed_machines", "update_runs", "machine"]
    assert "1 machine: the workspace stopped collecting data" in repr(block)
    assert "9 machines: updates stay missing where runs leave machines out" in repr(block)


def test_the_machine_to_begin_with_is_one_of_those_that_lead_there():
    stale = diagnosis_of(finding_of("vm-stale", "unknown", Severity.LOW), scenario="assessment_stale")
    text = repr(
        show.next_steps([diagnosis_of(finding_of("vm-1", "x"), scenario="wsus_not_approved"), stale], [])
    )
    assert "machine: vm-1 on one time line" in text
    text = repr(show.next_steps([stale], [], here="assessment"))
    assert "Begin with vm-stale (parameter computers)" in text


def test_remarks_lead_nowhere():
    remark = finding_of("vm-1", "definition_updates_daily", Severity.INFO)
    one = diagnosis_of(remark, verdict=Verdict.HEALTHY, scenario="defender_definition_missing")
    assert "Nothing to follow up" in repr(show.next_steps([one], [], here="assessment"))


def overview_of(*more):
    machines = diagnosis_of(*(finding_of(f"vm-{n}") for n in range(9)))
    quota = diagnosis_of(finding_of("law", "daily_cap_reached", kind="workspace"), family="quota")
    runs = diagnosis_of(finding_of("vm-1", "unknown", Severity.LOW), family="update_runs")
    return [runs, machines, quota, *more]


def test_the_overview_orders_families_by_what_was_found_and_names_the_clean_ones():
    well = diagnosis_of(family="unplanned")
    block = show.next_steps(overview_of(well), [], here="overview")
    assert led(block) == ["quota", "assessment", "update_runs", "machine"]
    assert "1 problem there: 9 machines." in repr(block)
    assert "1 problem there: 1 workspace." in repr(block)
    assert "Nothing found in unplanned." in repr(block)
    families = dict.fromkeys(judged.family for judged in by_urgency(overview_of(well)))
    assert list(families) == ["quota", "assessment", "update_runs", "unplanned"]


def test_the_overview_says_where_the_root_of_other_findings_lies():
    missed = diagnosis_of(
        *(finding_of(f"vm-{n}", "worker_not_installed") for n in range(3)),
        scenario="scheduled_run_missed_machine",
        family="missed_machines",
    )
    root = diagnosis_of(
        finding_of("vm-9", "key_folder_denied", Severity.LOW),
        scenario="certificate_not_created",
        family="onboarding",
    )
    block = show.next_steps([missed, root], [], here="overview")
    assert led(block) == ["missed_machines", "onboarding", "machine"]
    assert "Also causes findings on 3 machines elsewhere." in repr(block)


def test_one_machine_that_several_scenarios_name_is_counted_once():
    both = [diagnosis_of(finding_of()), diagnosis_of(finding_of(), scenario="machine_non_compliant")]
    assert "2 problems there: 1 machine." in repr(show.next_steps(both, [], here="overview"))


def test_of_one_machine_only_its_own_findings_lead_on():
    stale = diagnosis_of(finding_of("VM-1 ", "quota_reached"), scenario="assessment_stale")
    block = show.next_steps(overview_of(stale), [], here="machine", computer="vm-1")
    assert led(block) == ["assessment", "update_runs", "quota", "missed_machines"]
    assert "law" not in repr(block)


def test_questions_without_an_answer_are_counted_with_their_notebook():
    unknown = diagnosis_of(verdict=Verdict.UNKNOWN, reason="denied", family="quota")
    text = repr(show.next_steps([unknown], [], here="overview"))
    assert "1 question could not be answered (quota)" in text


def test_with_nothing_wrong_there_is_nothing_to_follow_up():
    assert "Nothing to follow up" in repr(show.next_steps([diagnosis_of()], []))


def test_importing_show_imports_nothing_heavy():
    heavy = ("itables", "plotly", "duckdb", "jinja2")
    code = f"import sys, umdiag.show; sys.exit(bool(set(sys.modules) & set({heavy})))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
