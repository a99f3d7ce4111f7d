.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PATHS := tokens attribution web tests benchmarks
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# One stamp for each lock: set-up happens by itself, once, and again when a lock changes.
$(VENV)/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Hefu needs Python 3.11 or newer; say which with PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what runs (requirements.txt) into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@echo "installing what checks (requirements-dev.txt) into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.dev  ## Install everything that is pinned (run and test do it by themselves)

run: $(VENV)/.runtime  ## Set up, make a demo if the data directory is empty, serve on this machine
	@$(BIN)/python -m web run

format: setup  ## Format, and repair what can be repaired
	ruff format $(PATHS)
	ruff check --fix $(PATHS)

check: setup  ## Formatting, lint, types, import rules
	ruff format --check $(PATHS)
	ruff check $(PATHS)
	mypy
	lint-imports

test: setup  ## All tests on both databases and in a real browser; coverage
	@$(BIN)/python -m tests.prepare
	rm -f .coverage .coverage.*
	pytest --cov --cov-report= -n 2
	coverage report --include='tokens/*,attribution/*' --fail-under=100
	coverage report --fail-under=95

messages: setup  ## Collect the texts of the pages; then fill each empty msgstr in messages.po
	pybabel -q extract -F web/translations/babel.cfg -k _l --no-location --sort-output -o $(VENV)/messages.pot web
	pybabel -q update -i $(VENV)/messages.pot -d web/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	pybabel -q compile -d web/translations

nightly: setup  ## The long property runs
	HYPOTHESIS_PROFILE=nightly pytest tests/properties tests/attribution tests/tokens -n 2

bench: setup  ## Measure, side by side with the plain way, and print a table
	@$(BIN)/python -m benchmarks

lock: setup  ## Pin requirements.in and requirements-dev.in anew
	uv pip compile -q --generate-hashes --no-strip-extras --universal --python-version 3.11 --no-annotate requirements.in -o requirements.txt
	uv pip compile -q --generate-hashes --no-strip-extras --universal --python-version 3.11 --no-annotate requirements-dev.in -o requirements-dev.txt

.PHONY: help setup run format check test messages nightly bench lock
