"""Hold equal what is said in several places: bounds, pins, commands, and what a clone and a wheel carry."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

from umdiag._version import __version__
from umdiag.scenarios import FAMILIES

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
DEV: list[str] = PROJECT["project"]["optional-dependencies"]["dev"]
PYTHONS = ("3.11", "3.12", "3.13")
OURS = {"umdiag", "fleet", "servers", "support", "live", "conftest"}
SYSTEMS = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
#: conda-forge name → name on PyPI, where the two differ.
CONDA_NAMES = {"playwright-python": "playwright", "python-tzdata": "tzdata"}
#: What environment.yml leaves to pip.
BY_PIP = {"duckdb", "duckdb-kql", "evtx"}
#: What tools leave between the files.
PASSING = {"node_modules", "__pycache__", ".ipynb_checkpoints", ".hypothesis", ".pytest_cache"}
#: What somebody who used a checkout leaves in it.
LEFT_BEHIND = (
    "notebooks/.ipynb_checkpoints/quota-checkpoint.ipynb",
    "notebooks/Untitled.ipynb",
    "parameters/mine.yml",
    "parameters/.ipynb_checkpoints/mine-checkpoint.yml",
    "parameters/demo/.ipynb_checkpoints/snapshot-checkpoint.json",
)
#: What a distribution of the sources carries beside folders.
SINGLE_FILES = (
    ".ci/run", ".gitattributes", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "Makefile",
    "README.md", "constraints.txt", "environment.yml", "hatch_build.py", "pyproject.toml", "report.png",
)  # fmt: skip
#: Declared, and imported by no module of the package.
NOT_IMPORTED = {
    "ipykernel": "a report starts it by name, in a process of its own",
    "tzdata": "zoneinfo reads it where the system has no time zones, as on Windows",
    "jupyterlab": "`make lab`: where a user opens the notebooks",
}
#: What a distribution carries beside the package, by its place in the checkout.
CARRIED = [
    *(ROOT / "notebooks" / f"{name}.ipynb" for name in ("overview", *FAMILIES, "machine")),
    *(ROOT / "parameters" / name for name in ("example.yml", "demo.yml")),
    *(ROOT / "parameters" / "demo").iterdir(),
]


def bounds(requirements: list[str]) -> dict[str, str]:
    """Map each requirement's name to its bounds, in one spelling."""
    parsed = map(Requirement, requirements)
    return {canonicalize_name(r.name): str(r.specifier) for r in parsed}


def environment() -> tuple[dict[str, str], list[str]]:
    """Read environment.yml: bounds of what conda installs, and the lines left to pip."""
    listed = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = bounds([line for line in listed if isinstance(line, str)])
    return {CONDA_NAMES.get(name, name): bound for name, bound in conda.items()}, listed[-1]["pip"]


def pins() -> list[Requirement]:
    """Read constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pinned(python: str, system: str) -> dict[str, Version]:
    """Return what constraints.txt pins for one Python on one system."""
    platform, os_name = SYSTEMS[system]
    where = {
        "python_version": python,
        "python_full_version": f"{python}.7",
        "sys_platform": system,
        "platform_system": platform,
        "os_name": os_name,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    holding = [r for r in pins() if r.marker is None or r.marker.evaluate(where)]
    assert len({canonicalize_name(r.name) for r in holding}) == len(holding), "a package is pinned twice"
    return {canonicalize_name(r.name): Version(str(r.specifier).removeprefix("==")) for r in holding}


def test_conda_and_pip_share_names_and_bounds() -> None:
    conda, by_pip = environment()
    python, _ = conda.pop("python"), conda.pop("pip")
    assert (
        Requirement(f"python{python}").specifier
        == Requirement(f"python{PROJECT['project']['requires-python']}").specifier
    )
    assert by_pip[-1] == "-e ."
    assert bounds(by_pip[:-1]).keys() == BY_PIP
    assert conda | bounds(by_pip[:-1]) == bounds(DEPENDENCIES + DEV)


def test_conda_takes_packages_from_conda_forge_only() -> None:
    channels = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))["channels"]
    assert channels == ["conda-forge", "nodefaults"]


@pytest.mark.parametrize("line", DEPENDENCIES + DEV)
def test_dependency_is_bounded_on_both_sides(line: str) -> None:
    operators = {specifier.operator for specifier in Requirement(line).specifier}
    assert operators in ({">=", "<"}, {"=="})


def test_supported_pythons_are_declared() -> None:
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"
    declared = {c.rpartition(" ")[2] for c in PROJECT["project"]["classifiers"] if ":: Python :: 3." in c}
    assert declared == set(PYTHONS)


def test_version_has_one_place() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    text = (ROOT / PROJECT["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    assert version
    assert str(Version(version[1])) == version[1]


def test_constraints_pin_and_name_nothing_else() -> None:
    for requirement in pins():
        assert not requirement.url
        assert not requirement.extras
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_pins_fit_the_bounds(python: str, system: str) -> None:
    chosen = pinned(python, system)
    for line in DEPENDENCIES + DEV:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        assert name in chosen, f"{name} is not in constraints.txt: make lock"
        assert requirement.specifier.contains(chosen[name]), f"{line}, but {chosen[name]}: make lock"


@pytest.mark.skipif((Path(sys.prefix) / "conda-meta").is_dir(), reason="conda chooses versions of its own")
def test_whole_installed_tree_is_pinned() -> None:
    system = sys.platform if sys.platform in SYSTEMS else "linux"
    chosen = pinned(f"{sys.version_info.major}.{sys.version_info.minor}", system)
    waiting, seen = [Requirement(line) for line in DEPENDENCIES + DEV], set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, key := tuple(sorted(requirement.extras))) in seen:
            continue
        seen.add((name, key))
        assert name in chosen, f"{name} is installed but not in constraints.txt: make lock"
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            if not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *key)):
                waiting.append(needed)


@cache
def distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


@cache
def owner(module: str) -> str:
    """Return the distribution that brings a module: of several under one namespace, the one with its file."""
    first, *_ = module.split(".")
    bringing = {canonicalize_name(name) for name in distributions().get(first, ())}
    if len(bringing) == 1:
        return bringing.pop()
    parts = module.split(".")
    places = {"/".join(parts[:length]) for length in range(2, len(parts) + 1)}
    files = {f"{place}{tail}" for place in places for tail in (".py", "/__init__.py")}
    holding = {
        name
        for name in bringing
        if files & {file.as_posix() for file in importlib.metadata.files(name) or ()}
    }
    assert len(holding) == 1, f"{module} is of {holding or 'no installed distribution'}"
    return holding.pop()


def imports(folder: Path) -> dict[str, str]:
    """Map the distributions that the modules of a folder import to a place that does."""
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                first = name.partition(".")[0]
                if first not in sys.stdlib_module_names and first not in OURS:
                    found.setdefault(owner(name), f"{file.relative_to(ROOT)}:{node.lineno}")
    return found


def test_dependencies_are_exactly_what_is_imported() -> None:
    imported, declared = imports(ROOT / "lib"), set(bounds(DEPENDENCIES))
    assert {name: imported[name] for name in imported.keys() - declared} == {}, "imported and not declared"
    assert declared - imported.keys() == NOT_IMPORTED.keys(), "declared and not imported"


def test_tests_import_only_what_is_declared() -> None:
    imported, declared = imports(ROOT / "tests"), bounds(DEPENDENCIES + DEV).keys()
    assert {name: imported[name] for name in imported.keys() - declared} == {}


def test_a_clone_carries_the_whole_package() -> None:
    """Ask git itself: a `.gitignore` made for Python in general has `lib/`, and the package would be gone."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    kept = ("lib", "notebooks", "parameters", "tests", ".ci")
    files = [
        str(file.relative_to(ROOT))
        for top in kept
        for file in (ROOT / top).rglob("*")
        if file.is_file() and not {"node_modules", "__pycache__", ".ipynb_checkpoints"} & set(file.parts)
    ]
    files += ["lib/umdiag/report/new.py", "parameters/demo/New.parquet", "lib/umdiag/queries/logs/new.kql"]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input="\n".join(files),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ignored.returncode == 1, f"ignored: {ignored.stdout}{ignored.stderr}"


@pytest.fixture(scope="module")
def used_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a distribution is built from, and leave beside it what a user leaves there."""
    source = tmp_path_factory.mktemp("source")
    for name in git_files(
        "pyproject.toml", "hatch_build.py", "README.md", ".gitignore", "lib", "notebooks", "parameters"
    ):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    run = '{"cells": [{"cell_type": "code", "outputs": [{"text": "web01"}], "execution_count": 1}]}'
    for name in LEFT_BEHIND:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(run, encoding="utf-8")
    return source


def git_files(*places: str) -> Iterator[str]:
    """Yield the files below these places, without what tools leave there."""
    for place in places:
        path = ROOT / place
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file() and not PASSING & set(file.parts):
                yield file.relative_to(ROOT).as_posix()


def build(source: Path, target: Path, kind: str) -> subprocess.CompletedProcess[str]:
    """Build without a network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    return subprocess.run(command, cwd=source, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def wheel(used_checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Build the wheel and read what it holds."""
    target = tmp_path_factory.mktemp("wheel")
    done = build(used_checkout, target, "wheel")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(target / f"umdiag-{__version__}-py3-none-any.whl") as built:
        return {name: built.read(name) for name in built.namelist()}


def test_wheel_holds_the_package_and_what_init_writes_and_nothing_else(wheel: dict[str, bytes]) -> None:
    """Nothing else: no checkpoint, no scratch notebook, nobody's parameters, no maker of fleets."""
    package = {name.removeprefix("lib/") for name in git_files("lib")}
    carried = {f"umdiag/files/{file.relative_to(ROOT).as_posix()}" for file in CARRIED}
    about = f"umdiag-{__version__}.dist-info/"
    assert {name for name in wheel if not name.startswith(about)} == package | carried
    assert {
        "umdiag/py.typed",
        "umdiag/queries/tables.json",
        "umdiag/files/parameters/demo/Update.parquet",
    } <= set(wheel)


def test_no_module_of_the_fleet_maker_is_in_the_wheel(wheel: dict[str, bytes]) -> None:
    maker = {file.read_bytes() for file in (ROOT / "tests/fleet").rglob("*.py")}
    assert len(maker) > 40
    assert [name for name, content in wheel.items() if content in maker or "fleet" in name.split("/")] == []


def test_metadata_carries_the_readme(wheel: dict[str, bytes]) -> None:
    metadata = wheel[f"umdiag-{__version__}.dist-info/METADATA"].decode()
    assert (ROOT / "README.md").read_text(encoding="utf-8").strip() in metadata
    assert f"\nVersion: {__version__}\n" in metadata


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_notebook_with_outputs_is_not_packed(used_checkout: Path, tmp_path: Path, kind: str) -> None:
    notebook = used_checkout / "notebooks" / "quota.ipynb"
    stripped = notebook.read_bytes()
    shutil.copy(used_checkout / "notebooks" / "Untitled.ipynb", notebook)
    try:
        done = build(used_checkout, tmp_path, kind)
    finally:
        notebook.write_bytes(stripped)
    assert done.returncode != 0
    assert "notebooks/quota.ipynb holds outputs" in done.stdout + done.stderr
    assert "make fix" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_sdist_holds_what_its_tests_need_and_nothing_else(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path, "sdist")
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / f"umdiag-{__version__}.tar.gz") as built:
        held = {name.partition("/")[2] for name in built.getnames()}
    wanted = set(git_files("lib", "tests", *SINGLE_FILES)) | {
        file.relative_to(ROOT).as_posix() for file in CARRIED
    }
    assert wanted - held == set()
    assert held - wanted == {"PKG-INFO"}


def test_analyser_is_pinned() -> None:
    package = json.loads((ROOT / "tests/analyser/package.json").read_text(encoding="utf-8"))
    lock = (ROOT / "tests/analyser/package-lock.json").read_text(encoding="utf-8")
    for name, version in package["dependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert json.loads(lock)["packages"][f"node_modules/{name}"]["version"] == version
    assert "://" not in lock


def targets() -> set[str]:
    """List the targets that `make help` shows."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))


def test_make_has_the_promised_targets() -> None:
    wanted = {
        "help",
        "report",
        "test",
        "lab",
        "check",
        "fix",
        "new-scenario",
        "bench",
        "demo",
        "every-fault",
        "clean",
    }
    assert targets() >= wanted


def would_run(*words: str) -> str:
    """Return the commands that make would run."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    command = ["make", "--dry-run", "--no-print-directory", *words]
    given = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MA", "MFLAGS", "ARGS", "NONE"))
    }
    return subprocess.run(
        command, cwd=ROOT, env=given, capture_output=True, encoding="utf-8", check=True
    ).stdout


def test_the_fleet_with_every_fault_is_made_beside_the_reports_and_can_be_reported_on() -> None:
    run = would_run("every-fault")
    made = re.search(r"-m fleet (\S+) --services both", run)
    assert made
    assert f"umdiag report {made.group(1)}.yml " in run
    assert made.group(1).startswith("reports/")


def test_check_is_format_lint_types_notebooks_generated_files_then_the_tests() -> None:
    run = would_run("check")
    steps = (
        "ruff format --check",
        "ruff check",
        "bin/mypy",
        "nbstripout",
        "--verify",
        "--check",
        "pytest -n",
    )
    places = [run.rindex(step) if step == "--check" else run.index(step) for step in steps]
    assert places == sorted(places)
    assert "-m support.generated --check" in run


def test_slow_tests_are_left_out_unless_they_are_asked_for() -> None:
    last = would_run("test").splitlines()[-1]
    assert re.findall(r"-m (\"[^\"]+\"|\w+)", last.partition("pytest")[2]) == ['"not slow"']
    asked = would_run("test", "ARGS=-m slow").splitlines()[-1]
    assert re.findall(r"-m (\"[^\"]+\"|\w+)", asked.partition("pytest")[2])[-1] == "slow"


def test_ci_runs_what_people_run() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make check", "make test ARGS='-m slow' NONE=fine"]


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_pages_name_only_targets_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    code = re.findall(r"`[^`\n]+`|^(?: {4}|```).*?(?:^```|$)", text, re.MULTILINE | re.DOTALL)
    named = {name for text in code for name in re.findall(r"(?<![\w-])make ([a-z-]+)\b", text)}
    assert named
    assert named <= targets()


def test_readme_tells_the_two_commands_with_make_without_and_with_conda() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in (
        "make report",
        "make test",
        "umdiag report parameters/demo.yml",
        "umdiag init --demo",
        "python -m pytest",
        "pip install -c constraints.txt -e",
        "conda env create -f environment.yml",
    ):
        assert command in text, command


def test_changelog_tells_of_this_version() -> None:
    versions = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.M,
    )
    assert versions[0] == __version__
    assert versions == sorted(versions, key=Version, reverse=True)


def test_licence_is_the_owners_to_choose() -> None:
    """Until there is one, neither metadata nor the README may say that there is."""
    assert {"license", "license-files"} & PROJECT["project"].keys() == set()
    assert not any(c.startswith("License ::") for c in PROJECT["project"]["classifiers"])
    assert "## Licence\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert not list(ROOT.glob("LICEN[CS]E*"))


def test_make_and_hooks_strip_notebooks_alike() -> None:
    options = "--keep-id --extra-keys metadata.language_info.version"
    for name in ("Makefile", ".pre-commit-config.yaml"):
        assert f"nbstripout {options}" in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.xdist_group("kept together")
def test_tests_of_one_group_are_kept_in_one_process(request: pytest.FixtureRequest) -> None:
    """Else each fixture that a group shares is made in every process, and nothing says so."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("needs pytest -n … --dist loadgroup")
    assert request.node.nodeid.endswith("@kept together")


def test_links_to_an_environment_are_ignored_too() -> None:
    """A pattern that ends with a slash means folders alone: a worktree's link would be committed."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/.venv", "/tests/analyser/node_modules"} <= {*lines}
