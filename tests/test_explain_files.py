"""Files as what they are: status files, exports, folders of many machines."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path

import pytest

from support.event_log import event, event_log
from umdiag.__main__ import execute
from umdiag.errors import CallError
from umdiag.explain import events
from umdiag.explain.answering import answer
from umdiag.explain.events import Events
from umdiag.explain.flattening import LARGEST, flat, leaves
from umdiag.explain.inputs import sources
from umdiag.explain.patience import Limits
from umdiag.knowledge.table import PLATFORMS, table

LOCK = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 2817 (apt-get)"
DETAILS = {
    "code": 1,
    "details": [{"code": "PACKAGE_MANAGER_FAILURE", "message": f"Unexpected return code (100): {LOCK}"}],
    "message": "1 error/s reported.",
}
#: As the patch extension writes it: JSON in texts of JSON.
STATUS = [
    {
        "version": 1.0,
        "timestampUTC": "2026-11-20T03:04:05Z",
        "status": {
            "operation": "Installation",
            "status": "error",
            "substatus": [
                {
                    "name": "PatchInstallationSummary",
                    "status": "error",
                    "formattedMessage": {
                        "lang": "en-US",
                        "message": json.dumps({"installationActivityId": "5a", "errors": DETAILS}),
                    },
                }
            ],
        },
    }
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with logs of three machines and a file that cannot be read."""
    for name in ("web01", "web02"):
        (tmp_path / name / "log").mkdir(parents=True)
        (tmp_path / name / "log" / "3.core.log").write_text(f"2026-11-20 03:00:0{name[-1]} {LOCK}\n" * 2)
    (tmp_path / "db01_3.status").write_text(json.dumps(STATUS))
    (tmp_path / "a.evtx").write_bytes(b"ElfFile\0" + bytes(100))
    return tmp_path


def test_status_file_is_read_through_its_texts(tmp_path: Path) -> None:
    (tmp_path / "3.status").write_text(json.dumps(STATUS))
    page = answer([str(tmp_path / "3.status")], 100)
    assert page.startswith("3.status: JSON, ")
    assert page.index("apt could not get lock") < page.index("Where: 1 value, 2026-11-20T03:04:05Z")


def test_folder_is_grouped_by_cause_over_machines_with_times(folder: Path) -> None:
    page = answer([str(folder)], 100)
    assert page.startswith("3 files, ")
    assert "On 3 machines: db01, web01, web02" in page
    assert "2026-11-20 03:00:01 to 2026-11-20T03:04:05Z" in page
    assert "Not read: 1 file.\n  a.evtx: " in page
    assert str(folder) not in page


def test_several_files_are_read_together(folder: Path) -> None:
    names = [str(folder / name / "log" / "3.core.log") for name in ("web01", "web02")]
    assert "1 known error on" in answer(names, 100)


def test_folder_as_json_names_machine_and_place(folder: Path) -> None:
    told = json.loads(answer([str(folder)], 100, form="json"))
    first = told["answers"][0]
    assert (first["id"], first["machines"], first["count"]) == (
        "apt_could_not_get_lock", ["db01", "web01", "web02"], 5,
    )  # fmt: skip
    assert {place["machine"] for place in first["places"]} == {"db01", "web01", "web02"}
    assert [refused["name"] for refused in told["not_read"]] == ["a.evtx"]


def test_export_of_many_machines_is_grouped_by_them(tmp_path: Path) -> None:
    stem = "/subscriptions/5a/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines"
    rows = [
        {"id": f"{stem}/{name}/patchInstallationResults/5b", "properties": {"errorDetails": DETAILS}}
        for name in ("VM-A", "vm-b")
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    assert "On 2 machines: vm-a, vm-b" in answer([str(tmp_path / "rows.json")], 100)


def test_activity_log_entry_is_unwrapped(tmp_path: Path) -> None:
    message = {
        "error": {"code": "MissingSubscriptionRegistration", "message": "namespace 'Microsoft.Maintenance'"}
    }
    entry = {"eventTimestamp": "2026-11-20T03:04:05Z", "properties": {"statusMessage": json.dumps(message)}}
    (tmp_path / "entry.json").write_text(json.dumps(entry))
    page = answer([str(tmp_path / "entry.json")], 100)
    assert "MissingSubscriptionRegistration" in page
    assert "2026-11-20T03:04:05Z" in page


def test_text_as_json_says_what_it_names() -> None:
    text = "The subscription is not registered to use namespace 'Microsoft.Maintenance'"
    told = json.loads(answer([text], 100, form="json"))
    assert told["answers"][0]["id"] == "aum_provider_missing"
    assert told["details"]["namespace"] == "Microsoft.Maintenance"
    assert json.loads(answer(["the frobnicator has 7 legs"], 100, form="json"))["answers"] == []


def test_empty_folder_is_an_error_of_the_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["explain", str(tmp_path)]) == 2
    assert "there is no file in" in capsys.readouterr().err


def test_machine_is_the_folder_or_what_a_name_says_beside_its_log(folder: Path) -> None:
    assert {source.name: source.machine for source in sources([folder])} == {
        "a.evtx": "", "db01_3.status": "db01",
        "web01/log/3.core.log": "web01", "web02/log/3.core.log": "web02",
    }  # fmt: skip


def test_what_is_no_json_stays_as_it_is() -> None:
    assert leaves("[Errno 14] x") is None
    assert flat("{not json}") == "{not json}"
    assert leaves("[" * 100_000) is None
    assert LARGEST < 100_000_000


def test_list_shows_platforms_and_each_entry_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["explain", "--list"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n{name} " in shown for name in PLATFORMS)
    assert execute(["explain", "--list", "zypper"]) == 0
    rows = [row for row in table() if row.platform == "zypper"]
    assert len(capsys.readouterr().out.splitlines()) == len(rows)


EVENTS = [
    event(
        20,
        "Microsoft-Windows-WindowsUpdateClient",
        2,
        {"errorCode": "0x8024402c", "updateTitle": "2024-03\nCumulative", "Binary": "0x80240017"},
    ),
    event(105, "Eventlog", 4, {"Channel": "System"}),
]


@pytest.mark.parametrize("packed", [False, True])
def test_event_log_is_read_a_line_an_event(tmp_path: Path, packed: bool) -> None:
    data = event_log(EVENTS)
    (tmp_path / "a.evtx").write_bytes(gzip.compress(data) if packed else data)
    assert Events(io.BytesIO(data)).read().decode().splitlines() == [
        "2024-03-15T04:00:00.000Z Microsoft-Windows-WindowsUpdateClient event 20 Error web01:"
        " errorCode=0x8024402c; updateTitle=2024-03 Cumulative",
        "2024-03-15T04:00:00.000Z Eventlog event 105 Information web01: Channel=System",
    ]
    page = answer([str(tmp_path / "a.evtx")], 100)
    assert page.startswith("a.evtx: 2 lines, ")
    assert "0x8024402C" in page
    assert "0x80240017" not in page
    assert "Where: line 1, 2024-03-15T04:00:00.000Z" in page


def test_event_log_is_read_in_pieces_of_any_size() -> None:
    data = event_log(EVENTS * 20)
    whole = Events(io.BytesIO(data)).read()
    stream = Events(io.BytesIO(data))
    assert b"".join(iter(lambda: stream.read(7), b"")) == whole
    assert stream.cut == ""


@pytest.mark.parametrize("place", range(4096 + 512, 4096 + 512 + 900, 37))
def test_damaged_event_log_gives_what_is_left_and_says_so(tmp_path: Path, place: int) -> None:
    data = bytearray(event_log(EVENTS * 3))
    data[place : place + 4] = b"\xff" * 4
    (tmp_path / "a.evtx").write_bytes(data)
    stream = Events(io.BytesIO(bytes(data)))
    lines = stream.read().decode().splitlines()
    # What lies within a text shows as another text: nothing in a log tells it from the right one.
    assert stream.cut or len(lines) == 6
    if stream.cut:
        assert re.search("damaged parts? of it could not be read", stream.cut)
        if lines:
            page = answer([str(tmp_path / "a.evtx")], 100)
            assert page.startswith(f"a.evtx: {len(lines)} line")
            assert stream.cut in page


def test_event_log_that_is_cut_short_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.evtx").write_bytes(event_log(EVENTS)[:-1000])
    with pytest.raises(CallError, match="the log is cut short"):
        answer([str(tmp_path / "a.evtx")], 100)


def test_chunk_that_begins_as_none_does_is_told() -> None:
    data = bytearray(event_log(EVENTS))
    data[4096:4104] = bytes(8)
    stream = Events(io.BytesIO(bytes(data)))
    assert (stream.read(), stream.cut) == (b"", "1 damaged part of it could not be read")


def test_packed_log_without_end_is_read_as_far_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "USUAL", Limits(size=100_000))
    stream = Events(io.BytesIO(event_log(EVENTS) + bytes(1_000_000)))
    assert len(stream.read().splitlines()) == 2
    assert stream.cut == "only the first 100,000 bytes were read"
