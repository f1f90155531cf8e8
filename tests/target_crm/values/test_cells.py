"""One cell with several values, as spreadsheets and exports have them: several values where the attribute is a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.crm_objects import Kind
from target_crm.mapping.cells import array_in, emails_in, ids_in, names_in, phones_in, urls_in
from tests.target_crm.values.declared import attributes

pytestmark = pytest.mark.daily(one_of=3)

CELLS = [
    "vip, trade fair",
    "vip,trade fair",
    "vip;trade fair",
    "vip; trade fair",
    '"vip","trade fair"',
    '"vip", "trade fair"',
    "vip ::: trade fair",
    "vip\ntrade fair",
    "vip\r\ntrade fair",
    " vip ,, trade fair , ",
    '["vip", "trade fair"]',
    '{vip,"trade fair"}',  # PostgreSQL's arrays
    "{vip, NULL, trade fair}",
]
LISTED = {"food, drink", "r;d"}


def is_listed(text):
    return text.strip().casefold() in LISTED


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.TEXTS))
@pytest.mark.parametrize("cell", CELLS)
def test_tags_in_one_cell_are_several(sent, crm, object_name, attribute, cell):
    assert sent(crm, object_name, attribute, cell) == ["vip", "trade fair"]


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.TEXTS))
def test_an_element_of_a_list_stays_whole(sent, crm, object_name, attribute):
    assert sent(crm, object_name, attribute, ["vip, trade fair"]) == ["vip, trade fair"]


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.IDS))
@pytest.mark.parametrize("cell", ["601, 602", "601;602", "601\n602", "[601, 602]", "601.0, 602", "{601,602}"])
def test_ids_in_one_cell_are_several(mapped, crm, object_name, attribute, cell):
    listed = mapped(crm, object_name, attribute, [601, 602]).payload
    assert mapped(crm, object_name, attribute, cell).payload == listed


IN_ITEMS = {
    "email": ("ann@x.org", "bob@x.org"),
    "phone": ("+1 415 555 0101", "+1 415 555 0102"),
    None: ("https://x.org/a", "https://y.org/b"),
}


@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.ITEMS))
@pytest.mark.parametrize("mark", [", ", ";", "; ", " ::: ", "\n", '","'])
def test_items_in_one_cell_are_several(sent, crm, object_name, attribute, mark):
    two = IN_ITEMS[attribute.normalise]
    cell = f'"{mark.join(two)}"' if '"' in mark else mark.join(two)
    assert [each[attribute.item] for each in sent(crm, object_name, attribute, cell)] == list(two)


@pytest.mark.parametrize(
    ("cell", "several"),
    [
        ("Food, drink", ["Food, drink"]),
        ("golf, Food, drink, chess", ["golf", "Food, drink", "chess"]),
        ("golf; Food, drink", ["golf", "Food, drink"]),
        ("R;D;golf", ["R;D", "golf"]),
        ('"Food, drink","golf"', ["Food, drink", "golf"]),
        ("Food, drinks", ["Food", "drinks"]),
        ("golf; chess, polo", ["golf", "chess, polo"]),
        ('5" pipe, 6" pipe', ['5" pipe', '6" pipe']),
        ('"say ""hi""", bye', ['say "hi"', "bye"]),
        (",", []),
    ],
)
def test_what_the_crm_lists_under_that_name_stays_whole(cell, several):
    assert names_in(cell, is_listed) == several


def test_the_list_is_not_asked_about_a_cell_that_holds_one():
    def ask(_):
        raise AssertionError

    assert names_in("vip", ask) == ["vip"]


@pytest.mark.parametrize(
    ("taken_apart", "cell"),
    [
        (phones_in, "+1 415 555 0101,,55"),
        (phones_in, "+1 415 555 0101;ext=5"),
        (urls_in, "https://x.org/a,b;c"),
        (urls_in, "https://x.org/?q=1;r=2"),
        (emails_in, '"Bee, Ann" <ann@x.org>'),
    ],
)
def test_marks_inside_one_value_do_not_divide_it(taken_apart, cell):
    assert taken_apart(cell) == [cell]


def test_an_option_with_a_comma_of_the_accounts_own_list_wins(crms, mapped):
    fields = crms["copper"].custom_fields(crms["copper"].objects["people"])
    field = next(each for each in fields if each.kind is Kind.NAME_IDS and len(each.options) > 1)
    first, second = field.options[0], field.options[1]
    object.__setattr__(field, "options", (type(first)(first.id, ("Food, drink",)), *field.options[1:]))
    chosen = mapped(
        "copper", "people", "likes", f"food, drink, {second.spellings[0]}", custom_fields={field.name: "likes"}
    )
    assert chosen.payload["custom_fields"] == [{"custom_field_definition_id": field.id, "value": [first.id, second.id]}]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters='",;:\n'), min_size=1).map(str.strip).filter(bool),
        min_size=1,
    )
)
def test_quoted_values_come_back(values):
    assert names_in(",".join(f'"{each}"' for each in values)) == values


@given(st.text())
def test_any_text_is_taken_apart_without_an_error(text):
    for taken_apart in (names_in, emails_in, phones_in, urls_in, ids_in):
        assert "" not in taken_apart(text) or not text.strip()


@pytest.mark.parametrize("cell", ["{First Name} Fan", "{vip", "{a,,b}", "{{a},{b}}", "{'a': 1}", '{"a": 1}', "{}"])
def test_other_text_in_braces_is_no_array(cell):
    assert array_in(cell) is None


@given(st.lists(st.text(), min_size=1))
def test_an_array_is_read_as_postgresql_writes_it(values):
    cell = ",".join('"' + each.replace("\\", r"\\").replace('"', r"\"") + '"' for each in values)
    assert array_in("{" + cell + "}") == values
