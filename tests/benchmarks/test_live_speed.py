"""How long live Azure takes, against what latency and allowed concurrency leave no way around; `make bench`.

The stand-in and the client are processes of their own. What a run may take is computed from what it asked.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from fleet.maker import make_fleet
from umdiag.judging import needs
from umdiag.queries import kql
from umdiag.sources.live.collections import COLLECTIONS
from umdiag.sources.live.manners import Limits

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

HERE = Path(__file__).parent
LATENCY = 0.3
LIMITS = Limits()
MIB = 2**20
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
LOGS = "/providers/Microsoft.OperationalInsights/workspaces"


class Served:
    """A stand-in in its own process, and commands that are signed in to it."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        told = json.loads(self._line())
        self._token = told["token"]
        self.live = {"source": "azure", "credential": "token"}
        self.live |= {"endpoints": told["endpoints"], "asked_at": told["asked_at"]}

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def tell(self, **settings: Any) -> list[Mapping[str, Any]]:
        """Change what it does; return what was asked since the last time."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(settings) + "\n")
        self._process.stdin.flush()
        asked: list[Mapping[str, Any]] = json.loads(self._line())
        return asked

    def run(self, *command: str) -> tuple[float, str]:
        """Run a command of Python; return its seconds and what it printed."""
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self._folder,
            env=os.environ | {"UMDIAG_ACCESS_TOKEN": self._token},
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - began
        assert done.returncode == 0, done.stderr[-2000:]
        return seconds, done.stdout

    def measured(self, what: str, values: Mapping[str, Any], *query: str) -> dict[str, float]:
        """Let the client measure something on these parameters."""
        file = self._folder / "parameters.json"
        file.write_text(json.dumps(values), encoding="utf-8")
        command = (str(HERE / "live_client.py"), what, str(file), *query)
        told: dict[str, float] = json.loads(self.run(*command)[1])
        return told

    def report(self, name: str, values: Mapping[str, Any]) -> float:
        """Make a report; return its seconds."""
        file = self._folder / f"{name}.yml"
        file.write_text(json.dumps(values), encoding="utf-8")  # JSON is YAML
        return self.run("-m", "umdiag", "report", file.name, "-o", name, "--fail-on", "never")[0]


@contextmanager
def served(folder: Path, *snapshot: Path) -> Iterator[Served]:
    script = HERE.parent / "servers" / "serve.py"
    command = [sys.executable, str(script), str(folder), *map(str, snapshot)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            yield Served(process, folder)
        finally:
            assert process.stdin
            process.stdin.close()
            assert process.stdout
            process.stdout.read()


# -- what cannot be avoided -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """Seconds below which what was asked cannot be answered, by the reason; `seconds` is the largest."""

    by_reason: Mapping[str, float]

    @property
    def seconds(self) -> float:
        return max(self.by_reason.values())


def bound(asked: Sequence[Mapping[str, Any]], *, rate: bool) -> Bound:
    """Compute from all requests of a report how long it must take, with and without the rate of log requests.

    Everything but the machine notebook's two queries comes before these, which may go together.
    """
    last = [one for one in asked if "One machine's" in one["text"]]
    first = [one for one in asked if one not in last]
    places = {"management": LIMITS.management_requests, "graph": LIMITS.graph_queries}
    counts = Counter(map(gate, first))
    found = {
        name: ceil(count / places.get(name, LIMITS.queries_per_workspace)) * LATENCY
        for name, count in counts.items()
    }
    found |= {f"chain of {name}": rounds * LATENCY for name, rounds in chains(first).items()}
    if last:
        found = {name: seconds + LATENCY for name, seconds in found.items()}
    if rate:
        logs = sum(count for name, count in Counter(map(gate, asked)).items() if name not in places)
        found["log rate"] = (logs - 1) // LIMITS.log_rate.requests * LIMITS.log_rate.seconds + LATENCY
    return Bound(found)


def gate(request: Mapping[str, Any]) -> str:
    if request["method"] == "GET":
        return "management"
    return "graph" if "ResourceGraph" in request["path"] else str(request["path"])


def chains(asked: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many requests must follow each other until each query is answered."""
    pages = Counter(one["path"].lower() for one in asked if one["method"] == "GET")
    texts = Counter(one["text"] for one in asked if gate(one) == "graph")
    rounds: dict[str, int] = {}
    for name in needs.in_order(kql.queries()):
        query = kql.queries()[name]
        if query.dialect == "graph":
            rounds[name] = texts[query.text.splitlines()[0]]
        elif query.dialect == "arm":
            rounds[name] = max(rounds_of(table, pages) for table in query.tables)
        else:
            filled = [one.datum for one in query.parameters.values() if one.datum]
            behind = set().union(*({one} if one in rounds else queries_of(one) for one in filled))
            # The customer id of its workspace, or what fills it, then the query.
            rounds[name] = max([1, *(rounds[one] for one in behind)]) + 1
    return rounds


def queries_of(frame: str) -> set[str]:
    return needs.queries_of(needs.frame_functions()[frame])


def rounds_of(table: str, pages: Mapping[str, int]) -> int:
    """Return the requests that follow each other until a collection is read, as many at a time as may be."""
    collection = COLLECTIONS[table]
    if collection.single:
        return 1
    aims = rounds_of("softwareUpdateConfigurations", pages) if collection.of == "subscription" else 0
    own = {path: count for path, count in pages.items() if path.endswith(collection.path.lower())}
    longest = max(own.values(), default=0)
    if collection.parent:
        rest = ceil(sum(own.values()) / LIMITS.management_requests)
        return rounds_of(collection.parent, pages) + max(longest, rest)
    if collection.whole:
        objects = sum(f"{collection.path.lower()}/" in path for path in pages)
        return longest + ceil(objects / LIMITS.management_requests)
    return aims + longest


# -- ten workspaces ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estate:
    """Ten workspaces whose every answer the stand-in knows by heart, live and as a report's folder."""

    served: Served
    values: Mapping[str, Any]

    @property
    def live(self) -> dict[str, Any]:
        return {**self.values, **self.served.live}

    def offline(self, folder: str) -> dict[str, Any]:
        asked_at = self.served.live["asked_at"]
        return {**self.values, "source": "snapshot", "snapshot": folder, "asked_at": asked_at}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    folder = tmp_path_factory.mktemp("estate")
    fleet = make_fleet(folder / "snapshot", machines=450, seed=1)
    assert len(fleet.workspaces) >= 10
    values = {
        "lookback": fleet.lookback,
        "workspaces": list(fleet.workspaces)[:10],
        "automation_account": fleet.automation_account,
        "subscriptions": list(fleet.subscriptions),
        "suspects": list(fleet.suspects),
    }
    with served(folder, folder / "snapshot") as server:
        made = Estate(server, values)
        server.measured("fetch", made.live)
        yield made


@pytest.fixture(scope="module")
def report_of_ten(estate: Estate) -> tuple[float, float, Bound]:
    """Seconds of a live report and of the same from its own folder, and the bound of the live one."""
    estate.served.tell(latency=LATENCY)
    live = estate.served.report("live", estate.live)
    asked = estate.served.tell(latency=LATENCY)
    assert len({one["path"] for one in asked if one["path"].startswith("/v1/workspaces/")}) == 10
    return live, estate.served.report("again", estate.offline("live")), bound(asked, rate=True)


@pytest.mark.benchmark(group="live Azure")
def test_a_report_over_ten_workspaces_waits_for_what_it_must(benchmark, estate, report_of_ten):
    live, offline, least = report_of_ten
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info |= {"seconds": round(live, 1), "bound": round(least.seconds, 1)}
    benchmark.extra_info |= {
        "offline": round(offline, 1),
        "ratio": round(live / (least.seconds + offline), 3),
    }
    assert live <= 1.3 * (least.seconds + offline)


@pytest.mark.benchmark(group="live Azure")
def test_fetching_from_ten_workspaces_waits_for_what_it_must(benchmark, estate, report_of_ten):
    """Without the rate of log requests, which hides in a report how well the requests are ordered."""
    ratios = []

    def fetch() -> None:
        estate.served.tell(latency=LATENCY)
        taken = estate.served.measured("fetch", estate.live)
        asked = estate.served.tell(latency=LATENCY)
        least = bound([one for one in asked if "One machine's" not in one["text"]], rate=False)
        offline = estate.served.measured("fetch", estate.offline("live"))
        ratios.append(taken["seconds"] / (least.seconds + offline["seconds"]))
        benchmark.extra_info["bound"] = round(least.seconds, 1)

    benchmark.pedantic(fetch, rounds=3)
    benchmark.extra_info |= {"ratio": round(min(ratios), 3), "median": round(statistics.median(ratios), 3)}
    assert min(ratios) <= 1.3


# -- two hundred thousand machines, and what five thousand of them lack -----------------------------------


@pytest.mark.parametrize(("query", "most"), [("azure_machines", 200_000), ("needed_patches", 150_000)])
@pytest.mark.benchmark(group="live Azure")
def test_memory_stays_flat_while_hundreds_of_pages_come(benchmark, tmp_path, query, most):
    """Beyond its rows a paged answer costs the same for twenty pages and for ten times as many."""
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg{LOGS}/law"
    scope = {"subscriptions": [SUBSCRIPTION], "workspaces": [place]}
    with served(tmp_path) as server:

        def page(rows: int) -> dict[str, float]:
            server.tell(rows=rows)
            told = server.measured("page", {**server.live, **scope}, query)
            assert told["rows"] == rows
            return {**told, "beyond": told["most"] - told["start"] - told["frame"]}

        few = page(most // 10)
        many = benchmark.pedantic(page, [most], rounds=1)
    for rows, told in ((f"{most // 10:,}", few), (f"{most:,}", many)):
        benchmark.extra_info |= {
            f"{rows} rows": round(told["frame"] / MIB, 1),
            f"{rows} rows beyond": round(told["beyond"] / MIB, 1),
        }
    assert many["beyond"] <= 40 * MIB
    assert many["beyond"] - few["beyond"] <= 0.1 * many["frame"]
