"""Runs into Copper that keep values, to be taken back."""

from __future__ import annotations

import pytest

from tests.target_crm.undo.records import COMPANIES, PEOPLE, STREAMS, of


@pytest.fixture
def write(run):
    """Write with kept values; returns the run's id."""

    def write(*messages, **config):
        config = {"keep_values_days": 30, "streams": STREAMS} | config
        done = run([COMPANIES, PEOPLE, *messages], **config)
        assert done.code == 0, done.errors
        return done.report["run_id"]

    return write


@pytest.fixture
def people(emulator):
    """The people of the account, by name."""
    return lambda: of(emulator)
