"""Word for the terminal what is known of errors, and what a log holds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from umdiag.explain.scanning import Group, Report
from umdiag.knowledge.details import filled, further, named
from umdiag.knowledge.table import ROLES, Knowledge
from umdiag.words.counting import counted

MOST_SHOWN = 40
_NEXT = (
    "Give the whole message, with its code if it has one (0x…, or a decimal number).",
    "If it is in a log, give the file or folder: umdiag explain FILE (WindowsUpdate.log, waagent.log, …).",
    "umdiag explain --list shows what is known, umdiag scenarios the symptoms that the kit looks for.",
)


def pages(found: Sequence[Knowledge], width: int, text: str = "") -> str:
    """Write what is known of each error: what it is, cause, fix, source, and the scenario it leads to.

    What only follows from an error that is known is named without its steps.
    """
    deciding = [row for row in found if row.role != ROLES[1]]
    effects = [row for row in found if row.role == ROLES[1]] if deciding else []
    blocks = ["\n".join([title(row), *body(row, width, text)]) for row in deciding or found]
    return "\n\n".join([*blocks, *following(effects, width)])


def report(scanned: Report, width: int) -> str:
    """Write what a log holds: a head, then each error with how often, where and when it stands there."""
    lines = counted(scanned.lines, "line") if scanned.numbered else "JSON"
    head = f"{scanned.name}: {lines}, {size(scanned.size)}"
    head += f" ({scanned.cut})" if scanned.cut else ""
    if not scanned.groups:
        return f"{head}; nothing in it is known to the kit.\n\n{advice(width)}"
    shown = scanned.groups[:MOST_SHOWN]
    kinds = len(scanned.groups)
    head += f"; {counted(kinds, 'known error')} in it, reasons before effects, the most frequent first."
    blocks = [head, *(_group(group, width, numbered=scanned.numbered) for group in shown)]
    left = scanned.groups[MOST_SHOWN:]
    if left or scanned.left_out:
        count = sum(group.count for group in left) + scanned.left_out
        blocks.append(f"Not shown: {counted(len(left), 'rarer error')} and more, {counted(count, 'line')}.")
    return "\n\n".join(blocks)


def following(effects: Sequence[Knowledge], width: int) -> Iterable[str]:
    """Write a paragraph of what only follows from the errors above."""
    if effects:
        said = " ".join(f"{title(row)}: {row.meaning}" for row in effects)
        yield wrapped(f"What follows from it: {said}", "", width)


def title(row: Knowledge) -> str:
    """Write code and name of an error, else its id in words."""
    told = [row.code, row.name] if row.code else [row.name or row.id.replace("_", " ")]
    return "  ".join(word for word in told if word)


def body(row: Knowledge, width: int, text: str = "") -> list[str]:
    """Write what is known of an error; its steps name what the text names."""
    lines = [wrapped(f"Meaning: {row.meaning}", "  ", width)]
    if taken := ", ".join(f"{name} {value}" for name, value in named(row, text)):
        lines.append(wrapped(f"In the text: {taken}", "  ", width))
    for name, others in further(row, text):
        lines.append(wrapped(f"Each needs the same steps, {name}: {'; '.join(others)}", "  ", width))
    if row.cause:
        lines.append(f"  Cause: {row.cause}")
    if row.confidence != "certain":
        lines.append(f"  Confidence: {row.confidence}, this text can have other reasons")
    lines.append("  Resolution:")
    steps = filled(row, text).resolution
    lines += [wrapped(step, f"    {number}. ", width) for number, step in enumerate(steps, start=1)]
    lines.append(f"  Source: {row.source} (read {row.read})")
    if row.scenario:
        lines.append(f"  Leads to: umdiag explain {row.scenario}")
    return lines


def advice(width: int) -> str:
    """Say what can be done where nothing is known."""
    return "\n".join(["What you can do next:", *(wrapped(step, "  - ", width) for step in _NEXT)])


def size(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else counted(count, "byte")


def between(first: str, last: str) -> str:
    """Write one time or two, or nothing."""
    times = [time for time in dict.fromkeys((first, last)) if time]
    return f", {' to '.join(times)}" if times else ""


def _group(group: Group, width: int, *, numbered: bool) -> str:
    where = f"line {group.first_line:,}"
    if group.count > 1:
        where = f"{group.count:,} times, lines {group.first_line:,} to {group.last_line:,}"
    if not numbered:
        where = counted(group.count, "value")
    lines = [
        title(group.knowledge),
        wrapped(f"Where: {where}{between(group.first_time, group.last_time)}", "  ", width),
        wrapped(f"Says: {group.sample}", "  ", width),
    ]
    return "\n".join([*lines, *body(group.knowledge, width, group.sample)])


def wrapped(text: str, lead: str, width: int) -> str:
    """Wrap a text behind a lead."""
    below = " " * len(lead) if lead.strip() else lead + "  "
    return textwrap.fill(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )
