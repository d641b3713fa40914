"""Figures say of how many machines they speak, stay small, and draw hostile names as they stand."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from umdiag import charts

ASKED_AT = datetime(2026, 11, 22, 10, 17, tzinfo=UTC)
WINDOW = {"asked_at": ASKED_AT, "lookback": timedelta(days=14)}
HOURS = pd.date_range("2026-11-08T11:00Z", "2026-11-22T09:00Z", freq="h")
HOSTILE = '<a href="javascript:alert(1)">x</a> $\\alpha$ %{x} &lt;b&gt; \u202e\u0000 2026-01-01 ' + "y" * 300
STATES = ("compliant", "non_compliant", "assessment_stale", "not_assessed", "disconnected", "unknown")


def machines_of(number=60, prefix="vm-", workspace="law-main"):
    rng = np.random.default_rng(1)
    ages = pd.to_timedelta(rng.integers(0, 300, number), unit="h")
    state = np.array(STATES)[np.arange(number) % len(STATES)]
    assessed = pd.Series(pd.Timestamp(ASKED_AT) - ages).where(state != "not_assessed")
    names = [f"{prefix}{n}" for n in range(number)]
    return pd.DataFrame(
        {
            "machine": range(number),
            "computer": names,
            "name": [one.lower() for one in names],
            "source_computer_id": [f"{n:08x}" for n in range(number)],
            "resource_id": [arm_id(n) if n % 4 else "" for n in range(number)],
            "arm_key": [arm_id(n).lower() if n % 4 else "" for n in range(number)],
            "workspace_id": "ws-0",
            "workspace": workspace,
            "os_type": np.where(np.arange(number) % 3, "Windows", "Linux"),
            "state": state,
            "service": "update_management",
            "missing_other": 0,
            "last_assessed": assessed,
            "last_heartbeat": assessed,
        }
    )


def arm_id(number):
    return f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-{number}"


def updates_of(machines, title="t"):
    rng = np.random.default_rng(2)
    number = len(machines) * 2
    return pd.DataFrame(
        {
            "machine": np.arange(number) % max(len(machines), 1),
            "title": title,
            "needed": pd.array(rng.random(number) < 0.9, dtype="boolean"),
            "critical": rng.random(number) < 0.2,
            "security": rng.random(number) < 0.5,
            "age_days": pd.array(rng.integers(0, 400, number), dtype="Float64"),
        }
    )


def usage_of(workspace_id="ws-0", hours=HOURS, megabytes=100.0, tables=("Update", "Event")):
    rows = [(workspace_id, hour, table, True, megabytes) for hour in hours for table in tables]
    rows += [(workspace_id, hour, "Heartbeat", False, 1.0) for hour in HOURS]
    usage = pd.DataFrame(rows, columns=["workspace_id", "hour", "data_type", "billable", "megabytes"])
    return usage.astype({"billable": "boolean", "megabytes": "Float64"})


def quota_of(name="law-main", cap=5.0):
    return pd.DataFrame(
        {
            "workspace_id": ["ws-0"],
            "name": [name],
            "daily_cap_gb": pd.array([cap], dtype="Float64"),
            "last_reset": pd.to_datetime(["2026-11-22T05:00Z"]),
            "over_quota_now": pd.array([None], dtype="boolean"),
        }
    )


def stops_of(**times):
    found = pd.DataFrame(
        [{"workspace_id": "ws-0", **times}] if times else [], columns=["workspace_id", "stopped", "ended"]
    )
    return found.astype({"stopped": "datetime64[us, UTC]", "ended": "datetime64[us, UTC]"})


def beats_of(hours=HOURS):
    return pd.DataFrame({"workspace_id": "ws-0", "hour": hours, "heartbeats": 30})


def funnels_of(configuration="weekly", groups=1):
    steps = (("scope", 900, 1730), ("location", 400, 900), ("operating_system", 320, 400), ("tags", 12, 320))
    rows = [
        (
            f"run-{run}",
            configuration,
            pd.Timestamp(f"2026-11-{12 + run}T02:00Z"),
            group + 1,
            step,
            name,
            configuration,
            kept,
            of,
        )
        for run in range(2)
        for group in range(groups)
        for step, (name, kept, of) in enumerate(steps)
    ]
    return pd.DataFrame(
        rows,
        columns=[
            "run_id",
            "configuration",
            "start_time",
            "group",
            "step",
            "predicate",
            "wanted",
            "kept",
            "of",
        ],
    )


def runs_of(number=3, configuration="weekly", judged=True):
    return pd.DataFrame(
        {
            "run_id": [f"run-{n}" for n in range(number)],
            "configuration": configuration,
            "status": "Succeeded" if judged else "InProgress",
            "start_time": pd.Timestamp("2026-11-21T02:00Z") - pd.to_timedelta(np.arange(number), unit="h"),
            "judged": judged,
        }
    )


def attendance_of(runs, number=10, missed=2, prefix="vm-"):
    rows = [
        (
            run.run_id,
            run.configuration,
            run.start_time,
            arm_id(n).lower(),
            f"{prefix}{n}",
            n >= missed,
            n < missed,
        )
        for run in runs.itertuples()
        for n in range(number)
    ]
    columns = ["run_id", "configuration", "start_time", "machine_key", "computer", "took_part", "missed"]
    return pd.DataFrame(rows, columns=columns).astype({"start_time": "datetime64[us, UTC]"})


def machine_runs_of(machines, runs=3, configuration="weekly", status="succeeded", **more):
    """Make a machine run of the first half of the machines in each run."""
    half = machines.head(max(len(machines) // 2, 1))
    starts = pd.date_range("2026-11-21T02:00Z", periods=runs, freq="-1D")
    rows = [
        half.assign(
            run_id=f"RUN-{n}",
            run_key=f"run-{n}",
            start_time=start,
            end_time=start + pd.Timedelta(hours=1),
            machine_key=[f"name:{name}" for name in half["name"]],
        )
        for n, start in enumerate(starts)
    ]
    return pd.concat(rows, ignore_index=True).assign(configuration=configuration, status=status, **more)


def restarts_of(outcomes, by_user=False):
    rows = outcomes[["machine", "run_id", "configuration", "start_time", "end_time"]]
    return rows.assign(restarted=rows["start_time"], event_id=1074, user="", by_user=by_user)


def open_jobs_of(most=250, account="/automationaccounts/aa"):
    minutes = pd.date_range("2026-11-20T02:00Z", periods=120, freq="min")
    left = np.where(np.arange(120) < 60, most, 0)
    return pd.DataFrame({"account": account, "minute": minutes, "most": most, "left": left})


def unmanaged_of(machines):
    reasons = dict.fromkeys(("quota_reached", "solution_not_enabled", "worker_not_registered"), False)
    stuck = dict.fromkeys(("duplicate_computer_name", "cloned_image", "communication_blocked"), False)
    bare = machines.assign(
        **reasons, last_assessed=pd.Series(pd.NaT, machines.index, dtype="datetime64[us, UTC]")
    )
    return bare, bare.assign(**stuck)


def not_managed_of(machines, **more):
    bare, stuck = unmanaged_of(machines)
    bare, stuck = bare.head(4), stuck.tail(max(len(stuck) - 4, 0)).head(3).assign(cloned_image=True)
    return charts.not_managed(bare, stuck, None, machines, **more)


def orchestration_of(computers, **more):
    """One machine a combination, in the order of Microsoft's table, then machines of Azure Arc."""
    said = [
        (True, True, True, True, "schedules"),
        (True, True, True, False, "nobody"),
        (True, True, False, True, "prerequisites_not_met"),
        (True, True, False, False, "platform"),
        (True, False, True, True, "prerequisites_not_met"),
        (True, False, True, False, "nobody"),
        (True, False, False, True, "prerequisites_not_met"),
        (True, False, False, False, "operating_system"),
        (False, False, False, True, "schedules"),
        (False, False, False, None, None),
    ]
    columns = ["virtual", "platform_mode", "bypass", "scheduled", "patched_by"]
    rows = pd.DataFrame([said[place % 10] for place in range(len(computers))], columns=columns)
    rows = rows.astype({"scheduled": "boolean", "patched_by": "str"})
    return rows.assign(computer=list(computers))


def states_of(machines, subscriptions=None, **more):
    return charts.machine_states(machines, subscriptions, **more)


def age_of(machines):
    limits = {"stale_after": timedelta(hours=24), "assessment_stale_after": timedelta(hours=48)}
    return charts.assessment_age(machines, **WINDOW, **limits)


def calendar_of(attendance, runs, population, schedules=(None, None, None), update_run=""):
    return charts.run_calendar(attendance, runs, *schedules, population, **WINDOW, update_run=update_run)


def managed_of(number=10, prefix="vm-"):
    """Machines of Update Manager that no log knows."""
    machines = machines_of(number, prefix).assign(service="update_manager", workspace="", workspace_id="")
    ids = [arm_id(n) for n in range(number)]
    return machines.assign(
        resource_id=ids, arm_key=[id_.lower() for id_ in ids], source_computer_id="", machine=None
    )


def key_of(name):
    return (
        f"/subscriptions/s/resourcegroups/rg/providers/microsoft.maintenance/maintenanceconfigurations/{name}"
    )


def schedule_runs_of(machines, number=2, name="nightly", missed=1):
    """Runs of a schedule, of which the newest is compared: who was expected, who was missed, all runs."""
    starts = pd.date_range("2026-11-21T22:00Z", periods=number, freq="-1D").astype("datetime64[us, UTC]")
    runs = pd.DataFrame(
        {
            "run_key": [f"{key_of(name)}/applyupdates/{start:%Y%m%d%H%M%S}" for start in starts],
            "configuration_key": key_of(name),
            "configuration": name,
            "scheduled": starts,
            "outcome": "succeeded",
            "status": "Succeeded",
        }
    )
    expected = pd.DataFrame({"run_key": runs["run_key"].iloc[0], "machine_key": machines["arm_key"]})
    expected = expected.assign(
        took_part=np.arange(len(machines)) >= missed, scheduled=starts[0], configuration=name
    )
    left_out = expected[~expected["took_part"]].assign(computer=list(machines["computer"].head(missed)))
    return expected, left_out, runs


def attempts_of(machines, number=2, name="nightly", outcome="succeeded"):
    """Runs of a schedule that took each of the machines."""
    runs = schedule_runs_of(machines, number, name)[2].assign(outcome=outcome)
    keys = pd.DataFrame({"machine_key": machines["arm_key"]})
    return runs.merge(keys, how="cross").assign(
        started=lambda rows: rows["scheduled"], ended=pd.NaT, texts=""
    )


def outcomes_of(rows, runs, population, attempts=None, schedules=None, update_run="", **more):
    return charts.run_outcomes(
        rows, runs, attempts, schedules, population, **WINDOW, update_run=update_run, **more
    )


def scopes_of(configuration="nightly", scopes=1, start="2026-11-23T22:00Z"):
    """Steps of dynamic scopes: none keeps more than it is given."""
    kept = (1200, 1200, 1200, 700, 700, 3)
    names = ("scope", "resource_group", "resource_type", "operating_system", "location", "tags")
    rows = [
        (key_of(configuration), configuration, number + 1, step, name, configuration, kept[step], of)
        for number in range(scopes)
        for step, (name, of) in enumerate(zip(names, (2000, *kept), strict=False))
    ]
    columns = ["run_key", "configuration", "group", "step", "predicate", "wanted", "kept", "of"]
    return pd.DataFrame(rows, columns=columns).assign(start_time=pd.Timestamp(start))


def funnel_of(funnels, machines, scopes=None, population=None):
    return charts.funnel(funnels, scopes, machines, population, asked_at=ASKED_AT)


def week_of(machines, names=("alpha", "beta", "gamma"), met=True):
    """Windows of schedules of which the first two meet, and the last reaches no machine."""
    keys = [key_of(name) for name in names]
    starts = pd.to_datetime(["2026-11-23T22:00Z", "2026-11-23T23:00Z", "2026-11-25T22:00Z"])
    occurrences = pd.DataFrame({"configuration_key": keys, "start": starts[: len(keys)]})
    occurrences["end"] = occurrences["start"] + pd.Timedelta(hours=2)
    configurations = pd.DataFrame(
        {"configuration_key": keys, "name": names, "living": True, "recurrence_known": True}
    )
    selections = pd.concat(
        [
            pd.DataFrame({"configuration_key": key, "machine_key": machines["arm_key"], "living": True})
            for key in keys[:2]
        ]
    )
    pairs = [(keys[1], keys[0], len(machines))] if met else []
    conflicts = pd.DataFrame(pairs, columns=["configuration_key", "other_key", "machines"])
    return occurrences, configurations, selections, conflicts


def coming_of(machines, **more):
    return charts.coming_week(*week_of(machines, **more), machines, asked_at=ASKED_AT)


def installs_of(machines, name="nightly", **more):
    """The newest installation of each machine: it began 10 minutes late and took 60 of 120."""
    start = pd.Timestamp("2026-11-21T22:10Z")
    given = {
        "installation_id": machines["arm_key"] + "/patchinstallationresults/1",
        "machine_key": machines["arm_key"],
        "configuration_key": key_of(name),
        "configuration": name,
        "computer": machines["computer"],
        "os_type": "windows",
        "origin": "run",
        "status": "succeeded",
        "succeeded": True,
        "newest": True,
        "window_exceeded": False,
        "never_restarts": False,
        "window_minutes": 120,
        "used_minutes": 60.0,
        "late_minutes": 10.0,
        "started": start,
        "start_time": start,
        "ended": start + pd.Timedelta(hours=1),
        "installed": 3,
        "failed": 0,
        "pending": 1,
        "reboot_status": "completed",
        "texts": name,
    }
    rows = pd.DataFrame(given | more, index=machines.index)
    return rows.astype({"window_minutes": "Int64", "used_minutes": "Float64", "late_minutes": "Float64"})


def minutes_of(rows, machines, needed=None):
    return charts.window_minutes(rows, needed, None, machines)


def timeline_of(computer="vm-1", **facts):
    given = {
        "machine_hours": pd.DataFrame({"source_computer_id": "a", "hour": HOURS[:100], "heartbeats": 3}),
        "machine_assessments": None,
        "machine_runs": None,
        "attendance": None,
        "patch_states": None,
        "schedule_attempts": None,
        "missed_by_schedules": None,
        "installations": None,
        "resource_changes": None,
        "population": machines_of(),
    }
    return charts.machine_timeline(**given | facts, computer=computer, **WINDOW)


def empty_of(frame):
    return frame.iloc[:0]


def every_figure(prefix="vm-", workspace="law-main", number=60):
    """Draw each figure once with the names given."""
    machines = machines_of(number, prefix, workspace)
    runs = runs_of(configuration=workspace)
    changes = {f"tags.{workspace}": {"previousValue": workspace, "newValue": None}}
    machine_runs = pd.DataFrame(
        {
            "run_id": ["run-0"],
            "configuration": [workspace],
            "target": [machines["computer"].iloc[0]],
            "source_computer_id": [""],
            "status": [workspace],
            "start_time": pd.to_datetime(["2026-11-20T02:00Z"]),
            "end_time": pd.to_datetime(["2026-11-20T03:00Z"]),
            "error_message": [workspace],
        }
    )
    assessments = pd.DataFrame(
        {"source_computer_id": "a", "assessed": HOURS[::12], "updates_reported": 9, "needed": 1}
    )
    resource_changes = pd.DataFrame(
        {
            "target_id": [arm_id(0)],
            "change_type": ["Update"],
            "changed": pd.to_datetime(["2026-11-20T02:00Z"]),
            "changes": [changes],
            "changed_by": [workspace],
        }
    )
    outcomes = machine_runs_of(machines, configuration=workspace, status="failedtostart")
    machines.loc[0, ["resource_id", "arm_key"]] = [arm_id(0), arm_id(0).lower()]
    return {
        "machine_states": states_of(machines),
        "missing_updates": charts.missing_updates(updates_of(machines, workspace), None, machines),
        "assessment_age": age_of(machines),
        "ingestion_per_hour": charts.ingestion_per_hour(
            usage_of(tables=(workspace, "Event")), quota_of(workspace), stops_of(), **WINDOW
        ),
        "heartbeats_per_hour": charts.heartbeats_per_hour(
            beats_of(), quota_of(workspace), machines, stops_of(), **WINDOW
        ),
        "coming_week": coming_of(managed_of(number, prefix), names=(workspace, f"{workspace}2", "c")),
        "window_minutes": minutes_of(
            installs_of(managed_of(number, prefix), workspace), managed_of(number, prefix)
        ),
        "funnel": funnel_of(funnels_of(workspace), machines, scopes_of(workspace), machines),
        "run_calendar": calendar_of(attendance_of(runs, prefix=prefix), runs, machines),
        "run_outcomes": outcomes_of(
            outcomes, None, machines, attempts_of(managed_of(number, prefix), name=workspace)
        ),
        "run_restarts": charts.run_restarts(restarts_of(outcomes), outcomes, None, machines),
        "jobs_at_once": charts.jobs_at_once(
            open_jobs_of(account=f"/automationaccounts/{workspace}"),
            outcomes,
            machines,
            **WINDOW,
            job_limit=200,
        ),
        "not_managed": not_managed_of(machines),
        "patch_orchestration": charts.patch_orchestration(orchestration_of(machines["computer"])),
        "machine_timeline": timeline_of(
            machines["computer"].iloc[0],
            population=machines,
            machine_assessments=assessments,
            machine_runs=machine_runs,
            attendance=attendance_of(runs),
            resource_changes=resource_changes,
        ),
    }


drawn_once = cache(every_figure)


@cache
def calls():
    """Return what each chart is called with by `every_figure`."""
    with pytest.MonkeyPatch.context() as patch:
        made = {}

        def kept(name, drawn):
            def call(*given, **named):
                made.setdefault(name, (given, named))
                return drawn(*given, **named)

            return call

        for name in charts.__all__:
            patch.setattr(charts, name, kept(name, getattr(charts, name)))
        every_figure()
    return made


def heading(figure):
    return figure.layout.title.text.replace("<br>", " ")


def trace(figure, name):
    return next(one for one in figure.data if one.name == name)


def test_every_public_chart_is_drawn_by_these_tests():
    assert set(every_figure()) == set(charts.__all__)


@pytest.mark.xdist_group("charts")
@pytest.mark.parametrize("name", sorted(charts.__all__))
def test_hostile_names_are_drawn_as_they_stand(name):
    drawn = json.dumps(drawn_once(HOSTILE, HOSTILE)[name].to_plotly_json(), default=list, ensure_ascii=False)
    assert set(re.findall(r"</?(\w+)", drawn)) <= {"b", "br", "span", "extra"}
    assert not set("$\u202e\x00") & set(drawn)
    assert "y" * 200 not in drawn


@pytest.mark.xdist_group("charts")
@pytest.mark.parametrize("name", sorted(charts.__all__))
def test_figures_need_the_small_bundle_only_and_carry_no_big_template(name):
    figure = drawn_once()[name]
    assert {one.type for one in figure.data} <= {"bar", "scatter"}
    assert len(json.dumps(figure.layout.template.to_plotly_json())) < 1500


@pytest.mark.xdist_group("charts")
@pytest.mark.parametrize("name", sorted(charts.__all__))
def test_figures_are_drawn_for_one_machine(name):
    assert drawn_once(number=1)[name] is not None


@pytest.mark.xdist_group("charts")
@pytest.mark.parametrize("name", sorted(charts.__all__))
def test_a_figure_is_drawn_whichever_rows_there_are_none_of(name):
    drawn = getattr(charts, name)
    given, named = calls()[name]
    places = [place for place, one in enumerate(given) if isinstance(one, pd.DataFrame)]
    places += [key for key, one in named.items() if isinstance(one, pd.DataFrame)]
    assert places
    for place in places:
        fewer = [one.head(0) if at == place else one for at, one in enumerate(given)]
        drawn(*fewer, **{key: one.head(0) if key == place else one for key, one in named.items()})


def test_figures_of_machines_say_of_how_many_they_speak():
    figures = every_figure()
    assert len(figures) > 1
    for name, figure in figures.items():
        if name != "ingestion_per_hour":
            assert "of 60 machines" in heading(figure), name


def test_what_a_figure_cannot_speak_of_is_counted():
    machines = machines_of()
    assert "50 of 60 machines; 10 unknown" in heading(states_of(machines))
    missing = charts.missing_updates(updates_of(machines), None, machines)
    assert "50 of 60 machines; 10 were never assessed" in heading(missing)


def test_nothing_to_draw_gives_no_figure():
    machines, runs = machines_of(), runs_of()
    none = empty_of(machines)
    assert states_of(none) is None
    assert charts.missing_updates(empty_of(updates_of(machines)), None, none) is None
    assert age_of(none) is None
    assert charts.ingestion_per_hour(empty_of(usage_of()), None, None, **WINDOW) is None
    assert charts.heartbeats_per_hour(empty_of(beats_of()), None, None, None, **WINDOW) is None
    assert funnel_of(empty_of(funnels_of()), None, empty_of(scopes_of())) is None
    assert calendar_of(empty_of(attendance_of(runs)), empty_of(runs), None) is None
    outcomes = machine_runs_of(machines)
    assert outcomes_of(empty_of(outcomes), None, machines) is None
    assert charts.run_restarts(empty_of(restarts_of(outcomes)), outcomes, None, machines) is None
    idle = open_jobs_of(most=0)
    assert charts.jobs_at_once(idle, outcomes, machines, **WINDOW, job_limit=200) is None
    assert charts.jobs_at_once(empty_of(idle), outcomes, machines, **WINDOW, job_limit=200) is None
    assert not_managed_of(none) is None
    week = week_of(managed_of())
    assert charts.coming_week(empty_of(week[0]), *week[1:], none, asked_at=ASKED_AT) is None
    assert minutes_of(empty_of(installs_of(managed_of())), none) is None
    assert charts.patch_orchestration(empty_of(orchestration_of(machines_of(10)["computer"]))) is None
    hours = pd.DataFrame({"source_computer_id": [], "hour": pd.to_datetime([], utc=True), "heartbeats": []})
    assert timeline_of(machine_hours=hours) is None


def test_no_missing_update_is_a_picture_too():
    machines = machines_of()
    figure = charts.missing_updates(empty_of(updates_of(machines)), None, machines)
    assert "No update is missing" in heading(figure)


def test_a_state_has_one_colour_whatever_else_is_drawn():
    machines = machines_of()
    alone = states_of(machines[machines["state"] == "disconnected"])
    together = states_of(machines)
    assert trace(alone, "disconnected").marker.color == trace(together, "disconnected").marker.color


def test_the_parameter_computers_restricts_and_is_said():
    figure = states_of(machines_of(), computers=["VM-3 "])
    assert "of 1 machine" in heading(figure)
    assert "parameter computers" in heading(figure)


def test_a_hundred_thousand_machines_stay_a_small_figure():
    machines = machines_of(100_000)
    machines["workspace_id"] = [f"ws-{n % 500}" for n in range(100_000)]
    machines["workspace"] = machines["workspace_id"]
    for figure in (
        states_of(machines),
        charts.missing_updates(updates_of(machines), None, machines),
        age_of(machines),
    ):
        assert len(figure.to_json()) < 30_000
    assert "smallest groups share one bar" in heading(states_of(machines))


def test_series_over_time_stay_below_two_thousand_points():
    many = pd.concat([usage_of(f"ws-{n}", tables=list("abcdefgh")) for n in range(12)])
    figure = charts.ingestion_per_hour(many, None, None, **WINDOW)
    assert sum(len(one.x) for one in figure.data) <= 2100
    assert "3 of 12 workspaces" in heading(figure)
    assert "Volumes are means" in heading(figure)


def test_volume_since_the_reset_falls_at_the_reset_hour():
    figure = charts.ingestion_per_hour(usage_of(), quota_of(), stops_of(), **WINDOW)
    line = trace(figure, "billable since reset")
    since = dict(zip(line.x, line.y, strict=True))
    assert since["2026-11-21 05:00:00"] == pytest.approx(4.8)
    assert since["2026-11-21 06:00:00"] == pytest.approx(0.2)
    assert set(trace(figure, "daily cap").y) == {5.0}


@pytest.mark.parametrize("seed", range(3))
def test_volumes_are_drawn_alike_whichever_order_rows_come_in(seed):
    names = [f"Table{number}" for number in range(30)]
    usage = usage_of(tables=names)
    usage["megabytes"] = np.random.default_rng(1).integers(1, 400, len(usage)) / 1000
    drawn = [
        charts.ingestion_per_hour(rows, quota_of(), stops_of(), **WINDOW).to_plotly_json()
        for rows in (usage, usage.sample(frac=1, random_state=seed))
    ]
    assert json.dumps(drawn[0], default=list) == json.dumps(drawn[1], default=list)


def test_no_cap_draws_no_cap():
    figure = charts.ingestion_per_hour(usage_of(), quota_of(cap=-1.0), stops_of(), **WINDOW)
    assert "daily cap" not in {one.name for one in figure.data}
    assert "no daily cap" in figure.layout.annotations[0].text


def test_stops_are_shaded_and_gaps_without_a_stop_too():
    dry = (HOURS >= "2026-11-15T00:00Z") & (HOURS < "2026-11-15T06:00Z")
    stopped = (HOURS >= "2026-11-18T00:00Z") & (HOURS < "2026-11-18T06:00Z")
    stops = stops_of(stopped=pd.Timestamp("2026-11-18T00:00Z"), ended=pd.Timestamp("2026-11-18T06:00Z"))
    usage = usage_of(hours=HOURS[~dry & ~stopped])
    figure = charts.ingestion_per_hour(usage, quota_of(), stops, **WINDOW)
    shades = {(shape.name, shape.x0, shape.x1) for shape in figure.layout.shapes}
    assert ("collection stopped", "2026-11-18 00:00:00", "2026-11-18 06:00:00") in shades
    assert ("no billable data", "2026-11-15 00:00:00", "2026-11-15 06:00:00") in shades
    assert ("no billable data", "2026-11-18 00:00:00", "2026-11-18 06:00:00") not in shades


def test_stops_that_could_not_be_seen_are_said():
    assert "could not be seen" in heading(charts.ingestion_per_hour(usage_of(), None, None, **WINDOW))


def test_hours_that_usage_has_not_reached_are_no_gap():
    usage = usage_of()
    figure = charts.ingestion_per_hour(usage[usage["hour"] < HOURS[-6]], quota_of(), stops_of(), **WINDOW)
    assert {shape.name for shape in figure.layout.shapes} == {"no Usage rows yet"}


def test_silent_hours_are_shaded():
    silent = (HOURS >= "2026-11-15T00:00Z") & (HOURS < "2026-11-15T06:00Z")
    figure = charts.heartbeats_per_hour(beats_of(HOURS[~silent]), quota_of(), None, stops_of(), **WINDOW)
    shade = figure.layout.shapes[0]
    assert shade.name == "no heartbeat of any machine"
    assert (shade.x0, shade.x1) == ("2026-11-15 00:00:00", "2026-11-15 06:00:00")


def test_the_funnel_shows_the_newest_run_of_each_group():
    figure = funnel_of(funnels_of(groups=2), machines_of())
    assert list(trace(figure, "kept").x) == [900, 400, 320, 12] * 2
    assert "2026-11-13" in figure.layout.annotations[0].text
    assert "cannot see 15 of 60 machines" in heading(figure)


def test_the_funnel_shows_each_dynamic_scope_as_it_is_for_the_next_run():
    machines = pd.concat([machines_of(8), managed_of(12)], ignore_index=True)
    figure = funnel_of(None, None, scopes_of(scopes=2), machines)
    assert list(trace(figure, "kept").x) == [1200, 1200, 1200, 700, 700, 3] * 2
    assert figure.layout.annotations[1].text == "<b>nightly</b>, scope 2 · next run 2026-11-23 22:00 UTC"
    assert figure.layout.yaxis.ticktext[2] == "resource type: nightly"
    assert "What each filter of a dynamic scope keeps" in heading(figure)
    assert "Of 2,000 machines in Azure; a dynamic scope cannot see 2 of 20 machines." in heading(figure)


def test_a_scope_of_which_no_next_run_is_known_says_so():
    figure = funnel_of(None, None, scopes_of(start=ASKED_AT))
    assert figure.layout.annotations[0].text.endswith("scope 1 · no next run is known")


def test_groups_and_scopes_of_one_name_stand_beside_each_other():
    machines = machines_of()
    figure = funnel_of(funnels_of("same", 6), machines, scopes_of("same", 6), machines)
    heads = [one.text for one in figure.layout.annotations]
    assert len(heads) == 10
    assert len([head for head in heads if ", scope " in head]) == 6
    assert "What each filter of a dynamic group or scope keeps" in heading(figure)
    assert "Groups: of 1,730 Azure virtual machines; a dynamic group cannot see 15 of 60" in heading(figure)
    assert "Scopes: of 2,000 machines in Azure; a dynamic scope cannot see 15 of 60" in heading(figure)
    assert "2 more groups or scopes are not drawn" in heading(figure)


def test_rows_of_a_service_that_is_not_looked_at_change_no_picture():
    machines, attempts, schedules = machines_of(), attempts_of(managed_of()), schedule_runs_of(managed_of())
    funnels, rows, runs = funnels_of(), machine_runs_of(machines), runs_of().assign(run_key="run-9")
    alone = funnel_of(funnels, machines)
    assert funnel_of(funnels, machines, empty_of(scopes_of()), machines) == alone
    alone = outcomes_of(rows, runs, machines)
    assert outcomes_of(rows, runs, machines, empty_of(attempts), empty_of(schedules[2])) == alone


def test_groups_beyond_the_first_ten_are_counted():
    assert "15 more groups are not drawn" in heading(funnel_of(funnels_of(groups=25), None))


def test_machines_of_update_manager_stand_by_their_subscription():
    machines = pd.concat(
        [machines_of(12), managed_of(6).assign(state="assessment_failed", os_type="Linux")], ignore_index=True
    )
    names = pd.DataFrame(
        {
            "subscription_id": ["S"],
            "name": ["Production"],
            "container_type": ["microsoft.resources/subscriptions"],
        }
    )
    figure = states_of(machines, names)
    assert figure.layout.yaxis.ticktext[1] == "Update Manager · Production · Linux"
    assert list(trace(figure, "assessment failed").x) == [0, 6, 0]
    assert "by workspace or subscription and operating system" in heading(figure)
    assert "Update Manager · s · Linux" in states_of(machines).layout.yaxis.ticktext


def test_updates_that_update_manager_lists_are_missing_too():
    logged, managed = machines_of(6), managed_of(4).assign(missing_other=5, last_assessed=ASKED_AT)
    managed["last_assessed"] = managed["last_assessed"].astype("datetime64[us, UTC]")
    keys = managed["arm_key"]
    listed = pd.DataFrame(
        {"machine_key": [*keys, keys[0]], "cut": [False] * 4 + [True], "critical": True, "security": False}
    ).assign(age_days=3.0)
    figure = charts.missing_updates(
        empty_of(updates_of(logged)), listed, pd.concat([logged, managed], ignore_index=True)
    )
    assert trace(figure, "critical").y[0] == 4
    assert "Missing 4 times on 4 machines" in heading(figure)
    assert "20 other updates more, of unknown age" in heading(figure)


def test_log_rows_of_a_machine_of_update_manager_do_not_count():
    machines = machines_of(6).assign(service="update_manager")
    assert "No update is missing" in heading(charts.missing_updates(updates_of(machines), None, machines))


def test_each_service_has_its_limit_of_age():
    hour = pd.Timestamp(ASKED_AT) - pd.Timedelta(hours=36)
    machines = pd.concat([machines_of(3), managed_of(3)], ignore_index=True).assign(last_assessed=hour)
    figure = age_of(machines)
    stale = next(one for one in figure.data if one.name.startswith("stale"))
    fresh = next(one for one in figure.data if one.name.startswith("fresh"))
    assert (list(fresh.y), list(stale.y)) == ([3], [3])
    assert "3 assessments older than 24 h" not in heading(figure)
    assert "3 assessments older than 1 d (Update Management) or 2 d (Update Manager)" in heading(figure)
    assert len(figure.layout.shapes) == 2


def test_the_calendar_draws_schedules_and_compares_their_newest_run():
    machines = managed_of()
    figure = calendar_of(None, None, machines, schedule_runs_of(machines))
    told = trace(figure, "missed machines").customdata[0][0]
    assert "10 expected, 1 missed" in told
    assert "vm-0" in told
    assert "only the newest run" in trace(figure, "not judged").customdata[0][0]
    assert "2 runs of 1 schedule; 1 not judged" in heading(figure)
    assert "10 of 10 machines" in heading(figure)


def test_a_schedule_whose_misses_cannot_be_told_missed_not_nobody():
    expected, _, runs = schedule_runs_of(managed_of())
    figure = calendar_of(None, None, managed_of(), (expected, None, runs))
    assert [one.name for one in figure.data] == ["not judged"]


def test_the_calendar_has_a_line_for_each_of_both_services_and_obeys_update_run():
    machines, runs = managed_of(), runs_of()
    schedules = schedule_runs_of(machines, name="weekly")
    figure = calendar_of(attendance_of(runs), runs, machines, schedules)
    assert list(figure.layout.yaxis.ticktext) == ["weekly", "weekly"]
    assert "of 1 update deployment and 1 schedule" in heading(figure)
    assert calendar_of(None, None, machines, schedules, update_run="other") is None
    assert calendar_of(None, None, machines, schedules, update_run="Weekly") is not None


def test_windows_of_the_coming_week_that_meet_on_machines_stand_out():
    machines = managed_of()
    figure = coming_of(machines)
    meets = trace(figure, "overlaps another window on the same machines")
    assert list(meets.base) == ["2026-11-23 22:00:00", "2026-11-23 23:00:00"]
    assert list(meets.x) == [7_200_000] * 2
    assert "overlaps beta, on 10 machines" in meets.customdata[0][0]
    assert list(trace(figure, "reaches no machine").y) == [2]
    assert "3 windows of 3 schedules; 2 overlap on the same machines" in heading(figure)
    assert "10 of 10 machines" in heading(figure)


def test_windows_that_share_no_machine_do_not_meet():
    figure = coming_of(managed_of(), met=False)
    assert [one.name for one in figure.data] == ["maintenance window", "reaches no machine"]


def test_the_coming_week_ends_after_a_week_and_begins_with_what_is_open():
    occurrences, *others = week_of(managed_of())
    at = pd.to_datetime(["2026-11-22T08:00Z", "2026-11-22T09:00Z", "2026-11-29T11:00Z"])
    occurrences = occurrences.assign(start=at, end=at + pd.Timedelta(hours=2))
    figure = charts.coming_week(occurrences, *others, None, asked_at=ASKED_AT)
    assert list(figure.layout.yaxis.ticktext) == ["beta"]


def test_the_minutes_of_a_window_add_up():
    machines = managed_of(2)
    rows = installs_of(machines, used_minutes=[60.0, 105.0], window_exceeded=[False, True])
    figure = minutes_of(rows, machines)
    drawn = {one.name: list(one.x) for one in figure.data}
    assert drawn == {
        "before it began": [10, 10],
        "scan, downloads, installs and restarts": [100, 60],
        "used of the time kept back for a restart": [5, 0],
        "left": [0, 40],
        "kept back for a restart": [5, 10],
    }
    assert "1 window exceeded" in heading(figure)
    assert "2 of 2 machines" in heading(figure)


def test_what_a_run_took_beyond_its_window_and_what_it_needs_is_told():
    machines = managed_of(1)
    rows = installs_of(machines, used_minutes=130.0, os_type="linux")
    needed = rows[["installation_id"]].assign(needed_minutes=200.0)
    figure = minutes_of(rows, machines, needed)
    assert list(trace(figure, "beyond the window").x) == [20]
    assert "all of them need about 200 min" in figure.data[0].customdata[0][0]


def test_windows_of_update_management_that_were_exceeded_are_drawn_too():
    machines = machines_of(4)
    short = machine_runs_of(machines, 1).assign(
        window_minutes=60.0, used_minutes=60.0, installed=2, left=3, needed_minutes=110.0
    )
    figure = charts.window_minutes(None, None, short, machines)
    assert list(trace(figure, "used of the time kept back for a restart").x) == [20, 20]
    assert "2 installed, 3 left" in figure.data[0].customdata[0][0]
    assert "2 windows exceeded" in heading(figure)
    assert "2 of 4 machines" in heading(figure)


def test_only_the_fullest_windows_are_drawn():
    machines = managed_of(50)
    assert "The 20 fullest of 50 windows are drawn" in heading(minutes_of(installs_of(machines), machines))


def test_the_time_line_of_a_machine_of_update_manager_needs_no_log():
    machines = managed_of(3)
    _, left_out, runs = schedule_runs_of(machines)
    attempts = runs.tail(1).assign(
        machine_key=machines["arm_key"][0], started=runs["scheduled"], ended=runs["scheduled"], texts=""
    )
    states = machines[["arm_key", "last_assessed"]].rename(
        columns={"arm_key": "machine_key", "last_assessed": "assessed"}
    )
    states = states.assign(
        succeeded=True, critical=1, security=0, missing_other=0, status="succeeded", texts=""
    )
    none = pd.DataFrame({"source_computer_id": [], "hour": pd.to_datetime([], utc=True), "heartbeats": []})
    figure = timeline_of(
        "VM-0",
        machine_hours=none,
        population=machines,
        patch_states=states,
        schedule_attempts=attempts,
        missed_by_schedules=left_out,
        installations=installs_of(machines),
        resource_changes=empty_of(pd.DataFrame({"target_id": [], "changed": []})),
    )
    assert [one.name for one in figure.data if one.name] == [
        "assessment: updates needed",
        "run succeeded",
        "run that left it out",
        "installation succeeded",
    ]
    assert list(figure.layout.yaxis2.ticktext) == [
        "assessments",
        "update runs",
        "installations",
        "resource changes",
    ]
    assert not figure.layout.shapes
    assert "None in the window: resource changes" in heading(figure)
    assert "Could not be seen" not in heading(figure)


def test_the_calendar_names_who_was_missed_and_counts_the_rest():
    runs = runs_of(1)
    figure = calendar_of(attendance_of(runs, 40, 30), runs, machines_of())
    told = trace(figure, "missed machines").customdata[0][0]
    assert "vm-0<br>" in told
    assert "… and 20 more" in told
    assert trace(figure, "missed machines").text[0] == "30"


def test_a_run_without_expected_machines_did_not_miss_nobody():
    runs = runs_of()
    nobody = empty_of(attendance_of(runs))
    for given in (runs, runs_of(judged=False)):
        figure = calendar_of(nobody, given, None)
        assert [one.name for one in figure.data] == ["not judged"]
        assert "3 not judged" in heading(figure)


def test_runs_beyond_what_is_drawn_are_said():
    runs = runs_of(100)
    runs["configuration"] = [f"deployment-{n}" for n in range(100)]
    figure = calendar_of(attendance_of(runs, 2, 1), runs, None)
    assert "80 deployments or schedules that missed fewest are not drawn" in heading(figure)


def test_the_time_line_says_what_could_not_be_seen_and_what_is_not_there():
    said = heading(timeline_of(resource_changes=empty_of(pd.DataFrame({"target_id": [], "changed": []}))))
    assert "Could not be seen: assessments, update runs" in said
    assert "None in the window: resource changes" in said


def test_the_time_line_tells_a_new_agent_apart():
    hours = pd.DataFrame(
        {"source_computer_id": ["a"] * 50 + ["b"] * 50, "hour": HOURS[:100], "heartbeats": 3}
    )
    figure = timeline_of(machine_hours=hours)
    assert [one.name for one in figure.data] == ["heartbeats, agent b", "heartbeats, agent a"]


def test_the_time_line_shows_runs_that_left_the_machine_out():
    runs = runs_of(1)
    figure = timeline_of("vm-1", attendance=attendance_of(runs), machine_runs=None)
    assert len(trace(figure, "run that left it out").x) == 1


def test_outcomes_are_stacked_by_status_with_the_newest_run_above():
    machines = machines_of(20)
    rows = machine_runs_of(machines)
    rows["status"] = ["failed", *["succeeded"] * 8, "maintenancewindowexceeded", *["succeeded"] * 19, "odd"]
    figure = outcomes_of(rows, None, machines)
    assert list(trace(figure, "succeeded").x) == [9, 10, 8]
    assert list(trace(figure, "failed").x) == [0, 0, 1]
    assert list(trace(figure, "other status").x) == [1, 0, 0]
    assert "Nov 21" in figure.layout.yaxis.ticktext[-1]
    assert list(figure.data[-1].text) == ["1 of 10", "", "2 of 10"]
    assert "30 machine runs of 3 runs; 3 did not succeed" in heading(figure)
    assert "10 of 20 machines; 10 took part in none" in heading(figure)


def test_a_bar_names_the_machines_that_did_not_succeed():
    rows = machine_runs_of(machines_of(40), 1, status="failedtostart")
    note = trace(outcomes_of(rows, None, None), "failed to start").customdata[0][0]
    assert "vm-0<br>" in note
    assert "… and 12 more" in note


def test_runs_beyond_the_newest_forty_are_counted_and_runs_without_machines_too():
    machines = machines_of(4)
    rows = machine_runs_of(machines, 90)
    runs = pd.DataFrame({"run_key": [f"run-{n}" for n in range(93)]})
    figure = outcomes_of(rows, runs, machines)
    assert "Only the newest 40 of 90 runs are drawn" in heading(figure)
    assert "3 runs without any machine run not drawn" in heading(figure)
    assert len(trace(figure, "succeeded").x) == 40


def test_what_did_not_succeed_is_told_beside_each_bar():
    rows = machine_runs_of(machines_of(4), 20, status="failed")
    figure = outcomes_of(rows, None, None)
    assert set(figure.data[-1].text) == {"2 of 2"}
    assert figure.layout.height > 20 * 20


def test_machine_runs_of_machines_in_no_log_are_counted_apart():
    machines = machines_of(10)
    rows = machine_runs_of(machines)
    rows.loc[rows["machine"] == 1, "machine"] = -1
    said = heading(outcomes_of(rows, None, machines))
    assert "4 of 10 machines; 6 took part in none. 1 machine more, in no log" in said


def test_outcomes_of_schedules_are_drawn_with_names_that_people_know():
    machines = managed_of(10).assign(computer=[f"VM-{n}.example.org" for n in range(10)])
    attempts, (_, _, runs) = attempts_of(machines), schedule_runs_of(machines, 3)
    attempts["outcome"] = ["failed", "cancelled", "under_way", "", *["succeeded"] * 16]
    figure = outcomes_of(None, None, machines, attempts, runs)
    drawn = {one.name: list(one.x) for one in figure.data if one.type == "bar"}
    assert drawn == {
        "succeeded": [10, 6],
        "in progress": [0, 1],
        "cancelled": [0, 1],
        "failed": [0, 1],
        "other status": [0, 1],
    }
    assert "VM-0.example.org" in trace(figure, "failed").customdata[1][0]
    assert figure.layout.yaxis.ticktext[-1] == "nightly · Nov 21 22:00"
    assert "20 machine runs of 2 runs; 3 did not succeed" in heading(figure)
    assert "10 of 10 machines" in heading(figure)
    assert "1 run without any machine run not drawn" in heading(figure)


def test_outcomes_of_both_services_stand_by_their_time():
    logged, managed = machines_of(10), managed_of(4, "azure-")
    population = pd.concat([logged, managed.assign(arm_key=managed["arm_key"] + "x")], ignore_index=True)
    attempts = attempts_of(population[population["service"] == "update_manager"], 2)
    figure = outcomes_of(machine_runs_of(logged, 2), None, population, attempts)
    starts = [name.split(" · ") for name in figure.layout.yaxis.ticktext]
    assert starts == [
        ["weekly", "Nov 20 02:00"],
        ["nightly", "Nov 20 22:00"],
        ["weekly", "Nov 21 02:00"],
        ["nightly", "Nov 21 22:00"],
    ]
    assert "9 of 14 machines; 5 took part in none." in heading(figure)
    assert "more, " not in heading(figure)
    said = heading(outcomes_of(machine_runs_of(logged, 2), None, logged, attempts))
    assert "4 machines more, deleted since or not visible." in said


def test_outcomes_of_schedules_keep_to_the_window_and_to_update_run():
    machines = managed_of(2)
    attempts, runs = attempts_of(machines, 30), schedule_runs_of(machines, 31)[2]
    figure = outcomes_of(None, None, machines, attempts, runs)
    assert "28 machine runs of 14 runs" in heading(figure)
    assert "without any machine run" not in heading(figure)
    assert outcomes_of(None, None, machines, attempts, runs, update_run="other") is None
    stamp = runs["run_key"].iloc[3].rpartition("/")[2]
    assert "2 machine runs of 1 run" in heading(
        outcomes_of(None, None, machines, attempts, runs, update_run=stamp)
    )


def test_restarts_tell_persons_from_policies():
    machines = machines_of(8)
    outcomes = machine_runs_of(machines, 1)
    restarts = pd.concat([restarts_of(outcomes.head(2), by_user=True), restarts_of(outcomes.tail(3))])
    policies = pd.DataFrame({"machine": [1, 2], "reboots": [True, True]})
    figure = charts.run_restarts(restarts, outcomes, policies, machines)
    counts = {one.name: sum(one.x) for one in figure.data if one.type == "bar"}
    assert counts == {
        "a person restarted it": 2,
        "the registry lets Windows Update restart": 1,
        "requester unknown": 1,
    }
    assert list(figure.data[-1].text) == ["4 of 4"]
    assert "4 machines restarted in 1 of 1 run" in heading(figure)
    assert "4 of 8 machines" in heading(figure)


def test_jobs_are_drawn_against_the_limit_with_what_failed_to_start():
    machines = machines_of(20)
    failed = machine_runs_of(machines, 1, status="failedtostart")
    failed["start_time"] = pd.Timestamp("2026-11-20T02:10Z")
    figure = charts.jobs_at_once(open_jobs_of(), failed, machines, **WINDOW, job_limit=220)
    line = trace(figure, "jobs at the same time")
    assert line.line.shape == "hv"
    assert dict(zip(line.x, line.y, strict=True))["2026-11-20 02:00:00"] == 250
    assert line.y[-1] == 0
    assert set(trace(figure, "limit: 220").y) == {220}
    mark = trace(figure, "machine runs that failed to start")
    assert (len(mark.x), mark.y[0]) == (1, 250)
    assert "At most 250 jobs at once" in heading(figure)
    assert "10 machine runs failed to start, on 10 machines" in heading(figure)


def test_a_step_keeps_the_highest_moment_within_it():
    jobs = open_jobs_of(3)
    jobs.loc[31, "most"] = 201
    figure = charts.jobs_at_once(jobs, None, None, **WINDOW, job_limit=200)
    assert max(trace(figure, "jobs at the same time").y) == 201
    assert "around 2026-11-20 02:30 UTC" in heading(figure)
    assert "Machine runs could not be seen" in heading(figure)


def test_jobs_that_were_open_before_the_window_count_until_they_end():
    jobs = open_jobs_of(7).head(1).assign(minute=pd.Timestamp("2026-11-01T00:00Z"))
    line = trace(charts.jobs_at_once(jobs, None, None, **WINDOW, job_limit=200), "jobs at the same time")
    assert set(line.y) == {7}


def test_many_jobs_and_failures_stay_below_two_thousand_points():
    minutes = pd.date_range(ASKED_AT - WINDOW["lookback"], ASKED_AT, freq="min")
    most = np.arange(len(minutes)) % 97
    parts = [
        pd.DataFrame({"account": f"/automationaccounts/a{n}", "minute": minutes, "most": most, "left": most})
        for n in range(5)
    ]
    failed = machine_runs_of(machines_of(4), 14, status="failedtostart")
    figure = charts.jobs_at_once(pd.concat(parts), failed, None, **WINDOW, job_limit=200)
    assert sum(len(one.x) for one in figure.data) <= 2000
    assert "3 busiest of 5 Automation accounts" in heading(figure)


def test_each_combination_of_settings_and_schedule_has_its_bar():
    figure = charts.patch_orchestration(orchestration_of(machines_of(10)["computer"]))
    assert [len(one.x) for one in figure.data] == [10] * len(figure.data)
    drawn = {one.name: [place for place, number in enumerate(one.x) if number] for one in figure.data}
    assert drawn == {
        "its schedules patch it": [0, 8],
        "nobody patches it": [1, 5],
        "schedules fail on it: prerequisites not met": [2, 4, 6],
        "Azure patches it when it chooses": [3],
        "Windows patches itself": [7],
    }
    assert "9 of 10 machines; 1 may have schedules that could not be seen" in heading(figure)
    assert "5 of them receive no updates" in heading(figure)


def test_machines_that_are_not_managed_stand_once_by_their_first_cause():
    machines = machines_of(20)
    bare, stuck = unmanaged_of(machines)
    bare = bare.head(3).assign(quota_reached=[True, False, False], worker_not_registered=[True, True, False])
    assessed = stuck.iloc[[5]].assign(cloned_image=True, last_assessed=pd.Timestamp(ASKED_AT))
    stuck = pd.concat([stuck.iloc[[4]].assign(cloned_image=True, communication_blocked=True), assessed])
    silent = pd.DataFrame({"computer": ["vm-x"]})
    figure = charts.not_managed(bare, stuck, silent, machines)
    counts = {one.name: list(one.x) for one in figure.data}
    assert counts == {
        "cloned with its agent": [1, 0],
        "workspace over quota": [1, 0],
        "no worker": [1, 0],
        "agent sends nothing": [0, 1],
        "no known cause": [1, 0],
    }
    assert "4 of 20 machines in the logs report and are not managed" in heading(figure)
    assert "1 running machine more" in heading(figure)


def test_axes_of_time_say_utc_and_end_with_the_window():
    figure = charts.heartbeats_per_hour(beats_of(), None, None, None, **WINDOW)
    assert figure.layout.xaxis.title.text == "UTC"
    assert figure.layout.xaxis.range[1].startswith("2026-11-22")


def test_importing_charts_does_not_import_plotly():
    code = "import sys, umdiag.charts; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_figure_is_stored_as_data_not_as_a_page():
    bundle = every_figure()["machine_states"]._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.plotly.v1+json"}
