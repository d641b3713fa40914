"""Know the updates that machines of Azure Update Manager need or get: one row per update and release."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fleet.catalogue import patch_tuesdays
from fleet.model import DAY, HOUR, make_guids

WINDOWS = ("ws2012r2", "ws2016", "ws2019", "ws2022", "win11")
LINUX = ("ubuntu18", "ubuntu22", "rhel9", "sles15")
#: Publisher, offer and sku of the image, and what the operating system calls itself.
SERVER, SOFT = "WindowsServer", "MicrosoftWindowsServer"
IMAGES: dict[str, tuple[str, str, str, str]] = {
    "ws2012r2": (SOFT, SERVER, "2012-R2-Datacenter", "Windows Server 2012 R2 Datacenter"),
    "ws2016": (SOFT, SERVER, "2016-Datacenter", "Windows Server 2016 Datacenter"),
    "ws2019": (SOFT, SERVER, "2019-datacenter-gensecond", "Windows Server 2019 Datacenter"),
    "ws2022": (SOFT, SERVER, "2022-datacenter-azure-edition", "Windows Server 2022 Datacenter"),
    "win11": ("MicrosoftWindowsDesktop", "windows-11", "win11-23h2-ent", "Windows 11 Enterprise"),
    "ubuntu18": ("Canonical", "UbuntuServer", "18_04-lts-gen2", "Ubuntu 18.04"),
    "ubuntu22": ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "Ubuntu 22.04"),
    "rhel9": ("RedHat", "RHEL", "9-lvm-gen2", "Red Hat Enterprise Linux 9.4"),
    "sles15": ("SUSE", "sles-15-sp5", "gen2", "SUSE Linux Enterprise Server 15 SP5"),
}
OUT_OF_SUPPORT = ("ws2012r2", "ubuntu18")
MANAGERS = {"ubuntu18": "apt", "ubuntu22": "apt", "rhel9": "dnf", "sles15": "zypper"}
OTHERS_WINDOWS, OTHERS_LINUX = 16, 96
#: Key, class, Microsoft's severity, days before the current Patch Tuesday.
OF_WINDOWS = (
    ("lcu", "Security", "Important", 0.0), ("net", "Security", "Important", 0.0),
    ("msrt", "UpdateRollup", None, 0.0), ("lcu-prev", "Security", "Important", 35.0),
    ("crit-old", "Critical", "Critical", 30.0), ("sql-old", "Security", "Important", 28.0),
)  # fmt: skip
WORDS = ("Updates", "FeaturePack", "Tools", "UpdateRollup", "ServicePack", "Definition")


def make_updates(rng: np.random.Generator, asked: int) -> pd.DataFrame:
    """Make every update that machines may need, or have had installed."""
    rows = [row for release in WINDOWS for row in _windows(release, asked)]
    rows += [row for release in LINUX for row in _linux(release)]
    frame = pd.DataFrame(rows)
    ids = make_guids(rng, len(frame))
    package = frame["title"] + "_" + frame["version"].fillna("")
    frame["patch_id"] = np.where(frame["windows"], ids, package)
    frame["kb"] = frame["kb"].astype(object).where(frame["kb"].notna(), None)
    frame["serious"] = frame["class"].isin(["Critical", "Security"])
    return frame


def _windows(release: str, asked: int) -> Iterator[dict[str, object]]:
    """Yield what one Windows release is offered."""
    tuesday = patch_tuesdays(asked)[0]
    base = 5030000 + WINDOWS.index(release) * 1000
    name = IMAGES[release][3]
    for place, (key, word, severity, days) in enumerate(OF_WINDOWS):
        yield _update(
            release, key, word, severity, kb=f"{base + place}", published=tuesday - int(days * DAY),
            title=f"Cumulative Update for {name} ({key})", restarts=key.startswith("lcu"),
        )  # fmt: skip
    # out of band, since every schedule has run
    for key, word in (("fresh", "Security"), ("fresh-crit", "Critical")):
        yield _update(
            release, key, word, "Critical", kb=f"{base + 20 + len(key)}", published=asked - 9 * HOUR,
            title=f"Out-of-band update for {name} ({key})", restarts=True,
        )  # fmt: skip
    yield _update(
        release, "def", "Definition", None, kb="2267602", published=asked - 5 * HOUR, restarts=False,
        title="Security Intelligence Update for Microsoft Defender Antivirus - KB2267602",
    )  # fmt: skip
    for n in range(OTHERS_WINDOWS):
        yield _update(
            release, f"other-{n}", WORDS[n % len(WORDS)], None, kb=f"{base + 100 + n}", restarts=False,
            published=tuesday - n * 3 * DAY, title=f"Update {n} for {name}",
        )  # fmt: skip


def _linux(release: str) -> Iterator[dict[str, object]]:
    """Yield what one distribution is offered; nothing tells when it was published."""
    for key, word, package in (
        ("ssl", "Security", "openssl"), ("kernel", "Critical", "linux-image-azure"),
        ("curl", "Security", "curl"), ("fresh", "Security", "libc6"),
        ("fresh-crit", "Critical", "linux-base"),
        ("esm", "Security-ESM", "libheif1"),
    ):  # fmt: skip
        yield _update(release, key, word, None, title=package, version=f"3.{LINUX.index(release)}.14-1")
    for n in range(OTHERS_LINUX):
        yield _update(release, f"other-{n}", "Other", None, title=f"lib{n:03}", version=f"1.{n}-2")


def _update(release: str, key: str, word: str, severity: str | None, **more: object) -> dict[str, object]:
    """Describe an update."""
    bare = {"kb": None, "version": None, "published": -1, "restarts": False}
    about = {"release": release, "key": key, "class": word, "severity": severity}
    return {**about, **bare, **more, "windows": release in WINDOWS}
