"""Hold equal what is said in several places: bounds, pins, commands, and what a clone and a wheel carry."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
DEV: list[str] = PROJECT["project"]["optional-dependencies"]["dev"]
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
#: conda-forge name → name on PyPI, where the two differ.
CONDA_NAMES = {"playwright-python": "playwright"}
#: What environment.yml leaves to pip.
BY_PIP = {"duckdb", "duckdb-kql"}
#: Import name → distribution that brings it: of a shared namespace, or of what a declared one needs itself.
IMPORTS = {
    "azure.core": "azure-mgmt-core",
    "azure.identity": "azure-identity",
    "azure.kusto": "azure-kusto-data",
    "azure.mgmt": "azure-mgmt-core",
    "nbclient": "nbconvert",
    "nbformat": "nbconvert",
    "jupyter_core": "nbconvert",
    "jupyter_client": "ipykernel",
    "markupsafe": "jinja2",
}


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
def owners() -> dict[str, set[str]]:
    """Map each installed top-level module to the distributions that bring it."""
    found = importlib.metadata.packages_distributions()
    return {module: set(map(canonicalize_name, names)) for module, names in found.items()}


@pytest.mark.parametrize("file", sorted((ROOT / "lib").rglob("*.py")), ids=lambda f: f.name)
def test_imports_are_declared(file: Path) -> None:
    declared = bounds(DEPENDENCIES)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
        else:
            continue
        for module in modules:
            first = module.partition(".")[0]
            if first in sys.stdlib_module_names or first == "umdiag":
                continue
            known = next((d for start, d in IMPORTS.items() if f"{module}.".startswith(f"{start}.")), None)
            names = {canonicalize_name(known)} if known else owners().get(first, set())
            assert names & declared.keys(), (
                f"{file.name} imports {module}, which pyproject.toml does not name"
            )


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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel from a copy, without a network, and list what it holds."""
    source = tmp_path_factory.mktemp("source")
    shutil.copy(ROOT / "pyproject.toml", source)
    shutil.copytree(ROOT / "lib", source / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "notebooks", source / "notebooks")
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(target.glob("umdiag-*-py3-none-any.whl"))) as built:
        return set(built.namelist())


def test_wheel_holds_every_file_of_the_package(wheel: set[str]) -> None:
    package = ROOT / "lib"
    files = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert files <= wheel
    assert "umdiag/queries/tables.json" in wheel
    assert {name for name in files if name.endswith(".kql")} == {
        name for name in wheel if name.endswith(".kql")
    }
    assert "umdiag/py.typed" in wheel


def test_wheel_holds_nothing_else(wheel: set[str]) -> None:
    assert {name.partition("/")[0] for name in wheel} <= {
        "umdiag",
        f"umdiag-{importlib.metadata.version('umdiag')}.dist-info",
    }


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
    return set(re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE))


def test_make_has_the_promised_targets() -> None:
    assert targets() >= {"help", "report", "test", "lab", "check", "fix", "bench", "demo", "clean"}


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_pages_name_only_targets_that_exist(page: Path) -> None:
    if not page.exists():
        pytest.skip(f"{page.name} is not written yet")
    code = re.findall(r"`[^`\n]+`|^(?: {4}|```).*?(?:^```|$)", page.read_text(encoding="utf-8"), re.M | re.S)
    named = {name for text in code for name in re.findall(r"(?<![\w-])make ([a-z]+)\b", text)}
    assert named <= targets()


def test_readme_tells_the_two_commands_with_make_without_and_with_conda() -> None:
    page = ROOT / "README.md"
    if not page.exists():
        pytest.skip("README.md is not written yet")
    text = page.read_text(encoding="utf-8")
    for command in (
        "make report",
        "make test",
        "umdiag report parameters/demo.yml",
        "python -m pytest",
        "pip install -c constraints.txt -e",
        "conda env create -f environment.yml",
    ):
        assert command in text, command


def test_make_and_hooks_strip_notebooks_alike() -> None:
    options = "--keep-id --extra-keys metadata.language_info.version"
    for name in ("Makefile", ".pre-commit-config.yaml"):
        assert f"nbstripout {options}" in (ROOT / name).read_text(encoding="utf-8")
