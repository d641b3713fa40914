"""An executed notebook becomes a page: what rows hold is escaped, no network asked, nothing too long."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import nbformat
import pandas as pd
import pytest

from support.findings import diagnosis_of, finding_of
from support.joined import caller
from umdiag import show
from umdiag.judging.incidents import draw
from umdiag.model import Diagnosis, Finding, Severity, State, TableHealth, Verdict
from umdiag.report.document import Notebook
from umdiag.report.execution import Executed
from umdiag.report.figures import as_script
from umdiag.report.index import index
from umdiag.report.pages import MOST_BYTES, markdown, page
from umdiag.report.templates import Link

NASTY = "</script><img src=x onerror=alert(1)>&amp;\u2028'\""
ASKED_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGES = [Link(href="index.html", title="Overview"), Link(href="quota.html", title="Quota", here=True)]
VOID = {"meta", "img", "br", "link", "hr", "input"}


class Outline(HTMLParser):
    """Collects tags and refuses a page whose elements do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def code(source: str, *outputs: dict, tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source, outputs=[nbformat.from_dict(one) for one in outputs])
    cell.metadata["tags"] = list(tags)
    return cell


def shown(**data: object) -> dict:
    kinds = {
        "html": "text/html",
        "plain": "text/plain",
        "figure": "application/vnd.plotly.v1+json",
        "png": "image/png",
    }
    return {
        "output_type": "display_data",
        "data": {kinds.get(k, k): v for k, v in data.items()},
        "metadata": {},
    }


def made(*cells: nbformat.NotebookNode, error: str = "", cell: int | None = None) -> str:
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    executed = Executed(family="quota", notebook=notebook, seconds=1.0, error=error, cell=cell)
    return page(executed, scope=f"snapshot {NASTY}", title="Quota", pages=PAGES)


def figure(text: str = "A title", points: int = 2, **layout: object) -> dict:
    template = {"layout": {"colorway": ["#000000"]}}
    return {
        "data": [{"type": "bar", "y": list(range(points)), "name": text}],
        "layout": {"title": {"text": text}, "template": template, **layout},
    }


# -- pages ---------------------------------------------------------------------------------------


def test_page_has_what_a_reader_and_a_reading_machine_look_for():
    text = made(nbformat.v4.new_markdown_cell("# Is the workspace full?\n\nA *question*."))
    outline = Outline(text)
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == len(outline.all("main")) == len(outline.all("nav")) == 1
    assert {"class": "skip", "href": "#content"} in outline.all("a")
    assert {"href": "quota.html", "aria-current": "page"} in outline.all("a")
    assert "<title>Quota · Update report</title>" in text


def text_cell(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


def left_out() -> nbformat.NotebookNode:
    """A cell of a section whose scenario or chart is about a service that is not looked at."""
    asked = diagnosis("slow", Verdict.NOT_ASKED)
    block = show.diagnosis(replace(asked, reason="Not looked at: Update Manager (none of it)"))
    return code("show.diagnosis(…)", shown(html=block.on_page()))


def test_page_leaves_out_sections_of_a_service_that_is_not_looked_at():

    def answered() -> nbformat.NotebookNode:
        return code("show.diagnosis(…)", shown(html="<p>Answered.</p>"))

    page_of_one = words(
        made(
            text_cell("# The title"),
            text_cell("## Alone"), left_out(), left_out(),
            text_cell("## Beside"), left_out(), answered(),
            text_cell("## Before"), answered(), left_out(),
            text_cell("## Silent"), code("x = 1"),
            text_cell("## Last"), left_out(),
        )
    )  # fmt: skip
    assert "Not looked at" not in page_of_one
    assert [name for name in ("Alone", "Beside", "Before", "Silent", "Last") if name in page_of_one] == [
        "Beside", "Before", "Silent",
    ]  # fmt: skip
    assert page_of_one.count("Answered.") == 2


def test_page_without_a_heading_gets_its_title_as_one():
    assert "<h1>Quota</h1>" in made(code("1"))


def test_page_forbids_the_network():
    outline = Outline(made(code("1", shown(figure=figure()))))
    policy = next(attrs["content"] for attrs in outline.all("meta") if "http-equiv" in attrs)
    assert "default-src 'none'" in policy
    assert "script-src 'self' file:;" in policy
    assert [attrs["src"] for attrs in outline.all("script") if "src" in attrs] == [
        "plotly.min.js",
        "report.js",
    ]
    assert outline.all("link") == outline.all("iframe") == []


def test_page_without_charts_does_not_load_plotly():
    assert "plotly.min.js" not in made(code("1"))


def test_everything_that_is_text_is_escaped():
    text = made(
        nbformat.v4.new_markdown_cell(f"{NASTY} [x](javascript:alert(1)) <b>bold</b>"),
        code(f"print({NASTY!r})", {"output_type": "stream", "name": "stdout", "text": NASTY}),
        code("2", {"output_type": "stream", "name": "stderr", "text": NASTY}),
        code("3", shown(plain=NASTY)),
        code("4", {"output_type": "error", "ename": "ValueError", "evalue": NASTY, "traceback": [NASTY]}),
        code("5", shown(figure=figure(NASTY))),
        error=NASTY,
        cell=4,
    )
    outline = Outline(text)
    assert outline.all("img") == outline.all("b") == []
    assert all(attrs.get("src") or attrs.get("type") == "application/json" for attrs in outline.all("script"))
    assert not any((attrs.get("href") or "").startswith("javascript") for attrs in outline.all("a"))
    assert not any(name.startswith("on") for _, attrs in outline.tags for name in attrs)


def test_data_of_a_chart_comes_back_as_it_was():
    given = figure(NASTY, height=321)
    text = made(code("1", shown(figure=given)))
    held = json.loads(re.search(r'id="figure-0">(.*?)</script>', text).group(1))
    template = json.loads(re.search(r'id="template-0">(.*?)</script>', text).group(1))
    assert held["data"] == given["data"]
    assert held["layout"] | {"template": template} == given["layout"]
    assert 'style="height:321px"' in text


def test_template_of_many_charts_stands_once():
    text = made(*(code(str(number), shown(figure=figure(f"t{number}"))) for number in range(5)))
    assert text.count("colorway") == 1
    assert text.count("data-figure=") == 5


def test_script_data_cannot_end_its_element():
    text = as_script({"a": NASTY})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": NASTY}


def test_blocks_keep_their_html_and_share_one_style():
    block = show.note(NASTY)._repr_html_()
    text = made(code("1", shown(html=block, plain="no")), code("2", shown(html=block)))
    assert text.count(show.CSS) == 1
    assert "&lt;img src=x" in text
    assert "no</pre>" not in text


def test_code_is_folded_away_and_parameters_are_named():
    text = made(
        code("a = 1", tags=("parameters",)),
        code("a = 2", tags=("injected-parameters",)),
        code("import x"),
        code("y()", shown(plain="seen")),
    )
    folded = re.findall(r"<summary>(.*?)</summary>\s*<pre><code>(.*?)</code>", text, re.DOTALL)
    plain = [(label, re.sub(r"<[^>]+>", "", body)) for label, body in folded]
    assert plain == [("Parameters of this run", "a = 1\n\na = 2"), ("Show the code", "import x\n\ny()")]


def test_kernel_that_died_is_shown_at_its_cell():
    text = made(code("1"), code("2"), error="its kernel died", cell=1)
    assert '<section class="cell failed" id="cell-1">' in text
    assert '<a href="#cell-1">this cell</a>' in text


def test_pictures_are_carried_along():
    assert '<img alt="" src="data:image/png;base64,QUJD">' in made(code("1", shown(png="QU\nJD")))


def test_long_text_is_cut_with_a_count():
    text = made(code("1", {"output_type": "stream", "name": "stdout", "text": "x" * 100_123}))
    assert "… 123 more characters are in the notebook" in text


def test_page_stays_small_and_says_what_it_leaves_out():
    rows = "".join(f"<p>{number}</p>" for number in range(200_000))
    text = made(
        code("1", shown(html="<p>small</p>")), code("2", shown(html=rows)), code("3", shown(figure=figure()))
    )
    assert len(text.encode()) < 1_500_000
    assert "This output is too long for a page" in text
    assert "<p>small</p>" in text
    assert "data-figure" in text
    assert MOST_BYTES < 1_500_000


def test_markdown_has_tables_and_no_html():
    text = markdown("| a | b |\n|---|---|\n| 1 | <i>2</i> |")
    assert "<td>1</td>" in text
    assert "&lt;i&gt;" in text


# -- index ---------------------------------------------------------------------------------------


def finding(name: str, severity: Severity) -> Finding:
    return finding_of(name, "a_cause", severity, resolution=(f"Mend {severity.value} {NASTY}",))


def diagnosis(scenario: str, verdict: Verdict, *findings: Finding, reason: str = "") -> Diagnosis:
    asked = {"family": "quota", "title": f"Why {scenario}?", "reason": reason}
    return diagnosis_of(*findings, verdict=verdict, scenario=scenario, **asked)


def indexed(
    *diagnoses: Diagnosis, made_at: datetime = ASKED_AT, machines: int = 3, **notebook: object
) -> str:
    return index(
        scope="snapshot demo",
        pages=PAGES,
        asked_at=ASKED_AT,
        made_at=made_at,
        notes=[NASTY],
        diagnoses=diagnoses,
        incidents=draw(diagnoses, caller({}, {"update_run": ""})).incidents,
        machines=pd.DataFrame({"state": ["compliant"] * (machines - 1) + ["disconnected"] * bool(machines)}),
        portal=None,
        health=[TableHealth(table="Update", scope=NASTY, state=State.DENIED, rows=0, note=NASTY)],
        patch_notes=[f"Newest assessment: {NASTY}"],
        notebooks=[Notebook(**{"family": "quota", "status": "succeeded", "seconds": 1.0} | notebook)],
        titles={"quota": "Quota"},
        target={
            "workspaces": ["/subscriptions/s/x/law-main"],
            "automation_account": "/x/aa",
            "subscriptions": [],
        },
    )


def words(text: str) -> str:
    return " ".join(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL).split())


def test_index_says_what_to_fix_in_order_and_what_to_do_first():
    text = words(
        indexed(
            diagnosis("slow", Verdict.PROBLEM, finding("a", Severity.LOW)),
            diagnosis("full", Verdict.PROBLEM, *(finding(f"m{n}", Severity.HIGH) for n in range(9))),
            diagnosis("blind", Verdict.UNKNOWN, reason="Update was not captured"),
            diagnosis("well", Verdict.HEALTHY),
        )
    )
    assert "2 things to fix: 10 findings." in text
    assert "Of 4 questions, 2 found a problem, 1 could not be answered, 1 is healthy." in text
    first = text.index("1 high")
    assert (
        first < text.index("9 machines First: Mend high") < text.index("2 low") < text.index("1 machine · a")
    )
    assert "Update was not captured" in text
    assert "workspaces: law-main · Automation account: aa" in text


def test_index_says_once_what_many_could_not_see_and_what_was_not_asked():
    seen = diagnosis("seen", Verdict.HEALTHY)
    unknown = [
        replace(diagnosis(name, Verdict.UNKNOWN), scenario=name, reason=f"Update was refused{more}")
        for name, more in (("a", ""), ("b", ""), ("c", "; Usage was refused"))
    ]
    reason = "Not looked at: Update Management (no workspace is given)"
    unasked = [
        replace(diagnosis(name, Verdict.NOT_ASKED), scenario=name, reason=reason) for name in ("old1", "old2")
    ]
    text = words(indexed(seen, *unknown, *unasked))
    assert "3 of 4 questions could not be answered" in text
    assert text.count("Update was refused") == 1
    assert "UNKNOWN Update was refused. Next:" in text
    assert "as said above; Usage was refused" in text
    assert "Not looked at: 2 questions of Update Management (no workspace is given)." in text
    assert "old1" not in text
    assert "NOT_ASKED" not in text


def test_families_on_the_index_stand_in_the_order_of_what_was_found():
    well, slow = (
        diagnosis("well", Verdict.HEALTHY),
        diagnosis("slow", Verdict.PROBLEM, finding("a", Severity.LOW)),
    )
    full = diagnosis("full", Verdict.PROBLEM, finding("b", Severity.HIGH))
    text = words(
        indexed(replace(well, family="alpha"), replace(slow, family="beta"), replace(full, family="gamma"))
    )
    assert text.index("gamma") < text.index("beta") < text.index("alpha")


def test_index_is_well_formed_whatever_rows_hold():
    text = indexed(
        diagnosis("full", Verdict.PROBLEM, finding(NASTY, Severity.HIGH)), status="failed", error=NASTY
    )
    outline = Outline(text)
    assert outline.all("img") == []
    assert len(outline.all("h1")) == 1


def test_unknown_is_never_called_healthy():
    text = words(indexed(diagnosis("blind", Verdict.UNKNOWN, reason="no rows")))
    assert (
        "No problem was found, but 1 of 1 question could not be answered: that is not the same as healthy."
        in text
    )


@pytest.mark.parametrize(("days", "aloud"), [(0, False), (2, False), (3, True)])
def test_old_rows_are_said_aloud(days, aloud):
    text = indexed(made_at=ASKED_AT + timedelta(days=days))
    assert (
        f"<span data-days>{days}</span> days old" in text and "hidden><p><strong>These" not in text
    ) is aloud


def test_machines_are_counted_by_state():
    text = words(indexed())
    assert "3 machines by state" in text
    assert "compliant 2 66.7 %" in text
    assert "The rows name no machine." in words(indexed(machines=0))


def test_what_could_not_be_seen_is_on_the_index():
    text = words(indexed())
    assert "1 of 1 tables could not be read completely" in text
    assert "Newest assessment: " in text


def test_notebook_that_did_not_run_is_not_linked():
    other = Diagnosis(scenario="s", family="assessment", title="Other?", verdict=Verdict.HEALTHY)
    assert "assessment.html" not in indexed(other)


def test_index_of_a_large_fleet_stays_small():
    many = [
        diagnosis(f"s{n}", Verdict.PROBLEM, *(finding(f"machine-{m}", Severity.HIGH) for m in range(5000)))
        for n in range(9)
    ]
    assert len(indexed(*many, machines=100_000)) < 100_000
