# Everything here works from a fresh checkout with Python 3.11 to 3.13 and make; nothing need be run first.
# PYTHON=… chooses the interpreter, WORKERS=… the test processes, ARGS=… goes to the command that runs.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# Reports and tests start hundreds of Pythons: each would compile the kit again.
unexport PYTHONDONTWRITEBYTECODE

# The first interpreter of a fitting version; asked for only when the environment is made.
PYTHON  ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && exit; \
	done; echo python3)
VENV    := .venv
BIN     := $(VENV)/bin
WORKERS ?= auto
ARGS    ?=
# Which tests; ARGS='-m …' comes after it and wins. NONE=fine: that no test is marked so is not a failure.
MARK    ?= not slow
NONE    ?=

RUN       := $(VENV)/.installed
DEV       := $(VENV)/.installed-dev
ANALYSER  := tests/analyser/node_modules/.package-lock.json
PIP       := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq -c constraints.txt
NBSTRIP   := $(BIN)/nbstripout --keep-id --extra-keys metadata.language_info.version
NOTEBOOKS  = $(wildcard notebooks/*.ipynb)

.PHONY: help report lab docs test check fix new-scenario bench demo every-fault lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

report: $(RUN) ## environment, then the report on the demo workspace; prints the path of index.html
	@$(BIN)/umdiag report parameters/demo.yml --fail-on never $(ARGS)

lab: $(RUN) ## environment, then JupyterLab on copies of the notebooks; ARGS='parameters/own.yml --no-browser'
	@$(BIN)/umdiag lab $(ARGS)

docs: $(DEV) ## environment, then builds and tests the documentation; prints the path of its first page
	@$(BIN)/python -m pytest -q -n 0 tests/test_docs.py tests/test_readme.py >&2
	@$(BIN)/umdiag docs --print -o build/docs

test: $(DEV) $(ANALYSER) ## environment, then every test that is not marked slow; ARGS='-m slow': those
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "$(MARK)" $(ARGS) || test $$? -eq 5 -a -n "$(NONE)"

check: $(DEV) ## format, lint, types, stripped notebooks, fresh generated files, then make test
	@$(BIN)/ruff format --check --quiet . || { echo "format: run make fix"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(NBSTRIP) --verify $(NOTEBOOKS) || { echo "notebooks hold outputs: run make fix"; exit 1; }
	@PYTHONPATH=tests $(BIN)/python -m support.generated --check
	@$(MAKE) --no-print-directory test

fix: $(DEV) ## fix what can be fixed: format, lint, notebook outputs, generated files
	@$(BIN)/ruff check --fix --quiet --exit-zero .
	@$(BIN)/ruff format --quiet .
	@$(NBSTRIP) $(NOTEBOOKS)
	@PYTHONPATH=tests $(BIN)/python -m support.generated

new-scenario: $(DEV) ## skeletons of a scenario: NAME=… FAMILY=…, if wanted TITLE='…?' CAUSE=…, FRAME=… or QUERY=…
	@PYTHONPATH=tests $(BIN)/python -m support.new_scenario $(foreach key,TITLE CAUSE FRAME QUERY,$(if $($(key)),\
		--$(shell echo $(key) | tr A-Z a-z)='$($(key))')) '$(NAME)' '$(FAMILY)'

bench: $(DEV) ## the benchmarks of tests/benchmarks (minutes)
	@$(BIN)/python -m pytest tests/benchmarks -o addopts="--import-mode=importlib -ra" $(ARGS)

demo: $(RUN) ## make parameters/demo, the demo snapshot, again, and its parameter file
	@PYTHONPATH=tests $(BIN)/python -m fleet parameters/demo --demo

every-fault: $(RUN) ## a fleet in which everything goes wrong, to see every page; prints how to report on it
	@PYTHONPATH=tests $(BIN)/python -m fleet reports/every-fault-rows --services both $(ARGS) >/dev/null
	@echo "$(BIN)/umdiag report reports/every-fault-rows.yml -o reports/every-fault --fail-on never"

lock: $(DEV) ## choose the newest fitting versions for constraints.txt, for every Python and system
	@$(PIP) uv
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --extra dev --no-annotate \
		--custom-compile-command "make lock" pyproject.toml -o constraints.txt

clean: ## remove the environment and every cache; reports stay
	@rm -rf $(VENV) tests/analyser/node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	@find lib tests notebooks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# Two environments in one: what a report needs, and on top of it what tests need.
$(RUN): pyproject.toml constraints.txt
	@$(BIN)/python -c '' 2>/dev/null || { \
		$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
			echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13: install one, or name one (make PYTHON=/path/to/python3.12 …)" >&2; exit 1; }; \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$(PYTHON) cannot make environments: install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
		echo "making $(VENV) (about a minute, once) …"; \
		$(PYTHON) -m venv --clear $(VENV); }
	@$(PIP) -e .
	@touch $@

$(DEV): $(RUN)
	@$(PIP) -e '.[dev]'
	@touch $@

# Microsoft's KQL analyser. Without Node, or when it cannot be fetched, its test says so (and fails in CI).
$(ANALYSER): tests/analyser/package.json tests/analyser/package-lock.json
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
		npm ci --prefix tests/analyser --silent --no-audit --no-fund && touch $@ || \
			echo "npm ci in tests/analyser failed: the KQL analyser will not run" >&2; fi
