"""One declaration of a parameter is all there is: every other form of it is written from there, and fresh."""

from __future__ import annotations

import ast
import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import papermill
import pytest
import yaml

from support import parameter_forms as forms
from support import snapshot_rows as rows
from umdiag.errors import ParameterError
from umdiag.kit import Kit
from umdiag.parameters import Parameters, as_values, from_values, kinds
from umdiag.parameters.declaring import declared

KEYS = forms.keys()
ids = [key.name for key in KEYS]


class More(Parameters):
    """The parameters, and one more: this declaration is all that it takes."""

    grace: kinds.Duration = declared("2h", "How late a run may begin. Later is missed", "4h")


@pytest.mark.parametrize("path", forms.forms(), ids=lambda path: path.name)
def test_generated_file_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == forms.forms()[path], "run make fix"


def test_stale_cell_is_written_anew() -> None:
    stale = [{"metadata": {"tags": ["parameters"]}, "source": ["a = 1"]}, {"metadata": {}, "source": "b"}]
    cells = json.loads(forms.with_cell(json.dumps({"cells": stale})))["cells"]
    assert ["".join(cell["source"]) for cell in cells] == [forms.cell(), "b"]


# -- a new parameter touches one place ---------------------------------------------------------------------


def test_new_parameter_stands_in_every_generated_form() -> None:
    assert "| `grace` | duration, `2h` | How late a run may begin. Later is missed |" in forms.table(More)
    assert "# How late a run may begin. Later is missed (duration; default 2h)\n#grace: 4h" in forms.example(
        More
    )
    assert 'grace: str = "2h"  # How late a run may begin. Later is missed' in forms.cell(More).splitlines()
    told = json.loads(forms.schema(More))["properties"]["grace"]
    assert told["description"] == "How late a run may begin. Later is missed"
    assert (told["default"], told["examples"]) == ("2h", ["4h"])


def test_new_parameter_is_checked_written_and_handed_to_judges(tmp_path: Path) -> None:
    rows.write_snapshot(tmp_path, {})
    with pytest.raises(ParameterError, match=r"^grace: soon is not a duration, expected a duration like"):
        from_values({"snapshot": str(tmp_path), "grace": "soon"}, folder=None, model=More)
    parameters = from_values({"snapshot": str(tmp_path), "grace": "1d12h"}, folder=None, model=More)
    assert as_values(parameters)["grace"] == "1d12h"

    def judge(*, grace: timedelta) -> timedelta:
        return grace

    assert Kit(parameters).call(judge) == timedelta(hours=36)


# -- what people and papermill read ------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=ids)
def test_help_fits_a_comment_that_papermill_reads(key: forms.Key) -> None:
    assert not set(key.help) & set("=;#\n")
    assert key.example
    line = next(line for line in forms.cell().splitlines() if line.startswith(f"{key.name}:"))
    assert len(line) <= forms.WIDTH
    assert all(choice in line for choice in key.choices)


def test_papermill_reads_type_default_and_help_without_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        told = papermill.inspect_notebook(str(forms.NOTEBOOKS[0]))
    assert caplog.records == []
    assert list(told) == ids
    for key in KEYS:
        assert ast.literal_eval(told[key.name]["default"]) == key.start
        assert told[key.name]["inferred_type_name"] == key.python
        assert told[key.name]["help"].startswith(key.help.split(". ")[0])


def test_cell_of_every_notebook_is_nothing_but_assignments() -> None:
    for path in forms.NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        source = next(c.source for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
        assert all(isinstance(node, ast.AnnAssign) for node in ast.parse(source).body)


def test_example_has_every_key_of_a_file() -> None:
    keys = re.findall(r"^#?(\w+):", forms.example(), re.MULTILINE)
    assert keys == [key.name for key in KEYS if key.in_files]


# -- the schema --------------------------------------------------------------------------------------------


def uncommented(text: str) -> Any:
    return yaml.safe_load(re.sub(r"^#(?=\w|  \S)", "", text, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    held = json.loads(forms.SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(held)
    return jsonschema.Draft202012Validator(held)


def test_schema_takes_the_files_of_the_checkout(schema: jsonschema.Draft202012Validator) -> None:
    schema.validate(yaml.safe_load((forms.ROOT / "parameters" / "demo.yml").read_text(encoding="utf-8")))
    schema.validate(yaml.safe_load(forms.example()))
    schema.validate(uncommented(forms.example()))
    schema.validate({key.name: None for key in KEYS if key.in_files})


@pytest.mark.parametrize(
    "wrong",
    [
        {"lookbak": "7d"},
        {"source": "azur"},
        {"computers": ["web01", 83]},
        {"computers": "web01"},
        {"endpoints": {"kustos": "https://x"}},
        {"job_limit": 0},
        {"parameters_file": "parameters/demo.yml"},
    ],
    ids=str,
)
def test_schema_marks_what_the_kit_refuses(
    schema: jsonschema.Draft202012Validator, wrong: dict[str, Any]
) -> None:
    assert not schema.is_valid(wrong)


def test_example_names_its_schema_by_a_path_of_the_checkout() -> None:
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", forms.EXAMPLE.read_text(encoding="utf-8"))
    assert named
    assert (forms.EXAMPLE.parent / named[1]).resolve() == forms.SCHEMA


def test_fix_takes_out_what_jupyterlab_saves_of_its_kernel() -> None:
    notebook = forms.NOTEBOOKS[0].read_text(encoding="utf-8")
    saved = json.loads(notebook)
    saved["metadata"]["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    saved["metadata"]["language_info"] |= {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "version": "3.11.7",
    }
    saved["metadata"]["widgets"] = {}
    assert forms.with_cell(json.dumps(saved)) == notebook
