# The two commands of a newcomer are `make run` and `make test`; the rest serves them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
# The tests start leadhub hundreds of times: where nothing compiled is kept, each time compiles all of it.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test format lint types docs lock audit sbom fuzz bench faults faults-long clean
.DEFAULT_GOAL := test
.DELETE_ON_ERROR:

run: $(VENV)/.run  ## install what is needed, start the demo workspace, keep serving
	@$(BIN)/leadhub demo

test: $(VENV)/.test  ## everything that must hold: format, lint, types, tests with floors and docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 3 --ignore tests/browser
	$(BIN)/python -m pytest -n 3 tests/browser  # apart: while a browser is driven, no other loop runs in that process

format: $(VENV)/.test
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

docs: $(VENV)/.test
	$(BIN)/leadhub docs

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks

faults: $(VENV)/.test  ## break hubs on purpose, the short set; ONLY=K1,P1 and SEED=7 repeat a part
	$(BIN)/python -m tests.faults short $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

faults-long: $(VENV)/.test  ## all of it; docs/reliability.md is written anew from its result
	$(BIN)/python -m tests.faults long $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))
	$(BIN)/python -m tests.faults report

lock: $(VENV)/.test  ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.11 --extra checkout pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.11 --extra checkout --extra dev pyproject.toml -o requirements-dev.lock

audit: $(VENV)/.test  ## ask for known holes in what we depend on; needs the internet
	$(BIN)/uvx --quiet pip-audit --progress-spinner off --strict --disable-pip --require-hashes -r requirements.lock

sbom: $(VENV)/.test  ## write sbom.json (CycloneDX): what leadhub is made of, out of the lock file
	$(BIN)/uvx --quiet --from cyclonedx-bom cyclonedx-py requirements --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --output-format JSON --output-file sbom.json requirements.lock

fuzz: $(VENV)/.test  ## look longer for what breaks parsers, signatures and routes; FUZZ=5000 looks longer still
	FUZZ=$(or $(FUZZ),1000) $(BIN)/python -m pytest --timeout 3600 -n 3 -m hypothesis --ignore tests/browser

# Debian ships venv apart from Python: then virtualenv does, out of a folder of its own that goes again.
$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
	  || { rm -rf $(VENV); $(PYTHON) -m virtualenv --quiet $(VENV) 2>/dev/null; } \
	  || { rm -rf $(VENV); $(PYTHON) -m pip install -qq --disable-pip-version-check --target $(VENV).tools virtualenv \
	    && PYTHONPATH=$(VENV).tools $(PYTHON) -m virtualenv --quiet $(VENV); made=$$?; rm -rf $(VENV).tools; [ $$made = 0 ]; } \
	  || { rm -rf $(VENV); echo "$(PYTHON) makes no virtual environment. Install its venv (Debian: apt install python3-venv)." >&2; exit 1; }

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing leadhub into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# The pages are tested in a real browser, with fonts for Chinese; as root on Debian it is installed here. Its build without
# windows takes two thirds of the time; who has the other one may keep to it.
BROWSER := chromium-headless-shell fonts-noto-cjk
$(VENV)/.test: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@command -v chromium-headless-shell >/dev/null || { [ "$$(id -u)" = 0 ] && echo "Installing a browser for the tests of the pages ..." \
	  && apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(BROWSER) >/dev/null; } \
	  || command -v chromium >/dev/null || { echo "The tests need a browser. Install it (Debian: apt install $(BROWSER))." >&2; exit 1; }
	@echo "Installing leadhub and its tests' tools into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 hub connectors plugins
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) demo
