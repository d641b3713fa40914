"""Live Azure as a source: workspaces, Resource Graph and Resource Manager behind the one protocol."""

from __future__ import annotations

import os
import re
import ssl
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock

import pandas as pd

from umdiag.errors import QueryError, SourceError
from umdiag.model import Rows, State, TableHealth
from umdiag.queries import kql
from umdiag.queries.kql import Query, Value
from umdiag.sources.limits import in_time
from umdiag.sources.live.answers import joined
from umdiag.sources.live.collections import COLLECTIONS
from umdiag.sources.live.faults import NoSuchTable
from umdiag.sources.live.graph import ResourceGraph
from umdiag.sources.live.health import of_graph, of_objects, of_workspaces
from umdiag.sources.live.kusto import KustoApi
from umdiag.sources.live.management import ResourceManager
from umdiag.sources.live.manners import Limits, Manners
from umdiag.sources.live.monitor import MonitorApi
from umdiag.sources.live.objects import Objects
from umdiag.sources.live.parts import Part, Window, reasons_of, sent_of
from umdiag.sources.live.signin import SignIn
from umdiag.sources.live.target import Target, name_of
from umdiag.sources.live.visibility import GraphAnswer, Visibility
from umdiag.sources.live.volumes import newest_in
from umdiag.sources.live.web import Web, trusted
from umdiag.sources.live.workspaces import WorkspaceApi, Workspaces
from umdiag.words.once import Once

_UNTIL_TOLD = timedelta(days=14)
#: A run that began this long before the window may still reach into it.
SPARE = timedelta(days=1)


class Azure:
    """Asks the services themselves, read only. Raises SourceError where the sign-in fails.

    With `alone` workspaces are asked by their ARM ids, and Resource Manager is not asked for their other ids.
    """

    parallel = Limits.fetch_threads
    absence = "neither workspaces nor automation_account is given"
    decided: Mapping[str, str] | None = None

    def __init__(
        self,
        target: Target,
        *,
        limits: Limits | None = None,
        environment: Mapping[str, str] = os.environ,
        alone: bool = False,
    ) -> None:
        limits = limits or Limits()
        self.lookback: timedelta | None = None
        self.notes: Sequence[str] = ()
        self.target = target
        self.captured = target.tables
        self._alone = alone
        self._manners = Manners(limits)
        verify = trusted(target.ca_bundle)
        self._sign_in = SignIn(target, environment)
        self._sign_in.check(target.cloud.management)
        self._management_web = Web(
            target.management, target.cloud.management, self._sign_in, verify=verify, connect=limits.connect
        )
        self._pool = ThreadPoolExecutor(limits.management_threads, "management")
        self.management = ResourceManager(self._management_web, target, self._manners, self._pool)
        self.objects = Objects(self.management, target, lambda: self.visibility.seen())
        self.graph = ResourceGraph(self._management_web, target, self._manners)
        self.visibility = Visibility(target, self.graph, self.management, self._pool)
        self._webs = [self._management_web]
        self.workspaces = Workspaces(
            self._workspace_api(verify, limits), target.workspaces, self._manners, self._customer_id
        )
        self.window = Window(asked_at=self.clock(), lookback=_UNTIL_TOLD)
        self._once = Once()
        self._graph: dict[str, GraphAnswer] = {}
        self._lock = Lock()
        self._cuts: dict[tuple[str, str], str] = {}

    def clock(self) -> datetime:
        """Return the present second."""
        return datetime.now(UTC).replace(microsecond=0)

    def newest(self) -> datetime:
        """Return the newest row of any table of any workspace. Raises SourceError where none can be seen.

        Without workspaces it is the present: of the newest rows that Resource Graph has, none is older.
        """
        if not self.target.workspaces:
            return self.clock()
        parts = self.workspaces.volumes(None)
        newest = newest_in(parts, kql.tables()["workspace"])
        if newest is None:
            reasons = [reason for _, reason in reasons_of(parts, ("The newest row",))]
            told = reasons[0] if reasons else "the workspaces hold no rows at all, set the parameter asked_at"
            raise SourceError(f"asked_at latest: {told}")
        self.notes = [f"The newest row was looked for without {said}." for _, said in reasons_of(parts, ())]
        return newest.astimezone(UTC)

    def look_at(self, asked_at: datetime, lookback: timedelta) -> None:
        """Hear the window: rows are counted in it, and runs that began long before it are left out."""
        self.window = Window(asked_at=asked_at, lookback=lookback)
        self.objects.since = self.window.start - SPARE

    def fetch(self, query: Query, values: Mapping[str, Value]) -> Rows:
        """Answer one query from the service that holds its tables."""
        text = kql.bind(query, values)
        match query.dialect:
            case "logs":
                return self._of_workspaces(query, text)
            case "graph":
                return self._of_graph(query, text)
        return self.objects.answer(query, text, self.window.asked_at)

    def kql(self, text: str, time_limit: timedelta | None = None) -> pd.DataFrame:
        """Answer a free question: tables of Resource Manager here, all others by their service.

        One that is not answered in time goes on in the background; nobody waits for it.
        """
        return in_time(lambda: self._answer(text), time_limit)

    def _answer(self, text: str) -> pd.DataFrame:
        words = set(re.findall(r"\w+", text))
        if tables := [table for table in COLLECTIONS if table in words]:
            return self.objects.ask(text, tables, self.window.asked_at)
        if words & set(kql.tables()["graph"]):
            raise QueryError(
                "free questions go to workspaces and to tables of Resource Manager; "
                "ask Resource Graph in the portal"
            )
        parts = self.workspaces.ask_once(text, None, "the query")
        frames = [part.frame for part in parts.values() if part.frame is not None]
        reasons = [reason for _, reason in reasons_of(parts, ())]
        if not frames:
            raise QueryError(reasons[0])
        for reason in reasons:
            warnings.warn(f"not all rows are here: {reason}", stacklevel=3)
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else frames[0]

    def health(self) -> Sequence[TableHealth]:
        """Say of each table and workspace what the window holds, of the other services what came so far."""
        with self._lock:
            graph = dict(sorted(self._graph.items()))
        return (*self.logs_health(), *of_graph(graph), *of_objects(self.objects))

    def logs_health(self) -> list[TableHealth]:
        """Say of each table of each workspace what the window holds."""
        return list(of_workspaces(self._volumes(), self._cuts))

    def interrupt(self) -> None:
        """Stop waiting and asking, from another thread."""
        self._manners.stop()
        self.objects.interrupt()
        for web in self._webs:
            web.close()

    def close(self) -> None:
        """Let threads, connections and memory go."""
        self._manners.stop()
        self.workspaces.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for web in self._webs:
            web.close()
        self.objects.close()

    # -- the three services -----------------------------------------------------------------------

    def _workspace_api(self, verify: ssl.SSLContext, limits: Limits) -> WorkspaceApi:
        if self.target.workspace_api == "kusto":
            return KustoApi(self.target, self._sign_in, verify=verify)
        cloud = self.target.cloud
        web = Web(self.target.monitor, cloud.monitor, self._sign_in, verify=verify, connect=limits.connect)
        self._webs.append(web)
        return MonitorApi(web)

    def _of_workspaces(self, query: Query, text: str) -> Rows:
        # Counted first: a sign-in that ends in between then costs what comes after, not what came before.
        self._volumes()
        parts = self._without_silent(self.workspaces.ask(query, text, self.window))
        reasons = dict(reasons_of(parts, query.tables))
        frames = [part.frame for part in parts.values() if part.frame is not None]
        unseen = [workspace for workspace, part in parts.items() if part.fault is not None]
        cut = [workspace for workspace, part in parts.items() if part.cut]
        # A workspace that answers others but not this: its machines are half seen, nothing can be judged.
        failed = [
            workspace
            for workspace in unseen
            if not self._volumes()[workspace].fault and not isinstance(parts[workspace].fault, NoSuchTable)
        ]
        with self._lock:
            self._cuts |= {(table, id_): parts[id_].cut for id_ in cut for table in query.tables}
        state = State.COMPLETE
        if not frames:
            denied = any(part.fault and part.fault.state is State.DENIED for part in parts.values())
            state = State.DENIED if denied else State.MISSING
        elif unseen or cut:
            state = State.PARTIAL
        return Rows(
            name=query.name,
            text=text,
            frame=joined(query.columns, frames, query.name),
            state=state,
            reason="; ".join(reasons.values()),
            newest=newest_in(self._volumes(), query.tables) if frames else None,
            tables=query.tables,
            unseen=tuple(map(name_of, unseen)) if frames and not (cut or failed) else (),
            sent=sent_of(parts),
        )

    def _without_silent(self, parts: Mapping[str, Part]) -> dict[str, Part]:
        """Leave out all that a workspace said whose tables could not even be counted.

        Half a workspace would look like machines that report but are not assessed.
        """
        volumes = self._volumes()
        silent = {workspace: replace(part, silent=True) for workspace, part in volumes.items() if part.fault}
        return {**parts, **silent}

    def _of_graph(self, query: Query, text: str) -> Rows:
        frame, state, reason = answer = self.visibility.answer(query)
        with self._lock:
            self._graph[query.name] = answer
        return Rows(name=query.name, text=text, frame=frame, state=state, reason=reason, tables=query.tables)

    def _customer_id(self, workspace: str) -> str:
        """Return a workspace's customer id, "" where Resource Manager does not say."""
        if self._alone or self.target.workspace_api == "kusto":
            return ""
        for listed in self.objects.read("workspaces").objects:
            if str(listed.get("id", "")).lower() == workspace.lower():
                properties = listed.get("properties")
                return str(properties.get("customerId") or "") if isinstance(properties, dict) else ""
        return ""

    def _volumes(self) -> dict[str, Part]:
        window = self.window
        return self._once.do(("volumes", window), lambda: self.workspaces.volumes(window))
