"""The generated pages of the documentation: scenarios, errors, parameters and commands, from the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import typer

from support import parameter_forms
from umdiag.__main__ import app
from umdiag.knowledge.table import PLATFORMS, Knowledge, table
from umdiag.model import Cause
from umdiag.scenarios import FAMILIES, Scenario, catalogue
from umdiag.words.counting import counted
from umdiag.words.services import CALLED
from umdiag.words.steps import steps_for

DOCS = Path(__file__).parents[2] / "lib" / "umdiag" / "docs"
#: Folders that hold generated pages alone.
FOLDERS = ("scenarios", "errors")
_WIDTH = 88
_AZURE = {
    "update_management": CALLED["update_management"],
    "update_manager": f"Azure {CALLED['update_manager']}",
}
_SECTION = re.compile(r"^([A-Z][a-z ]+):[ \n]+(.*?)(?=^[A-Z][a-z ]+:[ \n]|\Z)", re.MULTILINE | re.DOTALL)


def forms() -> dict[Path, str]:
    """Return every generated page with what it should hold."""
    pages = {
        "scenarios": _scenarios(),
        "errors": _errors(),
        "parameters": _parameters(),
        "commands": _commands(),
    }
    pages |= {f"scenarios/{scenario.name}": _scenario(scenario) for scenario in catalogue()}
    pages |= {f"errors/{platform}": _platform(platform) for platform in PLATFORMS}
    return {DOCS / f"{page}.md": "\n".join(lines) + "\n" for page, lines in pages.items()}


def left_over() -> list[Path]:
    """Return the pages of what is no longer there."""
    wanted = forms()
    return [file for folder in FOLDERS for file in (DOCS / folder).glob("*.md") if file not in wanted]


def _scenarios() -> Iterator[str]:
    yield "# Scenarios"
    yield ""
    yield "A *scenario* is one question about the fleet, with the causes that it distinguishes. Each has a"
    yield "page here; `umdiag explain SCENARIO` shows the same in the terminal."
    for family, question in FAMILIES.items():
        yield ""
        yield f"## {question}"
        yield ""
        yield f"On the page and in the notebook `{family}`."
        yield ""
        for scenario in (scenario for scenario in catalogue() if scenario.family == family):
            yield f"- [{_text(scenario.title)}](scenarios/{scenario.name}.md)"
            causes = ", ".join(cause.key for cause in scenario.causes)
            yield f"  `{scenario.name}`: {_text(causes.replace('_', ' '))}"


def _scenario(scenario: Scenario) -> Iterator[str]:
    yield f"# {_text(scenario.title)}"
    yield ""
    services = " and ".join(_AZURE.get(service, service) for service in scenario.services)
    yield f"Scenario `{scenario.name}` of the family `{scenario.family}`, for {services}."
    yield "[All scenarios](../scenarios.md)"
    for heading, content in _SECTION.findall(cleandoc(scenario.manual)):
        yield ""
        yield f"## {heading}"
        yield ""
        if heading == "Sources":
            yield from (f"- {_text(line)}" for line in map(str.strip, content.splitlines()) if line)
        else:
            yield _text(" ".join(content.split()))
    yield ""
    yield "## Causes"
    yield ""
    yield "Of these the first that fits is reported."
    for cause in scenario.causes:
        yield from _cause(cause)


def _cause(cause: Cause) -> Iterator[str]:
    yield ""
    yield f"### `{cause.key}`"
    yield ""
    yield f"{_text(cause.sentence)} Severity: {cause.severity.value}."
    yield ""
    for number, step in enumerate(steps_for(cause.resolution), 1):
        yield f"{number}. {_text(step)}"
    yield ""
    yield "See also:"
    yield ""
    for source in filter(None, dict.fromkeys((cause.source, cause.manager_source))):
        yield f"- {_text(source)}"
    for lead in cause.leads_to:
        yield f"- the page `{lead.notebook}` of the report: {_text(lead.why.rstrip('.'))}."


def _errors() -> Iterator[str]:
    yield "# Errors"
    yield ""
    yield "`umdiag explain` says what an error code, a message or a log means, and what to do. Give it a"
    yield "code, a text, a file or a folder:"
    yield ""
    yield "```console"
    yield "umdiag explain 0x8024402C"
    yield "umdiag explain 'The following packages have unmet dependencies'"
    yield "umdiag explain /var/log/azure"
    yield "```"
    yield ""
    yield "| platform | entries | of what |"
    yield "|---|---|---|"
    for name, says in PLATFORMS.items():
        yield f"| [{name}](errors/{name}.md) | {len(_rows(name))} | {_text(says)} |"


def _platform(platform: str) -> Iterator[str]:
    rows = _rows(platform)
    codes = [row for row in rows if row.kind == "code"]
    texts = [row for row in rows if row.kind != "code"]
    yield f"# Errors of {PLATFORMS[platform]}"
    yield ""
    number = counted(len(rows), "entry", "entries")
    yield f"{number} of the platform `{platform}`. [All platforms](../errors.md)"
    if texts:
        yield ""
        yield "## Messages"
    for row in texts:
        yield ""
        yield f"### {_text(row.name or row.id.replace('_', ' '))}"
        yield ""
        yield "```text"
        yield " ".join(row.example.split())
        yield "```"
        yield ""
        yield _text(row.meaning)
        yield ""
        yield from (f"{number}. {_text(step)}" for number, step in enumerate(row.resolution, 1))
        yield ""
        yield f"Source: {_text(row.source)} (read {row.read})"
    if codes:
        yield ""
        yield "## Codes"
        yield ""
        yield "| code | name | what it means |"
        yield "|---|---|---|"
        for row in codes:
            yield f"| `{row.code}` | `{row.name}` | {_text(_cell(row.meaning))} |"


def _rows(platform: str) -> list[Knowledge]:
    return [row for row in table() if row.platform == platform]


def _parameters() -> Iterator[str]:
    yield "# Parameters"
    yield ""
    yield "A parameter file is YAML 1.2: `00123`, `no` and `on` are text. `umdiag init` writes"
    yield "`parameters/example.yml`, which holds every key with its help and an example. A wrong value stops"
    yield "the run at once, with one line that names the key, the value and what was expected (exit code 2)."
    yield "Durations are written `14d`, `36h`, `90m` or `1d12h`; times carry a zone: `2026-03-08T10:00:00Z`."
    yield "Never put secrets in a parameter file: see [sign-in](own_workspace.md#sign-in)."
    yield ""
    yield parameter_forms.table()


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Results go to standard output, progress and messages to standard error. An error is one line that"
    yield "says what to do next; `--debug` shows where it came from. [Exit codes](scheduling.md#exit-codes)"
    yield ""
    yield "`python -m umdiag` is the same as `umdiag`, but runs a file `umdiag.py` of the working folder if"
    yield "there is one: in a folder that strangers write to, use `umdiag`."
    yield ""
    yield "**Completion** of commands, options, families and pages, in bash, zsh, fish and PowerShell. Run"
    yield "this once, then open a new terminal:"
    yield ""
    yield "```console"
    yield "umdiag --install-completion"
    yield "```"
    yield ""
    command = typer.main.get_command(app)
    context = command.make_context("umdiag", ["--help"], resilient_parsing=True, terminal_width=_WIDTH)
    for name in command.list_commands(context):  # type: ignore[attr-defined]
        yield f"## umdiag {name}"
        yield ""
        sub = command.get_command(context, name)  # type: ignore[attr-defined]
        inner = sub.make_context(name, [], parent=context, resilient_parsing=True, terminal_width=_WIDTH)
        yield "```text"
        yield from (line.rstrip() for line in sub.get_help(inner).splitlines())
        yield "```"
        yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("`", "'")


def _text(text: str) -> str:
    """Write a text so that Markdown shows it as it is: addresses become links, `code` stays code."""
    parts = re.split(r"(`[^`]*`|https?://[^\s<>()']*[^\s<>().,;:'])", text)
    return "".join(_shown(part, special=number % 2 == 1) for number, part in enumerate(parts))


def _shown(part: str, *, special: bool) -> str:
    if special:
        return part if part.startswith("`") else f"<{part}>"
    return re.sub(r"([*<\[\]~#]|(?<!\w)_|_(?!\w))", r"\\\1", part)
