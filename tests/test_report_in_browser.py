"""A report opens from disk in a browser: no network, no error, every chart drawn, nothing from rows runs."""

import shutil
from pathlib import Path

import nbformat
import pytest

from umdiag import parameters
from umdiag.report.job import Job

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("three ways")]

#: A machine's name that would run a script if one place forgot to escape it.
NASTY = "</script><img src=x onerror=document.title='RUN'><script>document.title='RUN'</script>"
HEARTBEATS = (
    "TimeGenerated,Computer,SourceComputerId,OSType\n"
    f'2026-11-20T11:00:00Z,"{NASTY}",11111111-1111-1111-1111-111111111111,Windows\n'
    "2026-11-20T11:30:00Z,db-1,21111111-1111-1111-1111-111111111111,Linux\n"
)
CHARTS = f"""
import plotly.graph_objects as go, plotly.io
from IPython.display import HTML, display
from umdiag import show
plotly.io.renderers.default = "plotly_mimetype"
name = {NASTY!r}
go.Figure({{"data": [{{"type": "bar", "x": ["a", "b"], "y": [3, 4], "name": name}}]}}).show()
go.Figure({{"data": [{{"type": "scatter", "x": [1, 2], "y": [3, 4], "text": [name, name]}}]}}).show()
go.Figure({{"data": [{{"type": "heatmap", "z": [[1, 2]]}}], "layout": {{"title": {{"text": name}}}}}}).show()
display(show.note(name))
print(name)
display(HTML("<table><thead><tr><th>n</th></tr></thead><tbody>"
             "<tr><td>10</td></tr><tr><td>9</td></tr><tr><td>—</td></tr><tr><td>100</td></tr></tbody></table>"
             "<script>document.title='RUN'</script><img src='https://example.com/x.png'>"))
"""


@pytest.fixture(scope="module")
def report(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with hostile rows and three charts on one page."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "csv").mkdir()
    (folder / "csv" / "Heartbeat.csv").write_text(HEARTBEATS, encoding="utf-8")
    cells = [nbformat.v4.new_markdown_cell("# Charts"), nbformat.v4.new_code_cell(CHARTS)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "overview.ipynb")
    given = parameters.from_values({"source": "snapshot", "snapshot": str(folder / "csv")}, folder=None)
    outcome = Job(
        given, folder / "a report # 1", {"overview": folder / "overview.ipynb"}, 1, lambda line: None
    ).make()
    assert outcome.failed == []
    return outcome.index.parent


def test_every_chart_is_drawn_and_nothing_is_asked_of_a_network(report, tab):
    tab.open(report / "overview.html")
    assert tab.page.locator("[data-figure]").count() == 3
    assert tab.page.locator("[data-figure] svg.main-svg").count() >= 3
    assert tab.page.locator("[data-figure] .bars path").count() == 2
    assert {url.split(":")[0] for url in tab.asked if "example.com" not in url} == {"file"}


def test_policy_stops_what_a_row_could_carry(report, tab):
    tab.open(report / "overview.html")
    assert tab.page.title() == "Charts · Update report"
    refused = [line for line in tab.said if "Content Security Policy" in line]
    assert len(refused) == 2  # the script and the picture that this test's own HTML holds
    assert len(tab.said) == len(refused), tab.said


def test_index_shows_rows_as_text_and_says_nothing(report, tab):
    tab.open(report / "index.html")
    assert tab.page.title() == "Overview · Update report"
    assert tab.said == []
    assert tab.page.get_by_role("heading", level=1).inner_text() == "What to fix first"
    assert tab.page.locator("main img").count() == 0


def test_links_between_pages_lead_somewhere(report, tab):
    pages = list(report.glob("*.html"))
    assert {page.name for page in pages} == {"index.html", "machines.html", "overview.html"}
    for page in pages:
        tab.open(page)
        links = tab.page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        assert links
        for href in links:
            name, _, anchor = href.partition("#")
            if name.startswith("https://"):
                continue
            assert not name or (report / name).exists(), href
            if anchor and not name:
                assert tab.page.locator(f"[id='{anchor}']").count() == 1, href


def test_tables_sort_by_number(report, tab):
    tab.open(report / "overview.html")
    cells = tab.page.locator(".output > table tbody td")
    tab.page.get_by_role("button", name="n", exact=True).click()
    assert cells.all_inner_texts() == ["9", "10", "100", "—"]
    tab.page.get_by_role("button", name="n", exact=True).click()
    assert cells.all_inner_texts() == ["100", "10", "9", "—"]


def test_page_works_by_keyboard_and_on_a_small_screen(report, tab):
    tab.page.set_viewport_size({"width": 360, "height": 640})
    tab.open(report / "index.html")
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    wide = tab.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360


def test_page_without_its_scripts_says_what_is_missing(report, tab, tmp_path):
    for name in ("overview.html", "report.js"):
        shutil.copy(report / name, tmp_path / name)
    tab.page.goto((tmp_path / "overview.html").as_uri())
    assert "plotly.min.js is missing" in tab.page.locator("[data-figure]").first.inner_text()
