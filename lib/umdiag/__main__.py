"""The command line: read the call, hand it to the kit, turn what happened into an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from umdiag._version import __version__
from umdiag.errors import CallError, ending, is_full, one_line
from umdiag.explain.forms import Form
from umdiag.words.arguments import spread_only
from umdiag.words.endings import hear_endings, leave

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_WRONG, _UNREACHED, _INTERRUPTED = 2, 3, 130


class FailOn(StrEnum):
    """What makes `report` end with another exit code than 0."""

    PROBLEM = "problem"
    UNKNOWN = "unknown"
    NEVER = "never"


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"umdiag {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Diagnose Azure Automation Update Management from its own rows."""
    if context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit


@app.command()
def report(
    parameters: Annotated[
        Path, typer.Argument(metavar="PARAMETERS", help="Parameter file; umdiag init writes an example.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Report folder [reports/<file>].")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="FAMILY …", help="Families to report; all if none is named.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, metavar="N", help="Notebooks run at a time.")] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="What ends with exit code 1 (problem) or 3 (unknown).")
    ] = FailOn.PROBLEM,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every query as it would be sent; send nothing.")
    ] = False,
    estimate: Annotated[
        bool,
        typer.Option("--estimate", help="A dry run that reads only volumes: how much would each query read?"),
    ] = False,
) -> None:
    """Write the report of one parameter file."""
    from umdiag.parameters import read, refuse_prompting

    given = read(parameters)
    refuse_prompting(given)
    families = [
        family.replace("-", "_").lower() for word in only or () for family in word.split(",") if family
    ]
    if dry_run or estimate:
        from umdiag.report.plan import plan

        for block in plan(given, only=families, estimate=estimate):
            say(block)
        return
    from umdiag.report import run  # opens pandas and the clients: only once the parameters are right

    outcome = run(
        given,
        output=output or Path("reports") / (parameters.stem or "report"),
        only=families,
        jobs=jobs,
        echo=say,
    )
    say(f"Report: {outcome.index}")
    raise typer.Exit(outcome.exit_code(fail_on.value))


@app.command()
def doctor(
    parameters: Annotated[
        Path, typer.Argument(metavar="PARAMETERS", help="Parameter file; umdiag init writes an example.")
    ],
) -> None:
    """Check what can be reached, and say what to do where it cannot; ends with 3 if anything cannot."""
    from umdiag.parameters import read, refuse_prompting

    given = read(parameters)
    refuse_prompting(given)
    from umdiag.report.doctor import examine

    lacking = 0
    for reach in examine(given):
        say(f"{'ok' if reach.ok else 'NO':<3} {reach.what}: {one_line(reach.told)}")
        lacking += not reach.ok
    say(f"{lacking} not reachable." if lacking else "Everything can be reached.")
    raise typer.Exit(_UNREACHED if lacking else 0)


@app.command("next-run")
def next_run(
    parameters: Annotated[
        Path, typer.Argument(metavar="PARAMETERS", help="Parameter file; umdiag init writes an example.")
    ],
    configuration: Annotated[
        str,
        typer.Argument(metavar="[CONFIGURATION]", help="Name or ARM id of a schedule; all if none is named."),
    ] = "",
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write a row per machine and schedule.")
    ] = None,
) -> None:
    """Say which machines the next run of each schedule will take, and why not those in suspects."""
    from umdiag.parameters import read, refuse_prompting

    given = read(parameters)
    refuse_prompting(given)
    from umdiag.report.next_run import tell

    for block in tell(given, configuration, csv):
        say(block)


@app.command()
def accept(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="Folder of a report.")],
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario that found it.")],
    cause: Annotated[str, typer.Argument(metavar="[CAUSE]", help="One cause; all if none is named.")] = "",
    subject: Annotated[
        str,
        typer.Argument(metavar="[SUBJECT]", help="Name or id; * stands for any text. All if none is named."),
    ] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why it is accepted.")] = "",
    until: Annotated[
        str, typer.Option(metavar="DATE", help="Last day on which it is; for good if none is named.")
    ] = "",
    file: Annotated[
        Path,
        typer.Option(metavar="FILE", help="File of accepted findings, new or not.", show_default=False),
    ] = Path("parameters/accepted.yml"),
) -> None:
    """Accept findings of a report: write an entry of the file that the parameter accepted names."""
    from umdiag.parameters.accepted import day, entry_of
    from umdiag.report import accept as accepting

    last = day(until) if until.strip() else None
    entry = entry_of(scenario=scenario, cause=cause, subject=subject, until=last, why=why)
    for line in accepting.accept(report, entry, file):
        say(line)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to; default: here.")] = Path(),
    demo: Annotated[bool, typer.Option("--demo", help="Also write the demo workspace.")] = False,
) -> None:
    """Write an example parameter file and the notebooks into a folder; what is there already is kept."""
    from umdiag import starter

    for place, written in starter.lay_out(folder, demo=demo):
        say(f"wrote {place}" if written else f"kept  {place}, it was there already")
    if demo:
        say(f"Next: umdiag report {folder / starter.DEMO}")
    else:
        say(f"Next: name your workspaces in {folder / starter.EXAMPLE}, then umdiag doctor with it")


@app.command(context_settings={"ignore_unknown_options": True})
def lab(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PARAMETERS] [OPTION …]",
            help="Parameter file [the demo]; options such as --no-browser or --port=9000 are JupyterLab's.",
        ),
    ] = None,
) -> None:
    """Open JupyterLab on copies of the notebooks in lab/; copies that you changed are kept."""
    from umdiag.lab import copies
    from umdiag.parameters import read

    files = [Path(word) for word in words or () if not word.startswith("-")]
    if len(files) > 1:
        raise CallError(f"lab: {files[1]}: one parameter file is enough; an option is written --port=9000")
    for file in files:
        read(file)
    places = list(copies.lay_out(files[0] if files else None))
    for place, done in places:
        if done == "kept":
            print(f"kept {place}: you changed it", file=sys.stderr)
    options = [word for word in words or () if word.startswith("-")]
    raise typer.Exit(copies.start(places[0][0].parent, options))


@app.command(context_settings={"ignore_unknown_options": True})  # -2145107924 is a code
def explain(
    name: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME_OR_TEXT",
            help="Scenario, error text, code, log files or folders, or - for standard input.",
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List what is known [of a platform].")] = False,
    form: Annotated[Form, typer.Option("--format", help="How to write the answer.")] = Form.TEXT,
) -> None:
    """Explain a scenario, an error text, a code in hex or decimal, or logs and status files of any size.

    Ends with 0, also where nothing is known of a text; with 2 if nothing is given, or a file cannot be read.
    """
    from shutil import get_terminal_size

    from umdiag.explain.answering import answer

    width = min(get_terminal_size((100, 24)).columns, 100)
    say(answer(name or [], width, listed=listed, form=form))


@app.command()
def scenarios() -> None:
    """Print the table of scenarios."""
    from umdiag.explain import pages
    from umdiag.scenarios import catalogue

    say(pages.table(catalogue(), drawn=sys.stdout.isatty()))


def say(text: str) -> None:
    """Print a line; a reader who stopped reading stops nothing else."""
    try:
        print(text, flush=True)
    except OSError as error:
        _close_stdout()
        if is_full(error):
            raise
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # EINVAL: a closed pipe on Windows
            raise CallError(f"standard output cannot be written ({error.strerror})") from None


def execute(words: Sequence[str]) -> int:
    """Run one command line and return its exit code; whatever goes wrong is one line on standard error."""
    debug = "--debug" in words
    try:
        command = typer.main.get_command(app)
        code = command.main(
            spread_only([word for word in words if word != "--debug"]), "umdiag", standalone_mode=False
        )
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except SystemExit:  # typer's own page went into a pipe that nobody reads
        code = 0
    except Exception as error:  # noqa: BLE001 - the last door: nobody gets a traceback unasked
        if message := getattr(error, "format_message", None):  # a wrong call, as typer words it
            said = str(message()).replace("Value error, ", "").rstrip(".")
            return _complain(f"{said}{'' if said.endswith('?') else '.'} See umdiag --help", debug=debug)
        said, code = ending(error)
        return _complain(said, debug=debug, code=code)
    if code == _INTERRUPTED:
        return _complain("interrupted", debug=False, code=_INTERRUPTED)
    return code if isinstance(code, int) else 0


def main() -> None:
    """Enter here from the `umdiag` script and from `python -m umdiag`."""
    # A stream that whoever started this had closed is none at all here.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")  # a code page that lacks a sign shows its number
    hear_endings()
    code = execute(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        _close_stdout()
    if code == _INTERRUPTED:
        leave(code)
    sys.exit(code)


def _complain(message: str, *, debug: bool, code: int = _WRONG) -> int:
    with contextlib.suppress(OSError):  # a terminal that was closed, a full disk
        if debug:
            traceback.print_exc()
        print(f"umdiag: {one_line(message)}", file=sys.stderr)
    return code


def _close_stdout() -> None:
    """Send what is still buffered to nowhere, so that nothing complains at the end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
