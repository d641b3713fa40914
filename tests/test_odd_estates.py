"""Estates whose rows are odd from end to end: there is a report, and its notebooks see what was judged."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support import snapshot_rows as rows
from umdiag.__main__ import execute
from umdiag.kit import Kit
from umdiag.parameters import Parameters, from_values
from umdiag.report.writing import FRAMES, Report

ESTATE = {
    "machines": {
        "web-1": {"updates": [{"kb": 1}]},
        "web-2": {"heard": "never"},
        "old": {"heard": "-3d..-30h"},
    },
    "deployments": {
        "nightly": {
            "machines": ["web-1"],
            "groups": [{"tags": {"patch": ["night"]}}],
            "runs": [{"id": "r1", "at": "-1d", "machines": {"web-1": {}}}],
        }
    },
    "changes": [{"machine": "web-2", "at": "-2d", "type": "Update", "tags.patch": ["night", "day"]}],
}
TAGS: Mapping[str, Sequence[str | None]] = {
    "empty": ["{}"],
    "null": [None],
    "the word null": ["null"],
    "numbers beside texts": [
        '{"patch": 1}',
        '{"patch": "night"}',
        '{"patch": [1, "a", null]}',
        "5",
        '"night"',
    ],
    "half characters": ['{"patch": "\\ud83d"}', '{"\\udc00": "night"}'],
    "endless": ['{"patch": ' + "[" * 2000 + "]" * 2000 + "}"],
    "no JSON": ["night", "{"],
}

#: Each takes some seconds: a column without a value of any kind, and one with values of every kind.
QUICK = ("empty", "numbers beside texts")


def parameters(folder: Path, tags: Sequence[str | None]) -> Parameters:
    """Write the estate with these tags in turn on whatever bears tags, and return parameters for it."""
    turn = itertools.cycle(tags)
    for table, content in rows.tables_of(ESTATE).items():
        changed = [row | {"tags": next(turn)} if "tags" in row else row for row in content]
        (folder / f"{table}.parquet").write_bytes(rows.parquet(table, json.dumps(changed)))
    told = {"format": 1, "asked_at": rows.ASKED_AT.isoformat(), "lookback": rows.LOOKBACK}
    (folder / "snapshot.json").write_text(json.dumps(told), encoding="utf-8")
    values = {"source": "snapshot", "snapshot": str(folder), "suspects": ["web-2"]}
    return from_values(values, folder=None)


@pytest.fixture(scope="module")
def known() -> dict[Any, Any]:
    """What was answered from tables that bear no tags."""
    return {}


@pytest.mark.xdist_group("odd estates")
@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(tags, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, tags in TAGS.items()
    ],
)
def test_report_of_any_tags_is_written_and_shown(
    tmp_path: Path, tags: Sequence[str | None], known: dict[Any, Any]
) -> None:
    asked, run = tmp_path / "asked", tmp_path / "run"
    asked.mkdir()
    run.mkdir()
    given = parameters(asked, tags)
    kit = Kit(given)
    with rows.answered_once(known):
        judged_once = kit.drawn(["missed_machines"])  # which reads tags in every way there is
    report = Report(kit, given, judged_once, run, [])
    report.write_data()
    shown = Kit(given, run=run)
    assert [
        (judged.scenario, judged.verdict, len(judged.findings))
        for judged in shown.diagnoses("missed_machines")
    ] == [(judged.scenario, judged.verdict, len(judged.findings)) for judged in judged_once.diagnoses]
    derived = [file.stem for file in (run / FRAMES).iterdir()]
    # Of tags that cannot be read rows are missing, and what may not be derived from a part is not there.
    wanted = {"estate", "targets", "missed", "funnels", "machine_changes"}
    assert {name for name in wanted if kit.seen(name).frame is not None} <= set(derived)
    assert "machine_changes" in derived
    for name in derived:
        pd.testing.assert_frame_equal(shown.seen(name).frame, kit.seen(name).frame)
    for answer in kit.rows():
        pd.testing.assert_frame_equal(shown.fact(answer.name).frame, answer.frame)
    report.write_index([])
    kit.close()


@pytest.mark.slow
@pytest.mark.parametrize("tags", [TAGS["empty"], TAGS["numbers beside texts"]], ids=["empty", "mixed"])
def test_command_reports_on_any_tags(tmp_path: Path, tags: Sequence[str | None]) -> None:
    asked = tmp_path / "asked"
    asked.mkdir()
    parameters(asked, tags)
    (tmp_path / "odd.yml").write_text("source: snapshot\nsnapshot: asked\n", encoding="utf-8")
    assert (
        execute(["report", str(tmp_path / "odd.yml"), "-o", str(tmp_path / "out"), "--fail-on", "never"]) == 0
    )
    told = json.loads((tmp_path / "out" / "findings.json").read_text(encoding="utf-8"))
    assert {notebook["status"] for notebook in told["notebooks"]} == {"succeeded"}
