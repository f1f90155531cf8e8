"""A source that loses a little in each run is noticed: deletes by absence are counted over seven days."""

from __future__ import annotations

from contextlib import closing

import pytest
import sqlalchemy as sa

from target_crm.delete_brakes import Absences, Brakes
from tests.target_crm.messages import record_of, schema_of

DAY = 86_400
TASKS = schema_of("tasks", "name", "_sdc_deleted_at")
MIRROR = {"load_method": "overwrite", "complete": "end_of_input"}


def task(number, stream="tasks", **more):
    return record_of(stream, id=number, name=f"T{number}", **more)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(settings, request):
    """With an empty ledger of each kind."""
    if request.param == "sqlite":
        return settings
    return settings | {"ledger_url": request.getfixturevalue("postgres")}


@pytest.fixture
def pass_days(settings):
    """Let days pass in the ledger."""

    def pass_days(days):
        url = settings["ledger_url"].replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(url)
        with closing(engine.connect()) as connection, connection.begin():
            for statement in ("UPDATE history SET at = at - :s", "UPDATE records SET written_at = written_at - :s"):
                connection.execute(sa.text(statement), {"s": days * DAY})
        engine.dispose()

    return pass_days


@pytest.fixture
def mirror(run, emulator):
    """Run with those tasks that the source has; tells the exit code, what was said and how many the CRM has left."""

    def mirror(numbers, **more):
        given = {"allow_deletes": more.pop("allow_deletes", None), "dry_run": more.pop("dry_run", False)}
        done = run([TASKS, *map(task, numbers)], streams={"tasks": MIRROR | more}, **given)
        assert done.report["closed"]
        return done.code, done.errors, emulator.copper.count("tasks")

    return mirror


def test_a_source_that_loses_a_little_each_night_is_stopped_at_half(mirror, pass_days):
    assert mirror(range(40))[0] == 0
    left = 40
    for _ in range(7):
        pass_days(1)
        code, said, there = mirror(range(left - 3))
        if code:
            break
        left -= 3
    assert (code, left, there) == (3, 22, 22)
    assert "21 of the 40 records of 7 days ago" in said
    assert "max_delete_fraction_7_days (0.5)" in said
    assert "--allow-deletes 3" in said


def test_a_history_that_is_kept_for_a_day_hides_no_delete_from_the_brake(run, pass_days):
    nights = [range(40 - 3 * night) for night in range(8)]
    codes = []
    for numbers in nights:
        messages = [TASKS, *map(task, numbers)]
        codes.append(run(messages, streams={"tasks": MIRROR}, history_days=1, keep_values_days=30).code)
        pass_days(1.1)
    assert codes == [0] * 7 + [3]


def test_many_small_runs_of_one_day_count_together_and_a_dry_run_shows_the_brake(mirror, pass_days):
    mirror(range(20))
    pass_days(8)
    for left in (17, 14, 12, 10):
        assert mirror(range(left))[0] == 0
    code, said, there = mirror(range(9), dry_run=True)
    assert (code, there) == (3, 10)
    assert "11 of the 20" in said
    code, _, there = mirror(range(9))
    assert (code, there) == (3, 10)
    pass_days(8)  # those deletes no longer count
    assert mirror(range(9))[0] == 0


def test_allow_deletes_lets_one_run_pass_and_its_deletes_do_not_count_again(mirror, pass_days):
    mirror(range(30))
    pass_days(10)
    code, said, there = mirror(range(5), allow_deletes=24)
    assert (code, there) == (3, 30)
    assert "--allow-deletes 25" in said
    code, _, there = mirror(range(15), allow_deletes=15)
    assert (code, there) == (0, 15)
    assert mirror(range(13))[0] == 0  # two of fifteen
    assert mirror(range(9))[0] == 3  # six of fifteen within the run


def test_a_record_that_came_back_is_not_missing(mirror, pass_days):
    mirror(range(20))
    pass_days(8)
    for _ in range(5):
        assert mirror(range(17))[0] == 0
        assert mirror(range(20))[0] == 0


def test_what_its_source_deleted_by_message_and_what_came_since_do_not_count(mirror, run, pass_days):
    mirror(range(20))
    pass_days(8)
    gone = [task(number, _sdc_deleted_at="2026-01-01") for number in range(8)]
    done = run([TASKS, *gone, *map(task, range(8, 30))], streams={"tasks": MIRROR | {"hard_delete": True}})
    assert done.of("tasks")["deleted"] == 8
    assert mirror(range(8, 28))[0] == 0  # two that came since
    assert mirror(range(8, 26))[0] == 0


def test_a_clock_that_is_set_back_lets_nothing_more_pass(mirror, pass_days):
    mirror(range(20))
    for left in (17, 14, 12, 10):
        pass_days(-30)
        assert mirror(range(left))[0] == 0
    assert mirror(range(9))[0] == 3


def test_streams_are_counted_apart_and_small_ones_may_lose_all(run, emulator):
    other = schema_of("others", "name")
    streams = {"tasks": MIRROR, "others": MIRROR | {"object": "tasks"}}
    run([TASKS, other, *map(task, range(9)), *(task(n, "others") for n in range(100, 120))], streams=streams)
    for left in (117, 114, 112, 110):
        messages = [TASKS, other, task(0), *(task(n, "others") for n in range(100, left))]
        assert run(messages, streams=streams).code == 0
    done = run([TASKS, other, task(0), *(task(n, "others") for n in range(100, 109))], streams=streams)
    assert done.code == 3
    assert "Stream others: 11 of the 20" in done.errors
    assert emulator.copper.count("tasks") == 11


@pytest.mark.parametrize(
    ("absences", "refused"),
    [
        (Absences(5, 10), False),
        (Absences(6, 10), True),
        (Absences(9, 9, gone_of_all=9, all=9), False),
        (Absences(0, 0, gone_of_all=5, all=10), False),
        (Absences(0, 0, gone_of_all=6, all=10), True),
    ],
)
def test_the_fraction_holds_from_ten_records_up(absences, refused):
    assert (Brakes().refusal_of_days(absences) is not None) == refused
