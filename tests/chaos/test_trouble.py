"""Trouble of every kind at once: the CRM ends with exactly what the source holds, and the books close."""

from __future__ import annotations

import pytest

from tests.chaos.story import author, seeds
from tests.chaos.world import World

SAMPLE = 2
ALL = 30
LOST = ("lost:rate=0.03", "error_after:status=502,rate=0.02")
FAILED = ("error:status=500,rate=0.03", "error:status=503,rate=0.02", "reset:rate=0.03")
TURNED_AWAY = "error:status=429,rate=0.05"
BROKEN = ("cut:rate=0.02", "malformed:rate=0.02")


def tell(folder, seed):
    world = World(folder, seed, index_delay_seconds=seed % 3 * 20)
    with world.running():
        source = author(world.dice, world.emulator)
        world.emulator.trouble(*LOST, *FAILED, TURNED_AWAY, *BROKEN)
        config = {"max_attempts": 3 + seed % 8, "batch_size_rows": world.dice.choice([7, 50, 1000])}
        runs = [ran for _ in range(2) for ran in world.tell(source.chapter(80), most_runs=40, **config)]
        assert world.emulator.journal.count(status=429) > 0
        print(f"{len(runs)} runs, {world.emulator.journal.total} requests")


@pytest.mark.parametrize("seed", seeds(SAMPLE))
def test_trouble_of_every_kind_leaves_exactly_what_came_in(tmp_path, seed):
    tell(tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", seeds(ALL, SAMPLE))
def test_many_troubled_stories_leave_exactly_what_came_in(tmp_path, seed):
    tell(tmp_path, seed)
