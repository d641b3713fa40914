"""Error bodies as recorded vendor traffic has them."""

from __future__ import annotations

from typing import Any

from servers.wire import Reply

#: As recorded: the service's own clients are told where they go wrong this way.
_INVALID = "The request had some invalid properties"


def error(status: int, code: str, message: str, inner: Any = None, **headers: str) -> Reply:
    """Return an error in the envelope of Azure's services."""
    content = {"code": code, "message": message} | ({"innererror": inner} if inner else {})
    return Reply(status=status, content={"error": content}, headers=headers)


def unresolved(name: str, *, column: bool = False) -> Reply:
    """A name that means nothing in a workspace: a table's, or a column's."""
    kind = "scalar expression" if column else "table or column expression"
    message = f"'where' operator: Failed to resolve {kind} named '{name}'"
    semantic = {"code": "SemanticError", "message": "A semantic error occurred."}
    inner = {**semantic, "innererror": {"code": "SEM0100", "message": message}}
    return error(400, "BadArgumentError", _INVALID, inner)


def syntax(message: str) -> Reply:
    """A text that cannot be parsed."""
    place = {
        "code": "SYN0002",
        "message": f"Query could not be parsed: {message}",
        "line": 1,
        "pos": 1,
        "token": "(",
    }
    inner = {"code": "SyntaxError", "message": "A syntax error occurred.", "innererror": place}
    return error(400, "BadArgumentError", _INVALID, inner)


def basic_plan() -> Reply:
    """A table on the Basic plan (grafana issue 89818)."""
    message = "Query of Basic Logs table is not supported with the API query used."
    inner = {"code": "UnsupportedApiQueryValidationError", "message": message}
    return error(400, "BadArgumentError", _INVALID, inner)


def timed_out() -> Reply:
    """A query that takes longer than it may."""
    content = {
        "error": {
            "message": "Query execution has exceeded the timeout",
            "code": "GatewayTimeout",
            "correlationId": "0b4a8b2e-0000-0000-0000-000000000000",
            "innererror": {"code": "GatewayTimeout", "message": "Unable to unzip response"},
        },
        "statusDetails": {"code": "ESOCKETTIMEDOUT"},
    }
    return Reply(status=504, content=content, headers={"Preference-Applied": "wait=10"})


def partial(code: str, message: str, severity: int) -> dict[str, Any]:
    """An error beside the tables of an answer."""
    name = {1: "Critical", 2: "Error", 3: "Warning"}[severity]
    inner = {"code": code, "message": message, "severity": severity, "severityName": name}
    return {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [
            {
                "code": "EngineError",
                "message": "Something went wrong processing your query.",
                "innererror": inner,
            }
        ],
    }


def too_large(limit: int) -> dict[str, Any]:
    """An answer of too many rows, of which some came."""
    name = "E_QUERY_RESULT_SET_TOO_LARGE"
    message = f"Query result set has exceeded the internal record count limit {limit} ({name})"
    return partial("-2133196797", message, 2)


def dropped(table: str) -> dict[str, Any]:
    """A leg that a fuzzy union left out, whose other rows are whole (azure-sdk-for-python issue 25137)."""
    message = f"Failed to resolve table expression named '{table}'"
    return partial("-2133196790", message, 3)


def graph_throttled(*, quick: bool = False) -> Reply:
    """Resource Graph's quota used up: it says twice when to come back, and not the same."""
    reset = "00:00:00.02" if quick else "00:00:01"
    details = [
        {
            "code": "RateLimiting",
            "message": "Client application has been throttled",
        }
    ]
    content = {
        "error": {
            "code": "RateLimiting",
            "message": "Please provide below info",
            "details": details,
        }
    }
    headers = {
        "Retry-After": "0.01" if quick else "1",
        "x-ms-user-quota-remaining": "0",
        "x-ms-user-quota-resets-after": reset,
    }
    return Reply(status=429, content=content, headers=headers)


def subscription_throttled(subscription: str, after: str = "1") -> Reply:
    """Resource Manager's bucket of one subscription and principal is empty."""
    message = f"Number of requests for subscription '{subscription}' exceeded. Try again after '1' seconds."
    return error(429, "SubscriptionRequestsThrottled", message, **{"Retry-After": after})


def graph_error(status: int, code: str, message: str, inner: str, said: str) -> Reply:
    """An error of Resource Graph: what is meant lies in its details."""
    details = [{"code": inner, "message": said}]
    return Reply(status=status, content={"error": {"code": code, "message": message, "details": details}})
