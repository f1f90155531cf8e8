# make demo and make test do all the set-up themselves: a virtual environment in .venv, and one for each program that
# others wrote (taps, targets, Meltano) in .venvs, since their dependencies do not go together.

PYTHON ?= python3
BIN := .venv/bin
PACKAGES := tap_copper target_crm crm_api crm_emulator singer_crm_airflow
EXTRAS := emulator,otel,parquet,postgres,redis
# One more than the cores of a small machine: some tests wait for a server or a process.
WORKERS ?= 3
# Where this is set, each of the hundreds of processes that tests start compiles everything anew.
export PYTHONDONTWRITEBYTECODE :=
# Which examples hypothesis tries: the same ones each time, or new ones ("exploring").
PROFILE ?= repeatable
PYTEST = $(BIN)/pytest -n $(WORKERS) --hypothesis-profile=$(PROFILE)
TOOLS := $(addsuffix /ready,$(addprefix .venvs/,tap-spreadsheets target-jsonl meltano))
PEERS := $(addsuffix /ready,$(addprefix .venvs/,airbyte-source-copper airbyte-source-freshsales python-freshworks-crm tap-copper tap-freshsales \
	prospyr prosperworks cuapi-wrapper dc-copper-cli freshsalessdk npm \
	target-jsonl meltanolabs-target-postgres pipelinewise-target-postgres target-duckdb meltanolabs-tap-postgres dbt-postgres))
SCHEDULERS := $(addsuffix /ready,$(addprefix .venvs/,airflow celery dagster kubernetes-validate))
# What some of them need besides: older versions of what they do not pin.
NEEDS_prospyr := marshmallow==2.21.0 arrow==0.17.0
NEEDS_cuapi-wrapper := pandas==2.3.3
NEEDS_celery := redis packaging
NEEDS_dbt-postgres := dbt-core

.PHONY: demo test test-long test-peer test-fleet test-lowest test-all check sbom docs tools system clean
.NOTPARALLEL: # the tests share the machine's cores among themselves

demo: .venv/ready .venvs/tap-spreadsheets/ready .venvs/target-jsonl/ready
	@$(BIN)/python examples/demo.py

test: check tools
	$(PYTEST) -m 'not long and not peer and not fleet and not live'

test-long: tools
	$(PYTEST) -m 'long and not peer and not fleet and not live'

test-peer: .venv/ready $(PEERS)
	$(PYTEST) -m 'peer and not fleet and not live'

test-fleet: tools $(SCHEDULERS)
	$(PYTEST) -m 'fleet and not live'

# With the lowest versions that pyproject.toml allows: whether its bounds are true.
test-lowest: .venvs/lowest/ready
	.venvs/lowest/bin/pytest -n $(WORKERS) --hypothesis-profile=$(PROFILE) \
		-m 'not long and not peer and not fleet and not live and not browser and not meltano' \
		tests/crm_api tests/tap_copper tests/target_crm

test-all: PROFILE = exploring
test-all: test test-long test-peer test-fleet test-lowest

check: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(PACKAGES) & bandit=$$!; \
	$(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/python docs/tables.py --check && $(BIN)/python checks/house.py; \
	others=$$?; wait $$bandit && exit $$others

# All that the distribution installs with all its extras, as CycloneDX reads it.
sbom: .venvs/cyclonedx-bom/ready .venvs/shipped/ready
	@mkdir -p output
	@.venvs/cyclonedx-bom/bin/cyclonedx-py environment .venvs/shipped --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file output/sbom.cdx.json
	@echo "output/sbom.cdx.json lists what singer-crm installs."

docs: .venv/ready
	$(BIN)/python docs/tables.py
	$(BIN)/python -m crm_emulator.documentation docs/emulator.md

tools: .venv/ready $(TOOLS)

system:
	@.ci/system

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]' --group dev
	@touch $@

# What a user gets: no tool for development, no pip.
.venvs/shipped/ready: pyproject.toml .venv/ready
	@echo "Setting up shipped (once) ..."
	@$(PYTHON) -m venv --clear --without-pip .venvs/shipped
	@$(BIN)/python -m pip --python .venvs/shipped/bin/python install --quiet '.[$(EXTRAS)]'
	@touch $@

.venvs/lowest/ready: pyproject.toml constraints.txt .venv/ready
	@echo "Setting up lowest (once) ..."
	@$(PYTHON) -m venv --clear .venvs/lowest
	@$(BIN)/uv pip compile --quiet --resolution lowest-direct --all-extras --no-annotate \
		--output-file .venvs/lowest/lowest.txt pyproject.toml
	@.venvs/lowest/bin/python -m pip install --quiet --upgrade pip
	@.venvs/lowest/bin/python -m pip install --quiet --constraint constraints.txt --constraint .venvs/lowest/lowest.txt \
		--editable '.[$(EXTRAS)]' --group test
	@touch $@

# Airflow with Celery, without ours: what singer_crm_airflow must go with. The test installs it there.
.venvs/airflow/ready: tests/fleet/airflow.txt
	@echo "Setting up airflow (once) ..."
	@$(PYTHON) -m venv --clear .venvs/airflow
	@.venvs/airflow/bin/python -m pip install --quiet --requirement tests/fleet/airflow.txt
	@touch $@

# Clients of npm. Of n8n-nodes-base, which is large, what its Copper and Freshworks CRM nodes are made of.
.venvs/npm/ready: tests/crm_emulator/peers/node/package.json
	@command -v npm > /dev/null || { echo "npm is needed: it comes with Node, or as Debian's package npm." >&2; exit 1; }
	@echo "Setting up npm (once) ..."
	@mkdir -p .venvs/npm && cp $< .venvs/npm
	@cd .venvs/npm && npm install --silent --ignore-scripts --no-audit --no-fund \
		&& mkdir -p node_modules/n8n-nodes-base \
		&& tar -xzf "$$(npm pack --silent "$$(node --print 'require("./package.json").unpacked')")" --strip-components=1 \
			--directory node_modules/n8n-nodes-base package/package.json package/dist/nodes/Copper package/dist/nodes/FreshworksCrm \
			package/dist/utils package/dist/credentials/CopperApi.credentials.js package/dist/credentials/FreshworksCrmApi.credentials.js \
		&& rm -f n8n-nodes-base-*.tgz
	@touch $@

.venvs/%/ready: constraints.txt
	@echo "Setting up $* (once) ..."
	@$(PYTHON) -m venv .venvs/$*
	@.venvs/$*/bin/python -m pip install --quiet --constraint constraints.txt $* $(NEEDS_$*)
	@touch $@

clean:
	rm -rf .venv .venvs .meltano output
