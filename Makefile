# make demo and make test do all the set-up themselves: a virtual environment in .venv, and one for each program that
# others wrote (taps, targets, Meltano) in .venvs, since their dependencies do not go together.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
# Where this is set, each of the hundreds of processes that tests start compiles everything anew.
export PYTHONDONTWRITEBYTECODE :=
# Which examples hypothesis tries: the same ones each time, or new ones ("exploring").
PROFILE ?= repeatable
PYTEST = $(BIN)/pytest -n $(WORKERS) --hypothesis-profile=$(PROFILE)
TOOLS := $(addsuffix /ready,$(addprefix .venvs/,tap-spreadsheets target-jsonl meltano))
PEERS := $(addsuffix /ready,$(addprefix .venvs/,airbyte-source-copper python-freshworks-crm tap-copper tap-freshsales))

.PHONY: demo test test-long test-peer test-fleet test-all check docs tools system clean
.NOTPARALLEL: # the tests share the machine's cores among themselves

demo: .venv/ready .venvs/tap-spreadsheets/ready .venvs/target-jsonl/ready
	@$(BIN)/python examples/demo.py

test: check tools
	$(PYTEST) -m 'not long and not peer and not fleet and not live'

test-long: tools
	$(PYTEST) -m 'long and not peer and not fleet and not live'

test-peer: .venv/ready $(PEERS)
	$(PYTEST) -m 'peer and not fleet and not live'

test-fleet: tools
	@$(PYTEST) -m 'fleet and not live' || { status=$$?; \
		[ $$status -eq 5 ] && echo 'No test runs on several machines yet: nothing to do for make test-fleet.' || exit $$status; }

test-all: PROFILE = exploring
test-all: test test-long test-peer test-fleet

check: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/tables.py --check
	$(BIN)/python checks/house.py

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
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[emulator,parquet,postgres,redis]' --group dev
	@touch $@

.venvs/%/ready: constraints.txt
	@echo "Setting up $* (once) ..."
	@$(PYTHON) -m venv .venvs/$*
	@.venvs/$*/bin/python -m pip install --quiet --constraint constraints.txt $*
	@touch $@

clean:
	rm -rf .venv .venvs .meltano output
