"""Objects whose properties hold nothing that is read make live answers partial; their case is any."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from servers.azure import AzureStandIn, changed
from servers.wire import Request
from support import live_estate as estate
from support.spelling import pascal
from umdiag.model import Rows, State

#: A query, and columns of its answer that come out of `properties`.
OF_GRAPH = {
    "azure_machines": ("os_type", "power_state", "vm_id", "created"),
    "resource_changes": ("target_id", "change_type", "changed", "changes", "changed_by", "client"),
}


def fact(azure: AzureStandIn, name: str) -> Rows:
    kit = estate.live(azure)
    try:
        rows: Rows = kit.fact(name)
    finally:
        kit.close()
    return rows


def of_workers(request: Request) -> bool:
    return request.path.lower().endswith("/hybridrunbookworkers")


def with_properties(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change the properties of every object of a list."""
    return lambda page: {
        **page, "value": [{**one, "properties": change(one["properties"])} for one in page["value"]]
    }  # fmt: skip


@pytest.mark.parametrize("left", [{}, None, {"ip": "10.0.0.4"}, "?"], ids=str)
def test_objects_without_what_is_read_of_them_make_the_answer_partial(azure: AzureStandIn, left: Any) -> None:
    azure.fault(of_workers, changed(with_properties(lambda _: left)))
    workers = fact(azure, "workers")
    assert workers.state is State.PARTIAL
    assert "hybridRunbookWorkers.properties cannot be read in every row" in workers.reason
    assert workers.unseen == ()


def test_objects_whose_keys_have_capitals_are_read_as_ever(azure: AzureStandIn) -> None:
    sound = fact(azure, "workers")
    azure.fault(of_workers, changed(with_properties(lambda one: json.loads(pascal(json.dumps(one))))))
    workers = fact(azure, "workers")
    assert (workers.state, workers.reason) == (State.COMPLETE, "")
    assert workers.frame.equals(sound.frame)


@pytest.mark.parametrize("name", OF_GRAPH)
def test_rows_of_resource_graph_that_tell_nothing_make_the_answer_partial(
    azure: AzureStandIn, name: str
) -> None:
    table = {"azure_machines": "resources", "resource_changes": "resourcechanges"}[name]

    def emptied(page: Any) -> Any:
        first, *rest = page["data"]
        return {**page, "data": [first | dict.fromkeys(OF_GRAPH[name]), *rest]}

    azure.fault(lambda one: f"\n{table}\n" in f"\n{one.text}", changed(emptied))
    answer = fact(azure, name)
    assert answer.state is State.PARTIAL
    assert f"{table}.properties cannot be read in " in answer.reason
