# Darsgoh: every command sets up what it needs, and may be repeated.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3.11
CACHE := .cache
BIN := .venv/bin
ENGINE := media/engine
CRATE_SOURCES := $(shell find $(ENGINE)/src $(ENGINE)/Cargo.toml $(ENGINE)/Cargo.lock 2>/dev/null)
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
export VIRTUAL_ENV := $(CURDIR)/.venv
export UV_NO_PROGRESS := 1
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python

# the tests' own programs: Debian package and a command or file that shows it is there
TEST_PACKAGES := chromium postgresql ffmpeg fonts-noto-core coturn

define need
	@command -v $(1) >/dev/null || { echo "Darsgoh needs $(1): $(2)" >&2; exit 1; }
endef

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.PHONY: install
install: $(CACHE)/python $(CACHE)/web ## download the pinned dependencies (Python and front end)

$(CACHE)/python: requirements.lock
	$(call need,$(PYTHON),install Python 3.11 (on Debian: apt install python3 python3-venv))
	@mkdir -p $(CACHE)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; echo "Darsgoh needs Python's venv module: on Debian, apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@touch $@

$(CACHE)/web: web/package-lock.json
	$(call need,node,install Node.js 20 or newer with npm (nodejs.org or your distribution))
	$(call need,npm,install Node.js 20 or newer with npm (nodejs.org or your distribution))
	@mkdir -p $(CACHE)
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: build
build: $(CACHE)/engine $(CACHE)/static ## compile the engine and the front end

$(CACHE)/engine: $(CACHE)/python $(CRATE_SOURCES) pyproject.toml
	$(call need,cargo,install Rust 1.85 or newer (rustup.rs or your distribution))
	$(call need,cc,install a C compiler (on Debian: apt install build-essential))
	$(BIN)/maturin develop --release --quiet --skip-install
	@touch $@

$(CACHE)/static: $(CACHE)/web $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

.PHONY: wheel
wheel: $(CACHE)/python $(CACHE)/static ## make the installable wheel in dist/
	$(BIN)/maturin build --release --out dist

.PHONY: run
run: build ## start Darsgoh with a live demo lesson
	$(BIN)/python -m server demo $(if $(VIDEO),--video "$(VIDEO)")

.PHONY: test
test: test-services build lint test-engine test-web test-python ## lint, then every test in all three languages

.PHONY: test-services
test-services:
	@tests/install-services.sh $(TEST_PACKAGES)

.PHONY: test-engine
test-engine:
	cd $(ENGINE) && cargo test --quiet --locked --no-default-features

.PHONY: test-web
test-web: $(CACHE)/web
	cd web && npm test --silent

.PHONY: test-python
test-python: build
	$(BIN)/pytest -q -n 2 --dist loadfile --ignore tests/browser $(PYTEST)
	$(BIN)/pytest -q --reruns 1 -rR tests/browser $(PYTEST)

.PHONY: lint
lint: install $(CACHE)/engine ## style, types and warnings in all three languages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd $(ENGINE) && cargo fmt --check && cargo clippy --quiet --locked --all-targets -- -D warnings
	cd web && npm run --silent lint && npm run --silent typecheck

.PHONY: format
format: install ## rewrite the sources in the house style
	$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format .
	cd $(ENGINE) && cargo fmt
	cd web && npm run --silent format

.PHONY: bench
bench: build ## measure: make -s bench NAME=forward|latency|join|questions|recording
	@$(BIN)/python -m bench $(NAME) --json

FUZZ_SECONDS ?= 300
FUZZ_EXAMPLES ?= 20000
.PHONY: fuzz
fuzz: build ## fuzz every parser, FUZZ_SECONDS each (the engine's need a nightly toolchain)
	$(call need,cargo,install Rust 1.85 or newer (rustup.rs or your distribution))
	cd $(ENGINE) && fuzz/run $(FUZZ_SECONDS)
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest -q -o timeout=0 tests/signaling/test_sdp_fuzz.py

CHAOS_KILLS ?= 200
.PHONY: chaos
chaos: test-services build ## kill a server CHAOS_KILLS times under questions, on both databases, and while it records
	CHAOS_KILLS=$(CHAOS_KILLS) $(BIN)/pytest -q -s tests/integration/test_killed_under_questions.py \
		tests/integration/test_killed_while_recording.py

.PHONY: lock
lock: $(CACHE)/python ## pin the newest allowed Python dependencies again
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --universal --group dev pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## remove everything that was built or downloaded (not data/)
	rm -rf .venv $(CACHE) dist server/static media/_engine*.so $(ENGINE)/target web/node_modules
