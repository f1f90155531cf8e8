"""Which attempts may be repeated, and how long to wait before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.transport.answer import retry_after_seconds
from crm_api.transport.retry import (
    FIRST_CONTACT_ATTEMPTS,
    LONGEST_WAIT_SECONDS,
    Attempt,
    RequestFate,
    RetryPolicy,
)

NOW = datetime(2024, 5, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fate", "repeatable", "expected"),
    [
        (RequestFate.NOT_SENT, False, True),
        (RequestFate.TURNED_AWAY, False, True),
        (RequestFate.UNKNOWN, False, False),
        (RequestFate.NOT_SENT, True, True),
        (RequestFate.TURNED_AWAY, True, True),
        (RequestFate.UNKNOWN, True, True),
    ],
)
def test_only_what_may_have_been_carried_out_must_be_repeatable(
    fate: RequestFate, *, repeatable: bool, expected: bool
) -> None:
    assert RetryPolicy().may_repeat(Attempt(fate, 1), repeatable=repeatable) is expected


@given(fate=st.sampled_from(RequestFate), number=st.integers(1, 20), most=st.integers(1, 20), repeatable=st.booleans())
def test_no_fate_is_repeated_beyond_the_last_attempt(
    fate: RequestFate, number: int, most: int, *, repeatable: bool
) -> None:
    may = RetryPolicy(max_attempts=most).may_repeat(Attempt(fate, number), repeatable=repeatable)
    assert not (may and number >= most)


@given(fate=st.sampled_from(RequestFate), number=st.integers(1, 20), asked=st.floats(0, 1e6))
def test_what_the_crm_asks_for_is_never_shortened(fate: RequestFate, number: int, asked: float) -> None:
    assert RetryPolicy().wait_seconds(Attempt(fate, number, asked)) == asked


def test_waits_double_up_to_a_limit() -> None:
    retry_policy = RetryPolicy(jitter=lambda seconds: seconds)
    waits = [retry_policy.wait_seconds(Attempt(RequestFate.UNKNOWN, number)) for number in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 64]


def test_a_quota_window_is_waited_out_within_the_attempts() -> None:
    waits = [RetryPolicy().wait_seconds(Attempt(RequestFate.TURNED_AWAY, number)) for number in range(1, 6)]
    assert waits == [5, 10, 20, 40, 64]
    assert sum(waits) > 60


def test_an_outage_of_two_minutes_is_outlasted_however_the_dice_fall() -> None:
    retry_policy = RetryPolicy()
    for _ in range(100):
        waits = [
            retry_policy.wait_seconds(Attempt(RequestFate.NOT_SENT, number))
            for number in range(1, retry_policy.max_attempts)
        ]
        assert sum(waits) > 120


def test_an_address_that_never_answered_is_given_up_sooner() -> None:
    retry_policy = RetryPolicy()
    last = Attempt(RequestFate.NOT_SENT, FIRST_CONTACT_ATTEMPTS)
    assert retry_policy.may_repeat(last, repeatable=True)
    assert not retry_policy.may_repeat(last, repeatable=True, reached=False)


@given(st.integers(1, 12))
def test_jitter_spreads_workers_that_failed_together(number: int) -> None:
    wait = RetryPolicy().wait_seconds(Attempt(RequestFate.UNKNOWN, number))
    whole = min(2 ** (number - 1), LONGEST_WAIT_SECONDS)
    assert whole / 2 <= wait <= whole


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 0),
        ("Fri, 31 May 2024 09:31:00 GMT", 60),
        ("Fri, 31 May 2024 09:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("9" * 400, None),
        ("Fri, 99 May 2024 09:31:00 GMT", None),
    ],
)
def test_a_retry_after_is_read_in_both_forms_and_nonsense_passed_over(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text())
def test_no_header_breaks_the_reading(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or seconds >= 0
