"""What a reader should know of Azure Update Manager's rows, and how the portal counts the same machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from umdiag.show.blocks import Block
from umdiag.show.markup import answer, listing
from umdiag.words.counting import counted
from umdiag.words.moments import to_the_minute

_MOST_NAMES = 5
#: The words of the portal, in its order.
PORTAL_WORDS = ("Compliant", "Non-compliant", "No updates data")
_OUTCOMES = {
    "failed": "whose newest assessment failed",
    "inprogress": "whose newest assessment is under way",
    "completedwithwarnings": "whose newest assessment completed with warnings",
    "": "without an assessment in the last 7 days",
}


def patch_notes(rows: pd.DataFrame, asked_at: datetime) -> list[str]:
    """Return a sentence for each row of the frame `patch_health`."""
    return [_SENTENCES[row.about](row, asked_at) for row in rows.itertuples() if row.about in _SENTENCES]


def portal_figures(portal_compliance: pd.DataFrame) -> Block | None:
    """Show the compliance that the portal counts, and what it leaves out."""
    rows = portal_compliance
    if rows.empty:
        return None
    numbers = rows.groupby("portal")["machines"].sum()
    heads = ("In the portal", "Machines", "What it does not say")
    lines = [
        (word, f"{int(numbers.get(word, 0)):,}", _unsaid(rows[rows["portal"] == word]))
        for word in PORTAL_WORDS
    ]
    compliant = rows[rows["portal"] == PORTAL_WORDS[0]]
    old = int(compliant["machines"][compliant["old"]].sum())
    failed = int(rows["machines"][rows["outcome"] == "failed"].sum())
    said = (
        f"The portal counts {counted(int(compliant['machines'].sum()), 'machine')} as compliant. Of these,"
        f" {counted(old, 'was', 'were')} last assessed more than two days ago. The newest assessment of"
        f" {counted(failed, 'machine')} failed: the portal shows no data for them."
    )
    table = listing(heads, lines, numbers=[1])
    return Block(lambda _: answer("unknown" if old or failed else "healthy", said) + table)


def _unsaid(rows: pd.DataFrame) -> str:
    """Say what is known of machines for which the portal has one word."""
    assessed = rows[rows["outcome"] == "succeeded"]
    told = [
        (int(assessed["machines"][assessed["old"]].sum()), "assessed more than two days ago"),
        (int(assessed["machines"][~assessed["counted"]].sum()), "whose assessment counted nothing"),
        (int(rows["machines"][rows["state"] == "disconnected"].sum()), "off, disconnected or deleted"),
        *((int(rows["machines"][rows["outcome"] == key].sum()), said) for key, said in _OUTCOMES.items()),
        (
            int(rows["machines"][~rows["outcome"].isin(["succeeded", *_OUTCOMES])].sum()),
            "whose newest assessment has a status that is not known",
        ),
    ]
    return "; ".join(f"{number:,} {said}" for number, said in told if number)


def _newest(what: str, without: str) -> Callable[[Any, datetime], str]:
    def told(row: Any, asked_at: datetime) -> str:
        if pd.isna(row.newest):
            return f"Azure Update Manager shows no {what}."
        age = _age(asked_at, row.newest)
        lacking = f"; {row.number:,} of {counted(row.among, 'machine')} {without}" if row.number else ""
        return f"Newest {what} of Azure Update Manager: {to_the_minute(row.newest)}, {age} old{lacking}."

    return told


def _age(asked_at: datetime, moment: datetime) -> str:
    hours = int((pd.Timestamp(asked_at) - moment) / pd.Timedelta(hours=1))
    return counted(hours // 24, "day") if hours >= 48 else counted(hours, "hour")


def _blind(what: str, right: str) -> Callable[[Any, datetime], str]:
    def told(row: Any, _: datetime) -> str:
        names = ", ".join(row.names[:_MOST_NAMES])
        more = f" and {len(row.names) - _MOST_NAMES:,} more" if len(row.names) > _MOST_NAMES else ""
        return (
            f"Not one of the {what} of {counted(row.number, 'subscription')} can be seen, though there should"
            f" be some: {names}{more}. Your role may lack {right}."
        )

    return told


def _kept(what: str) -> Callable[[Any, datetime], str]:
    return lambda row, _: (
        f"The window is {counted(row.among, 'day')}, and Azure keeps {what} for {row.number} days: older ones"
        " are not seen."
    )


_SENTENCES: Mapping[str, Callable[[Any, datetime], str]] = {
    "newest_assessments": _newest("assessment", "have none"),
    "newest_installations": _newest("installation", "have none"),
    "newest_runs": _newest("run", "were in none"),
    "blind_assessments": _blind("assessments", "patchAssessmentResults/read"),
    "blind_installations": _blind("installations", "patchInstallationResults/read"),
    "blind_runs": _blind("runs", "Microsoft.Maintenance/applyUpdates/read"),
    "invisible": lambda row, _: (
        f"{counted(row.number, 'machine')} that rows of Azure Update Manager name"
        f" {'is' if row.number == 1 else 'are'} not shown by Resource Graph and not known to be deleted: you"
        " may not be allowed to read the resource. Nothing is judged about such a machine."
    ),
    "lists_cut": lambda row, _: (
        f"The newest assessment of {row.number:,} of {counted(row.among, 'machine')} lists fewer critical and"
        " security updates than it counted: the counts are right, the lists are not complete."
    ),
    "other_types": lambda row, _: (
        f"Rows of machines of other types, such as VMware, are not judged: there are {row.number:,}."
    ),
    "cut_assessments": _kept("assessments"),
    "cut_installations": _kept("installations"),
    "cut_runs": _kept("runs"),
}
