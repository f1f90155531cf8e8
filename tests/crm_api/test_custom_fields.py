"""Custom fields get the same column names on both sides, and keep them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.custom_fields import alike, column_names, slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lead Score", "lead_score"),
        ("  Ärger & Spaß (2) ", "arger_spa_2"),
        ("ACV/€", "acv"),
        ("数量", ""),
        ("2024", ""),
    ],
)
def test_a_name_is_spelled_with_latin_words(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_of_two_fields_with_one_slug_the_older_keeps_it() -> None:
    assert column_names([(90, "Lead score"), (638, "Lead-Score")]) == {90: "cf_lead_score", 638: "cf_lead_score_638"}


def test_ids_are_compared_as_numbers_not_as_text() -> None:
    assert column_names([(1000, "Score"), (999, "Score")])[999] == "cf_score"


def test_a_name_without_latin_letters_gives_the_id() -> None:
    assert column_names([(7, "数量"), (8, "2024")]) == {7: "cf_7", 8: "cf_8"}


def test_a_pinned_name_stays_through_a_renaming_and_comes_first() -> None:
    fields = [(5, "Score"), (638, "Renamed")]
    assert column_names(fields, {"638": "score"}) == {638: "cf_score", 5: "cf_score_5"}
    assert column_names(fields, {638: "cf_score"}) == column_names(fields, {"638": "score"})


NAMES = st.text("aBé数 -1_", max_size=8)
FIELDS = st.dictionaries(st.integers(1, 40), st.sampled_from(["Score", "score", "Score 7", "数", "Tier"]) | NAMES)


@given(FIELDS)
def test_no_two_fields_share_a_column(fields: dict[int, str]) -> None:
    names = column_names(fields.items())
    assert len(set(names.values())) == len(fields)
    assert all(re.fullmatch(r"cf_[a-z0-9_]+", name) for name in names.values())


@given(FIELDS, NAMES)
def test_a_field_added_later_renames_no_other(fields: dict[int, str], name: str) -> None:
    before = column_names(fields.items())
    after = column_names([*fields.items(), (41, name)])
    assert {key: after[key] for key in before} == before


@given(st.lists(FIELDS, min_size=2, max_size=5))
def test_a_column_stays_with_its_field_whatever_is_renamed_removed_or_added(runs: list[dict[int, str]]) -> None:
    given: dict[str, int | str] = {}
    columns: dict[int | str, str] = {}
    for fields in runs:
        names = column_names(fields.items(), None, given)
        assert len(set(names.values())) == len(fields)
        assert all(columns.setdefault(key, name) == name for key, name in names.items())
        assert all(given.setdefault(name, key) == key for key, name in names.items())


def test_a_field_whose_pinned_name_is_given_up_goes_back_to_its_own() -> None:
    given: dict[str, int | str] = {"cf_score": 5, "cf_rating": 5}
    assert column_names([(5, "Score"), (9, "Rating")], None, given) == {5: "cf_score", 9: "cf_rating_9"}


def test_fields_are_alike_where_their_columns_would_be() -> None:
    assert alike([(9, "Lead-Score"), (5, "Lead score"), (7, "Tier"), (8, "数"), (10, "量")]) == [[5, 9]]
