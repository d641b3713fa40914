"""Write the skeletons of a scenario: `make new-scenario NAME=restart_pending FAMILY=assessment`.

They judge nothing yet and pass format, lint and types. What is left to be filled bears a mark;
tests/test_unfilled.py fails for each file that holds one, and names the lines.
"""

from __future__ import annotations

import argparse
import json
import keyword
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from string import Template

from support.unfilled import MARK, unfilled
from umdiag.judging.needs import frame_functions, queries_behind
from umdiag.queries import kql
from umdiag.scenarios import FAMILIES, catalogue

ROOT = Path(__file__).parents[2]
SKELETONS = Path(__file__).parent / "skeletons"
NEWS = "## [Unreleased]\n\n### Added\n\n"


_PATH = os.pathsep.join(str(ROOT / folder) for folder in ("lib", "tests"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write everything, or stop with one line and write nothing."""
    given = read(arguments)
    files = skeletons(given)
    if there := [name for name in files if (ROOT / name).exists()]:
        sys.exit(f"{', '.join(there)}: is there already")
    notebook = f"notebooks/{given.family}.ipynb"
    files[notebook] = with_cells((ROOT / notebook).read_text(encoding="utf-8"), given.name, given.title)
    files["CHANGELOG.md"] = with_line((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), given)
    for name, text in files.items():
        (ROOT / name).write_text(text, encoding="utf-8", newline="\n")
    # In a process of its own: the catalogue of this one does not know the new module.
    generate = [sys.executable, "-m", "support.generated"]
    subprocess.run(generate, env={**os.environ, "PYTHONPATH": _PATH}, check=True)
    left = [line for name, lines in unfilled(ROOT).items() if name in files for line in lines]
    sys.stdout.write("\n".join(["Left to be filled:", *(f"  {line}" for line in left), ""]))


def read(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the call; what is wrong in it is one line."""
    parser = argparse.ArgumentParser(prog="make new-scenario", usage="make new-scenario NAME=… FAMILY=…")
    parser.add_argument("name")
    parser.add_argument("family")
    parser.add_argument("--title", default=f"{MARK}: which machines …?")
    parser.add_argument("--cause", default="")
    parser.add_argument("--frame", default="")
    parser.add_argument("--query", default="")
    given = parser.parse_args(arguments)
    given.cause = given.cause or given.name
    for key in ("name", "cause", "frame", "query"):
        word = getattr(given, key)
        if (word or key == "name") and (
            not re.fullmatch(r"[a-z][a-z0-9_]+", word) or keyword.iskeyword(word)
        ):
            parser.error(f"{key.upper()}={word}: small letters, digits and underscores make a name")
    if given.family not in FAMILIES:
        parser.error(f"FAMILY={given.family}: there are {', '.join(FAMILIES)}")
    if given.name in {scenario.name for scenario in catalogue()}:
        parser.error(f"NAME={given.name}: there is a scenario of that name")
    if taken := {given.frame, given.query} & {*frame_functions(), *kql.queries()}:
        parser.error(f"{taken.pop()}: there is a query or frame of that name, ask for it in judge()")
    if given.frame and given.query:
        parser.error("FRAME and QUERY: start with one of them")
    if not re.fullmatch(r"[^\"\n\\]+\?", given.title):
        parser.error("TITLE: the question that the scenario answers, ending with a question mark")
    return given


def skeletons(given: argparse.Namespace) -> dict[str, str]:
    """Return the new files, by their place."""
    values = {
        **vars(given),
        "today": date.today().isoformat(),  # noqa: DTZ011 - the day on which its author reads the source
        "constant": given.cause.upper(),
        "facts": ", ".join(f'"{fact}"' for fact in facts_behind(given)),
        "data": ", ".join(f"{name}: pd.DataFrame" for name in (given.frame, given.query, "machines") if name),
        "chosen": chosen(given),
    }
    places = {f"lib/umdiag/scenarios/{given.family}/{given.name}.py": "scenario.py.txt"}
    if given.frame:
        places[f"lib/umdiag/frames/{given.frame}.py"] = "frame.py.txt"
    if given.query:
        places[f"lib/umdiag/queries/logs/{given.query}.kql"] = "query.kql.txt"
    places[f"tests/cases/{given.name}.yml"] = "cases.yml.txt"
    places[f"tests/fleet/faults/{given.name}.py"] = "fault.py.txt"
    read = {place: (SKELETONS / skeleton).read_text(encoding="utf-8") for place, skeleton in places.items()}
    filled = {place: Template(text).substitute(values) for place, text in read.items()}
    return {place: formatted(text) if place.endswith(".py") else text for place, text in filled.items()}


def chosen(given: argparse.Namespace) -> str:
    """Return whom the unfilled judge reports: nobody, and by what it asks for."""
    if given.frame:
        return f'{given.frame}[{given.frame}["concerned"]]'
    if given.query:
        return f'machines[machines["source_computer_id"].isin({given.query}["source_computer_id"])]'
    return 'machines[machines["state"].isin(())]'


def facts_behind(given: argparse.Namespace) -> list[str]:
    """Return the facts behind the judge; the new frame rests on `machines` alone."""
    return sorted({*queries_behind("machines"), given.query} - {""})


def formatted(code: str) -> str:
    """Return the code as `make check` wants it, however long the names are."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(ROOT / "lib/new.py"), "-"]
    return subprocess.run(command, input=code, capture_output=True, encoding="utf-8", check=True).stdout


def with_cells(notebook: str, name: str, title: str) -> str:
    """Put heading and diagnosis after the family's last scenario, written as Jupyter writes them."""
    content = json.loads(notebook)
    cells = content["cells"]
    last = max(n for n, cell in enumerate(cells) if "kit.diagnosis(" in "".join(cell["source"]))
    id_ = name.replace("_", "-")
    cells[last + 1 : last + 1] = [
        {"cell_type": "markdown", "id": f"about-{id_}", "metadata": {}, "source": [f"## {title}"]},
        {
            "cell_type": "code",
            "execution_count": None,
            "id": id_,
            "metadata": {},
            "outputs": [],
            "source": [f'show.diagnosis(kit.diagnosis("{name}"))'],
        },
    ]
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def with_line(changelog: str, given: argparse.Namespace) -> str:
    """Add the line under what is not released yet."""
    if NEWS not in changelog:
        changelog = re.sub(r"^## ", lambda _: f"{NEWS}\n## ", changelog, count=1, flags=re.MULTILINE)
    return changelog.replace(NEWS, f"{NEWS}- New scenario `{given.name}`: {given.title}\n", 1)


if __name__ == "__main__":
    main()
