"""Write the README's generated tables; `make fix` runs it, and `make check` with --check."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from umdiag.parameters import KEYS
from umdiag.scenarios import FAMILIES, catalogue

README = Path(__file__).parents[2] / "README.md"


def parameters_table() -> str:
    rows = ["| key | type, default | meaning |", "|---|---|---|"]
    for key in KEYS:
        default = f", `{key.default}`" if key.default not in ("", [], {}) else ""
        rows.append(f"| `{key.name}` | {key.type.replace('|', 'or')}{default} | {key.help} |")
    return "\n".join(rows)


def scenarios_table() -> str:
    rows = ["| scenario | the question | causes it tells apart |", "|---|---|---|"]
    for family, question in FAMILIES.items():
        rows.append(f"| **{family}** | *{question}* | |")
        for scenario in catalogue():
            if scenario.family == family:
                causes = ", ".join(f"`{cause.key}`" for cause in scenario.causes)
                rows.append(f"| `{scenario.name}` | {scenario.title} | {causes} |")
    return "\n".join(rows)


def with_tables(text: str) -> str:
    for name, table in (("parameters", parameters_table()), ("scenarios", scenarios_table())):
        text = re.sub(
            rf"<!-- {name} -->.*?<!-- /{name} -->",
            lambda _: f"<!-- {name} -->\n{table}\n<!-- /{name} -->",  # noqa: B023 - used at once
            text,
            flags=re.DOTALL,
        )
    return text


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    if "--check" not in sys.argv:
        README.write_text(with_tables(text), encoding="utf-8")
    elif text != with_tables(text):
        sys.exit("README.md: a generated table is not fresh: run make fix")
