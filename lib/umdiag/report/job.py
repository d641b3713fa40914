"""The main job: fetch once, judge once, write, run the notebooks, export their pages, publish the folder."""

from __future__ import annotations

import logging
import os
import platform
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from umdiag import parameters as params
from umdiag._version import __version__
from umdiag.kit import RUN_VARIABLE, Kit
from umdiag.model import Diagnosis, Verdict
from umdiag.report.folder import Staging, leave_what_is_gone, refuse_fuller, write_into
from umdiag.report.interrupt import interruptible
from umdiag.report.notebooks import AFTER, choose, drawn, families_of, fetch_machine, find_notebooks
from umdiag.report.outcome import Outcome
from umdiag.report.steps import Steps
from umdiag.report.writing import Report
from umdiag.show.unanswered import unanswered
from umdiag.show.unasked import asked, unasked
from umdiag.words.counting import counted
from umdiag.words.plain import plain

if TYPE_CHECKING:
    from umdiag.report.execution import Executed
    from umdiag.report.kernels import Room


def run(
    parameters: params.Parameters,
    *,
    output: Path,
    only: Sequence[str] = (),
    jobs: int | None = None,
    single_file: bool = False,
    echo: Callable[[str], None] | None = print,
) -> Outcome:
    """Write the report of one set of parameters into `output`, which is new, empty or an earlier report.

    `only` limits notebooks, queries and judgements to these families; `jobs` notebooks run at a time
    (default cores + 1); `single_file` writes the report as one page beside `output` too; `echo` is told
    each step, None for a quiet run. Raises CallError for a folder that cannot be written, one whose report
    has pages that this run would not make, or a family that is not there, SourceError for a source that
    cannot be opened, KeyboardInterrupt after cleaning up.
    """
    params.refuse_prompting(parameters)
    known = find_notebooks()
    notebooks = choose(only, known)
    refuse_fuller(output, known, notebooks)
    job = Job(parameters, output, notebooks, jobs or (os.cpu_count() or 1) + 1, echo, single_file=single_file)
    return interruptible(job.make, job.stop)


class Job:
    """One run; `stop` may be called from another thread at any time."""

    def __init__(
        self,
        parameters: params.Parameters,
        output: Path,
        notebooks: Mapping[str, Path],
        jobs: int,
        echo: Callable[[str], None] | None,
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
            self._steps.note(f"umdiag {__version__}, Python {platform.python_version()}, {platform.system()}")
            leave_what_is_gone(self._staging.target.parent)
            imports = threading.Thread(target=import_module, args=["umdiag.report.execution"], daemon=True)
            imports.start()
            self._kit = kit = self._open_kit(self._parameters)
            self._steps.note(f"looked at {kit}")
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
        unmatched = kit.unmatched(diagnoses)
        self._tell(diagnoses, unmatched)
        report = Report(kit, self._parameters, joined, staging.folder, list(self._notebooks), unmatched)
        report.write_data()
        self._go_on()
        imports.join()
        executed = self._run_notebooks(report)
        notebooks = report.write_index(executed)
        self._note_queries(kit, report)
        report.write_log(self._steps.lines)
        self._go_on()
        page = report.single_file(notebooks) if self._single_file else ""
        self._go_on()
        staging.publish()
        single = write_into(self._output.parent, f"{self._output.name}.html", page) if page else None
        return Outcome(
            index=self._output / "index.html",
            asked_at=report.asked_at,
            diagnoses=diagnoses,
            incidents=joined.incidents,
            notebooks=notebooks,
            unmatched=unmatched,
            single_file=single,
        )

    def _tell(self, diagnoses: Sequence[Diagnosis], unmatched: Sequence[str]) -> None:
        """Say how the verdicts fell, once what many could not see, and what is accepted and not there."""
        judged = asked(diagnoses)
        counts = Counter(diagnosis.verdict for diagnosis in judged)
        fell = (Verdict.PROBLEM, Verdict.UNKNOWN, Verdict.HEALTHY)
        said = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in fell)
        self._steps.say(f"judged {counted(len(judged), 'scenario')}: {said}", aloud=True)
        groups = [group.said for group in unanswered(judged) if len(group.diagnoses) > 1]
        for line in filter(None, [*groups, unasked(diagnoses)]):
            self._steps.say(line, aloud=True)
        for line in unmatched:
            self._steps.say(line, aloud=True, level=logging.WARNING)

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
                level = logging.ERROR if notebook.error else logging.INFO
                self._steps.say(f"{notebook.family} … {said}", aloud=bool(notebook.error), level=level)
                self._go_on()
        finally:
            self._room.close()
        return executed

    def _go_on(self) -> None:
        """Leave the run here if it was stopped."""
        if self._stopping.is_set():
            raise KeyboardInterrupt

    def _note_queries(self, kit: Kit, report: Report) -> None:
        """Note of each query when it was answered, how, how large the rows are and what time it took."""
        for answer in kit.asked():
            rows = answer.rows
            told = [
                rows.state.value,
                counted(len(rows.frame), "row"),
                counted(report.bytes_of(rows), "byte"),
                f"{answer.seconds:.3f} s",
            ]
            reason = f": {rows.reason}" if rows.reason else ""
            level = logging.INFO if rows.whole else logging.WARNING
            self._steps.note(f"query {rows.name} {', '.join(told)}{reason}", level=level, when=answer.ended)
