"""Hosts with networks of their own, which lose links, power or servers: nothing is doubled, nothing is lost."""

from __future__ import annotations

import random
from contextlib import ExitStack

import pytest

from crm_emulator import Emulator
from tests.chaos.story import seeds
from tests.fleet.cases import QUARRELS
from tests.fleet.hosts import hosts, main
from tests.fleet.ledgers import ServerLedger
from tests.fleet.storm import AWAY, KILLS, Storm
from tests.fleet.writers import Writer
from tests.servers import database, postgresql, redis_store

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(3000)]  # fifty blows, some of them half a minute long

LEDGER, QUOTA = "127.0.0.2", "127.0.0.3"
CUT_OFF = ("crm_down", "void", "ledger_down", "quota_down")
KINDS = (*KILLS, *AWAY, *CUT_OFF, "sessions_end", "server_restarts", "quota_restarts", "host_lost")


@pytest.fixture
def storm(tmp_path):
    """Make a storm over a CRM from a seed: two hosts, a CRM, a PostgreSQL for the ledger, a Redis for the quota."""
    with ExitStack() as stack:

        def make(crm, seed):
            print(f"seed {seed}")
            emulator = stack.enter_context(Emulator(seed=seed, empty=True))
            server = stack.enter_context(postgresql(f"127.0.0.1,{LEDGER}"))
            url = stack.enter_context(database(f"postgresql://tester@127.0.0.1:{server.port}"))
            quota = stack.enter_context(redis_store(QUOTA))
            ports = {"crm": emulator.port, "ledger": server.port, "quota": quota.port}
            addresses = {"crm": "127.0.0.1", "ledger": LEDGER, "quota": QUOTA}
            machines = stack.enter_context(hosts(2, {name: (addresses[name], port) for name, port in ports.items()}))
            seen = url.replace("127.0.0.1", LEDGER)
            return Storm(
                QUARRELS[crm],
                emulator,
                ServerLedger(url, [seen, seen], [machine.links["ledger"] for machine in machines], server),
                tmp_path,
                random.Random(f"{seed} {crm}"),
                links=[machine.links["crm"] for machine in machines],
                quota=(quota, [machine.links["quota"] for machine in machines]),
                more={"quota_url": f"redis://{QUOTA}:{quota.port}/0", "requests_per_minute": 60_000},
                start=lambda *given, host, **named: Writer(
                    *given, host=host, main=main, env=machines[host].env, **named
                ),
            )

        yield make


def test_what_a_link_swallowed_does_not_arrive_when_the_next_writer_has_decided_about_it(storm):
    """A kernel sends again, after its process, for minutes: with this seed three copies came of it."""
    storm("http", 1).rage(3, ("void",))


@pytest.mark.parametrize("seed", seeds(2, 20))
@pytest.mark.parametrize("crm", QUARRELS)
def test_fifty_blows_on_hosts_and_links_double_and_lose_nothing(storm, crm, seed):
    raging = storm(crm, seed)
    raging.rage(50, KINDS)
    print(f"{raging.signals} signals")
