"""The parameters of the kit: name, type, default and help of each, in the order of the documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Key:
    """One parameter; `default` is the plain value that stands where nothing is given."""

    name: str
    type: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()


def _choice(name: str, choices: tuple[str, ...], help_: str, default: str = "") -> Key:
    default = default or choices[0]
    return Key(name=name, type=" | ".join(choices), default=default, help=help_, choices=choices)


KEYS: tuple[Key, ...] = (
    _choice("source", ("snapshot", "azure"), "where rows come from"),
    Key(
        name="snapshot",
        type="path",
        default="",
        help="folder of a snapshot or of a report, a relative one is looked for beside the parameter file, "
        "then in the working directory and its parents",
    ),
    _choice("cloud", ("public", "usgov", "china"), "endpoints and authority"),
    Key(name="tenant_id", type="text", default="", help="restrict sign-in to a tenant"),
    _choice(
        "credential",
        ("chain", "browser", "device_code", "token"),
        "how to sign in, reports refuse the two that ask (browser, device_code), "
        "token takes a bearer token from the environment variable UMDIAG_ACCESS_TOKEN",
    ),
    _choice(
        "workspace_api",
        ("kusto", "monitor"),
        "which of the two documented ways a workspace is queried, "
        "monitor = the Log Analytics query API, which tells when rows are missing",
        default="monitor",
    ),
    Key(
        name="endpoints",
        type="mapping",
        default={},
        help="kusto, monitor and management addresses (https) and ca_bundle (a file), "
        "for private endpoints, proxies and stand-ins, empty = those of the cloud",
    ),
    Key(name="job_limit", type="whole number", default=200, help="concurrent jobs of an Automation account"),
    Key(name="workspaces", type="list of ARM ids", default=[], help="Log Analytics workspaces, one or many"),
    Key(
        name="automation_account",
        type="ARM id",
        default="",
        help="the account whose schedules, runs and workers are read",
    ),
    Key(
        name="subscriptions",
        type="list of ids",
        default=[],
        help="Resource Graph scope, ids of subscriptions or of management groups, "
        "empty = the subscriptions of the ids above",
    ),
    Key(
        name="asked_at",
        type="time with zone | latest",
        default="",
        help="the clock of the investigation, latest = newest row found, "
        "empty = now (for a snapshot: its own asked_at)",
    ),
    Key(name="lookback", type="duration", default="14d", help="window before asked_at"),
    Key(
        name="stale_after",
        type="duration",
        default="24h",
        help="a machine silent for longer is disconnected, an assessment older is stale",
    ),
    Key(
        name="update_run",
        type="text",
        default="",
        help="name of an update deployment, or a run's id, empty = every run in the window",
    ),
    Key(
        name="computers",
        type="list",
        default=[],
        help="restrict machines and findings to these, empty = all",
    ),
    Key(
        name="suspects",
        type="list",
        default=[],
        help="machines one expected to be patched, missed_machines says for each why it was not",
    ),
)

NAMES: tuple[str, ...] = tuple(key.name for key in KEYS)
CHOICES = {key.name: key.choices for key in KEYS if key.choices}
#: Addresses that `endpoints` may hold; its one other key is `ca_bundle`.
ADDRESSES: tuple[str, ...] = ("kusto", "monitor", "management")
