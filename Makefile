# Every target does its own set-up: it needs nothing but python3 (3.11 or newer) and make.
VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
READY = $(VENV)/.ready
CATALOGUES = $(wildcard leadboard/locale/*/LC_MESSAGES/*.po)

.PHONY: run demo test lint types check examples site catalogue bench bench-long bench-rivals soak format clean

$(INSTALLED): pyproject.toml distribution/hook.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Leadboard needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q $(VENV)/lib >/dev/null 2>&1 || true
	@touch $@

# The program reads what a catalogue is compiled to.
$(READY): $(INSTALLED) $(CATALOGUES)
	@$(BIN)/python -m distribution.catalogues
	@touch $@

run: $(READY)
	@$(BIN)/leadboard

demo: $(READY)
	@$(BIN)/leadboard demo

test: $(READY)
	$(BIN)/python -m pytest

# `dev` brings what they need; they are tried alone here, and as part of `make test`.
examples: $(READY)
	$(BIN)/python -m pytest tests/examples

# Into site/; a link that leads nowhere fails.
site: $(READY)
	$(BIN)/python -m docs.build_site

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache

# After a change of words: brings the messages of the code into the Russian catalogue.
catalogue: $(READY)
	$(BIN)/python -m distribution.messages

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)
	$(BIN)/mypy

# What the benchmarks compare with: a service on FastAPI and SQLAlchemy.
BENCH_READY = $(VENV)/.bench-ready

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

bench: $(BENCH_READY)
	$(BIN)/python -m bench

bench-long: $(BENCH_READY)
	$(BIN)/python -m bench --long

# Each has an environment of its own: posting pins Textual 6.1, harlequin Textual 8.2.8.
RIVALS = .venv-rivals
# In tree-sitter 0.26.1 a query corrupts memory, and posting dies of it at its start.
PARSER = 'tree-sitter>=0.25,<0.26'

$(RIVALS)/%/.ready: Makefile
	$(PYTHON) -m venv $(RIVALS)/$*
	$(RIVALS)/$*/bin/python -m pip install --quiet --disable-pip-version-check '$*>=2,<3' $(PARSER)
	@$(RIVALS)/$*/bin/python -m compileall -q $(RIVALS)/$*/lib >/dev/null 2>&1 || true
	@touch $@

bench-rivals: $(READY) $(RIVALS)/posting/.ready $(RIVALS)/harlequin/.ready
	$(BIN)/python -m bench rivals

soak: $(READY)
	$(BIN)/python -m tests.soak
	$(BIN)/python -m tests.soak_fairness --floors 200
	$(BIN)/python -m tests.soak_forecast

check: lint types test

clean:
	rm -rf $(VENV) $(RIVALS) build dist site .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
