"""Write every generated file (`make fix`), or say which is not fresh (`make check`)."""

from __future__ import annotations

import sys
from pathlib import Path

from support import docs_pages, findings_schema, parameter_forms


def forms() -> dict[Path, str]:
    """Return every generated file with what it should hold."""
    return docs_pages.forms() | findings_schema.forms() | parameter_forms.forms()


def main(*, check: bool) -> str:
    """Write what is not fresh; with `check` return what is wrong instead."""
    stale = {path: text for path, text in forms().items() if _read(path) != text}
    gone = docs_pages.left_over()
    if check:
        return "".join(f"{path.name} is not fresh: run make fix\n" for path in (*stale, *gone))
    for path, text in stale.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    for path in gone:
        path.unlink()
    return ""


def _read(path: Path) -> str:
    """Return what a file holds, nothing for one that is not there yet."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv) or 0)
