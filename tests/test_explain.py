from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.event_log import event_log
from umdiag.__main__ import execute
from umdiag.errors import CallError
from umdiag.explain import cutting, reading
from umdiag.explain.answering import answer
from umdiag.explain.patience import USUAL, Limits, amount
from umdiag.explain.reading import Block
from umdiag.explain.scanning import Report, scan
from umdiag.explain.shapes import shape
from umdiag.knowledge import decode, table
from umdiag.knowledge.hresult import names

OLD = "2019-05-24\t10:12:3{n}:123\t1016\tabc\tAgent\t  * WARNING: Exit code = 0x8024402C"
NEW = "2026/11/22 03:1{n}:44.1234567 1016  2748  Agent  Failed to scan: error 0x80072EE2, hr=80072ee2"
LINUX = "2026-11-22 04:00:0{n}+0000 ERROR E: Unable to correct problems, you have held broken packages."
NOISE = "2026-11-22 04:00:00 INFO Agent {8024402C-1DE1-4ABC-9DEF-0123456789AB} 0x00007ffe8024402c all well"
LOG = "\n".join(
    [
        NOISE,
        *(OLD.format(n=n) for n in range(5)),
        NOISE,
        NEW.format(n=1),
        NEW.format(n=2),
        LINUX.format(n=7),
        "",
    ]
)
Said = tuple[int, str, str]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Return what calls `umdiag explain` and gives back exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words: str) -> Said:
        code = execute(["explain", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def scanned(data: bytes | str) -> Report:
    return scan(io.BytesIO(data.encode() if isinstance(data, str) else data), "a.log")


def counts(report: Report) -> dict[str, int]:
    return {group.knowledge.id: group.count for group in report.groups}


def umdiag(*words: str, given_bytes: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "umdiag", "explain", *words],
        input=given_bytes,
        capture_output=True,
        check=False,
    )


# --- the command -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["0x8024402C"],
        ["8024402c"],
        ["-2145107924"],
        ["2149859372"],
        ["error", "0x8024402C", "in", "a", "text"],
    ],
)
def test_code_is_explained_however_it_is_written(say: Callable[..., Said], words: list[str]) -> None:
    code, out, err = say(*words)
    assert (code, err) == (0, "")
    wanted = ["0x8024402C  WU_E_PT_WINHTTP_NAME_NOT_RESOLVED", "Meaning:", "Cause: network_unreachable"]
    wanted += ["Resolution:", "1. ", "Source: https://", "Leads to: umdiag explain assessment_failed"]
    places = [out.index(text) for text in wanted]
    assert places == sorted(places)


def test_text_of_the_screen_leads_to_its_scenario(say: Callable[..., Said]) -> None:
    code, out, _ = say("Error details: Failed to enable the Update solution")
    assert code == 0
    assert "Leads to: umdiag explain update_solution_not_enabled" in out


def test_scenario_comes_before_text(say: Callable[..., Said]) -> None:
    assert "(family quota)" in say("workspace", "over", "quota")[1]


def test_text_of_which_nothing_is_known_is_said_plainly(say: Callable[..., Said]) -> None:
    code, out, err = say("the frobnicator has 7 legs")
    assert (code, err) == (0, "")
    assert out.startswith("Nothing in this text is known to the kit.\n\nLooked for: 1,")
    assert "What you can do next:" in out


@pytest.mark.parametrize("code", ["OperationNotKnown", "QUX_XYZZY", "VMFooError"])
def test_code_that_is_not_known_is_no_mistyped_scenario(say: Callable[..., Said], code: str) -> None:
    status, out, _ = say(code)
    assert status == 0
    assert out.startswith(f"ARM code {code}: not known here.\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["OperationNotAllowed"], "az vm get-instance-view --ids <resource id>"),
        (["ShutdownOrUnresponsive"], "Leads to: umdiag explain run_failed_to_start"),
        (["error:", "prerequisites", "not", "met"], "Patch orchestration: Customer Managed"),
        (["CompletedWithWarnings"], "Azure Update Manager > History > By machines"),
    ],
)
def test_error_of_update_manager_is_explained(say: Callable[..., Said], words: list[str], told: str) -> None:
    code, out, err = say(*words)
    assert (code, err) == (0, "")
    assert told in " ".join(out.split())


def test_cause_of_both_services_names_the_pages_of_both(say: Callable[..., Said]) -> None:
    out = say("assessment_failed")[1]
    assert "In Update Management: Let it scan again" in out
    assert "On an Azure VM, in Azure Update Manager: Assess the machine again: az vm assess-patches" in out
    assert out.count("https://learn.microsoft.com/azure/update-manager/troubleshoot") == 11


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing was given"),
        ([""], "nothing was given"),
        (["  "], "nothing was given"),
        (["workspace", "quota"], "did you mean workspace_over_quota?"),
        (["nosuch/place/a.log"], "there is no file 'a.log' to read"),
        (["WindowsUpdate.log"], "there is no file 'WindowsUpdate.log' to read"),
        (["--sorted"], "there is no option --sorted"),
        (["--list", "msdos"], "there is no platform 'msdos'; they are windows, apt,"),
        (["--format", "xml", "0x5"], "Invalid value for '--format'"),
    ],
)
def test_wrong_call_ends_with_2(say: Callable[..., Said], words: list[str], message: str) -> None:
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("word", ["zzz", "nosuchthing", "foo bar"])
def test_word_that_is_near_no_scenario_is_a_text_that_is_not_known(
    say: Callable[..., Said], word: str
) -> None:
    code, out, err = say(word)
    assert (code, err) == (0, "")
    assert "umdiag scenarios" in out or "not known" in out.lower() or "no known" in out.lower()


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.text().filter(lambda text: "\0" not in text))
def test_no_text_leads_to_a_traceback(text: str) -> None:
    assert execute(["explain", text]) in (0, 2)


def test_page_is_no_wider_than_the_terminal(
    say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = say("0x80070005", "and E: Unmet dependencies")
    wide = [line for line in out.splitlines() if len(line) > 60]
    assert all("Source:" in line or "\\" in line or "/" in line for line in wide)


# --- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("utf8.log", lambda text: text.encode()),
        ("bom.log", lambda text: codecs.BOM_UTF8 + text.encode()),
        ("utf16le.log", lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le")),
        ("utf16be.log", lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be")),
        ("unmarked.log", lambda text: text.encode("utf-16-le")),
        ("unmarked_be.log", lambda text: text.encode("utf-16-be")),
        ("crlf.log", lambda text: text.replace("\n", "\r\n").encode()),
        ("mac.log", lambda text: text.replace("\n", "\r").encode()),
        ("packed.log.gz", lambda text: gzip.compress(text.encode())),
        ("packed16.gz", lambda text: gzip.compress(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))),
        (
            "broken.log",
            lambda text: text.replace("WARNING", "W\udcff\udcfeG").encode("utf-8", "surrogateescape"),
        ),
        ("latin.log", lambda text: text.replace("WARNING", "ÄÖÜ").encode("latin-1")),
        ("zeros.log", lambda text: text.replace("held", "he\0ld").replace("\n", "\n\0\0").encode()),
        ("coloured.log", lambda text: text.replace("0x", "\x1b[31m0x").encode()),
        ("no_end.log", lambda text: text.rstrip("\n").encode()),
    ],
)
def test_log_is_read_in_every_encoding(
    say: Callable[..., Said], tmp_path: Path, name: str, write: Callable[[str], bytes]
) -> None:
    (tmp_path / name).write_bytes(write(LOG))
    report = scan(tmp_path / name)
    assert counts(report) == {"0x8024402C": 5, "0x80072EE2": 2, "apt_held_broken": 1}
    assert report.lines == 10
    code, out, err = say(str(tmp_path / name))
    assert (code, err) == (0, "")
    assert out.startswith(f"{name}: 10 lines, ")
    assert "5 times, lines 2 to 6, 2019-05-24 10:12:30:123 to 2019-05-24 10:12:34:123" in out
    assert "2026/11/22 03:11:44.1234567 to 2026/11/22 03:12:44.1234567" in " ".join(out.split())
    assert "\x1b" not in out
    assert str(tmp_path) not in out


def test_log_without_a_known_error_is_said_plainly(say: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "calm.log").write_text("all well\n" * 3)
    code, out, _ = say(str(tmp_path / "calm.log"))
    assert code == 0
    assert out.startswith("calm.log: 3 lines, 27 bytes; nothing in it is known to the kit.")
    (tmp_path / "empty.log").touch()
    assert say(str(tmp_path / "empty.log"))[1].startswith("empty.log: 0 lines, 0 bytes; nothing")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.evtx", b"ElfFile\0" + bytes(100), "it cannot be read to its end (its head is damaged)"),
        ("b.evtx", event_log([])[:4096], "the log is cut short"),
        ("zeros.log", bytes(9000), "it holds nothing but zero bytes"),
        ("twice.gz", gzip.compress(gzip.compress(b"all well")), "packed by gzip twice: unpack it first"),
        ("a.zip", b"PK\x03\x04" + bytes(100), "unpack it first"),
        ("cut.gz", gzip.compress(LOG.encode() * 50, mtime=0)[:-20], "it cannot be read to its end"),
        ("bad.gz", b"\x1f\x8b\x08\x00" + b"\xff" * 50, "it cannot be read to its end"),
    ],
)
def test_file_that_cannot_be_read_is_refused(
    say: Callable[..., Said], tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    code, out, err = say(str(tmp_path / name))
    assert (code, out) == (2, "")
    assert message in err
    assert say(str(tmp_path / name), "--format", "json") == (code, out, err)
    assert name in err
    assert str(tmp_path) not in err


def test_endless_line_before_zero_bytes_is_text(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"x" * reading.BLOCK + bytes(2 * reading.BLOCK))
    report = scan(tmp_path / "a.log")
    assert (report.size, report.cut) == (reading.BLOCK, "")


def test_missing_file_is_an_error_of_the_call(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"gone\.log: it cannot be read \(No such file or directory\)"):
        scan(tmp_path / "gone.log")


@pytest.mark.parametrize(
    "event",
    [
        '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>4502</EventID>'
        '<TimeCreated SystemTime="2026-11-22T03:04:05.123Z"/></System><EventData><Data>Microsoft.Enterprise'
        "Management.HealthService.AzureAutomation.HybridAgent</Data><Data>The client and server can&#39;t"
        " communicate, because they do not possess\r\n   a common algorithm</Data></EventData></Event>",
        json.dumps(
            {"TimeGenerated": "2026-11-22T03:04:05.123Z", "Text": "they do not possess\na common algorithm"}
        ),
        '"2026-11-22T03:04:05.123Z",4502,"said ""they do not possess a common algorithm"" twice"',
    ],
)
def test_exported_event_is_read(event: str) -> None:
    report = scanned(f"x\n{event}\ny\n")
    group = next(group for group in report.groups if group.knowledge.id == "no_common_algorithm")
    assert (group.count, group.first_line) == (1, 2)
    assert group.first_time == "2026-11-22T03:04:05.123Z"


# --- standard input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_bytes", "code", "said"),
    [
        (b"0x8024402C\n", 0, b"0x8024402C  WU_E_PT_WINHTTP_NAME_NOT_RESOLVED"),
        (b"2149859372", 0, b"0x8024402C"),
        (b"they do\nnot\npossess\n\na\ncommon\nalgorithm", 0, b"service_unreachable"),
        (codecs.BOM_UTF16_LE + "0x8024402C".encode("utf-16-le"), 0, b"0x8024402C"),
        (b"nothing of note", 0, b"Nothing in this text is known"),
        (b"\xff\xfe\xfd broken \x1b[31m", 0, b"Nothing in this text is known"),
        (LOG.encode() * 20, 0, b"standard input: 200 lines"),
        (b"", 2, b""),
        (b" \n \n", 2, b""),
    ],
)
def test_standard_input_is_read(given_bytes: bytes, code: int, said: bytes) -> None:
    told = umdiag("-", given_bytes=given_bytes)
    assert told.returncode == code
    assert told.stdout.startswith(said) if not said.startswith(b"serv") else said in told.stdout
    assert b"Traceback" not in told.stderr
    assert b"\x1b" not in told.stdout
    assert told.stderr.startswith(b"umdiag: explain: standard input is empty") == (code == 2)


# --- scanning --------------------------------------------------------------------------------------------


def test_report_names_places_and_one_line() -> None:
    report = scanned(LOG)
    group = report.groups[0]
    assert (group.first_line, group.last_line) == (2, 6)
    assert (group.first_time, group.last_time) == ("2019-05-24 10:12:30:123", "2019-05-24 10:12:34:123")
    assert group.sample == "2019-05-24 10:12:30:123 1016 abc Agent * WARNING: Exit code = 0x8024402C"
    assert report.size == len(LOG)


@pytest.mark.parametrize("spread", [1, 2, 4])
def test_message_over_several_lines_is_found_once(spread: int) -> None:
    words = [*re.findall(r"\S+", "Unable to correct problems, you have held broken packages.")]
    size = -(-len(words) // spread)
    text = "\n   ".join(" ".join(words[n : n + size]) for n in range(0, len(words), size))
    report = scanned(f"one\ntwo\n{text}\nlast\n" * 2)
    assert counts(report) == {"apt_held_broken": 2}
    assert report.groups[0].first_line == 3


@pytest.mark.parametrize("block", [512, 1000, 4096])
@pytest.mark.parametrize("endless", [False, True])
def test_nothing_is_lost_or_counted_twice_where_a_block_ends(
    monkeypatch: pytest.MonkeyPatch, block: int, endless: bool
) -> None:
    monkeypatch.setattr(reading, "BLOCK", block)
    filler = "lorem ipsum 80072ee2-1de1-4abc-9def-0123456789ab dolor "
    for shift in range(0, 120, 7):
        gap = " " if endless else "\n"
        lines = ["x" * shift, filler * 12, OLD.format(n=1), filler * 12, LINUX.format(n=2), filler * 3]
        report = scanned(gap.join(lines))
        assert counts(report) == {"0x8024402C": 1, "apt_held_broken": 1}, shift
        places = {group.knowledge.id: group.first_line for group in report.groups}
        assert places == dict.fromkeys(places, 1) if endless else {"0x8024402C": 3, "apt_held_broken": 5}


def test_endless_line_is_read_whole() -> None:
    filler = b"abcdefghijklmnop " * 40_000
    message = b"Unable to correct problems, you have held broken packages "
    report = scanned(b"".join([filler, b"0x8024402C ", filler * 9, message, filler]))
    assert counts(report) == {"0x8024402C": 1, "apt_held_broken": 1}
    assert report.lines == 1


def test_records_of_an_endless_line_count_each() -> None:
    record = json.dumps({"TimeGenerated": "2026-11-22T00:00:00Z", "Detail": "Exit code = 0x8024402C"})
    report = scanned("[" + ",".join([record] * 900) + "]")
    assert counts(report) == {"0x8024402C": 900}


def test_every_known_code_passes_the_first_look() -> None:
    failures = {number for number in names().whole if number >= 0x80000000}
    known = sorted({row.number for row in table() if row.number} | failures)
    assert len(known) > 400
    for part in (known[::2], known[1::2]):
        report = scanned("\n".join(f"x 0x{number:08x} y" for number in part))
        assert {group.knowledge.number for group in report.groups} == {*part}


def test_every_known_text_passes_the_first_look() -> None:
    data = "".join(f"{' '.join(row.example.split())}\n" for row in table()).encode()
    seen = {
        piece.line
        for piece in cutting.pieces(Block(data=data, first_line=1, before=b""))
        if piece.words or piece.codes
    }
    in_lines = [
        any(text[0] != "=" for text in row.patterns) and len(row.example.split()) > 1 for row in table()
    ]
    assert in_lines.count(True) > 500
    assert seen >= {line for line, wanted in enumerate(in_lines, start=1) if wanted}


@settings(derandomize=True, max_examples=120, deadline=None)
@given(
    st.sampled_from([text for row in table() for text in row.patterns if text[0] not in "=#"]), st.booleans()
)
def test_scan_finds_what_decode_finds(template: str, escaped: bool) -> None:
    text = re.sub(r"\{(?:line|exit)\}", " exit ", template.split("{!")[0]).replace("{", "").replace("}", "")
    line = json.dumps({"Message": f"before\n{text}\nafter"}) if escaped else text
    found = {row.id for row in decode(line)}
    assert found == {*counts(scanned(f"{NOISE}\n{line}\n{NOISE}\n"))}


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_can_be_scanned(data: bytes) -> None:
    try:
        report = scanned(data)
    except CallError:
        return
    assert all(group.sample.isprintable() for group in report.groups)


def test_groups_are_bounded() -> None:
    report = scanned("\n".join(f"error 0x8007{number:04X}" for number in range(20_000, 23_000)))
    assert len(report.groups) == 1000
    assert report.left_out == 2000


def test_lines_are_numbered_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", 300)
    report = scanned("\n".join([NOISE] * 99 + [OLD.format(n=1)] + [NOISE] * 50 + [OLD.format(n=2)]))
    assert (report.groups[0].first_line, report.groups[0].last_line, report.lines) == (100, 151, 151)


def test_words_without_their_message_cost_little_and_count_nothing() -> None:
    report = scanned("held broken dreams\n" * 5000 + "you have\nheld broken packages\n")
    assert counts(report) == {}


def test_pieces_of_a_block_are_its_lines() -> None:
    block = Block(data=LOG.encode(), first_line=10, before=b"")
    found = {piece.line: piece for piece in cutting.pieces(block)}
    assert {11, 12, 13, 14, 15, 17, 18, 19} <= {*found}
    assert found[19].data.decode() == LINUX.format(n=7) + "\n"


# --- what never ends -------------------------------------------------------------------------------------

SOON = Limits(size=200_000, silence=0.3)
CODE = b"0x8024402C\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def piped(monkeypatch: pytest.MonkeyPatch, reader: int, limits: Limits = SOON) -> str:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(fileno=lambda: reader))
    return answer(["-"], 80, limits)


def test_pipe_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int]) -> None:
    with pytest.raises(CallError, match=r"standard input is empty: nothing came for 0\.3 seconds,"):
        piped(monkeypatch, pipe[0])


@pytest.mark.parametrize("times", [1, 2000])
def test_what_came_before_the_silence_is_explained(
    monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int], times: int
) -> None:
    os.write(pipe[1], CODE * times)
    told = piped(monkeypatch, pipe[0])
    assert "WU_E_PT_WINHTTP_NAME_NOT_RESOLVED" in told
    assert "nothing came for 0.3 seconds, what follows was not read" in told


def test_pipe_that_pauses_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int]) -> None:
    def write() -> None:
        for piece in (b"0x8024", b"402C", b"\n"):
            time.sleep(0.1)
            os.write(pipe[1], piece)
        os.close(pipe[1])

    writing = threading.Thread(target=write)
    writing.start()
    told = piped(monkeypatch, pipe[0], Limits(silence=20))
    writing.join()
    assert told.startswith("0x8024402C")
    assert "not read" not in told


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_named_pipe_without_a_writer_is_given_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.log")
    with pytest.raises(CallError, match=r"fifo\.log: nothing came for 0\.3 seconds,"):
        answer([str(tmp_path / "fifo.log")], 80, SOON)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="an endless device is POSIX")
def test_device_is_refused_at_once() -> None:
    with pytest.raises(CallError, match="zero is a device, not a regular file"):
        answer(["/dev/zero"], 80, SOON)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (
            "2026-11-22 04:00:01 1016 Exit code = 0x8024402C",
            "2026-11-23 05:10:59 88 Exit code = 0x8024402C",
            True,
        ),
        ("request 70417 of 90001 failed: 0x8024402C", "request 70418 of 90001 failed: 0x8024402C", True),
        ("failed: 0x8024402C", "failed: 0x80072EE2", False),
        ("hr=8024402c", "hr=80072ee2", False),
        ("error -2145107924", "error -2147012894", False),
    ],
)
def test_lines_that_differ_in_running_numbers_have_one_shape(one: str, other: str, alike: bool) -> None:
    assert (shape(one.encode()) == shape(other.encode())) is alike


def test_lines_of_one_shape_are_explained_once_and_all_counted(tmp_path: Path) -> None:
    log = tmp_path / "every.log"
    lines = (
        f"2026-11-22 04:{n // 60 % 60:02}:{n % 60:02} {n} request {n} failed: 0x8024402C" for n in range(3000)
    )
    log.write_text("\n".join(lines), encoding="utf-8")
    told = answer([str(log)], 100)
    assert "3,000" in told
    assert "WU_E_PT_WINHTTP_NAME_NOT_RESOLVED" in told


@pytest.mark.parametrize("packed", [False, True])
def test_text_beyond_the_limit_is_left_out_and_said(tmp_path: Path, packed: bool) -> None:
    content = (CODE + b"all well\n" * 2000) * 400
    (tmp_path / "long.log").write_bytes(gzip.compress(content) if packed else content)
    told = answer([str(tmp_path / "long.log")], 80, SOON)
    assert re.search(r"\(only the first [\d,]+ bytes were read\); 1 known error in it", told)
    (tmp_path / "long.log").write_bytes(content[: SOON.size])
    assert "only the first" not in answer([str(tmp_path / "long.log")], 80, Limits(size=SOON.size + 1))


def test_what_is_read_usually_is_what_the_contract_says() -> None:
    assert (USUAL.size, USUAL.silence) == (2_000_000_000, 60)
    assert amount(USUAL.size) == "2 GB"
