"""Who signs in, how often, and what is said where that fails: one line with the command to run."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.rest import HttpRequest
from azure.identity import CredentialUnavailableError

from umdiag.errors import SourceError
from umdiag.model import State
from umdiag.sources.live import signin
from umdiag.sources.live.faults import Fault
from umdiag.sources.live.signin import TOKEN_VARIABLE, Authorization, SignIn
from umdiag.sources.live.target import CLOUDS, Target

NOW = 1_700_000_000.0
MANAGEMENT, LOGS = "https://management.azure.com", "https://api.loganalytics.io"
TARGET = Target(cloud=CLOUDS["public"], workspaces=(), automation_account="", subscriptions=())
CHAIN_FAILED = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable.
\tAzureCliCredential: Please run 'az login' to set up an account
To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/x."""
CLI_REFUSED = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable.
\tAzureCliCredential: ERROR: AADSTS700082: The refresh token has expired due to inactivity; sign in anew."""
REFUSED = (
    "Authentication failed: AADSTS7000215: Invalid client secret provided.\r\n"
    "Trace ID: 1\r\nCorrelation ID: 2\r\nTimestamp: 2024-03-08 10:00:00Z"
)


class Clock:
    """The time of the module under test."""

    def __init__(self) -> None:
        self.now = NOW

    def time(self) -> float:
        return self.now


class Issuer:
    """A credential that counts what it is asked for; each token is another one and lasts an hour."""

    def __init__(self, clock: Clock) -> None:
        self.asked: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
        self.error: Exception | None = None
        self._clock = clock

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append((scopes, options))
        if self.error:
            raise self.error
        return AccessToken(f"token{len(self.asked)}", int(self._clock.now) + 3600)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(signin, "time", SimpleNamespace(time=made.time))
    return made


@pytest.fixture
def issuer(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """What the chain is made of in these tests."""
    made = Issuer(clock)
    monkeypatch.setattr(signin, "DefaultAzureCredential", lambda **_: made)
    return made


def given(token: str | None, **target: Any) -> SignIn:
    environment = {} if token is None else {TOKEN_VARIABLE: token}
    return SignIn(replace(TARGET, credential="token", **target), environment)


def jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{body}.c2lnbmF0dXJl"


def refused(sign_in: SignIn, audience: str = MANAGEMENT) -> str:
    """Return the one line that is said where no token comes, by each of the two ways to ask."""
    with pytest.raises(Fault) as raised:
        sign_in.token(audience)
    assert (raised.value.state, raised.value.again) == (State.DENIED, False)
    with pytest.raises(SourceError) as checked:
        sign_in.check(audience)
    reason = raised.value.reason
    assert str(checked.value) == reason
    assert len(reason.splitlines()) == 1
    assert ";" not in reason
    return reason


# -- a token from the environment -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (None, "is not set"),
        ("", "is not set"),
        ("  \n", "is not set"),
        ("Bearer ", "is not set"),
        ("Bearer x y", "holds no token"),
        ("two words", "holds no token"),
        ("x\ty", "holds no token"),
        ("x\r\nX-Evil: 1", "holds no token"),
        ("t\u00f6ken", "holds no token"),
        ("\ufefftoken", "holds no token"),
    ],
)
def test_variable_without_a_token_is_refused_by_its_name(token: str | None, told: str) -> None:
    with pytest.raises(SourceError) as raised:
        given(token)
    assert str(raised.value) == f"credential token: the environment variable {TOKEN_VARIABLE} {told}"


@pytest.mark.parametrize(
    "written", ["x.y.z", "  x.y.z\n", "Bearer x.y.z", "bearer x.y.z", " Bearer   x.y.z "]
)
def test_token_is_taken_without_what_was_copied_around_it(written: str) -> None:
    assert given(written).token(MANAGEMENT) == "x.y.z"


def test_given_token_serves_every_audience() -> None:
    sign_in = given("x.y.z")
    assert {sign_in.token(one) for one in (MANAGEMENT, LOGS)} == {"x.y.z"}


def refused_at(workspace: str) -> SignIn:
    """A given token that workspace a took, and then this one refused."""
    sign_in = given("x.y.z")
    stale = Fault("the sign-in was not accepted", state=State.DENIED, again=True)
    sign_in.accepted(LOGS, f"{LOGS}/v1/workspaces/a/query")
    sign_in.refused(LOGS, stale, f"{LOGS}/v1/workspaces/{workspace}/query")
    return sign_in


def test_given_token_that_one_scope_refuses_serves_the_others() -> None:
    sign_in = refused_at("foreign")
    with pytest.raises(Fault, match="was not accepted"):
        sign_in.token(LOGS, f"{LOGS}/v1/workspaces/FOREIGN/query")
    assert sign_in.token(LOGS, f"{LOGS}/v1/workspaces/a/query") == "x.y.z"


def test_given_token_that_works_no_more_is_not_sent_anywhere() -> None:
    sign_in = refused_at("a")
    with pytest.raises(Fault, match="was not accepted"):
        sign_in.token(LOGS, f"{LOGS}/v1/workspaces/b/query")
    assert sign_in.token(MANAGEMENT) == "x.y.z"


def test_token_that_has_expired_is_not_sent(clock: Clock) -> None:
    reason = refused(given(jwt(exp=NOW - 1)))
    assert reason == (
        f"sign-in failed: the token in {TOKEN_VARIABLE} has expired, "
        f"put a fresh token for {MANAGEMENT} into {TOKEN_VARIABLE}"
    )


def test_token_serves_until_its_last_second(clock: Clock) -> None:
    token = jwt(exp=NOW + 100)
    sign_in = given(token)
    for clock.now in (NOW, NOW + 99):
        assert sign_in.token(MANAGEMENT) == token
    clock.now = NOW + 101
    assert "has expired" in refused(sign_in)


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        "..",
        jwt(),
        jwt(exp="soon"),
        jwt(exp=None),
        jwt(exp=float("inf")),
        jwt(exp=float("nan")),
        "e30.WzFd.x",
    ],
)
def test_token_that_does_not_say_when_it_ends_is_taken(clock: Clock, token: str) -> None:
    sign_in = given(token)
    for clock.now in (NOW, NOW + 30_000):
        assert sign_in.token(MANAGEMENT) == token


def test_advice_names_the_address_that_the_token_is_for() -> None:
    sign_in = given("x", endpoints={"management": "https://arm.example"}, tenant_id="t")
    assert sign_in.advice() == f"put a fresh token for https://arm.example into {TOKEN_VARIABLE}"


# -- one token for each audience --------------------------------------------------------------------------


def test_one_token_for_each_audience_is_fetched_once(issuer: Issuer) -> None:
    sign_in = SignIn(TARGET, {})
    tokens = [sign_in.token(one) for one in (MANAGEMENT, LOGS, MANAGEMENT, LOGS)]
    assert tokens == ["token1", "token2", "token1", "token2"]
    assert issuer.asked == [((f"{one}/.default",), {}) for one in (MANAGEMENT, LOGS)]


def test_many_threads_fetch_one_token(issuer: Issuer) -> None:
    sign_in = SignIn(TARGET, {})
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(sign_in.token, [MANAGEMENT] * 64)) == {"token1"}


def test_token_is_renewed_five_minutes_before_it_ends(issuer: Issuer, clock: Clock) -> None:
    sign_in = SignIn(TARGET, {})
    tokens = []
    for seconds in (0, 3200, 3301, 6500, 6602):
        clock.now = NOW + seconds
        tokens.append(sign_in.token(MANAGEMENT))
    assert tokens == ["token1", "token1", "token2", "token2", "token3"]


def test_token_that_was_not_accepted_is_forgotten(issuer: Issuer) -> None:
    sign_in = SignIn(TARGET, {})
    tokens = [sign_in.token(MANAGEMENT), sign_in.token(LOGS)]
    stale = Fault("the sign-in was not accepted", state=State.DENIED, again=True)
    sign_in.refused(MANAGEMENT, stale, "")
    sign_in.refused("https://never.asked", stale, "")
    sign_in.refused(LOGS, Fault("access was refused", state=State.DENIED), "")
    assert [*tokens, sign_in.token(LOGS), sign_in.token(MANAGEMENT)] == [
        "token1",
        "token2",
        "token2",
        "token3",
    ]


def denials(sign_in: SignIn, audience: str, times: int = 16) -> set[str]:
    """Ask for a token from several threads at once; return what is said."""

    def denied(_: int) -> str:
        with pytest.raises(Fault) as raised:
            sign_in.token(audience)
        return raised.value.reason

    with ThreadPoolExecutor(times) as threads:
        return set(threads.map(denied, range(times)))


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (CredentialUnavailableError(message="not now"), 300),
        (ClientAuthenticationError(message="AADSTS1: no"), 300),
        (ServiceRequestError(message="no route"), 15),
    ],
    ids=["nobody", "refused", "unreachable"],
)
def test_failed_sign_in_is_tried_once_for_all_requests_of_an_audience_and_again_later(
    issuer: Issuer, clock: Clock, error: Exception, seconds: int
) -> None:
    sign_in = SignIn(TARGET, {})
    issuer.error = error
    assert len(denials(sign_in, MANAGEMENT)) == 1
    assert len(issuer.asked) == 1
    denials(sign_in, LOGS)
    assert [scopes for scopes, _ in issuer.asked] == [(f"{MANAGEMENT}/.default",), (f"{LOGS}/.default",)]
    issuer.error = None
    clock.now += seconds - 1
    denials(sign_in, MANAGEMENT, 1)
    clock.now += 1
    assert sign_in.token(MANAGEMENT) == "token3"


def test_sign_in_that_is_checked_is_tried_whatever_failed_before(issuer: Issuer) -> None:
    sign_in = SignIn(TARGET, {})
    issuer.error = CredentialUnavailableError(message="not now")
    refused(sign_in)
    issuer.error = None
    sign_in.check(MANAGEMENT)
    assert sign_in.token(MANAGEMENT) == "token3"


def test_tenant_goes_with_every_request_for_a_token(issuer: Issuer) -> None:
    SignIn(replace(TARGET, tenant_id="t"), {}).token("https://management.azure.com/")
    assert issuer.asked == [((f"{MANAGEMENT}/.default",), {"tenant_id": "t"})]


# -- credentials ------------------------------------------------------------------------------------------


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no identity, as it is on a plain machine."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def chain(outside: None) -> Iterator[list[str]]:
    """The names of what the chain tries."""
    sign_in = SignIn(TARGET, {})
    credential: Any = sign_in._credential
    yield [type(one).__name__ for one in credential.credentials]
    credential.close()


def test_chain_never_asks_anybody(chain: list[str]) -> None:
    assert not [
        name
        for name in chain
        if "Browser" in name
        or "DeviceCode" in name
        or "Broker" in name
        or "SharedTokenCache" in name
        or "VisualStudioCode" in name
    ]


def test_chain_tries_machines_identities_and_the_command_line(chain: list[str]) -> None:
    assert {"AzureCliCredential", "ManagedIdentityCredential", "EnvironmentCredential"} <= set(chain)


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=list(CLOUDS))
@pytest.mark.parametrize(
    ("credential", "made"),
    [
        ("chain", "DefaultAzureCredential"),
        ("browser", "InteractiveBrowserCredential"),
        ("device_code", "DeviceCodeCredential"),
    ],
)
def test_identity_is_asked_for_where_its_cloud_signs_in(
    monkeypatch: pytest.MonkeyPatch, cloud: Any, credential: Any, made: str
) -> None:
    options: dict[str, Any] = {}
    monkeypatch.setattr(signin, made, lambda **given: options.update(given))
    SignIn(replace(TARGET, cloud=cloud, credential=credential, tenant_id="t"), {})
    assert options["authority"] == cloud.authority
    assert options.get("tenant_id") == (None if credential == "chain" else "t")


def test_every_cloud_has_addresses_of_its_own() -> None:
    for one in ("authority", "kusto", "kusto_audience", "monitor", "management", "name"):
        assert len({getattr(cloud, one) for cloud in CLOUDS.values()}) == len(CLOUDS)
    for cloud in CLOUDS.values():
        for address in (cloud.authority, cloud.kusto, cloud.kusto_audience, cloud.monitor, cloud.management):
            assert address.startswith("https://")
            assert not address.endswith("/")


# -- what is said -----------------------------------------------------------------------------------------

LOGIN = "run az login (or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET)"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CredentialUnavailableError(message="Azure CLI not found on path /home/a"), "nobody is signed in"),
        (ClientAuthenticationError(message=CHAIN_FAILED), "nobody is signed in"),
        (
            ClientAuthenticationError(message=CLI_REFUSED),
            "AzureCliCredential: ERROR: AADSTS700082: The refresh token has expired due to inactivity, "
            "sign in anew.",
        ),
        (
            ClientAuthenticationError(message=REFUSED),
            "Authentication failed: AADSTS7000215: Invalid client secret provided.",
        ),
        (
            ClientAuthenticationError(
                message="AADSTS50020: User account 'ann@contoso.com' does not exist in tenant 'Contoso'."
            ),
            "AADSTS50020: User account '…' does not exist in tenant 'Contoso'.",
        ),
        (
            ServiceRequestError("Failed to resolve 'login' in /home/a"),
            "the sign-in service cannot be reached (ServiceRequestError)",
        ),
        (
            OSError(2, "No such file", "/home/a/x"),
            "the sign-in service cannot be reached (FileNotFoundError)",
        ),
        (ValueError("Invalid tenant id"), "the sign-in service cannot be reached (ValueError)"),
    ],
)
def test_failed_sign_in_is_one_line_with_what_to_run(issuer: Issuer, error: Exception, told: str) -> None:
    issuer.error = error
    assert refused(SignIn(TARGET, {})) == f"sign-in failed: {told}, {LOGIN}"


def test_long_refusal_is_shortened(issuer: Issuer) -> None:
    issuer.error = ClientAuthenticationError(message="AADSTS1: " + "x" * 5000)
    assert len(refused(SignIn(TARGET, {}))) < 400


def test_refusal_without_words_names_its_kind(issuer: Issuer) -> None:
    issuer.error = ClientAuthenticationError(message=" \n ")
    assert "sign-in failed: ClientAuthenticationError, run az login" in refused(SignIn(TARGET, {}))


@pytest.mark.parametrize(
    ("cloud", "tenant_id", "command"),
    [
        ("public", "", "run az login ("),
        ("public", "contoso", "run az login --tenant contoso ("),
        ("usgov", "", "run az cloud set --name AzureUSGovernment && az login ("),
        ("china", "contoso", "run az cloud set --name AzureChinaCloud && az login --tenant contoso ("),
    ],
)
def test_advice_names_cloud_and_tenant(issuer: Issuer, cloud: str, tenant_id: str, command: str) -> None:
    issuer.error = CredentialUnavailableError(message="none")
    sign_in = SignIn(replace(TARGET, cloud=CLOUDS[cloud], tenant_id=tenant_id), {})
    assert f", {command}" in refused(sign_in)


# -- on requests ------------------------------------------------------------------------------------------


def request(url: str) -> PipelineRequest[Any]:
    return PipelineRequest(HttpRequest("GET", url), PipelineContext(None))


def test_request_carries_the_token_of_its_audience(issuer: Issuer) -> None:
    sent = request("HTTPS://management.azure.com/x")
    Authorization(SignIn(TARGET, {}), MANAGEMENT).on_request(sent)
    assert sent.http_request.headers["Authorization"] == "Bearer token1"
    assert issuer.asked[0][0] == (f"{MANAGEMENT}/.default",)


@pytest.mark.parametrize("url", ["http://management.azure.com/x", "httpsx://a/", "/x", "ftp://a/"])
def test_token_travels_over_https_only(issuer: Issuer, url: str) -> None:
    sent = request(url)
    with pytest.raises(Fault, match="https only, check the address in endpoints"):
        Authorization(SignIn(TARGET, {}), MANAGEMENT).on_request(sent)
    assert "Authorization" not in sent.http_request.headers
    assert issuer.asked == []
