import pytest

NOTE = {"id": 0, "category": "user"}


@pytest.fixture
def person(copper):
    return copper.ok("POST", "/people", {"name": "Ann"})


@pytest.fixture
def parent(person):
    return {"id": person["id"], "type": "person"}


def call_type(copper):
    return next(kind for kind in copper.ok("GET", "/activity_types")["user"] if kind["count_as_interaction"])


def test_an_activity_belongs_to_the_keys_owner_and_happens_now(emulator, copper, parent):
    made = copper.ok("POST", "/activities", {"parent": parent, "type": NOTE, "details": "met"})
    assert made["id"] > 2**31
    assert made["user_id"] == copper.ok("GET", "/users/me")["id"]
    assert made["activity_date"] == made["date_created"] == emulator.clock.seconds()
    assert (made["parent"], made["type"], made["old_value"]) == (parent, NOTE, None)
    assert copper.ok("GET", f"/activities/{made['id']}") == made


def test_parent_type_and_details_are_required(copper):
    message = copper.refused("POST", "/activities", {})
    assert all(
        word in message for word in ("Parent: can't be blank", "Type: can't be blank", "Details: can't be blank")
    )


@pytest.mark.parametrize(
    "kind",
    [{"id": 1, "category": "system"}, {"id": 99, "category": "user"}, {"id": 0}, {"id": 190_713, "category": "user"}],
)
def test_only_enabled_user_types_can_be_written(copper, parent, kind):
    assert "Type" in copper.refused("POST", "/activities", {"parent": parent, "type": kind, "details": "x"})


def test_a_type_is_taken_as_the_list_of_types_shows_it(copper, parent):
    shown = copper.ok("GET", "/activity_types")["user"][0]
    made = copper.ok("POST", "/activities", {"parent": parent, "type": shown, "details": "x"})
    assert made["type"] == NOTE


def test_the_parent_must_be_there(copper):
    body = {"parent": {"id": 1, "type": "person"}, "type": NOTE, "details": "x"}
    assert "Parent" in copper.refused("POST", "/activities", body)


def test_activities_come_newest_first(copper, parent):
    for date in (300, 100, 200):
        body = {"parent": parent, "type": NOTE, "details": "x", "activity_date": date}
        copper.ok("POST", "/activities", body)
    assert [each["activity_date"] for each in copper.search("activities")] == [300, 200, 100]
    found = copper.search("activities", minimum_activity_date=150, maximum_activity_date=250)
    assert [each["activity_date"] for each in found] == [200]


def test_activities_can_be_sorted_or_not_by_switch(emulator, copper):
    copper.search("activities", sort_by="date_modified", sort_direction="asc")
    emulator.copper.switches.activities_sorting = False
    assert "sort_by" in copper.refused("POST", "/activities/search", {"sort_by": "date_modified"})


def test_activities_are_found_by_parent_and_by_type(copper, parent):
    company = copper.ok("POST", "/companies", {"name": "Acme"})
    call = {"id": call_type(copper)["id"], "category": "user"}
    note = copper.ok("POST", "/activities", {"parent": parent, "type": NOTE, "details": "x"})
    of_company = {"id": company["id"], "type": "company"}
    phoned = copper.ok("POST", "/activities", {"parent": of_company, "type": call, "details": "x"})
    assert copper.ids("activities", parent=parent) == [note["id"]]
    assert copper.ids("activities", activity_types=[call]) == [phoned["id"]]
    assert len(copper.ids("activities", activity_types=[call, NOTE], full_result=True)) == 2
    assert copper.ids("activities", activity_types=[{"id": 0, "category": "system"}]) == []


def test_a_call_counts_as_an_interaction_and_is_no_update_of_the_person(emulator, copper, person, parent):
    emulator.clock.advance(100)
    kind = {"id": call_type(copper)["id"], "category": "user"}
    copper.ok("POST", "/activities", {"parent": parent, "type": kind, "details": "x"})
    copper.ok("POST", "/activities", {"parent": parent, "type": NOTE, "details": "x"})
    after = copper.ok("GET", f"/people/{person['id']}")
    assert (after["interaction_count"], after["date_last_contacted"]) == (1, emulator.clock.seconds())
    assert after["date_modified"] == person["date_modified"]


def test_details_alone_can_be_updated_unless_the_switch_asks_for_the_type(emulator, copper, parent):
    made = copper.ok("POST", "/activities", {"parent": parent, "type": NOTE, "details": "x"})
    path = f"/activities/{made['id']}"
    assert copper.ok("PUT", path, {"details": "y"})["details"] == "y"
    emulator.copper.switches.activity_type_required_on_update = True
    assert "Type" in copper.refused("PUT", path, {"details": "z"})
    assert copper.ok("PUT", path, {"details": "z", "type": NOTE})["details"] == "z"


def test_of_a_deleted_activity_a_stub_remains_that_cannot_be_modified(emulator, copper, parent):
    made = copper.ok("POST", "/activities", {"parent": parent, "type": NOTE, "details": "x"})
    path = f"/activities/{made['id']}"
    stub = {"id": made["id"], "is_deleted": True}
    assert copper.ok("DELETE", path) == stub
    assert copper.ok("GET", path) == stub
    copper.refused("PUT", path, {"details": "y"}, status=404)
    copper.refused("DELETE", path, status=404)
    assert (copper.search("activities"), copper.total("activities")) == ([], 0)
    emulator.copper.switches.deleted_activities_in_search = True
    assert copper.search("activities", maximum_activity_date=made["activity_date"]) == [stub]


def test_system_activities_are_read_only(seeded_emulator, seeded):
    system = next(each for each in seeded_emulator.copper.records("activities") if each["type"]["category"] == "system")
    seeded.refused("PUT", f"/activities/{system['id']}", {"details": "x"})
    seeded.refused("DELETE", f"/activities/{system['id']}")


def test_full_result_brings_duplicates_to_an_admins_key_by_switch(emulator, copper, parent):
    for _ in range(4):
        copper.ok("POST", "/activities", {"parent": parent, "type": NOTE, "details": "x"})
    emulator.copper.switches.duplicate_activities = 2
    assert len(copper.search("activities", full_result=True)) == 6
    assert len(copper.search("activities")) == 4
    emulator.copper.switches.key_is_admin = False
    assert len(copper.search("activities", full_result=True)) == 4


def test_a_companys_activities_include_those_of_its_people(copper):
    company = copper.ok("POST", "/companies", {"name": "Acme"})
    person = copper.ok("POST", "/people", {"name": "Ann", "company_id": company["id"]})
    made = []
    for date, identity in enumerate(
        ({"id": company["id"], "type": "company"}, {"id": person["id"], "type": "person"}), 1
    ):
        body = {"parent": identity, "type": NOTE, "details": "x", "activity_date": date}
        made.append(copper.ok("POST", "/activities", body)["id"])
    assert [each["id"] for each in copper.ok("POST", f"/companies/{company['id']}/activities", {})] == made[::-1]
    assert [each["id"] for each in copper.ok("POST", f"/people/{person['id']}/activities")] == made[1:]
    page = copper.ok("POST", f"/companies/{company['id']}/activities", {"page_size": 1, "page_number": 2})
    assert [each["id"] for each in page] == made[:1]
    of_type = {"activity_types": [{"id": 5, "category": "user"}]}
    assert copper.ok("POST", f"/companies/{company['id']}/activities", of_type) == []
    copper.refused("POST", "/companies/1/activities", status=404)
    assert "full_result" in copper.refused("POST", f"/people/{person['id']}/activities", {"full_result": True})


def test_a_person_is_fetched_by_email_in_any_case(copper):
    body = {"name": "Ann", "emails": [{"email": "ann@lee.example", "category": "work"}]}
    person = copper.ok("POST", "/people", body)
    assert copper.ok("POST", "/people/fetch_by_email", {"email": "Ann@Lee.example"}) == person
    copper.refused("POST", "/people/fetch_by_email", {"email": "bob@lee.example"}, status=404)
    copper.refused("POST", "/people/fetch_by_email", {})
