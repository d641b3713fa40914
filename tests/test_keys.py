"""Keys inside dynamic columns are part of what a query reads: in any case, and missed where they are absent.

The matrix is that of the queries: no table and no key is named in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support import live_estate as estate
from support import snapshot_rows as rows
from support.spelling import pascal
from support.thinning import one_in
from umdiag.model import Rows, State
from umdiag.queries import kql
from umdiag.sources.snapshot import Snapshot

KEYED = [query.name for query in kql.queries().values() if query.keyed]
GIVEN = {
    **estate.GIVEN,
    "machines": {
        **estate.GIVEN["machines"],
        "d-elsewhere": {"kind": "arc", "elsewhere": {"status": "Succeeded", "at": "-2d"}},
    },
}
Damage = Callable[[str], str | None]


#: What may stand in a column in the place of its keys.
DAMAGES: Mapping[str, Damage] = {
    "null": lambda _: None,
    "empty": lambda _: "{}",
    "text": lambda _: "System.Collections.Hashtable",
    "list": lambda text: f"[{text}]",
    "other keys": lambda _: '{"somethingElse": "Succeeded"}',
    "text of an object": json.dumps,
}


def made() -> dict[str, list[dict[str, Any]]]:
    """Return rows of the types that queries of Resource Graph pick, with every key that they read."""
    found: dict[str, list[dict[str, Any]]] = {}
    for query in (kql.queries()[name] for name in KEYED if kql.queries()[name].dialect == "graph"):
        for table, reading in query.reads.items():
            named = re.findall(r'type (=~|has) "([^"]+)"', reading.rows)
            row: dict[str, Any] = {"properties": {}}
            for key in reading.keys:
                place, *names = row, *key.split(".")
                for name in names[:-1]:
                    place = place.setdefault(name, {})
                place[names[-1]] = "2024-03-15T09:00:00Z"
            if named:
                exact = named[0][0] == "=~"
                row["type"] = named[0][1] if exact else "/".join(["x", *(part for _, part in named)])
                rows_of = found.setdefault(table, [])
                rows_of += [row | {"id": f"/x/{query.name}/{number}"} for number in range(2)]
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    rows.write_snapshot(folder, {**GIVEN, "rows": made()})
    return folder


def ask(folder: Path, *names: str) -> dict[str, Rows]:
    snapshot = Snapshot(folder)
    try:
        return {name: snapshot.fetch(kql.queries()[name], {"asked_at": rows.ASKED_AT}) for name in names}
    finally:
        snapshot.close()


def spoil(
    whole: Path, folder: Path, damage: Damage, *names: str, step: int = 1, form: str = "parquet"
) -> None:
    """Write the tables of queries with what happened to each `step`th dynamic value that is followed."""
    for table, column in {
        (table, key.partition(".")[0])
        for name in names
        for table, reading in kql.queries()[name].reads.items()
        for key in reading.keys
    }:
        content = pq.read_table(whole / f"{table}.parquet")
        assert len(content), f"the estate has no row of {table}"
        values = content[column].to_pylist()
        values[::step] = [value and damage(value) for value in values[::step]]
        content = content.set_column(content.column_names.index(column), column, pa.array(values))
        if form == "parquet":
            pq.write_table(content, folder / f"{table}.parquet")
        else:
            lines = [
                json.dumps({key: _plain(one) for key, one in row.items()}) for row in content.to_pylist()
            ]
            (folder / f"{table}.jsonl").write_text("\n".join(lines))
    told = {"format": 1, "asked_at": rows.ASKED_AT.isoformat(), "lookback": rows.LOOKBACK}
    (folder / "snapshot.json").write_text(json.dumps(told))


def _plain(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) and value.startswith("{") else value
    except ValueError:
        return value


def test_whole_keys_make_whole_answers(whole: Path) -> None:
    for name, answer in ask(whole, *KEYED).items():
        assert (name, answer.state, answer.reason) == (name, State.COMPLETE, "")


@pytest.mark.parametrize("how", one_in(3, DAMAGES))
def test_rows_without_what_is_read_make_answers_partial(how: str, whole: Path, tmp_path: Path) -> None:
    # A service that is linked otherwise than to an account has other keys.
    names = [name for name in KEYED if (name, how) != ("linked_accounts", "other keys")]
    spoil(whole, tmp_path, DAMAGES[how], *names, step=2)
    for name, answer in ask(tmp_path, *names).items():
        assert (name, answer.state) == (name, State.PARTIAL)
        assert f"{answer.tables[0]}.properties" in answer.reason


@pytest.mark.parametrize("form", one_in(2, ["parquet", "jsonl"]))
def test_keys_in_another_case_are_read_as_the_service_writes_them(
    form: str, whole: Path, tmp_path: Path
) -> None:
    spoil(whole, tmp_path, pascal, *KEYED, form=form, step=2)
    known = ask(whole, *KEYED)
    for name, answer in ask(tmp_path, *KEYED).items():
        assert (name, answer.state, answer.reason) == (name, State.COMPLETE, "")
        assert _sorted(answer) == _sorted(known[name])


def _sorted(answer: Rows) -> list[dict[str, Any]]:
    content = answer.frame.astype(object).where(answer.frame.notna(), None).to_dict("records")
    return sorted(map(_folded_keys, content), key=lambda row: str(row["id"]))


def _folded_keys(value: Any) -> Any:
    """Fold the keys of values that are handed on whole: they are not keys that a query reads."""
    if isinstance(value, dict):
        return {key.lower(): _folded_keys(inner) for key, inner in value.items()}
    return [_folded_keys(inner) for inner in value] if isinstance(value, list) else value


def test_a_key_that_every_row_has_is_missed_where_it_is_not_there(whole: Path, tmp_path: Path) -> None:
    spoil(whole, tmp_path, lambda text: text.replace('"changeType"', '"kind"'), "resource_changes")
    answer = ask(tmp_path, "resource_changes")["resource_changes"]
    assert answer.state is State.PARTIAL
    assert answer.reason == "resourcechanges.properties.changeType is empty in every row"


def test_machines_none_of_which_tells_its_power_state_make_the_answer_partial(
    whole: Path, tmp_path: Path
) -> None:
    def without(text: str) -> str:
        return text.replace('"powerState"', '"state"').replace('"status"', '"state"')

    spoil(whole, tmp_path, without, "azure_machines")
    answer = ask(tmp_path, "azure_machines")["azure_machines"]
    assert answer.state is State.PARTIAL
    keys = "extended.instanceView.powerState.code or properties.status"
    assert answer.reason == f"resources.properties.{keys} is empty in every row"


def test_rows_of_types_that_a_query_does_not_read_may_hold_anything(tmp_path: Path) -> None:
    other = {"id": "/subscriptions/s/x", "name": "x", "type": "microsoft.compute/disks", "properties": {}}
    rows.write_snapshot(tmp_path, {**GIVEN, "rows": {"resources": [other]}})
    assert ask(tmp_path, "azure_machines")["azure_machines"].state is State.COMPLETE


def test_keys_of_tags_keep_their_case(tmp_path: Path) -> None:
    tags = {"Status": "x", "VmId": "y"}
    rows.write_snapshot(tmp_path, {"machines": {"m": {"tags": tags}}})
    spoil(tmp_path, tmp_path, pascal, "azure_machines")
    assert list(ask(tmp_path, "azure_machines")["azure_machines"].frame["tags"]) == [tags]
