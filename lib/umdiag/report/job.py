"""The main job: fetch once, judge once, write, run the notebooks, export their pages, publish the folder."""

from __future__ import annotations

import os
import platform
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umdiag import parameters as params
from umdiag._version import __version__
from umdiag.errors import CallError
from umdiag.judging.wanted import OF_ONE_MACHINE
from umdiag.kit import RUN_VARIABLE, Kit
from umdiag.model import Diagnosis, Verdict
from umdiag.report.folder import Staging, leave_what_is_gone
from umdiag.report.interrupt import interruptible
from umdiag.report.single import write_single
from umdiag.report.steps import Steps
from umdiag.report.writing import Report
from umdiag.scenarios import FAMILIES
from umdiag.show.unanswered import unanswered
from umdiag.show.unasked import asked, unasked
from umdiag.starter import home
from umdiag.words.counting import counted
from umdiag.words.plain import plain

if TYPE_CHECKING:
    from umdiag.report.execution import Executed
    from umdiag.report.kernels import Room

#: Notebooks that speak of every family; they need everything fetched and judged.
BEFORE, AFTER = "overview", "machine"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run came to: where to look, how the verdicts fell, which notebooks failed."""

    index: Path
    verdicts: Mapping[Verdict, int]
    failed: Sequence[str]

    def exit_code(self, fail_on: str = "problem") -> int:
        """Return the exit code of `umdiag report --fail-on` problem, unknown or never (contract §1)."""
        problems, unknown = self.verdicts.get(Verdict.PROBLEM, 0), self.verdicts.get(Verdict.UNKNOWN, 0)
        judged = problems + self.verdicts.get(Verdict.HEALTHY, 0)
        if fail_on == "never":
            return 0
        if fail_on == "unknown":
            return 3 if unknown or self.failed else int(problems > 0)
        return 1 if problems else 3 if self.failed or not judged else 0


def run(
    parameters: params.Parameters,
    *,
    output: Path,
    only: Sequence[str] = (),
    jobs: int | None = None,
    single_file: bool = False,
    echo: Callable[[str], None] = print,
) -> Outcome:
    """Write the report of one set of parameters into `output`, which is new, empty or an earlier report.

    `only` limits notebooks, queries and judgements to these families; `jobs` notebooks run at a time
    (default cores + 1); `single_file` writes the report as one page beside `output` too. Raises CallError
    for a folder that cannot be written or a family that is not there, SourceError for a source that cannot
    be opened, KeyboardInterrupt after cleaning up.
    """
    params.refuse_prompting(parameters)
    notebooks = choose(only, find_notebooks())
    job = Job(parameters, output, notebooks, jobs or (os.cpu_count() or 1) + 1, echo, single_file=single_file)
    return interruptible(job.make, job.stop)


def find_notebooks() -> dict[str, Path]:
    """Return the kit's notebooks in reading order."""
    found = {name: home() / "notebooks" / f"{name}.ipynb" for name in (BEFORE, *FAMILIES, AFTER)}
    return {name: path for name, path in found.items() if path.is_file()}


def choose(only: Sequence[str], notebooks: Mapping[str, Path]) -> dict[str, Path]:
    """Pick the notebooks that were asked for. Raises CallError with the names there are."""
    for name in only:
        if name not in notebooks:
            raise CallError(f"--only {name[:80]}: no such notebook; there are {', '.join(notebooks)}")
    return {name: path for name, path in notebooks.items() if not only or name in only}


def fetch_machine(kit: Kit) -> None:
    """Fetch what the machine notebook shows of the worst machine."""
    for name in OF_ONE_MACHINE:
        kit.fact(name, computer=kit.worst_machine())


def families_of(notebooks: Mapping[str, Path]) -> list[str] | None:
    """Return the families that these notebooks show, None where one of them speaks of all."""
    return None if {BEFORE, AFTER} & set(notebooks) else list(notebooks)


def drawn(notebooks: Iterable[Path]) -> list[Callable[..., Any]]:
    """Return what the notebooks draw, so that its queries are fetched too."""
    from umdiag import charts, show

    texts = "\n".join(path.read_text(encoding="utf-8") for path in notebooks)
    words = sorted(set(re.findall(r"\bkit\.draw\((charts|show)\.(\w+)", texts)))
    rooms = {"charts": charts, "show": show}
    return [getattr(rooms[room], word) for room, word in words if hasattr(rooms[room], word)]


class Job:
    """One run; `stop` may be called from another thread at any time."""

    def __init__(
        self,
        parameters: params.Parameters,
        output: Path,
        notebooks: Mapping[str, Path],
        jobs: int,
        echo: Callable[[str], None],
        *,
        single_file: bool = False,
        open_kit: Callable[[params.Parameters], Kit] = Kit,
    ) -> None:
        self._parameters = parameters
        self._output = output
        self._notebooks = notebooks
        self._jobs = jobs
        self._single_file = single_file
        self._open_kit = open_kit
        self._steps = Steps(echo)
        self._stopping = threading.Event()
        self._staging: Staging | None = None
        self._kit: Kit | None = None
        self._room: Room | None = None

    def stop(self) -> None:
        """End kernels and queries, give the terminal back, remove what was written so far."""
        self._stopping.set()
        if self._room is not None:
            self._room.close()
        if self._kit is not None:
            self._kit.interrupt()
        self._steps.stop()
        if self._staging is not None:
            self._staging.discard()

    def make(self) -> Outcome:
        """Do the whole job."""
        with Staging(self._output) as self._staging, self._steps:
            self._go_on()
            leave_what_is_gone(self._staging.target.parent)
            imports = threading.Thread(target=import_module, args=["umdiag.report.execution"], daemon=True)
            imports.start()
            self._kit = kit = self._open_kit(self._parameters)
            try:
                outcome = self._write(kit, self._staging, imports)
            finally:
                kit.close()
        return outcome

    def _write(self, kit: Kit, staging: Staging, imports: threading.Thread) -> Outcome:
        families = families_of(self._notebooks)
        kit.fetch(
            families, also=drawn(self._notebooks.values()), progress=partial(self._steps.count, "queries")
        )
        self._go_on()
        joined = kit.drawn(families)
        diagnoses = joined.diagnoses
        if AFTER in self._notebooks:
            fetch_machine(kit)
        self._steps.say(f"fetched {counted(len(kit.rows()), 'query', 'queries')}")
        counts = Counter(diagnosis.verdict for diagnosis in diagnoses)
        self._tell(diagnoses)
        report = Report(kit, self._parameters, joined, staging.folder, list(self._notebooks))
        report.write_data()
        self._go_on()
        imports.join()
        executed = self._run_notebooks(report)
        report.write_index(executed)
        self._about(kit)
        report.write_log(self._steps.lines)
        self._go_on()
        single = report.single_file() if self._single_file else ""
        self._go_on()
        staging.publish()
        if single:
            write_single(self._output.with_name(f"{self._output.name}.html"), single)
        broken = {notebook.family for notebook in executed if notebook.error}
        return Outcome(
            index=self._output / "index.html",
            verdicts=dict(counts),
            failed=[family for family in self._notebooks if family in broken],
        )

    def _tell(self, diagnoses: Sequence[Diagnosis]) -> None:
        """Say how the verdicts fell, and once what many could not see."""
        judged = asked(diagnoses)
        counts = Counter(diagnosis.verdict for diagnosis in judged)
        fell = (Verdict.PROBLEM, Verdict.UNKNOWN, Verdict.HEALTHY)
        said = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in fell)
        self._steps.say(f"judged {counted(len(judged), 'scenario')}: {said}", aloud=True)
        groups = [group.said for group in unanswered(judged) if len(group.diagnoses) > 1]
        for line in filter(None, [*groups, unasked(diagnoses)]):
            self._steps.say(line, aloud=True)

    def _run_notebooks(self, report: Report) -> list[Executed]:
        from umdiag.report.execution import execute
        from umdiag.report.kernels import Room

        values = params.shown(self._parameters) | {"asked_at": plain(report.asked_at)}
        self._room = Room(
            folder=next(iter(self._notebooks.values())).parent, environment={RUN_VARIABLE: str(report.folder)}
        )
        executed = []
        try:
            self._steps.count("notebooks", "", 0, len(self._notebooks))
            for notebook in execute(
                self._notebooks,
                values,
                room=self._room,
                jobs=self._jobs,
                finish=report.write_page,
                hidden=report.hidden,
            ):
                executed.append(notebook)
                self._steps.count("notebooks", notebook.family, len(executed), len(self._notebooks))
                said = f"failed: {notebook.error}" if notebook.error else f"{notebook.seconds:.1f} s"
                self._steps.say(f"{notebook.family} … {said}", aloud=bool(notebook.error))
                self._go_on()
        finally:
            self._room.close()
        return executed

    def _go_on(self) -> None:
        """Leave the run here if it was stopped."""
        if self._stopping.is_set():
            raise KeyboardInterrupt

    def _about(self, kit: Kit) -> None:
        self._steps.note(f"umdiag {__version__}, Python {platform.python_version()}, {platform.system()}")
        self._steps.note(f"looked at {kit}")
        for rows in kit.rows():
            reason = f": {rows.reason}" if rows.reason else ""
            self._steps.note(f"{rows.name}: {rows.state.value}, {counted(len(rows.frame), 'row')}{reason}")
