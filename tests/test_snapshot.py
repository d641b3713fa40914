from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.thinning import one_in
from umdiag.errors import QueryError, SourceError
from umdiag.model import State, TableHealth
from umdiag.queries import kql
from umdiag.sources.blanks import ALWAYS_FILLED, FILLED_SOMEWHERE, always_filled
from umdiag.sources.opening import open_folder
from umdiag.sources.snapshot import Snapshot

ASKED_AT = datetime(2024, 3, 8, 10, tzinfo=UTC)
EARLIER = datetime(2024, 3, 8, 9, 59, 59, 123456, tzinfo=UTC)
VALUES: dict[str, kql.Value] = {"asked_at": ASKED_AT, "lookback": timedelta(days=14)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with a name that a glob, SQL and a shell would all misread."""
    made = tmp_path / "a snap [x] 'q' *?"
    made.mkdir()
    return made


def put(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def parquet(folder: Path, table: str, **columns: Any) -> Path:
    file = folder / f"{table}.parquet"
    pq.write_table(pa.table(columns), file)
    return file


def manifest(folder: Path, **content: Any) -> None:
    told = {"format": 1, "asked_at": "2024-03-08T10:00:00Z", **content}
    put(folder, "snapshot.json", json.dumps(told))


def column(folder: Path, table: str, name: str) -> list[Any]:
    """What the engine sees of one column, in the file's order."""
    snapshot = Snapshot(folder)
    found = snapshot.kql(f"{table} | project {name}")[name]
    snapshot.close()
    return [None if value is pd.NA or value is pd.NaT else value for value in found]


def line(snapshot: Snapshot, table: str) -> TableHealth:
    return next(line for line in snapshot.health() if line.table == table)


def query(columns: str, body: str) -> kql.Query:
    header = f"// Title: t\n// Answers: a\n// Columns: {columns}\n// Source: s\n"
    block = "let asked_at = now(); // parameter\nlet lookback = 14d; // parameter\n"
    return kql.read("tried", "logs", header + block + body)


def moments(*texts: str) -> list[pd.Timestamp | None]:
    return [pd.Timestamp(text) if text else None for text in texts]


# --- opening -----------------------------------------------------------------------------------------------


def test_folder_without_a_table_is_refused(folder: Path) -> None:
    put(folder, "readme.txt", "x")
    with pytest.raises(SourceError, match=r"holds no table: put files <Table>\.parquet"):
        open_folder(folder)


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        open_folder(tmp_path / "gone")


def test_file_instead_of_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a file"):
        open_folder(put(tmp_path, "Heartbeat.csv", "Computer\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("", "is not JSON"),
        ("[1]", "is not one of this kit"),
        ('{"name": "left-pad"}', "format: Field required"),
        ('{"format": 2}', "format: "),
        ('{"format": 1, "asked_at": "yesterday"}', "asked_at: "),
        ('{"format": 1, "asked_at": 1709892000}', "asked_at: is not a time in ISO form"),
        ('{"format": 1, "asked_at": "2024-03-08T10:00:00"}', "asked_at: lacks its zone"),
        ('{"format": 1, "lookback": 14}', "lookback: is not a duration"),
        ('{"format": 1, "lookback": "-14d"}', "lookback: is less than zero"),
        ('{"format": 1, "tables": ["Heartbeat"]}', "tables: "),
        ('{"format": 1, "tables": {"Heartbeat": {"rows": "many"}}}', "tables.Heartbeat.rows: "),
        ('{"format": 1, "tables": {"Usage": {}, "usage ": {}}}', "tables: Usage is there twice, keep one"),
        (b"\xff\xfe{", "is not JSON"),
    ],
)
def test_foreign_snapshot_json_is_refused_in_one_line(folder: Path, content: Any, said: str) -> None:
    put(folder, "Heartbeat.csv", "Computer\na\n")
    put(folder, "snapshot.json", content)
    with pytest.raises(SourceError) as refused:
        open_folder(folder)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_clock_and_lookback_are_those_of_snapshot_json(folder: Path) -> None:
    parquet(folder, "Heartbeat", TimeGenerated=[EARLIER])
    put(
        folder,
        "snapshot.json",
        '\ufeff{"format": 1, "asked_at": "2024-03-08T11:00:00+01:00", "lookback": "36h"}',
    )
    snapshot = Snapshot(folder)
    assert (snapshot.clock(), snapshot.newest(), snapshot.lookback) == (
        ASKED_AT,
        EARLIER,
        timedelta(hours=36),
    )
    assert snapshot.notes == ()


def test_without_snapshot_json_the_newest_row_is_the_clock_and_that_is_said(folder: Path) -> None:
    parquet(folder, "Heartbeat", TimeGenerated=[EARLIER])
    put(folder, "Update.csv", "TimeGenerated\n2024-03-08T10:00:00Z\n2024-03-01T10:00:00Z\n")
    put(folder, "Heartbeats.csv", "x\n")
    snapshot = Snapshot(folder)
    assert (snapshot.clock(), snapshot.lookback) == (ASKED_AT, None)
    assert "the clock is the newest row found" in snapshot.notes[0]
    assert snapshot.notes[1] == (
        "Heartbeats.csv is not read: a table's file is called <Table>.parquet, <Table>.csv, <Table>.jsonl"
    )


def test_without_any_time_opening_is_fine_and_the_clock_is_not(folder: Path) -> None:
    put(folder, "workspaces.jsonl", '{"id": "/a"}\n')
    snapshot = Snapshot(folder)
    assert len(snapshot.kql("workspaces")) == 1
    with pytest.raises(SourceError, match="set the parameter asked_at"):
        snapshot.clock()


# --- casting -----------------------------------------------------------------------------------------------

TIMES = {
    "2024-03-08T09:59:59.1234567Z": "2024-03-08T09:59:59.123456Z",
    "2024-03-08 09:59:59": "2024-03-08T09:59:59Z",
    "2024-03-08T09:59": "2024-03-08T09:59:00Z",
    "2024-03-08": "2024-03-08T00:00:00Z",
    "2024-03-08T11:59:59+02:00": "2024-03-08T09:59:59Z",
    "2024-03-08T04:29:59.5-0530": "2024-03-08T09:59:59.5Z",
    " 2024-03-08T09:59:59z ": "2024-03-08T09:59:59Z",
    "3/8/2024, 9:59:59.123 AM": "2024-03-08T09:59:59.123Z",
    "3/8/2024, 12:00:01 PM": "2024-03-08T12:00:01Z",
    "3/13/2024, 1:00:00\u202fAM": "2024-03-13T01:00:00Z",
    "08.03.2024, 09:59:59": "2024-03-08T09:59:59Z",
    "8. 3. 2024 9:59:59,123": "2024-03-08T09:59:59.123Z",
    "8.3.2024 09.59.59": "2024-03-08T09:59:59Z",
    "2024/3/8 9:59:59": "2024-03-08T09:59:59Z",
    "2024. 3. 8. 9:59": "2024-03-08T09:59:00Z",
    "2024-03-08, 9:59:59 p.m.": "2024-03-08T21:59:59Z",
}
NO_TIMES = [
    "1709892000",
    "1709892000000",
    "yesterday",
    "epoch",
    "infinity",
    "2024-13-01",
    "0001-01-01T00:00:00Z",
    "1601-01-01T00:00:00Z",
    "9999-12-31",
    "8/3/2567 09:59:59",
    "8.3.2567 09:59:59",
    "13/3/2024, 1:00:00 AM",
    "3/8/24, 9:59:59 AM",
]
BOOLS = {"true": True, "True": True, " TRUE ": True, "1": True, "false": False, "False": False, "0": False}
LONGS = {"5": 5, " -7 ": -7, "5.0": 5, "9223372036854775807": 2**63 - 1, "1e3": 1000}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_times_in_any_iso_form_are_utc(folder: Path, suffix: str) -> None:
    write_texts(folder, "Heartbeat", "TimeGenerated", [*TIMES, *NO_TIMES, ""], suffix)
    assert column(folder, "Heartbeat", "TimeGenerated") == moments(*TIMES.values(), *[""] * len(NO_TIMES), "")
    note = line(Snapshot(folder), "Heartbeat").note
    assert f"{len(NO_TIMES) + 1} values of TimeGenerated cannot be read as datetime" in note


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_bools_in_text_are_bools_and_null_is_not_false(folder: Path, suffix: str) -> None:
    write_texts(folder, "Update", "Approved", [*BOOLS, "yes", "2", "", "null"], suffix)
    assert column(folder, "Update", "Approved") == [*BOOLS.values(), None, None, None, None]
    assert "2 values of Approved cannot be read as bool" in line(Snapshot(folder), "Update").note


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_numbers_in_text_are_numbers(folder: Path, suffix: str) -> None:
    write_texts(folder, "Usage", "TotalBatches", [*LONGS, "1.5", "x", "9223372036854775808", ""], suffix)
    assert column(folder, "Usage", "TotalBatches") == [*LONGS.values(), None, None, None, None]
    write_texts(folder, "Usage", "Quantity", ["1.5", "-2", "1e-3", "x", "NaN"], suffix)
    assert column(folder, "Usage", "Quantity") == [1.5, -2.0, 0.001, None, None]
    assert "1 value of Quantity cannot be read as real" in line(Snapshot(folder), "Usage").note


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_dynamic_is_json_text(folder: Path, suffix: str) -> None:
    texts = ['{"a": [1, "x"]}', "[]", "5", "null", "", "{a: 1}", '{"a": "\U0001f600 \u2028"}']
    write_texts(folder, "resources", "zones", texts, suffix)
    assert column(folder, "resources", "zones") == [
        {"a": [1, "x"]},
        [],
        5,
        None,
        None,
        None,
        {"a": "\U0001f600 \u2028"},
    ]
    assert "1 value of zones cannot be read as dynamic" in line(Snapshot(folder), "resources").note


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_strings_are_kept_and_null_is_empty(folder: Path, suffix: str) -> None:
    texts = [
        "plain",
        " blanks ",
        'a "quoted", one',
        "line\nbreak\r\n",
        "null",
        "00123",
        "\u2028\u00e9\U0001f5a5",
        "",
    ]
    write_texts(folder, "Heartbeat", "Computer", texts, suffix)
    assert column(folder, "Heartbeat", "Computer") == texts


def test_parquet_times_of_every_kind_are_utc(folder: Path) -> None:
    kinds = {
        "TimeGenerated": pa.timestamp("us", tz="UTC"),
        "StartTime": pa.timestamp("ns"),
        "EndTime": pa.timestamp("ms", tz="Europe/Berlin"),
    }
    columns = {name: pa.array([ASKED_AT, None]).cast(kind) for name, kind in kinds.items()}
    parquet(folder, "UpdateRunProgress", **columns)
    parquet(folder, "Update", TimeGenerated=pa.array([ASKED_AT]).cast(pa.timestamp("s")), PublishedDate=[5])
    parquet(folder, "Usage", TimeGenerated=pa.array([ASKED_AT]).cast(pa.timestamp("ns", tz="UTC")))
    for name in kinds:
        assert column(folder, "UpdateRunProgress", name) == [ASKED_AT, None]
    assert column(folder, "Update", "TimeGenerated") == [ASKED_AT]
    assert column(folder, "Usage", "TimeGenerated") == [ASKED_AT]
    assert column(folder, "Update", "PublishedDate") == [None]
    assert "1 value of PublishedDate cannot be read as datetime" in line(Snapshot(folder), "Update").note


def test_parquet_columns_of_other_types_are_cast(folder: Path) -> None:
    parquet(
        folder,
        "Update",
        KBID=[4012345.0, None, 1.5],
        Approved=[1, 0, 7],
        Optional=[True, None, False],
        InstallTimePredictionSeconds=[1, 2, None],
        Title=pa.array(["a", None, "b"]).dictionary_encode(),
        UpdateID=[b"raw", b"", None],
        Computer=pa.nulls(3),
        TimeGenerated=pa.nulls(3),
    )
    assert column(folder, "Update", "KBID") == ["4012345", "", "1.5"]
    assert column(folder, "Update", "Approved") == [True, False, None]
    assert column(folder, "Update", "Optional") == [True, None, False]
    assert column(folder, "Update", "InstallTimePredictionSeconds") == [1.0, 2.0, None]
    assert column(folder, "Update", "Title") == ["a", "", "b"]
    assert column(folder, "Update", "UpdateID") == ["raw", "", ""]
    assert column(folder, "Update", "Computer") == ["", "", ""]
    assert column(folder, "Update", "TimeGenerated") == [None, None, None]
    parquet(folder, "UpdateSummary", CriticalUpdatesMissing=[1.0, float("nan"), 2.5])
    assert column(folder, "UpdateSummary", "CriticalUpdatesMissing") == [1, None, None]


def test_parquet_nested_columns_are_dynamic(folder: Path) -> None:
    parquet(
        folder,
        "resources",
        properties=[{"a": {"b": [1, None]}}, None],
        zones=[["1", "2"], []],
        tags=pa.array([[("Env", "x")], []], type=pa.map_(pa.string(), pa.string())),
        name=[{"odd": 1}, None],
    )
    assert column(folder, "resources", "properties") == [{"a": {"b": [1, None]}}, None]
    assert column(folder, "resources", "zones") == [["1", "2"], []]
    assert column(folder, "resources", "tags") == [{"Env": "x"}, {}]
    assert column(folder, "resources", "name") == ['{"odd":1}', ""]


def test_jsonl_values_may_be_nested(folder: Path) -> None:
    put(
        folder,
        "jobs.jsonl",
        '{"id": "/a", "properties": {"x": {"y": 2}}, "tags": "{\\"k\\": 1}"}\n\n{"id": 7}\n',
    )
    assert column(folder, "jobs", "properties") == [{"x": {"y": 2}}, None]
    assert column(folder, "jobs", "tags") == [{"k": 1}, None]
    assert column(folder, "jobs", "id") == ["/a", "7"]


def test_counting_losses_leaves_columns_of_the_right_type_alone(folder: Path) -> None:
    parquet(folder, "Update", TimeGenerated=[ASKED_AT], Approved=[True], RevisionNumber=["1"])
    snapshot = Snapshot(folder)
    assert snapshot._tables.table("Update").projection.checks == {}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("decides", "read"),
    [
        ("18/11/2026, 05:00:00", "2026-11-05T17:00:00Z"),
        ("18-11-2026 05:00", "2026-11-05T17:00:00Z"),
        ("11/18/2026, 05:00:00", "2026-05-11T17:00:00Z"),
        ("5/6/2026, 05:00:00", None),  # nothing decides
    ],
)
def test_a_whole_column_decides_between_day_and_month(
    folder: Path, suffix: str, decides: str, read: str | None
) -> None:
    write_texts(folder, "Heartbeat", "TimeGenerated", ["5/11/2026, 5:00:00\u202fp.m.", decides], suffix)
    assert column(folder, "Heartbeat", "TimeGenerated")[0] == moments(read or "")[0]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (["7/3/2024, 9:00:00 AM", "8/3/2024, 9:00:00 AM"], "2024-03-08T09:00:00Z"),
        (["3/7/2024, 9:00:00 AM", "3/8/2024, 9:00:00 AM"], "2024-03-08T09:00:00Z"),
        (["7/3/2024 09:00", "8/3/2024 09:00"], "2024-03-08T09:00:00Z"),
        (["3/3/2024, 8:00:00 AM", "3/3/2024, 9:00:00 AM"], "2024-03-03T09:00:00Z"),
        (["7/11/2024 09:00", "8/11/2024 09:00"], None),
    ],
)
def test_the_clock_decides_between_day_and_month_where_no_date_does(
    folder: Path, suffix: str, texts: list[str], read: str | None
) -> None:
    manifest(folder)
    write_texts(folder, "Heartbeat", "TimeGenerated", texts, suffix)
    assert column(folder, "Heartbeat", "TimeGenerated")[1] == moments(read or "")[0]


def test_table_of_another_calendar_is_unreadable(folder: Path) -> None:
    manifest(folder)
    write_texts(folder, "Heartbeat", "TimeGenerated", ["8/3/2567 09:59:59", "18/3/2567 09:59:59"], "csv")
    assert line(Snapshot(folder), "Heartbeat").state is State.UNREADABLE


def test_another_column_of_the_file_decides_where_one_does_not(folder: Path) -> None:
    put(folder, "Update.csv", "TimeGenerated,PublishedDate\n5/11/2026 05:00,18/10/2026 00:00\n")
    assert column(folder, "Update", "TimeGenerated") == moments("2026-11-05T05:00:00Z")


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_table_without_a_time_that_can_be_read_is_unreadable(folder: Path, suffix: str) -> None:
    write_texts(folder, "Heartbeat", "TimeGenerated", ["5/11/2026, 05:00:00", "6/11/2026, 05:00:00"], suffix)
    snapshot = Snapshot(folder)
    told = line(snapshot, "Heartbeat")
    assert told.state is State.UNREADABLE
    assert "0/00/0000, 00:00:00" in told.note
    assert "2026-11-18T05:00:00Z" in told.note
    rows = snapshot.fetch(kql.queries()["heartbeats"], VALUES)
    assert (rows.state, len(rows.frame)) == (State.MISSING, 0)
    assert "0/00/0000" in rows.reason
    assert len(snapshot.kql("Heartbeat")) == 2


@pytest.mark.parametrize("type_", [pa.timestamp("us"), pa.null(), pa.string(), pa.int64()])
def test_table_whose_times_are_all_null_is_unreadable(folder: Path, type_: pa.DataType) -> None:
    parquet(folder, "Heartbeat", TimeGenerated=pa.nulls(2, type_))
    told = line(Snapshot(folder), "Heartbeat")
    assert told.state is State.UNREADABLE
    assert "is absent" in told.note


def test_rows_without_a_time_are_counted_from_the_footer(folder: Path) -> None:
    parquet(folder, "Heartbeat", TimeGenerated=pa.array([ASKED_AT, None]), Computer=["a", "b"])
    assert "1 value of TimeGenerated cannot be read" in line(Snapshot(folder), "Heartbeat").note


def whole(table: str, **columns: list[Any]) -> dict[str, Any]:
    """All columns of a table, null but for these and those that are never empty."""
    rows = len(next(iter(columns.values())))
    known = next(part[table] for part in kql.tables().values() if table in part)
    filled = dict.fromkeys((*always_filled(table), *FILLED_SOMEWHERE.get(table, ())), ["x"] * rows)
    return {name: pa.nulls(rows, pa.string()) for name in known} | filled | columns


def state_of(folder: Path, query: str) -> tuple[State, str]:
    rows = Snapshot(folder).fetch(kql.queries()[query], VALUES | {"computers": []})
    return rows.state, rows.reason


def test_answer_that_rests_on_a_missing_column_is_partial(folder: Path) -> None:
    columns = whole("Update", TimeGenerated=[ASKED_AT], Computer=["a"])
    parquet(folder, "Update", **columns)
    assert state_of(folder, "assessments") == (State.COMPLETE, "")
    del columns["OSFullName"], columns["MSRCSeverity"], columns["ResourceId"], columns["TenantId"]
    parquet(folder, "Update", **columns)
    assert state_of(folder, "latest_updates") == (State.COMPLETE, "")
    assert state_of(folder, "needed_packages") == (State.COMPLETE, "")
    assert line(Snapshot(folder), "Update").state is State.COMPLETE
    del columns["_ResourceId"], columns["UpdateState"]
    parquet(folder, "Update", **columns)
    told = (
        State.PARTIAL,
        "Update has no columns ResourceId, _ResourceId: export or capture it again with all columns",
    )
    assert state_of(folder, "assessments") == told
    state, reason = state_of(folder, "latest_updates")
    assert (state, "no column UpdateState:" in reason) == (State.PARTIAL, True)


def test_answer_that_rests_on_a_value_that_cannot_be_read_is_partial(folder: Path) -> None:
    columns = whole("Update", TimeGenerated=[ASKED_AT] * 2, Computer=["a", "b"], Approved=["ja", "true"])
    parquet(folder, "Update", **columns)
    told = (State.PARTIAL, "1 value of Update.Approved cannot be read as bool")
    assert state_of(folder, "latest_updates") == told
    assert state_of(folder, "assessments") == (State.COMPLETE, "")
    assert line(Snapshot(folder), "Update").state is State.PARTIAL


def written(folder: Path, table: str, columns: dict[str, Any], suffix: str) -> None:
    """Write a table in one of the formats."""
    if suffix == "parquet":
        parquet(folder, table, **columns)
        return
    frame = pa.table(columns).to_pandas().astype(object)
    text = frame.to_csv(index=False) if suffix == "csv" else frame.to_json(orient="records", lines=True)
    put(folder, f"{table}.{suffix}", text)


@pytest.mark.parametrize("suffix", one_in(3, ["csv", "jsonl", "parquet"]))
@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("UpdateState", [None, ""], "Update.UpdateState is empty in every row"),
        ("UpdateState", ["Needed", " "], "Update.UpdateState is empty in 1 of 2 rows"),
        ("UpdateState", ["Needed", None], "Update.UpdateState is empty in 1 of 2 rows"),
        ("Classification", [None, None], "Update.Classification is empty in every row"),
        ("Classification", ["Others", None], ""),
        ("Product", [None, None], ""),
    ],
)
def test_texts_that_every_row_fills_and_that_are_empty_are_lost(
    folder: Path, suffix: str, name: str, values: list[str | None], told: str
) -> None:
    times = ["2024-03-08T09:00:00Z"] * 2
    columns = whole("Update", **{"TimeGenerated": times, name: pa.array(values, pa.string())})
    written(folder, "Update", columns, suffix)
    state = State.PARTIAL if told else State.COMPLETE
    assert state_of(folder, "latest_updates") == (state, told)
    assert line(Snapshot(folder), "Update").state is state


@pytest.mark.parametrize(("table", "name"), [("resources", "type"), ("jobs", "id"), ("Operation", "Detail")])
def test_tables_of_every_kind_have_texts_that_are_never_empty(folder: Path, table: str, name: str) -> None:
    given = {"TimeGenerated": [ASKED_AT]} if table in kql.tables()["workspace"] else {}
    columns = whole(table, **{**given, name: pa.nulls(1, pa.string())})
    parquet(folder, table, **columns)
    assert f"{table}.{name} is empty in every row" in line(Snapshot(folder), table).note


def test_texts_that_are_never_empty_are_columns_that_a_query_rests_on() -> None:
    for table, columns in [*ALWAYS_FILLED.items(), *FILLED_SOMEWHERE.items()]:
        reads = [read.reads[table] for read in kql.queries().values() if table in read.reads]
        assert set(columns) <= {column for read in reads for column in read.lacks(columns)}, table


def test_nested_values_are_no_text_where_every_row_has_one(folder: Path) -> None:
    columns = whole("Update", TimeGenerated=[ASKED_AT], UpdateState=[["Needed"]])
    parquet(folder, "Update", **columns)
    told = (State.PARTIAL, "1 value of Update.UpdateState cannot be read as string")
    assert state_of(folder, "latest_updates") == told


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_blanks_around_a_state_go(folder: Path, suffix: str) -> None:
    written(folder, "Update", {"UpdateState": [" Needed"], "Title": [" x"]}, suffix)
    assert column(folder, "Update", "UpdateState") == ["Needed"]
    assert column(folder, "Update", "Title") == [" x"]


def test_rows_that_name_no_workspace_are_partial_where_there_are_several(folder: Path) -> None:
    columns = whole("Heartbeat", TimeGenerated=[ASKED_AT], Computer=["a"])
    del columns["TenantId"]
    parquet(folder, "Heartbeat", **columns)
    assert state_of(folder, "heartbeats")[0] is State.COMPLETE
    put(folder, "workspaces.jsonl", '{"id": "/a"}\n{"id": "/b"}\n')
    assert "no column TenantId" in state_of(folder, "heartbeats")[1]


@pytest.mark.parametrize("damaged", ["{oops", "5", "[1]", '"{}"'])
def test_properties_that_are_no_object_are_lost(folder: Path, damaged: str) -> None:
    parquet(folder, "jobs", **whole("jobs", id=["/a", "/b"], properties=['{"status": "New"}', damaged]))
    told = (State.PARTIAL, "1 value of jobs.properties cannot be read as dynamic")
    assert state_of(folder, "automation_jobs") == told
    assert column(folder, "jobs", "properties") == [{"status": "New"}, None]


def test_clock_outside_the_rows_is_said_and_leaves_no_answer_whole(folder: Path) -> None:
    parquet(folder, "Heartbeat", **whole("Heartbeat", TimeGenerated=[ASKED_AT], Computer=["a"]))
    manifest(folder)
    for years, outside in ((0, False), (-14, True), (7, True)):
        snapshot = Snapshot(folder)
        clock = ASKED_AT + timedelta(days=365 * years)
        snapshot.look_at(clock, timedelta(days=14))
        rows = snapshot.fetch(
            kql.queries()["heartbeats"], {"asked_at": clock, "lookback": timedelta(days=14)}
        )
        assert (rows.state is State.PARTIAL) is outside
        assert any("no row of any log lies between" in note for note in snapshot.notes) is outside


@pytest.mark.parametrize(("days", "outside"), [(13, False), (15, True)])
def test_log_without_a_row_in_the_window_beside_others_is_partial(
    folder: Path, days: int, outside: bool
) -> None:
    newest = ASKED_AT - timedelta(days=days)
    parquet(folder, "Heartbeat", **whole("Heartbeat", TimeGenerated=[EARLIER]))
    parquet(folder, "Update", **whole("Update", TimeGenerated=[newest]))
    snapshot = Snapshot(folder)
    snapshot.look_at(ASKED_AT, timedelta(days=14))
    rows = snapshot.fetch(kql.queries()["latest_updates"], VALUES | {"computers": []})
    told = "Update holds rows, but none in the window, its newest is of 2024-02-22 10:00"
    assert (rows.state, rows.reason) == ((State.PARTIAL, told) if outside else (State.COMPLETE, ""))
    assert snapshot.fetch(kql.queries()["heartbeats"], VALUES).state is State.COMPLETE


@pytest.mark.parametrize(
    "name",
    ["Update.csv.gz", "Update.parquet.bak", "Update.xlsx", "update (1).csv", "Heartbeat", "data.jsonl.zip"],
)
def test_file_that_looks_like_a_table_and_is_not_read_is_named(folder: Path, name: str) -> None:
    put(folder, "Usage.csv", "Computer\na\n")
    put(folder, name, "x")
    put(folder, "readme.txt", "x")
    notes = [note for note in Snapshot(folder).notes if "is not read" in note]
    assert [name in note for note in notes] == [True]


# --- columns -----------------------------------------------------------------------------------------------


def test_columns_match_without_case_and_blanks_and_the_exact_one_wins_over_an_empty_one(folder: Path) -> None:
    put(folder, "Update.csv", "\ufeffcomputer , updateid,UpdateID, TITLE \na,,right,t\n")
    parquet(folder, "UpdateSummary", computer=[""], Computer=["right"], RESTARTPENDING=[True])
    put(folder, "Heartbeat.jsonl", '{"computer": "wrong", "Computer": "right"}\n')
    assert column(folder, "Update", "Computer") == ["a"]
    assert column(folder, "Update", "UpdateID") == ["right"]
    assert column(folder, "Update", "Title") == ["t"]
    assert column(folder, "UpdateSummary", "Computer") == ["right"]
    assert column(folder, "UpdateSummary", "RestartPending") == [True]
    assert column(folder, "Heartbeat", "Computer") == ["right"]


def test_columns_that_could_both_be_the_same_one_are_refused(folder: Path) -> None:
    put(folder, "Update.csv", "UpdateState,updatestate \nInstalled,\n,Needed\n")
    parquet(folder, "UpdateSummary", Computer=["a", None], computer=[None, "b"])
    put(folder, "Usage.csv", "DataType,DataType\nx,x\n")
    snapshot = Snapshot(folder)
    for table, both in (
        ("Update", "UpdateState and updatestate"),
        ("UpdateSummary", "Computer and computer"),
        ("Usage", "DataType and DataType"),
    ):
        told = line(snapshot, table)
        assert (told.state, f"both {both} are there: keep one" in told.note) == (State.UNREADABLE, True)


def test_each_line_of_json_may_spell_a_key_in_its_way(folder: Path) -> None:
    lines = ['{"UpdateState": "Installed"}', '{"updateState": "Needed"}', '{"UPDATESTATE": "x", "a": 1}']
    put(folder, "Update.jsonl", "\n".join(lines))
    assert column(folder, "Update", "UpdateState") == ["Installed", "Needed", "x"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_table_has_exactly_its_columns(folder: Path, suffix: str) -> None:
    write_texts(folder, "Operation", "Extra", ["x"], suffix)
    frame = Snapshot(folder).kql("Operation")
    assert list(frame.columns) == list(kql.tables()["workspace"]["Operation"])
    assert frame["Detail"].tolist() == [""]
    assert frame["TimeGenerated"].isna().all()


def test_missing_column_that_the_kit_asks_for_is_said(folder: Path) -> None:
    put(
        folder,
        "Operation.csv",
        "TimeGenerated,OperationCategory,OperationStatus,OperationKey\n2024-03-08,x,,\n",
    )
    told = line(Snapshot(folder), "Operation")
    assert told.state is State.PARTIAL
    assert told.note == "has no column Detail: export or capture it again with all columns"


def test_utc_suffix_of_the_portal_falls_away(folder: Path) -> None:
    put(folder, "Heartbeat.csv", '"TimeGenerated [UTC]",Computer\n"3/8/2024, 10:00:00.000 AM",a\n')
    assert column(folder, "Heartbeat", "TimeGenerated") == [ASKED_AT]


@pytest.mark.parametrize("zone", ["Local Time", "UTC+01:00"])
def test_local_time_of_the_portal_is_refused(folder: Path, zone: str) -> None:
    put(folder, "Heartbeat.csv", f'"TimeGenerated [{zone}]",Computer\n"3/8/2024, 10:00:00.000 AM",a\n')
    unreadable = line(Snapshot(folder), "Heartbeat")
    assert unreadable.state is State.UNREADABLE
    assert "set the portal's display time zone to UTC" in unreadable.note


# --- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("Heartbeat.parquet", b"PAR1 and then nothing", "damaged or was cut short"),
        ("Heartbeat.parquet", "Computer\na\n", "is not a Parquet file"),
        ("Heartbeat.csv", b"PAR1rest", "is a Parquet file"),
        ("Heartbeat.csv", "", r"is empty \(0 bytes\)"),
        ("Heartbeat.csv", "\n\n", "has no header line"),
        ("Heartbeat.csv", "Computer,OSType\na\n", "not CSV that can be read"),
        ("Heartbeat.csv", 'Computer,OSType\n"a,b\n', "not CSV that can be read"),
        ("Heartbeat.csv", "Computer;OSType\na;b\n", "not separated by commas"),
        ("Heartbeat.csv", "Computer\nä\n".encode("utf-16"), "not CSV in UTF-8"),
        ("Heartbeat.csv", "Computer\nä\n".encode("latin-1"), "not CSV"),
        ("Heartbeat.jsonl", '{"Computer": "a"}\n\n{"Computer": \n', "line 3 is not a JSON object"),
        ("Heartbeat.jsonl", '{"Computer": "a"}\n["b"]\n', "line 2 is not a JSON object"),
        ("Heartbeat.jsonl", '[{"Computer": "a"}]', "line 1 is not a JSON object"),
        ("Heartbeat.jsonl", b'{"Computer": "\xff"}', "is not UTF-8 text"),
    ],
)
def test_unreadable_file_is_said_and_the_rest_goes_on(
    folder: Path, name: str, content: Any, said: str
) -> None:
    put(folder, name, content)
    put(folder, "Update.csv", "Computer\na\n")
    manifest(folder)
    snapshot = Snapshot(folder)
    rows = snapshot.fetch(query("computer:string", "Heartbeat\n| project computer = Computer"), VALUES)
    assert rows.state is State.MISSING
    assert rows.frame.empty
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(rows.reason)
    assert str(folder) not in rows.reason
    assert line(snapshot, "Heartbeat").state is State.UNREADABLE
    assert len(snapshot.kql("Update")) == 1


def test_page_that_is_found_damaged_late_is_said(folder: Path) -> None:
    file = parquet(
        folder, "Heartbeat", Computer=[f"machine {place * 7919 % 10007}" for place in range(20_000)]
    )
    content = bytearray(file.read_bytes())
    content[1000:30_000] = os.urandom(29_000)
    file.write_bytes(bytes(content))
    manifest(folder)
    snapshot = Snapshot(folder)
    asked = query("computer:string", "Heartbeat\n| summarize by computer = Computer\n| project computer")
    rows = snapshot.fetch(asked, VALUES)
    assert (rows.state, rows.reason) == (
        State.MISSING,
        "Heartbeat could not be read: the file is damaged or was cut short, capture it again",
    )


def test_table_too_big_for_memory_is_said(folder: Path) -> None:
    parquet(folder, "Heartbeat", Computer=[f"machine {place:010}" for place in range(300_000)])
    manifest(folder)
    snapshot = Snapshot(folder, memory_limit="20MB")
    asked = query("names:dynamic", "Heartbeat\n| summarize names = make_list(strcat(Computer, Computer))")
    rows = snapshot.fetch(asked, VALUES)
    assert (rows.state, rows.reason) == (
        State.MISSING,
        "Heartbeat could not be read: it needs more memory than 20MB",
    )


def test_two_files_of_one_table_are_refused(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "Computer\na\n")
    put(folder, "heartbeat.jsonl", '{"Computer": "a"}\n')
    assert (
        "both Heartbeat.csv and heartbeat.jsonl are there: keep one"
        in line(Snapshot(folder), "Heartbeat").note
    )


def test_file_names_match_without_case(folder: Path) -> None:
    put(folder, "HEARTBEAT.CSV", "Computer\na\n")
    assert column(folder, "Heartbeat", "Computer") == ["a"]


def test_folder_in_place_of_a_file_is_unreadable(folder: Path) -> None:
    (folder / "Heartbeat.parquet").mkdir()
    assert line(Snapshot(folder), "Heartbeat").state is State.UNREADABLE


@pytest.mark.skipif(
    os.name == "nt" or getattr(os, "geteuid", int)() == 0, reason="needs a user without all rights"
)
def test_file_without_permission_is_unreadable(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "Computer\na\n").chmod(0)
    assert "Permission denied" in line(Snapshot(folder), "Heartbeat").note


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_link_out_of_the_snapshot_is_unreadable(folder: Path) -> None:
    (folder / "Heartbeat.csv").symlink_to(put(folder.parent, "secret.csv", "Computer\nsecret\n"))
    assert "a link that leads out of the snapshot" in line(Snapshot(folder), "Heartbeat").note


def test_json_lines_without_a_line_are_an_empty_table(folder: Path) -> None:
    put(folder, "Heartbeat.jsonl", "")
    manifest(folder)
    rows = Snapshot(folder).fetch(
        query("computer:string", "Heartbeat\n| project computer = Computer"), VALUES
    )
    assert (rows.state, len(rows.frame)) == (State.COMPLETE, 0)


def test_header_alone_is_an_empty_table(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "Computer,TimeGenerated")
    put(folder, "Update.jsonl", "\n")
    parquet(folder, "Usage", TimeGenerated=pa.array([], type=pa.timestamp("us")))
    manifest(folder)
    snapshot = Snapshot(folder)
    for table in ("Heartbeat", "Update", "Usage"):
        assert (line(snapshot, table).state, line(snapshot, table).rows) == (State.EMPTY, 0)
        rows = snapshot.fetch(query("n:long", f"{table}\n| summarize n = count()"), VALUES)
        assert (rows.state, rows.frame["n"].tolist(), rows.newest) == (State.COMPLETE, [0], None)


def test_csv_with_line_breaks_in_header_and_fields(folder: Path) -> None:
    put(folder, "Operation.csv", '"Computer","a\nb",Detail\r\n"m\n1",x,"say ""hi"", then\r\ngo"\r\nm2,,\r\n')
    assert column(folder, "Operation", "Computer") == ["m\n1", "m2"]
    assert column(folder, "Operation", "Detail") == ['say "hi", then\r\ngo', ""]


# --- what was not captured ---------------------------------------------------------------------------------


def test_table_without_file_was_not_captured(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "Computer\na\n")
    manifest(folder)
    snapshot = Snapshot(folder)
    rows = snapshot.fetch(query("n:long", "UpdateSummary\n| summarize n = count()"), VALUES)
    assert (rows.state, rows.reason) == (State.MISSING, "UpdateSummary was not captured in this snapshot")
    assert list(rows.frame.columns) == ["n"]
    missing = line(snapshot, "UpdateSummary")
    assert (missing.state, missing.note, missing.rows) == (State.MISSING, "not captured", 0)
    with pytest.raises(QueryError, match="UpdateSummary was not captured"):
        snapshot.kql("Heartbeat | join kind=inner UpdateSummary on Computer")


def test_manifest_tells_what_was_refused_or_cut_short(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "Computer\na\n")
    put(folder, "Update.csv", "Computer\na\n")
    put(folder, "Usage.csv", "Computer\na\n")
    tables = {
        "Heartbeat": {"rows": 1, "complete": True},
        "Update": {"rows": 1, "complete": False, "note": "stopped after 64 MB"},
        "Usage": {"rows": 5, "complete": True},
        "Event": {"rows": 9, "complete": True},
        "Operation": {"rows": 0, "complete": False, "state": "denied", "note": "403"},
    }
    manifest(folder, tables=tables)
    snapshot = Snapshot(folder)

    def told(table: str) -> tuple[State, str, int]:
        rows = snapshot.fetch(query("n:long", f"{table}\n| summarize n = count()"), VALUES)
        return rows.state, rows.reason, len(rows.frame)

    assert told("Heartbeat") == (State.COMPLETE, "", 1)
    assert told("Update") == (State.PARTIAL, "Update is not complete: stopped after 64 MB", 1)
    counts = "Usage is not complete: snapshot.json counts 5 rows, the file has 1"
    assert told("Usage") == (State.PARTIAL, counts, 1)
    assert told("Event") == (State.MISSING, "Event was not captured in this snapshot", 0)
    assert told("Operation") == (
        State.DENIED,
        "Operation was refused when this snapshot was captured; 403",
        0,
    )
    states = {table: line(snapshot, table).state.value for table in tables}
    assert states == {
        "Heartbeat": "partial",  # it has no time
        "Update": "partial",
        "Usage": "partial",
        "Event": "missing",
        "Operation": "denied",
    }


@pytest.mark.parametrize("written", ["update", "Update ", "UPDATE"])
def test_manifest_may_spell_a_table_in_any_case(folder: Path, written: str) -> None:
    put(folder, "Update.csv", "Computer\na\n")
    manifest(folder, tables={written: {"complete": False, "note": "stopped after 64 MB"}})
    assert "stopped after 64 MB" in line(Snapshot(folder), "Update").note
    assert Snapshot(folder).notes == ()


def test_what_is_not_read_of_a_manifest_is_said(folder: Path) -> None:
    put(folder, "Update.csv", "Computer\na\n")
    manifest(folder, tables={"Updates": {}, "Update": {"Complete": False}})
    assert Snapshot(folder).notes == (
        'snapshot.json names "Updates", which is not a table that the kit reads',
        'snapshot.json says "Complete" of Update, which is not read: known are rows, complete, state, note',
    )


def test_table_said_to_be_empty_that_has_rows_is_partial(folder: Path) -> None:
    parquet(folder, "Operation", **whole("Operation", TimeGenerated=[ASKED_AT]))
    manifest(folder, tables={"Operation": {"state": "empty"}})
    told = line(Snapshot(folder), "Operation")
    assert (told.state, told.note) == (
        State.PARTIAL,
        "is not complete: snapshot.json says that it is empty, the file has 1 row",
    )


def test_portal_export_of_thirty_thousand_rows_is_partial(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "Computer,TimeGenerated\n" + "a,2024-03-08T10:00:00Z\n" * 30_000)
    put(folder, "Usage.csv", "Computer\n" + "a\n" * 29_999)
    snapshot = Snapshot(folder)
    partial = line(snapshot, "Heartbeat")
    assert partial.state is State.PARTIAL
    assert "30,000 rows is the portal's limit" in partial.note
    assert "limit" not in line(snapshot, "Usage").note
    manifest(folder)
    assert "limit" not in line(Snapshot(folder), "Heartbeat").note


def test_fuzzy_union_goes_on_with_what_is_there(folder: Path) -> None:
    put(folder, "Operation.csv", "Detail\nstopped\n")
    manifest(folder)
    asked = query("n:long", "union isfuzzy=true Operation, _LogOperation\n| summarize n = count()")
    rows = Snapshot(folder).fetch(asked, VALUES)
    assert (rows.state, rows.frame["n"].tolist()) == (State.PARTIAL, [1])
    assert rows.reason == "_LogOperation was not captured in this snapshot"


# --- answers -----------------------------------------------------------------------------------------------

EVERY_TYPE = (
    "text:string, flag:bool, small:int, number:long, total:long, ratio:real, moment:datetime, span:timespan, "
    "bag:dynamic, nothing:string, none:long, never:datetime"
)
EVERY_VALUE = (
    "Heartbeat\n| summarize total = sum(tolong(1)), newest = max(TimeGenerated), oldest = min(TimeGenerated)"
    "\n| project text = 'x', flag = true, small = toint(3), number = 5, total, ratio = 1.5, moment = newest, "
    'span = newest - oldest, bag = dynamic({"a": [1]}), nothing = "", none = tolong("x"), '
    "never = datetime(null)"
)


def test_answers_have_the_columns_and_dtypes_of_the_header(folder: Path) -> None:
    parquet(folder, "Heartbeat", TimeGenerated=[ASKED_AT, EARLIER])
    snapshot = Snapshot(folder)
    asked = query(EVERY_TYPE, EVERY_VALUE)
    rows = snapshot.fetch(asked, VALUES)
    pd.testing.assert_series_equal(rows.frame.dtypes, kql.empty(asked).dtypes)
    row = rows.frame.iloc[0].to_dict()
    assert row["total"] == 2
    assert row["moment"] == ASKED_AT
    assert row["span"] == timedelta(microseconds=876544)
    assert row["bag"] == {"a": [1]}
    assert row["nothing"] == ""
    assert rows.frame[["none", "never"]].isna().all(axis=None)
    assert (rows.newest, rows.tables, rows.whole) == (ASKED_AT, ("Heartbeat",), True)
    empty = snapshot.fetch(query(EVERY_TYPE, EVERY_VALUE + "\n| where number < 0"), VALUES)
    pd.testing.assert_frame_equal(empty.frame, kql.empty(asked))


@pytest.mark.parametrize(
    ("columns", "body", "said"),
    [
        ("a:string", "project b = Computer", "tried returns b; its header says a"),
        ("a:string, b:long", "project b = 1, a = Computer", "tried returns b, a; its header says a, b"),
        ("a:string", "project a = 1", "a is long, its header says string"),
        ("a:string", 'project a = dynamic({"x": "y"}).x', "a is dynamic, its header says string"),
        ("a:long", "project a = 1.5", "a holds fractions, its header says long"),
        ("a:datetime", "project a = tostring(TimeGenerated)", "a is string, its header says datetime"),
        ("a:string", "project a = Komputer", "there is no column 'Komputer'"),
        ("a:string", "project a = hash(Computer)", "function:hash cannot be run offline"),
        ("a:string", "where where", "not understood at line 8"),
    ],
)
def test_query_that_breaks_its_header_is_an_error_of_the_kit(
    folder: Path, columns: str, body: str, said: str
) -> None:
    put(folder, "Heartbeat.csv", "Computer,TimeGenerated\na,2024-03-08T10:00:00Z\n")
    with pytest.raises(QueryError) as refused:
        Snapshot(folder).fetch(query(columns, f"Heartbeat\n| {body}"), VALUES)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.slow  # the tables of most cases are empty
def test_every_query_of_the_package_runs_on_empty_tables(folder: Path) -> None:
    for section in kql.tables().values():
        for table, columns in section.items():
            put(folder, f"{table}.csv", ",".join(columns) + "\n")
    manifest(folder)
    snapshot = Snapshot(folder)
    for asked in kql.queries().values():
        rows = snapshot.fetch(asked, VALUES)
        assert (rows.state, list(rows.frame.columns)) == (State.COMPLETE, list(asked.columns)), asked.name
        pd.testing.assert_series_equal(rows.frame.dtypes, kql.empty(asked).dtypes)


def test_every_query_of_the_package_runs_on_one_row_of_each_table(folder: Path) -> None:
    values: dict[str, Any] = {
        "string": "x",
        "bool": True,
        "int": 1,
        "long": 2,
        "real": 1.5,
        "datetime": "2024-03-08T09:00:00Z",
        "dynamic": {"a": [1, {"b": None}]},
    }
    for section in kql.tables().values():
        for table, columns in section.items():
            row = {name: values[type_] for name, type_ in columns.items()}
            for asked in kql.queries().values():
                for key in asked.reads[table].keys if table in asked.reads else ():
                    column, *names = key.split(".")
                    row[column] = json.loads(json.dumps(row[column]))
                    place = row[column]
                    for name in names[:-1]:
                        place = place.setdefault(name, {})
                    place[names[-1]] = "x"
            put(folder, f"{table}.jsonl", json.dumps(row))
    manifest(folder)
    snapshot = Snapshot(folder)
    for asked in kql.queries().values():
        rows = snapshot.fetch(asked, VALUES)
        assert rows.state is State.COMPLETE, f"{asked.name}: {rows.reason}"
        assert set(rows.tables) == set(asked.tables), asked.name


def test_free_question_gets_dtypes_by_engine_type(folder: Path) -> None:
    parquet(folder, "Heartbeat", TimeGenerated=[ASKED_AT], Computer=['odd"; drop'])
    frame = Snapshot(folder).kql(
        "Heartbeat | project TimeGenerated, Computer, n = 1, d = dynamic([1]), s = 1h"
    )
    assert frame.iloc[0].tolist() == [ASKED_AT, 'odd"; drop', 1, [1], timedelta(hours=1)]
    assert [str(dtype) for dtype in frame.dtypes] == [
        "datetime64[us, UTC]",
        "str",
        "Int64",
        "object",
        "timedelta64[us]",
    ]


def test_now_in_a_free_question_is_the_snapshots_clock(folder: Path) -> None:
    parquet(folder, "Heartbeat", TimeGenerated=[EARLIER])
    assert Snapshot(folder).kql("print n = now()")["n"].tolist() == [EARLIER]
    manifest(folder)
    assert Snapshot(folder).kql("Heartbeat | where TimeGenerated > ago(1h) | project n = now()")[
        "n"
    ].tolist() == [ASKED_AT]


# --- data health -------------------------------------------------------------------------------------------


def test_health_has_a_line_per_table_and_workspace(folder: Path) -> None:
    put(folder, "workspaces.jsonl", '{"name": "law-one", "properties": {"customerId": "AAA-1"}}\n')
    put(
        folder,
        "Heartbeat.csv",
        "TenantId,TimeGenerated\naaa-1,2024-03-08T10:00:00Z\nbbb-2,2024-03-01T10:00:00Z\n",
    )
    put(folder, "Update.csv", "TenantId,TimeGenerated\naaa-1,2024-03-08T09:00:00Z\n")
    put(folder, "resources.jsonl", '{"id": "/a"}\n')
    manifest(folder)
    lines = [
        (line.table, line.scope, line.state.value, line.rows, line.newest and line.newest.isoformat())
        for line in Snapshot(folder).health()
        if line.state is not State.MISSING
    ]
    assert lines == [
        ("Update", "bbb-2", "partial", 0, None),  # it has but three columns
        ("Update", "law-one", "partial", 1, "2024-03-08T09:00:00+00:00"),
        ("Heartbeat", "bbb-2", "partial", 1, "2024-03-01T10:00:00+00:00"),
        ("Heartbeat", "law-one", "partial", 1, "2024-03-08T10:00:00+00:00"),
        ("resources", "Resource Graph", "partial", 1, None),
        ("workspaces", "Azure Resource Manager", "partial", 1, None),
    ]


def test_rows_without_workspace_belong_to_the_only_one(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "TenantId\naaa-1\n")
    put(folder, "Update.csv", "Computer\na\n")
    assert {line.scope for line in Snapshot(folder).health() if line.rows} == {"aaa-1"}
    (folder / "Heartbeat.csv").unlink()
    assert {line.scope for line in Snapshot(folder).health() if line.rows} == {"workspace"}


# --- running -----------------------------------------------------------------------------------------------


def test_many_threads_may_ask_at_once(folder: Path) -> None:
    put(folder, "Heartbeat.csv", "Computer,TimeGenerated\n" + "a,2024-03-08T09:00:00Z\n" * 1000)
    parquet(folder, "Update", Computer=["b"] * 2000, TimeGenerated=[ASKED_AT] * 2000)
    manifest(folder)
    snapshot = Snapshot(folder)
    asked = [
        query("n:long", f"{table}\n| where TimeGenerated <= asked_at\n| summarize n = count()")
        for table in ("Heartbeat", "Update") * 10
    ]
    with ThreadPoolExecutor(8) as pool:
        counts = [
            rows.frame["n"].tolist() for rows in pool.map(lambda one: snapshot.fetch(one, VALUES), asked)
        ]
    assert counts == [[1000], [2000]] * 10


def test_interrupt_stops_a_running_query(folder: Path) -> None:
    parquet(folder, "Heartbeat", Computer=[f"m{place}" for place in range(20_000)], OSType=["x"] * 20_000)
    manifest(folder)
    snapshot = Snapshot(folder)
    snapshot.kql("Heartbeat | count")  # its file is open: what is interrupted is the query
    asked = query(
        "n:long",
        "Heartbeat\n| join kind=inner (Heartbeat | project other = Computer, OSType) on OSType"
        "\n| where strlen(strcat(Computer, other)) > 100\n| summarize n = count()",
    )
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(snapshot.fetch, asked, VALUES)
        while not answer.done():  # 400 million pairs: it would be complete if nothing stopped it
            snapshot.interrupt()
            time.sleep(0.01)
    rows = answer.result()
    assert (rows.state, rows.reason) == (State.MISSING, "Heartbeat could not be read: it was interrupted")


def test_closed_snapshot_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = folder.parent / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    put(folder, "Heartbeat.csv", "Computer\na\n")
    snapshot = Snapshot(folder)
    made = list(spill.iterdir())
    assert [path.stat().st_mode & 0o077 for path in made if os.name != "nt"] in ([0], [])
    snapshot.close()
    assert list(spill.iterdir()) == []
    assert sorted(path.name for path in folder.iterdir()) == ["Heartbeat.csv"]
    with pytest.raises(QueryError, match="the snapshot is closed"):
        snapshot.kql("Heartbeat")


def test_nothing_outside_the_snapshot_can_be_read(folder: Path) -> None:
    secret = put(folder.parent, "secret.csv", "a\nsecret\n")
    put(folder, "Heartbeat.csv", "Computer\na\n")
    snapshot = Snapshot(folder)
    inside = (folder / "Heartbeat.csv").as_posix()
    for text in (f'["{secret.as_posix()}"]', "['Heartbeat.csv']", f'["{inside}"]'):
        with pytest.raises(QueryError, match="there is no table"):
            snapshot.kql(text)
    with pytest.raises(Exception, match="disabled by configuration"):
        snapshot._engine.rows(f"SELECT * FROM read_csv('{secret.as_posix()}')")


def write_texts(folder: Path, table: str, name: str, texts: list[str], suffix: str) -> None:
    """One column of text, in any of the three formats."""
    frame = pd.DataFrame({name: texts, "Type": "x"})
    if suffix == "parquet":
        pq.write_table(pa.table({name: texts, "Type": ["x"] * len(texts)}), folder / f"{table}.parquet")
    elif suffix == "csv":
        put(folder, f"{table}.csv", frame.to_csv(index=False, lineterminator="\n"))
    else:
        put(folder, f"{table}.jsonl", frame.to_json(orient="records", lines=True, force_ascii=False))
