from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

from umdiag.errors import QueryError, SourceError
from umdiag.model import Rows, State, TableHealth
from umdiag.queries import kql
from umdiag.sources.opening import open_folder
from umdiag.sources.replay import Replay, write_facts
from umdiag.sources.snapshot import Snapshot

ASKED_AT = datetime(2024, 3, 8, 10, tzinfo=UTC)
LOOKBACK = timedelta(days=14)
VALUES: dict[str, kql.Value] = {"asked_at": ASKED_AT, "lookback": LOOKBACK}
COLUMNS = "text:string, flag:bool, number:long, ratio:real, moment:datetime, span:timespan, bag:dynamic"
HEALTH = TableHealth(
    table="Heartbeat", scope="law-main", state=State.PARTIAL, rows=3, newest=ASKED_AT, note="cut short"
)


def query(name: str = "everything", columns: str = COLUMNS) -> kql.Query:
    header = f"// Title: t\n// Answers: a\n// Columns: {columns}\n// Source: s\n"
    block = "let asked_at = now(); // parameter\nlet machine = ''; // parameter\n".replace("''", '""')
    return kql.read(name, "logs", f"{header}{block}Heartbeat\n| take 3")


def frame() -> pd.DataFrame:
    data: dict[str, list[Any]] = {
        "text": ["a\x00b\u2028", "", '=1+1"'],
        "flag": [True, None, False],
        "number": [2**63 - 1, None, -5],
        "ratio": [1.5, None, -0.0],
        "moment": [ASKED_AT + timedelta(microseconds=1), None, datetime(1, 1, 1, tzinfo=UTC)],
        "span": [timedelta(days=-1, microseconds=3), None, timedelta(0)],
        "bag": [{"a": [1, None, {"b": "\u00e9"}]}, None, []],
    }
    types = query().columns
    return pd.DataFrame({name: pd.Series(data[name], dtype=kql.DTYPES[types[name]]) for name in types})


def answer(asked: kql.Query, values: dict[str, kql.Value] = VALUES, **changes: Any) -> Rows:
    given: dict[str, Any] = {
        "name": asked.name,
        "text": kql.bind(asked, values),
        "frame": frame(),
        "state": State.COMPLETE,
        "newest": ASKED_AT,
        "tables": ("Heartbeat",),
    }
    return Rows(**{**given, **changes})


def write(folder: Path, *rows: Rows) -> None:
    write_facts(folder, rows, asked_at=ASKED_AT, lookback=LOOKBACK, health=[HEALTH], notes=["a note"])


def test_report_is_opened_as_replay_and_tells_what_it_told(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    replay = open_folder(tmp_path)
    assert isinstance(replay, Replay)
    assert (replay.clock(), replay.newest(), replay.lookback) == (ASKED_AT, ASKED_AT, LOOKBACK)
    assert (list(replay.notes), list(replay.health())) == (["a note"], [HEALTH])
    replay.interrupt()
    replay.close()


def test_rows_come_back_exactly(tmp_path: Path) -> None:
    given = answer(query())
    write(tmp_path, given)
    found = open_folder(tmp_path).fetch(query(), VALUES)
    pd.testing.assert_frame_equal(found.frame, given.frame)
    assert found.frame["bag"].tolist() == [{"a": [1, None, {"b": "\u00e9"}]}, None, []]
    assert (found.name, found.text, found.state) == (given.name, given.text, given.state)
    assert (found.newest, found.tables, found.reason) == (ASKED_AT, ("Heartbeat",), "")


def test_answer_without_rows_keeps_its_dtypes(tmp_path: Path) -> None:
    write(tmp_path, answer(query(), frame=kql.empty(query())))
    found = open_folder(tmp_path).fetch(query(), VALUES)
    pd.testing.assert_frame_equal(found.frame, kql.empty(query()))
    assert found.whole


def test_list_that_is_null_in_every_row_comes_back(tmp_path: Path) -> None:
    asked = query(columns="bag:dynamic, text:string")
    frame = pd.DataFrame(
        {"bag": pd.Series([None, None], dtype="object"), "text": pd.Series(["", "x"], dtype="str")}
    )
    write(tmp_path, answer(asked, frame=frame))
    pd.testing.assert_frame_equal(open_folder(tmp_path).fetch(asked, VALUES).frame, frame)


@pytest.mark.parametrize("state", [State.DENIED, State.MISSING])
def test_state_and_reason_are_kept(tmp_path: Path, state: State) -> None:
    write(
        tmp_path, answer(query(), frame=kql.empty(query()), state=state, reason="Heartbeat: 403", newest=None)
    )
    found = open_folder(tmp_path).fetch(query(), VALUES)
    assert (found.state, found.reason, found.newest) == (state, "Heartbeat: 403", None)
    pd.testing.assert_frame_equal(found.frame, kql.empty(query()))
    assert list((tmp_path / "facts").iterdir()) == []


def test_partial_answer_keeps_rows_and_reason(tmp_path: Path) -> None:
    write(tmp_path, answer(query(), state=State.PARTIAL, reason="64 MB limit"))
    found = open_folder(tmp_path).fetch(query(), VALUES)
    assert (found.state, found.reason, len(found.frame)) == (State.PARTIAL, "64 MB limit", 3)


@pytest.mark.parametrize("values", [{**VALUES, "asked_at": ASKED_AT + timedelta(seconds=1)}, {}])
def test_other_values_are_refused(tmp_path: Path, values: dict[str, kql.Value]) -> None:
    write(tmp_path, answer(query()))
    with pytest.raises(QueryError, match="this report holds answers, not tables: everything was not asked"):
        open_folder(tmp_path).fetch(query(), values)


def test_free_question_is_refused(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    with pytest.raises(QueryError, match="this report holds answers, not tables"):
        open_folder(tmp_path).kql("Heartbeat")


def test_query_asked_with_several_values_is_kept_for_each(tmp_path: Path) -> None:
    first: dict[str, kql.Value] = {**VALUES, "machine": "a"}
    second: dict[str, kql.Value] = {**VALUES, "machine": "b"}
    write(
        tmp_path,
        answer(query(), first, frame=frame().head(1)),
        answer(query(), second, frame=frame().head(2)),
        answer(query("alone")),
    )
    told = json.loads((tmp_path / "snapshot.json").read_text(encoding="utf-8"))["facts"]
    assert sorted(name.partition("@")[0] for name in told) == ["alone", "everything", "everything"]
    assert all(key in ("alone", f"everything@{fact['text_sha256'][:12]}") for key, fact in told.items())
    replay = open_folder(tmp_path)
    assert [len(replay.fetch(query(), values).frame) for values in (first, second)] == [1, 2]


def test_same_question_twice_is_one_fact(tmp_path: Path) -> None:
    write(tmp_path, answer(query()), answer(query(), frame=frame().head(1)))
    assert [path.name for path in (tmp_path / "facts").iterdir()] == ["everything.parquet"]
    assert len(open_folder(tmp_path).fetch(query(), VALUES).frame) == 1


def test_manifest_is_as_the_contract_says(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    told = json.loads((tmp_path / "snapshot.json").read_text(encoding="utf-8"))
    fact = told["facts"]["everything"]
    assert (told["format"], told["asked_at"], told["lookback"]) == (1, "2024-03-08T10:00:00Z", "14d")
    assert fact["text_sha256"] == kql.sha256(kql.bind(query(), VALUES))
    file = tmp_path / "facts" / "everything.parquet"
    assert fact["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (fact["state"], fact["rows"], fact["newest"]) == ("complete", 3, "2024-03-08T10:00:00Z")


@pytest.mark.parametrize("lookback", [timedelta(hours=36), timedelta(minutes=90), timedelta(seconds=61)])
def test_lookback_comes_back(tmp_path: Path, lookback: timedelta) -> None:
    write_facts(tmp_path, [], asked_at=ASKED_AT, lookback=lookback)
    assert open_folder(tmp_path).lookback == lookback


def health_of(folder: Path) -> tuple[State, str]:
    (line,) = open_folder(folder).health()
    return line.state, line.note


def changed(folder: Path, **facts: Any) -> None:
    """Change what snapshot.json says of the fact."""
    file = folder / "snapshot.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    told["facts"]["everything"] |= facts
    told["facts"]["everything"] = {key: value for key, value in told["facts"]["everything"].items() if value}
    file.write_text(json.dumps(told), encoding="utf-8")


def test_fact_whose_rows_were_edited_is_missing_and_said(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    file = tmp_path / "facts" / "everything.parquet"
    rows = pyarrow.parquet.read_table(file)
    place = rows.column_names.index("text")
    edited = rows.set_column(place, "text", pyarrow.array(["b", "b", "b"]))
    pyarrow.parquet.write_table(edited, file)
    found = open_folder(tmp_path).fetch(query(), VALUES)
    told = "facts/everything.parquet is not the file that was written with this report: copy the report again"
    assert (found.state, found.frame.empty) == (State.MISSING, True)
    assert found.reason.startswith(told)
    state, note = health_of(tmp_path)
    assert state is State.UNREADABLE
    assert note.startswith(f"cut short; {told}")


def test_health_tells_of_a_fact_that_is_gone(tmp_path: Path) -> None:
    write(tmp_path, answer(query()), answer(query("other"), tables=("Update",)))
    (tmp_path / "facts" / "other.parquet").unlink()
    assert health_of(tmp_path) == (State.PARTIAL, "cut short")  # of another table
    (tmp_path / "facts" / "everything.parquet").unlink()
    state, note = health_of(tmp_path)
    assert state is State.UNREADABLE
    assert "facts/everything.parquet is not there: copy the report again" in note


def test_fact_that_was_refused_is_nowhere_missed(tmp_path: Path) -> None:
    write(tmp_path, answer(query(), frame=kql.empty(query()), state=State.DENIED, reason="403"))
    assert health_of(tmp_path) == (State.PARTIAL, "cut short")


def test_report_of_before_is_replayed_and_said_to_be_unchecked(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    changed(tmp_path, sha256=kql.sha256(kql.bind(query(), VALUES)), text_sha256=None)
    assert open_folder(tmp_path).fetch(query(), VALUES).whole
    state, note = health_of(tmp_path)
    assert (state, "its rows are not checked" in note) == (State.PARTIAL, True)


@pytest.mark.parametrize("harm", ["gone", "cut", "other", "short"])
def test_fact_that_cannot_be_read_is_missing_and_said(tmp_path: Path, harm: str) -> None:
    asked = query("other")
    write(tmp_path, answer(query()), answer(asked, frame=frame().drop(columns="bag")))
    file = tmp_path / "facts" / "everything.parquet"
    content = file.read_bytes()
    match harm:
        case "gone":
            file.unlink()
        case "cut":
            file.write_bytes(content[:-20])
        case "other":
            file.write_bytes((tmp_path / "facts" / "other.parquet").read_bytes())
        case "short":
            told = (tmp_path / "snapshot.json").read_text(encoding="utf-8")
            (tmp_path / "snapshot.json").write_text(told.replace('"rows": 3', '"rows": 4'), encoding="utf-8")
    found = open_folder(tmp_path).fetch(query(), VALUES)
    assert found.state is State.MISSING
    assert found.reason.startswith("facts/everything.parquet is ")
    pd.testing.assert_frame_equal(found.frame, kql.empty(query()))


def test_writing_again_leaves_no_old_facts_and_no_temporary_files(tmp_path: Path) -> None:
    write(tmp_path, answer(query()), answer(query("old")))
    write(tmp_path, answer(query()))
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "everything.parquet",
        "facts",
        "snapshot.json",
    ]


@pytest.mark.skipif(os.name == "nt", reason="the system knows no such rights")
def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    assert {path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")} == {0}


@pytest.mark.parametrize(
    "content",
    [
        '{"format": 1, "facts": {}}',
        '{"format": 1, "asked_at": "2024-03-08T10:00:00Z", "facts": {"a": {"rows": 1}}}',
    ],
)
def test_report_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "snapshot.json").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError):
        open_folder(tmp_path)


def test_fact_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    told = (tmp_path / "snapshot.json").read_text(encoding="utf-8")
    (tmp_path / "snapshot.json").write_text(
        told.replace('"everything"', '"everything@/../../x"'), encoding="utf-8"
    )
    with pytest.raises(SourceError, match="facts"):
        open_folder(tmp_path)


def test_every_answer_of_a_snapshot_can_be_replayed(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    for section in kql.tables().values():
        for table in list(section)[::2]:
            (tables / f"{table}.jsonl").write_text('{"TimeGenerated": "2024-03-08T09:00:00Z", "id": "/a"}\n')
    snapshot = Snapshot(tables)
    asked = [snapshot.fetch(asked, VALUES) for asked in kql.queries().values()]
    report = tmp_path / "report"
    write_facts(report, asked, asked_at=ASKED_AT, lookback=LOOKBACK, health=snapshot.health())
    replay = open_folder(report)
    for given in asked:
        found = replay.fetch(kql.queries()[given.name], VALUES)
        pd.testing.assert_frame_equal(found.frame, given.frame)
        assert (found.state, found.reason, found.newest) == (given.state, given.reason, given.newest)
    assert replay.health() == snapshot.health()


def test_answer_with_rows_whose_sha256_was_removed_is_missing(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    told = json.loads((tmp_path / "snapshot.json").read_text(encoding="utf-8"))
    next(iter(told["facts"].values()))["sha256"] = ""
    (tmp_path / "snapshot.json").write_text(json.dumps(told), encoding="utf-8")
    found = open_folder(tmp_path).fetch(query(), VALUES)
    assert found.state is State.MISSING
    assert "is not the file that was written with this report" in found.reason


def test_answer_in_a_state_that_no_answer_has_is_refused_in_one_line(tmp_path: Path) -> None:
    write(tmp_path, answer(query()))
    told = json.loads((tmp_path / "snapshot.json").read_text(encoding="utf-8"))
    next(iter(told["facts"].values()))["state"] = "empty"
    (tmp_path / "snapshot.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(SourceError, match=r"state: is not the state of an answer") as refused:
        open_folder(tmp_path)
    assert "\n" not in str(refused.value)
