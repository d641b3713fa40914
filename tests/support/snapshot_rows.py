"""Turn a few words about a small estate into a real snapshot folder, in the service's own columns.

What may be given, all of it optional (times are relative to the clock: "-6h", "-2d12h"; spans "-3d..-1d"):

    machines:     name → what differs from a healthy Windows machine in Azure, see `_MACHINE` and
                  `machine_rows`
    workspaces:   name → cap (GB), status, reset ("none": ARM does not say); a machine names its own by
                  `workspace`
    subscriptions: name → visible, registration (of Microsoft.Automation), maintenance, compute ("": no row);
                  a machine names its own by `subscription`
    schedules:    maintenance configurations and their assignments, see `schedule_rows`
    operations:   [{at, says, workspace}] rows of Operation and _LogOperation, or of the table in `only`
    usage:        [{table, megabytes, span, billable, workspace}] one row of Usage an hour
    deployments:  name → os, machines, names, groups, modified, runs: [{id, at, status, machines}]
                  (or machine → what differs: status, at, end, agent, error), and reboot, classes, exclude,
                  duration, enabled, named (ARM ids)
    changes:      [{machine, at, type, <property>: [before, after]}] rows of resourcechanges
    events:       [{machine, at, log, source, id, text}] rows of Event
    installs:     [{machine, run, at, status, kb, title, id, error}] rows of UpdateRunProgress
    policies:     [{machine, value, data, at}] rows of ConfigurationData
    jobs:         [{from, to, count, status, runbook, group, exception}] jobs of the Automation account
    linked:       workspace → Automation account that it is linked to
    schedule_runs, on_demand, manager_assessments: what Azure Update Manager did, see `manager_history`
    rows:         table → rows as they are
    not_captured, denied, partial: tables
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support import machine_rows, schedule_rows
from support.manager_history import Around, history
from umdiag.kit import Kit
from umdiag.model import Diagnosis, Rows
from umdiag.parameters import from_values
from umdiag.queries import kql
from umdiag.scenarios import scenario
from umdiag.sources.snapshot import Snapshot

ASKED_AT = datetime(2024, 3, 15, 10, 0, tzinfo=UTC)
LOOKBACK = "3d"
AU_KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU"
TENANT = "99999999-8888-7777-6666-555555555555"
_RELATIVE = re.compile(r"(?P<sign>[-+])(?=\d)(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MACHINE: Mapping[str, Any] = {
    "computer": None,  # name in the logs; default: the machine's key
    "os": "Windows",
    "os_name": "",
    "kind": "azure",  # azure, arc, other
    "agent": None,  # SourceComputerId
    "hardware": None,  # what its VMUUID is made from; default: the machine's key
    "vmuuid": None,
    "heard": f"-{LOOKBACK}..+0m",  # heartbeats every 30 minutes, counted back from the end; "never"
    "assessed": f"-{LOOKBACK}..-1h",  # every 12 h (Linux 3 h), counted back from the end; "never"
    "summarised": True,  # Windows: an UpdateSummary row with every assessment
    "summary": {},
    "updates": (),
    "workspace": "law",
    "solutions": '"updates", "security"',
    "logged_id": True,  # whether rows carry the ARM id
    "resource": True,
    "resource_name": None,
    "subscription": "main",
    "group": "rg",
    "location": "westeurope",
    "tags": {},
    "power": None,
    "created": "-90d",
    "worker": "vm",  # vm, name, group, user, namesake, none
    "seen": "-5m",  # when its worker was last seen; "": it does not say
    "elsewhere": None,  # {status, at, counts}: its newest assessment in Azure Update Manager
    **machine_rows.MACHINE,
}
#: What a subscription says of each provider → the provider.
_NAMESPACES = {
    "registration": "Microsoft.Automation",
    "maintenance": "Microsoft.Maintenance",
    "compute": "Microsoft.Compute",
}
_PROVIDERS = {"azure": "Microsoft.Compute/virtualMachines", "arc": "Microsoft.HybridCompute/machines"}
_SAID: Mapping[str, tuple[str, str]] = {
    "stopped": (
        "Data Collection Status",
        "Data collection stopped due to daily limit of free data reached. Ingestion status = OverQuota",
    ),
    "suspended": (
        "Data Collection Status",
        "Data collection stopped: the subscription is suspended. Ingestion status = SubscriptionSuspended",
    ),
    "resumed": ("Data Collection Status", "Data collection resumed"),
    "dropped": (
        "Ingestion",
        "The data ingestion volume rate crossed the threshold in your workspace: 6.4 MB per one minute"
        " and data has been dropped.",
    ),
    "near limit": (
        "Ingestion",
        "The data ingestion volume rate crossed 80% of the threshold in your workspace: 4.9 MB per minute.",
    ),
}


def at(text: str) -> datetime:
    """Return the moment that a relative time such as "-2d12h" means."""
    match = _RELATIVE.fullmatch(text)
    assert match, f"{text!r} is no relative time"
    parts = {unit: int(match[unit] or 0) for unit in ("days", "hours", "minutes")}
    return ASKED_AT + timedelta(**parts) * (-1 if match["sign"] == "-" else 1)


def resolved(value: Any) -> Any:
    """Return a value with every relative time in it written out as the service writes times."""
    if isinstance(value, Mapping):
        return {key: resolved(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(one) for one in value]
    if isinstance(value, str) and _RELATIVE.fullmatch(value):
        return _iso(at(value))
    return value


def identifier(name: str) -> str:
    """Return the id that a name always has here; an id is its own."""
    return name if _ID.fullmatch(name) else str(uuid5(NAMESPACE_DNS, name))


def arm_id(machine: str, *, subscription: str = "main", group: str = "rg", kind: str = "azure") -> str:
    """Return the ARM id of a machine."""
    place = f"/subscriptions/{identifier(subscription)}/resourceGroups/{group}"
    return f"{place}/providers/{_PROVIDERS[kind]}/{machine}"


def account_id(name: str = "aa") -> str:
    """Return the ARM id of an Automation account."""
    return (
        f"/subscriptions/{identifier('main')}/resourceGroups/rg/providers/Microsoft.Automation"
        f"/automationAccounts/{name}"
    )


def workspace_id(name: str = "law") -> str:
    """Return the ARM id of a workspace."""
    return (
        f"/subscriptions/{identifier('main')}/resourceGroups/rg-logs"
        f"/providers/Microsoft.OperationalInsights/workspaces/{name}"
    )


def investigate(folder: Path, given: Mapping[str, Any], **parameters: Any) -> Kit:
    """Write a snapshot of what is given and open the kit on it."""
    write_snapshot(folder, given)
    values = {"source": "snapshot", "snapshot": str(folder), "lookback": LOOKBACK} | parameters
    return Kit(from_values(values, folder=None))


def diagnose(kit: Kit, name: str) -> Diagnosis:
    """Judge one scenario alone, as the kit does; `Kit.diagnosis` judges whole families."""
    return kit._views.judge(scenario(name))


@contextmanager
def answered_once(known: dict[Any, Any] | None = None) -> Iterator[None]:
    """Let the engine answer each query text once for tables of the same content.

    Nearly all that a case costs is asking the tables in which it is like the case before. `known` keeps what
    was answered for the next time.
    """
    known = {} if known is None else known
    fetch = Snapshot.fetch

    def fetch_once(snapshot: Any, query: kql.Query, values: Mapping[str, kql.Value]) -> Rows:
        files = [snapshot._tables.files.get(table) for table in query.tables]
        content = tuple(file.path.read_bytes() if file else b"" for file in files)
        told = tuple(str(snapshot._tables._manifest.tables.get(table)) for table in query.tables)
        key = (kql.bind(query, values), content, told)
        if key not in known:
            known[key] = fetch(snapshot, query, values)
        rows: Rows = known[key]
        return replace(rows, frame=rows.frame.copy())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Snapshot, "fetch", fetch_once)
        yield


def tables_of(given: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of every table, times still relative."""
    rows: dict[str, list[Mapping[str, Any]]] = {table: [] for part in kql.tables().values() for table in part}
    for write in (_machines, _azure, _workspaces, _deployments, _happenings):
        for table, row in write(given):
            rows[table].append(row)
    for table, given_rows in given.get("rows", {}).items():
        rows[table] += given_rows
    return rows


def write_snapshot(folder: Path, given: Mapping[str, Any]) -> None:
    """Write one Parquet file per table, empty ones too, and `snapshot.json`."""
    unseen = {*given.get("not_captured", ()), *given.get("denied", ())}
    folder.mkdir(parents=True, exist_ok=True)
    for table, content in tables_of(given).items():
        if table not in unseen:
            (folder / f"{table}.parquet").write_bytes(parquet(table, json.dumps(content)))
    told = {table: {"complete": False} for table in given.get("partial", ())}
    told |= {table: {"state": "denied"} for table in given.get("denied", ())}
    manifest = {"format": 1, "asked_at": _iso(ASKED_AT), "lookback": LOOKBACK, "tables": told}
    (folder / "snapshot.json").write_text(json.dumps(manifest), encoding="utf-8")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def parquet(table: str, rows: str) -> bytes:
    """Return the Parquet file of rows given as JSON; from one case to the next most tables are the same."""
    content = [resolved(row) for row in json.loads(rows)]
    schema = _schema(table, content)
    written = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([_as_service(row, schema) for row in content], schema), written)
    return bytes(written.getvalue())


def _schema(table: str, rows: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """Return the columns that any row has or a query reads, in the types of a capture."""
    asked = [reading for query in kql.queries().values() for reading in [query.reads.get(table)] if reading]
    known = {column: type_ for part in kql.tables().values() for column, type_ in part.get(table, {}).items()}
    written = {"bool": pa.bool_(), "real": pa.float64(), "datetime": pa.timestamp("us")}
    names = dict.fromkeys(name for row in rows for name in row)
    names |= dict.fromkeys(column for reading in asked for column in reading.columns)
    return pa.schema([(name, written.get(known.get(name, ""), pa.string())) for name in names or known])


def _as_service(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Write dynamic values as the JSON text that a capture holds, and times as times."""
    written = {
        key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()
    }
    for key, value in written.items():
        if pa.types.is_timestamp(schema.field(key).type) and value is not None:
            written[key] = datetime.fromisoformat(value).replace(tzinfo=None)
    return written


def _times(spans: str | Sequence[str], period: timedelta) -> Iterator[datetime]:
    """Yield the moments of spans such as "-3d..-1h", every period back from each end."""
    for span in [spans] if isinstance(spans, str) else spans:
        if span == "never":
            continue
        start, _, end = span.partition("..")
        moment = at(end or start)
        while moment >= at(start):
            yield moment
            moment -= period


# -- machines in the logs ---------------------------------------------------------------------------------


def _described(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key, said in given.get("machines", {}).items():
        unknown = set(said or {}) - set(_MACHINE)
        assert not unknown, f"machine {key}: {unknown} is not known"
        one = {**_MACHINE, **(said or {}), "key": key}
        one["computer"] = one["computer"] or key
        one["agent"] = identifier(f"agent of {key}") if one["agent"] is None else one["agent"]
        if one["vmuuid"] is None:
            one["vmuuid"] = identifier(f"hardware of {one['hardware'] or key}")
        one["resource_name"] = one["resource_name"] or one["computer"]
        place = {"subscription": one["subscription"], "group": one["group"], "kind": one["kind"]}
        one["arm_id"] = "" if one["kind"] == "other" else arm_id(one["resource_name"], **place)
        yield one


def _machines(given: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in _described(given):
        shared = {
            "TenantId": identifier(one["workspace"]),
            "Computer": one["computer"],
            "SourceComputerId": one["agent"],
            "VMUUID": one["vmuuid"],
            "ComputerEnvironment": "Azure" if one["kind"] == "azure" else "Non-Azure",
            "_ResourceId": one["arm_id"].lower() if one["logged_id"] else "",
        }
        for moment in _times(one["heard"], timedelta(minutes=30)):
            about = {"TimeGenerated": _iso(moment), "OSType": one["os"], "Solutions": one["solutions"]}
            about["OSName"] = one["os_name"]
            yield "Heartbeat", shared | about
        linux = one["os"] == "Linux"
        for moment in _times(one["assessed"], timedelta(hours=3 if linux else 12)):
            yield from _assessment(one, shared | {"TimeGenerated": _iso(moment)}, moment, linux)


def _assessment(
    one: Mapping[str, Any], shared: dict[str, Any], moment: datetime, linux: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    if linux:
        beat = {"Product": "UpdateManagementHeartbeat", "OSType": "Linux", "UpdateState": "Needed"}
        yield "Update", shared | beat | {"Title": "UpdateManagementHeartbeat", "Classification": "Others"}
    elif one["summarised"]:
        yield "UpdateSummary", shared | {"RestartPending": False} | one["summary"]
    for update in one["updates"]:
        if any(_within(moment, span) for span in _listed(update.get("reported", f"-{LOOKBACK}..+0m"))):
            yield "Update", shared | {"OSType": one["os"]} | _update(update, moment, linux)


def _update(update: Mapping[str, Any], moment: datetime, linux: bool) -> dict[str, Any]:
    """Return the columns of an update: title, kb, class, state (or {since: state}), approved, …"""
    kb = str(update.get("kb", ""))
    title = update.get("title", update.get("product") or f"Update ({kb})")
    state = update.get("state", "Needed")
    if isinstance(state, Mapping):
        state = [said for since, said in state.items() if at(since) <= moment][-1]
    row = {
        "Title": title,
        "Classification": update.get("class", "Security Updates"),
        "UpdateState": state,
        "Product": update.get("product", "Windows Server 2019"),
        "PublishedDate": update.get("published"),
        "MSRCSeverity": update.get("severity", ""),
    }
    if linux:
        return row | {
            "ProductArch": update.get("arch", "x86_64"),
            "ProductVersion": update.get("version", "1.0"),
            "UpdateID": identifier(f"{title} {moment}"),
        }
    return row | {
        "KBID": kb,
        "UpdateID": update.get("id", identifier(f"{kb} {title}")),
        "Approved": update.get("approved", True),
        "Optional": update.get("optional", False),
        "ApprovalSource": update.get("source", "Microsoft Update"),
    }


def _within(moment: datetime, span: str) -> bool:
    start, _, end = span.partition("..")
    return at(start) <= moment <= at(end or start)


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


# -- Resource Graph, providers and workers ----------------------------------------------------------------


def _azure(given: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, said in {"main": {}, **given.get("subscriptions", {})}.items():
        about = {"visible": True, **dict.fromkeys(_NAMESPACES, "Registered")} | (said or {})
        id_ = identifier(name)
        if about["visible"]:
            kind = "microsoft.resources/subscriptions"
            row = {"id": f"/subscriptions/{id_}", "name": name, "type": kind, "subscriptionId": id_}
            tenant = about.get("tenant", TENANT)
            yield "resourcecontainers", row | {"tenantId": tenant, "properties": {"state": "Enabled"}}
        for key, namespace in _NAMESPACES.items():
            if about[key]:
                row = {"id": f"/subscriptions/{id_}/providers/{namespace}", "namespace": namespace}
                yield "providers", row | {"registrationState": about[key]}
    machines = {one["key"]: one for one in _described(given)}
    resources = {one["arm_id"].lower(): one for one in machines.values() if one["arm_id"] and one["resource"]}
    for one in resources.values():
        yield "resources", _resource(one)
    for one in machines.values():
        yield from machine_rows.around(one, _PROVIDERS.get(one["kind"], "").lower())
    yield from schedule_rows.schedules(given, machines, identifier)
    for one in machines.values():
        yield from _worker(one)
        yield from _assessed_elsewhere(one)
    yield from history(given, Around(at=at, identifiers=identifier, machines=machines))
    for number, change in enumerate(given.get("changes", ())):
        yield "resourcechanges", _change(machines[change["machine"]], change, number)


def _resource(one: Mapping[str, Any]) -> dict[str, Any]:
    hardware = {"vmId": one["vmuuid"], "timeCreated": one["created"]}
    if one["kind"] == "arc":
        properties = hardware | {"status": one["power"] or "Connected", "osType": one["os"].lower()}
    else:
        view = {"powerState": {"code": one["power"] or "PowerState/running"}}
        view |= {"osName": one["os_name"]} if one["os_name"] else {}
        storage = machine_rows.storage_of(one)
        properties = hardware | {"storageProfile": storage, "extended": {"instanceView": view}}
    more = {"managedBy": one["managed_by"], "plan": {"name": "appliance"} if one["plan"] else None}
    return {
        "id": one["arm_id"],
        "name": one["resource_name"],
        "type": _PROVIDERS[one["kind"]].lower(),
        "location": one["location"],
        "resourceGroup": one["group"],
        "subscriptionId": identifier(one["subscription"]),
        "tenantId": TENANT,
        "tags": one["tags"],
        "properties": properties | machine_rows.described(one),
    } | {key: value for key, value in more.items() if value is not None}


def _worker(one: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    how = one["worker"]
    if how == "none":
        return
    account = f"/subscriptions/{identifier('main')}/resourceGroups/rg/providers/Microsoft.Automation"
    group = "user-runbooks" if how == "user" else f"{one['computer']}_{one['agent']}"
    base = f"{account}/automationAccounts/aa/hybridRunbookWorkerGroups/{group}"
    kind = {"groupType": "User" if how == "user" else "System"}
    yield "hybridRunbookWorkerGroups", {"id": base, "name": group, "properties": kind}
    names = {
        "vm": {"vmResourceId": one["arm_id"], "workerName": one["computer"]},
        "user": {"vmResourceId": one["arm_id"], "workerName": one["computer"]},
        "namesake": {"vmResourceId": arm_id(one["computer"], group="rg-old"), "workerName": one["computer"]},
        "name": {"workerName": one["computer"]},
        "group": {},
    }
    row = {"id": f"{base}/hybridRunbookWorkers/{one['agent']}", "name": one["agent"]}
    yield "hybridRunbookWorkers", row | {"properties": names[how] | {"lastSeenDateTime": one["seen"]}}


def _assessed_elsewhere(one: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if one["elsewhere"] is not None:
        said = {"status": one["elsewhere"]["status"], "lastModifiedDateTime": one["elsewhere"]["at"]}
        if "counts" in one["elsewhere"]:
            said["availablePatchCountByClassification"] = one["elsewhere"]["counts"]
        type_ = f"{_PROVIDERS[one['kind']].lower()}/patchassessmentresults"
        row = {"id": f"{one['arm_id']}/patchAssessmentResults/latest", "type": type_, "properties": said}
        yield "patchassessmentresources", row


def _change(one: Mapping[str, Any], change: Mapping[str, Any], number: int) -> dict[str, Any]:
    paths = {path: pair for path, pair in change.items() if path not in ("machine", "at", "type")}
    changes = {path: {"previousValue": before, "newValue": after} for path, (before, after) in paths.items()}
    properties = {
        "targetResourceId": one["arm_id"],
        "changeType": change.get("type", "Update"),
        "changeAttributes": {"timestamp": change["at"], "changedBy": "ops@contoso.com"},
        "changes": changes,
    }
    id_ = f"{one['arm_id']}/providers/Microsoft.Resources/changes/{number}"
    return {"id": id_, "name": str(number), "type": "microsoft.resources/changes", "properties": properties}


# -- workspaces -------------------------------------------------------------------------------------------


def _workspaces(given: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, said in given.get("workspaces", {"law": {}}).items():
        about = {"cap": -1, "status": "RespectQuota", "reset": "+5h"} | (said or {})
        capping = {"dailyQuotaGb": about["cap"], "quotaNextResetTime": about["reset"]}
        properties = {"customerId": identifier(name)}
        if about["cap"] != "none":
            capping["dataIngestionStatus"] = about["status"]
            properties["workspaceCapping"] = {key: value for key, value in capping.items() if value != "none"}
        yield "workspaces", {"id": workspace_id(name), "name": name, "properties": properties}
    for operation in given.get("operations", ()):
        category, detail = _SAID[operation["says"]]
        home = {"TenantId": identifier(operation.get("workspace", "law")), "Detail": detail}
        moment = {"TimeGenerated": operation["at"]}
        told = {
            "Operation": {"OperationCategory": category, "OperationStatus": "Warning"},
            "_LogOperation": {"Category": "Ingestion", "Operation": category},
        }
        for table in [operation["only"]] if "only" in operation else told:
            yield table, home | moment | told[table]
    hour = timedelta(hours=1)
    for usage in given.get("usage", ()):
        for end in _times(usage["span"], hour):
            yield (
                "Usage",
                {
                    "TenantId": identifier(usage.get("workspace", "law")),
                    "TimeGenerated": _iso(end),
                    "StartTime": _iso(end - hour),
                    "EndTime": _iso(end),
                    "DataType": usage.get("table", "Update"),
                    "Quantity": usage.get("megabytes", 10.0),
                    "IsBillable": usage.get("billable", True),
                },
            )


# -- update deployments -----------------------------------------------------------------------------------


def _deployments(given: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    machines = {one["key"]: one for one in _described(given)}
    for name, deployment in given.get("deployments", {}).items():
        system = deployment.get("os", "Windows")
        update = {
            "operatingSystem": system,
            "duration": deployment.get("duration", "PT2H"),
            **_settings(deployment, system),
            "azureVirtualMachines": [
                *(machines[key]["arm_id"] for key in deployment.get("machines", ())),
                *deployment.get("named", ()),
            ],
            "nonAzureComputerNames": list(deployment.get("names", ())),
            "targets": {"azureQueries": [_group(group) for group in deployment.get("groups", ())]},
        }
        update["targets"]["nonAzureQueries"] = deployment.get("saved_searches", [])
        properties = {
            "updateConfiguration": update,
            "scheduleInfo": {"isEnabled": deployment.get("enabled", True), "frequency": "Week"},
            "lastModifiedTime": deployment.get("modified", "-60d"),
        }
        base = account_id()
        if not deployment.get("gone"):
            id_ = f"{base}/softwareUpdateConfigurations/{name}"
            yield "softwareUpdateConfigurations", {"id": id_, "name": name, "properties": properties}
        for run in deployment.get("runs", ()):
            yield from _run(run | {"duration": update["duration"]}, name, system, base, machines)


def _settings(deployment: Mapping[str, Any], system: str) -> dict[str, Any]:
    """Return what a deployment says of classes, exclusions and restarts, under its operating system."""
    settings: dict[str, Any] = {"rebootSetting": deployment.get("reboot", "IfRequired")}
    if system == "Linux":
        settings["includedPackageClassifications"] = deployment.get("classes", "")
        settings["excludedPackageNameMasks"] = deployment.get("exclude", [])
    return {system.lower(): settings}


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dynamic group; its scopes are names of subscriptions or `subscription/resource group`."""
    scopes = []
    for scope in group.get("scope", ["main"]):
        subscription, _, resource_group = scope.partition("/")
        tail = f"/resourceGroups/{resource_group}" if resource_group else ""
        scopes.append(f"/subscriptions/{identifier(subscription)}{tail}")
    tags = {"tags": group.get("tags", {}), "filterOperator": group.get("operator", "All")}
    return {"scope": scopes, "locations": group.get("locations"), "tagSettings": tags}


def _run(
    run: Mapping[str, Any], name: str, system: str, base: str, machines: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    shared = {
        "softwareUpdateConfiguration": {"name": name},
        "status": run.get("status", "Succeeded"),
        "osType": system,
        "startTime": run["at"],
        "configuredDuration": run["duration"],
    }
    id_ = f"{base}/softwareUpdateConfigurationRuns/{run['id']}"
    yield "softwareUpdateConfigurationRuns", {"id": id_, "name": run["id"], "properties": shared}
    told = run.get("machines", ())
    for key in told:
        one = machines[key]
        said = told[key] or {} if isinstance(told, Mapping) else {}
        azure = one["kind"] == "azure"
        own = {
            "targetComputer": one["arm_id"] if azure else one["computer"],
            "targetComputerType": "AzureVirtualMachines" if azure else "NonAzureMachines",
            "correlationId": run["id"],
            "sourceComputerId": said.get("agent", one["agent"]),
            "status": said.get("status", shared["status"]),
            "startTime": said.get("at", run["at"]),
            "endTime": said.get("end"),
            "error": {"message": said["error"]} if "error" in said else {},
        }
        id_ = f"{base}/softwareUpdateConfigurationMachineRuns/{run['id']} {key}"
        row = {"id": id_, "name": f"{run['id']} {key}", "properties": shared | own}
        yield "softwareUpdateConfigurationMachineRuns", row


# -- what happened on machines and in the account ---------------------------------------------------------


def _happenings(given: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    machines = {one["key"]: one for one in _described(given)}
    for event in given.get("events", ()):
        one = machines[event["machine"]]
        yield (
            "Event",
            {
                "TenantId": identifier(one["workspace"]),
                "TimeGenerated": event["at"],
                "Computer": one["computer"],
                "_ResourceId": one["arm_id"].lower() if event.get("by_id", one["logged_id"]) else "",
                "EventLog": event.get("log", "System"),
                "Source": event["source"],
                "EventID": str(event["id"]),
                "RenderedDescription": event.get("text", ""),
                "ParameterXml": event.get("parameters", ""),
            },
        )
    for install in given.get("installs", ()):
        one = machines[install["machine"]]
        kb, title = str(install.get("kb", "")), install.get("title", "")
        yield (
            "UpdateRunProgress",
            {
                "TenantId": identifier(one["workspace"]),
                "TimeGenerated": install["at"],
                "Computer": one["computer"],
                "SourceComputerId": one["agent"],
                "OSType": one["os"],
                "CorrelationId": install["run"],
                "KBID": kb,
                "UpdateId": install.get("id", identifier(f"{kb} {title or f'Update ({kb})'}")),
                "Title": title or f"Update ({kb})",
                "Product": install.get("product", ""),
                "InstallationStatus": install.get("status", "Succeeded"),
                "ErrorResult": install.get("error", ""),
            },
        )
    for policy in given.get("policies", ()):
        one = machines[policy["machine"]]
        yield (
            "ConfigurationData",
            {
                "TenantId": identifier(one["workspace"]),
                "TimeGenerated": policy.get("at", "-1d"),
                "Computer": one["computer"],
                "SourceComputerId": one["agent"],
                "ConfigDataType": "Registry",
                "RegistryKey": policy.get("key", AU_KEY),
                "ValueName": policy["value"],
                "ValueData": policy["data"],
            },
        )
    for batch, jobs in enumerate(given.get("jobs", ())):
        for number in range(jobs["count"]):
            properties = {
                "creationTime": jobs["from"],
                "endTime": jobs.get("to"),
                "status": jobs.get("status", "Running"),
                "runbook": {"name": jobs.get("runbook", "Rotate-Certificates")},
                "runOn": jobs.get("group"),
            }
            if "exception" in jobs:
                properties["exception"] = jobs["exception"]
            name = f"job {batch} {number}"
            yield "jobs", {"id": f"{account_id()}/jobs/{name}", "name": name, "properties": properties}
    for workspace, account in given.get("linked", {}).items():
        id_ = f"{workspace_id(workspace).lower()}/linkedservices/automation"
        row = {
            "id": id_,
            "name": f"{workspace}/Automation",
            "properties": {"resourceId": account_id(account)},
        }
        yield "linkedServices", row
