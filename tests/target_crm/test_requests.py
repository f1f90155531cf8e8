"""As few requests as the API allows, counted; and as fast as the quota allows, by a clock that nobody waits for."""

from __future__ import annotations

import pytest

from tests.chaos.world import World
from tests.target_crm.messages import record_of, schema_of, state_of

WHOSE_ACCOUNT = 2  # every run asks whose account it is
PEOPLE = schema_of("people", "name", "email", "title")
COMPANIES = schema_of("companies", "name", "domain")


def people(count, title="Head"):
    return [record_of("people", id=n, name=f"P{n}", email=f"p{n}@example.org", title=title) for n in range(count)]


def companies(count):
    return [record_of("companies", id=n, name=f"C{n}", domain=f"c{n}.example") for n in range(count)]


@pytest.fixture
def spent(run, emulator):
    """Requests that a run takes; everything in it must succeed."""

    def spent(messages, **config):
        before = emulator.journal.total
        done = run(messages, **config)
        assert done.code == 0, done.errors
        return emulator.journal.total - before

    return spent


@pytest.mark.parametrize(("schema", "records"), [(PEOPLE, people(1000)), (COMPANIES, companies(1000))])
def test_a_thousand_new_ones_take_a_hundred_and_ten_requests_and_unchanged_ones_none(spent, schema, records):
    assert spent([schema, *records]) <= 110
    assert spent([schema, *records]) == WHOSE_ACCOUNT


@pytest.mark.parametrize(
    ("count", "most"), [(1000, 110), pytest.param(10_000, 1060, marks=[pytest.mark.long, pytest.mark.timeout(1800)])]
)
def test_known_people_who_all_changed_take_a_tenth_of_a_request_each_also_without_a_ledger(
    spent, emulator, tmp_path, count, most
):
    spent([PEOPLE, *people(count)])
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    assert spent([PEOPLE, *people(count, title="Director")]) <= most
    assert emulator.journal.count(route="/people/bulk_update") == count // 10
    assert emulator.copper.count("people") == count


@pytest.mark.parametrize("stream", ["people", "companies", "leads"])
def test_ten_updates_share_a_request_where_the_crm_has_such_a_call(spent, emulator, stream):
    schema = schema_of(stream, "name", "details")
    spent([schema, *(record_of(stream, id=n, name=f"N{n}", details="old") for n in range(100))])
    spent([schema, *(record_of(stream, id=n, name=f"N{n}", details="new") for n in range(100))])
    assert emulator.journal.count(route=f"/{stream}/bulk_update") == 10
    assert emulator.journal.count(method="PUT") == 0


@pytest.mark.parametrize(
    ("stream", "records", "least_seconds", "factor"),
    [
        ("tasks", 539, lambda requests: (requests - 1) // 180 * 60, 1.05),
        # 3 bulks a second, whose short window is kept a tenth of a second longer.
        pytest.param("people", 5300, lambda requests: (requests - 1) // 3, 1.1, marks=pytest.mark.long),
    ],
    ids=["one at a time", "ten at a time"],
)
def test_a_run_takes_the_time_that_the_quota_allows_and_provokes_no_429(
    tmp_path, stream, records, least_seconds, factor
):
    world = World(tmp_path, 1, quota=True)
    with world.running():
        messages = [schema_of(stream, "name"), *(record_of(stream, id=n, name=f"N{n}") for n in range(records))]
        own = {stream: {"load_method": "append-only"}}
        done = world.run(
            [*messages, state_of(records)],
            streams=own,
            requests_per_minute=180,
            max_concurrency=1,  # several threads would see this clock jump between their turn and their request
            bulk_requests_per_second=3,
            batch_size_rows=1000,
        )
        requests = world.emulator.journal.total
        assert (done.code, done.place) == (0, records)
        assert world.emulator.journal.count(status=429) == 0
        assert least_seconds(requests) >= 120
        assert world.time.passed <= factor * least_seconds(requests)
