"""Answers that are empty, short, contradictory or stale, and totals that lie: all is read, or it is an error."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tap_copper.search.query import Limits, PageQuery, Row, SearchError
from tests.tap_copper.crm_model import LOOKBACK, CrmModel, Twisted, dice, read

SMALL = Limits(page_size=4, ceiling=400, concurrency=3, fewest_pages=2, buffered_pages=9)
LARGER = Limits(page_size=12, ceiling=400, concurrency=6, fewest_pages=3, buffered_pages=60)

Twist = Callable[[PageQuery, list[Row], int], Twisted]


def empty(_: PageQuery, __: list[Row], total: int) -> Twisted:
    return [], total


def short(_: PageQuery, rows: list[Row], total: int) -> Twisted:
    return rows[: len(rows) // 2], total


def without_the_middle(_: PageQuery, rows: list[Row], total: int) -> Twisted:
    return rows[:1] + rows[2:], total


def of_nothing(_: PageQuery, __: list[Row], ___: int) -> Twisted:
    return [], 0


def of_a_part(_: PageQuery, rows: list[Row], total: int) -> Twisted:
    """Answer like an index that has lost half of its shards: fewer records, and a total that agrees."""
    return rows[::2], total // 2


def of_the_first_only(_: PageQuery, rows: list[Row], total: int) -> Twisted:
    return rows[:1], total


SHORT_ANSWERS = [empty, short, without_the_middle, of_the_first_only]
AGREEING_ANSWERS = [of_nothing, of_a_part]


def some_answers(crm: CrmModel, lie: Twist, share: float, *, keeps_first: bool = False) -> Twist:
    """Twist a share of the answers, or each of them."""
    given: list[PageQuery] = []

    def twist(question: PageQuery, rows: list[Row], total: int) -> Twisted:
        given.append(question)
        if (keeps_first and len(given) == 1) or crm.random.random() >= share:
            return rows, total
        return lie(question, rows, total)

    return twist


def stale(crm: CrmModel, share: float) -> Twist:
    """Give the answer to an earlier question again."""
    earlier: list[Twisted] = []

    def twist(_: PageQuery, rows: list[Row], total: int) -> Twisted:
        earlier.append((rows, total))
        return crm.random.choice(earlier) if crm.random.random() < share else (rows, total)

    return twist


accounts = st.one_of(
    st.lists(st.integers(0, 990), max_size=60),
    st.lists(st.sampled_from([100, 101, 102, 300, 985, 989]), max_size=60),
    st.builds(lambda seed: dice(seed).choices(range(990), k=200), st.integers(0, 10_000)),
)
IN_ORDER = Limits(**{**vars(LARGER), "in_order": True})
TAIL_AHEAD = Limits(**{**vars(IN_ORDER), "tail_ahead": True})
limits = st.sampled_from([SMALL, LARGER, IN_ORDER, TAIL_AHEAD])
shares = st.sampled_from([0.1, 0.5, 1.0])


def check(crm: CrmModel, limits: Limits, *, newest_first: bool) -> None:
    """All records come, or the search says that it is not whole; either way it ends soon.

    What two answers in a row hide of the last seconds is what the next run's lookback is for.
    """
    began = crm.now
    try:
        brought = read(crm, limits, newest_first=newest_first)
    except SearchError:
        event("an error, not silence")
    else:
        event("whole")
        assert {row for row in crm.records.items() if row[1] <= began - LOOKBACK} <= set(brought)
        assert set(brought) <= set(crm.records.items())
    assert crm.questions < 400 + 20 * len(crm.records)


def crm_with(seconds: list[int], seed: int) -> CrmModel:
    crm = CrmModel(random=dice(seed))
    crm.fill(seconds)
    return crm


enough = settings(max_examples=2 * settings.default.max_examples)
seeds = st.integers(0, 10_000)
some_short_answers = given(
    seconds=accounts,
    seed=seeds,
    limits=limits,
    lie=st.sampled_from(SHORT_ANSWERS),
    share=shares,
    newest_first=st.booleans(),
)


@enough
@some_short_answers
def test_answers_that_show_less_than_they_count_lose_nothing_in_silence(
    seconds: list[int], seed: int, limits: Limits, lie: Twist, share: float, *, newest_first: bool
) -> None:
    crm = crm_with(seconds, seed)
    crm.twist = some_answers(crm, lie, share)
    check(crm, limits, newest_first=newest_first)


@enough
@given(
    seconds=accounts,
    seed=seeds,
    limits=limits,
    lie=st.sampled_from(AGREEING_ANSWERS),
    share=st.just(0.02),
    newest_first=st.booleans(),
)
def test_now_and_then_an_answer_that_shows_less_and_counts_less_loses_nothing_in_silence(
    seconds: list[int], seed: int, limits: Limits, lie: Twist, share: float, *, newest_first: bool
) -> None:
    crm = crm_with(seconds, seed)
    crm.twist = some_answers(crm, lie, share, keeps_first=True)
    check(crm, limits, newest_first=newest_first)


@enough
@given(seconds=accounts, seed=seeds, limits=limits, share=st.just(0.05), newest_first=st.booleans())
def test_answers_to_earlier_questions_lose_nothing_in_silence(
    seconds: list[int], seed: int, limits: Limits, share: float, *, newest_first: bool
) -> None:
    crm = crm_with(seconds, seed)
    crm.twist = stale(crm, share)
    check(crm, limits, newest_first=newest_first)


@enough
@given(
    seconds=accounts,
    seed=seeds,
    limits=limits,
    kind=st.sampled_from(["low", "high", "random", "none", "fixed"]),
    hinted=st.booleans(),
    newest_first=st.booleans(),
)
def test_totals_that_lie_lose_nothing_in_silence(
    seconds: list[int], seed: int, limits: Limits, kind: str, *, hinted: bool, newest_first: bool
) -> None:
    crm = crm_with(seconds, seed)
    fixed = crm.random.randrange(1000)

    def lie(question: PageQuery, rows: list[Row], total: int) -> Twisted:
        told = {
            "low": total // 3,
            "high": total * 3 + 50,
            "random": crm.random.randrange(500),
            "none": None,
            "fixed": fixed,
        }[kind]
        # The one total that is believed beside a full page: a first page that holds just as many.
        return rows, None if told == question.size else told

    crm.twist = lie
    hinting = Limits(**{**vars(limits), "totals_are_hints": hinted})
    check(crm, hinting, newest_first=newest_first)


@enough
@some_short_answers
def test_a_first_answer_without_a_total_hides_none_that_show_less_than_they_count(
    seconds: list[int], seed: int, limits: Limits, lie: Twist, share: float, *, newest_first: bool
) -> None:
    crm = crm_with(seconds, seed)
    later = some_answers(crm, lie, share)

    def twist(question: PageQuery, rows: list[Row], total: int) -> Twisted:
        return (rows, None) if crm.questions == 1 else later(question, rows, total)

    crm.twist = twist
    check(crm, limits, newest_first=newest_first)
