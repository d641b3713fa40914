"""How long a log of 100 MB takes and how much memory, as ratios within one run; `make bench` runs this.

Against reading the file with one regular expression for codes, a line at a time: what a short script does.
"""

import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SIZE = 100_000_000
MIB = 2**20
Options = dict[str, float | str]
ERRORS = [
    "Agent\t  * WARNING: Exit code = 0x8024402C",
    "Misc\tWARNING: Send failed with hr = 80072ee2.",
    "PT\tWARNING: SyncUpdates failure, error = 0x80244010, soap client error = 7, HTTP status code = 200",
    "E: Unable to correct problems, you have held broken packages.",
    "Agent\t  * WARNING: Failed to find updates with error code 8024401C",
]
WORDS = ["Agent", "DnldMgr", "Handler", "Report", "AU", "search", "completed", "update", "found", "cookie"]
# The peak that the system keeps of a process: on Linux not the one of `resource`, which a parent hands down.
MEASURED = """
import resource, sys, time
from pathlib import Path
from umdiag.explain.scanning import scan
begun = time.monotonic()
report = scan(sys.argv[1])
seconds = time.monotonic() - begun
status = Path("/proc/self/status")
if status.exists():
    peak = int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(seconds, peak, sum(group.count for group in report.groups))
"""


def make_log(path: Path, *, errors: float, gap: str = "\n", encoding: str = "utf-8", size: int = SIZE) -> int:
    """Write a log of that size with so many errors among its lines; return how many it holds."""
    chance = random.Random(1)
    written = planted = 0
    with path.open("wb") as file:
        while written < size:
            lines = []
            for n in range(5000):
                lead = (
                    f"2026-11-{1 + n // 1440 % 28:02d}\t{n // 60 % 24:02d}:{n % 60:02d}:00:{n % 1000:03d}\t"
                )
                if chance.random() < errors:
                    planted += 1
                    lines.append(lead + chance.choice(ERRORS))
                else:
                    guid = f"{chance.getrandbits(32):08X}-{chance.getrandbits(48):012X}"
                    lines.append(f"{lead}{' '.join(chance.choices(WORDS, k=9))} {guid}")
            written += file.write((gap.join(lines) + gap).encode(encoding))
    return planted


def measure(path: Path) -> tuple[float, int, int]:
    """Return seconds, peak memory in bytes and the number of errors found, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True
    )
    seconds, peak, found = told.stdout.split()
    return float(seconds), int(peak), int(found)


def line_by_line(path: Path) -> float:
    """Return the seconds that a short script takes to look for codes alone."""
    code = re.compile(rb"0x[0-9A-Fa-f]{8}|[89][0-9A-Fa-f]{7}")
    begun = time.monotonic()
    with path.open("rb") as file:
        sum(1 for line in file if code.search(line))
    return time.monotonic() - begun


@pytest.mark.skipif(sys.platform == "win32", reason="resource is POSIX")
@pytest.mark.parametrize(
    ("name", "options", "times"),
    [
        ("one line in a hundred", {"errors": 0.01}, 2),
        ("every line", {"errors": 1.0}, 12),
        ("one endless line", {"errors": 0.01, "gap": " "}, 12),
        ("UTF-16", {"errors": 0.01, "encoding": "utf-16-le"}, 2),
    ],
)
def test_log_of_100_mb_is_read_fast_and_in_little_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, options: Options, times: int
) -> None:
    log, small = tmp_path / "large.log", tmp_path / "small.log"
    planted = make_log(log, **options)  # type: ignore[arg-type]
    make_log(small, **options, size=SIZE // 5)  # type: ignore[arg-type]
    plain_seconds = line_by_line(log)
    seconds, peak, found = measure(log)
    _, small_peak, _ = measure(small)
    told = f"{name}: {seconds:.1f} s, plain pass {plain_seconds:.1f} s, {peak / MIB:.0f} MiB"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}, a fifth of it {small_peak / MIB:.0f} MiB")
    assert found >= planted * 0.99
    assert seconds < max(10, times * plain_seconds)
    assert peak < small_peak + 40 * MIB
