"""Write ``Heartbeat``: a row per machine and period, from its first sign of life to its last."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fleet.catalogue import CLASSLESS
from fleet.model import NEVER, Ints, World
from fleet.tables.sender import Senders, chunks
from fleet.tables.writer import TableWriter, coded, constant, times

SYSTEMS = {
    # name, major and minor version
    "2016": ("Microsoft Windows Server 2016 Datacenter", "10", "0"),
    "2019": ("Microsoft Windows Server 2019 Datacenter", "10", "0"),
    "2022": ("Microsoft Windows Server 2022 Datacenter", "10", "0"),
    "ubuntu20": ("Ubuntu", "20", "04"),
    "ubuntu22": ("Ubuntu", "22", "04"),
    "rhel8": ("Red Hat Enterprise Linux", "8", "9"),
    "sles15": ("SUSE Linux Enterprise Server", "15", "5"),
    "centos7": ("CentOS Linux", "7", "9"),
    CLASSLESS: ("SUSE Linux Enterprise Server", "12", "5"),
}
AGENTS = {"Windows": "10.20.18069.0", "Linux": "1.19.0-0"}


def ticks(world: World, what: str, first: int, last: int) -> tuple[Ints, Ints]:
    """Return machine and moment of every heartbeat ("beat") or assessment ("scan") of a chunk."""
    part = slice(first, last)
    start, period = world.column(f"{what}_first")[part], world.column(f"{what}_period")[part]
    since = np.maximum(world.column(f"{what}_from")[part], start)
    until = np.minimum(world.column(f"{what}_to")[part], world.asked)
    begin = start + -((start - since) // period) * period
    count = np.maximum(0, (until - begin) // period + 1)
    machine = np.repeat(np.arange(first, last), count)
    turn = np.arange(len(machine)) - np.repeat(np.cumsum(count) - count, count)
    at = machine - first
    moment = begin[at] + turn * period[at]
    gap_from, gap_to = world.column(f"{what}_gap_from")[part], world.column(f"{what}_gap_to")[part]
    there = (moment < gap_from[at]) | (moment >= gap_to[at])
    return machine[there], moment[there]


def write_heartbeats(world: World, folder: Path, senders: Senders) -> int:
    """Write the heartbeats of all machines."""
    writer = TableWriter(folder, "Heartbeat")
    os, os_type = world.texts("os"), world.texts("os_type")
    number = world.column("address")
    old, resolved = world.texts("old_solutions"), world.column("resolved")
    for first, last in chunks(world):
        machine, moment = ticks(world, "beat", first, last)
        at = machine - first
        part = slice(first, last)
        inner = np.array([f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in number[part]], dtype=object)
        solutions = np.concatenate([world.texts("solutions")[part], old[part]])
        before = (moment < resolved[machine]) & (resolved[machine] < NEVER)
        about = [np.array([SYSTEMS[o][k] for o in os[part]], dtype=object) for k in range(3)]
        writer.write(
            {
                "TimeGenerated": times(moment),
                **senders.columns(machine, moment, "Heartbeat"),
                "Category": constant("Direct Agent", len(at)),
                "OSType": coded(os_type[part], at),
                "OSName": coded(about[0], at),
                "OSMajorVersion": coded(about[1], at),
                "OSMinorVersion": coded(about[2], at),
                "Version": coded([AGENTS[t] for t in os_type[part]], at),
                "Solutions": coded(solutions, at + before * (last - first)),
                "ComputerIP": coded([f"20.50.{n >> 8 & 255}.{n & 255}" for n in number[part]], at),
                "ComputerPrivateIPs": coded([f'["{a}"]' for a in inner], at),
                "RemoteIPCountry": constant("Netherlands", len(at)),
                "SCAgentChannel": constant("Direct", len(at)),
            }
        )
    writer.close()
    return writer.rows
