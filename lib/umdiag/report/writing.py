"""What a report folder is filled with, in the order in which the parts are needed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from umdiag.parameters import Parameters, as_values
from umdiag.queries.kql import queries
from umdiag.report import records
from umdiag.report.document import Notebook, document
from umdiag.report.index import TITLE, index
from umdiag.report.machine_script import NAME as ROWS
from umdiag.report.machine_script import write_machines_js
from umdiag.report.privacy import Hidden
from umdiag.report.rerunning import rerunnable
from umdiag.report.single import Single, linked, packed
from umdiag.report.templates import Link, Portal, copy_scripts, render
from umdiag.sources.replay import write_facts

if TYPE_CHECKING:
    from umdiag.judging.incidents import Drawn
    from umdiag.kit import Kit
    from umdiag.model import Rows
    from umdiag.report.execution import Executed

#: Frames derived once for the kernels; no part of the finished report.
FRAMES = "frames"

_PORTALS = {
    "public": "https://portal.azure.com",
    "usgov": "https://portal.azure.us",
    "china": "https://portal.azure.cn",
}
#: The notebook of all families: its first screen is the index.
_TITLES = {"overview": "Charts", "machine": "One machine"}
#: The page of all machines, whichever notebooks there are: it is light.
_ALL_MACHINES = Link(href="machines.html", title="All machines")


class Report:
    """The content of one report: data first (kernels read it), then a page per notebook, the index."""

    def __init__(
        self,
        kit: Kit,
        parameters: Parameters,
        drawn: Drawn,
        folder: Path,
        families: Sequence[str],
        unmatched: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.asked_at = kit.asked_at
        self.hidden = Hidden([folder, *filter(None, [parameters.snapshot, parameters.accepted])])
        self._kit = kit
        self._target = as_values(parameters)
        self._diagnoses = drawn.diagnoses
        self._incidents = drawn.incidents
        self._families = families
        self._unmatched = unmatched
        self._sizes: Mapping[tuple[str, str], int] = {}
        self._titles = {family: _TITLES.get(family, _spelled(family)) for family in families}
        self._machines = kit.machine_table()
        self._health = kit.health()
        self._patch_notes = kit.patch_notes()
        self._portal = _portal(parameters)

    def write_data(self) -> None:
        """Write what does not wait for the notebooks, and what they read."""
        self._write_findings([])
        records.write_findings_csv(self.folder / "findings.csv", self._diagnoses)
        records.write_machines_csv(self.folder / "machines.csv", self._machines)
        kit = self._kit
        self._sizes = write_facts(
            self.folder,
            kit.rows(),
            asked_at=kit.asked_at,
            lookback=kit.lookback,
            health=self._health,
            notes=kit.notes,
            not_asked=kit.not_asked,
        )
        kit.save_frames(self.folder / FRAMES)
        copy_scripts(self.folder)
        self._write_machines()

    def _write_machines(self) -> None:
        """Write the page of all machines and the script that holds its rows."""
        write_machines_js(self.folder / ROWS, self._machines, self._diagnoses, families=self._families)
        links = [replace(link, here=link.href == _ALL_MACHINES.href) for link in self._links()]
        text = render(
            "machines.html",
            title=_ALL_MACHINES.title,
            scope=str(self._kit),
            pages=links,
            scripts=False,
            portal=self._portal,
            rows=ROWS,
        )
        self._write(_ALL_MACHINES.href, text)

    def bytes_of(self, rows: Rows) -> int:
        """Return how large an answer's rows are in the folder, 0 where there are none."""
        return self._sizes.get((rows.name, rows.text), 0)

    def write_page(self, executed: Executed) -> None:
        """Write the page of an executed notebook and its executed copy; safe to call from several threads."""
        from nbformat.v4 import writes

        from umdiag.report.pages import page

        links = [
            Link(href=link.href, title=link.title, here=link.title == self._titles[executed.family])
            for link in self._links()
        ]
        text = page(
            executed,
            scope=str(self._kit),
            title=self._titles[executed.family],
            pages=links,
            portal=self._portal,
        )
        self._write(f"{executed.family}.html", text)
        rerunnable(executed.notebook)
        self._write(f"{executed.family}.ipynb", writes(executed.notebook) + "\n")  # type: ignore[no-untyped-call]

    def write_index(self, executed: Sequence[Executed]) -> Sequence[Notebook]:
        """Write the index and how the notebooks ended, which is returned; remove what only kernels needed."""
        ended = {notebook.family: notebook for notebook in executed}
        notebooks = [_notebook(ended[family]) for family in self._families]
        self._write("index.html", self._index(notebooks))
        self._write_findings(notebooks)
        shutil.rmtree(self.folder / FRAMES, ignore_errors=True)
        return notebooks

    def single_file(self, notebooks: Sequence[Notebook]) -> str:
        """Return the whole report as one page; to be called once all are written."""
        single = packed(self.folder, self._families)
        return linked(self._index(notebooks, single), self._families)

    def _index(self, notebooks: Sequence[Notebook], single: Single | None = None) -> str:
        # The rows of all machines lie beside the report, not in one file.
        links = [link for link in self._links() if single is None or link.href != _ALL_MACHINES.href]
        return index(
            scope=str(self._kit),
            pages=[Link(href="index.html", title=links[0].title, here=True), *links[1:]],
            asked_at=self._kit.asked_at,
            made_at=datetime.now(UTC),
            notes=[*self._kit.notes, *self._unmatched],
            diagnoses=self._diagnoses,
            incidents=self._incidents,
            machines=self._machines,
            portal=self._kit.seen("portal_compliance").frame,
            health=self._health,
            patch_notes=self._patch_notes,
            notebooks=notebooks,
            titles=self._titles,
            target=self._target,
            portal_of_queries=self._portal,
            single=single,
        )

    def write_log(self, lines: Sequence[str]) -> None:
        """Write run.log."""
        self._write("run.log", self.hidden.words("\n".join(lines)) + "\n")

    def _write_findings(self, notebooks: Sequence[Notebook]) -> None:
        content = document(
            asked_at=self._kit.asked_at,
            lookback=self._kit.lookback,
            target=self._target,
            health=self._health,
            diagnoses=self._diagnoses,
            incidents=self._incidents,
            notebooks=notebooks,
        )
        records.write_json(self.folder / "findings.json", content)

    def _links(self) -> list[Link]:
        return [
            Link(href="index.html", title=TITLE),
            _ALL_MACHINES,
            *(Link(href=f"{family}.html", title=self._titles[family]) for family in self._families),
        ]

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _portal(parameters: Parameters) -> Portal:
    asked: dict[str, list[str]] = {}
    for name, query in queries().items():
        asked.setdefault(query.dialect, []).append(name)
    return Portal(
        address=_PORTALS[parameters.cloud],
        workspace=next(iter(parameters.workspaces), ""),
        graph=asked["graph"],
        logs=asked["logs"],
    )


def _spelled(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _notebook(executed: Executed) -> Notebook:
    return Notebook(
        family=executed.family,
        status="failed" if executed.error else "succeeded",
        seconds=round(executed.seconds, 2),
        error=executed.error,
    )
