"""The CRM is away for a while: two minutes are waited out; longer ends the run in order, and nothing is lost."""

from __future__ import annotations

import threading

import pytest

from target_crm.exit_codes import Exit
from tests.chaos.story import author, seeds
from tests.chaos.world import World

TWO_MINUTES = 120
AN_HOUR = 3600


def refuse(world, after, seconds):
    """Refuse connections for so long, from the moment at which so many requests were read."""
    struck = threading.Event()
    away = world.emulator.refusing_connections()

    def strike(_):
        if world.emulator.journal.total >= after and not struck.is_set():
            struck.set()
            away.__enter__()
            world.time.later(seconds, lambda: away.__exit__(None, None, None))

    world.emulator.between_requests(strike)
    return struck


def answer_503(world, after, seconds):
    """Answer nothing but 503 for so long; whether a request is carried out nevertheless, dice decide."""
    struck = threading.Event()

    def strike(_):
        if world.emulator.journal.total >= after and not struck.is_set():
            struck.set()
            world.emulator.trouble("error_after:status=503,rate=0.3", "error:status=503")
            world.time.later(seconds, world.emulator.no_trouble)

    world.emulator.between_requests(strike)
    return struck


WAYS = pytest.mark.parametrize("go", [refuse, answer_503])


@WAYS
@pytest.mark.parametrize("seed", seeds(2))
def test_two_minutes_are_waited_out(tmp_path, go, seed):
    world = World(tmp_path, seed, index_delay_seconds=40)
    with world.running():
        source = author(world.dice, world.emulator)
        struck = go(world, world.dice.randrange(5, 60), TWO_MINUTES)
        (only,) = world.tell(source.chapter(100), batch_size_rows=20)
        assert struck.is_set()
        assert world.time.passed >= TWO_MINUTES
        assert only.code == 0


@WAYS
@pytest.mark.parametrize("seed", seeds(2))
def test_an_hour_ends_the_run_in_order_and_the_next_one_goes_on(tmp_path, go, seed):
    world = World(tmp_path, seed)
    with world.running():
        source = author(world.dice, world.emulator)
        struck = go(world, world.dice.randrange(5, 60), AN_HOUR)
        story = source.chapter(100)
        first = world.run(story.after(0), batch_size_rows=20)
        assert struck.is_set()
        assert first.code == Exit.UNREACHABLE
        assert first.report["closed"]
        assert world.time.passed < AN_HOUR
        world.time.sleep(AN_HOUR)
        world.tell(story, first.place or 0)
