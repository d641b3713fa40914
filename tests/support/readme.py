"""The README's generated tables; `make fix` writes them, tests/test_readme.py holds them fresh."""

from __future__ import annotations

import re
from pathlib import Path

from support import parameter_forms
from umdiag.scenarios import FAMILIES, catalogue

README = Path(__file__).parents[2] / "README.md"


def scenarios_table() -> str:
    rows = ["| scenario | the question | causes it distinguishes |", "|---|---|---|"]
    for family, question in FAMILIES.items():
        rows.append(f"| **{family}** | *{question}* | |")
        for scenario in catalogue():
            if scenario.family == family:
                causes = ", ".join(f"`{cause.key}`" for cause in scenario.causes)
                rows.append(f"| `{scenario.name}` | {scenario.title} | {causes} |")
    return "\n".join(rows)


def with_tables(text: str) -> str:
    for name, table in (("parameters", parameter_forms.table()), ("scenarios", scenarios_table())):
        text = re.sub(
            rf"<!-- {name} -->.*?<!-- /{name} -->",
            lambda _: f"<!-- {name} -->\n{table}\n<!-- /{name} -->",  # noqa: B023 - used at once
            text,
            flags=re.DOTALL,
        )
    return text


def forms() -> dict[Path, str]:
    """Return the README with its generated tables."""
    return {README: with_tables(README.read_text(encoding="utf-8"))}
