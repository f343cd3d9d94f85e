# The verbs of this repository. The two that matter: `make run` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamps
PORT ?=
COMPOSE := docker compose --env-file .env $(if $(wildcard .env.local),--env-file .env.local)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-emit-package storycore --no-emit-package storyteller --no-emit-package sefan-scraper --custom-compile-command "make lock"

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMP)/run frontend/dist/index.html ## Set everything up and start without Docker: http://127.0.0.1:8080
	$(if $(PORT),PORT=$(PORT)) $(BIN)/storyteller serve

crawl: $(STAMP)/run ## Crawl the configured site into data/raw (SITE_URL=... to choose another)
	cd scraper && ../$(BIN)/scrapy crawl stories $(ARGS)

replica: $(STAMP)/run ## Serve a small replica of the crawled site at http://127.0.0.1:8999
	$(BIN)/python -m tests.replica --port 8999

weights: $(STAMP)/run ## Fetch the embedding model once (about 1 GB) for search by meaning
	$(BIN)/storyteller models fetch

check: $(STAMP)/dev $(STAMP)/page ## Lint, types, import contracts, the quickest tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd frontend && npm run --silent lint
	$(BIN)/python -m pytest -q core/tests tests/test_house.py backend/tests/test_config.py

test: $(STAMP)/dev $(STAMP)/page ## Every test that needs no container and no browser
	$(BIN)/python -m pytest -m "not e2e and not compose and not chaos" $(ARGS)
	cd frontend && npm test --silent

e2e: $(STAMP)/dev frontend/dist/index.html ## Drive the page in a real browser
	$(BIN)/python -m pytest -m e2e tests/e2e $(ARGS)

compose-test: $(STAMP)/dev frontend/dist/index.html ## Bring the whole stack up in containers and use it
	tests/compose/run.sh $(ARGS)

bench: $(STAMP)/dev ## Print how fast it is, as ratios to limits measured in the same run
	$(BIN)/python -m benchmarks

up: ## Start the stack with Docker: http://localhost
	$(COMPOSE) up -d --build --wait

down: ## Stop the stack; everything is kept
	$(COMPOSE) down

lock: $(STAMP)/dev ## Write every requirements.txt anew
	$(LOCK) core/pyproject.toml -o core/requirements.txt
	$(LOCK) backend/pyproject.toml --extra server -o backend/requirements.txt
	$(LOCK) backend/pyproject.toml scraper/pyproject.toml requirements-run.in --extra embedded -c backend/requirements.txt -o requirements-run.txt
	$(LOCK) scraper/pyproject.toml -c requirements-run.txt -o scraper/requirements.txt
	$(LOCK) requirements-dev.in -c requirements-run.txt -o requirements-dev.txt

format: $(STAMP)/dev ## Format the Python code
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean: ## Remove what can be made again (never data/)
	rm -rf $(VENV) frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache

# What the verbs above stand on.
$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMP)

$(STAMP)/run: requirements-run.txt core/pyproject.toml backend/pyproject.toml scraper/pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-run.txt
	$(PIP) --no-deps --no-build-isolation -e core -e backend -e scraper
	mkdir -p $(STAMP) && touch $@

$(STAMP)/dev: $(STAMP)/run requirements-dev.txt
	$(PIP) --require-hashes -r requirements-dev.txt
	touch $@

$(STAMP)/page: frontend/package-lock.json
	cd frontend && npm ci --ignore-scripts --silent
	mkdir -p $(STAMP) && touch $@

frontend/dist/index.html: $(STAMP)/page $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune -o -type f -print 2>/dev/null)
	cd frontend && npm run --silent build

.PHONY: help run crawl replica weights check test e2e compose-test bench up down lock format clean
