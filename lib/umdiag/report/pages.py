"""An executed notebook becomes a page: words, outputs, charts; the code folded away behind each."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import takewhile
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from umdiag import show
from umdiag.report.cells import CODE, Cell, joined, looked_at
from umdiag.report.execution import Executed
from umdiag.report.figures import Charts
from umdiag.report.templates import Link, Portal, render
from umdiag.show.markup import data

#: What all outputs of a page may weigh together; the frame around them stays below 50 kB.
MOST_BYTES = 1_400_000
_MOST_TEXT = 100_000
_FIGURE = "application/vnd.plotly.v1+json"
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_ANSWER = re.compile(r'class="um-answer um-(?P<verdict>\w+)" data-findings="(?P<findings>\d+)"')
#: What a page's script shows beside the rows that stand on it.
_STORED = re.compile(re.escape(data("um-rows", "@")).replace("@", "[^<]*"))
_NOTHING = Markup("")
_PARAMETER_TAGS = {"parameters", "injected-parameters"}
_PARAMETERS = "Parameters of this run"


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A heading of a page; `verdict` and `findings` are those of the question below it, if it is one."""

    id: str
    title: str
    verdict: str = ""
    findings: int = 0


def page(
    executed: Executed, *, scope: str, title: str, pages: Sequence[Link], portal: Portal | None = None
) -> str:
    """Make the HTML of an executed notebook."""
    charts = Charts()
    cells = joined(looked_at(_cells(executed, charts, scope)))
    _cut(cells, executed.family)
    return render(
        "page.html",
        title=title,
        scope=scope,
        pages=pages,
        scripts=charts.count > 0,
        family=executed.family,
        error=executed.error,
        failed_at=next((cell.id for cell in cells if cell.failed), ""),
        has_heading=any(cell.is_titled for cell in cells),
        cells=[cell for cell in cells if cell.text or cell.outputs or cell.code],
        sections=list(_sections(cells)),
        templates=charts.templates,
        portal=portal or Portal(),
    )


def _sections(cells: Sequence[Cell]) -> Iterator[_Section]:
    """Name the headings of a page, each with the verdict of the question that stands below it."""
    for place, cell in enumerate(cells):
        below = takewhile(lambda other: not other.sections, cells[place + 1 :])
        outputs = (output for other in below for output in other.outputs)
        for id_, title in cell.sections:
            answer = next(filter(None, map(_ANSWER.search, outputs)), None)
            yield _Section(
                id=id_,
                title=title,
                verdict=answer["verdict"].upper() if answer else "",
                findings=int(answer["findings"]) if answer else 0,
            )


def _cells(executed: Executed, charts: Charts, scope: str) -> Iterator[Cell]:
    for index, cell in enumerate(executed.notebook.cells):
        if cell.cell_type == "markdown":
            text, sections = _with_names(cell.source, f"section-{index}")
            yield Cell(text=text, sections=sections, is_titled=_has_title(cell.source))
        elif cell.cell_type == "code":
            stopped = executed.error if index == executed.cell else ""
            yield _code_cell(
                cell, index, partial(_output, charts=charts, family=executed.family, scope=scope), stopped
            )


def _code_cell(
    cell: Mapping[str, Any], index: int, write: Callable[[Mapping[str, Any]], Markup], stopped: str
) -> Cell:
    """Show a code cell; `stopped` says why the run ended at it."""
    outputs = [shown for output in cell["outputs"] if (shown := write(output))]
    if stopped and not any(output["output_type"] == "error" for output in cell["outputs"]):
        outputs.append(_stop(stopped))
    return Cell(
        id=f"cell-{index}",
        outputs=outputs,
        code=[cell["source"]] if cell["source"].strip() else [],
        label=_PARAMETERS if _PARAMETER_TAGS & set(cell["metadata"].get("tags", [])) else CODE,
        failed=bool(stopped),
    )


def markdown(text: str) -> Markup:
    """Render Markdown; HTML in it stays text, and so does a link that would run a script."""
    return Markup(_markdown().render(text))  # noqa: S704 - rendered with html off


def _with_names(text: str, name: str) -> tuple[Markup, list[tuple[str, str]]]:
    """Render Markdown whose sections can be led to; returns their names and titles too."""
    tokens = _markdown().parse(text)
    sections: list[tuple[str, str]] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", f"{name}-{len(sections)}" if sections else name)
            sections.append((str(token.attrGet("id")), _plain(tokens[place + 1])))
    return Markup(_markdown().renderer.render(tokens, _markdown().options, {})), sections  # noqa: S704


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _has_title(text: str) -> bool:
    return any(token.tag == "h1" for token in _markdown().parse(text))


def _output(output: Mapping[str, Any], charts: Charts, family: str, scope: str) -> Markup:
    match output["output_type"]:
        case "stream":
            kind = "stderr" if output["name"] == "stderr" else "plain"
            # The head of each page says what is looked at.
            text = output["text"].removeprefix(f"{scope}\n")
            return _text(text, kind) if text.strip() else _NOTHING
        case "error":
            return _stop(f"{output['ename']}: {output['evalue']}", "\n".join(output["traceback"]))
        case _:
            return _data(output["data"], charts, family)


def _data(data: Mapping[str, Any], charts: Charts, family: str) -> Markup:
    if _FIGURE in data:
        return charts.draw(data[_FIGURE], family)
    if "text/html" in data:
        # Escaped where `show` wrote it, and no script in it would run; the page has the blocks' style once.
        return Markup(data["text/html"].replace(show.STYLE, ""))  # noqa: S704
    for kind in _IMAGES:
        if kind in data:
            return Markup('<img alt="" src="data:{};base64,{}">').format(kind, "".join(data[kind].split()))
    if "image/svg+xml" in data:
        code = base64.b64encode(data["image/svg+xml"].encode()).decode()
        return Markup('<img alt="" src="data:image/svg+xml;base64,{}">').format(code)
    if "text/markdown" in data:
        return markdown(data["text/markdown"])
    return _text(data.get("text/plain", ""), "plain")


def _text(text: str, kind: str) -> Markup:
    note = ""
    if len(text) > _MOST_TEXT:
        note = f"… {len(text) - _MOST_TEXT:,} more characters are in the notebook"
        text = text[:_MOST_TEXT]
    return Markup('<pre class="{}">{}</pre>{}').format(kind, text.rstrip("\n"), _paragraph(note))


def _stop(line: str, traceback: str = "") -> Markup:
    more = Markup("<details><summary>Traceback</summary><pre>{}</pre></details>").format(traceback)
    return Markup('<div class="alarm" role="alert"><p><strong>Stopped here.</strong> {}</p>{}</div>').format(
        line, more if traceback else ""
    )


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text) if text else _NOTHING


def _cut(cells: Sequence[Cell], family: str) -> None:
    """Make a page that grew too long shorter, its largest outputs first: rows that its script would show,
    then whole outputs; what is left out is said.
    """
    for shorten in (_without_stored, partial(_too_long, family=family)):
        sizes = sorted(_sizes(cells), key=lambda size: -size[0])
        total = sum(size for size, *_ in sizes)
        for size, number, place in sizes:
            if total <= MOST_BYTES:
                return
            if place is not None:
                outputs = cells[number].outputs
                outputs[place] = shorten(outputs[place])
                total -= size - _size(outputs[place])


def _without_stored(output: Markup) -> Markup:
    return Markup(_STORED.sub("", output))  # noqa: S704 - less of what was there


def _too_long(output: Markup, family: str) -> Markup:
    return Markup(
        '<p class="caution">This output is too long for a page ({} kB); it is in the notebook '
        '<a href="{family}.ipynb">{family}.ipynb</a>, and every row in '
        '<a href="machines.csv">machines.csv</a> and <a href="findings.csv">findings.csv</a>.</p>'
    ).format(f"{_size(output) // 1000:,}", family=family)


def _sizes(cells: Sequence[Cell]) -> Iterator[tuple[int, int, int | None]]:
    for number, cell in enumerate(cells):
        yield len(cell.text.encode()) + len(cell.source.encode()), number, None
        for place, output in enumerate(cell.outputs):
            yield _size(output), number, place


def _size(output: Markup) -> int:
    return len(output.encode(errors="replace"))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
