"""Write what Azure Update Manager found on machines and what it installed there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from fleet.identity import join_texts
from fleet.model import Ints, Texts, iso, make_guids
from fleet.update_manager.identity import arm_ids, ids_at
from fleet.update_manager.model import Estate
from fleet.update_manager.tables.columns import Columns, columns_of, homes, moments, repeated, spell
from fleet.update_manager.tables.maintenance import run_ids
from fleet.update_manager.tables.texts import error_details
from fleet.update_manager.updates import MANAGERS

STEMS = {"azure": "microsoft.compute/virtualmachines", "arc": "microsoft.hybridcompute/machines"}
CHUNK = 400_000
KEPT = 7 * 24 * 3600
COUNTED = {
    "Critical": "critical", "Security": "security", "UpdateRollup": "updateRollup",
    "FeaturePack": "featurePack", "ServicePack": "servicePack", "Definition": "definition",
    "Tools": "tools", "Updates": "updates",
    "Other": "other", "Security-ESM": "other",
}  # fmt: skip
WORDS = {
    "UpdateRollup": "Update Rollups", "Definition": "Definition Updates", "Other": "Others",
    "Security": "security", "Critical": "CRITICAL",
}  # fmt: skip
SOURCES = ("WU-WSUS", "WU", "WU_WSUS")
PLATFORM_RUN = "00000000-aaaa-4bbb-8ccc-dddddddddddd"
STATES = ("Installed", "Failed", "Pending", "Excluded", "NotSelected")


def types_of(estate: Estate, machines: Ints, tail: str) -> Texts:
    """Return the type of rows on machines."""
    kinds = estate.machines["kind"].map({kind: stem + tail for kind, stem in STEMS.items()})
    return kinds.to_numpy(dtype=object)[machines]


def _readable(estate: Estate, sort: str) -> np.ndarray:
    """Tell of which machines rows of a sort may be read."""
    told = np.array([s.visible and sort not in s.withheld for s in estate.subscriptions])
    return told[estate.column("subscription")]


def assessment_columns(estate: Estate) -> Iterator[Columns]:
    """Yield the newest assessments, and the updates that each names."""
    shown = np.flatnonzero(
        _readable(estate, "assessments") & (estate.column("assessed") > estate.asked - KEPT)
    )
    yield _assessments(estate, shown)
    needed = estate.needed[np.isin(estate.needed["machine"].to_numpy(), shown)]
    failed = ~estate.machines["assess_status"].isin(["Succeeded", "CompletedWithWarnings"]).to_numpy()
    bare = failed | estate.flags("uncounted")
    needed = needed[~bare[needed["machine"]]].sort_values(["machine", "update"], kind="stable")
    for at in range(0, len(needed), CHUNK):
        yield _needed(estate, needed.iloc[at : at + CHUNK])
    cut = np.flatnonzero(estate.flags("cut_list"))
    if len(cut):
        yield _truncated(estate, cut)


def _assessments(estate: Estate, shown: Ints) -> Columns:
    """Return one row for each machine."""
    odd = estate.column("spelling")[shown]
    ids = spell(join_texts(arm_ids(estate), "/patchAssessmentResults/latest")[shown], odd)
    told = estate.column("assessed")[shown]
    begun = told - 60 * estate.column("assess_minutes")[shown]
    table = estate.machines.iloc[shown]
    frame = table[["assess_status", "reboot_pending", "os_type", "release", "trouble", "spelling"]].copy()
    frame["turn"] = shown % 6
    frame["trouble"] = frame["trouble"].astype(object).where(frame["trouble"].notna(), "")
    names = make_guids(estate.rng("assessments"), len(shown))
    properties = join_texts(
        '{"assessmentActivityId":"', names, '","startDateTime":"', moments(begun),
        '","lastModifiedDateTime":"', moments(told), '",', _counts(estate, shown), repeated(frame, _outcome),
    )  # fmt: skip
    given: dict[str, Any] = {
        "id": ids, "name": names, "properties": properties,
        "type": types_of(estate, shown, "/patchassessmentresults"),
    }  # fmt: skip
    given |= homes(estate, shown, estate.column("subscription")[shown], estate.texts("group")[shown])
    return columns_of(len(shown), given, ("id", "name", "properties"))


def _outcome(row: dict[str, Any]) -> str:
    """Return how an assessment went."""
    windows = row["os_type"] == "Windows"
    manager = SOURCES[row["turn"] % 3] if windows else MANAGERS[row["release"]].replace("dnf", "yum").upper()
    pending: object = bool(row["reboot_pending"])
    rest = {
        "status": row["assess_status"], "startedBy": "Platform" if row["turn"] % 3 else "User",
        "rebootPending": str(pending) if row["spelling"] else pending,
        "osType": row["os_type"].lower() if row["spelling"] else row["os_type"],
        "patchServiceUsed": "Zypper" if manager == "ZYPPER" else manager,
        "errorDetails": error_details(row["trouble"] or None, row["release"], row["turn"]),
    }  # fmt: skip
    return json.dumps(rest)[1:]


def _counts(estate: Estate, shown: Ints) -> Texts:
    """Return how many updates of each class machines need; nothing where nothing is counted."""
    needed = estate.needed
    names = list(dict.fromkeys(COUNTED.values()))
    place = estate.updates["class"].map(COUNTED).map(names.index).to_numpy(dtype=np.int64)
    size = len(estate.machines) * len(names)
    at = needed["machine"].to_numpy() * len(names) + place[needed["update"].to_numpy()]
    counts = np.bincount(at, minlength=size).reshape(-1, len(names))[shown]
    failed = (estate.machines["assess_status"] == "Failed").to_numpy()[shown]
    counts[failed] = 0
    texts: list[Any] = []
    quote = np.where(estate.column("spelling")[shown] == 1, '"', "").astype(object)
    for turn, name in enumerate(names):
        number = counts[:, turn].astype(str).astype(object)
        texts += ["," if turn else "", f'"{name}":', quote, number, quote]
    whole = join_texts('"availablePatchCountByClassification":{', *texts, "},")
    none = estate.flags("uncounted") | estate.flags("by_children")
    whole[none[shown]] = ""
    return whole


def _needed(estate: Estate, needed: pd.DataFrame) -> Columns:
    """Return the updates that machines need."""
    machines = needed["machine"].to_numpy()
    first = np.r_[True, machines[1:] != machines[:-1]]
    begin = np.maximum.accumulate(np.where(first, np.arange(len(machines)), 0))
    numbers = (np.arange(len(machines)) - begin).astype(str).astype(object)
    roots = spell(
        join_texts(arm_ids(estate), "/patchAssessmentResults/latest/softwarePatches/"),
        estate.column("spelling"),
    )
    frame = pd.DataFrame({"update": needed["update"].to_numpy(), "odd": estate.column("spelling")[machines]})
    given: dict[str, Any] = {
        "id": join_texts(roots[machines], numbers), "name": numbers,
        "type": types_of(estate, machines, "/patchassessmentresults/softwarepatches"),
        "properties": repeated(frame, lambda row: _update(estate, row["update"], row["odd"])),
    }  # fmt: skip
    given |= _homes(estate, machines)
    return columns_of(len(needed), given, ("id",))


def _homes(estate: Estate, machines: Ints) -> dict[str, Texts]:
    """Return where rows of machines lie."""
    return homes(estate, machines, estate.column("subscription")[machines], estate.texts("group")[machines])


def _update(estate: Estate, update: int, odd: int, state: str | None = None) -> str:
    """Return the properties of an update."""
    row = estate.updates.iloc[int(update)]
    word = WORDS.get(row["class"], row["class"]) if odd else row["class"]
    about: dict[str, Any] = {
        "patchName": row["title"], "patchId": row["patch_id"], "classifications": [word],
        "msrcSeverity": row["severity"],
    }  # fmt: skip
    if row["windows"]:
        about["kbId"] = f"KB{row['kb']}" if odd else row["kb"]
        about["publishedDateTime"] = iso(int(row["published"]))
        about["rebootBehavior"] = "AlwaysRequiresReboot" if row["restarts"] else "CanRequestReboot"
    else:
        about |= {"kbId": None, "version": row["version"], "publishedDateTime": None, "rebootBehavior": None}
    about["installationState" if state else "assessmentState"] = state or "Available"
    return json.dumps(about)


def _truncated(estate: Estate, machines: Ints) -> Columns:
    """Return the marker that says of a machine that its list was cut."""
    about = {
        "patchName": "Truncated_patch_list_id", "patchId": "Truncated_patch_list_id", "version": "0.0.0",
        "classifications": ["Other"], "assessmentState": "Available",
    }  # fmt: skip
    ids = join_texts(arm_ids(estate), "/patchAssessmentResults/latest/softwarePatches/999")[machines]
    given: dict[str, Any] = {
        "id": ids, "name": "999", "properties": json.dumps(about),
        "type": types_of(estate, machines, "/patchassessmentresults/softwarepatches"),
    }  # fmt: skip
    return columns_of(len(machines), given | _homes(estate, machines), ("id",))


def installation_columns(estate: Estate) -> Iterator[Columns]:
    """Yield the installations, and what each did to which update."""
    rows = estate.installations
    read = _readable(estate, "installations")[rows["machine"].to_numpy(dtype=np.int64)]
    guids = make_guids(estate.rng("installations"), len(rows))
    ids = join_texts(
        ids_at(estate, rows["machine"].to_numpy(dtype=np.int64), rows["started"].to_numpy(dtype=np.int64)),
        "/patchInstallationResults/", guids,
    )  # fmt: skip
    ids = spell(ids, estate.column("spelling")[rows["machine"]])
    yield _installations(estate, rows[read], ids[read], guids[read])
    children = estate.children[read[estate.children["installation"].to_numpy(dtype=np.int64)]]
    for at in range(0, len(children), CHUNK):
        yield _installed(estate, children.iloc[at : at + CHUNK], ids)


def _installations(estate: Estate, rows: pd.DataFrame, ids: Texts, guids: Texts) -> Columns:
    """Return one row for each installation."""
    machines = rows["machine"].to_numpy(dtype=np.int64)
    columns = ["status", "exceeded", "reboot", "trouble", "by", "outcome", *STATES]
    frame = rows[columns].copy()
    frame["release"] = estate.texts("release")[machines]
    frame["odd"], frame["turn"] = estate.column("spelling")[machines], machines % 6
    frame["trouble"] = frame["trouble"].astype(object).where(frame["trouble"].notna(), "")
    frame["run"] = np.where(rows["configuration"] >= 0, 1, 0)
    frame.loc[frame["outcome"] < 0, "outcome"] = -1
    runs = spell(run_ids(estate, rows), frame["odd"].to_numpy())
    runs = np.where(frame["run"] == 1, runs, "").astype(object)
    properties = join_texts(
        '{"installationActivityId":"', guids, '","startDateTime":"', moments(rows["started"].to_numpy()),
        '","lastModifiedDateTime":"', moments(rows["ended"].to_numpy()), '",',
        np.where(frame["run"] == 1, '"maintenanceRunId":"', "").astype(object), runs,
        np.where(frame["run"] == 1, '",', "").astype(object), repeated(frame, _installation),
    )  # fmt: skip
    given: dict[str, Any] = {
        "id": ids, "name": guids, "properties": properties,
        "type": types_of(estate, machines, "/patchinstallationresults"),
    }  # fmt: skip
    return columns_of(len(rows), given | _homes(estate, machines), ("id", "name", "properties"))


def _installation(row: dict[str, Any]) -> str:
    """Return how an installation went."""
    number = str if row["odd"] else int
    about: dict[str, Any] = {
        "status": row["status"], "rebootStatus": row["reboot"], "startedBy": row["by"],
        "maintenanceWindowExceeded": str(bool(row["exceeded"])) if row["odd"] else bool(row["exceeded"]),
        "installedPatchCount": number(row["Installed"]), "failedPatchCount": number(row["Failed"]),
        "pendingPatchCount": number(row["Pending"]), "excludedPatchCount": number(row["Excluded"]),
        "notSelectedPatchCount": number(row["NotSelected"]),
        "osType": "Linux" if row["release"] in MANAGERS else "Windows",
        "errorDetails": error_details(row["trouble"] or None, row["release"], row["turn"]),
    }  # fmt: skip
    if not row["run"]:
        # nothing or an empty text; the platform has ids of another sort: none is the run of a schedule
        sorts = (None, "", PLATFORM_RUN) if row["by"] == "Platform" else (None, "")
        sort = sorts[row["turn"] % len(sorts)]
        if sort is not None:
            about["maintenanceRunId"] = sort
    return json.dumps(about)[1:]


def _installed(estate: Estate, children: pd.DataFrame, ids: Texts) -> Columns:
    """Return what installations did to updates."""
    at = children["installation"].to_numpy(dtype=np.int64)
    machines = estate.installations["machine"].to_numpy(dtype=np.int64)[at]
    numbers = np.arange(len(children)).astype(str).astype(object)
    frame = pd.DataFrame(
        {"update": children["update"].to_numpy(), "odd": estate.column("spelling")[machines],
         "state": children["state"].to_numpy(dtype=object)}
    )  # fmt: skip
    given: dict[str, Any] = {
        "id": join_texts(ids[at], "/softwarePatches/", numbers), "name": numbers,
        "type": types_of(estate, machines, "/patchinstallationresults/softwarepatches"),
        "properties": repeated(frame, lambda row: _update(estate, row["update"], row["odd"], row["state"])),
    }  # fmt: skip
    return columns_of(len(children), given | _homes(estate, machines), ("id",))
