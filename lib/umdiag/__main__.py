"""The command line: read the call, hand it to the kit, turn what happened into an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from umdiag._version import __version__
from umdiag.commands import accept, compare, docs, doctor, explain, init, lab, next_run, report
from umdiag.commands.saying import close_output, say, tell
from umdiag.errors import ending, one_line
from umdiag.words.arguments import spread_only
from umdiag.words.endings import hear_endings, leave

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

_WRONG, _INTERRUPTED = 2, 130


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
    """Find out why machines are not patched: Azure Update Manager and Automation Update Management."""
    if context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit


app.command()(report.report)
app.command()(doctor.doctor)
app.command("next-run")(next_run.next_run)
app.command()(compare.compare)
app.command()(compare.trend)
app.command()(accept.accept)
app.command()(init.init)
app.command(context_settings={"ignore_unknown_options": True})(lab.lab)  # they are JupyterLab's
app.command(context_settings={"ignore_unknown_options": True})(explain.explain)  # -2145107924 is a code
app.command()(explain.scenarios)
app.command()(docs.docs)


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
    except SystemExit:  # typer's own page went into a pipe that nobody reads; words for a shell to complete
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
        close_output()
    if code == _INTERRUPTED:
        leave(code)
    sys.exit(code)


def _complain(message: str, *, debug: bool, code: int = _WRONG) -> int:
    if debug:
        tell(traceback.format_exc().rstrip())
    tell(f"umdiag: {one_line(message)}")
    return code


if __name__ == "__main__":
    main()
