"""Where does Azure Policy disagree with the machine about periodic assessment?

Looks for:
    Machines that the policy "Machines should be configured to periodically check for missing system updates"
    calls compliant though periodic assessment is off on them, and machines that it calls non-compliant though
    it is on, more than 24 hours after the setting was last changed.

Why it matters:
    Figures taken from the policy are wrong: machines that nobody assesses look fine, or machines that are
    fine stay on the list, and remediation tasks run on them again and again.

Cannot see:
    Machines outside the policy's list of images: it has no state for them, which is not compliance.
    Exemptions and conflicts are left out.

Sources:
    https://learn.microsoft.com/azure/update-manager/periodic-assessment-at-scale (read 2026-11-27)
    https://learn.microsoft.com/azure/governance/policy/how-to/get-compliance-data (read 2026-11-27)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umdiag.errors import Inconclusive
from umdiag.frames.shared.text import folded, letters, looked_up
from umdiag.model import Cause, Finding, Lead, Partial, Severity, found
from umdiag.scenarios.account import UPDATE_MANAGER, Rests
from umdiag.scenarios.azure_steps import PERIODIC_ASSESSMENT
from umdiag.scenarios.evidence import fitting, subject, told, undecided
from umdiag.scenarios.onboarding._azure_machines import known, supported
from umdiag.scenarios.portal import resource_page

_PAGE = "https://learn.microsoft.com/azure/update-manager/periodic-assessment-at-scale"
_EVALUATE = (
    "Have the policy evaluated again: az policy state trigger-scan --resource-group <resource group>"
    " --subscription <subscription>; then read its state: az policy state list --resource <resource id>."
)
_DAY = pd.Timedelta(hours=24)
_STALE = Lead(notebook="assessment", why="see how old the assessments of these machines are.")

WRONG = Cause(
    key="policy_compliant_setting_wrong",
    sentence="The policy calls the machine compliant, but periodic assessment is off on it.",
    resolution=(_EVALUATE, *PERIODIC_ASSESSMENT),
    source=_PAGE,
    severity=Severity.LOW,
    leads_to=(_STALE,),
)
NEVER = Cause(
    key="policy_never_compliant",
    sentence="Periodic assessment is on, but the policy still calls the machine non-compliant.",
    resolution=(
        _EVALUATE,
        "If that changes nothing, look at what the assignment requires (its scope is how assignment_id "
        "begins): az policy"
        " assignment show --name <assignment> --scope <scope>; a remediation task does not help here.",
    ),
    source=_PAGE,
    severity=Severity.LOW,
    leads_to=(_STALE,),
)


SERVICES = (UPDATE_MANAGER,)
DECIDES = ("compliance_state", "assessment_mode", "evaluated", "last_changed")
RESTS = Rests(symptom=("azure_machines", "policy_states"), causes=("resource_changes",))


def judge(
    estate: Partial, policy_states: Partial, assessment_mode_changes: pd.DataFrame | None
) -> Iterator[Finding]:
    """Report each machine whose policy state and setting disagree."""
    rows = _compared(supported(estate), policy_states)
    told_late = _late(rows, assessment_mode_changes)
    rows["last_changed"] = told_late["changed"]
    for machine in _once(rows[rows[WRONG.key] | told_late["late"]]).itertuples():
        evidence = told(
            machine, "assessment_mode", "compliance_state", "evaluated", "last_changed", "assignment_id"
        )
        evidence |= {"portal": resource_page(machine.subject_id), "also": []}
        yield found(fitting(machine, (WRONG, NEVER))[0], subject(machine), evidence, known=known(machine))
    if assessment_mode_changes is None and (number := rows["machine_key"][rows[NEVER.key]].nunique()):
        raise Inconclusive(undecided(number, "whether its setting was changed just before the policy looked"))


def _late(rows: pd.DataFrame, changes: pd.DataFrame | None) -> pd.DataFrame:
    """Return the newest recorded change of each row's setting, and whether the policy looked long after."""
    if changes is None:
        changed = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]")
        return pd.DataFrame({"changed": changed, "late": False})
    changed = looked_up(rows["machine_key"], changes.groupby("machine_key")["changed"].max())
    late = changed.isna() | (rows["evaluated"] > changed + _DAY)
    return pd.DataFrame({"changed": changed, "late": rows[NEVER.key] & late})


def _compared(machines: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Return the policy states that disagree with the setting of their machine, each assignment's newest."""
    verdict = letters(states["compliance_state"])
    rows = states.assign(machine_key=folded(states["machine_id"]).str.rstrip("/"), verdict=verdict)
    rows = rows[verdict.isin(["compliant", "noncompliant"])]
    rows = rows.sort_values(["evaluated", "id"], na_position="first", kind="stable")
    rows = rows.drop_duplicates(["machine_key", "assignment_id"], keep="last")
    columns = ["machine_key", "compliance_state", "evaluated", "assignment_id", "verdict"]
    rows = machines.merge(rows[columns], on="machine_key")
    periodic = rows["periodic"].astype(bool)
    rows[WRONG.key] = ~periodic & (rows["verdict"] == "compliant")
    rows[NEVER.key] = periodic & (rows["verdict"] == "noncompliant")
    return rows


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one state of each machine, whatever the order in which they came."""
    return rows.sort_values(["machine_key", "assignment_id"]).drop_duplicates("machine_key")
