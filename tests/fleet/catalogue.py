"""Know the updates of a made fleet: one row per update and operating system, as the service writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from fleet.model import DAY, HOUR, make_guids

WINDOWS = ("2016", "2019", "2022")
LINUX = ("ubuntu20", "ubuntu22", "rhel8", "sles15", "centos7")
BUILDS = {"2016": "Windows Server 2016", "2019": "Windows Server 2019", "2022": "Windows Server 2022"}
TITLES = {
    "2016": "Windows Server 2016 for x64-based Systems",
    "2019": "Windows Server 2019 for x64-based Systems",
    "2022": "Microsoft server operating system version 21H2 for x64-based Systems",
}
DOTNET = {
    "2016": ".NET Framework 4.8 for Windows Server 2016 for x64",
    "2019": ".NET Framework 3.5, 4.7.2 and 4.8 for Windows Server 2019 for x64",
    "2022": ".NET Framework 3.5, 4.8 and 4.8.1 for Microsoft server operating system version 21H2 for x64",
}
#: A distribution that bears no classes; only a fault has machines run it.
CLASSLESS = "suse12"
SECURITY = "Security Updates"
REPOSITORIES = {
    "ubuntu20": "Ubuntu:20.04/focal-security",
    "ubuntu22": "Ubuntu:22.04/jammy-security",
    "rhel8": "rhel-8-for-x86_64-baseos-rhui-rpms",
    "sles15": "SLE-Module-Basesystem15-SP5-Updates",
    "centos7": "updates-openlogic",
    CLASSLESS: "SLES12-SP5-Updates",
}
PACKAGES = (
    # key, package, classification, days before the current Patch Tuesday, severity
    ("pkg-ssl", "openssl", "Security Updates", 3, "Important"),
    ("pkg-ssl-next", "openssl", "Security Updates", 1, "Important"),
    ("pkg-kernel", "kernel", "Critical Updates", 2, "Critical"),
    ("pkg-curl", "curl", "Security Updates", 20, "Moderate"),
    ("pkg-tz", "tzdata", "Others", 12, None),
    ("pkg-vim", "vim-common", "Others", 9, None),
)
PLAIN = tuple((f"pkg-plain-{n}", f"lib{name}", "Others", 4 + n, None) for n, name in enumerate(
    ("xml2", "zstd1", "expat1", "ncurses6", "gcrypt20", "glib2", "pcre1", "sqlite3", "nghttp2", "solv")
))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Update:
    """Describe one update; ``series`` and ``published`` tell what replaces what."""

    key: str
    os: str
    title: str | None
    kb: str | None
    classification: str
    product: str
    published: int
    severity: str | None = None
    version: str | None = None
    arch: str | None = None
    repository: str | None = None
    series: str | None = None
    optional: bool = False
    reboot: str | None = "Can request restart"


def second_tuesday(year: int, month: int) -> int:
    """Return the moment a month's security updates are published (18:00 UTC)."""
    first = datetime(year, month, 1, 18, tzinfo=UTC)
    return int((first + timedelta(days=(1 - first.weekday()) % 7 + 7)).timestamp())


def patch_tuesdays(asked: int) -> tuple[int, int]:
    """Return the newest Patch Tuesday that is two days old or older, and the one before."""
    moment = datetime.fromtimestamp(asked, UTC)
    found: list[int] = []
    year, month = moment.year, moment.month
    while len(found) < 2:
        tuesday = second_tuesday(year, month)
        if tuesday <= asked - 2 * DAY:
            found.append(tuesday)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found[0], found[1]


def make_catalogue(rng: np.random.Generator, asked: int, start: int) -> pd.DataFrame:
    """Make every update a fleet of this window may report."""
    current, previous = patch_tuesdays(asked)
    updates = [u for os in WINDOWS for u in _windows_updates(os, current, previous)]
    updates += [u for os in WINDOWS for u in _definitions(os, asked, start)]
    updates += [u for os in LINUX for u in _packages(os, current)]
    return _listed(rng, updates)


def make_classless(rng: np.random.Generator, asked: int) -> pd.DataFrame:
    """Make the packages of the distribution that bears no classes."""
    return _listed(rng, _packages(CLASSLESS, patch_tuesdays(asked)[0]))


def _listed(rng: np.random.Generator, updates: Sequence[Update]) -> pd.DataFrame:
    """Return one row per update, with an id and what follows from system and class."""
    frame = pd.DataFrame([asdict(update) for update in updates])
    frame["id"] = make_guids(rng, len(frame))
    frame["family"] = np.where(frame["os"].isin(WINDOWS), "Windows", "Linux")
    frame["serious"] = frame["classification"].str.contains("Critical|Security")
    frame["critical"] = frame["classification"].str.contains("Critical")
    return frame


def _windows_updates(os: str, current: int, previous: int) -> list[Update]:
    """List what one Windows release is offered over two months."""
    now, then = (datetime.fromtimestamp(t, UTC).strftime("%Y-%m") for t in (current, previous))
    month = datetime.fromtimestamp(current, UTC)
    kb = 5000000 + (month.year - 2019) * 9600 + month.month * 800 + WINDOWS.index(os) * 10
    lcu, net = f"Cumulative Update for {TITLES[os]}", f"Cumulative Update for {DOTNET[os]}"
    stack, fix = f"Servicing Stack Update for {TITLES[os]}", f"Update for {TITLES[os]}"
    preview = f"Cumulative Update Preview for {TITLES[os]}"
    tool = "Windows Malicious Software Removal Tool x64"
    tools = 135 + (month.year - 2026) * 12 + month.month - 10
    sql = 5031900 + WINDOWS.index(os)
    usual, grave = "Important", "Important" if os == "2019" else "Critical"
    return [
        _offer(os, "lcu-prev", f"{then} {lcu}", kb - 800, SECURITY, previous, severity=grave, series=lcu),
        _offer(os, "lcu-cur", f"{now} {lcu}", kb, SECURITY, current, severity=grave, series=lcu),
        _offer(os, "net-prev", f"{then} {net}", kb - 797, SECURITY, previous, severity=usual, series=net),
        _offer(os, "net-cur", f"{now} {net}", kb + 3, SECURITY, current, severity=usual, series=net),
        _offer(os, "ssu-cur", f"{now} {stack}", kb + 4, SECURITY, current, severity="Critical", series=stack),
        _offer(os, "msrt-cur", f"{tool} - v5.{tools}", 890830, "Update Rollups", current, series=tool),
        _offer(os, "crit", f"{then} {fix}", kb - 795, "Critical Updates", previous + 7 * DAY),
        _offer(os, "fix-old", f"{then} {fix}", kb - 791, "Updates", previous + 2 * DAY),
        _offer(os, "fix-new", f"{now} {fix}", kb + 9, "Updates", current + DAY),
        _offer(os, "preview", f"{then} {preview}", kb - 793, "Updates", previous + 14 * DAY, optional=True),
        _offer(
            os, "sql", "Security Update for SQL Server 2019 RTM CU", sql, SECURITY, previous,
            severity=usual, product="Microsoft SQL Server 2019",
        ),
    ]  # fmt: skip


def _offer(
    os: str,
    key: str,
    title: str,
    kb: int,
    classification: str,
    published: int,
    *,
    severity: str | None = None,
    series: str | None = None,
    optional: bool = False,
    product: str | None = None,
) -> Update:
    """Describe an update for Windows."""
    return Update(
        key=key, os=os, title=f"{title} (KB{kb})", kb=f"{kb}", classification=classification,
        product=product or BUILDS[os], published=published, severity=severity, series=series,
        optional=optional,
    )  # fmt: skip


def _definitions(os: str, asked: int, start: int) -> list[Update]:
    """List Defender's definitions, one a day."""
    days = range(start // DAY, asked // DAY + 1)
    return [
        Update(
            key=f"def-{day}",
            os=os,
            title="Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 "
            f"(Version 1.{day - 20300}.{day * 7 % 900}.0) - Current Channel (Broad)",
            kb="2267602",
            classification="Definition Updates",
            product="Microsoft Defender Antivirus",
            published=day * DAY + 2 * HOUR,
            reboot="Never restarts",
        )
        for day in days
    ]


def _packages(os: str, current: int) -> list[Update]:
    """List what one Linux distribution is offered, and the agent's own sign of life."""
    arch = "amd64" if os.startswith("ubuntu") else "x86_64"
    kernel = {"ubuntu20": "linux-image-azure", "ubuntu22": "linux-image-azure", "sles15": "kernel-azure"}
    turn = (*LINUX, CLASSLESS).index(os)
    bare = os == CLASSLESS
    offered = (*PACKAGES, *PLAIN) if bare else PACKAGES
    found = [
        Update(
            key=key, os=os, title=None, kb=None, classification="Others" if bare else classification,
            product=kernel.get(os, name) if name == "kernel" else name,
            published=current - days * DAY, severity=severity, arch=arch, reboot=None,
            version=f"{1 + turn}.{days}.{place + 1}-{turn + 2}", repository=REPOSITORIES[os],
        )
        for place, (key, name, classification, days, severity) in enumerate(offered)
    ]  # fmt: skip
    alive = Update(
        key="alive", os=os, title=None, kb=None, classification="Others", reboot=None,
        product="UpdateManagementHeartbeat", published=current - 400 * DAY, arch="all",
    )  # fmt: skip
    return [alive, *found]
