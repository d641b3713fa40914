"""How long a report takes, as ratios within one run on one machine; `make bench` runs this.

Against the commands `papermill` and `jupyter nbconvert`, against the same in one warm process, and against
itself on larger fleets, with the memory of the whole process tree.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from fleet.maker import make_fleet
from umdiag.report.notebooks import find_notebooks

# What nbconvert and papermill warn of in this process is not what is measured.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]
GIB = 2**30


def seconds_of(*commands: Sequence[str]) -> float:
    """Run commands one after another from the repository's root."""
    begun = time.monotonic()
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    return time.monotonic() - begun


def report_command(parameters: Path | str, output: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "umdiag",
        "report",
        str(parameters),
        "-o",
        str(output),
        "--fail-on",
        "never",
    ]


def script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.fixture(scope="module")
def demo_seconds(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Best of three reports of the demo workspace."""
    folder = tmp_path_factory.mktemp("demo")
    return min(seconds_of(report_command("parameters/demo.yml", folder / f"report-{n}")) for n in range(3))


@pytest.mark.benchmark(group="report of the demo")
def test_report_takes_a_third_of_the_commands(benchmark, demo_seconds, tmp_path):
    commands = []
    for name, notebook in find_notebooks().items():
        made = tmp_path / f"{name}.ipynb"
        commands.append(
            [script("papermill"), str(notebook), str(made), "-f", "parameters/demo.yml", "--no-progress-bar"]
        )
        commands.append([script("jupyter"), "nbconvert", "--to", "html", str(made)])
    taken = benchmark.pedantic(seconds_of, commands, rounds=1)
    benchmark.extra_info |= {"report": round(demo_seconds, 2), "ratio": round(demo_seconds / taken, 3)}
    assert demo_seconds <= 0.35 * taken


@pytest.mark.benchmark(group="report of the demo")
def test_report_takes_two_thirds_of_one_warm_process(benchmark, demo_seconds, tmp_path):
    import nbformat
    from nbconvert import HTMLExporter
    from papermill import execute_notebook
    from papermill.iorw import read_yaml_file

    values = read_yaml_file(str(ROOT / "parameters" / "demo.yml"))
    exporter = HTMLExporter()

    def run_all(notebooks: Sequence[Path]) -> float:
        begun = time.monotonic()
        for notebook in notebooks:
            made = execute_notebook(notebook, tmp_path / notebook.name, values, progress_bar=False, cwd=ROOT)
            (tmp_path / f"{notebook.stem}.html").write_text(exporter.from_notebook_node(made)[0])
        return time.monotonic() - begun

    warm = tmp_path / "warm.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "p"}}), warm
    )
    values, demo = {}, values
    run_all([warm])
    values = demo
    taken = benchmark.pedantic(run_all, [list(find_notebooks().values())], rounds=1)
    benchmark.extra_info |= {"report": round(demo_seconds, 2), "ratio": round(demo_seconds / taken, 3)}
    assert demo_seconds <= 0.65 * taken


def report_of_fleet(folder: Path, machines: int) -> tuple[float, int]:
    """Make a fleet and its report; return seconds and the most memory that the process tree held at once."""
    make_fleet(folder / f"fleet-{machines}", machines=machines)
    parameters = folder / f"{machines}.yml"
    parameters.write_text(f"source: snapshot\nsnapshot: fleet-{machines}\n", encoding="utf-8")
    begun = time.monotonic()
    run = psutil.Popen(report_command(parameters, folder / f"report-{machines}"), stdout=subprocess.DEVNULL)
    most, done = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.25):
            most = max(most, memory_of(run))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    code = run.wait()
    seconds = time.monotonic() - begun
    done.set()
    watching.join()
    assert code == 0
    return seconds, most


def memory_of(run: psutil.Popen) -> int:
    """Add up what the process and its kernels hold; what they share counts once where the system tells."""
    total = 0
    try:
        for one in [run, *run.children(recursive=True)]:
            held = one.memory_full_info()
            total += getattr(held, "pss", held.rss)
    except psutil.Error:
        return 0
    return total


@pytest.fixture(scope="module")
def small_fleet(tmp_path_factory: pytest.TempPathFactory) -> float:
    return report_of_fleet(tmp_path_factory.mktemp("small"), 2_000)[0]


@pytest.mark.benchmark(group="larger fleets")
def test_ten_times_the_machines_take_at_most_eight_times_as_long(benchmark, small_fleet, tmp_path):
    seconds, most = benchmark.pedantic(report_of_fleet, [tmp_path, 20_000], rounds=1)
    benchmark.extra_info |= {
        "seconds": round(seconds, 1),
        "ratio": round(seconds / small_fleet, 2),
        "GiB": round(most / GIB, 2),
    }
    assert seconds <= 8 * small_fleet


@pytest.mark.benchmark(group="larger fleets")
@pytest.mark.skipif(psutil.virtual_memory().total < 7 * GIB, reason="needs 7 GiB of memory")
@pytest.mark.skipif(os.environ.get("CI") == "fast", reason="takes minutes")
def test_a_hundred_thousand_machines_fit_into_six_gibibytes(benchmark, tmp_path):
    seconds, most = benchmark.pedantic(report_of_fleet, [tmp_path, 100_000], rounds=1)
    benchmark.extra_info |= {"seconds": round(seconds, 1), "GiB": round(most / GIB, 2)}
    assert most < 6 * GIB
    pages = (tmp_path / "report-100000").glob("*.html")
    assert max(page.stat().st_size for page in pages) < 1_500_000
