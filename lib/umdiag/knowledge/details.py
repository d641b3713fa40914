"""Take out of a text what a step needs: the action that was refused, its scope, a namespace, a host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from umdiag.knowledge.cleaning import cleaned, shown
from umdiag.knowledge.table import Knowledge

_QUOTED = r"['\"‘’“”]"
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_HOST = r"(?P<value>[A-Za-z0-9<>_-]+(?:\.[A-Za-z0-9_-]+)+)"
_FOUND: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "action": rf"perform(?:ing)? (?:the )?actions? {_QUOTED}(?P<value>[\w.]+/[^'\"\s]+?){_QUOTED}",
        "scope": rf"(?:over|on|at) (?:the )?scopes? {_QUOTED}(?P<value>[^'\"\s]+?){_QUOTED}",
        "namespace": rf"namespaces? {_QUOTED}(?P<value>[\w.]+){_QUOTED}",
        "client": rf"client {_QUOTED}(?P<value>[^'\"\s]+?){_QUOTED}",
        "object": rf"object id {_QUOTED}(?P<value>{_GUID}){_QUOTED}",
        "host": r"(?:resolv\w+(?: host(?:name)?)?|remote name could not be resolved|host(?:name)?="
        r"|connect(?:ion)? to|certificate presented by the service|https?://)"
        rf"[\s:'\"(]{{0,4}}{_HOST}",
        "extension": r"(?:extensions?|handler|plugin) (?:named? )?[:'\"(]{0,2}"
        rf"(?P<value>[A-Za-z][\w.]*\w){_QUOTED}|/(?P<folder>[A-Za-z][\w]*(?:\.\w+)+)-\d+\.\d+",
        "target": rf"target{_QUOTED}?\s*[:=]\s*{_QUOTED}(?P<value>[A-Za-z][\w.\[\]]+){_QUOTED}",
        "subscription": rf"/?subscriptions?[/ ]{_QUOTED}?(?P<value>{_GUID})",
        "policy": rf"policyAssignment\W{{1,6}}name\W{{1,5}}(?P<value>[^'\"\\]{{1,120}}){_QUOTED}",
        "lock": rf"lock (?:on )?{_QUOTED}?(?P<value>/[\w./-]+)",
        "repository": rf"repo(?:sitory)?(?: for)?:? {_QUOTED}(?P<value>[^'\"\n]{{1,80}}?){_QUOTED}",
    }.items()
}
#: The built-in role that holds the actions of a provider.
_ROLES: Mapping[str, str] = {
    "microsoft.compute": "Virtual Machine Contributor",
    "microsoft.maintenance": "Scheduled Patching Contributor",
    "microsoft.hybridcompute": "Azure Connected Machine Resource Administrator",
    "microsoft.automation": "Automation Contributor",
    "microsoft.operationalinsights": "Log Analytics Contributor",
    "microsoft.insights": "Monitoring Contributor",
    "microsoft.guestconfiguration": "Guest Configuration Resource Contributor",
    "microsoft.policyinsights": "Resource Policy Contributor",
    "microsoft.authorization": "Resource Policy Contributor",
}
_SHOWN = (
    "action", "scope", "namespace", "client", "target", "host", "extension", "repository", "lock", "policy",
)  # fmt: skip
#: Of these a message may name several, each a reason of its own.
_SEVERAL = ("action", "namespace", "policy")
_MOST = 9


def details(text: str) -> Mapping[str, str]:
    """Return what a text names, by what it is, each the first of its kind."""
    text = cleaned(text)
    found = {}
    for name, pattern in _FOUND.items():
        if place := pattern.search(text):
            found[name] = shown(next(value for value in place.groups() if value), 300)
    if "namespace" not in found and "action" in found:
        found["namespace"] = found["action"].split("/")[0]
    if role := _ROLES.get(found.get("namespace", "").casefold()):
        found["role"] = "Reader" if found.get("action", "").casefold().endswith("/read") else role
    return found


def filled(row: Knowledge, text: str) -> Knowledge:
    """Return a row whose steps name what the text names, instead of `<action>`, `<scope>` and so on."""
    if not any("<" in step for step in row.resolution):
        return row
    found = details(text)
    return replace(
        row,
        resolution=tuple(
            re.sub(r"<(\w+)>", lambda part: found.get(part[1], part[0]), step) for step in row.resolution
        ),
    )


def named(row: Knowledge, text: str) -> list[tuple[str, str]]:
    """Return what a text names and the unfilled steps of a row ask for."""
    wanted = {part for step in row.resolution for part in re.findall(r"<(\w+)>", step)}
    found = details(text) if wanted else {}
    return [(name, found[name]) for name in _SHOWN if name in found and name in wanted]


def further(row: Knowledge, text: str) -> list[tuple[str, list[str]]]:
    """Return what a text names beside the first of a kind that a row asks for, such as other refused actions.

    An action comes with the scope that is said behind it.
    """
    wanted = {part for step in row.resolution for part in re.findall(r"<(\w+)>", step)}
    text = cleaned(text) if wanted & {*_SEVERAL} else ""
    found = []
    for name in _SEVERAL:
        if name not in wanted or not text:
            continue
        values: dict[str, None] = {}
        for place in islice(_FOUND[name].finditer(text), 200):
            value = shown(next(part for part in place.groups() if part), 300)
            scope = _FOUND["scope"].search(text, place.end(), place.end() + 600) if name == "action" else None
            values.setdefault(f"{value} over {shown(scope['value'], 300)}" if scope else value)
        if len(values) > 1:
            found.append((name, list(values)[1 : _MOST + 1]))
    return found
