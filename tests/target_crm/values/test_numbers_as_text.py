"""Numbers with a fraction of nothing, as spreadsheets and data frames hold phones, postal codes and ids."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.crm_objects import Kind
from crm_api.endpoints.templates import filled_path
from crm_api.values import read_boolean, read_text
from target_crm.engine.incoming import source_id
from tests.target_crm.values.declared import attributes

pytestmark = pytest.mark.daily(one_of=3)

SPELLINGS = [15550101.0, Decimal("15550101.0"), Decimal("1.5550101E7"), Decimal("15550101.000"), 15550101, "15550101"]


def is_free_text(attribute):
    return not attribute.choices and attribute.normalise != "domain" and attribute.automatic is None


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.TEXT, where=is_free_text))
def test_a_whole_number_is_text_without_a_fraction(sent, crm, object_name, attribute):
    assert {sent(crm, object_name, attribute, each) for each in SPELLINGS} == {"15550101"}


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.ITEMS))
def test_so_it_is_inside_lists_and_items(sent, crm, object_name, attribute):
    key = attribute.item
    for each in SPELLINGS:
        for given_as in (each, [each], [{key: each}], {"value": each}):
            assert [item[key] for item in sent(crm, object_name, attribute, given_as)] == ["15550101"]


@pytest.mark.parametrize(
    ("crm", "object_name", "attribute"), attributes(Kind.STRUCTURE, where=lambda each: each.item is None)
)
def test_so_it_is_inside_structures(sent, crm, object_name, attribute):
    for part in attribute.parts:
        for each in SPELLINGS:
            assert str(sent(crm, object_name, attribute, {part: each})[part]) == "15550101"


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.TEXTS))
def test_so_it_is_as_a_tag(sent, crm, object_name, attribute):
    assert sent(crm, object_name, attribute, [15550101.0, "15550101"]) == ["15550101"]


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.ID, Kind.IDS))
def test_ids_may_have_a_fraction_of_nothing(mapped, crm, object_name, attribute):
    payloads = [mapped(crm, object_name, attribute, each).payload for each in (601, 601.0, Decimal("601.0"), "601")]
    assert payloads.count(payloads[0]) == len(payloads)


@pytest.mark.parametrize(
    ("crm", "object_name", "attribute"), attributes(Kind.NAME_ID, where=lambda each: not each.beside)
)
def test_ids_of_what_the_crm_lists_may_too(crms, mapped, crm, object_name, attribute):
    whole = [name.id for name in crms[crm].names(attribute.names) if isinstance(name.id, int) and name.id > 0]
    for crm_id in whole[:1]:  # the ids of some lists are text
        spellings = (crm_id, float(crm_id), Decimal(f"{crm_id}.0"), f"{crm_id}.0")
        payloads = [mapped(crm, object_name, attribute, each).payload for each in spellings]
        assert payloads.count(payloads[0]) == len(payloads)


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_are_read_as_the_integer(number):
    assert read_text(float(number)) == read_text(Decimal(f"{number}.0")) == str(number)
    assert source_id([float(number)]) == source_id([Decimal(f"{number}.0")]) == source_id([number])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_a_fraction_stays(number):
    assert Decimal(read_text(number)) == number


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_what_is_no_number_is_no_text(number):
    with pytest.raises(ValueError, match="must be text"):
        read_text(number)


def test_a_path_of_an_endpoint_has_the_integer():
    assert filled_path("/people/{id}", {"id": Decimal("601.0")}) == "/people/601"
    assert filled_path("/people/{id}", {"id": 601.0}) == "/people/601"


@pytest.mark.parametrize("value", [1.0, Decimal("1.0"), "1.0", "1", 1, True], ids=repr)
def test_a_data_frame_spells_true_as_a_number(value):
    assert read_boolean(value) is True
    assert read_boolean(type(value)(0.0) if not isinstance(value, str) else "0.0") is False


def test_a_match_key_is_the_same_however_a_number_is_spelt(mapped):
    keys = {
        mapped("apptivo", "customers", "customerNumber", each, match_on=(("customerNumber",),)).keys
        for each in SPELLINGS
    }
    assert len(keys) == 1
    keys = {mapped("copper", "people", "phone", each, match_on=(("phone",),)).keys for each in SPELLINGS}
    assert len(keys) == 1
    keys = {mapped("copper", "people", "id", each, match_on=(("id",),)).keys for each in (601, 601.0, Decimal("601.0"))}
    assert len(keys) == 1
