"""Which machines need a subscription before they get their security updates?

Looks for:
    Machines of Azure Update Manager that need packages of Ubuntu Pro (ESM), or whose newest assessment or
    installation says so (UA_ESM_REQUIRED); Azure Arc machines with Windows Server that may get Extended
    Security Updates and have no licence assigned.

Why it matters:
    The updates are listed as missing and no run can install them. Once a release is out of standard support
    there are no other security updates for it.

Cannot see:
    Which subscriptions or licences your organisation already owns; Azure VMs get Extended Security Updates
    for Windows without a licence.

Sources:
    https://learn.microsoft.com/azure/update-manager/security-awareness-ubuntu-support (read 2026-11-27)
    https://learn.microsoft.com/azure/update-manager/extended-security-updates (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from umdiag.frames.shared.certainty import surely, surely_not
from umdiag.frames.shared.text import among, folded
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import MANAGED, UPDATE_MANAGER, Rests
from umdiag.scenarios.assessment._managed import (
    NOT_READ,
    described,
    known,
    present,
    refuse_unmanaged,
)
from umdiag.scenarios.evidence import SHOWN, fitting, subject, told
from umdiag.scenarios.steps import on_arc, on_azure_vm

_REQUIRED = "ua_esm_required"
#: Releases out of standard support, as names of images and systems write them.
_OLD_UBUNTU = r"ubuntu.*(?<!\d)(?:14|16|18|20)[._-]?04(?!\d)"
_OLD_WINDOWS = r"(?<!\d)2012(?!\d)"
_RELEASE = ("image_offer", "image_sku", "os_name", "os_version", "os_sku")
_RUNS = Lead(notebook="update_runs", why="see which runs skipped these updates.")

PRO = Cause(
    key="ubuntu_pro_required",
    sentence="The machine needs packages that only Ubuntu Pro provides.",
    resolution=(
        on_azure_vm(
            "Attach Ubuntu Pro to the VM: az vm update --ids <resource id> --license-type UBUNTU_PRO; then on"
            " the machine: sudo apt install ubuntu-pro-client, sudo pro auto-attach."
        ),
        on_arc("Attach Ubuntu Pro on the machine: sudo pro attach <token>."),
        "See on the machine what it would get: pro security-status --esm-apps.",
        "Or upgrade to a release in standard support: sudo do-release-upgrade.",
    ),
    source="https://learn.microsoft.com/azure/update-manager/security-awareness-ubuntu-support",
    leads_to=(_RUNS,),
)
ESU = Cause(
    key="esu_not_assigned",
    sentence="The machine may get Extended Security Updates, and no licence for them is assigned to it.",
    resolution=(
        "Assign a licence: Azure Arc > Extended Security Updates > Eligible resources > Enable ESUs.",
        "List the licences that there are: az connectedmachine license list --subscription <subscription>"
        " --output table.",
        "Or upgrade the machine to a release in support.",
    ),
    source="https://learn.microsoft.com/azure/update-manager/extended-security-updates",
    leads_to=(_RUNS,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("count", "image_offer", "os_name", "esu_eligibility")
RESTS = Rests(
    symptom=("needed_patches", *MANAGED),
    causes=("resource_changes", "schedule_machine_runs"),
    indifferent=NOT_READ,
)


def judge(
    managed_machines: Partial,
    needed_updates: Partial | None,
    installations: pd.DataFrame | None,
) -> Iterator[Finding]:
    """Report each machine that needs a subscription; medium if its release is out of standard support."""
    rows = present(managed_machines)
    listed = _listed(needed_updates)
    failed = among(rows["machine_key"], _refused(installations)) | _says(rows["texts"])
    eligible = surely_not(rows["virtual"]) & (folded(rows["esu_eligibility"]) == "eligible")
    rows = rows.assign(
        ubuntu_pro_required=among(rows["machine_key"], listed["machine_key"]) | failed,
        esu_not_assigned=eligible & (folded(rows["esu_assignment"]) != "assigned"),
        old=_out_of_support(rows),
    )
    rows = rows[rows["ubuntu_pro_required"] | rows["esu_not_assigned"]]
    titles = (
        listed[among(listed["machine_key"], rows["machine_key"])].groupby("machine_key")["title"].agg(list)
    )
    for machine in rows.itertuples():
        fits = fitting(machine, (PRO, ESU))
        packages = sorted(titles.get(machine.machine_key, []))
        evidence = described(machine) | told(machine, "os_name", "os_version", "image_offer", "image_sku")
        evidence |= told(machine, "esu_eligibility", "esu_assignment") | {
            "out_of_standard_support": bool(machine.old),
            "count": len(packages),
            "updates": packages[:SHOWN],
            "also": [cause.key for cause in fits[1:]],
        }
        severity = Severity.MEDIUM if machine.old else Severity.INFO
        yield found(fits[0], subject(machine), evidence, known=known(machine), severity=severity)
    refuse_unmanaged(managed_machines)


def _listed(needed_updates: pd.DataFrame | None) -> pd.DataFrame:
    """Return the ESM updates that newest assessments list."""
    if needed_updates is None:
        return pd.DataFrame({"machine_key": [], "title": []}, dtype="str")
    return needed_updates.loc[needed_updates["esm"], ["machine_key", "title"]]


def _refused(installations: pd.DataFrame | None) -> pd.Series[Any]:
    """Return the machines whose newest installation says that it needs Ubuntu Pro."""
    if installations is None:
        return pd.Series(dtype="str")
    order = installations.sort_values(["started", "installation_id"], na_position="first", kind="stable")
    newest = order.drop_duplicates("machine_key", keep="last")
    return newest["machine_key"][_says(newest["texts"])]


def _says(texts: pd.Series[Any]) -> pd.Series[bool]:
    return folded(texts).str.contains(_REQUIRED, regex=False)


def _out_of_support(machines: pd.DataFrame) -> pd.Series[bool]:
    """Whether each machine's release is out of standard support, as its image or its system names it."""
    words = pd.Series("", index=machines.index, dtype="str")
    for column in _RELEASE:
        words += " " + folded(machines[column])
    windows = surely(machines["operating_system"] == "windows") & words.str.contains(_OLD_WINDOWS)
    return windows | words.str.contains(_OLD_UBUNTU)
