"""List what the table knows: on the terminal, and as the page of the documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from umdiag.errors import CallError
from umdiag.explain import wording
from umdiag.knowledge.table import PLATFORMS, Knowledge, table

_WIDEST_NAME = 44


def listing(words: Sequence[str], width: int) -> str:
    """Write the platforms, or a line for each entry of one. Raises CallError for a platform that is none."""
    if not words:
        often = Counter(row.platform for row in table())
        lines = [f"{name:<18} {often[name]:>5}  {says}" for name, says in PLATFORMS.items()]
        return "\n".join(
            [f"{len(table()):,} errors; umdiag explain --list PLATFORM shows those of one:", *lines]
        )
    platform = "_".join(words).replace("-", "_").casefold()
    if platform not in PLATFORMS:
        raise CallError(f"explain: there is no platform {platform[:40]!r}; they are {', '.join(PLATFORMS)}")
    return "\n".join(_line(row, width) for row in _rows(platform))


def document() -> str:
    """Write the page of the documentation: every entry with its example, its meaning and its source."""
    return "\n".join([*_head(), *(line for name in PLATFORMS for line in _section(name))]) + "\n"


def _rows(platform: str) -> list[Knowledge]:
    return [row for row in table() if row.platform == platform]


def _line(row: Knowledge, width: int) -> str:
    name = wording.title(row)
    text = f"{name:<{_WIDEST_NAME}} {row.meaning}"
    return text if len(text) <= width else text[: width - 1] + "…"


def _head() -> Iterator[str]:
    yield "# What `umdiag explain` knows"
    yield ""
    yield "Written from the table of errors (`lib/umdiag/knowledge/entries`) by `make fix`; change it there."
    yield "Of codes of Windows only the name is listed; `umdiag explain CODE` says more of each."
    yield ""
    yield "| platform | entries | of what |"
    yield "|---|---|---|"
    often = Counter(row.platform for row in table())
    for name, says in PLATFORMS.items():
        yield f"| `{name}` | {often[name]} | {says} |"


def _section(platform: str) -> Iterator[str]:
    rows = _rows(platform)
    codes = [row for row in rows if row.kind == "code"]
    yield ""
    yield f"## {platform}"
    yield ""
    yield "| entry | a text of it | meaning | source |"
    yield "|---|---|---|---|"
    for row in rows:
        if row.kind != "code":
            cells = (
                f"`{row.id}`",
                f"`{_cell(row.example)}`",
                _cell(row.meaning),
                f"{_cell(row.source)}, {row.read}",
            )
            yield f"| {' | '.join(cells)} |"
    if codes:
        yield ""
        yield "Codes: " + ", ".join(f"`{row.code}` {row.name}" for row in codes) + "."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("`", "'")
