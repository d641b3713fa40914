from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from support import parameter_forms
from umdiag.errors import CallError, ParameterError
from umdiag.parameters import (
    Parameters,
    as_values,
    from_notebook,
    from_values,
    read,
    refuse_prompting,
    shown,
)

ROOT = Path(__file__).parent.parent
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
WORKSPACE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/law"
)
ACCOUNT = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Automation/automationAccounts/aa"
)
AZURE = f"source: azure\nworkspaces: [{WORKSPACE}]\n"
A_DURATION = "expected a duration like 14d, 36h or 90m"
A_TIME = "expected an ISO time with zone like 2024-03-08T10:00:00Z, or latest, or nothing"
KEYS = parameter_forms.keys()
KNOWN = ", ".join(key.name for key in KEYS)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a demo snapshot, as working directory."""
    (tmp_path / "parameters" / "demo").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str | bytes, name: str = "mine.yml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def azure(**values: Any) -> Parameters:
    return from_values({"source": "azure", "workspaces": [WORKSPACE], **values}, folder=None)


# --- what is refused -------------------------------------------------------------------------------------


REFUSED = [
    ("lookbak: 7d", "lookbak: 7d is not a parameter; did you mean lookback?"),
    ("Stale-After: 7h", "Stale-After: 7h is not a parameter; did you mean stale_after?"),
    ("<<: 7h", f"<<: 7h is not a parameter; known are {KNOWN}"),
    (
        "client_secret: abc",
        "client_secret: (hidden) is not a parameter; secrets never are, see credential",
    ),
    ("tenant_id: Bearer eyJhbGciOiJIUzI1NiJ9.e30", "tenant_id: (hidden) is not a tenant"),
    ("tenant_id: a/b", "tenant_id: a/b is not a tenant, expected its id or its domain"),
    ("source: azur", "source: azur is not known, expected snapshot or azure; did you mean azure?"),
    ("cloud: mars", "cloud: mars is not known, expected public, usgov or china"),
    ("cloud: [public]", "cloud: ['public'] is a list, expected one text"),
    (
        "credential: device-code2",
        "credential: device-code2 is not known, expected chain, browser, device_code or token; "
        "did you mean device_code?",
    ),
    ("workspace_api: rest", "workspace_api: rest is not known, expected kusto or monitor"),
    ("job_limit: many", "job_limit: many is not a whole number from 1 to 1000000"),
    ("job_limit: 0", "job_limit: 0 is not a whole number from 1 to 1000000"),
    ("job_limit: 0200", "job_limit: 0200 is not a whole number from 1 to 1000000"),
    ("job_limit: 2.5", "job_limit: 2.5 is not a whole number from 1 to 1000000"),
    ("job_limit: ٣", "job_limit: ٣ is not a whole number from 1 to 1000000"),
    ("job_limit: -5", "job_limit: -5 is not a whole number from 1 to 1000000"),
    (
        "job_limit: 123456789123456789",
        "job_limit: 123456789123456789 is not a whole number from 1 to 1000000",
    ),
    ("lookback: 14", f"lookback: 14 has no unit, {A_DURATION}"),
    ("lookback: 14y", f"lookback: 14y is not a duration, {A_DURATION}"),
    ("lookback: 12h1d", f"lookback: 12h1d is not a duration, {A_DURATION}"),
    ("lookback: [14d]", "lookback: ['14d'] is a list, expected one text"),
    ("lookback: -1d", f"lookback: -1d ends the window before it starts, {A_DURATION}"),
    ("lookback: 0h", f"lookback: 0h ends the window before it starts, {A_DURATION}"),
    ("stale_after: 0m", f"stale_after: 0m is not longer than zero, {A_DURATION}"),
    (
        "lookback: 99999999999999999999d",
        "lookback: 99999999999999999999d is longer than any workspace keeps rows, expected at most 4383d",
    ),
    ("lookback: 5000d", "lookback: 5000d is longer than any workspace keeps rows, expected at most 4383d"),
    ("asked_at: 2024-03-08T10:00:00", f"asked_at: 2024-03-08T10:00:00 has no zone, {A_TIME}"),
    ("asked_at: 2024-03-08", f"asked_at: 2024-03-08 is not a time, {A_TIME}"),
    ("asked_at: 2024-02-30T10:00Z", f"asked_at: 2024-02-30T10:00Z is not a time, {A_TIME}"),
    ("asked_at: 2024-03-08T10:00:00 Europe/Berlin", "is not a time"),
    ("asked_at: yesterday", f"asked_at: yesterday is not a time, {A_TIME}"),
    (
        "asked_at: 0001-01-01T00:00+14:00",
        "asked_at: 0001-01-01T00:00+14:00 is outside the years 2000 to 2199",
    ),
    ("workspaces: law", "workspaces: law is not a list, expected one like [first, second]"),
    (
        "workspaces: [law]",
        "workspaces: law is not a matching ARM id, expected /subscriptions/<id>/resourceGroups/<name>"
        "/providers/Microsoft.OperationalInsights/workspaces/<name>",
    ),
    (f"workspaces: [{ACCOUNT}]", "is not a matching ARM id, expected /subscriptions/<id>"),
    (f"workspaces: [{WORKSPACE}/tables/x]", "is not a matching ARM id"),
    (f"workspaces: ['{WORKSPACE.replace('rg', '..')}']", "is not a matching ARM id"),
    (f"automation_account: {WORKSPACE}", "/providers/Microsoft.Automation/automationAccounts/<name>"),
    (
        "subscriptions: [production]",
        "subscriptions: production is not a subscription id, "
        "expected the form 00000000-0000-0000-0000-000000000000",
    ),
    (
        "endpoints: https://x",
        "endpoints: https://x is not a mapping, expected lines for kusto, monitor, management",
    ),
    (
        "endpoints: {kustos: https://x}",
        "endpoints.kustos: https://x is not an endpoint; did you mean kusto?",
    ),
    (
        "endpoints: {x: y}",
        "endpoints.x: y is not an endpoint; known are kusto, monitor, management, ca_bundle",
    ),
    (
        "endpoints: {kusto: http://host.example}",
        "endpoints.kusto: http://host.example is not a plain address, expected one like https://host.example/path",
    ),
    ("endpoints: {kusto: 'https://me:pw@host'}", "endpoints.kusto: (hidden) is not a plain address"),
    ("endpoints: {kusto: 'https://host?x=1'}", "is not a plain address"),
    ("endpoints: {kusto: 'https://host:99999'}", "is not a plain address"),
    ("endpoints: {kusto: 'https://[half'}", "is not a plain address"),
    ("endpoints: {kusto: https://}", "is not a plain address"),
    ("endpoints: {kusto: [https://x]}", "endpoints.kusto: ['…'] is a list, expected one text"),
    (
        "endpoints: {kusto: https://x, kusto: https://y}",
        "endpoints.kusto: https://y is its second value (line 3)",
    ),
    (
        "endpoints: {ca_bundle: no.pem}",
        "endpoints.ca_bundle: no.pem is not a file beside the parameter file, in the working directory "
        "or its parents, expected certificates in PEM",
    ),
    ("update_run: {a: b}", "update_run: {'a': 'b'} is a mapping, expected one text"),
    ('update_run: "a\\0b"', r"update_run: a\x00b holds a control character, expected one line of plain text"),
    ('update_run: "\\ud800"', r"update_run: \ud800 holds a control character"),
    ('update_run: "a\\nb"', "update_run: a b holds a control character"),
    ("computers: web01", "computers: web01 is not a list, expected one like [first, second]"),
    ("computers: {web01: x}", "computers: {'web01': 'x'} is not a list"),
    ("computers: [[web01]]", "computers: ['…'] is a list, expected one text"),
    ("computers: &a [*a]", "computers: ['…'] is a list, expected one text"),
    (
        "computers:\n  - web01\n  -",
        "computers: (empty) is in the list, write a name there or remove the line",
    ),
    (
        "computers: !!python/name:os.system [a]",
        "computers: tag:yaml.org,2002:python/name:os.system is a YAML tag",
    ),
    ("computers: !mine [a]", "computers: !mine is a YAML tag, expected plain text, a list or a mapping"),
    ("lookback: 1d\nlookback: 2d", "lookback: 2d is its second value (line 4), keep one"),
    ("? [a, b]\n: c", "line 3: a list or mapping is used where a key belongs"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[text for text, _ in REFUSED])
def test_wrong_value_is_refused_in_one_line(place: Path, text: str, message: str) -> None:
    key = text.split(":")[0]
    others = "".join(line for line in AZURE.splitlines(keepends=True) if not line.startswith(f"{key}:"))
    with pytest.raises(ParameterError) as caught:
        read(write(place, others + text))
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


BROKEN_FILES: list[tuple[bytes, str]] = [
    (b"", "mine.yml: the file is empty; umdiag init writes an example of what it may hold"),
    (b"# nothing\n", "mine.yml: the file is empty"),
    (b"- a\n", "mine.yml: the file is YAML but not a mapping, expected lines like source: azure"),
    (b"azure", "mine.yml: the file is YAML but not a mapping"),
    (b"source: a: b\n", "mine.yml: line 1, column 10 is not YAML: mapping values are not allowed here"),
    (b"source: [a\n", "mine.yml: line 2, column 1 is not YAML: expected ',' or ']', but got '<stream end>'"),
    (b"a: 1\n\tb: 2\n", "mine.yml: line 2, column 1 is not YAML: a tab is used where spaces belong"),
    (
        b"a: 1\n---\nb: 2\n",
        "mine.yml: line 2, column 1 is not YAML: a second document starts here, expected one",
    ),
    (b'snapshot: "C:\\data"\n', "put a path with backslashes in single quotes"),
    (b"computers: *gone\n", "mine.yml: line 1, column 12 is not YAML: found undefined alias 'gone'"),
    (b"a: \xe9\n", "mine.yml: byte 4 is not UTF-8, save the file as UTF-8"),
    ("source: azure".encode("utf-16"), "mine.yml: byte 1 is not UTF-8, save the file as UTF-8"),
    (b"a: 1\nb: \0\n", "mine.yml: line 2, column 4 holds a NUL character, save the file as UTF-8"),
    (b"a: 1\nb: \x07\n", "mine.yml: line 2, column 4 holds a control character, expected plain text"),
    (b"a: " + b"[" * 1000, "mine.yml: the file is nested too deeply, expected lists of plain text"),
    (b"#" * 300_000, "mine.yml: the file is larger than 256 KiB, expected a page of YAML"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN_FILES, ids=[message for _, message in BROKEN_FILES])
def test_file_that_holds_no_parameters_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read(write(tmp_path, content))
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_missing_file_is_refused_with_a_near_name(place: Path) -> None:
    write(place / "parameters", AZURE, "demo.yml")
    with pytest.raises(
        CallError, match=r"dmeo\.yml: there is no such parameter file; did you mean demo\.yml\?$"
    ):
        read(Path("parameters/dmeo.yml"))


def test_folder_is_no_parameter_file(place: Path) -> None:
    with pytest.raises(
        CallError, match=r"notebooks: (is a folder, expected a parameter file|cannot be read)"
    ):
        read(Path("notebooks"))


def test_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(CallError, match="no file can have this name"):
        read(Path("a\0b.yml"))


def test_alias_bomb_costs_nothing(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    with pytest.raises(ParameterError, match=r"a0: .* is not a parameter"):
        read(write(tmp_path, "\n".join(lines)))


def test_anchor_used_twice_is_no_warning(tmp_path: Path) -> None:
    read(write(tmp_path, AZURE + "update_run: &a x\ncomputers: [&a y, *a]"))


def test_snapshot_source_needs_a_snapshot() -> None:
    with pytest.raises(
        ParameterError, match=r"^snapshot: \(empty\) names no folder, expected one as source is"
    ):
        from_values({}, folder=None)


def test_azure_source_needs_a_workspace() -> None:
    with pytest.raises(
        ParameterError, match=r"^workspaces: \(empty\) names no workspace, expected an ARM id"
    ):
        from_values({"source": "azure"}, folder=None)


def test_azure_source_may_have_subscriptions_alone() -> None:
    parameters = from_values({"source": "azure", "subscriptions": [SUBSCRIPTION]}, folder=None)
    assert (parameters.workspaces, parameters.scope) == ((), (SUBSCRIPTION,))


def test_update_management_needs_something_that_is_of_it() -> None:
    given = {"source": "azure", "subscriptions": [SUBSCRIPTION], "services": ["update_management"]}
    with pytest.raises(ParameterError, match=r"^services: update_management needs the ids of its workspaces"):
        from_values(given, folder=None)
    assert from_values({**given, "automation_account": ACCOUNT}, folder=None).services


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], ()),
        (["update_manager"], ("update_manager",)),
        (["Update_Management", "UPDATE_MANAGER"], ("update_management", "update_manager")),
        (["update_manager", "update_manager"], ("update_manager",)),
    ],
)
def test_services_are_read_in_any_case_and_each_once(given: list[str], read: tuple[str, ...]) -> None:
    assert azure(services=given).services == read


def test_service_that_there_is_not_is_refused() -> None:
    with pytest.raises(
        ParameterError, match=r"^services: update_manger is not known, expected .*update_manager"
    ):
        azure(services=["update_manger"])


@pytest.mark.parametrize("credential", ["browser", "device_code"])
def test_headless_run_refuses_to_ask(credential: str) -> None:
    with pytest.raises(ParameterError, match=f"credential: {credential} needs a person to sign in"):
        refuse_prompting(azure(credential=credential))


@pytest.mark.parametrize("credential", ["chain", "token"])
def test_headless_run_takes_credentials_that_do_not_ask(credential: str) -> None:
    refuse_prompting(azure(credential=credential))


# --- what YAML 1.1 makes of values -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"computers": ["web01", 83]}, "computers: 83 is a number, quote it"),
        ({"computers": [1.5]}, "computers: 1.5 is a number, quote it"),
        ({"suspects": [False]}, "suspects: False is true or false, quote it"),
        ({"update_run": date(2024, 3, 8)}, "update_run: 2024-03-08 is a date, quote it"),
        ({"update_run": 750}, "update_run: 750 is a number, quote it"),
        ({"update_run": False}, "update_run: False is true or false, quote it"),
        ({"snapshot": 1}, "snapshot: 1 is a number, quote it"),
        ({"snapshot": Path("x")}, f"snapshot: x is a {type(Path('x')).__name__}, expected text"),
        ({"computers": "web01"}, "computers: web01 is not a list, expected one like [first, second]"),
        ({"computers": 83}, "computers: 83 is a number, quote it"),
        (
            {"computers": [None]},
            "computers: (empty) is in the list, write a name there or remove the line",
        ),
        ({"cloud": True}, "cloud: True is true or false, quote it"),
        ({"job_limit": True}, "job_limit: True is not a whole number from 1 to 1000000"),
        ({"job_limit": 1.0}, "job_limit: 1.0 is not a whole number from 1 to 1000000"),
        ({"lookback": 14}, f"lookback: 14 has no unit, {A_DURATION}"),
        ({"lookback": True}, "lookback: True is true or false, quote it"),
        ({"asked_at": date(2024, 3, 8)}, f"asked_at: 2024-03-08 is a date without a time, {A_TIME}"),
        (
            {"asked_at": datetime(2024, 3, 8, 10)},
            f"asked_at: 2024-03-08 10:00:00 has no zone, {A_TIME}",
        ),
        ({"asked_at": 2024}, "asked_at: 2024 is a number, quote it"),
        ({"endpoints": {"kusto": 1}}, "endpoints.kusto: 1 is a number, quote it"),
        ({"endpoints": {5: "x"}}, "endpoints.5: x is not an endpoint; known are kusto, monitor"),
        ({5: "x"}, f"5: x is not a parameter; known are {KNOWN}"),
    ],
)
def test_value_that_is_no_text_is_refused(values: dict[Any, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        from_values({"source": "azure", "workspaces": [WORKSPACE], **values}, folder=None)
    assert str(caught.value).startswith(message)


def test_datetime_with_zone_is_taken_from_a_yaml_1_1_reader() -> None:
    values = yaml.safe_load(AZURE + "asked_at: 2024-03-08T12:00:00+02:00")
    assert from_values(values, folder=None).asked_at == datetime(2024, 3, 8, 10, tzinfo=UTC)


# --- what is read ----------------------------------------------------------------------------------------


def test_plain_scalars_stay_what_they_look_like(tmp_path: Path) -> None:
    names = ["00123", "no", "on", "12:30", "1e3", "true", "0x1F", "2024-03-08", ".5", "1_000"]
    path = write(tmp_path, AZURE + f"computers: [{', '.join(names)}]\nupdate_run: off")
    assert read(path).computers == tuple(names)
    assert read(path).update_run == "off"


def test_names_are_stripped_and_kept_once_whatever_their_case(tmp_path: Path) -> None:
    parameters = read(write(tmp_path, AZURE + 'computers: [" web01 ", WEB01, db, "Straße", STRASSE]'))
    assert parameters.computers == ("web01", "db", "Straße")


@pytest.mark.parametrize("nothing", ["", "~", "null", '""', "'  '", "[]", "{}"])
def test_nothing_means_default(tmp_path: Path, nothing: str) -> None:
    keys = [key.name for key in KEYS if key.name not in ("source", "workspaces")]
    path = write(tmp_path, AZURE + "\n".join(f"{key}: {nothing}" for key in keys))
    assert read(path) == azure()


def test_defaults_are_those_of_the_documents() -> None:
    parameters = azure()
    assert (parameters.cloud, parameters.credential) == ("public", "chain")
    assert parameters.workspace_api == "monitor"
    assert (parameters.lookback, parameters.stale_after) == (timedelta(days=14), timedelta(hours=24))
    assert (parameters.job_limit, parameters.asked_at, parameters.endpoints.given()) == (200, None, {})


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("14d", timedelta(days=14)),
        ("36H", timedelta(hours=36)),
        ("90m", timedelta(minutes=90)),
        ("1d12h", timedelta(hours=36)),
        ("1D 2h 3M", timedelta(days=1, hours=2, minutes=3)),
        ("4383d", timedelta(days=4383)),
    ],
)
def test_duration_is_read(text: str, length: timedelta) -> None:
    assert azure(lookback=text).lookback == length


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-08T10:00:00Z",
        "2024-03-08 10:00z",
        "2024-03-08T12:00:00.0000000+02:00",
        "2024-03-08T12:00:00,000 +0200",
        "2024-03-08T00:30:00-09:30",
    ],
)
def test_time_with_zone_is_read_as_utc(text: str) -> None:
    parameters = azure(asked_at=text)
    assert as_values(parameters)["asked_at"] == "2024-03-08T10:00:00Z"


def test_latest_is_read_in_any_case() -> None:
    assert azure(asked_at="Latest").asked_at == "latest"


def test_ids_are_read_in_any_case_and_name_the_scope() -> None:
    other = SUBSCRIPTION.replace("1", "a")
    parameters = azure(workspaces=[WORKSPACE.upper() + "/"], automation_account=ACCOUNT.replace("1", "a"))
    assert parameters.workspaces == (WORKSPACE.upper(),)
    assert parameters.scope == (SUBSCRIPTION, other)
    assert azure(subscriptions=[f"/subscriptions/{other}", other.upper()]).scope == (other,)


def test_endpoints_lose_a_trailing_slash(place: Path) -> None:
    write(place, "pem", "ca.pem")
    endpoints = azure(
        endpoints={"kusto": "https://localhost:8443/base/", "monitor": "", "ca_bundle": "ca.pem"}
    )
    assert endpoints.endpoints.given() == {
        "kusto": "https://localhost:8443/base",
        "ca_bundle": str(place / "ca.pem"),
    }
    assert as_values(endpoints)["endpoints"]["ca_bundle"] == "ca.pem"


def test_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"\xef\xbb\xbf" + AZURE.encode())) == azure()


# --- where a snapshot is looked for ----------------------------------------------------------------------


@pytest.mark.parametrize("start", [".", "notebooks", "parameters", "/"])
def test_demo_is_found_from_everywhere(place: Path, monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    path = write(place / "parameters", (ROOT / "parameters" / "demo.yml").read_bytes(), "demo.yml")
    monkeypatch.chdir(start)
    assert read(path).snapshot == place / "parameters" / "demo"


@pytest.mark.parametrize("start", [".", "notebooks", "parameters"])
def test_demo_is_found_by_a_notebook(place: Path, monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    monkeypatch.chdir(start)
    assert from_notebook({"snapshot": "parameters/demo"}).snapshot == place / "parameters" / "demo"


def test_snapshot_beside_the_file_comes_first(place: Path) -> None:
    (place / "parameters" / "parameters" / "demo").mkdir(parents=True)
    path = write(place / "parameters", "snapshot: parameters/demo")
    assert read(path).snapshot == place / "parameters" / "parameters" / "demo"


def test_snapshot_is_found_by_an_absolute_path_and_by_backslashes(place: Path) -> None:
    demo = place / "parameters" / "demo"
    assert from_values({"snapshot": str(demo)}, folder=None).snapshot == demo
    assert from_values({"snapshot": r"parameters\demo"}, folder=None).snapshot == demo


def test_snapshot_that_is_not_there_is_named_as_it_was_written(place: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        read(write(place, "snapshot: parameters/gone"))
    assert str(caught.value) == (
        "snapshot: parameters/gone is not a folder beside the parameter file, in the working directory "
        "or its parents, expected a snapshot"
    )


def test_snapshot_that_is_a_file_is_refused(place: Path) -> None:
    with pytest.raises(ParameterError, match=r"snapshot: mine\.yml is not a folder"):
        read(write(place, "snapshot: mine.yml"))


def test_paths_that_the_source_does_not_need_are_not_looked_for() -> None:
    assert azure(snapshot="gone").snapshot == Path("gone")
    assert from_values({"snapshot": "gone"}, folder=None, find=False).snapshot == Path("gone")


@pytest.mark.parametrize("path", ["/home/me/snap", r"C:\Users\me\snap", r"\\server\me\snap"])
def test_absolute_path_is_not_shown(path: str) -> None:
    parameters = azure(snapshot=path)
    assert as_values(parameters)["snapshot"] == path
    assert shown(parameters)["snapshot"] == "snap"
    assert "snapshot='snap', services" in repr(parameters)


# --- notebooks -------------------------------------------------------------------------------------------


def test_notebook_names_that_are_no_plain_data_are_left_aside() -> None:
    namespace = {
        "source": "azure",
        "workspaces": [WORKSPACE],
        "In": [""],
        "Out": {},
        "_": 5,
        "_i1": "x",
        "__name__": "__main__",
        "exit": exit,
        "read": read,
        "Path": Path,
        "pytest": pytest,
        "frame": object(),
    }
    assert from_notebook(namespace) == azure()


@pytest.mark.parametrize("value", ["x", 5, 1.5, True, None, [], {}])
def test_unknown_notebook_parameter_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match=r"^zzz: .* is not a parameter; known are source, snapshot"):
        from_notebook({"source": "azure", "workspaces": [WORKSPACE], "zzz": value})


def test_unknown_notebook_parameter_gets_a_near_name() -> None:
    with pytest.raises(
        ParameterError, match=r"^suspect: \['a'\] is not a parameter; did you mean suspects\?"
    ):
        from_notebook({"suspect": ["a"]})


# --- round trips -----------------------------------------------------------------------------------------


NAME = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(str.strip)
VALUES = st.fixed_dictionaries(
    {"source": st.just("azure"), "workspaces": st.just([WORKSPACE])},
    optional={
        "cloud": st.sampled_from(["public", "usgov", "china", ""]),
        "credential": st.sampled_from(["chain", "browser", "Device_Code", "token"]),
        "endpoints": st.dictionaries(
            st.sampled_from(["kusto", "monitor"]), st.just("https://host.example/x/")
        ),
        "job_limit": st.integers(1, 10_000) | st.integers(1, 10_000).map(str),
        "automation_account": st.sampled_from([ACCOUNT, "", ACCOUNT.upper()]),
        "subscriptions": st.lists(st.uuids().map(str), max_size=3),
        "asked_at": st.sampled_from(["", "latest", None])
        | st.datetimes(datetime(2001, 1, 1), datetime(2198, 1, 1), timezones=st.timezones()),
        "lookback": st.sampled_from(["", "14d", "36h", "1D 12h", "90m", "100000m"]),
        "update_run": NAME | st.just(""),
        "computers": st.lists(NAME, max_size=4),
        "suspects": st.lists(NAME, max_size=4).map(tuple),
    },
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(VALUES)
def test_values_come_back_the_same(values: dict[str, Any]) -> None:
    parameters = from_values(values, folder=None)
    plain = as_values(parameters)
    assert list(plain) == [key.name for key in KEYS]
    assert from_values(plain, folder=None) == parameters
    assert as_values(from_values(plain, folder=None)) == plain
    assert yaml.safe_load(yaml.safe_dump(plain, allow_unicode=True)) == plain


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.text(max_size=30) | st.lists(st.text(max_size=5), max_size=3) | st.integers() | st.floats() | st.none()
)
def test_any_value_is_taken_or_refused_in_one_printable_line(value: object) -> None:
    for key in KEYS:
        said = ""
        try:
            from_values({"source": "azure", "workspaces": [WORKSPACE], key.name: value}, folder=None)
        except ParameterError as error:
            said = str(error)
        assert said.isprintable()
        assert not said or said.startswith((key.name, "snapshot: (empty)"))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(alphabet="a:-[]{}&*!|>'\"%@`,?#\n\t ~\\0", max_size=30))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = write(tmp_path_factory.getbasetemp(), text, "any.yml")
    with pytest.raises(ParameterError) as caught:
        read(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["14d", "36h", "24h", "90m", "1d12h"])
def test_durations_go_out_as_they_were_written(text: str) -> None:
    assert as_values(azure(lookback=text, stale_after=text))["lookback"] == text


# --- the files in parameters/ ----------------------------------------------------------------------------


def test_demo_is_the_same_for_papermill(place: Path) -> None:
    path = write(place / "parameters", (ROOT / "parameters" / "demo.yml").read_bytes(), "demo.yml")
    assert read(path) == from_notebook(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("uncommented", [False, True])
def test_example_is_valid(place: Path, uncommented: bool) -> None:
    text = (ROOT / "parameters" / "example.yml").read_text(encoding="utf-8")
    if uncommented:
        text = re.sub(r"^#(?=\w|  \S)", "", text, flags=re.MULTILINE)
    write(place / "parameters", "pem", "company-ca.pem")
    write(place / "parameters", "", "accepted.yml")
    path = write(place / "parameters", text, "example.yml")
    parameters = read(path)
    assert (parameters.computers != ()) is uncommented
    values = yaml.safe_load(text)
    assert from_values(values, folder=path.parent) == parameters
    assert all(values.get(key.name) for key in KEYS if key.in_files) is uncommented
