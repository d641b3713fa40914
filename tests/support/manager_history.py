"""Write a few words about what Azure Update Manager did as rows of Resource Graph (see `snapshot_rows`).

    schedule_runs: [{schedule, at, status, error, total, kind, machines}] runs of maintenance configurations;
                   machines: keys, or key → what differs from a machine run that installed something: status,
                   error (of the machine run; a list: error details), installs (false: no installation), and
                   what differs in its installation, see `_INSTALLATION`
    on_demand:     [{machine, at, by, …}] installations without a run, see `_INSTALLATION`
    manager_assessments: machine → what differs from an assessment an hour ago that needs nothing: at, began,
                   status, counts (null: none), needs (patches), reboot, code, message, details

A patch is {kb} on Windows or {name, version} on Linux, and may say id, class, published, severity, state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_INSTALLATION: Mapping[str, Any] = {
    "status": "Succeeded",
    "late": 1,  # minutes from the scheduled start to its begin
    "minutes": 20,  # how long it took
    "by": "Platform",
    "exceeded": False,
    "installed": 2,
    "failed": 0,
    "pending": 0,
    "excluded": 0,
    "not_selected": 0,
    "reboot": "NotNeeded",
    "os": None,  # default: the machine's
    "code": "Success",
    "message": "",
    "details": (),
    "run_id": None,  # of an installation without a run of a schedule
    "patches": (),
}
_ASSESSMENT: Mapping[str, Any] = {
    "at": "-1h",
    "began": None,
    "status": "Succeeded",
    "counts": {},
    "needs": (),
    "reboot": False,
    "code": "Success",
    "message": "",
    "details": (),
}
_COUNTS = {
    "critical": 0, "security": 0, "updateRollup": 0, "featurePack": 0, "servicePack": 0, "definition": 0,
    "tools": 0, "updates": 0, "other": 0,
}  # fmt: skip
Row = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What the rows around say: `at` reads a relative time, `identifiers` knows subscriptions by name,
    `machines` are described by key (arm_id, os).
    """

    at: Callable[[str], datetime]
    identifiers: Callable[[str], str]
    machines: Mapping[str, Mapping[str, Any]]


def history(given: Mapping[str, Any], around: Around) -> Iterator[Row]:
    """Yield every row of runs, installations and assessments."""
    for run in given.get("schedule_runs", ()):
        yield from _run(run, given, around)
    for number, told in enumerate(given.get("on_demand", ())):
        said = {key: value for key, value in told.items() if key not in ("machine", "at")}
        begun = around.at(told["at"]) - timedelta(minutes=_INSTALLATION["late"] if "late" not in said else 0)
        yield from _installation(f"on-demand-{number}", told["machine"], begun, said, None, around)
    for key, said in given.get("manager_assessments", {}).items():
        yield from _assessment(key, said or {}, around)


def _run(run: Mapping[str, Any], given: Mapping[str, Any], around: Around) -> Iterator[Row]:
    name, due = run["schedule"], around.at(run["at"])
    schedule = {"subscription": "main", "group": "rg-schedules"} | (
        (given.get("schedules") or {}).get(name) or {}
    )
    place = (
        f"/subscriptions/{around.identifiers(schedule['subscription'])}/resourceGroups/{schedule['group']}"
    )
    id_ = f"{place}/providers/Microsoft.Maintenance/maintenanceConfigurations/{name}"
    stamp = due.strftime("%Y%m%d%H%M%S")
    run_id = f"{id_}/providers/microsoft.maintenance/applyupdates/{stamp}"
    told = run.get("machines", ())
    kind = run.get("kind", "InGuestPatch")
    properties = {
        "correlationId": run_id,
        "maintenanceConfigurationId": id_,
        "maintenanceConfiguration": {"name": name, "properties": {"maintenanceScope": kind}},
        "status": run.get("status", "Completed"),
        "startDateTime": _iso(due),
        "endDateTime": _iso(due + timedelta(hours=2)),
        "resourceUpdateSummary": {"total": run.get("total", len(told)), "succeeded": len(told)},
        **_error(run.get("error")),
    }
    type_ = "microsoft.maintenance/maintenanceconfigurations/applyupdates"
    if run.get("seen", True):
        yield "maintenanceresources", {"id": run_id, "name": stamp, "type": type_, "properties": properties}
    for key in told:
        said = dict(told[key] or {}) if isinstance(told, Mapping) else {}
        yield from _machine_run(key, said, due, properties, around)


def _machine_run(
    key: str, said: dict[str, Any], due: datetime, of_run: Mapping[str, Any], around: Around
) -> Iterator[Row]:
    installs, error, kind = (
        said.pop("installs", True),
        said.pop("error", None),
        of_run["maintenanceConfiguration"],
    )
    status = said.pop("machine_status", said.get("status", "Succeeded"))
    machine, run_id = around.machines[key]["arm_id"], of_run["correlationId"]
    name = run_id.rpartition("/")[2]
    properties = {
        "correlationId": run_id,
        "maintenanceConfigurationId": of_run["maintenanceConfigurationId"],
        "maintenanceScope": kind["properties"]["maintenanceScope"],
        "resourceId": machine.lower(),
        "status": "Failed"
        if status not in ("Succeeded", "InProgress", "Cancelled", "RetryLater")
        else status,
        "startDateTime": _iso(due),
        "endDateTime": _iso(due + timedelta(hours=1)),
        **_error(error),
    }
    id_ = f"{machine}/providers/Microsoft.Maintenance/applyUpdates/{name}"
    row = {"id": id_, "name": name, "type": "microsoft.maintenance/applyupdates", "properties": properties}
    yield "maintenanceresources", row
    if installs:
        yield from _installation(f"{name}-{key}", key, due, said, run_id, around)


def _installation(
    name: str, key: str, due: datetime, said: Mapping[str, Any], run_id: str | None, around: Around
) -> Iterator[Row]:
    unknown = set(said) - set(_INSTALLATION)
    assert not unknown, f"installation on {key}: {unknown} is not known"
    about = {**_INSTALLATION, **said}
    machine, began = around.machines[key], due + timedelta(minutes=about["late"])
    properties = {
        "installationActivityId": name,
        "status": about["status"],
        "startDateTime": _iso(began),
        "lastModifiedDateTime": _iso(began + timedelta(minutes=about["minutes"])),
        "startedBy": about["by"],
        "osType": machine["os"] if about["os"] is None else about["os"],
        "maintenanceRunId": run_id or about["run_id"],
        "maintenanceWindowExceeded": about["exceeded"],
        "rebootStatus": about["reboot"],
        "errorDetails": {key: about[key] for key in ("code", "message")}
        | {"details": list(about["details"])},
        **{f"{count}PatchCount": about[count] for count in ("installed", "failed", "pending", "excluded")},
        "notSelectedPatchCount": about["not_selected"],
    }
    type_ = f"{_type_of(machine['arm_id'])}/patchinstallationresults"
    id_ = f"{machine['arm_id']}/patchInstallationResults/{name}"
    yield "patchinstallationresources", {"id": id_, "name": name, "type": type_, "properties": properties}
    for number, patch in enumerate(about["patches"]):
        child = _patch(patch) | {"installationState": patch.get("state", "Failed")}
        row = {"id": f"{id_}/softwarePatches/{number}", "name": str(number), "properties": child}
        yield "patchinstallationresources", row | {"type": f"{type_}/softwarepatches"}


def _assessment(key: str, said: Mapping[str, Any], around: Around) -> Iterator[Row]:
    unknown = set(said) - set(_ASSESSMENT)
    assert not unknown, f"assessment of {key}: {unknown} is not known"
    about, machine = {**_ASSESSMENT, **said}, around.machines[key]
    needed = [_patch(patch) for patch in about["needs"]]
    counts = about["counts"]
    if counts is not None:
        counts = dict(_COUNTS) | _counted(needed) | counts
    properties = {
        "status": about["status"],
        "startDateTime": about["began"] or about["at"],
        "lastModifiedDateTime": about["at"],
        "startedBy": "Platform",
        "osType": machine["os"],
        "rebootPending": about["reboot"],
        "availablePatchCountByClassification": counts,
        "errorDetails": {key: about[key] for key in ("code", "message")}
        | {"details": list(about["details"])},
    }
    type_ = f"{_type_of(machine['arm_id'])}/patchassessmentresults"
    id_ = f"{machine['arm_id']}/patchAssessmentResults/latest"
    yield "patchassessmentresources", {"id": id_, "name": "latest", "type": type_, "properties": properties}
    for number, patch in enumerate(needed):
        row = {"id": f"{id_}/softwarePatches/{number}", "name": str(number), "properties": patch}
        yield "patchassessmentresources", row | {"type": f"{type_}/softwarepatches"}


def _patch(patch: Mapping[str, Any]) -> dict[str, Any]:
    classes = patch.get("class", "Security")
    kb = str(patch["kb"]) if "kb" in patch else None
    return {
        "patchName": patch.get("name", f"Update (KB{kb})"),
        "patchId": patch.get(
            "id", f"id-{kb}" if kb else f"{patch.get('name')}_{patch.get('version', '1.0')}"
        ),
        "kbId": kb,
        "version": None if kb else patch.get("version", "1.0"),
        "classifications": list(classes) if isinstance(classes, list | tuple) else [classes],
        "msrcSeverity": patch.get("severity"),
        "publishedDateTime": patch.get("published", "-30d" if kb else None),
    }


def _counted(needed: list[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for patch in needed:
        name = patch["classifications"][0].removesuffix(" Updates")
        name = name[:1].lower() + name[1:]
        counts[name] = counts.get(name, 0) + 1
    return counts


def _error(error: Any) -> dict[str, Any]:
    if error is None:
        return {}
    return {"errorMessage": error} if isinstance(error, str) else {"errorDetails": error}


def _type_of(arm_id: str) -> str:
    return "/".join(arm_id.lower().split("/")[-3:-1])


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
