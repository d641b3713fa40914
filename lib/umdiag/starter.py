"""What a user begins with: the notebooks, an example of a parameter file and the demo."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from umdiag.errors import CallError, UmdiagError, is_full

EXAMPLE, DEMO = Path("parameters/example.yml"), Path("parameters/demo.yml")


def home() -> Path:
    """Return the folder of `notebooks` and `parameters`: a wheel's is in the package, else the checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "files", package.parents[1]):
        if (folder / "notebooks" / "overview.ipynb").is_file():
            return folder
    raise UmdiagError("the notebooks are not where the package is: install umdiag again")


def notebook_names() -> list[str]:
    """Return the names of the notebooks, which `--only` takes."""
    return sorted(file.stem for file in (home() / "notebooks").glob("*.ipynb"))


def lay_out(folder: Path, *, demo: bool) -> Iterator[tuple[Path, bool]]:
    """Copy everything into `folder` and yield each place, and whether it was written: what is there is kept.

    The demo's rows are kept or written as one: half of an older demo beside half of this one would be a
    workspace that never was. Raises CallError where nothing can be written.
    """
    source = home()
    notebooks = sorted(file.relative_to(source) for file in (source / "notebooks").glob("*.ipynb"))
    for name in (EXAMPLE, *((DEMO, DEMO.with_suffix("")) if demo else ()), *notebooks):
        try:
            yield folder / name, _copy(source / name, folder / name)
        except OSError as error:
            if is_full(error):
                raise
            said = error.strerror or type(error).__name__
            raise CallError(f"{folder / name}: cannot be written ({said}); name another folder") from None


def _elsewhere(content: bytes) -> bytes:
    """Leave out the line that tells editors where the schema lies: it lies there in a checkout alone."""
    first, _, rest = content.partition(b"\n")
    return rest if first.startswith(b"# yaml-language-server:") else content


def _copy(source: Path, target: Path) -> bool:
    """Copy a file, or the files of a folder, under a passing name and move it to its place."""
    if os.path.lexists(target):
        if target.is_dir() is not source.is_dir() and target.exists():
            what = "a folder" if target.is_dir() else "a file"
            raise CallError(f"{target}: {what} has this name; move it, or name another folder")
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        if source.is_dir():
            passing.mkdir()
            for file in filter(Path.is_file, source.iterdir()):
                shutil.copyfile(file, passing / file.name)
        else:
            passing.write_bytes(_elsewhere(source.read_bytes()))
        passing.replace(target)
    finally:
        shutil.rmtree(passing, ignore_errors=True)
        with suppress(OSError):
            passing.unlink()
    return True
