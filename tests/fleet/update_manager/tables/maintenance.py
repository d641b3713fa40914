"""Write ``maintenanceresources``: assignments, runs of schedules, and runs on machines."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from fleet.identity import join_texts
from fleet.model import Ints, Texts, iso
from fleet.update_manager.identity import arm_ids, configuration_id, ids_at, old_ids
from fleet.update_manager.model import Configuration, Estate, Scope
from fleet.update_manager.tables.columns import Columns, columns_of, columns_of_rows, homes, moments, spell
from fleet.update_manager.tables.texts import OF_RUNS

ASSIGNMENT = "microsoft.maintenance/configurationassignments"
OF_SCHEDULE = "microsoft.maintenance/maintenanceconfigurations/applyupdates"
OF_MACHINE = "microsoft.maintenance/applyupdates"
SCOPE = "InGuestPatch"


def maintenance_columns(estate: Estate) -> list[Columns]:
    """Return the three sorts of rows."""
    chunks = [_static(estate), columns_of_rows([*_dynamic(estate), *_runs(estate)]), _machine_runs(estate)]
    return [chunk for chunk in chunks if len(chunk["id"])]


def _static(estate: Estate) -> Columns:
    """Return the machines that are assigned one by one."""
    pairs = [
        (machine, number, lost)
        for number, one in enumerate(estate.configurations)
        for lost, machines in ((False, one.named), (True, one.lost))
        for machine in machines
    ]
    table = pd.DataFrame(pairs, columns=["machine", "number", "lost"])
    machines = table["machine"].to_numpy(dtype=np.int64)
    lost = table["lost"].to_numpy(dtype=np.bool_)
    visible = np.array([s.visible for s in estate.subscriptions])[_home(estate, machines, lost)]
    visible &= ~estate.flags("unread")[machines]
    machines, lost, table = machines[visible], lost[visible], table[visible]
    ids = np.where(lost, old_ids(estate)[machines], arm_ids(estate)[machines]).astype(object)
    targets = spell(ids, estate.column("spelling")[machines])
    configured = _configuration_ids(estate)[table["number"]]
    titles = np.array([one.name for one in estate.configurations], dtype=object)[table["number"]]
    names = join_texts(titles, "-", machines.astype(str).astype(object))
    given: dict[str, Any] = {
        "id": join_texts(ids, "/providers/Microsoft.Maintenance/configurationAssignments/", names),
        "name": names, "type": ASSIGNMENT,
        "properties": join_texts(
            '{"maintenanceConfigurationId":"', configured, '","resourceId":"', targets, '"}'
        ),
    }  # fmt: skip
    given |= homes(estate, machines, _home(estate, machines, lost), estate.texts("group")[machines])
    return columns_of(len(machines), given, ("id", "name", "properties"))


def _home(estate: Estate, machines: Ints, lost: np.ndarray) -> Ints:
    """Return the subscription that an assignment lies in."""
    old = estate.column("old_subscription")[machines]
    return np.where(lost & (old >= 0), old, estate.column("subscription")[machines])


def _configuration_ids(estate: Estate) -> Texts:
    """Return the ids of configurations as assignments write them: some in small letters."""
    ids = [configuration_id(estate, one) for one in estate.configurations]
    return np.array([one.lower() if turn % 3 == 1 else one for turn, one in enumerate(ids)], dtype=object)


def _dynamic(estate: Estate) -> list[dict[str, Any]]:
    """Return the dynamic scopes; of a subscription that cannot be seen there is no row but for its name."""
    ids = _configuration_ids(estate)
    rows = []
    for number, one in enumerate(estate.configurations):
        for turn, scope in enumerate(one.scopes):
            place = estate.subscriptions[scope.subscription]
            bare = f"/subscriptions/{place.id}"
            if scope.group is not None:
                bare += f"/resourceGroups/{scope.group}"
            name = f"{one.name}-scope-{turn}"
            rows.append(
                {
                    "id": f"{bare}/providers/Microsoft.Maintenance/configurationAssignments/{name}",
                    "name": name, "type": ASSIGNMENT, "subscriptionId": place.id, "tenantId": place.tenant,
                    "properties": {
                        "maintenanceConfigurationId": ids[number], "resourceId": bare,
                        "filter": _filter(scope),
                    },
                }
            )  # fmt: skip
    return rows


def _filter(scope: Scope) -> dict[str, Any] | None:
    """Return the filter of a scope; what is None is not written."""
    lists = {
        "resourceTypes": scope.types, "resourceGroups": scope.groups, "locations": scope.locations,
        "osTypes": scope.systems,
    }  # fmt: skip
    written: dict[str, Any] = {key: list(words) for key, words in lists.items() if words is not None}
    if scope.tags:
        tags: dict[str, Any] = {"tags": {key: list(values) for key, values in scope.tags.items()}}
        written["tagSettings"] = tags | ({"filterOperator": scope.operator} if scope.operator else {})
    return written or None


def run_id(estate: Estate, configuration: Configuration, stamp: int) -> str:
    """Return the id of a run of a configuration."""
    digits = iso(stamp).translate({ord(c): None for c in "-:TZ"})
    return f"{configuration_id(estate, configuration)}/providers/microsoft.maintenance/applyupdates/{digits}"


def _runs(estate: Estate) -> list[dict[str, Any]]:
    """Return the runs of configurations."""
    rows = []
    held = estate.machine_runs.assign(good=estate.machine_runs["status"] == "Succeeded")
    groups = held.groupby(["configuration", "place"])
    ends, good, sizes = (
        groups["ended"].max().to_dict(),
        groups["good"].sum().to_dict(),
        groups.size().to_dict(),
    )
    for number, one in enumerate(estate.configurations):
        place = estate.subscriptions[one.subscription]
        if not place.visible or one.gone:
            continue
        for at, run in enumerate(one.runs):
            total = int(sizes.get((number, at), 0))
            summary = {"total": total, "succeeded": int(good.get((number, at), 0))}
            full = run_id(estate, one, run.stamp)
            about = {
                "correlationId": full.lower() if number % 4 == 2 else full,
                "maintenanceConfigurationId": configuration_id(estate, one),
                "maintenanceConfiguration": {"name": one.name, "properties": {"maintenanceScope": SCOPE}},
                "status": run.status, "startDateTime": iso(run.stamp),
                "endDateTime": iso(int(ends.get((number, at), run.stamp + 600))),
                "resourceUpdateSummary": _as_texts(summary) if number % 5 == 3 else summary if total else {},
            }  # fmt: skip
            if run.trouble is not None:
                about["errorMessage"] = OF_RUNS[run.trouble]
            rows.append(
                {
                    "id": full, "name": full.rsplit("/", 1)[1], "type": OF_SCHEDULE, "properties": about,
                    "subscriptionId": place.id, "tenantId": place.tenant, "resourceGroup": one.group,
                }
            )  # fmt: skip
    return rows


def _as_texts(summary: dict[str, int]) -> dict[str, str]:
    """Write numbers as text."""
    return {key: str(value) for key, value in summary.items()}


def run_ids(estate: Estate, rows: pd.DataFrame) -> Texts:
    """Return the id of the run that each row belongs to."""
    bare = np.array([configuration_id(estate, one) for one in estate.configurations] or [""], dtype=object)
    # an installation without a run has no start of one
    moments_of = np.where(rows["configuration"] < 0, 0, rows["scheduled"])
    stamps = pd.to_datetime(moments_of, unit="s").strftime("%Y%m%d%H%M%S")
    return join_texts(
        bare[rows["configuration"].to_numpy()], "/providers/microsoft.maintenance/applyupdates/",
        np.asarray(stamps, dtype=object),
    )  # fmt: skip


def _machine_runs(estate: Estate) -> Columns:
    """Return the runs on machines."""
    rows = estate.machine_runs
    told = np.array([s.visible and "runs" not in s.withheld for s in estate.subscriptions])
    rows = rows[told[estate.column("subscription")[rows["machine"]]]]
    machines = rows["machine"].to_numpy()
    ids = ids_at(estate, machines, rows["scheduled"].to_numpy())
    odd = estate.column("spelling")[machines]
    runs = run_ids(estate, rows)
    stamps = np.array([text.rsplit("/", 1)[1] for text in runs], dtype=object)
    going = (rows["status"] == "InProgress").to_numpy()
    ended = np.where(going, "", moments(rows["ended"].to_numpy()))
    # the id of the row tells the machine too
    bare = (odd == 1) & (machines % 2 == 0)
    target = join_texts('"resourceId":"', spell(ids, odd), '",')
    properties = join_texts(
        '{"maintenanceScope":"InGuestPatch",', np.where(bare, "", target).astype(object),
        '"correlationId":"', spell(runs, odd), '","maintenanceConfigurationId":"',
        np.array([text.rsplit("/providers/", 1)[0] for text in runs], dtype=object),
        '","startDateTime":"', moments(rows["begun"].to_numpy()), '","endDateTime":"', ended.astype(object),
        '","status":"', rows["status"].to_numpy(dtype=object), '"', _errors(estate, rows), "}",
    )  # fmt: skip
    given: dict[str, Any] = {
        "id": join_texts(ids, "/providers/microsoft.maintenance/applyupdates/", stamps),
        "name": stamps, "type": OF_MACHINE, "properties": properties,
    }  # fmt: skip
    given |= homes(estate, machines, estate.column("subscription")[machines], estate.texts("group")[machines])
    return columns_of(len(rows), given, ("id", "properties"))


def _errors(estate: Estate, rows: pd.DataFrame) -> Texts:
    """Return what failed machine runs say, by turns as a message and as details of an error."""
    texts = np.full(len(rows), "", dtype=object)
    for place in np.flatnonzero(rows["outcome"].to_numpy() >= 0):
        one = estate.outcomes[rows["outcome"].iat[place]]
        if one.installs or one.trouble is None or one.said_by_run:
            continue
        words = OF_RUNS[one.trouble]
        error = (
            {"errorMessage": words}
            if one.machine % 2
            else {"errorDetails": {"code": "Failed", "message": words}}
        )
        texts[place] = "," + json.dumps(error)[1:-1]
    return texts
