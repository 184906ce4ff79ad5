# `make demo` shows everything on this machine alone; `make test` checks everything. `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
# The stack, the branch to compare with, and the format of the result: make preview STACK=prod
STACK ?= dev
BASE ?= main
FORMAT ?= text
# How many tests run at a time. Each worker has a sandbox of its own, which takes a gigabyte.
WORKERS ?= 2
MODULES := __main__.py culvert.py clients components examples ops plugin policy sandbox scripts settings tests traffic

.DEFAULT_GOAL := help
.PHONY: help setup install demo test unit lint types format generate rehearse own
.PHONY: preflight preview up verify recover drift drift-issue comment live

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

# Three tiers of packages. Each has a requirements file that includes the one before, and a stamp in .venv.
PROGRAM := $(BIN)/.program
OPS := $(BIN)/.ops
DEV := $(BIN)/.dev

setup: $(DEV) ## install all pinned packages into .venv: program, operator's commands, sandbox, checks

install: $(PROGRAM) ## install only what `pulumi up` needs into .venv, as `pulumi install` does

define INSTALL
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || { echo "culvert needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
    "Name another with: make PYTHON=python3.12 …"; exit 1; }
@test -x $(BIN)/python || $(PYTHON) -m venv .venv
$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
@touch
endef

$(PROGRAM): requirements.txt
	$(INSTALL) $@

$(OPS): requirements-ops.txt requirements.txt
	$(INSTALL) $(PROGRAM) $@

$(DEV): requirements-dev.txt requirements-ops.txt requirements.txt
	$(INSTALL) $(PROGRAM) $(OPS) $@

demo: $(DEV) ## preview, up, up again, destroy: the real engine and API server, an emulated Cloudflare
	@$(BIN)/python -m sandbox.demo

test: lint types ## style, types, and all tests: unit, integration and end-to-end
	-@$(BIN)/python -m sandbox.tools
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

unit: $(DEV) ## the quick loop: unit tests, which need only Python
	$(BIN)/python -m pytest -n $(WORKERS) tests/unit

lint: $(DEV) ## check the style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV) ## check the types
	$(BIN)/basedpyright $(MODULES)

format: $(DEV) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(DEV) ## write the generated files: schemas and the settings reference
	$(BIN)/python -m scripts.generate

own: $(DEV) ## in a fork: write the address of its remote origin where OWNER stands
	$(BIN)/python -m scripts.repository

rehearse: $(DEV) ## what this checkout changes in every stack, compared with BASE (main); no account, no cluster
	@base=$$(mktemp -d) && trap 'exit 130' INT TERM && \
	trap 'git worktree remove --force "$$base" 2>/dev/null || rmdir "$$base"' EXIT && \
	git worktree add --quiet --detach "$$base" "$$(git merge-base "$(BASE)" HEAD)" && \
	$(BIN)/python -m sandbox diff --base "$$base" --format "$(FORMAT)"

preview: $(PROGRAM) ## show what `make up` would do to the real STACK (dev)
	pulumi preview --diff --stack "$(STACK)"

up: $(PROGRAM) ## update the real STACK (dev); asks first, except in CI
	pulumi up --stack "$(STACK)" $(if $(CI),--yes)

preflight: $(OPS) ## check what the first `make up` of STACK (dev) needs: token, cluster, rights, Services
	$(BIN)/python -m ops preflight --stack "$(STACK)"

verify: $(OPS) ## check the deployed STACK (dev) against its stack file
	$(BIN)/python -m ops verify --stack "$(STACK)"

recover: $(OPS) ## find what an interrupted run of the real STACK (dev) left behind
	$(BIN)/python -m ops recover --stack "$(STACK)"

live: $(DEV) ## try everything against a real account, zone and cluster, and report where the sandbox differs
	@$(BIN)/python -m scripts.live

DRIFT = $(BIN)/python -m scripts.drift "$(STACK)"

drift: $(PROGRAM) ## show what was changed in the real STACK (dev) outside Pulumi
	$(DRIFT)

# The next two post to GitHub with `gh`: drift as an issue, a rehearsal as a comment.
drift-issue: $(PROGRAM)
	@$(BIN)/python -m scripts.github drift "$(STACK)" $(DRIFT)

comment:
	@$(PYTHON) -m scripts.github comment
