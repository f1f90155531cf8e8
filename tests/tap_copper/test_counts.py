"""Exactly the records that exist come out, at every edge of a page, whatever a search makes of its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from crm_emulator import Clock, Emulator
from crm_emulator.copper.switches import Switches
from tap_copper.records import moment
from tests.tap_copper.running import Output, run

NOW = 1_790_000_000
SEARCHED = ["activities_search", "companies", "leads", "opportunities", "people", "projects", "tasks"]
COUNTS = [0, 1, 199, 200, 201, 250, 5000]
BEHAVIOURS = {
    "as documented": Switches(),
    "bounds excluded, short pages, total too high": Switches(
        minimum_inclusive=False, maximum_inclusive=False, ghost_every=7, total_overcount=3, tie_order="random"
    ),
}


def fill(emulator: Emulator, stream: str, seconds: list[int]) -> set[int]:
    """Give a stream records of these seconds, and nothing else."""
    name = stream.removesuffix("_search")
    table = emulator.copper.table(name)
    key = "activity_date" if name == "activities" else "date_modified"
    attributes: dict[str, Any] = {"name": "A"}
    if name == "activities":
        person = emulator.copper.insert("people", {"name": "Ann Lee"})["id"]
        parent, kind = {"type": "person", "id": person}, {"category": "user", "id": 0}
        attributes = {"parent": parent, "type": kind, "details": "Called"}
    made = emulator.copper.insert(name, attributes)
    emulator.copper.delete(name, made["id"])
    more = [({**made, "id": made["id"] + 1 + place, key: second}, 0) for place, second in enumerate(seconds)]
    emulator.store.load(table, more)
    return {record["id"] for record, _ in more}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("stream", SEARCHED)
@pytest.mark.daily(one_of=3)
def test_every_count_comes_exactly_and_in_order(stream: str, behaviour: str) -> None:
    for count in COUNTS:
        with Emulator(empty=True, clock=Clock(frozen_at=NOW), switches=BEHAVIOURS[behaviour]) as emulator:
            ids = fill(emulator, stream, [NOW - 500_000 + place // 2 * 90 for place in range(count)])
            totals = {stream: "hint"} if emulator.copper.switches.total_overcount else {}
            check(run(emulator, stream, totals=totals), stream, ids)


@pytest.mark.parametrize("stream", SEARCHED)
def test_a_second_in_two_answers_comes_in_order_where_the_minimum_is_excluded(stream: str) -> None:
    """The answer that shows that it is excluded brings later records before the rest of that second."""
    with Emulator(empty=True, clock=Clock(frozen_at=NOW), switches=Switches(minimum_inclusive=False)) as emulator:
        ids = fill(emulator, stream, [NOW - 500_000 + (place + 1) // 2 * 90 for place in range(450)])
        check(run(emulator, stream), stream, ids)


@pytest.mark.parametrize("stream", SEARCHED)
def test_so_do_more_than_a_search_reaches(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    monkeypatch.setattr("tap_copper.search_stream.SEARCH_CEILING", 1000)
    with Emulator(empty=True, clock=Clock(frozen_at=NOW), switches=Switches(search_ceiling=1000)) as emulator:
        ids = fill(emulator, stream, [NOW - 600_000 + place * 490 for place in range(1200)])
        check(run(emulator, stream), stream, ids)


@pytest.mark.long
@pytest.mark.parametrize("stream", SEARCHED)
def test_so_do_more_than_the_hundred_thousand_that_a_search_reaches(stream: str) -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        ids = fill(emulator, stream, [NOW - 60_000_000 + place * 490 for place in range(120_000)])
        check(run(emulator, stream), stream, ids)


def check(output: Output, stream: str, ids: set[int]) -> None:
    assert output.error is None
    emitted = output.ids(stream)
    assert len(emitted) == len(set(emitted)) == len(ids)
    assert set(emitted) == ids
    key = "activity_date" if stream == "activities_search" else "date_modified"
    values = [record[key] for record in output.records(stream)]
    assert values == sorted(values)


@pytest.mark.parametrize("stream", SEARCHED)
@pytest.mark.parametrize(("count", "more"), [(300, 50), (300, 250), (199, 250)])
def test_an_import_in_the_second_beside_the_bounds_does_not_count(stream: str, count: int, more: int) -> None:
    first = NOW - 86_400
    last = first + 100 * more
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        inside = [first + 100 * place for place in range(more)]
        ids = fill(emulator, stream, [*inside, *[first - 1] * count, *[last + 1] * count])
        output = run(emulator, stream, start_date=moment(first), end_date=moment(last))
    assert output.error is None
    assert set(output.ids(stream)) == set(sorted(ids)[:more])


@pytest.mark.parametrize("stream", ["people", "activities_search"])
def test_a_second_that_just_fits_the_ceiling_comes_whole_and_one_beyond_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    monkeypatch.setattr("tap_copper.search_stream.SEARCH_CEILING", 1000)
    crowd = NOW - 86_400
    for count, is_read in ((1000, True), (1001, False)):
        with Emulator(empty=True, clock=Clock(frozen_at=NOW), switches=Switches(search_ceiling=1000)) as emulator:
            before, after = [crowd - 500] * 3, [crowd + 500] * 3
            ids = fill(emulator, stream, [*before, *[crowd] * count, *after])
            output = run(emulator, stream, "users")
        if is_read:
            check(output, stream, ids)
        else:
            assert f"1,001 records of {stream}" in str(output.error)
            assert f"the second {moment(crowd)}, and Copper's search reaches 1,000" in str(output.error)
            assert "search_filters" in str(output.error)
            assert output.records("users")
            bookmark = output.bookmark(stream)
            assert bookmark is None or bookmark <= moment(crowd)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_records_in_one_second_come_and_one_more_is_an_error() -> None:
    for count in (100_000, 100_001):
        with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
            ids = fill(emulator, "people", [NOW - 86_400] * count)
            output = run(emulator, "people")
        if count == 100_000:
            assert set(output.ids("people")) == ids
        else:
            assert "100,001 records of people" in str(output.error)
            assert moment(NOW - 86_400) in str(output.error)
