"""The fleet maker: equal bytes for equal arguments, the service's columns, and what it says is planted."""

from __future__ import annotations

import ast
import hashlib
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import fleet as package
from fleet import DEMO_ASKED_AT, KNOWN_FAULTS, Fleet, make_demo, make_fleet
from fleet.faults import registry
from fleet.model import Ints, World
from support.thinning import one_in

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "parameters" / "demo"
DAY = pd.Timedelta(days=1)
MACHINES = 450
LONG_AGO = pd.Timestamp(0, tz="UTC")


#: All that is asked of one fleet is asked in the process that made it.
of_one_fleet = pytest.mark.xdist_group("fleet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return make_fleet(tmp_path_factory.mktemp("fleet"), machines=MACHINES)


def rows(fleet: Fleet, table: str) -> pd.DataFrame:
    return pd.read_parquet(fleet.folder / f"{table}.parquet")


def digests(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


def last_seen(fleet: Fleet, *tables: str) -> pd.Series:
    seen = pd.concat([rows(fleet, table)[["Computer", "TimeGenerated"]] for table in tables])
    return seen.groupby("Computer")["TimeGenerated"].max()


def computers(fleet: Fleet) -> dict[str, str]:
    """Name the computer of each subject; of several that share a name or an id, the newest."""
    beats = rows(fleet, "Heartbeat").sort_values("TimeGenerated", kind="stable")
    subject = beats["ResourceId"].fillna(beats["SourceComputerId"]).str.lower()
    # a machine outside Azure has had several ids where its agent was installed anew
    newest = dict(zip(subject, beats["Computer"], strict=True))
    return {one: name for one, name in newest.items() if one in fleet.states or "/" in one}


#: All faults and look-alikes, and some of them on few machines for fewer days.
SIZES: list[dict[str, Any]] = [
    {"machines": 100, "days": 12, "faults": ["assessment_failed/timed_out"], "lookalikes": False},
    {"machines": MACHINES},
]


@pytest.mark.parametrize("size", one_in(2, SIZES))
def test_equal_arguments_write_equal_bytes_and_another_seed_others(
    tmp_path: Path, size: dict[str, Any]
) -> None:
    for name, seed in (("first", 7), ("second", 7), ("other", 8)):
        make_fleet(tmp_path / name, seed=seed, **size)
    assert digests(tmp_path / "second") == digests(tmp_path / "first")
    other = digests(tmp_path / "other")
    alike = [name for name, digest in digests(tmp_path / "first").items() if other[name] == digest]
    assert not {"Heartbeat.parquet", "Update.parquet", "planted.json"} & {*alike}


@of_one_fleet
def test_columns_are_those_of_the_service(made: Fleet) -> None:
    known = json.loads((ROOT / "lib/umdiag/queries/tables.json").read_text(encoding="utf-8"))
    tables = {name: set(columns) for kind in known.values() for name, columns in kind.items()}
    for file in made.folder.glob("*.parquet"):
        assert set(pq.read_schema(file).names) <= tables[file.stem], file.stem
    # the old service told nothing of policies
    assert set(made.rows) == set(tables) - {"policyresources"}


@of_one_fleet
def test_snapshot_counts_its_rows(made: Fleet) -> None:
    said = json.loads((made.folder / "snapshot.json").read_text(encoding="utf-8"))
    assert said["asked_at"] == "2026-11-18T06:00:00Z"
    assert said["lookback"] == "14d"
    for table, about in said["tables"].items():
        assert about == {
            "rows": pq.read_metadata(made.folder / f"{table}.parquet").num_rows,
            "complete": True,
        }


@of_one_fleet
def test_rows_lie_in_the_window_on_whole_seconds(made: Fleet) -> None:
    for table in ("Heartbeat", "Update", "UpdateSummary", "UpdateRunProgress", "Event", "Usage", "Operation"):
        moments = rows(made, table)["TimeGenerated"]
        assert moments.min() > DEMO_ASKED_AT - 14 * DAY, table
        assert moments.max() <= DEMO_ASKED_AT, table
        assert (moments.dt.microsecond == 0).all(), table


@of_one_fleet
def cause_of(fault: str) -> str:
    """Return scenario and cause of a fault; what follows a blank tells faults of one cause apart."""
    return fault.partition(" ")[0]


@of_one_fleet
def test_every_known_fault_is_planted(made: Fleet) -> None:
    assert {f"{p.scenario}/{p.cause}" for p in made.planted} >= set(map(cause_of, KNOWN_FAULTS))


@of_one_fleet
def test_a_subject_has_one_finding_per_scenario(made: Fleet) -> None:
    findings = Counter((p.scenario, p.id.lower()) for p in made.planted if p.scenario != "ingestion_gap")
    assert set(findings.values()) == {1}


@of_one_fleet
def test_planted_subjects_are_in_the_rows(made: Fleet) -> None:
    beats = rows(made, "Heartbeat")
    machines = {*beats["ResourceId"].dropna().unique(), *beats["SourceComputerId"].unique()}
    machines |= set(rows(made, "resources")["id"].str.replace("RESOURCEGROUPS", "resourceGroups"))
    machines, computers = {one.lower() for one in machines}, set(beats["Computer"])
    workspaces = {one.lower() for one in made.workspaces}
    assert made.planted
    for one in made.planted:
        if one.kind == "machine":
            assert one.id.lower() in machines
            assert one.name in computers or one.cause == "agent_silent"
        elif one.kind == "workspace":
            assert one.id.lower() in workspaces


@pytest.mark.parametrize("lookalikes", [False, True])
def test_a_healthy_fleet_plants_nothing(tmp_path: Path, lookalikes: bool) -> None:
    fleet = make_fleet(tmp_path, machines=240, faults=[], lookalikes=lookalikes)
    assert fleet.planted == ()
    # a machine that was first heard a few hours ago is not assessed yet, and nothing is wrong with it; of
    # those that only Update Manager assesses nothing is known yet
    odd = {"not_assessed": 2, "unknown": 4} if lookalikes else {}
    counted = Counter(fleet.states.values())
    assert counted == {"compliant": len(fleet.states) - sum(odd.values()), **odd}


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN_FAULTS)
def test_a_fault_alone_plants_itself(tmp_path: Path, name: str) -> None:
    fleet = make_fleet(tmp_path, machines=80, days=12, faults=[name], lookalikes=False)
    assert cause_of(name) in {f"{p.scenario}/{p.cause}" for p in fleet.planted}


@of_one_fleet
def test_states_follow_from_the_newest_rows(made: Fleet) -> None:
    beat, scan = last_seen(made, "Heartbeat"), last_seen(made, "Update", "UpdateSummary")
    names = computers(made)
    assert set(made.states) == set(names)
    for subject, state in made.states.items():
        heard, assessed = beat.get(names[subject], LONG_AGO), scan.get(names[subject], LONG_AGO)
        assert (state == "disconnected") == (heard < DEMO_ASKED_AT - DAY)
        if state == "assessment_stale":
            assert assessed < DEMO_ASKED_AT - DAY
        if state in ("compliant", "non_compliant"):
            assert assessed >= DEMO_ASKED_AT - DAY


@of_one_fleet
def test_windows_is_assessed_twice_a_day_and_linux_hourly(made: Fleet) -> None:
    updates = rows(made, "Update")
    names = computers(made)
    quiet = [names[subject] for subject, state in made.states.items() if state == "compliant"]
    updates = updates[updates["Computer"].isin(quiet)]
    alive = updates[updates["Product"] == "UpdateManagementHeartbeat"]
    assert alive.groupby("Computer").size().median() == 14 * 24
    summaries = rows(made, "UpdateSummary").groupby("Computer").size()
    assert summaries[summaries.index.isin(quiet)].median() == 14 * 2


@of_one_fleet
def test_machine_runs_belong_to_runs_and_known_machines(made: Fleet) -> None:
    runs = set(rows(made, "softwareUpdateConfigurationRuns")["name"])
    beats = rows(made, "Heartbeat")
    known = {name.lower() for name in (*beats["ResourceId"].dropna().unique(), *beats["Computer"].unique())}
    agents = set(beats["SourceComputerId"])
    texts = rows(made, "softwareUpdateConfigurationMachineRuns")["properties"]
    assert len(texts)
    for text in texts:
        one = json.loads(text)
        assert one["correlationId"] in runs
        assert one["targetComputer"].lower() in known
        assert one["sourceComputerId"] in agents


@of_one_fleet
def test_json_columns_hold_json(made: Fleet) -> None:
    for table in ("resources", "resourcechanges", "workspaces", "hybridRunbookWorkers", "jobs"):
        texts = rows(made, table)["properties"]
        assert len(texts), table
        for text in texts:
            assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"faults": ["machine_disconnected/bored"]}, "no such fault: machine_disconnected/bored"),
        ({"machines": 20}, "20 machines are too few"),
        ({"days": 3}, "days must be at least 12"),
        ({"asked_at": datetime(2026, 11, 18)}, "time zone"),
        ({"heartbeat_minutes": 90}, "between 1 and 30"),
    ],
)
def test_what_cannot_be_made_is_refused(tmp_path: Path, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_fleet(tmp_path / "none", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "none").exists()


def test_the_maker_shares_nothing_with_the_judgements() -> None:
    files = list(Path(package.__file__).parent.rglob("*.py"))
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.startswith("umdiag") for name in names), file


@pytest.fixture
def a_new_fault(monkeypatch: pytest.MonkeyPatch) -> str:
    """Register a fault and a look-alike that nobody else knows; the fault says itself what is found."""
    monkeypatch.setattr(registry, "FAULTS", dict(registry.FAULTS))
    monkeypatch.setattr(registry, "LOOKALIKES", dict(registry.LOOKALIKES))

    @registry.fault("machine_bored/nothing_to_do", registry.hosted_windows, fixed=3, finds="low")
    def bore(world: World, machines: Ints) -> None:
        world.machines.loc[machines, "power"] = "PowerState/bored"

    @registry.lookalike(registry.linux, fixed=2)
    def look_bored(world: World, machines: Ints) -> None:
        world.machines.loc[machines, "power"] = "PowerState/bored"

    return "machine_bored/nothing_to_do"


def test_a_fault_may_say_itself_what_is_found(tmp_path: Path, a_new_fault: str) -> None:
    fleet = make_fleet(tmp_path, machines=80, days=12, faults=[a_new_fault], lookalikes=False)
    found = {(p.scenario, p.cause, p.kind, p.severity) for p in fleet.planted}
    assert found == {("machine_bored", "nothing_to_do", "machine", "low")}
    bored = rows(fleet, "resources").query("properties.str.contains('bored')")
    assert sorted(p.id.lower() for p in fleet.planted) == sorted(bored["id"].str.lower())


def test_a_fault_in_the_making_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "FAULTS", {})
    registry.fault("machine_bored/nothing_to_do", registry.anyone, ready=False)(lambda world, machines: None)
    assert registry.FAULTS == {}


@pytest.mark.usefixtures("a_new_fault")
def test_the_demo_is_small_and_fresh_whatever_faults_are_added(tmp_path: Path) -> None:
    assert sum(file.stat().st_size for file in DEMO.iterdir()) < 6_000_000
    make_demo(tmp_path / "demo")
    for name in ("demo/snapshot.json", "demo/planted.json", "demo.yml"):
        fresh = (DEMO.parent / name).read_text(encoding="utf-8")
        assert (tmp_path / name).read_text(encoding="utf-8") == fresh
