"""Plans of a test: made of an input, and looked at beside what the CRM and the ledger hold."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import open_engine


@pytest.fixture
def plan(run, tmp_path):
    """Make the plan of an input; returns its file."""

    def plan(*messages, **config):
        path = tmp_path / "plan.jsonl"
        run(messages, dry_run=True, plan_path=str(path), **config)
        return path

    return plan


@pytest.fixture
def people(emulator):
    """The people of the CRM, by name."""

    def people():
        return {each["name"]: each for each in emulator.copper.records("people")}

    return people


@pytest.fixture
def held(settings):
    """The records that the ledger holds: source id, state and kind."""

    def held():
        engine = open_engine(settings["ledger_url"])
        with engine.connect() as connection:
            rows = connection.execute(sa.select(tables.held).order_by(tables.held.c.number)).all()
        engine.dispose()
        return [(row.source_id, row.state, row.kind) for row in rows]

    return held
