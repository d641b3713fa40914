"""Answer where the table has nothing: a code that is not in it, or a text that resembles something."""

from __future__ import annotations

from collections.abc import Sequence

from umdiag.explain import wording
from umdiag.knowledge.decoder import decode
from umdiag.knowledge.resembling import NEAR, similar
from umdiag.knowledge.table import PLATFORMS, Knowledge, by_name, table
from umdiag.knowledge.unwrapping import code_words, http_status

_LOOK_UP = (
    "Read the message beside the code: it says what Azure refused, the code only names the kind.",
    "Find the operation and its other errors: az monitor activity-log list --correlation-id <correlation id>"
    " --output json.",
    "Search for the code together with the name of the service, such as Microsoft.Maintenance.",
)
_STATUS = {
    4: "the request was refused: it is wrong as it is, or not allowed",
    5: "the service failed; try again later",
}


def unknown_codes(text: str) -> list[str]:
    """Return the words of a text that are where an error code is and that the table does not have."""
    return [word for word in code_words(text) if word.casefold() not in by_name() and not decode(word)]


def answer(text: str, width: int) -> str:
    """Say that nothing in a text is known, what was looked for, and what comes nearest."""
    codes = unknown_codes(text)
    if codes:
        return _code(codes[-1], text, width)
    near = similar(text)
    looked = f"{len(table()):,} errors of {', '.join(PLATFORMS.values())}; codes in hex and decimal"
    told = [
        "Nothing in this text is known to the kit.",
        "",
        wording.wrapped(f"Looked for: {looked}.", "", width),
    ]
    if near and near[0][0] >= NEAR:
        score, row = near[0]
        told = [
            f"This text only resembles a known one ({score:.0%} of its words). Confidence: low. Compare:",
            "",
            "\n".join(
                [
                    wording.title(row),
                    wording.wrapped(f"Known text: {row.example}", "  ", width),
                    *wording.body(row, width, text),
                ]
            ),
        ]
        near = near[1:]
    return "\n".join([*told, *_nearest(near, width), "", wording.advice(width)])


def also(text: str, width: int) -> list[str]:
    """Return a line on the codes of a text that are not known, beside what is."""
    codes = unknown_codes(text)
    if not codes:
        return []
    return [wording.wrapped(f"Unknown here: ARM code {', '.join(codes)}.", "", width)]


def _code(code: str, text: str, width: int) -> str:
    lines = [f"ARM code {code}: not known here."]
    if status := http_status(text):
        lines.append(f"  HTTP status {status}: {_STATUS[status // 100]}.")
    lines.append("  Resolution:")
    lines += [wording.wrapped(step, f"    {n}. ", width) for n, step in enumerate(_LOOK_UP, start=1)]
    return "\n".join([*lines, *_nearest(similar(f"{text} {_split(code)}"), width)])


def _nearest(near: Sequence[tuple[float, Knowledge]], width: int) -> list[str]:
    if not near:
        return []
    names = "; ".join(f"{wording.title(row)} ({score:.0%}, {PLATFORMS[row.platform]})" for score, row in near)
    return ["", wording.wrapped(f"Most similar: {names}.", "", width)]


def _split(code: str) -> str:
    return "".join(f" {sign}" if sign.isupper() else sign for sign in code)
