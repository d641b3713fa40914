"""Records at the end of a cell: how each kind is shown as HTML. Who imports this lets them be shown so."""

from __future__ import annotations

from umdiag.model import Diagnosis, Finding, Incident, Rows
from umdiag.model.shown import html_of
from umdiag.show.blocks import Block, table
from umdiag.show.diagnoses import diagnosis
from umdiag.show.findings import finding_lines, sentence
from umdiag.show.first_screen import incident_table
from umdiag.show.markup import Html, badge, soft
from umdiag.show.places import Place, referring
from umdiag.show.summary import summary
from umdiag.show.values import spoken
from umdiag.words.counting import counted

#: Rows of an answer that are shown.
_MOST_ROWS = 100


class Diagnoses(list[Diagnosis]):
    """Diagnoses that a notebook shows as their summary, worst first."""

    def _repr_html_(self) -> str:
        return summary(self)._repr_html_()

    def __repr__(self) -> str:
        return repr(summary(self))


class Incidents(list[Incident]):
    """Incidents that a notebook shows in a table, in order."""

    def _repr_html_(self) -> str:
        return incident_table(self)._repr_html_()

    def __repr__(self) -> str:
        return repr(incident_table(self))


@html_of.register
def _of_diagnosis(record: Diagnosis) -> str:
    return _block(Html("<p><b>{}</b></p>").format(record.title)) + diagnosis(record)._repr_html_()


@html_of.register
def _of_finding(record: Finding) -> str:
    return _block(finding_lines([record], Place.NOTEBOOK))


@html_of.register
def _of_incident(record: Incident) -> str:
    more = counted(record.explains, "more finding")
    told = " · ".join(filter(None, [_machines(record), f"{more} go away with it" if record.explains else ""]))
    lines = [
        Html("{} <b>{}</b>").format(badge(record.severity), sentence(record.scenario, record.cause)),
        Html.escape(told),
        Html.escape(", ".join(record.subjects)),
        Html("<b>First:</b> {}").format(referring(record.first_step, Place.NOTEBOOK.address)),
        *(soft(f"In common: {spoken(common.property)} {common.value}") for common in record.common),
    ]
    return _block(Html("<p>{}</p>").each(line for line in lines if line))


@html_of.register
def _of_rows(record: Rows) -> str:
    said = f"{record.state}, {counted(len(record.frame), 'row')}"
    reason = f": {record.reason}" if record.reason else ""
    head = Html("<p><b>{}</b> ({}{})</p>").format(record.name, said, reason)
    return _block(head) + table(record.frame, limit=_MOST_ROWS, file="facts")._repr_html_()


def _machines(record: Incident) -> str:
    return counted(record.machines, "machine") if record.machines else ""


def _block(body: Html) -> str:
    return Block(lambda _: body)._repr_html_()
