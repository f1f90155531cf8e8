"""Crowds in the seconds beside the bounds of a search: counted with it, and no reason to call it short or whole."""

from __future__ import annotations

from itertools import product

import pytest

from tap_copper.search.query import Limits, PageQuery, Row, ShortReadError
from tests.tap_copper.crm_model import CrmModel, Twisted, read

START, STOP = 5000, 20_000
CROWDS = [1, 199, 200, 201, 265, 1000]
INSIDE = [0, 1, 100, 250, 600]
LIMITS = [Limits(), Limits(concurrency=80, in_order=True)]
INCLUDED = list(product([True, False], repeat=2))

pytestmark = pytest.mark.parametrize("newest_first", [False, True])


def crm_with(below: int, seconds: list[int], above: int, included: tuple[bool, bool] = (True, True)) -> CrmModel:
    crm = CrmModel(includes_minimum=included[0], includes_maximum=included[1], now=10**6)
    crm.fill([*seconds, *[START - 1] * below, *[STOP + 1] * above])
    return crm


def spread(count: int) -> list[int]:
    return [START + 3 * number for number in range(count)]


@pytest.mark.parametrize("included", INCLUDED)
@pytest.mark.parametrize("ends", ["start", "stop", "both"])
def test_what_lies_inside_is_read_whole(ends: str, included: tuple[bool, bool], *, newest_first: bool) -> None:
    start = None if ends == "stop" else START
    stop = None if ends == "start" else STOP
    for limits, crowd, count in product(LIMITS, CROWDS, INSIDE):
        crm = crm_with(crowd if ends != "stop" else 0, spread(count), crowd if ends != "start" else 0, included)
        brought = read(crm, limits, start=start, stop=stop, newest_first=newest_first)
        assert sorted(brought) == [(record, second) for record, second in crm.records.items() if record < count]
        assert crm.questions <= 25


@pytest.mark.parametrize("edge", [START, STOP])
def test_so_it_is_where_the_second_within_the_bound_is_a_crowd_itself(edge: int, *, newest_first: bool) -> None:
    for included, limits in product(INCLUDED, LIMITS):
        crm = crm_with(300, [START + 9, *[edge] * 300], 300, included)
        brought = read(crm, limits, start=START, stop=STOP, newest_first=newest_first)
        assert sorted(record for record, _ in brought) == list(range(301))


@pytest.mark.parametrize("crowded_edge", [False, True])
def test_so_it_is_where_more_lies_inside_than_one_search_reaches(*, crowded_edge: bool, newest_first: bool) -> None:
    limits = Limits(page_size=20, ceiling=1000, concurrency=4)
    for included, crowd in product(INCLUDED, [19, 650]):
        inside = [START + 9 * number for number in range(1400)] + [STOP if crowded_edge else START + 2] * 50
        crm = crm_with(crowd, inside, crowd, included)
        brought = read(crm, limits, start=START, stop=STOP, newest_first=newest_first)
        assert sorted(record for record, _ in brought) == list(range(1450))


@pytest.mark.parametrize("hidden", [1, 40])
@pytest.mark.parametrize("ends", ["start", "stop", "both"])
def test_a_read_that_is_short_fails_all_the_same(ends: str, hidden: int, *, newest_first: bool) -> None:
    def hide(_: PageQuery, rows: list[Row], total: int) -> Twisted:
        return [row for row in rows if not 100 <= int(str(row[0])) < 100 + hidden], total

    for crowd, included in product([201, 265, 1000], INCLUDED):
        crm = crm_with(crowd if ends != "stop" else 0, spread(250), crowd if ends != "start" else 0, included)
        crm.twist = hide
        with pytest.raises(ShortReadError):
            read(
                crm,
                Limits(),
                start=None if ends == "stop" else START,
                stop=None if ends == "start" else STOP,
                newest_first=newest_first,
            )


@pytest.mark.parametrize("told", [700, 10_000])
def test_one_total_for_every_question_explains_nothing(told: int, *, newest_first: bool) -> None:
    crm = crm_with(300, spread(250), 300)
    crm.twist = lambda _, rows, __: (rows, told)
    with pytest.raises(ShortReadError):
        read(crm, Limits(), start=START, newest_first=newest_first)


def test_records_that_are_deleted_meanwhile_are_no_reason_to_fail(*, newest_first: bool) -> None:
    crm = crm_with(300, spread(250), 300)

    def delete() -> None:
        if crm.questions == 4:
            for record in range(100, 110):
                crm.write(record, None)

    brought = read(crm, Limits(), start=START, stop=STOP, newest_first=newest_first, meanwhile=delete)
    assert set(crm.records.items()) - {row for row in crm.records.items() if row[0] >= 250} <= set(brought)


def test_without_a_crowd_nothing_more_is_asked(*, newest_first: bool) -> None:
    alone = crm_with(0, spread(600), 0)
    read(alone, Limits(), start=START, stop=STOP, newest_first=newest_first)
    beside = crm_with(1, spread(600), 1)
    read(beside, Limits(), start=START, stop=STOP, newest_first=newest_first)
    assert beside.questions == alone.questions
