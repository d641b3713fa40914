"""On which machines is Azure not allowed to use the extensions that assess and patch them?

Looks for:
    Machines that Azure Update Manager manages and that forbid extension operations, whose VM agent is not
    provisioned, or whose Azure Arc agent has extensions disabled, blocks one of the two extensions or allows
    only others.

Why it matters:
    Update Manager assesses and patches through extensions. Where it may not install or run them, every
    assessment and every run fails or never begins.

Cannot see:
    Whether the VM agent runs now, or a firewall keeps the extension from being downloaded.

Sources:
    https://learn.microsoft.com/azure/update-manager/prerequisites (read 2026-11-28)
    https://learn.microsoft.com/azure/azure-arc/servers/security-extensions (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.frames.shared.certainty import surely
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import AGENT_STATE, ASSESS_NOW
from umdiag.scenarios.evidence import fitting, subject, told
from umdiag.scenarios.onboarding._azure_machines import MANAGED, NOT_READ, known, refuse_unsure, supported
from umdiag.scenarios.portal import resource_page

_VM = "https://learn.microsoft.com/azure/update-manager/prerequisites"
_ARC = "https://learn.microsoft.com/azure/azure-arc/servers/security-extensions"
_LED = (
    Lead(notebook="assessment", why="see which of them are not assessed, or no longer."),
    Lead(notebook="update_runs", why="see which runs failed on them."),
)

FORBIDDEN = Cause(
    key="allow_extension_operations_false",
    sentence="The VM forbids extension operations (allowExtensionOperations is false).",
    resolution=(
        "Allow them: az vm update --ids <resource id> --set osProfile.allowExtensionOperations=true.",
        *ASSESS_NOW,
    ),
    source=_VM,
    severity=Severity.HIGH,
    leads_to=_LED,
)
NO_AGENT = Cause(
    key="vm_agent_not_provisioned",
    sentence="The VM was created without the VM agent (provisionVMAgent is false), and extensions need it.",
    resolution=(
        "Install the VM agent on the machine if it is not there:"
        " https://learn.microsoft.com/azure/virtual-machines/extensions/agent-windows or, on Linux,"
        " https://learn.microsoft.com/azure/virtual-machines/extensions/agent-linux.",
        *AGENT_STATE,
        "The setting itself cannot be changed later: if Azure keeps refusing extensions, recreate the VM from"
        " its disk with the VM agent provisioned.",
    ),
    source=_VM,
    severity=Severity.HIGH,
    leads_to=_LED,
)
DISABLED = Cause(
    key="arc_extensions_disabled",
    sentence="The Azure Arc agent has extensions disabled.",
    resolution=(
        "On the machine, enable them: azcmagent config set extensions.enabled true.",
        "If the agent is in monitor mode, take it out of it: azcmagent config set config.mode full.",
        *ASSESS_NOW,
    ),
    source=_ARC,
    severity=Severity.HIGH,
    leads_to=_LED,
)
BLOCKED = Cause(
    key="arc_extension_blocked",
    sentence="The lists of the Azure Arc agent keep out an extension that assesses or patches the machine.",
    resolution=(
        "On the machine, look at the lists: azcmagent config get extensions.allowlist, azcmagent config get"
        " extensions.blocklist.",
        "Take the extensions named in blocked_extensions out of the block list: azcmagent config set"
        " extensions.blocklist <publisher/type> --remove.",
        "Or add them to the allow list: azcmagent config set extensions.allowlist <publisher/type> --add.",
        *ASSESS_NOW,
    ),
    source=_ARC,
    severity=Severity.HIGH,
    leads_to=_LED,
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("extension_operations", "extensions_enabled", "vm_agent", "blocked_extensions")
RESTS = Rests(symptom=MANAGED, causes=("subscriptions",), indifferent=NOT_READ)


def judge(managed_machines: Partial, extension_blocks: Partial) -> Iterator[Finding]:
    """Report each managed machine whose settings keep the extensions out."""
    machines = supported(managed_machines).merge(extension_blocks, on="machine_key")
    for machine in machines[surely(machines["managed"])].itertuples():
        fits = fitting(machine, (FORBIDDEN, NO_AGENT, DISABLED, BLOCKED))
        evidence = told(machine, "extension_operations", "vm_agent", "extensions_enabled") | {
            "extensions_allowed": _listed(machine.extensions_allowed),
            "extensions_blocked": _listed(machine.extensions_blocked),
            "blocked_extensions": machine.blocked_extensions,
            "portal": resource_page(machine.subject_id),
            "also": [cause.key for cause in fits[1:]],
        }
        yield found(fits[0], subject(machine), evidence, known=known(machine))
    refuse_unsure(managed_machines, machines)


def _listed(entries: object) -> list[object]:
    return entries if isinstance(entries, list) else []
