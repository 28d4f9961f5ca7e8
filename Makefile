# Two commands do the job: `make run` serves, `make test` tests. Each sets up what it needs on its own.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet


.PHONY: run test demo bench races rows moods fuzz chaos billing-drill month-end-drill webhook-drill lint lint-openapi check lock clean site site-if-possible e2e

run: export CLIPMETER_HOME ?= $(CURDIR)/data
run: $(VENV)/.run site-if-possible
	@$(BIN)/clipmeter serve --host $(HOST) --port $(PORT)

# Side by side, since many of them wait; make test JOBS=0 for one after another.
test: JOBS ?= 3
test: $(VENV)/.dev site-if-possible
	$(BIN)/pytest -n $(JOBS) --dist worksteal

demo: $(VENV)/.run
	@$(BIN)/clipmeter demo

# The second and third need a machine that does nothing else.
bench: $(VENV)/.dev
	$(BIN)/python bench/run.py
	$(BIN)/python bench/rates.py --store sqlite --out bench/rates-sqlite.json
	$(BIN)/python bench/rates.py --store postgres --out bench/rates-postgres.json

# A short ledger and one of ten million rows, side by side; takes some minutes and 10 GB of disk.
rows: $(VENV)/.dev
	$(BIN)/python bench/rows.py --store sqlite
	$(BIN)/python bench/rows.py --store postgres

# make races N=100000
races: N ?= 100000
races: $(VENV)/.dev
	$(BIN)/python bench/races.py --admissions $(N)

moods: $(VENV)/.dev
	$(BIN)/python bench/moods.py

# make fuzz SECONDS=600
fuzz: SECONDS ?= 60
fuzz: $(VENV)/.dev
	$(BIN)/python bench/fuzz.py --seconds $(SECONDS)
	CLIPMETER_MACHINE_EXAMPLES=$(SECONDS) $(BIN)/pytest tests/clipmeter/billing/test_machine.py

# make chaos ROUNDS=200 STORE=postgres NODES=3 SEED=1; docs/chaos.md says what it does.
chaos: ROUNDS ?= 20
chaos: STORE ?= sqlite
chaos: SEED ?= 1
chaos: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m chaos --rounds $(ROUNDS) --store $(STORE) --seed $(SEED) \
	  $(if $(NODES),--nodes $(NODES)) $(if $(POOLER),--pooler) $(if $(MUTANTS),--mutants)

# The paid side from sign-up to a paid invoice, in a real browser (Chromium, or --chromium PATH); pictures in build/.
billing-drill: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python bench/billing_drill.py --out build/billing-drill

# 10,000 of Stripe's events, shuffled, doubled and partly forged.
webhook-drill: $(VENV)/.dev
	$(BIN)/python bench/webhooks.py

# A month's end of many accounts, killed (kill -9) before, during and after each of its steps.
# make month-end-drill ACCOUNTS=200
month-end-drill: ACCOUNTS ?= 200
month-end-drill: $(VENV)/.dev
	$(BIN)/python bench/monthend.py --accounts $(ACCOUNTS) --store sqlite --store postgres

# The browser code, from web/ and its npm packages; Node from the machine, or else from PyPI.
site: $(BIN)/python
	@$(BIN)/python web/make_site.py

# Where that fails one line says so: the pages work without scripts.
site-if-possible: $(BIN)/python
	@$(BIN)/python web/make_site.py --if-possible

# The whole journey in a real browser: light, dark, on a phone, without scripts; axe, Lighthouse; pictures in build/e2e.
# Needs npm and Chromium (or make e2e CHROMIUM=PATH).
e2e: $(VENV)/.dev site web/checks/node_modules/.installed
	$(BIN)/pytest tests/e2e -p no:xdist --timeout 900 $(if $(CHROMIUM),--chromium $(CHROMIUM))

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Needs npm; everything else does not.
lint-openapi: $(VENV)/.run web/checks/node_modules/.installed
	@mkdir -p build
	$(BIN)/python -m clipmeter.web.openapi > build/openapi.json
	cd web/checks && npx --no-install redocly lint ../../build/openapi.json

web/checks/node_modules/.installed: web/checks/package-lock.json
	cd web/checks && npm ci --silent
	@touch $@

check: lint test

# Writes the pinned requirements anew; needs uv.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra build pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra build --extra parquet --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  requirements/site.in -o requirements/site.txt

clean:
	rm -rf $(VENV) build dist src/clipmeter/web/static web/node_modules web/checks/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "clipmeter needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "setting up $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "installing what clipmeter runs on, about half a minute ..." >&2
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "installing what the tests need, about half a minute ..." >&2
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
