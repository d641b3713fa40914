"""Word for the terminal what is known of errors, and what a log holds."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from umdiag.explain.scanning import Group, Report
from umdiag.knowledge.table import Knowledge
from umdiag.words.counting import counted

_MOST_SHOWN = 40
_NEXT = (
    "Give the whole message, with its code if it has one (0x…, or a decimal number).",
    "If it is in a log, give the file: umdiag explain FILE (WindowsUpdate.log, omsupdatemgmt.log, …).",
    "umdiag scenarios lists the symptoms that the kit looks for; umdiag explain SCENARIO describes one.",
)


def pages(found: Sequence[Knowledge], width: int) -> str:
    """Write what is known of each error: what it is, cause, fix, source, and the scenario it leads to."""
    return "\n\n".join("\n".join([_title(row), *_body(row, width)]) for row in found)


def report(scanned: Report, width: int) -> str:
    """Write what a log holds: a head, then each error with how often, where and when it stands there."""
    head = f"{scanned.name}: {counted(scanned.lines, 'line')}, {_size(scanned.size)}"
    head += f" ({scanned.cut})" if scanned.cut else ""
    if not scanned.groups:
        return f"{head}; nothing in it is known to the kit.\n\n{_advice(width)}"
    shown = scanned.groups[:_MOST_SHOWN]
    kinds = len(scanned.groups)
    head += f"; {counted(kinds, 'known error')} in it, the most frequent first."
    blocks = [head, *(_group(group, width) for group in shown)]
    left = scanned.groups[_MOST_SHOWN:]
    if left or scanned.left_out:
        lines = sum(group.count for group in left) + scanned.left_out
        blocks.append(f"Not shown: {counted(len(left), 'rarer error')} and more, {counted(lines, 'line')}.")
    return "\n\n".join(blocks)


def unknown(width: int) -> str:
    """Say that nothing in a text is known, and what can be done next."""
    return f"Nothing in this text is known to the kit.\n\n{_advice(width)}"


def _group(group: Group, width: int) -> str:
    where = f"line {group.first_line:,}"
    if group.count > 1:
        where = f"{group.count:,} times, lines {group.first_line:,} to {group.last_line:,}"
    times = [time for time in dict.fromkeys((group.first_time, group.last_time)) if time]
    lines = [
        _title(group.knowledge),
        _wrapped(f"Where: {where}{''.join(f', {t}' for t in times[:1])}", "  ", width),
    ]
    if len(times) == 2:
        lines[-1] = _wrapped(f"Where: {where}, {times[0]} to {times[1]}", "  ", width)
    return "\n".join([*lines, _wrapped(f"Says: {group.sample}", "  ", width), *_body(group.knowledge, width)])


def _title(row: Knowledge) -> str:
    told = [row.code, row.name] if row.code else [row.name or row.id.replace("_", " ")]
    return "  ".join(word for word in told if word)


def _body(row: Knowledge, width: int) -> list[str]:
    lines = [_wrapped(f"Meaning: {row.meaning}", "  ", width)]
    if row.cause:
        lines.append(f"  Cause: {row.cause}")
    lines.append("  Resolution:")
    lines += [_wrapped(step, f"    {number}. ", width) for number, step in enumerate(row.resolution, start=1)]
    lines.append(f"  Source: {row.source} (read {row.read})")
    if row.scenario:
        lines.append(f"  Leads to: umdiag explain {row.scenario}")
    return lines


def _advice(width: int) -> str:
    return "\n".join(["What you can do next:", *(_wrapped(step, "  - ", width) for step in _NEXT)])


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else counted(size, "byte")


def _wrapped(text: str, lead: str, width: int) -> str:
    following = " " * len(lead) if lead.strip() else lead + "  "
    return textwrap.fill(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
