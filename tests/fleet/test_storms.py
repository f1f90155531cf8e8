"""Writers that are killed, paused past the life of their locks, or cut off: nothing is doubled, nothing is lost."""

from __future__ import annotations

import random
from contextlib import ExitStack

import pytest

from crm_emulator import Emulator
from tests.chaos.story import seeds
from tests.fleet.cases import QUARRELS
from tests.fleet.ledgers import FileLedger, ServerLedger
from tests.fleet.relays import Relays
from tests.fleet.storm import AWAY, KILLS, Storm

EVERYWHERE = (*KILLS, *AWAY, "crm_down")
AT_A_SERVER = (*EVERYWHERE, "ledger_down", "sessions_end", "pause_at_commit")
SIGNALS_A_STORM = 25
SAMPLE = {("copper", "postgresql"), ("freshsales", "sqlite"), ("apptivo", "postgresql"), ("http", "sqlite")}
BOTH = [(crm, kind) for crm in QUARRELS for kind in ("sqlite", "postgresql")]


@pytest.fixture
def storm(request, tmp_path):
    """Make a storm over a CRM and a kind of ledger, from a seed."""
    with ExitStack() as stack:

        def make(crm, ledger, seed):
            print(f"seed {seed}")
            emulator = stack.enter_context(Emulator(seed=seed, empty=True))
            relays = stack.enter_context(Relays().running())
            return Storm(
                QUARRELS[crm],
                emulator,
                FileLedger(tmp_path)
                if ledger == "sqlite"
                else _at_a_server(request.getfixturevalue("postgres"), relays),
                tmp_path,
                random.Random(f"{seed} {crm} {ledger}"),
                links=[relays.to(emulator.port)] * 2,
            )

        yield make


def _at_a_server(url, relays):
    """A PostgreSQL ledger, to which each of two hosts has a link of its own."""
    server, _, name = url.rpartition("/")
    head, _, port = server.rpartition(":")
    links = [relays.to(int(port)), relays.to(int(port))]
    return ServerLedger(url, [f"{head}:{link.port}/{name}" for link in links], links)


def _kinds(ledger):
    return EVERYWHERE if ledger == "sqlite" else AT_A_SERVER


@pytest.mark.parametrize(("crm", "ledger"), sorted(SAMPLE), ids="-".join)
def test_whatever_strikes_writers_nothing_is_doubled_or_lost(storm, crm, ledger):
    raging = storm(crm, ledger, 1)
    raging.rage(4, ("kill", "pause", "pause_both"))


@pytest.mark.long
@pytest.mark.parametrize("seed", seeds(2, 10))
@pytest.mark.parametrize(("crm", "ledger"), BOTH, ids="-".join)
def test_a_hundred_blows_a_crm_double_and_lose_nothing(storm, crm, ledger, seed):
    raging = storm(crm, ledger, seed)
    raging.rage(SIGNALS_A_STORM, _kinds(ledger))
    print(f"{raging.signals} signals")
