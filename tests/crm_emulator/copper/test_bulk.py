import pytest

CREATED = ["people", "leads", "companies", "opportunities"]
UPDATED = ["people", "leads", "companies"]


@pytest.mark.parametrize("object_name", CREATED)
def test_bulk_create_answers_in_order_with_the_records(copper, object_name):
    names = [f"Record {place}" for place in range(10)]
    made = copper.ok("POST", f"/{object_name}/bulk_create", {object_name: [{"name": name} for name in names]})
    assert [record["name"] for record in made] == names
    assert all(copper.ok("GET", f"/{object_name}/{record['id']}") == record for record in made)


@pytest.mark.parametrize("object_name", UPDATED)
def test_bulk_update_changes_each(copper, object_name):
    ids = [copper.ok("POST", f"/{object_name}", {"name": "x"})["id"] for _ in range(3)]
    sent = [{"id": each, "name": f"New {each}"} for each in ids]
    changed = copper.ok("POST", f"/{object_name}/bulk_update", {object_name: sent})
    assert [record["name"] for record in changed] == [each["name"] for each in sent]


def test_activities_are_created_in_bulk(copper):
    person = copper.ok("POST", "/people", {"name": "Ann"})
    note = {"parent": {"id": person["id"], "type": "person"}, "type": {"id": 0, "category": "user"}}
    made = copper.ok("POST", "/activities/bulk_create", {"activities": [{**note, "details": "a"}, note]})
    assert made[0]["details"] == "a"
    assert made[1] == {"success": False, "message": {"details": [{"error": "blank"}]}}


@pytest.mark.parametrize("object_name", CREATED)
def test_more_than_ten_are_refused_in_the_recorded_words(copper, object_name):
    answer = copper.send("POST", f"/{object_name}/bulk_create", {object_name: [{"name": "x"}] * 11})
    assert (answer.status_code, answer.json()) == (422, {"error": "Request size too large, limit is 10"})
    assert copper.total(object_name) == 0


def test_failures_stand_among_successes_and_the_rest_is_written(copper):
    taken = {"name": "Ann", "emails": [{"email": "ann@lee.example", "category": "work"}]}
    sent = [taken, {"name": ""}, taken, {"name": "Bob", "pet": 1}, {"name": "Cleo"}, 5]
    made = copper.ok("POST", "/people/bulk_create", {"people": sent})
    assert [each.get("success", True) for each in made] == [True, False, False, False, True, False]
    assert made[1]["message"] == {"name": [{"error": "blank"}]}
    assert made[2]["message"] == {"emails": [{"error": "taken"}]}
    assert copper.total("people") == 2


def test_failures_of_an_update_carry_their_id(copper):
    person = copper.ok("POST", "/people", {"name": "Ann"})
    sent = [
        {"id": person["id"], "title": 5},
        {"id": 1, "name": "x"},
        {"id": person["id"], "title": "CTO"},
        {"name": "x"},
    ]
    made = copper.ok("POST", "/people/bulk_update", {"people": sent})
    assert [(each.get("id"), each.get("success")) for each in made] == [
        (person["id"], False),
        (1, False),
        (person["id"], None),
        (None, False),
    ]
    assert copper.ok("GET", f"/people/{person['id']}")["title"] == "CTO"


def test_a_repeated_email_inside_one_call_is_taken_once(copper):
    emails = [{"email": "ann@lee.example", "category": "work"}]
    made = copper.ok("POST", "/people/bulk_create", {"people": [{"name": "a", "emails": emails}] * 2})
    assert [each.get("success", True) for each in made] == [True, False]


@pytest.mark.parametrize(
    "path", ["/opportunities/bulk_update", "/tasks/bulk_create", "/projects/bulk_create", "/activities/bulk_update"]
)
def test_what_the_vendor_does_not_offer_in_bulk_is_not_there(copper, path):
    assert copper.send("POST", path, {}).status_code == 404


def test_the_list_must_be_there_and_nothing_else(copper):
    assert "People" in copper.refused("POST", "/people/bulk_create", {})
    assert "dry_run" in copper.refused("POST", "/people/bulk_create", {"people": [], "dry_run": True})
