# Everyday commands. `make` alone prints them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
IN := .venv/bin
SETUP := $(PYTHON) scripts/setup.py
# `setup` puts a Node into .venv only where the system has none that is new enough.
NPM := PATH="$(CURDIR)/$(IN):$$PATH" npm --prefix frontend
WORKERS ?= 2
ARGS ?=
m ?=

.PHONY: help setup run test check bench shots lint format migrations clean

help: ## print this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## install everything for work on the product
	@$(SETUP) dev frontend browser mail

run: ## start the product with its sandbox (ARGS="--keep" keeps earlier data, "--help" tells more)
	@$(SETUP) runtime frontend
	@exec $(IN)/python -m sandbox.run $(ARGS)

test: setup check ## set up, then style, types and all tests

check: lint
	@test ! -f frontend/package.json || { $(NPM) test && $(NPM) run typecheck; }
	$(IN)/python -m pytest -q -rs -n $(WORKERS) $(ARGS)

bench: ## measure (ARGS="name …" chooses)
	@$(SETUP) dev frontend
	$(IN)/python -m bench $(ARGS)

shots: ## take a picture of each screen, into var/shots (needs Chromium)
	@$(SETUP) dev frontend browser
	$(IN)/python -m tests.e2e.shots

lint: ## style and types of the Python code
	$(IN)/ruff check .
	$(IN)/ruff format --check .
	$(IN)/mypy

format: ## put the Python code in order
	$(IN)/ruff check --fix-only .
	$(IN)/ruff format .

migrations: ## write a migration from the models: make migrations m="what changes"
	@test -n "$(m)" || { echo 'Say what changes: make migrations m="add ratings"'; exit 2; }
	$(IN)/flask --app app db migrate -m "$(m)"

clean: ## remove what can be made again; data in var/ stays
	rm -rf .venv frontend/node_modules static/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
