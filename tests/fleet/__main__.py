"""Write a made fleet into a folder: ``python -m fleet FOLDER --machines 2000``, or ``FOLDER --demo``.

``--services both``: half of the machines are of Azure Update Manager. Beside the folder lies its parameter
file: of FOLDER it is FOLDER.yml.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fleet.demo import make_demo
from fleet.maker import (
    DEMO_ASKED_AT,
    KNOWN_FAULTS,
    MANAGER_FAULTS,
    SERVICES,
    make_fleet,
)
from fleet.parameter_file import write_parameters


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, write the fleet, and say what is in it."""
    parser = argparse.ArgumentParser(prog="python -m fleet", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--demo", action="store_true", help="the demo workspace, whatever else is given")
    parser.add_argument("--machines", type=int, default=2000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--faulty-share", type=float, default=0.03)
    parser.add_argument("--overlap", type=float, default=0.15)
    parser.add_argument("--drift", action="store_true")
    parser.add_argument("--heartbeat-minutes", type=int)
    parser.add_argument("--asked-at", type=datetime.fromisoformat, default=DEMO_ASKED_AT)
    parser.add_argument("--no-lookalikes", action="store_true")
    parser.add_argument("--services", choices=SERVICES, default=SERVICES[0])
    parser.add_argument(
        "--faults", nargs="*", metavar="SCENARIO/CAUSE",
        help="default all; none after --faults: a healthy fleet; known: "
        + ", ".join(dict.fromkeys((*KNOWN_FAULTS, *MANAGER_FAULTS))),
    )  # fmt: skip
    given = parser.parse_args(arguments)
    try:
        fleet = make_demo(given.folder) if given.demo else make_fleet(
            given.folder, machines=given.machines, days=given.days, seed=given.seed,
            faults=given.faults, lookalikes=not given.no_lookalikes,
            faulty_share=given.faulty_share, overlap=given.overlap, drift=given.drift,
            asked_at=given.asked_at, heartbeat_minutes=given.heartbeat_minutes,
            services=given.services,
        )  # fmt: skip
    except ValueError as error:
        parser.error(str(error))
    if not given.demo:
        name = given.folder.name
        about = f"# A made fleet: what is wrong in it is told in {name}/planted.json."
        write_parameters(fleet, given.folder.with_suffix(".yml"), name, about)
    for (scenario, cause), count in Counter((p.scenario, p.cause) for p in fleet.planted).items():
        sys.stdout.write(f"{count:6}  {scenario}/{cause}\n")
    sys.stdout.write(f"{sum(fleet.rows.values())} rows in {fleet.folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
