"""Write every generated file (`make fix`), or say which is not fresh (`make check`)."""

from __future__ import annotations

import sys
from pathlib import Path

from support import errors_page, findings_schema, parameter_forms, readme


def forms() -> dict[Path, str]:
    """Return every generated file with what it should hold."""
    return errors_page.forms() | findings_schema.forms() | parameter_forms.forms() | readme.forms()


def main(*, check: bool) -> str:
    """Write what is not fresh; with `check` return what is wrong instead."""
    stale = {path: text for path, text in forms().items() if path.read_text(encoding="utf-8") != text}
    if check:
        return "".join(f"{path.name} is not fresh: run make fix\n" for path in stale)
    for path, text in stale.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return ""


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv) or 0)
