from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tap_copper.search.query import Limits, SearchError, ShortReadError, TieError
from tests.tap_copper.crm_model import LOOKBACK, CrmModel, dice, read

SMALL = Limits(page_size=4, ceiling=400, concurrency=3, fewest_pages=2, buffered_pages=9)
# Pages that are large enough to be asked for ahead: they overlap by four records.
LARGER = Limits(page_size=12, ceiling=400, concurrency=6, fewest_pages=3, buffered_pages=60)
SMALL_HINTED, LARGER_HINTED = (replace(each, totals_are_hints=True) for each in (SMALL, LARGER))


def crm_with(seconds: list[int], **behaviour: object) -> CrmModel:
    crm = CrmModel(random=dice(7), **behaviour)  # type: ignore[arg-type]  # each test names real attributes
    crm.fill(seconds)
    return crm


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 250, 5000, 120_000])
def test_every_record_is_handed_on_once_and_in_order(count: int, *, newest_first: bool) -> None:
    crm = crm_with([1_500_000_000 + 700 * number for number in range(count)])
    crm.now = 1_700_000_000
    brought = read(crm, Limits(), newest_first=newest_first)
    assert [second for _, second in brought] == sorted(crm.records.values())
    assert len({record for record, _ in brought}) == count


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("ties", [1, 2, 7, 40])
@pytest.mark.parametrize(
    "behaviour",
    [
        {"includes_minimum": False},
        {"includes_minimum": False, "includes_maximum": False, "random_ties": True},
        {"includes_minimum": False, "ghost_every": 7, "overcount": 3, "random_ties": True},
    ],
)
@pytest.mark.daily(one_of=3)
def test_nothing_is_handed_on_before_what_precedes_it_nor_counted_as_reached(
    behaviour: dict[str, object], ties: int, *, in_order: bool
) -> None:
    """Whether the minimum is included shows only in an answer that brings later records, and then earlier ones come."""
    for seed in range(20):
        crm = CrmModel(random=dice(seed), **behaviour)  # type: ignore[arg-type]  # names of real attributes
        crm.fill([500, *[10_000 + place // ties for place in range(700)]])
        crm.now = 1_700_000_000
        brought = read(crm, replace(LARGER, ceiling=1000, totals_are_hints=bool(crm.overcount), in_order=in_order))
        assert [second for _, second in brought] == sorted(crm.records.values())
        for reached, count in crm.reached:
            assert {row for row in crm.records.items() if row[1] < reached} <= set(brought[:count])


@pytest.mark.parametrize(("count", "most"), [(0, 1), (200, 1), (201, 3), (5000, 32), (120_000, 624)])
def test_as_few_requests_as_pages_and_a_few_more(count: int, most: int) -> None:
    crm = crm_with([1_500_000_000 + 700 * number for number in range(count)])
    crm.now = 1_700_000_000
    read(crm, Limits())
    assert crm.questions <= most


def test_the_number_of_requests_does_not_depend_on_how_records_are_spread() -> None:
    bunched = [1_500_000_000 + number // 20 for number in range(60_000)] + [
        1_699_999_000 + n // 20 for n in range(60_000)
    ]
    crm = crm_with(bunched)
    crm.now = 1_700_000_000 + 10_000
    assert len(read(crm, Limits())) == 120_000
    assert crm.questions < 720


def test_two_changed_records_of_many_cost_one_request() -> None:
    crm = crm_with([500] * 5000 + [990, 995])
    assert len(read(crm, Limits(), start=980)) == 2
    assert crm.questions == 1


@pytest.mark.parametrize("newest_first", [False, True])
def test_thousands_in_one_second_are_all_read(*, newest_first: bool) -> None:
    crm = crm_with([400] * 7 + [500] * 5000 + [501] * 3000 + [502] * 3)
    brought = read(crm, Limits(), newest_first=newest_first)
    assert Counter(second for _, second in brought) == Counter(crm.records.values())
    assert len(set(brought)) == len(crm.records)


def test_two_seconds_below_the_ceiling_are_read_where_they_are_above_it_together() -> None:
    for includes_minimum, includes_maximum in product([False, True], repeat=2):
        crm = crm_with(
            [499] * 350 + [500] * 300 + [501] * 300,
            includes_minimum=includes_minimum,
            includes_maximum=includes_maximum,
        )
        assert sorted(read(crm, SMALL)) == sorted(crm.records.items())


def test_what_was_imported_within_the_lookback_is_read_at_once_and_not_as_a_crowd() -> None:
    crm = crm_with([999 - number // 30 for number in range(390)], random_ties=True, overcount=1)
    assert sorted(read(crm, LARGER_HINTED)) == sorted(crm.records.items())
    assert crm.questions <= 140


def test_a_second_beyond_the_ceiling_is_an_error_that_names_it() -> None:
    crm = crm_with([500] * 401)
    with pytest.raises(TieError) as caught:
        read(crm, SMALL)
    assert (caught.value.key, caught.value.total) == (500, 401)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("others", [0, 3, 390])
def test_the_ceiling_holds_for_the_second_alone_whatever_lies_around_it(others: int, *, newest_first: bool) -> None:
    for count in (396, 397, 399, 400, 401):
        crm = crm_with([100] * others + [500] * count + [900] * others)
        if count <= SMALL.ceiling:
            assert len(set(read(crm, SMALL, newest_first=newest_first))) == 2 * others + count
        else:
            with pytest.raises(TieError):
                read(crm, SMALL, newest_first=newest_first)
        assert crm.questions < 3000


def test_a_crowd_whose_total_never_comes_true_is_an_error_after_ten_passes() -> None:
    crm = crm_with([500] * 50, overcount=3, random_ties=True)
    with pytest.raises(TieError) as caught:
        read(crm, SMALL_HINTED, newest_first=True)
    assert caught.value.passes == 10


def test_a_total_that_counts_too_much_hides_no_crowd_where_a_bound_is_excluded() -> None:
    seconds = [100] * 9 + [101] * 9 + [300] * 9 + [985] * 9
    crm = crm_with(seconds, includes_maximum=False, overcount=7)
    assert len(set(read(crm, SMALL_HINTED))) == len(seconds)


@pytest.mark.parametrize("newest_first", [False, True])
def test_what_is_counted_and_not_shown_is_counted_once_however_many_windows_there_are(*, newest_first: bool) -> None:
    crm = crm_with(list(range(100, 980, 3)), overcount=3)
    assert len(read(crm, SMALL_HINTED, newest_first=newest_first)) == len(crm.records)
    assert crm.gap == 3


def test_records_beyond_the_end_are_left_out() -> None:
    crm = crm_with(list(range(100, 200)))
    assert [second for _, second in read(crm, SMALL, start=110, stop=150)] == list(range(110, 151))


IN_ORDER, IN_ORDER_HINTED = (replace(each, in_order=True) for each in (LARGER, LARGER_HINTED))
TAIL_AHEAD = replace(IN_ORDER, tail_ahead=True)
limits = st.sampled_from([SMALL, LARGER, SMALL_HINTED, LARGER_HINTED, IN_ORDER, IN_ORDER_HINTED, TAIL_AHEAD])


@pytest.mark.parametrize("way", [LARGER, IN_ORDER, TAIL_AHEAD], ids=["at once", "in order", "tail ahead"])
def test_a_record_that_is_edited_meanwhile_comes_all_the_same(way: Limits) -> None:
    """Also where it leaves a page that is on its way for a tail that has been answered, as a new one is counted."""
    for seed in range(100):
        crm = CrmModel(random=dice(seed))
        crm.fill(list(range(100, 900, 10)))
        before, at = set(crm.records), crm.random.randrange(2, 14)

        def edit(crm: CrmModel = crm, at: int = at) -> None:
            crm.now += 1
            if crm.questions == 2:
                crm.write(1000, crm.now)
            if crm.questions == at:
                crm.write(crm.random.choice(list(crm.records)), crm.now)

        brought = read(crm, way, meanwhile=edit)
        assert before <= {record for record, _ in brought}


def test_a_tail_that_is_asked_for_ahead_costs_no_request_where_nothing_moves() -> None:
    for count in (13, 80, 300):
        questions = []
        for way in (IN_ORDER, TAIL_AHEAD):
            crm = crm_with([100 + 2 * number for number in range(count)])
            assert sorted(read(crm, way)) == sorted(crm.records.items())
            questions.append(crm.questions)
        assert questions[0] == questions[1]


seconds = st.lists(st.integers(0, 990), max_size=60)
many = st.builds(
    lambda count, spread, seed: dice(seed).choices(range(990 - spread, 990), k=count),
    count=st.integers(60, 380),
    spread=st.sampled_from([30, 100, 990]),
    seed=st.integers(0, 10_000),
)
crowded = st.lists(st.sampled_from([100, 101, 102, 300, 985, 989]), max_size=60)


@st.composite
def crms(draw: st.DrawFn) -> CrmModel:
    crm = CrmModel(
        includes_minimum=draw(st.booleans()),
        includes_maximum=draw(st.booleans()),
        ghost_every=draw(st.sampled_from([0, 2, 3, 5])),
        overcount=draw(st.sampled_from([0, 0, 1, 7])),
        random_ties=draw(st.booleans()),
        index_lag=draw(st.integers(0, LOOKBACK - 1)),
        shows_current=draw(st.booleans()),
        random=dice(draw(st.integers(0, 10_000))),
    )
    crm.fill(draw(seconds | many | crowded))
    return crm


def busy_people(crm: CrmModel, share: float) -> None:
    """Between two answers, time passes and people edit, create and delete."""
    crm.now += crm.random.randint(0, 3)
    while crm.random.random() < share:
        known = list(crm.records)
        deed = crm.random.choice(["edit", "edit", "create", "delete"])
        if deed == "create" or not known:
            crm.write(len(crm.index) + 1000 + crm.random.randrange(10**6), crm.now)
        else:
            crm.write(crm.random.choice(known), None if deed == "delete" else crm.now)


def is_told(crm: CrmModel, limits: Limits) -> bool:
    """Tell whether records may be missing: totals are hints, pages come short, and the gap is a warning."""
    return limits.totals_are_hints and crm.ghost_every > 0 and crm.gap > 0


@settings(max_examples=2 * settings.default.max_examples)
@given(crms(), limits, st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.0, 0.1]))
def test_no_interleaving_of_edits_loses_a_record_over_two_runs(
    crm: CrmModel, limits: Limits, first: float, second: float
) -> None:
    try:
        began = crm.now
        brought = read(crm, limits, meanwhile=lambda: busy_people(crm, first))
        bookmark = min(max((key for _, key in brought if key is not None), default=0), began)
        crm.now += 1
        began = crm.now
        brought += read(crm, limits, start=bookmark - LOOKBACK, meanwhile=lambda: busy_people(crm, second))
    except SearchError:
        event("a read that was not whole: an error, not silence")
        return
    # An index that lags and yet shows records as they are now puts them out of order: what that hides of the last
    # seconds is what the next run's lookback is for.
    hidden = LOOKBACK if crm.shows_current else crm.index_lag
    assert {row for row in crm.records.items() if row[1] < began - hidden} <= set(brought) or is_told(crm, limits)


@given(crm=crms(), limits=limits, share=st.sampled_from([0.0, 0.1, 0.3]), newest_first=st.booleans())
def test_a_single_run_brings_whatever_was_left_alone(
    crm: CrmModel, limits: Limits, share: float, *, newest_first: bool
) -> None:
    before = dict(crm.records)
    began = crm.now
    try:
        brought = read(crm, limits, newest_first=newest_first, meanwhile=lambda: busy_people(crm, share))
    except SearchError:
        event("a read that was not whole: an error, not silence")
        return
    left_alone = {row for row in before.items() if crm.records.get(row[0]) == row[1] and row[1] < began - LOOKBACK}
    assert left_alone <= set(brought) or is_told(crm, limits)


@given(crm=crms(), limits=limits, newest_first=st.booleans())
def test_a_crm_at_rest_is_read_exactly_and_in_order(crm: CrmModel, limits: Limits, *, newest_first: bool) -> None:
    try:
        brought = read(crm, limits, newest_first=newest_first)
    except ShortReadError:
        assert not limits.totals_are_hints
        assert crm.overcount or crm.ghost_every
        return
    except TieError:
        event("a crowd that would not stand still: an error, not silence")
        assert crm.random_ties or crm.overcount
        return
    assert sorted(brought) == sorted(crm.records.items()) or is_told(crm, limits)
    assert [key for _, key in brought] == sorted(key for _, key in brought if key is not None)


@given(crms(), st.sampled_from([0.1, 0.3]))
def test_activities_logged_meanwhile_are_met_by_the_next_run(crm: CrmModel, share: float) -> None:
    def log() -> None:
        crm.now += crm.random.randint(0, 3)
        while crm.random.random() < share:
            crm.write(len(crm.index) + 1000 + crm.random.randrange(10**6), crm.now)

    try:
        began = crm.now
        brought = read(crm, SMALL, newest_first=True, meanwhile=log)
        bookmark = min(max((key for _, key in brought if key is not None), default=0), began)
        began = crm.now
        brought += read(crm, SMALL, start=bookmark - LOOKBACK, newest_first=True, meanwhile=log)
    except SearchError:
        event("a read that was not whole: an error, not silence")
        return
    assert {row for row in crm.records.items() if row[1] < began - crm.index_lag} <= set(brought)
