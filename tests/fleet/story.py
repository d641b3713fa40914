"""Hold what happened on single machines: events in their logs, runs that went wrong, jobs of others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Describe one entry of a machine's event log.

    ``kind``: what it tells; ``detail``: a code, a user or the sort of registration error.
    """

    machine: int
    at: int
    kind: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Install:
    """Describe one attempt of a run to install an update.

    ``code``: the HRESULT in ``result``. ``named``: by what the row names the update: ``id``,
    ``kb`` (digits, under an id of another revision) or ``KB`` (the same with the prefix).
    """

    key: str
    status: str
    result: str | None = None
    code: str | None = None
    named: str = "id"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Describe a machine run that is not left to chance.

    ``trouble``: what the texts of the run tell, as a cause. ``old_id``: the run asks for the id
    the machine had before its agent was installed anew.
    """

    machine: int
    deployment: int
    place: int
    status: str
    minutes: int
    error: str | None = None
    trouble: str | None = None
    old_id: bool = False
    installs: tuple[Install, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Job:
    """Describe a runbook job of the account that is not a machine run.

    ``group``: the hybrid workers it ran on, "" in Azure. ``status``: else by its end.
    """

    created: int
    ended: int
    runbook: str = "Rotate-Certificates"
    group: str = ""
    status: str = ""
    exception: str | None = None
    id: str = ""
