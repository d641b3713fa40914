"""Records at the end of a cell: how each kind is shown as HTML. Who imports this lets them be shown so."""

from __future__ import annotations

from umdiag.model import Diagnosis, Finding, Incident, Rows
from umdiag.model.shown import html_of
from umdiag.show.blocks import Block, table
from umdiag.show.diagnoses import diagnosis
from umdiag.show.findings import finding_table
from umdiag.show.first_screen import incident_list
from umdiag.show.markup import Html
from umdiag.show.places import Place
from umdiag.show.summary import summary
from umdiag.words.counting import counted

#: Rows of an answer that are shown.
_MOST_ROWS = 100


class Diagnoses(list[Diagnosis]):
    """Diagnoses that a notebook shows as their summary, worst first."""

    def _repr_html_(self) -> str:
        return summary(self, ())._repr_html_()

    def __repr__(self) -> str:
        return repr(summary(self, ()))


class Incidents(list[Incident]):
    """Incidents that a notebook lists, in order."""

    def _repr_html_(self) -> str:
        return incident_list(self)._repr_html_()

    def __repr__(self) -> str:
        return repr(incident_list(self))


@html_of.register
def _of_diagnosis(record: Diagnosis) -> str:
    return _block(Html("<p><b>{}</b></p>").format(record.title)) + diagnosis(record)._repr_html_()


@html_of.register
def _of_finding(record: Finding) -> str:
    return _block(finding_table("", [record], Place.NOTEBOOK))


@html_of.register
def _of_incident(record: Incident) -> str:
    return incident_list([record])._repr_html_()


@html_of.register
def _of_rows(record: Rows) -> str:
    said = f"{record.state}, {counted(len(record.frame), 'row')}"
    reason = f": {record.reason}" if record.reason else ""
    head = Html("<p><b>{}</b> ({}{})</p>").format(record.name, said, reason)
    return _block(head) + table(record.frame, limit=_MOST_ROWS, file="facts")._repr_html_()


def _block(body: Html) -> str:
    return Block(lambda _: body)._repr_html_()
