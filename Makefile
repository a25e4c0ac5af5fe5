# Each target works on a fresh machine with Python 3.11 or newer: it makes .venv first, then does its job.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Dates in the output are those of the commit, so that two builds of it are identical.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
# The theme prints a banner about another project's future otherwise.
export NO_MKDOCS_2_WARNING := 1

.PHONY: site test serve bench lock clean

site: $(READY)
	$(BIN)/mkdocs build --strict --quiet
	@echo "The site is in site/"

serve: $(READY)
	$(BIN)/mkdocs serve --livereload

# One process more than there are cores: those with a browser wait now and then.
test: $(READY)
	$(BIN)/python scripts/browser.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n $$($(BIN)/python -c "import os; print((os.cpu_count() or 1) + 1)") --dist worksteal

bench: $(READY)
	$(BIN)/python scripts/bench.py

# Writes requirements.lock anew from the newest versions that pyproject.toml allows.
lock:
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

clean:
	rm -rf site .cache build dist
