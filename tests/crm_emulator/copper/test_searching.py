import pytest

from crm_emulator.copper.objects.catalog import OBJECTS

SEARCHED = [declared.name for declared in OBJECTS]


def stamped(emulator, *stamps, object_name="people"):
    """Insert one record for each date_modified."""
    return [
        emulator.copper.insert(object_name, {"name": f"Record {place}", "date_modified": stamp})["id"]
        for place, stamp in enumerate(stamps)
    ]


def everything(client, object_name, **parameters):
    found = []
    for number in range(1, 1000):
        page = client.search(object_name, page_number=number, **parameters)
        if not page:
            return found
        found += page
    raise AssertionError("the pages never end")


@pytest.mark.parametrize("object_name", SEARCHED)
def test_the_pages_of_a_search_hold_every_record_once(seeded, seeded_emulator, object_name):
    found = [record["id"] for record in everything(seeded, object_name, page_size=50)]
    assert len(found) == len(set(found))
    assert sorted(found) == [record["id"] for record in seeded_emulator.copper.records(object_name)]


@pytest.mark.parametrize("object_name", SEARCHED)
def test_the_header_counts_all_that_match(seeded, seeded_emulator, object_name):
    assert seeded.total(object_name) == seeded_emulator.copper.count(object_name)


def test_a_page_holds_20_records_where_no_size_is_asked(seeded):
    assert len(seeded.search("people")) == 20


def test_past_the_end_there_is_an_empty_page(seeded):
    assert seeded.search("people", page_number=1000, page_size=200) == []


def test_a_page_size_over_200_or_under_1_is_refused_or_clamped_by_switch(emulator, copper):
    stamped(emulator, *range(205))
    for size in (201, 0, -1):
        assert "Page Size" in copper.refused("POST", "/people/search", {"page_size": size})
    emulator.copper.switches.oversized_page = "clamp"
    assert len(copper.search("people", page_size=201)) == 200
    assert len(copper.search("people", page_size=0)) == 1


def test_numbers_may_be_sent_as_text(seeded):
    assert seeded.ids("people", page_size="7", page_number="2") == seeded.ids("people", page_size=7, page_number=2)


def test_paging_in_the_query_brings_the_first_page_again_unless_the_switch_says_so(emulator, copper):
    stamped(emulator, *range(25))
    path = "/people/search?page_size=7&page_number=2"
    assert [record["id"] for record in copper.ok("POST", path, {})] == copper.ids("people")
    emulator.copper.switches.query_paging = True
    assert [record["id"] for record in copper.ok("POST", path, {})] == copper.ids("people", page_size=7, page_number=2)


def test_an_unknown_parameter_is_refused_in_the_recorded_words(copper):
    assert copper.refused("POST", "/people/search", {"pageSize": 1}) == (
        "Invalid input: Validation errors: Base: Unrecognized attributes specified: pageSize"
    )


@pytest.mark.parametrize("object_name", [name for name in SEARCHED if name != "activities"])
def test_every_declared_sort_word_sorts_all_records(seeded, object_name):
    declared = next(each for each in OBJECTS if each.name == object_name)
    total = seeded.total(object_name)
    for word in declared.sorts:
        upward = [each["id"] for each in everything(seeded, object_name, page_size=200, sort_by=word)]
        assert len(set(upward)) == total, word
        downward = everything(seeded, object_name, page_size=200, sort_by=word, sort_direction="desc")
        assert [each["id"] for each in downward] == upward[::-1], word


@pytest.mark.parametrize("name", ["date_modified", "date_created", "name"])
def test_records_come_in_the_order_that_was_asked_for(seeded, name):
    values = [record[name] for record in everything(seeded, "people", page_size=200, sort_by=name)]
    assert values == sorted(values, key=lambda value: _ascii_lower(value) if isinstance(value, str) else value)


def _ascii_lower(text):
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def test_people_are_sorted_by_first_name_where_nothing_is_asked(seeded):
    names = [record["first_name"] for record in seeded.search("people", page_size=200)]
    assert names == sorted(names, key=_ascii_lower)


def test_an_unknown_sort_word_is_refused(copper):
    assert "Sort By" in copper.refused("POST", "/people/search", {"sort_by": "id"})
    assert "Sort Direction" in copper.refused("POST", "/people/search", {"sort_by": "name", "sort_direction": "up"})


def test_bounds_are_inclusive_or_not_by_switch(emulator, copper):
    ids = stamped(emulator, 100, 200, 300)
    bounds = {"minimum_modified_date": 100, "maximum_modified_date": 300}
    assert sorted(copper.ids("people", **bounds)) == ids
    emulator.copper.switches.maximum_inclusive = False
    assert sorted(copper.ids("people", **bounds)) == ids[:2]
    emulator.copper.switches.minimum_inclusive = False
    assert sorted(copper.ids("people", **bounds)) == ids[1:2]


def test_only_a_minimum_pages_by_key(emulator, copper):
    ids = stamped(emulator, *range(1000, 1100))
    found = copper.ids("people", sort_by="date_modified", minimum_modified_date=1050, page_size=200)
    assert found == ids[50:]


def test_dates_out_of_the_documented_range_are_refused(copper):
    assert "Maximum Modified Date" in copper.refused("POST", "/people/search", {"maximum_modified_date": 9_999_999_999})


def test_ties_come_in_a_stable_order_that_is_not_by_id(emulator, copper):
    ids = stamped(emulator, *[500] * 50)
    first = copper.ids("people", sort_by="date_modified", page_size=200)
    assert sorted(first) == ids
    assert first != ids
    assert copper.ids("people", sort_by="date_modified", page_size=200) == first


def test_ties_come_in_another_order_at_each_request_by_switch(emulator, copper):
    emulator.copper.switches.tie_order = "random"
    ids = stamped(emulator, *[500] * 50, 400, 600)
    orders = [copper.ids("people", sort_by="date_modified", page_size=200) for _ in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert all(sorted(order) == sorted(ids) and order[0] == ids[50] and order[-1] == ids[51] for order in orders)


def test_ties_come_by_id_by_switch(emulator, copper):
    emulator.copper.switches.tie_order = "id"
    ids = stamped(emulator, *[500] * 50)
    assert copper.ids("people", sort_by="date_modified", page_size=200) == ids


def test_nothing_lies_past_the_ceiling_but_it_is_counted(emulator, copper):
    emulator.copper.switches.search_ceiling = 25
    stamped(emulator, *range(40))
    pages = [len(copper.search("people", page_size=10, page_number=number)) for number in (1, 2, 3, 4)]
    assert pages == [10, 10, 5, 0]
    assert copper.total("people") == 40


def test_ghosts_shorten_pages_without_hiding_a_record(emulator, copper):
    emulator.copper.switches.ghost_every = 7
    ids = stamped(emulator, *range(40))
    pages = [copper.ids("people", page_size=10, page_number=n, sort_by="date_modified") for n in range(1, 7)]
    assert [number for page in pages for number in page] == ids
    assert len(pages[0]) == 9
    assert copper.total("people") == 46


def test_the_total_can_be_an_upper_bound(emulator, copper):
    emulator.copper.switches.total_overcount = 3
    stamped(emulator, 1, 2)
    assert copper.total("people") == 5


def test_the_total_follows_every_write(emulator, copper):
    first, *_ = stamped(emulator, 100, 200, 300)
    assert copper.total("people", minimum_modified_date=150) == 2
    emulator.copper.change("people", first, {"title": "now"})
    assert copper.total("people", minimum_modified_date=150) == 3
    emulator.copper.delete("people", first)
    stamped(emulator, 175)
    assert copper.total("people", minimum_modified_date=150) == 3
    assert copper.total("people", minimum_modified_date=176) == 2


def test_fields_is_ignored_or_projects_by_switch(emulator, copper):
    stamped(emulator, 1)
    assert len(copper.search("people", fields=["name"])[0]) > 10
    emulator.copper.switches.fields_parameter = "project"
    assert set(copper.search("people", fields=["name"])[0]) == {"id", "name"}


def test_a_key_without_admin_rights_sees_its_owners_and_unassigned_records(emulator, copper):
    owner, other = (user["id"] for user in emulator.copper.records("users")[:2])
    mine = emulator.copper.insert("people", {"name": "Mine", "assignee_id": owner})["id"]
    nobodys = emulator.copper.insert("people", {"name": "Nobody's"})["id"]
    others = emulator.copper.insert("people", {"name": "Other", "assignee_id": other})["id"]
    emulator.copper.switches.team_permissions = True
    assert copper.total("people") == 3
    emulator.copper.switches.key_is_admin = False
    assert sorted(copper.ids("people")) == [mine, nobodys]
    copper.refused("GET", f"/people/{others}", status=404)
    emulator.copper.switches.total_counts_hidden = True
    assert sorted(copper.ids("people")) == [mine, nobodys]
    assert copper.total("people") == 3
