"""Writers that are killed, paused past the life of their locks, or cut off: nothing is doubled, nothing is lost."""

from __future__ import annotations

import random
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from crm_emulator import Emulator
from tests.chaos.story import seeds
from tests.fleet.cases import QUARRELS
from tests.fleet.ledgers import FileLedger, ServerLedger
from tests.fleet.relays import Relays
from tests.fleet.storm import AWAY, KILLS, Storm

ON_A_FILE = (*KILLS, *AWAY, "crm_down")
AT_A_SERVER = (*ON_A_FILE, "ledger_down", "sessions_end", "pause_at_commit")
SIGNALS_A_STORM = 25
SAMPLE = [("copper", "postgresql"), ("freshsales", "sqlite"), ("apptivo", "postgresql"), ("http", "sqlite")]
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
                _ledger(ledger, request.getfixturevalue, tmp_path, relays),
                tmp_path,
                random.Random(f"{seed} {crm} {ledger}"),
                links=[relays.to(emulator.port)] * 2,
            )

        yield make


def _ledger(kind, fixture, folder, relays):
    """A ledger: a file, or a database to which each of two hosts has a link of its own, through a pooler or not."""
    if kind == "sqlite":
        return FileLedger(folder)
    url = fixture("postgres")
    seen = urlsplit(fixture("pooler")("session") if kind == "pooled" else url)
    links = [relays.to(seen.port), relays.to(seen.port)]
    return ServerLedger(url, [seen._replace(netloc=f"tester@127.0.0.1:{link.port}").geturl() for link in links], links)


@pytest.mark.parametrize(("crm", "ledger"), SAMPLE, ids=map("-".join, SAMPLE))
@pytest.mark.daily(one_of=3)
def test_whatever_strikes_writers_nothing_is_doubled_or_lost(storm, crm, ledger):
    storm(crm, ledger, 1).rage(3, ("kill", "pause", "pause_both"))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", seeds(2, 10))
@pytest.mark.parametrize(("crm", "ledger"), BOTH, ids=map("-".join, BOTH))
def test_a_hundred_blows_a_crm_double_and_lose_nothing(storm, crm, ledger, seed):
    raging = storm(crm, ledger, seed)
    raging.rage(SIGNALS_A_STORM, ON_A_FILE if ledger == "sqlite" else AT_A_SERVER)
    print(f"{raging.signals} signals")


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("crm", QUARRELS)
def test_a_pooler_that_keeps_sessions_doubles_and_loses_nothing(storm, crm):
    storm(crm, "pooled", 30).rage(SIGNALS_A_STORM, AT_A_SERVER)
