"""Which machines could not create the certificate that a worker needs?

Looks for:
    Machines whose newest registration error (event 4502 of the Operations Manager log, module HybridAgent)
    says that a self-signed certificate could not be created, and that were not assessed since.

Why it matters:
    Without its certificate the machine does not become a worker, and no run ever reaches it.

Cannot see:
    The permissions on the machine's folder; the event only says that they are not enough.

Sources:
    https://learn.microsoft.com/troubleshoot/azure/automation/update-management (read 2026-11-22)
"""

from __future__ import annotations

from collections.abc import Iterator

from umdiag.model import Cause, Finding, Partial, found
from umdiag.scenarios.account import COUNTS, MACHINES, MANAGED, NAMES, UPDATE_MANAGEMENT, Rests
from umdiag.scenarios.evidence import fitting, refuse_nobody, subject, told
from umdiag.scenarios.leads import WITHOUT_WORKER

DENIED = Cause(
    key="key_folder_denied",
    sentence="The agent is not allowed to write the key of its certificate.",
    resolution=(
        "Give SYSTEM full control of the folder of keys: icacls C:\\ProgramData\\Microsoft\\Crypto\\RSA"
        ' /grant "SYSTEM:(OI)(CI)F" /T.',
        "Restart the agent, and the machine tries to register again: Restart-Service HealthService.",
    ),
    source="https://learn.microsoft.com/troubleshoot/azure/automation/update-management",
    leads_to=(WITHOUT_WORKER,),
)


SERVICES = (UPDATE_MANAGEMENT,)
DECIDES = ("failed", "text", "last_assessed")
RESTS = Rests(
    manager=MANAGED[1:],
    symptom=("registration_errors", *MACHINES, "azure_machines"),
    indifferent=COUNTS | NAMES,
)


def judge(
    registration_failures: Partial,
    machines: Partial,
) -> Iterator[Finding]:
    """Report each machine that could not make its certificate."""
    for machine in registration_failures.itertuples():
        if fits := fitting(machine, (DENIED,)):
            yield found(
                fits[0],
                subject(machine),
                told(machine, "failed", "text", "last_assessed", "workspace") | {"also": []},
            )
    refuse_nobody(machines)
