"""Azure Resource Manager: one reader for every declared collection, page by page, object by object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

from umdiag.model import State
from umdiag.sources.live.collections import AUTOMATION, COLLECTIONS, Collection, asked_with, kept
from umdiag.sources.live.error_objects import told
from umdiag.sources.live.faults import Fault, strange
from umdiag.sources.live.gates import Gate
from umdiag.sources.live.manners import Manners
from umdiag.sources.live.read import Read
from umdiag.sources.live.target import Target, name_of
from umdiag.sources.live.web import Web

T = TypeVar("T")
_MOST_PAGES = 20_000
_SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


class ResourceManager:
    """Reads collections, each once, with GET and nothing else. Safe for several threads."""

    def __init__(self, web: Web, target: Target, manners: Manners, pool: Executor) -> None:
        self._web = web
        self._target = target
        self._manners = manners
        # Requests share their places, and what throttles one subscription does not hold the others.
        self._gate = Gate(manners.limits.management_requests, closed_by="nothing", first_alone=True)
        self._lock = Lock()
        self._paces: dict[str, Gate] = {}
        self._pool = pool

    def read(
        self,
        table: str,
        *,
        since: datetime | None,
        read: Callable[[str], Read],
        subscriptions: Sequence[str] = (),
    ) -> Read:
        """Read a collection whole; objects older than `since` may be left out.

        `read` returns another collection that this one rests on; `subscriptions` are those of management
        groups.
        """
        collection = COLLECTIONS[table]
        whole = Read()
        if collection.of == "parent":
            parents = read(collection.parent)
            scopes = [str(parent.get("id", "")) for parent in parents.objects]
            whole.refused |= parents.refused
            whole.cut |= parents.cut
            whole.scopes += len(parents.refused)
        else:
            aims = read("softwareUpdateConfigurations").objects if collection.of == "subscription" else []
            scopes = self.scopes(collection, (*subscriptions, *_aimed_at(aims)))
        whole.scopes += len(scopes)
        promised = scopes if collection.of == "parent" else self.scopes(collection, subscriptions)
        named = {*map(str.lower, promised)}
        jobs = [self._pool.submit(self._of_scope, collection, scope, since) for scope in scopes]
        for scope, job in zip(scopes, jobs, strict=True):
            try:
                objects, cut = job.result()
            except Fault as fault:
                # Of a subscription that a deployment aims at nobody promised that it can be seen: no row.
                if scope.lower() in named or not (fault.state is State.DENIED or fault.status == 404):
                    whole.refused[name_of(scope)] = fault
                continue
            whole.objects += objects
            if cut:
                whole.cut[name_of(scope)] = cut
        if collection.whole:
            whole.cut |= self._fill(collection, whole.objects, range(len(whole.objects)))
        elif collection.whole_of:
            # What could not be read stays as the list has it: complete but for what is asked of it besides.
            self._fill(collection, whole.objects, collection.whole_of.among(whole.objects))
        return whole

    def probe(self, collection: Collection, scope: str) -> Any:
        """Return the first page of a collection below one scope. Raises Fault."""
        path, role = f"{scope}{collection.path}", f"Reader on {name_of(scope)}"
        return _as_taken(
            lambda asked: self.get(path, collection.version, role=role, **asked), asked_with(collection, None)
        )

    def get(self, path: str, version: str, *, role: str = "", **parameters: str) -> Any:
        """Return the JSON of one GET below the address of Azure Resource Manager. Raises Fault."""
        wanted = {"api-version": version, **parameters}
        # An id that came with an answer would change the host, written behind the address.
        if not path.startswith("/"):
            raise strange("an object has an id that is not a path")

        def once(left: float) -> Any:
            content, _ = self._web.ask("GET", quote(path), left=left, parameters=wanted, role=role)
            if isinstance(content, dict) and content.get("error") and not content.get("id"):
                raise strange(f"the request was refused ({told(content['error'])})", again=True)
            return content

        return self._manners.carry_out(once, self._pace(path), self._gate)

    def scopes(self, collection: Collection, subscriptions: Sequence[str] = ()) -> list[str]:
        """Return the ids below which a collection lies; `subscriptions` count besides those of the target."""
        match collection.of:
            case "account":
                return [self._target.automation_account] if self._target.automation_account else []
            case "workspace":
                return list(self._target.workspaces)
        ids = {id_.lower(): id_ for id_ in reversed((*self._target.subscriptions, *subscriptions))}
        return [f"/subscriptions/{id_}" for id_ in reversed(ids.values())]

    def _pace(self, path: str) -> Gate:
        """Return the gate of a path's subscription: the service counts the reads of each by itself."""
        limits = self._manners.limits
        found = _SUBSCRIPTION.match(path)
        with self._lock:
            fresh = Gate(limits.management_requests, limits.management_bucket)
            return self._paces.setdefault(found[1].lower() if found else "", fresh)

    def _of_scope(
        self, collection: Collection, scope: str, since: datetime | None
    ) -> tuple[list[Mapping[str, Any]], str]:
        path = f"{scope}{collection.path}"
        role = f"Reader on {name_of(scope)}"
        if collection.single:
            return [_object(self.get(path, collection.version, role=role), scope)], ""
        try:
            objects, cut = _as_taken(
                lambda asked: self._paged(path, collection.version, asked, role),
                asked_with(collection, since),
            )
        except Fault as fault:
            raise _of_retired(fault, collection) from None
        return kept(collection, objects, path), cut

    def _paged(
        self, path: str, version: str, filters: Mapping[str, str], role: str
    ) -> tuple[list[Mapping[str, Any]], str]:
        objects: list[Mapping[str, Any]] = []
        parameters = dict(filters)
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            try:
                page = self.get(path, version, role=role, **parameters)
            except Fault as fault:
                if not seen:
                    raise
                return objects, f"after {len(objects):,} objects {fault.reason}"
            if not isinstance(page, dict) or not isinstance(page.get("value"), list):
                if not seen:
                    raise strange("the answer holds no list of objects")
                return (
                    objects,
                    f"after {len(objects):,} objects came an answer that holds none, run again later",
                )
            objects += [_object(listed, path) for listed in page["value"]]
            link = str(page.get("nextLink") or "")
            if not link:
                return objects, ""
            if not self._same_host(link):
                return objects, "the next page is on another host and is not requested, run again later"
            if link in seen:
                return objects, f"a page repeats itself after {len(objects):,} objects, run again later"
            seen.add(link)
            # Only the place in the list is taken: links were seen to name another collection.
            # What was asked for besides stays: the service's own examples leave the filter out of the link.
            place = (part.partition("=") for part in urlsplit(link).query.split("&") if part)
            parameters = {**filters, **{unquote(name): unquote(value) for name, _, value in place}}
            parameters.pop("api-version", None)
        return objects, f"there are more than {_MOST_PAGES:,} pages"

    def _fill(
        self, collection: Collection, objects: list[Mapping[str, Any]], places: Sequence[int]
    ) -> dict[str, str]:
        """Replace what stands at these places of a list, which leaves things out, by the whole objects.

        Returns why, of each that could not be read.
        """
        unread = {}

        def fetched(listed: Mapping[str, Any]) -> Mapping[str, Any]:
            id_ = str(listed.get("id", ""))
            return _object(self.get(id_, collection.version, role=f"Reader on {name_of(id_)}"), id_)

        jobs = {place: self._pool.submit(fetched, objects[place]) for place in places}
        for place, job in jobs.items():
            try:
                objects[place] = job.result()
            except Fault as fault:
                unread[name_of(str(objects[place].get("id", "")))] = fault.reason
        return unread

    def _same_host(self, link: str) -> bool:
        ours = urlsplit(self._web.address)
        wanted = ("https", None, ours.hostname, ours.port or 443)
        try:
            theirs = urlsplit(link)
            found = (theirs.scheme, theirs.username, theirs.hostname, theirs.port or 443)
        except ValueError:
            return False
        return found == wanted


def _as_taken(ask: Callable[[Mapping[str, str]], T], parameters: Mapping[str, str]) -> T:
    """Ask with parameters that make an answer smaller, and for everything where the service takes none."""
    try:
        return ask(parameters)
    except Fault as fault:
        if fault.status != 400 or not parameters:
            raise
    return ask({})


def _aimed_at(deployments: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the subscriptions that deployments aim at: the guide wants the providers registered in each."""
    told = " ".join(str(deployment.get("properties", "")) for deployment in deployments)
    return _SUBSCRIPTION.findall(told)


def _of_retired(fault: Fault, collection: Collection) -> Fault:
    """Say what an answer means of which nobody knows whether the retired service still gives it."""
    if collection.version != AUTOMATION or fault.status not in (400, 404, 410) or not fault.said:
        return fault
    return Fault(
        f"the retired service gave no answer ({fault.said}), check automation_account, "
        "what it no longer returns cannot be found elsewhere",
        status=fault.status,
    )


def _object(content: Any, scope: str) -> Mapping[str, Any]:
    """Return one REST object; a list in its place (as of permissions) has no id but its scope's."""
    if not isinstance(content, dict):
        raise strange("the answer holds no object")
    if content.get("id"):
        return content
    # Some services write the names of properties with capitals.
    spelled = next((name for name in content if name.lower() == "id" and content[name]), "")
    rest = {name: value for name, value in content.items() if name.lower() != "id"}
    return {**rest, "id": content[spelled] if spelled else scope}
