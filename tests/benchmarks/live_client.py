"""What the benchmarks of live Azure measure, each in a process of its own: prints one line of JSON.

python live_client.py fetch PARAMETERS.json    seconds of the fetch stage
python live_client.py page PARAMETERS.json QUERY    memory while a query of Resource Graph is paged
"""

import json
import sys
import threading
import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from umdiag.kit import Kit
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.report.notebooks import fetch_machine
from umdiag.sources.live import azure
from umdiag.sources.live.gates import Rate
from umdiag.sources.live.manners import Limits
from umdiag.sources.opening import target_of

OFTEN = Rate(requests=100_000, seconds=1)


def fetch(values: Mapping[str, Any]) -> Mapping[str, float]:
    """Fetch what a whole report fetches; rates are not limited, concurrency is.

    `seconds` are those of everything but the machine notebook's queries, `processor` is what they used of it.
    """
    azure.Limits = lambda: Limits(log_rate=OFTEN, graph_rate=OFTEN)  # type: ignore[misc]
    kit = Kit(from_values(values, folder=None))
    began, used = time.monotonic(), time.process_time()
    kit.fetch()
    seconds, used = time.monotonic() - began, time.process_time() - used
    kit.diagnoses()
    fetch_machine(kit)
    kit.close()
    return {"seconds": seconds, "processor": used}


def page(values: Mapping[str, Any], name: str) -> Mapping[str, float]:
    """Page a query whole; memory in bytes: of the rows, before the first and at most."""
    query = kql.queries()[name]
    source = azure.Azure(
        target_of(from_values(values, folder=None)), limits=Limits(log_rate=OFTEN, graph_rate=OFTEN)
    )
    source.graph.count(query.text)
    source.graph._page(query.text, source.graph.scopes[0], "", 1000)
    process, done, held = psutil.Process(), threading.Event(), [0]
    start = process.memory_info().rss

    def watch() -> None:
        # What the process once held, while it imported, is more than it holds at the start: no `ru_maxrss`.
        while not done.wait(0.005):
            held.append(process.memory_info().rss)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    frame, cuts = source.graph.ask(query, query.text)
    done.set()
    watching.join()
    assert not cuts
    assert frame["id"].is_unique
    source.close()
    return {"rows": len(frame), "frame": size_of(frame), "start": start, "most": max(held)}


def size_of(frame: pd.DataFrame) -> int:
    """Return the bytes of a frame with all that its dynamic values hold, which pandas does not count."""
    size = int(frame.memory_usage(deep=True).sum())
    for column in frame.columns[frame.dtypes == "object"]:
        size += sum(
            sys.getsizeof(part)
            for one in frame[column]
            if isinstance(one, (dict, list))
            for part in (chain.from_iterable(one.items()) if isinstance(one, dict) else one)
        )
    return size


if __name__ == "__main__":
    told = {"fetch": fetch, "page": page}[sys.argv[1]](
        json.loads(Path(sys.argv[2]).read_text()), *sys.argv[3:]
    )
    sys.stdout.write(json.dumps(told) + "\n")
