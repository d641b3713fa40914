"""An executed notebook becomes a page: words, outputs, charts; the code folded away behind each."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from umdiag import show
from umdiag.report.cells import CODE, Cell, joined, looked_at
from umdiag.report.execution import Executed
from umdiag.report.templates import Link, render

#: What all outputs of a page may weigh together; the frame around them stays below 50 kB.
MOST_BYTES = 1_400_000
_MOST_TEXT = 100_000
_FIGURE = "application/vnd.plotly.v1+json"
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_TAG = re.compile(r"<[^>]*>")
_NOTHING = Markup("")
_PARAMETER_TAGS = {"parameters", "injected-parameters"}
_PARAMETERS = "Parameters of this run"


class _Charts:
    """The charts of one page: numbered in order, their templates kept once."""

    def __init__(self) -> None:
        self.templates: list[Markup] = []
        self.count = 0

    def draw(self, figure: Mapping[str, Any], name: str) -> Markup:
        """Return the place of a chart with its data beside it; the page's script draws it."""
        layout = dict(figure.get("layout", {}))
        content: dict[str, Any] = {"data": figure.get("data", [])}
        if template := layout.pop("template", None):
            text = as_script(template)
            if text not in self.templates:
                self.templates.append(text)
            content["template"] = self.templates.index(text)
        content["layout"] = layout
        number, self.count = self.count, self.count + 1
        return Markup(
            '<figure class="chart" role="group" aria-label="{title}">\n'
            '<div data-figure="{number}" data-name="{name}" style="height:{height}px"></div>\n'
            '<script type="application/json" id="figure-{number}">{content}</script>\n'
            "<noscript><p>This chart is drawn by a script: {title}</p></noscript>\n</figure>"
        ).format(
            title=_title(layout),
            number=number,
            name=f"{name}-{number + 1}",
            height=int(layout.get("height") or 450),
            content=as_script(content),
        )


def page(executed: Executed, *, scope: str, title: str, pages: Sequence[Link]) -> str:
    """Make the HTML of an executed notebook."""
    charts = _Charts()
    cells = joined(looked_at(_cells(executed, charts)))
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
        templates=charts.templates,
    )


def _cells(executed: Executed, charts: _Charts) -> Iterator[Cell]:
    for index, cell in enumerate(executed.notebook.cells):
        if cell.cell_type == "markdown":
            yield Cell(text=markdown(cell.source), is_titled=_has_title(cell.source))
        elif cell.cell_type == "code":
            stopped = executed.error if index == executed.cell else ""
            yield _code_cell(cell, index, charts, executed.family, stopped)


def _code_cell(cell: Mapping[str, Any], index: int, charts: _Charts, family: str, stopped: str) -> Cell:
    """Show a code cell; `stopped` says why the run ended at it."""
    outputs = [_output(output, charts, family) for output in cell["outputs"]]
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


def _has_title(text: str) -> bool:
    return any(token.tag == "h1" for token in _markdown().parse(text))


def as_script(content: object) -> Markup:
    """Write JSON so that it can stand inside a script element whatever strings it holds."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can end the element


def _output(output: Mapping[str, Any], charts: _Charts, family: str) -> Markup:
    match output["output_type"]:
        case "stream":
            kind = "stderr" if output["name"] == "stderr" else "plain"
            return _text(output["text"], kind)
        case "error":
            return _stop(f"{output['ename']}: {output['evalue']}", "\n".join(output["traceback"]))
        case _:
            return _data(output["data"], charts, family)


def _data(data: Mapping[str, Any], charts: _Charts, family: str) -> Markup:
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
    """Replace the largest outputs of a page that grew too long by a note that says so."""
    sizes = sorted(_sizes(cells), key=lambda size: -size[0])
    total = sum(size for size, *_ in sizes)
    for size, number, place in sizes:
        if total <= MOST_BYTES:
            return
        if place is None:
            continue
        cells[number].outputs[place] = Markup(
            '<p class="caution">This output is too long for a page ({} kB); it is in the notebook '
            '<a href="{family}.ipynb">{family}.ipynb</a>, and every row in '
            '<a href="machines.csv">machines.csv</a> and <a href="findings.csv">findings.csv</a>.</p>'
        ).format(f"{size // 1000:,}", family=family)
        total -= size


def _sizes(cells: Sequence[Cell]) -> Iterator[tuple[int, int, int | None]]:
    for number, cell in enumerate(cells):
        yield len(cell.text.encode()) + len(cell.source.encode()), number, None
        for place, output in enumerate(cell.outputs):
            yield len(output.encode(errors="replace")), number, place


def _title(layout: Mapping[str, Any]) -> str:
    title = layout.get("title") or {}
    text = title.get("text", "") if isinstance(title, Mapping) else str(title)
    return html.unescape(_TAG.sub(" ", text)) or "Chart"


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
