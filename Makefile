# make demo and make test do all the set-up themselves: a virtual environment in .venv, and one for each program that
# others wrote (taps, targets, Meltano) in .venvs, since their dependencies do not go together.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
TOOLS := $(addsuffix /ready,$(addprefix .venvs/,tap-spreadsheets target-jsonl meltano))
PEERS := $(addsuffix /ready,$(addprefix .venvs/,airbyte-source-copper python-freshworks-crm tap-copper tap-freshsales))

.PHONY: demo test test-all check docs tools clean

demo: .venv/ready .venvs/tap-spreadsheets/ready .venvs/target-jsonl/ready
	@$(BIN)/python examples/demo.py

test: check tools
	$(BIN)/pytest -n $(WORKERS) -m 'not long and not peer and not live'

test-all: check tools $(PEERS)
	$(BIN)/pytest -n $(WORKERS) -m 'not live'

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
