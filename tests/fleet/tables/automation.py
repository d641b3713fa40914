"""Write update deployments, their runs, the machine runs and the jobs behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fleet.deployments import names as names_machine
from fleet.identity import account_id, arm_ids, join_texts
from fleet.model import DAY, NEVER, Deployment, Run, Texts, World, iso, make_guids
from fleet.story import Job, Outcome
from fleet.tables.writer import coded, constant, write_records, write_table

TEXT = pa.string()
OBJECT = dict.fromkeys(("id", "name", "type", "properties"), TEXT)
KIND = "Microsoft.Automation/automationAccounts"
RUNBOOK = "Patch-MicrosoftOMSComputers"


def write_automation(world: World, folder: Path) -> dict[str, int]:
    """Write these tables; return their numbers of rows."""
    configurations = [_configuration(world, number) for number in range(len(world.deployments))]
    runs = [
        _run(world, number, place)
        for number, deployment in enumerate(world.deployments)
        for place in range(len(deployment.runs))
    ]
    job_ids = make_guids(world.rng("jobs"), len(world.attended))
    return {
        "softwareUpdateConfigurations": write_records(
            folder, "softwareUpdateConfigurations", configurations, OBJECT
        ),
        "softwareUpdateConfigurationRuns": write_records(
            folder, "softwareUpdateConfigurationRuns", runs, OBJECT
        ),
        "softwareUpdateConfigurationMachineRuns": _write_machine_runs(world, folder, job_ids),
        "jobs": _write_jobs(world, folder, job_ids),
    }


def _configuration(world: World, number: int) -> dict[str, Any]:
    """Return a deployment as the service describes it."""
    deployment = world.deployments[number]
    named = np.flatnonzero(names_machine(world, number))
    ids, names, kinds = arm_ids(world), world.texts("computer"), world.texts("kind")
    made, changed = world.start - 200 * DAY, world.start - 60 * DAY
    update: dict[str, Any] = {
        "operatingSystem": deployment.os_type,
        "windows": None, "linux": None, "duration": "PT2H",
        "azureVirtualMachines": [
            ids[m].lower() if m % 3 == 0 else ids[m] for m in named if kinds[m] == "azure"
        ],
        # Arc machines are named like any machine outside Azure
        "nonAzureComputerNames": [names[m] for m in named if kinds[m] != "azure"],
        "targets": {"azureQueries": _queries(world, deployment), "nonAzureQueries": []},
    }  # fmt: skip
    if deployment.os_type == "Windows":
        update["windows"] = {
            "includedUpdateClassifications": deployment.classes, "excludedKbNumbers": [],
            "includedKbNumbers": [], "rebootSetting": deployment.reboot,
        }  # fmt: skip
    else:
        update["linux"] = {
            "includedPackageClassifications": deployment.classes,
            "excludedPackageNameMasks": list(deployment.masks),
            "includedPackageNameMasks": [], "rebootSetting": deployment.reboot,
        }  # fmt: skip
    properties = {
        "updateConfiguration": update,
        "scheduleInfo": {
            "startTime": iso(made), "expiryTime": "9999-12-31T23:59:00+00:00",
            "isEnabled": deployment.enabled,
            "nextRun": iso((deployment.runs[-1].start if deployment.runs else world.asked) + 7 * DAY),
            "interval": 1, "frequency": "Week",
            "timeZone": "Etc/UTC", "creationTime": iso(made, ".5233333"),
            "lastModifiedTime": iso(changed, ".68"),
        },
        "tasks": {"preTask": None, "postTask": None},
        "provisioningState": "Succeeded", "createdBy": "ops@contoso.com", "error": None,
        "creationTime": iso(made, ".5233333"), "lastModifiedBy": "", "lastModifiedTime": iso(changed, ".68"),
    }  # fmt: skip
    return {
        "id": f"{account_id(world)}/softwareUpdateConfigurations/{deployment.name}",
        "name": deployment.name, "properties": json.dumps(properties),
        "type": f"{KIND}/softwareUpdateConfigurations",
    }  # fmt: skip


def _queries(world: World, deployment: Deployment) -> list[dict[str, Any]]:
    """Return the dynamic groups of a deployment."""
    query = deployment.query
    if query is None:
        return []
    scopes = [
        f"/subscriptions/{world.subscriptions[s].id}" + ("" if group is None else f"/resourceGroups/{group}")
        for s, group in query.scopes
    ]
    return [
        {
            "scope": scopes,
            "locations": list(query.locations) or None,
            "tagSettings": {
                "tags": {key: list(values) for key, values in query.tags.items()},
                "filterOperator": query.operator,
            },
        }
    ]


def _run(world: World, number: int, place: int) -> dict[str, Any]:
    """Return one run of a deployment."""
    deployment = world.deployments[number]
    run: Run = deployment.runs[place]
    rows = world.attended
    there = rows[(rows["deployment"] == number) & (rows["place"] == place)]
    failed = there["status"].isin(["Failed", "FailedToStart"])
    properties = {
        "softwareUpdateConfiguration": {"name": deployment.name},
        "status": "Failed" if failed.any() and run.status == "Succeeded" else run.status,
        "configuredDuration": "PT2H", "osType": deployment.os_type,
        "startTime": iso(run.start, ".2401233"),
        "endTime": None if run.end == NEVER else iso(run.end, ".8466667"),
        "computerCount": len(there), "failedCount": int(failed.sum()),
        "tasks": {"preTask": None, "postTask": None},
        "creationTime": iso(run.start, ".2401233"), "lastModifiedBy": "",
        "lastModifiedTime": iso(min(run.end, world.asked), ".3966667"),
    }  # fmt: skip
    return {
        "id": f"{account_id(world)}/softwareUpdateConfigurationRuns/{run.id}", "name": run.id,
        "type": f"{KIND}/softwareUpdateConfigurationRuns", "properties": json.dumps(properties),
    }  # fmt: skip


def _stamps(moments: np.ndarray[Any, np.dtype[np.int64]]) -> Texts:
    """Write moments as the account does."""
    return np.asarray(
        pd.to_datetime(moments, unit="s").strftime("%Y-%m-%dT%H:%M:%S.7484961+00:00"), dtype=object
    )


def _write_machine_runs(world: World, folder: Path, job_ids: Texts) -> int:
    """Write one row per machine that took part in a run."""
    rows, ids = world.attended, arm_ids(world)
    machine = rows["machine"].to_numpy()
    azure = world.texts("kind")[machine] == "azure"
    old = rows["started"].to_numpy() < world.column("reinstalled")[machine]
    old &= world.column("reinstalled")[machine] < NEVER
    told = [None if n < 0 else world.outcomes[n] for n in rows["outcome"]]
    old |= np.array([one is not None and one.old_id for one in told], dtype=np.bool_)
    runs = {(n, p): run for n, d in enumerate(world.deployments) for p, run in enumerate(d.runs)}
    pairs = list(zip(rows["deployment"], rows["place"], strict=True))
    status = rows["status"].to_numpy(dtype=object)
    busy = status == "InProgress"
    errors = np.array([_error(one, world.asked) for one in told], dtype=object)
    ended = join_texts('"', _stamps(rows["end"].to_numpy()), '"')
    names = make_guids(world.rng("machine runs"), len(rows))
    text = {
        "target": np.where(azure, ids[machine], world.texts("computer")[machine]),
        "kind": np.where(azure, "AzureVirtualMachines", "NonAzureMachines").astype(object),
        "deployment": np.array([world.deployments[n].name for n, _ in pairs], dtype=object),
        "os": world.texts("os_type")[machine],
        "run": np.array([runs[pair].id for pair in pairs], dtype=object),
        "source": np.where(old, world.texts("old_source_id")[machine], world.texts("source_id")[machine]),
        "status": status,
        "start": _stamps(rows["start"].to_numpy()),
        "end": np.where(busy, "null", ended),
    }
    properties = join_texts(
        '{"targetComputer":"', text["target"], '","targetComputerType":"', text["kind"],
        '","softwareUpdateConfiguration":{"name":"', text["deployment"], '"},"status":"', text["status"],
        '","osType":"', text["os"], '","correlationId":"', text["run"],
        '","sourceComputerId":"', text["source"], '","startTime":"', text["start"],
        '","endTime":', text["end"], ',"configuredDuration":"PT2H","job":{"id":"', account_id(world),
        "/jobs/", job_ids, '"},"error":', errors, "}",
    )  # fmt: skip
    return _write_objects(world, folder, "softwareUpdateConfigurationMachineRuns", names, properties)


def _error(one: Outcome | None, asked: int) -> str:
    """Return what a machine run says of its failure."""
    if one is None or one.error is None:
        return "{}"
    text = one.error.replace("{seen}", iso(asked - 50 * 3600))
    return json.dumps({"code": "Failed" if one.trouble else None, "message": text})


def _write_jobs(world: World, folder: Path, job_ids: Texts) -> int:
    """Write the job behind every machine run that started, and the jobs of other runbooks."""
    begun = world.attended["status"] != "FailedToStart"
    rows = world.attended.loc[begun, ["start", "end"]].assign(runbook=RUNBOOK, status="", more="")
    others = pd.DataFrame(
        [(job.created, job.ended, job.runbook, job.status, _more(job)) for job in world.jobs],
        columns=rows.columns,
    ).astype({"start": "int64", "end": "int64"})
    rows = pd.concat([rows, others], ignore_index=True)
    made = make_guids(world.rng("other jobs"), len(others))
    named = np.array([job.id for job in world.jobs], dtype=object)
    job_ids = np.concatenate([job_ids[begun.to_numpy()], np.where(named == "", made, named)])
    over = rows["end"].to_numpy() <= world.asked
    done = rows["status"].where(rows["status"] != "", np.where(over, "Completed", "Running"))
    done = done.to_numpy(dtype=object)
    ended = join_texts('"', _stamps(rows["end"].to_numpy()), '"')
    start = _stamps(rows["start"].to_numpy())
    properties = join_texts(
        '{"creationTime":"', start, '","startTime":"', start, '","endTime":',
        np.where(over, ended, "null"), ',"jobId":"', job_ids,
        '","runbook":{"name":"', rows["runbook"].to_numpy(dtype=object),
        '"},"provisioningState":"Succeeded","status":"', done, '"', rows["more"].to_numpy(dtype=object), "}",
    )  # fmt: skip
    return _write_objects(world, folder, "jobs", job_ids, properties)


def _more(job: Job) -> str:
    """Return where a job ran and what it failed of, where there is such."""
    told = {"runOn": job.group or None, "exception": job.exception}
    return "".join(f',"{key}":{json.dumps(value)}' for key, value in told.items() if value is not None)


def _write_objects(world: World, folder: Path, name: str, names: Texts, properties: Texts) -> int:
    """Write many REST objects of the account."""
    count = len(names)
    every = np.arange(count)
    return write_table(
        folder,
        name,
        {
            "id": pa.array(join_texts(f"{account_id(world)}/{name}/", names), TEXT),
            "name": pa.array(names, TEXT),
            "type": constant(f"{KIND}/{name}", count) if count else coded([], every),
            "properties": pa.array(properties, TEXT),
        },
    )
