# The whole developer manual. `make` alone prints it.
#
# Every target makes its own virtual environment in .venv from hash-pinned requirements: by uv when there is one, else by
# venv and pip. Nothing needs root, a running service or Node: the web app is built by the Node of a Python package.

PYTHON ?= python3
ARGS ?=
UV := $(shell command -v uv 2>/dev/null)
VENV := .venv
BIN := $(VENV)/bin
ENV := $(VENV)/.penstock
BUILD = $(BIN)/python web/build.py

# Without bytecode on disk each process compiles every module anew: 2 s in place of 0.6 for a server.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up web test check conformance bench docs lock format clean
.DELETE_ON_ERROR:

help: ## print this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(ENV)-demo ## run a two-stage pipeline on drawn digits, from files to a trained model; ARGS=--exit to end by itself
	@$(BUILD)
	@$(BIN)/penstock demo $(ARGS)

up: $(ENV)-run ## start the server on this machine
	@$(BUILD)
	@$(BIN)/penstock up $(ARGS)

web: $(ENV)-run ## build the web app, which demo, up and test also do when it changed
	@$(BUILD)

test: $(ENV)-test ## run the tests; ARGS="-k lease" for some of them, ARGS=--thorough for the long ones too
	@$(BUILD) & $(BIN)/python -m pytest -n 4 --no-loadscope-reorder $(ARGS) && wait $$!

check: $(ENV)-develop ## lint, formatting, types, the order of imports, and the docs against the code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/python web/build.py check

conformance: ## have what we write and stream read by programs that are not ours, in an environment of its own
	@$(MAKE) --no-print-directory VENV=.venv-conformance ARGS="$(ARGS)" references

.PHONY: references
references: $(ENV)-conformance
	@$(BIN)/python -m pytest -p no:xdist -W default -rs conformance tests/unit/sdk/test_loading.py $(ARGS)

bench: $(ENV)-test ## measure speed and memory and print them with the machine; ARGS=crash for the 200 kills
	@$(BUILD)
	@$(BIN)/python -m bench $(ARGS)

docs: $(ENV)-develop ## write the generated pages of docs/reference anew
	$(BIN)/python docs/generate.py

format: $(ENV)-develop ## format and fix what can be fixed by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python web/build.py format

PIN := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml --group build
lock: ## pin what pyproject.toml asks for (needs uv); ARGS=--upgrade for the newest, ARGS="-P fastapi" for one
	$(PIN) $(ARGS) --extra demo --extra parquet --group test --group lint -o requirements/develop.txt
	$(PIN) -c requirements/develop.txt --extra demo --extra parquet --group test -o requirements/test.txt
	$(PIN) $(ARGS) --extra parquet --group test --group conformance -o requirements/conformance.txt  # datumaro asks for older ones
	$(PIN) -c requirements/develop.txt --extra demo -o requirements/demo.txt
	$(PIN) -c requirements/develop.txt -o requirements/run.txt

clean: ## remove the virtual environment and what was built
	rm -rf .venv .venv-conformance src/penstock/server/web web/node_modules web/tools/node_modules

# One stamp for each requirements file, so that a second run is instant.
$(ENV)-%: requirements/%.txt pyproject.toml | $(BIN)/python
	@echo "installing requirements/$*.txt"
ifneq ($(UV),)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirement $<
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	@$(PIP) install --quiet --no-compile --require-hashes --requirement $<
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
endif
	@$(BIN)/python -m compileall -qq src bench
	@touch $@

# A Python without ensurepip (Debian's, unless python3-venv is there) makes an environment that its own pip can fill.
PIP = $(shell test -x $(BIN)/pip && echo $(BIN)/python -m pip || echo $(PYTHON) -m pip --python $(BIN)/python)

$(BIN)/python:
ifneq ($(UV),)
	@$(UV) venv --quiet --python '>=3.11' $(VENV)
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Penstock needs Python 3.11 or later; \
	$(PYTHON) is {sys.version.split()[0]}. Name another: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)
endif
