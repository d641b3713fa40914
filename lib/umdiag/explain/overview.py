"""Word what several files hold, grouped by cause over machines."""

from __future__ import annotations

from collections.abc import Sequence

from umdiag.explain import wording
from umdiag.explain.inputs import Reading
from umdiag.explain.merging import Answer, Place, merged
from umdiag.knowledge.table import ROLES
from umdiag.words.counting import counted

_MOST_NAMES, _MOST_PLACES, _MOST_REFUSED = 8, 3, 10


def page(readings: Sequence[Reading], width: int) -> str:
    """Write a head, each error with its machines, files and times, and what could not be read."""
    answers = merged(readings)
    size = sum(report.size for reading in readings for _, report in reading.reports)
    refused = [reading for reading in readings if reading.refused]
    head = f"{counted(len(readings) - len(refused), 'file')}, {wording.size(size)}; "
    if not answers:
        blocks = [f"{head}nothing in them is known to the kit.", *_refused(refused), wording.advice(width)]
        return "\n\n".join(blocks)
    machines = {machine for answer in answers for machine in answer.machines}
    head += f"{counted(len(answers), 'known error')} on {counted(len(machines), 'machine')},"
    head += " reasons before effects, those of most machines first."
    shown = answers[: wording.MOST_SHOWN]
    blocks = [wording.wrapped(head, "", width), *(_answer(answer, width) for answer in shown)]
    if left := len(answers) - len(shown):
        blocks.append(f"Not shown: {counted(left, 'rarer error')}.")
    return "\n\n".join([*blocks, *_refused(refused)])


def _answer(answer: Answer, width: int) -> str:
    machines = answer.machines
    names = ", ".join(machines[:_MOST_NAMES]) + (", …" if len(machines) > _MOST_NAMES else "")
    times = [time for place in answer.places for time in (place.group.first_time, place.group.last_time)]
    kept = sorted(time for time in times if time)
    span = wording.between(kept[0], kept[-1]) if kept else ""
    lines = [
        wording.title(answer.knowledge),
        wording.wrapped(f"On {counted(len(machines), 'machine')}: {names}", "  ", width),
        wording.wrapped(f"Where: {counted(answer.count, 'line')}{span}", "  ", width),
        *(wording.wrapped(_place(place), "    ", width) for place in answer.places[:_MOST_PLACES]),
    ]
    if left := len(answer.places) - _MOST_PLACES:
        lines += [f"    and {counted(left, 'more place')}"] if left > 0 else []
    lines.append(wording.wrapped(f"Says: {answer.places[0].group.sample}", "  ", width))
    if answer.knowledge.role == ROLES[1]:
        return "\n".join(
            [*lines, wording.wrapped(f"Follows from another: {answer.knowledge.meaning}", "  ", width)]
        )
    return "\n".join([*lines, *wording.body(answer.knowledge, width, answer.places[0].group.sample)])


def _place(place: Place) -> str:
    group = place.group
    line = f"line {group.first_line:,}" + (f" to {group.last_line:,}" if group.count > 1 else "")
    return f"{place.file}, {line}{wording.between(group.first_time, group.last_time)}"


def _refused(refused: Sequence[Reading]) -> list[str]:
    if not refused:
        return []
    lines = [f"  {reading.source.name}: {reading.refused}" for reading in refused[:_MOST_REFUSED]]
    more = len(refused) - _MOST_REFUSED
    return [
        "\n".join([f"Not read: {counted(len(refused), 'file')}.", *lines, *(["  …"] if more > 0 else [])])
    ]
