"""Faults of family ``onboarding``: machines that are not looked after as they should be."""

from __future__ import annotations

import json

import numpy as np

from fleet.model import DAY, HOUR, Ints, make_guid
from fleet.update_manager.faults.assessment import assess_long_ago, enable, not_assess
from fleet.update_manager.faults.placing import (
    add_place,
    end,
    leave_schedules,
    need,
    need_nothing,
    schedule,
    share,
)
from fleet.update_manager.faults.registry import (
    Who,
    anyone,
    arc,
    azure,
    azure_linux,
    azure_windows,
    fault,
)
from fleet.update_manager.model import Estate, Scope, Verdict
from fleet.update_manager.schedule import wall_of

MONTHLY = 3


@fault("machine_unmanaged/not_enabled", anyone, least=3, weight=2)
def leave_alone(estate: Estate, machines: Ints) -> None:
    """Let no service look after machines; every third is an appliance of the marketplace."""
    leave_schedules(estate, machines)
    estate.set(machines, assess_mode="ImageDefault", patch_mode="Manual", bypass=-1, assessed=-1)
    estate.set(machines[1::3], settings=False)
    estate.set(machines[2::3], plan=True)


@fault("periodic_assessment_off/not_enabled", anyone, least=4)
def assess_by_hand(estate: Estate, machines: Ints) -> None:
    """Leave periodic assessment off: assessed by hand, never, or days ago; some are in no schedule."""
    estate.set(machines, assess_mode="ImageDefault")
    not_assess(estate, machines[1::4])
    assess_long_ago(estate, machines[2::4])
    leave_schedules(estate, machines[3::4])


@fault("periodic_assessment_off/settings_absent", arc)
def have_no_settings(estate: Estate, machines: Ints) -> None:
    """Leave Arc machines without patch settings; schedules reach them all the same."""
    estate.set(machines, settings=False)


@fault("patch_mode_not_schedulable/settings_absent", azure)
def have_no_patch_settings(estate: Estate, machines: Ints) -> None:
    """Leave virtual machines without patch settings: their schedules do nothing there."""
    estate.set(machines, settings=False, bypass=-1)


@fault("patch_mode_not_schedulable/bypass_flag_off", azure, least=3, weight=2)
def lack_flag(estate: Estate, machines: Ints) -> None:
    """Leave out the flag that lets a schedule patch; some lost it two weeks and a half ago."""
    estate.set(machines, bypass=0)
    estate.set(machines[1::3], bypass=-1)
    estate.set(machines[2::3], unfit_to=estate.asked - 18 * DAY)


@fault("patch_mode_not_schedulable/patch_mode_not_platform", azure, least=2)
def patch_itself(estate: Estate, machines: Ints) -> None:
    """Let the system patch itself, whatever the flag says."""
    windows = (estate.texts("os_type") == "Windows")[machines]
    estate.machines.loc[machines, "patch_mode"] = np.where(windows, "AutomaticByOS", "ImageDefault")
    estate.set(machines[1::2], bypass=0)


WITHOUT = "machine_without_schedule"


@fault(f"{WITHOUT}/platform_patches_machine", azure, least=2)
def leave_to_platform(estate: Estate, machines: Ints) -> None:
    """Let the platform patch machines."""
    leave_schedules(estate, machines)
    estate.set(machines, bypass=0)
    estate.set(machines[1::2], bypass=-1)


@fault(f"{WITHOUT}/patched_on_demand", anyone)
def patch_by_hand(estate: Estate, machines: Ints) -> None:
    """Let somebody patch machines by hand, twenty days ago."""
    leave_schedules(estate, machines)
    end(estate, machines, None, back=20 * 24, by="User", children=(("other-1", "Installed"),))


@fault(f"{WITHOUT}/only_expired_schedules", anyone)
def outlive_schedule(estate: Estate, machines: Ints) -> None:
    """Let the only schedule of machines expire three weeks ago."""
    wall = wall_of(estate.asked - 21 * DAY, "UTC")
    schedule(estate, machines, "mc-expired", hours=30, expires=wall)


@fault(f"{WITHOUT}/scope_filter_excludes windows", azure_windows)
def misspell(estate: Estate, machines: Ints) -> None:
    """Misspell the word of a tag that a scope wants, where all keys must fit."""
    leave_schedules(estate, machines)
    estate.set(machines, subscription=0, location=0, maintenance="weekly", stage="prdo")


@fault(f"{WITHOUT}/scope_filter_excludes linux", azure_linux)
def misspell_any(estate: Estate, machines: Ints) -> None:
    """Misspell the word of a tag that a scope wants, where any key may fit."""
    leave_schedules(estate, machines)
    estate.set(machines, subscription=1, maintenance="wekly")


@fault(f"{WITHOUT}/no_assignment", anyone, least=2)
def be_in_no_schedule(estate: Estate, machines: Ints) -> None:
    """Put machines into no schedule; every second one lacks updates."""
    leave_schedules(estate, machines)
    need(estate, machines[1::2], "fresh")


@fault("workload_not_supported/scale_set_instance", azure, least=3)
def scale(estate: Estate, machines: Ints) -> None:
    """Let machines be instances of a scale set; every third is named in a schedule."""
    share(estate, machines[::3])
    estate.set(machines, scale_set=True, assessed=-1)
    estate.set(machines[1::3], assessed=estate.asked - 5 * HOUR)


@fault("workload_not_supported/windows_client", azure_windows, least=2)
def run_client(estate: Estate, machines: Ints) -> None:
    """Let machines run a Windows for clients; every second one is named in a schedule."""
    need_nothing(estate, machines)
    share(estate, machines[1::2])
    estate.set(machines, release="win11", assessed=-1)


def _block(cause: str, who: Who, **how: object) -> None:
    """Register that nothing may install extensions on machines."""

    @fault(f"extension_operations_blocked/{cause}", who, least=3)
    def make(estate: Estate, machines: Ints) -> None:
        estate.set(machines, **how)
        # the assessment is old, there is none, or it is not due yet
        assess_long_ago(estate, machines[::3])
        not_assess(estate, machines[1::3])


_block("allow_extension_operations_false", azure, allow_ops=0)
_block("vm_agent_not_provisioned", azure, vm_agent=0)
_block("arc_extensions_disabled", arc, extensions_on=0)


@fault("extension_operations_blocked/arc_extension_blocked", arc, least=4)
def list_out(estate: Estate, machines: Ints) -> None:
    """Bar an extension by name, or allow others alone; entries are texts or pairs."""
    estate.set(machines, listed_out=True)
    for machine in machines.tolist():
        system = str(estate.texts("os_type")[machine])
        patch, update = f"{system}PatchExtension", f"{system}OsUpdateExtension"
        text = [f"Microsoft.CPlat.Core/{patch}"]
        pair = [{"publisher": "Microsoft.SoftwareUpdateManagement", "type": update}]
        other = ["Microsoft.Azure.Monitor/AzureMonitorAgent", *text]
        turn = machine % 4
        column = "allow_list" if turn == 3 else "block_list"
        words = (text, pair, [text[0].lower()], other)[turn]
        estate.machines.loc[machine, column] = json.dumps(words)


@fault("patch_extension_not_healthy/extension_failed", anyone, least=4, weight=2)
def break_extension(estate: Estate, machines: Ints) -> None:
    """Let the extension fail: with a failed assessment, an old one, none, or nothing else."""
    estate.set(machines, extension="patch")
    estate.set(machines[1::2], extension="update")
    estate.set(machines[::4], assess_status="Failed")
    assess_long_ago(estate, machines[1::4])
    not_assess(estate, machines[2::4])


@fault("provider_not_registered/provider_not_registered", azure, least=2)
def lack_maintenance(estate: Estate, machines: Ints, name: str = "sub-new") -> None:
    """Put machines into a new subscription where nobody registered the provider of schedules."""
    leave_schedules(estate, machines)
    place = add_place(estate, name, unregistered=("Microsoft.Maintenance",))
    estate.set(machines, subscription=place, maintenance="monthly")
    estate.configurations[MONTHLY].scopes.append(
        Scope(subscription=place, types=None, tags={"maintenance": ("monthly",)}, operator="Any")
    )


@fault("duplicate_machine/arc_and_azure", arc, least=2)
def be_both(estate: Estate, machines: Ints) -> None:
    """Install the Arc agent on virtual machines of Azure; the bytes of some ids are swapped."""
    free = np.flatnonzero(azure(estate) & ~estate.taken & (estate.column("old") < 0))
    twins = estate.rng("twins").choice(free, len(machines), replace=False)
    estate.machines.loc[machines, "vm_uuid"] = estate.texts("vm_id")[twins]
    estate.set(machines[1::2], swapped=True)


@fault("duplicate_machine/same_hardware_id", arc, least=2)
def be_cloned(estate: Estate, machines: Ints) -> None:
    """Copy the disk of an Arc machine."""
    estate.set(machines, vm_uuid=make_guid(estate.rng("hardware")))


@fault("policy_disagrees/policy_compliant_setting_wrong", anyone)
def be_called_compliant(estate: Estate, machines: Ints) -> None:
    """Let the policy call machines compliant whose periodic assessment is off."""
    estate.set(machines, assess_mode="ImageDefault")
    _judge(estate, machines, "Compliant", 3)


@fault("policy_disagrees/policy_never_compliant", anyone, least=2)
def be_called_wrong(estate: Estate, machines: Ints) -> None:
    """Let the policy go on calling machines wrong after the setting was changed."""
    enable(estate, machines[1::2], estate.asked - 6 * DAY)
    _judge(estate, machines, "NonCompliant", 20)


def _judge(estate: Estate, machines: Ints, state: str, hours: int) -> None:
    """Let the policy say something of machines."""
    at = estate.asked - hours * HOUR
    estate.verdicts += [Verdict(machine=machine, state=state, at=at) for machine in machines.tolist()]
