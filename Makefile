# The commands of the project. Everything works from a fresh clone with Python 3.11 or newer and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test check format bench cases corpus docs clean

help:
	@echo "make setup   only set up .venv, with everything in it"
	@echo "make demo    play a month against a real ERP (sets up everything it needs)"
	@echo "make test    set up and run all tests"
	@echo "make check   format, lint, types, import contracts, tidy rules"
	@echo "make bench   measure the engine beside a hand-written script"
	@echo "make cases   run the worked cases of pricing and revenue (CASES=DIR for another folder)"
	@echo "make corpus  lint seeded mistakes and good documents, and count what is caught"
	@echo "make docs    write the generated reference pages anew"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Tieout needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m compileall -q engine connectors demo cli.py
	@touch $(STAMP)

setup: $(STAMP)
	@echo "ready: . $(BIN)/activate puts tieout on the path"

demo: $(STAMP)
	@$(BIN)/tieout demo $(DEMO)

# Neovim is no Python package: without it, what is left out is said. CI has it.
EDITOR_TESTS := $(if $(shell command -v nvim),,-m "not editor")

test: $(STAMP)
	@[ -z '$(EDITOR_TESTS)' ] || echo "left out: tests in a real editor; they need Neovim (apt-get install neovim)"
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup $(EDITOR_TESTS) $(TESTS)

check: $(STAMP)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/tieout fmt --check >/dev/null || $(BIN)/tieout fmt --check
	@$(BIN)/lint-imports --verbose 2>/dev/null >/dev/null || $(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/tidy

format: $(STAMP)
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/tieout fmt >/dev/null

bench: $(STAMP)
	@$(BIN)/python -m benchmarks.run $(BENCH)

CASES ?= ../shared/cases

cases: $(STAMP)
	@PYTHONPATH=tests/support $(BIN)/python -m cases $(CASES)

corpus: $(STAMP)
	@PYTHONPATH=tests/support $(BIN)/python -m corpus

docs: $(STAMP)
	@$(BIN)/python -m docs.generate

clean:
	rm -rf $(VENV) .demo .test-state .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
