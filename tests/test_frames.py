"""What frames derive: who is one machine, its state and needs, whom a group selects, when data stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.snapshot_rows import ASKED_AT, answered_once, arm_id, at, identifier, investigate, resolved
from umdiag.errors import Inconclusive
from umdiag.frames import collection_stops, estate, gaps, machine_changes, never_restarting, open_jobs, quota
from umdiag.frames.funnels import matches
from umdiag.frames.identities import derive as derive_identities
from umdiag.frames.shared.text import same_uuid, swapped
from umdiag.frames.targets import derive as derive_targets
from umdiag.frames.targets import machine_key
from umdiag.frames.updates import month_of, series_of
from umdiag.kit import Kit
from umdiag.queries.kql import empty, queries

UUID = "03020100-0504-0706-0809-0a0b0c0d0e0f"
SWAPPED = "00010203-0405-0607-0809-0a0b0c0d0e0f"


def open_kit(folder: Path, given: dict[str, Any]) -> Iterator[Kit]:
    with answered_once():
        kit = investigate(folder, given)
        yield kit
        kit.close()


# -- who is one machine -----------------------------------------------------------------------------------

WHOLE, EVEN = "-3d..+0m", "-3d..-15m"  # heartbeats on the half hours, and between them
IDENTITIES: dict[str, Any] = {
    "machines": {
        # re-installed: one id follows the other, even on other hardware
        "re": {"agent": "re-old", "heard": "-3d..-2d", "assessed": "never"},
        "re anew": {"computer": "re", "agent": "re-new", "heard": "-47h..+0m"},
        # two machines of one name
        "twin": {"agent": "twin-1"},
        "twin 2": {"computer": "twin", "agent": "twin-2", "group": "rg-other", "heard": EVEN},
        # two agents on one machine, of which one writes its hardware's id the other way round
        "double": {"agent": "double-1", "vmuuid": UUID, "resource": False, "assessed": "never"},
        "double 2": {
            "computer": "double",
            "agent": "double-2",
            "vmuuid": SWAPPED,
            "resource": False,
            "heard": EVEN,
        },
        # only the ARM ids differ
        "arms": {"agent": "arms-1", "vmuuid": ""},
        "arms 2": {"computer": "arms", "agent": "arms-2", "vmuuid": "", "group": "rg-other", "heard": EVEN},
        # nothing differs that is known
        "bare": {"agent": "bare-1", "vmuuid": "", "kind": "other"},
        "bare 2": {"computer": "bare", "agent": "bare-2", "vmuuid": "", "kind": "other", "heard": EVEN},
        # they overlap, but take turns twice only
        "once": {"agent": "once-1"},
        "once 2": {"computer": "once", "agent": "once-2", "heard": "-20h..-20h", "assessed": "never"},
        # renamed
        "before": {
            "agent": "moved",
            "hardware": "moved",
            "kind": "other",
            "heard": "-3d..-2d",
            "assessed": "never",
        },
        "after": {"agent": "moved", "hardware": "moved", "kind": "other", "heard": "-47h..+0m"},
        # with its domain in its heartbeats, without it in what assesses it
        "host.corp.local": {"agent": "host", "resource_name": "host", "assessed": "never"},
        "host": {"agent": "host", "hardware": "host.corp.local", "heard": "never", "worker": "none"},
        # two machines, though they are called the same and have one id
        "half-host.corp.local": {"agent": "half-host", "assessed": "never"},
        "half-host": {"agent": "half-host", "hardware": "another", "heard": "never"},
        # a cloned image
        "clone-a": {"agent": "clone"},
        "clone-b": {"agent": "clone", "heard": EVEN},
        # heartbeats without an id, assessments with one
        "half": {"agent": "", "assessed": "never"},
        "half 2": {"computer": "HALF", "agent": "half-id", "hardware": "half", "heard": "never"},
        "nobody": {"agent": "", "kind": "other"},
        # other letters and blanks
        "Case": {"agent": "CASE-ID", "assessed": "never"},
        "case 2": {"computer": " case ", "agent": "case-id", "hardware": "Case", "heard": "never"},
        # rows without an ARM id
        "linux": {
            "os": "Linux",
            "logged_id": False,
            "vmuuid": UUID.upper(),
            "resource": False,
            "worker": "none",
        },
        "shared": {"logged_id": False, "vmuuid": identifier("shared"), "resource": False},
        "silent": {"heard": "never", "assessed": "never"},
    },
    "rows": {
        "resources": [
            {
                "id": arm_id(name),
                "name": name,
                "type": "Microsoft.Compute/virtualMachines",
                "properties": {"vmId": uuid},
            }
            for name, uuid in (
                ("Linux", SWAPPED),
                ("shared", identifier("shared")),
                ("shared-copy", identifier("shared")),
            )
        ]
    },
}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    yield from open_kit(tmp_path_factory.mktemp("identities"), IDENTITIES)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        pytest.param("re", ["re-new"], id="re-installed agents are one machine, under the newest id"),
        pytest.param(
            "twin", ["twin-1", "twin-2"], id="interleaved ids on different hardware are two machines"
        ),
        pytest.param("double", ["double-1"], id="two agents on one machine are one machine"),
        pytest.param(
            "arms", ["arms-1", "arms-2"], id="interleaved ids of different ARM ids are two machines"
        ),
        pytest.param("bare", ["bare-1"], id="interleaved ids that differ in nothing known are one machine"),
        pytest.param("once", ["once-1"], id="ids that take turns less than three times are one machine"),
        pytest.param("before", [], id="the old name of a renamed machine is no machine"),
        pytest.param("after", ["moved"], id="a renamed machine goes by its new name"),
        pytest.param("host.corp.local", ["host"], id="with and without its domain it is one machine"),
        pytest.param("host", [], id="without its domain it is no machine of its own"),
        pytest.param("half-host", ["half-host"], id="hosts on different hardware are two machines"),
        pytest.param("clone-a", ["clone"], id="clones of one id are machines of their own (a)"),
        pytest.param("clone-b", ["clone"], id="clones of one id are machines of their own (b)"),
        pytest.param("half", ["half-id"], id="heartbeats without an id belong to the machine of that name"),
        pytest.param("nobody", [""], id="a machine may have no id at all"),
        pytest.param("case", ["CASE-ID"], id="letters and blanks make no difference"),
        pytest.param("silent", [], id="without a row in the window it is not of the population"),
    ],
)
def test_who_is_one_machine(people: Kit, name: str, ids: list[str]) -> None:
    machines = people.frame("machines")
    assert sorted(machines["source_computer_id"][machines["name"] == name]) == ids


def test_a_machine_is_written_as_its_newest_heartbeat_writes_it(people: Kit) -> None:
    machines = people.frame("machines").set_index("name")
    assert machines.loc["case", "computer"] == "Case"
    assert machines.loc["re", "first_heartbeat"] == at("-3d") + timedelta(minutes=30)
    assert machines.loc["re", "last_heartbeat"] == ASKED_AT


def test_hardware_joins_the_arm_id_in_either_byte_order(people: Kit) -> None:
    machines = people.frame("machines").set_index("name")
    assert machines.loc["linux", "resource_id"] == arm_id("Linux")
    assert machines.loc["linux", "subject_id"] == arm_id("Linux")


def test_hardware_of_two_resources_joins_none(people: Kit) -> None:
    machines = people.frame("machines").set_index("name")
    assert machines.loc["shared", "arm_key"] == ""
    assert machines.loc["shared", "subject_id"] == identifier("agent of shared")


def test_subjects_of_different_machines_differ(people: Kit) -> None:
    machines = people.frame("machines")
    assert machines["subject_id"][machines["name"] == "twin"].nunique() == 2


def test_uuids_compare_in_either_byte_order() -> None:
    assert swapped(UUID) == SWAPPED
    assert same_uuid(UUID.upper(), SWAPPED)
    assert not same_uuid(UUID, UUID.replace("0f", "ff"))
    assert swapped("no uuid") == "no uuid"


def test_without_any_table_of_machines_nobody_is_known() -> None:
    with pytest.raises(Inconclusive, match="none of Heartbeat, Update and UpdateSummary"):
        derive_identities(None, None, None, None)


# -- machine states ---------------------------------------------------------------------------------------

NEEDED = [{"kb": 1}]
STATES: dict[str, Any] = {
    "workspaces": dict.fromkeys(("law", "silent", "small", "edge", "dead")),
    "machines": {
        "fine": {},
        "needy": {"updates": NEEDED},
        "unapproved": {"updates": [{"kb": 1, "approved": False, "source": "WSUS"}]},
        "stale": {"assessed": "-3d..-24h1m", "updates": NEEDED},
        "stale on the edge": {"assessed": "-3d..-24h"},
        "never assessed": {"assessed": "never"},
        "away": {"heard": "-3d..-24h1m", "updates": NEEDED},
        "away on the edge": {"heard": "-3d..-24h"},
        "away, never assessed": {"heard": "-3d..-30h", "assessed": "never"},
        "never heard": {"heard": "never"},
        "other service": {"assessed": "never", "elsewhere": {"status": "Succeeded", "at": "-2h"}},
        "other service fails": {"assessed": "never", "elsewhere": {"status": "Failed", "at": "-2h"}},
        "other service failed here": {"elsewhere": {"status": "Failed", "at": "-9d"}},
        "silent 1": {"workspace": "silent", "heard": "-3d..-5h", "updates": NEEDED},
        "silent 2": {"workspace": "silent", "heard": "-3d..-5h", "assessed": "never"},
        "silent 3": {"workspace": "silent", "heard": "-3d..-5h30m"},
        "quiet before the silence": {"workspace": "silent", "heard": "-3d..-5h31m"},
        "gone before the silence": {"workspace": "silent", "heard": "-3d..-30h"},
        "two are no silence 1": {"workspace": "small", "heard": "-3d..-5h"},
        "two are no silence 2": {"workspace": "small", "heard": "-3d..-5h"},
        "half an hour is no silence 1": {"workspace": "edge", "heard": "-3d..-30m"},
        "half an hour is no silence 2": {"workspace": "edge", "heard": "-3d..-30m"},
        "half an hour is no silence 3": {"workspace": "edge", "heard": "-3d..-30m"},
        "silent for a day 1": {"workspace": "dead", "heard": "-3d..-25h"},
        "silent for a day 2": {"workspace": "dead", "heard": "-3d..-25h"},
        "silent for a day 3": {"workspace": "dead", "heard": "-3d..-25h"},
    },
}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    for kit in open_kit(tmp_path_factory.mktemp("states"), STATES):
        machines = kit.frame("machines")
        yield dict(zip(machines["computer"], machines["state"], strict=True))


@pytest.mark.parametrize(
    ("machine", "state"),
    [
        ("fine", "compliant"),
        ("needy", "non_compliant"),
        ("unapproved", "compliant"),
        ("stale", "assessment_stale"),
        ("stale on the edge", "compliant"),
        ("never assessed", "not_assessed"),
        ("away", "disconnected"),
        ("away on the edge", "compliant"),
        ("away, never assessed", "disconnected"),
        ("never heard", "disconnected"),
        ("other service", "update_manager"),
        ("other service fails", "update_manager"),
        ("other service failed here", "update_manager"),
        ("silent 1", "unknown"),
        ("silent 2", "unknown"),
        ("silent 3", "unknown"),
        ("quiet before the silence", "compliant"),
        ("gone before the silence", "disconnected"),
        ("two are no silence 1", "compliant"),
        ("half an hour is no silence 1", "compliant"),
        ("silent for a day 1", "disconnected"),
    ],
)
def test_state_is_the_first_that_fits(states: dict[str, str], machine: str, state: str) -> None:
    assert states[machine] == state


@pytest.mark.parametrize(
    ("unseen", "expected"),
    [
        ({"not_captured": ["Heartbeat"]}, ["unknown", "unknown", "unknown", "unknown"]),
        ({"partial": ["Heartbeat"]}, ["compliant", "non_compliant", "unknown", "unknown"]),
        ({"partial": ["Update"]}, ["unknown", "unknown", "unknown", "disconnected"]),
        ({"denied": ["UpdateSummary"]}, ["compliant", "non_compliant", "unknown", "disconnected"]),
    ],
)
def test_state_that_rests_on_what_is_not_seen_is_unknown(
    tmp_path: Path, unseen: dict[str, list[str]], expected: list[str]
) -> None:
    machines = {
        "fine": {"updates": [{"kb": 1, "state": "Installed"}]},
        "needy": {"updates": NEEDED},
        "new": {
            "assessed": "never",
            "heard": "never" if "Heartbeat" in unseen.get("partial", ()) else "-3d..+0m",
        },
        "away": {"heard": "-3d..-30h"},
    }
    raw = {
        "UpdateSummary": [
            {"TimeGenerated": "-2d", "Computer": "new", "SourceComputerId": identifier("agent of new")}
        ]
    }
    for kit in open_kit(tmp_path, {"machines": machines, "rows": raw} | unseen):
        found = kit.frame("machines").set_index("computer")["state"]
        assert [found.get(name, "unknown") for name in machines] == expected


# -- what is needed ---------------------------------------------------------------------------------------


def reported(computer: str, since: str, state: str, **columns: Any) -> dict[str, Any]:
    row = {"TimeGenerated": since, "Computer": computer, "SourceComputerId": f"{computer.lower()}-id"}
    update = {"OSType": "Windows", "UpdateID": "u", "Title": "Fix", "Classification": "Security Updates"}
    return row | update | {"UpdateState": state} | columns


def assessed(computer: str, since: str, **columns: Any) -> dict[str, Any]:
    return reported(computer, since, "Installed", UpdateID="other", Title="Other", **columns)


def package(
    computer: str, since: str, state: str, name: str = "curl", arch: str = "x86_64"
) -> dict[str, Any]:
    return reported(computer, since, state, OSType="Linux", UpdateID=since, Product=name, ProductArch=arch)


UPDATES: dict[str, Any] = {
    "rows": {
        "Update": [
            reported("reach", "-15h", "Needed"),
            assessed("reach", "-1h"),
            reported("beyond", "-15h1m", "Needed"),
            assessed("beyond", "-1h"),
            package("linux-reach", "-6h", "Needed"),
            package("linux-reach", "-1h", "Needed", "vim"),
            package("linux-beyond", "-6h1m", "Needed"),
            package("linux-beyond", "-1h", "Needed", "UpdateManagementHeartbeat"),
            reported("unsaid", "-10h", "Needed", OSType=""),
            assessed("unsaid", "-1h", OSType=""),
            reported("newest", "-10h", "Needed"),
            reported("newest", "-1h", "Not needed"),
            reported("again", "-10h", "Installed"),
            reported("again", "-1h", "NEEDED"),
            reported("summary", "-17h", "Needed"),
            package("key", "-3h", "Needed", "Curl"),
            package("key", "-1h", "Installed", "curl"),
            package("key", "-1h", "Needed", "curl", "i686"),
            reported("agents", "-10h", "Needed", SourceComputerId="agents-old"),
            reported("agents", "-1h", "Installed", SourceComputerId="agents-new"),
            reported("SPELT", "-10h", "Needed"),
            reported("spelt", "-1h", "Installed"),
            reported("noid", "-10h", "Needed", SourceComputerId=""),
            assessed("noid", "-1h"),
            *(
                reported("counts", "-1h", "Needed", UpdateID=str(number), Classification=kind, **more)
                for number, (kind, more) in enumerate(
                    [
                        ("Critical Updates", {}),
                        ("Critical and security updates", {}),
                        ("Security Updates", {"Optional": True}),
                        ("Updates", {}),
                        ("Updates", {"Optional": True}),
                        ("Definition Updates", {"KBID": "2267602"}),
                        ("Security Updates", {"Approved": False, "ApprovalSource": "WSUS"}),
                        ("Security Updates", {"Title": "2024-01 Cumulative Update", "PublishedDate": "-50d"}),
                        ("Security Updates", {"Title": "2024-02 Cumulative Update", "PublishedDate": "-20d"}),
                    ]
                )
            ),
        ],
        "UpdateSummary": [
            {
                "TimeGenerated": "-1h",
                "Computer": "summary",
                "SourceComputerId": "summary-id",
                "RestartPending": True,
            },
            {"TimeGenerated": "-1h", "Computer": "counts", "SourceComputerId": "", "RestartPending": False},
        ],
    }
}


@pytest.fixture(scope="module")
def needs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    yield from open_kit(tmp_path_factory.mktemp("updates"), UPDATES)


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        pytest.param("reach", ["Fix"], id="Windows: seen 14 hours before the newest assessment"),
        pytest.param("beyond", [], id="Windows: seen earlier, so no longer needed"),
        pytest.param("linux-reach", ["curl", "vim"], id="Linux: seen 5 hours before the newest assessment"),
        pytest.param(
            "linux-beyond", [], id="Linux: the agent's heartbeat row is an assessment, and no update"
        ),
        pytest.param("unsaid", ["Fix"], id="what does not say Linux is Windows"),
        pytest.param("newest", [], id="the newest row decides, though it says not needed"),
        pytest.param("again", ["Fix"], id="the newest row decides, though it was installed before"),
        pytest.param("summary", [], id="a summary is an assessment"),
        pytest.param(
            "key", ["curl i686"], id="Linux: product and architecture make an update, in any letters"
        ),
        pytest.param("agents", [], id="the newest row of a re-installed machine decides"),
        pytest.param("spelt", [], id="the newest row of a machine in two spellings decides"),
        pytest.param("noid", ["Fix"], id="rows without an agent id belong to the machine of that name"),
    ],
)
def test_what_is_needed(needs: Kit, name: str, needed: list[str]) -> None:
    updates = needs.frame("updates").merge(needs.frame("machines")[["machine", "name"]], on="machine")
    own = updates[updates["needed"] & (updates["name"] == name)]
    product = own["product"].where(own["product_arch"] != "i686", own["product"] + " i686")
    assert sorted(product.where(product != "", own["title"])) == needed


def test_counts_of_machines_csv(needs: Kit) -> None:
    row = needs.machine_table().set_index("computer").loc["counts"]
    assert row["missing_critical"] == 2
    assert row["missing_security"] == 3  # not the definition, the unapproved and the replaced one
    assert row["missing_other"] == 2
    assert row["unapproved_security"] == 1
    assert row["reboot_pending"] is False or not row["reboot_pending"]


def test_columns_of_machines_csv(needs: Kit) -> None:
    assert list(needs.machine_table().columns) == [
        "computer",
        "source_computer_id",
        "resource_id",
        "workspace",
        "os_type",
        "last_heartbeat",
        "last_assessed",
        "state",
        "missing_critical",
        "missing_security",
        "missing_other",
        "unapproved_security",
        "reboot_pending",
        "service",
    ]


def test_a_pending_restart_is_that_of_the_newest_summary(needs: Kit) -> None:
    pending = needs.machine_table().set_index("computer")["reboot_pending"]
    assert pending["summary"]
    assert pd.isna(pending["reach"])


def test_an_update_server_is_known_of_machines_with_a_summary_alone(needs: Kit) -> None:
    servers = needs.frame("machines").set_index("computer")["wsus_server"]
    assert servers["summary"] == ""
    assert pd.isna(servers["reach"])


@pytest.mark.parametrize(
    ("title", "series", "month"),
    [
        (
            "2024-02 Cumulative Update for Windows Server 2019 (KB5034768)",
            "cumulative update for windows server 2019",
            202402,
        ),
        ("2024/02 Cumulative Update for Windows ( kb1 )", "cumulative update for windows", 202402),
        ("Cumulative Update for SQL", "cumulative update for sql", 0),
        (
            "2024-02 Security Monthly Quality Rollup for Windows",
            "security monthly quality rollup for windows",
            202402,
        ),
        ("2024-02 Servicing Stack Update for Windows", "servicing stack update for windows", 202402),
        ("Malicious Software Removal Tool x64 - v5.121 (KB890830)", "malicious software removal tool x64", 0),
        ("Malicious Software Removal Tool x64 (KB890830) - v5.121", "malicious software removal tool x64", 0),
        (
            "2024-02 Cumulative Update Preview for Windows (KB1)",
            "cumulative update preview for windows",
            202402,
        ),
        ("2024-02 Update for Windows Server 2019 (KB5034768)", None, 202402),
        ("Security Update for SQL Server (KB1)", None, 0),
        ("20240-02 Cumulative Update", "20240-02 cumulative update", 0),
    ],
)
def test_series_and_month_of_a_title(title: str, series: str | None, month: int) -> None:
    rows = pd.DataFrame({"title": [title], "product": ["Windows "]})
    assert series_of(rows).tolist() == [f"windows|{series}" if series else ""]
    assert month_of(rows).tolist() == [month]


# -- dynamic groups ---------------------------------------------------------------------------------------

SCOPE = f"/subscriptions/{identifier('main')}"


def group_of(**query: Any) -> pd.Series:  # type: ignore[type-arg]
    system = query.pop("system", "Windows")
    configuration = {
        "name": "patch",
        "operating_system": system,
        "modified": pd.Timestamp(at("-60d")),
        "azure_machines": None,
        "computer_names": None,
        "non_azure_queries": None,
        "azure_queries": [query],
    }
    return derive_targets(pd.DataFrame([configuration])).query("group == 0").iloc[0]


def estate_of(**columns: Any) -> pd.DataFrame:
    machine = {
        "id": arm_id("Web01"),
        "name": "Web01",
        "machine_type": "Microsoft.Compute/virtualMachines",
        "location": "westeurope",
        "subscription_id": identifier("main"),
        "os_type": "Windows",
        "tags": {"Env": "Prod", "tier": "1"},
        "created": pd.NaT,
        "power_state": "PowerState/running",
    }
    row = empty(queries()["azure_machines"]).reindex([0])
    return estate.derive(row.assign(**{name: [value] for name, value in (machine | columns).items()}))


def tags(operator: str = "All", **wanted: list[str]) -> dict[str, Any]:
    return {"tagSettings": {"tags": wanted, "filterOperator": operator}}


@pytest.mark.parametrize(
    ("query", "dropped_by"),
    [
        pytest.param({}, set(), id="empty lists filter nothing"),
        pytest.param({"scope": [SCOPE]}, set(), id="scope: the subscription"),
        pytest.param({"scope": [SCOPE.upper() + "/"]}, set(), id="scope: in other letters, with a slash"),
        pytest.param({"scope": [f"{SCOPE}/resourceGroups/RG"]}, set(), id="scope: the resource group"),
        pytest.param(
            {"scope": [f"{SCOPE}/resourceGroups/r"]}, {"scope"}, id="scope: a group whose name begins so"
        ),
        pytest.param({"scope": ["/subscriptions/x", SCOPE]}, set(), id="scope: one of several"),
        pytest.param({"scope": ["/subscriptions/x"]}, {"scope"}, id="scope: another subscription"),
        pytest.param({"locations": ["West Europe"]}, set(), id="location: its display name"),
        pytest.param({"locations": ["northeurope", "WESTEUROPE"]}, set(), id="location: one of several"),
        pytest.param({"locations": ["uksouth"]}, {"location"}, id="location: another"),
        pytest.param({"locations": [""]}, set(), id="location: an empty string is none"),
        pytest.param({"system": "Linux"}, {"operating_system"}, id="operating system: another"),
        pytest.param(tags(env=["prod"]), set(), id="tags: in other letters"),
        pytest.param(tags(env=["test", " PROD "]), set(), id="tags: one of several values"),
        pytest.param(tags(env=["prod"], tier=["1"]), set(), id="tags all: every key fits"),
        pytest.param(tags(env=["prod"], tier=["2"]), {"tags"}, id="tags all: one key does not fit"),
        pytest.param(tags("Any", env=["prod"], tier=["2"]), set(), id="tags any: one key fits"),
        pytest.param(tags("ANY", env=["test"], tier=["2"]), {"tags"}, id="tags any: no key fits"),
        pytest.param(tags("Any"), set(), id="tags any: no tag is asked for"),
        pytest.param(tags(owner=["me"]), {"tags"}, id="tags: it lacks the key"),
        pytest.param(tags("", env=["prod"], tier=["2"]), {"tags"}, id="tags: all unless it says any"),
    ],
)
def test_predicates_of_a_dynamic_group(query: dict[str, Any], dropped_by: set[str]) -> None:
    fits = matches(group_of(**query), estate_of()).iloc[0]
    assert set(fits.index[~fits]) == dropped_by


@pytest.mark.parametrize("held", [None, {}, "none", {"env": 1}])
def test_tags_of_any_shape_are_compared(held: Any) -> None:
    assert matches(group_of(**tags(env=["prod"])), estate_of(tags=held))["tags"].tolist() == [False]


def test_machines_are_known_by_arm_id_or_by_name() -> None:
    assert machine_key("/Subscriptions/S/x/ ") == "/subscriptions/s/x"
    assert machine_key(" Web01 ") == "name:web01"
    assert machine_key(None) == machine_key("") == ""


# -- taking tags and locations back -----------------------------------------------------------------------


def changes_of(*changes: tuple[str, dict[str, tuple[Any, Any]]], kind: str = "Update") -> pd.DataFrame:
    rows = [
        {
            "target_id": arm_id("WEB01").upper(),
            "change_type": kind,
            "changed": pd.Timestamp(at(moment)),
            "changes": {path: {"previousValue": old, "newValue": new} for path, (old, new) in paths.items()},
            "changed_by": "ops",
        }
        for moment, paths in changes
    ]
    return machine_changes.derive(pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("changes", "then"),
    [
        pytest.param(
            [("-5h", {"tags.Env": ("test", "Prod")})], {"env": "test", "tier": "1"}, id="a changed value"
        ),
        pytest.param([("-5h", {"tags.env": (None, "Prod")})], {"tier": "1"}, id="an added key"),
        pytest.param(
            [("-5h", {"tags.env": ("null", "Prod")})], {"tier": "1"}, id="an added key, null as text"
        ),
        pytest.param(
            [("-5h", {"tags.owner": ("Me", None)})],
            {"env": "prod", "tier": "1", "owner": "me"},
            id="a removed key",
        ),
        pytest.param(
            [("-5h", {"tags": ('{"A": "B"}', '{"Env": "Prod"}')})], {"a": "b"}, id="all tags as text"
        ),
        pytest.param([("-5h", {"tags": ({"A": "B"}, None)})], {"a": "b"}, id="all tags as an object"),
        pytest.param([("-5h", {"tags": (None, {"Env": "Prod"})})], {}, id="the first tags"),
        pytest.param(
            [("-8h", {"tags.env": ("a", "b")}), ("-5h", {"tags.env": ("b", "Prod")})],
            {"env": "a", "tier": "1"},
            id="several changes, newest undone first",
        ),
    ],
)
def test_tags_are_taken_back(changes: list[Any], then: dict[str, str]) -> None:
    past = estate.at(estate_of(), changes_of(*changes), pd.Timestamp(at("-10h")))
    assert past["tags"].tolist() == [then]


def test_locations_are_taken_back() -> None:
    past = estate.at(
        estate_of(), changes_of(("-5h", {"location": ("UK South", "westeurope")})), pd.Timestamp(at("-10h"))
    )
    assert past["location"].tolist() == ["uksouth"]


def test_changes_before_the_moment_are_left_alone() -> None:
    changes = changes_of(("-12h", {"tags.env": ("test", "Prod")}))
    assert estate.at(estate_of(), changes, pd.Timestamp(at("-10h"))).empty


def test_the_estate_itself_is_not_touched() -> None:
    now = estate_of()
    estate.at(
        now,
        changes_of(("-5h", {"tags": ({"A": "B"}, None), "tags.env": ("x", "Prod")})),
        pd.Timestamp(at("-10h")),
    )
    assert now["tags"].tolist() == [{"env": "prod", "tier": "1"}]


def test_creations_and_deletions_are_changes_without_a_property() -> None:
    changes = changes_of(("-5h", {"tags.env": ("a", "b")}), kind="Delete")
    assert changes[["change_type", "property"]].to_dict("records") == [
        {"change_type": "delete", "property": ""}
    ]


def test_changes_of_other_properties_are_left_out() -> None:
    assert changes_of(("-5h", {"properties.storageProfile": ("a", "b"), "tagsy": ("a", "b")})).empty


# -- when collection stopped ------------------------------------------------------------------------------


def workspaces_of(*, reset: str | None = None, over: bool | None = None) -> pd.DataFrame:
    next_reset = pd.to_datetime(pd.Series([at(reset) if reset else None]), utc=True)
    columns = {
        "workspace_id": ["w"],
        "name": ["law"],
        "next_reset": next_reset,
        "last_reset": next_reset - timedelta(days=1),
    }
    return pd.DataFrame(columns | {"status_over_quota": pd.Series([over], dtype="boolean")})


def stops_of(*told: tuple[str, str], reset: str | None = None) -> pd.DataFrame:
    words = {
        "stop": "Data collection stopped due to daily limit. Ingestion status = OverQuota",
        "suspend": "Ingestion status = SubscriptionSuspended",
        "resume": "Data collection resumed",
        "drop": "The data ingestion volume rate crossed the threshold and data has been dropped.",
        "near": "The data ingestion volume rate crossed 80% of the threshold",
    }
    happened = pd.to_datetime(pd.Series([at(moment) for moment, _ in told]), utc=True)
    detail = pd.Series([words[says] for _, says in told], dtype="str")
    events = pd.DataFrame({"happened": happened, "detail": detail})
    events = events.assign(workspace_id="w", operation="Data collection").astype({"operation": "str"})
    return collection_stops.derive(workspaces_of(reset=reset), None, events, asked_at=ASKED_AT)


def intervals(stops: pd.DataFrame) -> list[tuple[str, str, str, bool]]:
    def shown(moment: pd.Timestamp) -> str:
        hours = (moment - ASKED_AT) / timedelta(hours=1)
        return f"{hours:+g}h"

    return [(one.cause, shown(one.stopped), shown(one.ended), one.resumed) for one in stops.itertuples()]


CAP, SUSPENDED, LIMITED = "daily_cap_reached", "subscription_suspended", "ingestion_rate_limited"


@pytest.mark.parametrize(
    ("told", "reset", "expected"),
    [
        pytest.param(
            [("-30h", "stop"), ("-20h", "resume")],
            None,
            [(CAP, "-30h", "-20h", True)],
            id="until the resumed row",
        ),
        pytest.param(
            [("-30h", "stop")], "+5h", [(CAP, "-30h", "-19h", False)], id="else until the next reset"
        ),
        pytest.param(
            [("-30h", "stop")], "-19h", [(CAP, "-30h", "-19h", False)], id="a reset long known serves as well"
        ),
        pytest.param([("-30h", "stop")], None, [(CAP, "-30h", "-6h", False)], id="else for 24 hours"),
        pytest.param(
            [("-30h", "stop"), ("-18h", "resume")],
            "+5h",
            [(CAP, "-30h", "-18h", True)],
            id="resumed after the reset",
        ),
        pytest.param(
            [("-30h", "stop"), ("-25h", "stop")],
            None,
            [(CAP, "-30h", "-6h", False)],
            id="told again, one interval",
        ),
        pytest.param(
            [("-60h", "stop"), ("-12h", "stop")],
            None,
            [(CAP, "-60h", "-36h", False), (CAP, "-12h", "+12h", False)],
            id="again after it ended",
        ),
        pytest.param(
            [("-30h", "stop"), ("-20h", "resume"), ("-6h", "stop")],
            "+5h",
            [(CAP, "-30h", "-20h", True), (CAP, "-6h", "+5h", False)],
            id="again after the resumed row",
        ),
        pytest.param(
            [("-30h", "stop"), ("-28h", "suspend"), ("-20h", "resume")],
            None,
            [(CAP, "-30h", "-28h", False), (SUSPENDED, "-28h", "-20h", True)],
            id="a suspension ends a cap",
        ),
        pytest.param(
            [("-9h", "stop"), ("-8h", "drop"), ("-7h", "resume")],
            None,
            [(CAP, "-9h", "-7h", True), (LIMITED, "-8h", "-8h", False)],
            id="what is dropped is a moment",
        ),
        pytest.param(
            [("-9h", "near"), ("-8h", "resume")], None, [], id="neither a warning nor an end is a stop"
        ),
        pytest.param([], None, [], id="nothing told"),
    ],
)
def test_intervals_without_data(told: list[Any], reset: str | None, expected: list[Any]) -> None:
    assert sorted(intervals(stops_of(*told, reset=reset)), key=lambda one: one[0]) == sorted(
        expected, key=lambda one: one[0]
    )


@pytest.mark.parametrize(
    ("told", "over", "expected", "since"),
    [
        pytest.param([], True, True, None, id="the status says so, no row does"),
        pytest.param([("-6h", "stop")], False, False, None, id="the status decides against a row"),
        pytest.param([("-6h", "stop")], None, True, "-6h", id="without a status the newest stop row does"),
        pytest.param([("-24h", "stop")], None, False, None, id="a stop row of a day ago does not"),
        pytest.param(
            [("-26h", "stop"), ("-20h", "stop")], None, True, "-26h", id="a younger one of the same stop does"
        ),
        pytest.param([("-6h", "stop"), ("-5h", "resume")], None, False, None, id="a later row says resumed"),
        pytest.param([("-6h", "drop")], None, False, None, id="dropped data is no stop"),
        pytest.param(
            [("-60h", "stop"), ("-50h", "resume"), ("-6h", "stop")],
            None,
            True,
            "-6h",
            id="the first stop since the last resume",
        ),
    ],
)
def test_over_quota_now_and_since_when(
    told: list[Any], over: bool | None, expected: bool, since: str | None
) -> None:
    log = pd.DataFrame()
    found = quota.derive(workspaces_of(over=over), stops_of(*told), log, log, asked_at=ASKED_AT).iloc[0]
    assert found["over_quota_now"] == expected
    assert (pd.isna(found["stopped"]) if since is None else found["stopped"] == at(since)) or not expected


def test_without_rows_and_status_nobody_knows() -> None:
    found = quota.derive(workspaces_of(), None, None, None, asked_at=ASKED_AT).iloc[0]
    assert pd.isna(found["over_quota_now"])


def test_one_log_of_two_tells_of_a_stop_and_not_that_there_is_none() -> None:
    log = pd.DataFrame()
    for logs in ((log, None), (None, log)):
        told = quota.derive(workspaces_of(), stops_of(("-2h", "stop")), *logs, asked_at=ASKED_AT).iloc[0]
        assert told["over_quota_now"]
        silent = quota.derive(workspaces_of(), stops_of(), *logs, asked_at=ASKED_AT).iloc[0]
        assert pd.isna(silent["over_quota_now"])


def test_stops_need_one_whole_table() -> None:
    with pytest.raises(Inconclusive, match="neither Operation nor _LogOperation"):
        collection_stops.derive(workspaces_of(), None, None, asked_at=ASKED_AT)


# -- gaps -------------------------------------------------------------------------------------------------


def hours_of(
    *spans: tuple[int, int], lowest: str = "a", highest: str = "b", machines: int = 3
) -> pd.DataFrame:
    hours = [
        pd.Timestamp(ASKED_AT) + timedelta(hours=hour) for start, end in spans for hour in range(start, end)
    ]
    about = {"workspace_id": "w", "lowest": lowest, "highest": highest, "machines": machines}
    return pd.DataFrame({"hour": hours}).assign(**about)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([(-72, 0)], [], id="none"),
        pytest.param([(-72, -10), (-9, 0)], [], id="one hour"),
        pytest.param([(-72, -10), (-8, 0)], [(-10, -8)], id="two hours"),
        pytest.param([(-72, -2)], [(-2, 0)], id="up to the end"),
        pytest.param([(-60, 0)], [], id="before the first"),
        pytest.param([(-72, -50), (-10, -6)], [(-50, -10), (-6, 0)], id="several"),
    ],
)
def test_gaps_in_heartbeats(spans: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    found = gaps.derive(hours_of(*spans), None, asked_at=ASKED_AT, lookback=timedelta(days=3))
    ends = [(ASKED_AT + timedelta(hours=start), ASKED_AT + timedelta(hours=end)) for start, end in expected]
    assert list(zip(found["start"], found["end"], strict=True)) == ends


def test_two_machines_that_stop_are_no_gap() -> None:
    two = hours_of((-72, -5), lowest="WEB", highest="web", machines=2)
    found = gaps.derive(two, None, asked_at=ASKED_AT, lookback=timedelta(days=3))
    assert found.empty


def test_times_of_cases_are_utc() -> None:
    assert resolved({"a": ["-1h", "text"]}) == {"a": ["2024-03-15T09:00:00Z", "text"]}


# -- jobs and restart settings ----------------------------------------------------------------------------


def jobs_of(*rows: tuple[str, str | None, str]) -> pd.DataFrame:
    """Make jobs of one account: created, ended, status."""
    frame = pd.DataFrame(rows, columns=["created", "ended", "status"])
    frame["created"], frame["ended"] = (pd.to_datetime(frame[one], utc=True) for one in ("created", "ended"))
    return frame.assign(id="/subscriptions/s/providers/Microsoft.Automation/automationAccounts/AA/jobs/j")


def test_open_jobs_are_counted_by_minute() -> None:
    jobs = jobs_of(
        ("2026-11-20T02:00:10Z", "2026-11-20T02:00:20Z", "Completed"),
        ("2026-11-20T02:00:15Z", "2026-11-20T02:05:00Z", "Failed"),
        ("2026-11-20T02:07:00Z", None, "Running"),
        ("2026-11-20T02:08:00Z", None, "Stopped"),
    )
    asked_at = pd.Timestamp("2026-11-20T03:00Z").to_pydatetime()
    rows = open_jobs.derive(jobs, asked_at=asked_at)
    assert rows[["most", "left"]].to_numpy().tolist() == [[2, 1], [1, 0], [1, 1]]
    assert set(rows["account"]) == {"/subscriptions/s/providers/microsoft.automation/automationaccounts/aa"}
    assert open_jobs.derive(jobs.iloc[:0], asked_at=asked_at).empty
    assert open_jobs.derive(jobs, asked_at=asked_at.replace(hour=2, minute=1))["left"].tolist() == [1]


@pytest.mark.parametrize("setting", ["Never", "NeverReboot", "never reboot"])
def test_only_deployments_that_say_never_count_as_such(setting: str) -> None:
    outcomes = pd.DataFrame({"configuration_key": ["a", "b", "c"], "machine": [1, 2, 3]})
    configurations = pd.DataFrame(
        {
            "name": ["A", "b", "c"],
            "windows": [{"rebootSetting": setting}, {"rebootSetting": "IfRequired"}, None],
            "linux": [None, None, None],
        }
    )
    rows = never_restarting.derive(outcomes, configurations)
    assert rows[["machine", "reboot_setting"]].to_numpy().tolist() == [[1, setting]]
    assert never_restarting.derive(outcomes, configurations.iloc[:0]).empty
