"""The script beside the page of all machines: its rows, column by column, what repeats written once.

It sets one variable to one literal of plain ASCII, in which no value from rows can end a string or a script.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from umdiag.model import Diagnosis, Finding
from umdiag.report.machine_evidence import shown
from umdiag.report.machine_findings import NOT_LISTED, Joined, Text, join
from umdiag.show.markup import in_script
from umdiag.words.files import private_file
from umdiag.words.services import CALLED
from umdiag.words.shortening import shortened
from umdiag.words.states import STATES

NAME = "machines.js"
#: Longer texts are cut, and end with an ellipsis.
LONGEST = 300
_LONGEST_ADDRESS = 2_000
_TEXTS = ("computer", "source_computer_id")
_REPEATED = ("state", "service", "os_type", "workspace")
_NUMBERS = ("missing_critical", "missing_security", "missing_other", "unapproved_security", "reboot_pending")
_TIMES = ("last_heartbeat", "last_assessed")
_EPOCH, _SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)
_STATES = {**STATES, NOT_LISTED: ("not in machines.csv", "#C3CAD2")}


def write_machines_js(
    path: Path, machines: pd.DataFrame, diagnoses: Sequence[Diagnosis], *, families: Sequence[str]
) -> None:
    """Write every machine of machines.csv with its findings; only pages of `families` are linked to.

    A text column is a list; of a column that repeats `values` are the different ones and `at` says which
    one each row has; times are whole seconds since 1970, null where not known.
    """
    joined = join(machines, diagnoses)
    with private_file(path) as file:
        file.write(b"window.umdiagMachines={")
        for number, (name, value) in enumerate(_parts(joined, diagnoses, families)):
            text = json.dumps(value, separators=(",", ":"), allow_nan=False)
            file.write(f'{"," if number else ""}\n"{name}":{in_script(text)}'.encode("ascii"))
        file.write(b"\n};\n")


def _parts(
    joined: Joined, diagnoses: Sequence[Diagnosis], families: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    machines = joined.machines
    yield "longest", LONGEST
    yield "states", _STATES
    yield "services", CALLED
    yield (
        "scenarios",
        {
            diagnosis.scenario: [diagnosis.title, diagnosis.family if diagnosis.family in families else ""]
            for diagnosis in diagnoses
        },
    )
    for name in _TEXTS:
        yield name, _cut(machines[name].fillna("")).tolist()
    for name in _REPEATED:
        yield name, _repeated(_cut(machines[name]))
    yield from _resources(machines)
    for name in _NUMBERS:
        yield name, _plain(machines[name].astype("Int64"))
    for name in _TIMES:
        yield name, _plain(((machines[name] - _EPOCH) // _SECOND).astype("Int64"))
    yield from _findings(joined)


def _resources(machines: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Split ids behind their last slash; 0 for what is there the machine's name, 1 for its short name."""
    ids = _cut(machines["resource_id"].fillna("")).tolist()
    parts = pd.DataFrame(
        [id_.rpartition("/") for id_ in ids], columns=["folder", "slash", "last"], dtype="str"
    )
    names = _cut(machines["computer"].fillna(""))
    short = names.str.split(".", n=1).str[0].str.lower()
    last = parts["last"].astype(object)
    last = last.mask(parts["last"] == short, 1).mask(parts["last"] == names, 0)
    yield "folder", _repeated(parts["folder"] + parts["slash"])
    yield "resource", last.tolist()


def _findings(joined: Joined) -> Iterator[tuple[str, Any]]:
    """Say of each machine how many findings it has, and of these, one after the other, what they say."""
    numbers = joined.pairs["finding"].tolist()
    counts = joined.pairs["machine"].value_counts(sort=False)
    yield "count", counts.reindex(range(len(joined.machines)), fill_value=0).tolist()
    ids = joined.machines["resource_id"].iloc[joined.pairs["machine"]].tolist()
    found = [joined.findings[number] for number in numbers]
    kinds, values = shown([joined.scenarios[number] for number in numbers], found)
    yield "kinds", _repeated(pd.Series(kinds, dtype=object))
    yield "severity", _repeated(pd.Series([finding.severity.value for finding in found], dtype=object))
    yield "accepted", _repeated(pd.Series([_accepted(finding) for finding in found], dtype=object))
    portals = (_portal(finding, id_) for finding, id_ in zip(found, ids, strict=True))
    yield "portal", _repeated(pd.Series(portals, dtype=object))
    # Each finding has as many values as its kind names keys, so that no list of lists is needed.
    yield "evidence", _repeated(pd.Series(values, dtype=object))


def _accepted(finding: Finding) -> str:
    """Say until when a finding is accepted and why, "" for one that is not."""
    if finding.accepted is None:
        return ""
    until = f"until {finding.accepted.until}" if finding.accepted.until else "for good"
    return shortened(f"accepted {until}: {finding.accepted.why}", LONGEST)


def _portal(finding: Finding, resource_id: object) -> str:
    """Return the page that a finding leads to, "" where that is its machine's own."""
    address = str(finding.evidence.get("portal") or "")
    is_own = (
        isinstance(resource_id, str) and resource_id != "" and resource_id.casefold() in address.casefold()
    )
    return "" if is_own or len(address) > _LONGEST_ADDRESS else address


def _repeated(values: Text) -> Mapping[str, list[Any]]:
    at, different = pd.factorize(values, use_na_sentinel=False)
    return {"values": [None if _is_null(value) else value for value in different], "at": at.tolist()}


def _cut(texts: Text) -> Text:
    return texts.where(~(texts.str.len() > LONGEST), texts.str.slice(0, LONGEST - 1) + "…")


def _plain(numbers: Text) -> list[Any]:
    return numbers.astype(object).where(numbers.notna(), None).tolist()


def _is_null(value: object) -> bool:
    return value is None or value is pd.NA or value != value
