"""Answers to the questions of a window, those included that come late or contradict others."""

from __future__ import annotations

from tap_copper.search.query import Limits, PageQuery
from tap_copper.search.same_second import TieReader
from tap_copper.search.window import Window
from tap_copper.search.window_answer import SearchBehaviour
from tests.tap_copper.crm_model import CrmModel, dice

SMALL = Limits(page_size=4, ceiling=400)
LARGER = Limits(page_size=12, ceiling=400)


def in_a_run(crm: CrmModel) -> Window:
    """A window whose first page is full of records of one second, so that the next pages are asked for by number."""
    window = Window(500, 980, LARGER, SearchBehaviour())
    window.take(PageQuery(499, 981, 1, 12), *crm.answer(PageQuery(499, 981, 1, 12), LARGER))
    assert window.query().page > 1
    return window


def crm_with(seconds: list[int]) -> CrmModel:
    crm = CrmModel(random=dice(7))
    crm.fill(seconds)
    return crm


def test_a_page_that_begins_where_the_next_window_does_tells_nothing_of_that_window() -> None:
    crm = crm_with(list(range(600, 980)))
    window = Window(693, 980, SMALL, SearchBehaviour())
    first = PageQuery(692, 981, 1, 4)
    rows, total = crm.answer(first, SMALL)
    window.take(first, rows, total)
    last_page_of_the_window_before = PageQuery(600, 693, 24, 4)
    rows, total = crm.answer(last_page_of_the_window_before, SMALL)
    assert rows[-1][1] == 693
    assert not window.is_continued_by(last_page_of_the_window_before, rows[-1:], 693)
    assert window.is_continued_by(PageQuery(600, 981, 24, 4), rows[-1:], 693)


def test_a_page_of_a_run_that_was_given_up_meanwhile_tells_nothing() -> None:
    crm = crm_with([500] * 40 + list(range(600, 640)))
    window = in_a_run(crm)
    asked = window.query()
    rows, total = crm.answer(asked, LARGER)
    window.take(asked, rows[::-1], total)
    late = PageQuery(499, 981, 4, 11)
    rows, total = crm.answer(late, LARGER)
    assert rows[0][1] == 500
    assert rows[-1][1] == 603
    window.take(late, rows, total)
    assert window.floor == 500
    assert window.query().page == 1


def test_a_page_that_shows_a_record_again_does_not_continue_a_run_though_it_begins_as_it_should() -> None:
    """Ties that are ordered anew may begin alike by chance; the record in whose place another came is yet to be met."""
    crm = crm_with([500] * 16 + list(range(600, 640)))
    window = in_a_run(crm)
    asked = window.query()
    rows, total = crm.answer(asked, LARGER)
    first, _ = crm.answer(PageQuery(499, 981, 1, 12), LARGER)
    overlap = 12 - (asked.page - 1) * asked.size
    assert rows[:overlap] == first[-overlap:]
    window.take(asked, [*rows[:overlap], first[0], *rows[overlap + 1 :]], total)
    assert window.floor == 500
    assert window.query().page == 1


def test_a_page_that_reaches_no_further_than_the_run_leaves_it_alone() -> None:
    crm = crm_with([500] * 40 + list(range(600, 640)))
    window = in_a_run(crm)
    asked = window.query()
    window.take(asked, *crm.answer(asked, LARGER))
    window.take(asked, *crm.answer(asked, LARGER))
    assert window.query().page * window.query().size > asked.page * asked.size


def test_whether_bounds_are_included_is_found_out_once_for_all_windows() -> None:
    behaviour = SearchBehaviour()
    first = Window(500, 700, SMALL, behaviour)
    first.take(PageQuery(499, 701, 1, 4), [(number, 500 + number) for number in range(4)], 100)
    assert first.query().minimum == 503
    first.take(first.query(), [(number, 500 + number) for number in range(3, 7)], 97)
    assert Window(800, 900, SMALL, behaviour).query().minimum == 800


def test_a_second_that_does_not_come_again_is_asked_for_with_the_one_before() -> None:
    behaviour = SearchBehaviour()
    window = Window(500, 700, SMALL, behaviour)
    window.take(PageQuery(499, 701, 1, 4), [(number, 500 + number) for number in range(4)], 100)
    window.take(window.query(), [(number, 500 + number) for number in range(4, 8)], 96)
    assert window.query().minimum == 502
    other = Window(800, 900, SMALL, behaviour)
    other.take(PageQuery(799, 901, 1, 4), [(number, 800 + number) for number in range(4)], 100)
    assert other.query().minimum == 802


def test_the_records_of_one_second_are_not_taken_for_those_of_the_next() -> None:
    crowd = TieReader(500, [(499, 500), (499, 501)], 3, LARGER)
    crowd.take([(number, 499) for number in range(5)], 5, new=False)
    assert not crowd.done
    assert crowd.query().maximum == 501
