# `make demo` shows everything on this machine alone; `make test` checks everything. `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
MODULES := __main__.py components sandbox settings tests

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types format

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(BIN)/.ready ## install the pinned packages into .venv

$(BIN)/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "culvert needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another with: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

demo: setup ## preview, up, up again, destroy: the real engine and API server, an emulated Cloudflare
	@$(BIN)/python -m sandbox.demo

test: setup lint types ## style, types, unit tests, and the end-to-end tests in the sandbox
	$(BIN)/python -m pytest

lint: setup ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## types
	$(BIN)/basedpyright $(MODULES)

format: setup ## bring the style in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
