"""Which machines could not reach the service to register as workers?

Looks for:
    Machines whose newest registration error (event 4502 of the Operations Manager log, module HybridAgent)
    has one of the texts that a blocked or intercepted connection leaves, and that were not assessed since.

Why it matters:
    Without registration there is no worker, and no run ever reaches the machine.

Cannot see:
    The log of machines whose workspace does not collect it; Linux machines, which log elsewhere.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
    https://learn.microsoft.com/azure/automation/automation-network-configuration (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import fitting, refuse_nobody, subject, told
from umdiag.scenarios.leads import WITHOUT_WORKER

_GUIDE = "https://learn.microsoft.com/troubleshoot/azure/automation/update-management"
_NETWORK = "https://learn.microsoft.com/azure/automation/automation-network-configuration"

NO_ALGORITHM = Cause(
    key="no_common_algorithm",
    sentence="Machine and service found no common cipher, or something between them broke the handshake.",
    resolution=(
        "Enable TLS 1.2 on the machine: SCHANNEL protocols and SchUseStrongCrypto for .NET Framework.",
        "Let *.azure-automation.net through proxy, gateway and firewall on 443, without TLS inspection.",
    ),
    source=_GUIDE,
    leads_to=(WITHOUT_WORKER,),
)
INTERCEPTED = Cause(
    key="intercepted_response",
    sentence="A proxy or firewall answered in place of the service, with its own page.",
    resolution=(
        "Let *.azure-automation.net and *.oms.opinsights.azure.com through without a sign-in or block page.",
        "See who answers, on the machine: Invoke-WebRequest -UseBasicParsing https://<workspace id>.agentsvc."
        "azure-automation.net.",
    ),
    source=_NETWORK,
    leads_to=(WITHOUT_WORKER,),
)
CERTIFICATE = Cause(
    key="certificate_intercepted",
    sentence="Something between machine and service presents a certificate that is not Microsoft's.",
    resolution=(
        "Exempt *.oms.opinsights.azure.com, *.ods.opinsights.azure.com and *.azure-automation.net from"
        " TLS inspection.",
        "Check the certificate that the machine sees: its issuer must be one of Microsoft's.",
    ),
    source=_NETWORK,
    leads_to=(WITHOUT_WORKER,),
)
DENIED = Cause(
    key="access_denied",
    sentence="The registration was denied on its way to the service.",
    resolution=(
        "Check that the machine reaches *.azure-automation.net on 443, directly or through a proxy.",
        "Check the proxy of the agent itself: Control Panel > Microsoft Monitoring Agent > Proxy Settings.",
    ),
    source=_GUIDE,
    leads_to=(WITHOUT_WORKER,),
)
_CAUSES = (NO_ALGORITHM, INTERCEPTED, CERTIFICATE, DENIED)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("failed", "text", "last_assessed", "workspace")
RESTS = Rests(
    manager=MANAGED[1:],
    symptom=("registration_errors", *MACHINES, "azure_machines"),
    indifferent=COUNTS | NAMES,
)


def judge(
    registration_failures: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine whose registration failed on the way to the service."""
    for machine in registration_failures.itertuples():
        if fits := fitting(machine, _CAUSES):
            shown = told(machine, "failed", "text", "last_assessed", "workspace", "workspace_id")
            yield found(fits[0], subject(machine), shown | {"also": [cause.key for cause in fits[1:]]})
    refuse_nobody(machines)
