"""Every parameter, declared once: its name, kind, default, help and an example.

From this model come the checks, the README's table, `parameters/example.yml`, the parameters cell of every
notebook and the JSON Schema for editors (`make fix` writes them), and what judges and frames may ask for by
name. A help's first sentence stands in notebooks, where papermill stumbles over =, ; and # in a comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_serializer, model_validator

from umdiag.errors import ParameterError
from umdiag.parameters import checks, kinds
from umdiag.parameters.declaring import LookedFor, NotebookOnly, Target, declared, is_nothing


class Endpoints(BaseModel):
    """Addresses that replace those of the cloud."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kusto: kinds.Address = declared("", "Kusto endpoint of workspaces", "https://ade.loganalytics.io")
    monitor: kinds.Address = declared("", "Log Analytics query API", "https://api.loganalytics.io")
    management: kinds.Address = declared(
        "", "Azure Resource Manager and Resource Graph", "https://management.azure.com"
    )
    ca_bundle: Annotated[
        kinds.PathText, LookedFor(directory=False, sources=("azure",), expected="certificates in PEM")
    ] = declared("", "File of certificates (PEM) that are trusted", "parameters/company-ca.pem")

    @model_validator(mode="before")
    @classmethod
    def _entries(cls, value: object) -> dict[str, object]:
        if not isinstance(value, Mapping):
            raise checks.Refused(f"is not a mapping, expected lines for {', '.join(cls.model_fields)}")
        return {str(name): entry for name, entry in value.items() if not is_nothing(entry)}

    @model_serializer
    def given(self) -> dict[str, str]:
        """Return the entries that replace something."""
        return {name: str(value) for name, value in self if value}


class Parameters(BaseModel):
    """What is investigated, and how; times in UTC, empty text for nothing given.

    `snapshot` and `endpoints.ca_bundle` are absolute where they were looked for: for display use `shown`.
    `asked_at` is None for now (a snapshot: its own).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[Literal["snapshot", "azure"], kinds.AnyCase, Target()] = declared(
        "snapshot", "Where rows come from", "azure"
    )
    snapshot: Annotated[
        kinds.PathText,
        LookedFor(directory=True, sources=("snapshot",), expected="a snapshot"),
        Target(),
    ] = declared(
        "",
        "Folder of a snapshot or of a report. A relative one is looked for beside the parameter file, "
        "then in the working directory and its parents",
        "parameters/demo",
    )
    services: kinds.Services = declared(
        [],
        "Which services are looked at. Empty for those that have rows",
        ["update_management", "update_manager"],
    )
    cloud: Annotated[Literal["public", "usgov", "china"], kinds.AnyCase] = declared(
        "public", "Azure cloud: its endpoints and its sign-in authority", "public"
    )
    tenant_id: kinds.Tenant = declared("", "Tenant to sign in to", "contoso.onmicrosoft.com")
    credential: Annotated[Literal["chain", "browser", "device_code", "token"], kinds.AnyCase] = declared(
        "chain",
        "How to sign in. Reports refuse the two that ask a person (browser, device_code). "
        "token: a bearer token from the environment variable UMDIAG_ACCESS_TOKEN",
        "chain",
    )
    workspace_api: Annotated[Literal["kusto", "monitor"], kinds.AnyCase] = declared(
        "monitor",
        "Which of the two documented ways a workspace is queried. "
        "The Log Analytics query API (monitor) says when rows are missing",
        "monitor",
    )
    endpoints: Annotated[Endpoints, Field(title="mapping")] = declared(
        {},
        "Addresses instead of the cloud's: kusto, monitor, management, ca_bundle. "
        "For private endpoints, proxies and emulators. Addresses are https, ca_bundle is a file",
        {
            "kusto": "https://ade.loganalytics.io",
            "monitor": "https://api.loganalytics.io",
            "management": "https://management.azure.com",
            "ca_bundle": "parameters/company-ca.pem",
        },
    )
    job_limit: kinds.WholeNumber = declared(200, "Concurrent jobs of an Automation account", 200)
    workspaces: Annotated[kinds.WorkspaceIds, Target()] = declared(
        [],
        "Log Analytics workspaces, one or many",
        [
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-monitor"
            "/providers/Microsoft.OperationalInsights/workspaces/law-main"
        ],
    )
    automation_account: Annotated[kinds.AccountId, Target()] = declared(
        "",
        "The account whose schedules, runs and workers are read",
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-automation"
        "/providers/Microsoft.Automation/automationAccounts/aa-main",
    )
    subscriptions: Annotated[kinds.ScopeIds, Target()] = declared(
        [],
        "Resource Graph scope: subscriptions or management groups. "
        "Empty for the subscriptions of the ids above",
        ["00000000-0000-0000-0000-000000000000"],
    )
    asked_at: kinds.Moment = declared(
        "",
        "The end of the window. latest: the newest row found. Empty for now (a snapshot: its own asked_at)",
        "2024-03-08T10:00:00Z",
    )
    lookback: kinds.Window = declared("14d", "Window before asked_at", "14d")
    stale_after: kinds.Duration = declared(
        "24h",
        "How old a heartbeat or an assessment may be. "
        "A machine silent for longer is disconnected, an older assessment is stale",
        "24h",
    )
    assessment_stale_after: kinds.Duration = declared(
        "48h",
        "How old an assessment of Update Manager may be. The service assesses once a day, an older "
        "assessment is stale",
        "48h",
    )
    update_run: kinds.Text = declared(
        "",
        "Name of an update deployment, or a run's id. Empty for every run in the window",
        "Patch Tuesday servers",
    )
    computers: kinds.Texts = declared(
        [], "Limit machines and findings to these. Empty for all", ["web01.contoso.com", "00123"]
    )
    suspects: kinds.Texts = declared(
        [],
        "Machines that should have been patched. missed_machines says for each why it was not",
        ["web02.contoso.com"],
    )
    accepted: Annotated[
        kinds.PathText,
        LookedFor(
            directory=False, sources=("snapshot", "azure"), expected="a list of findings that are accepted"
        ),
    ] = declared(
        "",
        "A file of findings that are known and accepted. "
        "They make no problem until their date has passed. umdiag accept writes an entry",
        "parameters/accepted.yml",
    )
    parameters_file: Annotated[kinds.Text, Field(title="path"), NotebookOnly(start="parameters/demo.yml")] = (
        declared(
            "",
            "A parameter file for what the cell does not set. "
            "A value equal to its default counts as not set. "
            "The notebooks' default is ignored as soon as the cell says what to look at",
            "parameters/demo.yml",
        )
    )
    _written: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _refuse_contradiction(self) -> Self:
        if self.source == "snapshot" and self.snapshot is None:
            raise ParameterError("snapshot", "", "names no folder, expected one as source is snapshot")
        if self.source == "azure" and not (self.workspaces or self.subscriptions):
            raise ParameterError(
                "workspaces",
                "",
                "names no workspace, expected an ARM id, or ids in subscriptions, as source is azure",
            )
        named = (*self.workspaces, self.automation_account)
        if self.source == "azure" and "update_management" in self.services and not any(named):
            raise ParameterError(
                "services",
                "update_management",
                "needs the ids of its workspaces or of its automation_account",
            )
        return self

    def __repr__(self) -> str:
        return f"Parameters({', '.join(f'{name}={value!r}' for name, value in shown(self).items())})"

    __str__ = __repr__

    @property
    def named(self) -> dict[str, Any]:
        """Every parameter by name, as judges, frames and charts ask for it; `subscriptions` are the scope."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return values | ({"subscriptions": self.scope} if self.management_groups else {})

    @property
    def scope(self) -> tuple[str, ...]:
        """Subscriptions that Resource Graph is asked for: those given, else those of the ids."""
        ids = filter(None, (*self.workspaces, self.automation_account))
        given = tuple(filter(checks.is_subscription, self.subscriptions))
        named = given if self.subscriptions else tuple(id_.split("/")[2] for id_ in ids)
        return tuple({id_.casefold(): id_ for id_ in reversed(named)}.values())[::-1]

    @property
    def management_groups(self) -> tuple[str, ...]:
        """Names of the management groups among `subscriptions`, of which all below is asked for."""
        groups = (id_ for id_ in self.subscriptions if not checks.is_subscription(id_))
        return tuple(id_.rpartition("/")[2] for id_ in groups)


def as_values(parameters: Parameters) -> dict[str, Any]:
    """Return every key as a plain value, durations and paths as they were written, for papermill and JSON."""
    return parameters.model_dump(mode="json") | parameters._written


def shown(parameters: Parameters) -> dict[str, Any]:
    """Return `as_values` as a report may show it: of an absolute path only the last name."""
    return _without_folders(parameters, as_values(parameters))


def _without_folders(model: BaseModel, values: Mapping[str, Any]) -> dict[str, Any]:
    short = dict(values)
    for name in values:
        held = getattr(model, name)
        if isinstance(held, BaseModel):
            short[name] = _without_folders(held, values[name])
        elif isinstance(held, Path):
            short[name] = _last_name(values[name])
    return short


def _last_name(path: str) -> str:
    windows = PureWindowsPath(path)
    if Path(path).is_absolute() or windows.drive or windows.root:
        return windows.name or "…"
    return path
