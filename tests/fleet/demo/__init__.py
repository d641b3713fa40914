"""Make the demo: a fleet as real ones are, in which seven things happened, and what follows from each."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fleet.demo.choosing import Choose
from fleet.demo.noise import be_noisy, be_noisy_before
from fleet.demo.roots import ROOTS, spoil, spoil_before
from fleet.identity import present_ids, workspace_id
from fleet.maker import DEMO_ASKED_AT, make_world, settle, write_fleet, write_truth
from fleet.model import DAY, Fleet, Ints, Root, World
from fleet.parameter_file import write_parameters
from fleet.update_manager.adopt import adopt
from fleet.update_manager.estate import make_estate
from fleet.update_manager.expect import know
from fleet.update_manager.identity import arm_ids
from fleet.update_manager.maker import settle as settle_estate
from fleet.update_manager.model import Estate

#: Machines that the old service alone knows, or both services; and those of Azure Update Manager.
OLD, NEW = 500, 1500
SEED, DAYS = 7, 14
ABOUT = """\
# The demo workspace: a snapshot that lies beside this file and needs no Azure. Two thousand machines, most of
# them well; what happened to the others is told in demo/planted.json.
#   umdiag report parameters/demo.yml
#   papermill notebooks/assessment.ipynb out.ipynb -f parameters/demo.yml
"""


def make_demo(folder: Path) -> Fleet:
    """Write the demo workspace: 2,000 machines, most of them well, and what happened to the others.

    Beside the folder lies its parameter file.
    """
    asked = int(DEMO_ASKED_AT.timestamp())
    world = make_world(OLD, DAYS, SEED, datetime.fromtimestamp(asked, UTC), None)
    choose = Choose(world)
    before = spoil_before(world, choose)
    be_noisy_before(world, choose)
    settle(world)
    estate = make_estate(SEED, NEW, asked, asked - DAYS * DAY, world)
    adopt(estate, world)
    chosen = Choose(estate)
    after = spoil(estate, chosen)
    be_noisy(estate, chosen)
    settle_estate(estate)
    fleet = write_fleet(folder, DAYS, world, know(estate))
    write_truth(
        fleet, {name: _root(world, estate, name, before.get(name), after.get(name)) for name in ROOTS}
    )
    write_parameters(fleet, folder.with_suffix(".yml"), f"parameters/{folder.name}", ABOUT)
    return fleet


def _root(world: World, estate: Estate, name: str, old: Ints | None, new: Ints | None) -> Root:
    """Say what happened to whom: machines of both services, and the places that they lie in."""
    subjects = [] if old is None else present_ids(world)[old].tolist()
    subjects += [] if new is None else arm_ids(estate)[new].tolist()
    place = ROOTS[name].place
    subjects += [workspace_id(world, one) for one in world.workspaces if one.name == place]
    subjects += [f"/subscriptions/{one.id}" for one in estate.subscriptions if one.name == place]
    return Root(says=ROOTS[name].says, subjects=frozenset(one.lower() for one in subjects))
