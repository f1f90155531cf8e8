"""Dates that no filter of Copper's can say, and bookmarks that lie in the future: nothing is missed in silence."""

from __future__ import annotations

import pytest

from crm_emulator import Clock, Emulator
from tap_copper.records import moment
from tests.tap_copper.running import Output, run
from tests.tap_copper.test_counts import fill

NOW = 1_790_000_000
HOUR = 3600
DAY = 86_400
BEFORE_1970, AFTER_2038, MILLISECONDS = -50_000, 2_200_000_000, 1_700_000_000_000


@pytest.mark.parametrize("odd", [BEFORE_1970, AFTER_2038, MILLISECONDS])
@pytest.mark.parametrize("stream", ["people", "activities_search"])
@pytest.mark.daily(one_of=2)
def test_a_few_dates_that_no_filter_can_say_come_with_all_others(stream: str, odd: int) -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        seconds = [NOW - place * 600 for place in range(7000)]
        ids = fill(emulator, stream, [*(odd + place for place in range(30)), *seconds])
        output = run(emulator, stream)
    assert output.error is None
    assert set(output.ids(stream)) == ids
    assert len(output.ids(stream)) == len(ids)


@pytest.mark.parametrize("odd", [BEFORE_1970, AFTER_2038])
@pytest.mark.parametrize("stream", ["people", "activities_search"])
def test_too_many_of_them_are_an_error_that_says_how_to_read_the_others(stream: str, odd: int) -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        ids = fill(emulator, stream, [*(odd + place for place in range(500)), *(NOW - place for place in range(500))])
        output = run(emulator, stream, "users")
        assert f"Too many records of {stream}" in str(output.error)
        assert "start_date 1970-01-01 or end_date 2038-01-01" in str(output.error)
        assert output.records("users")
        without = run(emulator, stream, start_date="1970-01-01", end_date="2038-01-01")
    assert without.error is None
    assert set(without.ids(stream)) == set(sorted(ids)[500:])


@pytest.mark.parametrize("stream", ["people", "activities_search"])
def test_a_start_or_an_end_that_no_filter_can_say_leaves_nothing_out(stream: str) -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        ids = fill(emulator, stream, [BEFORE_1970, *(NOW - place * 600 for place in range(7000)), AFTER_2038])
        output = run(emulator, stream, start_date="1900-01-01", end_date="2100-01-01")
    assert set(output.ids(stream)) == ids


def read_from(emulator: Emulator, stream: str, ahead_seconds: int) -> Output:
    """Read a stream from a bookmark so far in the future."""
    return run(emulator, stream, state={"bookmarks": {stream: {"replication_key_value": moment(NOW + ahead_seconds)}}})


def test_a_bookmark_that_lies_hours_ahead_is_taken_back_a_day(caplog: pytest.LogCaptureFixture) -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        ids = fill(emulator, "people", [NOW - 3 * DAY, NOW - HOUR, NOW - 10])
        with caplog.at_level("WARNING", logger="tap-copper"):
            output = read_from(emulator, "people", 12 * HOUR)
        assert output.error is None
        assert output.ids("people") == sorted(ids)[1:]
        assert output.bookmark("people") == moment(NOW - 10)
    assert "bookmark_ahead" in {getattr(entry, "event_name", "") for entry in caplog.records}


def test_one_that_lies_no_further_ahead_than_the_lookback_goes_back_to_the_servers_clock() -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        ids = fill(emulator, "activities_search", [NOW - 20 * DAY, NOW - HOUR, NOW + 7 * DAY])
        output = read_from(emulator, "activities_search", 7 * DAY)
    assert output.error is None
    assert output.ids("activities_search") == sorted(ids)
    assert output.bookmark("activities_search") == moment(NOW)
