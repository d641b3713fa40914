"""The documentation tells the truth: links resolve, commands are commands, parameters are read."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import typer
from markdown_it import MarkdownIt
from markdown_it.token import Token

from support import docs_pages, generated
from support.browser import AXE, Tab, violations
from umdiag import parameters, starter
from umdiag.__main__ import app, execute
from umdiag.docs import building, pages
from umdiag.errors import CallError
from umdiag.words.arguments import spread_only

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXTS = {**pages.texts(), "README": README}
#: Written by hand: they have commands and examples.
BY_HAND = [page for page in TEXTS if "/" not in page and page not in ("scenarios", "parameters")]
#: What may stand in a block of commands beside our own.
OTHERS = {"make", "az login", "papermill", "pip install", "conda env", "conda activate"}


def tokens(page: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(TEXTS[page])


def blocks(page: str, *kinds: str) -> Iterator[str]:
    """Yield the blocks of code of these kinds, "" for one that is only indented."""
    for token in tokens(page):
        if token.type in ("fence", "code_block") and token.info.strip() in kinds:
            yield token.content


def commands(page: str) -> list[str]:
    lines = "\n".join(blocks(page, "console", "")).splitlines()
    return [line.partition("  #")[0].strip() for line in lines if line.strip()]


def test_generated_pages_are_fresh() -> None:
    assert generated.main(check=True) == ""


def test_navigation_leads_to_every_page() -> None:
    assert set(pages.IN_ORDER) == {page for page in pages.texts() if "/" not in page}
    folders = {page.partition("/")[0] for page in pages.texts() if "/" in page}
    assert folders == set(docs_pages.FOLDERS)


# -- commands and examples -----------------------------------------------------------------------


@pytest.mark.parametrize("page", BY_HAND)
def test_every_block_says_what_it_is(page: str) -> None:
    kinds = {token.info for token in tokens(page) if token.type == "fence"}
    assert kinds <= {"console", "yaml", "json", "python", "text"}
    assert page == "README" or not any(token.type == "code_block" for token in tokens(page))


@pytest.mark.parametrize("page", [page for page in BY_HAND if commands(page)])
def test_every_command_is_one(page: str) -> None:
    """Each line is parsed by the command line itself: commands, options, values and their number."""
    for line in commands(page):
        words = shlex.split(line.replace(".venv\\Scripts\\", "").replace("\\", "/"))
        if words[0] == "umdiag":
            root = typer.main.get_command(app)
            options = {option for parameter in root.params for option in parameter.opts}
            if words[1].startswith("--"):  # acts while it is parsed: completion would be installed
                assert words[1:] == [words[1]]
                assert words[1] in options
                continue
            context = root.make_context("umdiag", spread_only(words[1:]), resilient_parsing=False)
            rest = [*context._protected_args, *context.args]
            if rest:
                name, command, arguments = root.resolve_command(context, rest)  # type: ignore[attr-defined]
                command.make_context(name, arguments, parent=context)
        else:
            known = {word for word in OTHERS if line.startswith(word)}
            assert known or words[:2] == ["python", "-m"] or words[:2] == ["py", "-3.12"], line


@pytest.mark.parametrize("page", BY_HAND)
def test_every_example_of_parameters_is_read(page: str, tmp_path: Path) -> None:
    for place in ("path/to/the/folder", "reports/mine", "parameters"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / "parameters" / "accepted.yml").write_text("", encoding="utf-8")
    for number, example in enumerate(blocks(page, "yaml")):
        file = tmp_path / f"example-{number}.yml"
        file.write_text(example, encoding="utf-8")
        assert parameters.read(file).source in example


def test_examples_and_commands_are_found() -> None:
    assert sum(len(list(blocks(page, "yaml"))) for page in BY_HAND) >= 6
    assert sum(line.startswith("umdiag") for page in BY_HAND for line in commands(page)) >= 20


@pytest.mark.parametrize("page", TEXTS)
def test_named_files_exist(page: str) -> None:
    named = set(re.findall(r"`((?:lib|notebooks|parameters|tests)/[\w./-]*)`", TEXTS[page]))
    made = {"parameters/mine.yml", "parameters/accepted.yml"}
    assert {name for name in named - made if not (ROOT / name).exists()} == set()


# -- the pages as HTML ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    building.build(folder)
    return folder


def test_links_lead_somewhere(built: Path) -> None:
    html = {
        file.relative_to(built).as_posix(): file.read_text(encoding="utf-8") for file in built.rglob("*.html")
    }
    assert html.keys() == {f"{page}.html" for page in pages.texts()}
    checked = 0
    for name, text in html.items():
        ids = re.findall(r' id="([^"]*)"', text)
        assert len(ids) == len(set(ids)), f"{name}: an anchor twice"
        for href in re.findall(r'href="([^"]*)"', text):
            if re.match("https?://", href):
                continue
            target, _, anchor = href.partition("#")
            parts: list[str] = []
            for part in (PurePosixPath(name).parent / target).parts if target else (name,):
                parts = parts[:-1] if part == ".." else [*parts, part]
            there = "/".join(parts)
            assert there in html, f"{name}: {href}"
            assert not anchor or f' id="{anchor}"' in html[there], f"{name}: {href}"
            checked += 1
    assert checked > 1000


def test_page_loads_nothing_and_shows_html_as_text() -> None:
    hostile = "# <b>x</b>\n\n<script>alert(1)</script> [a](javascript:alert(1)) `<img>` <https://a.b/?q=<i>>"
    page = building.html("scenarios/cap_ahead", hostile)
    for tag in ("<script", "<img", "<b>", "<i>", 'href="javascript'):
        assert tag not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert 'href="../index.html"' in page
    assert not re.search(r"<(?:link|img|script|iframe)|url\(", page)


def test_headings_are_in_order(built: Path) -> None:
    for file in built.rglob("*.html"):
        levels = list(map(int, re.findall(r"<h(\d)", file.read_text(encoding="utf-8"))))
        assert levels[0] == 1, file
        assert levels.count(1) == 1, file
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), file


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("scheduling", "scheduling"),
        ("Own-Workspace", "own_workspace"),
        ("machine_disconnected", "scenarios/machine_disconnected"),
        ("scenarios/cap_ahead.md", "scenarios/cap_ahead"),
        ("update_manager", "update_manager"),
        ("errors/update_manager", "errors/update_manager"),
    ],
)
def test_page_is_found_by_its_name(name: str, page: str) -> None:
    assert pages.find(name) == page


def test_page_that_is_not_there_names_what_is_near() -> None:
    with pytest.raises(CallError, match="did you mean scheduling"):
        pages.find("schedulling")
    with pytest.raises(CallError, match="there are index, first_report"):
        pages.find("zzzz")


def test_command_builds_and_prints_the_path_of_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("umdiag.commands.docs._has_browser", lambda: True)
    assert execute(["docs", "cap_ahead", "--print", "-o", str(tmp_path / "pages")]) == 0
    place = tmp_path / "pages" / "scenarios" / "cap_ahead.html"
    assert (capsys.readouterr().out, opened) == (f"{place}\n", [])
    assert place.is_file()
    assert execute(["docs", "-o", str(tmp_path / "pages")]) == 0
    assert opened == [(tmp_path / "pages" / "index.html").as_uri()]


def test_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert execute(["docs", "--print", "-o", str(tmp_path / "file" / "docs")]) == 2
    assert "name another folder with -o" in capsys.readouterr().err


def test_families_that_complete_are_those_that_report_takes() -> None:
    from umdiag.report.notebooks import find_notebooks

    assert starter.notebook_names() == sorted(find_notebooks())


# -- in a browser --------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.xdist_group("three ways")
@pytest.mark.skipif(not AXE.exists(), reason="needs Node's package axe-core")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_pages_keep_nobody_out_and_fit_a_phone(built: Path, browser: Any, scheme: str, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True
    )
    tab = Tab(context.new_page())
    try:
        for page in ("index", "scheduling", "parameters", "scenarios/cap_ahead", "errors/linux"):
            tab.open(built / f"{page}.html")
            assert violations(tab) == [], page
            assert tab.page.evaluate("document.documentElement.scrollWidth") <= width, page
            assert {url.partition("#")[0] for url in tab.asked} == {(built / f"{page}.html").as_uri()}
            tab.asked.clear()
        assert tab.said == []
    finally:
        context.close()
