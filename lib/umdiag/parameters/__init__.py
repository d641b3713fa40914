"""Parameters of an investigation: from a YAML file, or from what a notebook holds, to typed values in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PureWindowsPath
from typing import Any, Literal

from umdiag.errors import ParameterError
from umdiag.parameters import checks, files
from umdiag.parameters.keys import ADDRESSES, CHOICES, KEYS, NAMES, Key

__all__ = [
    "KEYS",
    "Key",
    "Parameters",
    "as_values",
    "from_notebook",
    "from_values",
    "read",
    "refuse_prompting",
    "shown",
]

_WORKSPACE = "Microsoft.OperationalInsights/workspaces"
_ACCOUNT = "Microsoft.Automation/automationAccounts"
_PLAIN_TYPES = (str, int, float, bool, type(None), list, dict)
_SECRET_NAME = re.compile(
    r"secret|passw|pwd|token|(api|access|shared)_?key|connection_?string", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Parameters:
    """What is investigated, and how; one field per key of `KEYS`, times in UTC, empty text for nothing given.

    `snapshot` and `endpoints["ca_bundle"]` are absolute where they were looked for: for display use `shown`.
    `asked_at` is None for now (a snapshot: its own). `origin`, for messages, is the parameter file's name.
    """

    source: Literal["snapshot", "azure"]
    snapshot: Path | None
    cloud: Literal["public", "usgov", "china"]
    tenant_id: str
    credential: Literal["chain", "browser", "device_code", "token"]
    workspace_api: Literal["kusto", "monitor"]
    endpoints: Mapping[str, str]
    job_limit: int
    workspaces: tuple[str, ...]
    automation_account: str
    subscriptions: tuple[str, ...]
    asked_at: datetime | Literal["latest"] | None
    lookback: timedelta
    stale_after: timedelta
    update_run: str
    computers: tuple[str, ...]
    suspects: tuple[str, ...]
    origin: str = field(default="", compare=False)
    written: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        return f"Parameters({', '.join(f'{name}={value!r}' for name, value in shown(self).items())})"

    @property
    def scope(self) -> tuple[str, ...]:
        """Subscriptions that Resource Graph is asked for: those given, else those of the ids."""
        ids = (*self.workspaces, self.automation_account) if self.automation_account else self.workspaces
        given = tuple(filter(checks.is_subscription, self.subscriptions))
        named = given if self.subscriptions else tuple(map(checks.subscription_of, ids))
        return tuple({id_.casefold(): id_ for id_ in reversed(named)}.values())[::-1]

    @property
    def management_groups(self) -> tuple[str, ...]:
        """Names of the management groups among `subscriptions`, of which all below is asked for."""
        groups = (one for one in self.subscriptions if not checks.is_subscription(one))
        return tuple(one.rpartition("/")[2] for one in groups)


def read(path: Path) -> Parameters:
    """Read a parameter file (YAML 1.2). Raises CallError for the file, ParameterError for what it says."""
    return from_values(files.load(path), folder=path.parent, origin=path.name)


def from_notebook(namespace: Mapping[str, Any], *, find: bool = True) -> Parameters:
    """Pick the parameters out of a notebook's globals; any other plain value there is refused as unknown.

    Left aside are names with a leading underscore, IPython's `In` and `Out`, and what is no plain data.
    """
    values = {
        name: value
        for name, value in namespace.items()
        if name in NAMES
        or (not name.startswith("_") and name not in ("In", "Out") and type(value) in _PLAIN_TYPES)
    }
    return from_values(values, folder=None, origin="the notebook", find=find)


def from_values(
    values: Mapping[str, Any], *, folder: Path | None, origin: str = "", find: bool = True
) -> Parameters:
    """Check plain values, as a YAML reader or a notebook holds them; what is empty gets its default.

    Paths that the source needs are looked for, relative ones in `folder` first; `find=False` leaves them as
    written (for a kernel that is handed a finished run). Raises ParameterError.
    """
    for name, value in values.items():
        if name not in NAMES:
            raise _unknown(str(name), value, origin)
    given = {key.name: key.default for key in KEYS}
    given |= {name: value for name, value in values.items() if not checks.is_nothing(value)}
    chosen: dict[str, Any] = {name: checks.choice(name, given[name], CHOICES[name]) for name in CHOICES}
    from_azure = chosen["source"] == "azure"
    ids = checks.texts("workspaces", given["workspaces"])
    account = checks.text("automation_account", given["automation_account"])
    endpoints, bundle = _endpoints(given["endpoints"], folder, find=find and from_azure)
    parameters = Parameters(
        **chosen,
        snapshot=_snapshot(given["snapshot"], folder, find=find and not from_azure),
        tenant_id=given["tenant_id"] and checks.tenant("tenant_id", given["tenant_id"]),
        endpoints=endpoints,
        job_limit=checks.whole_number("job_limit", given["job_limit"]),
        workspaces=tuple(checks.arm_id("workspaces", id_, _WORKSPACE) for id_ in ids),
        automation_account=account and checks.arm_id("automation_account", account, _ACCOUNT),
        subscriptions=_subscriptions(given["subscriptions"]),
        asked_at=checks.moment("asked_at", given["asked_at"]) if given["asked_at"] else None,
        lookback=checks.duration("lookback", given["lookback"]),
        stale_after=checks.duration("stale_after", given["stale_after"]),
        update_run=checks.text("update_run", given["update_run"]),
        computers=checks.texts("computers", given["computers"]),
        suspects=checks.texts("suspects", given["suspects"]),
        origin=origin,
        written={
            "snapshot": given["snapshot"].strip(),
            "ca_bundle": bundle,
            "lookback": given["lookback"].strip(),
            "stale_after": given["stale_after"].strip(),
        },
    )
    _refuse_contradiction(parameters)
    return parameters


def as_values(parameters: Parameters) -> dict[str, Any]:
    """Return every key as a plain value, durations and paths as they were written, for papermill and JSON."""
    values: dict[str, Any] = {name: getattr(parameters, name) for name in NAMES}
    for name in ("workspaces", "subscriptions", "computers", "suspects"):
        values[name] = list(values[name])
    values["snapshot"] = parameters.written.get("snapshot") or str(parameters.snapshot or "")
    values["endpoints"] = dict(parameters.endpoints)
    if bundle := parameters.written.get("ca_bundle"):
        values["endpoints"]["ca_bundle"] = bundle
    for name in ("lookback", "stale_after"):
        values[name] = _duration(values[name], parameters.written.get(name, ""))
    if isinstance(parameters.asked_at, datetime):
        values["asked_at"] = parameters.asked_at.isoformat().replace("+00:00", "Z")
    else:
        values["asked_at"] = parameters.asked_at or ""
    return values


def shown(parameters: Parameters) -> dict[str, Any]:
    """Return `as_values` as a report may show it: of an absolute path only the last name."""
    values = as_values(parameters)
    values["snapshot"] = _last_name(values["snapshot"])
    if "ca_bundle" in values["endpoints"]:
        values["endpoints"]["ca_bundle"] = _last_name(values["endpoints"]["ca_bundle"])
    return values


def refuse_prompting(parameters: Parameters) -> None:
    """Refuse the credentials that ask somebody: nobody sits before a headless run."""
    if parameters.credential in ("browser", "device_code"):
        raise ParameterError(
            "credential", parameters.credential, "asks for a person, a report needs chain or token"
        )


def _unknown(name: str, value: object, origin: str) -> ParameterError:
    if _SECRET_NAME.search(name):
        expected = "belongs to no parameter; secrets are none, see credential for the ways to sign in"
        return ParameterError(name, "(hidden)", expected)
    hint = checks.near(name, NAMES)
    if not hint and origin == "the notebook":
        hint = "; begin the name of a value of your own with an underscore"
    return ParameterError(name, value, f"belongs to no parameter{hint or '; known are ' + ', '.join(NAMES)}")


def _endpoints(value: object, folder: Path | None, *, find: bool) -> tuple[dict[str, str], str]:
    entries = checks.mapping("endpoints", value, (*ADDRESSES, "ca_bundle"))
    endpoints = {
        name: checks.address(f"endpoints.{name}", entries[name]) for name in ADDRESSES if name in entries
    }
    if "ca_bundle" not in entries:
        return endpoints, ""
    bundle = checks.text("endpoints.ca_bundle", entries["ca_bundle"])
    path = files.find(bundle, folder, directory=False) if find else Path(bundle)
    if path is None:
        raise ParameterError("endpoints.ca_bundle", bundle, "is no file here, expected certificates in PEM")
    return {**endpoints, "ca_bundle": str(path)}, bundle


def _snapshot(value: object, folder: Path | None, *, find: bool) -> Path | None:
    written = checks.text("snapshot", value)
    if not written:
        return None
    path = files.find(written, folder, directory=True) if find else Path(written)
    if path is None:
        looked = "beside the parameter file, in" if folder is not None else "in"
        expected = f"is no folder {looked} the working directory or its parents, expected a snapshot"
        raise ParameterError("snapshot", written, expected)
    return path


def _subscriptions(value: object) -> tuple[str, ...]:
    named = checks.texts("subscriptions", value)
    return checks.texts("subscriptions", [checks.subscription("subscriptions", id_) for id_ in named])


def _refuse_contradiction(parameters: Parameters) -> None:
    if parameters.source == "snapshot" and parameters.snapshot is None:
        raise ParameterError("snapshot", "", "names no folder, expected one as source is snapshot")
    if parameters.source == "azure" and not parameters.workspaces:
        raise ParameterError("workspaces", "", "names no workspace, expected an ARM id as source is azure")


def _duration(length: timedelta, written: str) -> str:
    """Write a duration as it was written, or anew where another length was put in its place."""
    if written and checks.duration("", written) == length:
        return written
    minutes = length // timedelta(minutes=1)
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def _last_name(path: str) -> str:
    windows = PureWindowsPath(path)
    if Path(path).is_absolute() or windows.drive or windows.root:
        return windows.name or "…"
    return path
