import itertools

import pytest

ALLOWED = {
    frozenset(pair)
    for pair in (
        ("lead", "task"),
        ("person", "company"),
        ("person", "opportunity"),
        ("person", "task"),
        ("person", "project"),
        ("company", "opportunity"),
        ("company", "task"),
        ("company", "project"),
        ("opportunity", "task"),
        ("opportunity", "project"),
        ("project", "task"),
    )
}
PLURALS = {
    "lead": "leads",
    "person": "people",
    "company": "companies",
    "opportunity": "opportunities",
    "project": "projects",
    "task": "tasks",
}


def made(copper, kind, **more):
    record = copper.ok("POST", f"/{PLURALS[kind]}", {"name": kind, **more})
    return {"id": record["id"], "type": kind}


def path(identity):
    return f"/{PLURALS[identity['type']]}/{identity['id']}/related"


@pytest.mark.parametrize(("one", "other"), list(itertools.product(PLURALS, PLURALS)))
def test_the_allowed_pairs_are_related_from_either_end_and_seen_from_both(copper, one, other):
    first, second = made(copper, one), made(copper, other)
    if frozenset({one, other}) not in ALLOWED:
        copper.refused("POST", path(first), {"resource": second})
        return
    assert copper.ok("POST", path(first), {"resource": second}) == {"added": True, "resource": second}
    assert copper.ok("GET", path(first)) == [second]
    assert copper.ok("GET", path(second)) == [first]
    assert copper.ok("GET", f"{path(first)}/{PLURALS[other]}") == [second]
    assert copper.ok("GET", f"{path(first)}/{PLURALS[one]}") == []
    copper.ok("POST", path(second), {"resource": first})
    assert copper.ok("DELETE", path(second), {"resource": first}) == {"removed": True, "resource": first}
    assert copper.ok("GET", path(first)) == copper.ok("GET", path(second)) == []
    assert copper.refused("DELETE", path(first), {"resource": second}) == "Invalid request: Resources are not related"


def test_a_person_has_one_company_which_is_its_company_id(copper):
    person, acme, other = made(copper, "person"), made(copper, "company"), made(copper, "company")
    copper.ok("POST", path(person), {"resource": acme})
    assert copper.ok("GET", f"/people/{person['id']}")["company_id"] == acme["id"]
    copper.refused("POST", path(person), {"resource": other})
    copper.refused("POST", path(other), {"resource": person})
    copper.ok("DELETE", path(person), {"resource": acme})
    copper.ok("POST", path(other), {"resource": person})
    assert copper.ok("GET", f"/people/{person['id']}")["company_name"] == "company"


def test_a_task_is_about_one_thing_in_all(copper):
    task, person, deal = made(copper, "task"), made(copper, "person"), made(copper, "opportunity")
    copper.ok("POST", path(task), {"resource": person})
    assert copper.ok("GET", f"/tasks/{task['id']}")["related_resource"] == person
    copper.refused("POST", path(deal), {"resource": task})


def test_an_opportunity_can_have_several_people_and_companies(copper):
    deal = made(copper, "opportunity")
    others = [made(copper, kind) for kind in ("company", "company", "person", "person")]
    for other in others:
        copper.ok("POST", path(deal), {"resource": other})
    assert len(copper.ok("GET", path(deal))) == 4
    assert copper.ok("GET", f"/opportunities/{deal['id']}")["company_id"] == others[0]["id"]
    for other in others:
        copper.ok("DELETE", path(deal), {"resource": other})
    assert copper.ok("GET", path(deal)) == []


def test_relating_is_no_update(emulator, copper):
    person, deal = made(copper, "person"), made(copper, "opportunity")
    before = emulator.copper.get("people", person["id"])["date_modified"]
    emulator.clock.advance(10)
    copper.ok("POST", path(person), {"resource": deal})
    assert emulator.copper.get("people", person["id"])["date_modified"] == before


def test_both_ends_must_be_there(copper):
    person = made(copper, "person")
    copper.refused("GET", "/people/1/related", status=404)
    copper.refused("POST", path(person), {"resource": {"id": 1, "type": "company"}})
    copper.refused("POST", path(person), {"resource": {"id": 1, "type": "pet"}})
    copper.refused("POST", path(person), {})
    copper.refused("GET", f"{path(person)}/pets")


def connect_field(emulator):
    body = {"name": "Parent", "data_type": "Connect", "available_on": ["company"]}
    return emulator.copper.insert("custom_field_definitions", body)["id"]


def test_a_connection_is_seen_from_both_ends_and_deleted_with_both_ids(emulator, copper):
    field = connect_field(emulator)
    first, second = (copper.ok("POST", "/companies", {"name": name})["id"] for name in ("Acme", "Other"))
    ends = {
        "source": {"id": first, "entity_type": "organization"},
        "target": {"id": second, "entity_type": "organization"},
    }
    link = copper.ok("POST", "/related_links", {"custom_field_definition_id": field, **ends})
    assert (link["source"]["name"], link["target"]["name"]) == ("Acme", "Other")

    def links_of(company):
        query = f"custom_field_definition_id={field}&source_type=organization&source_id={company}"
        return copper.ok("GET", f"/related_links?{query}")

    assert links_of(first) == [link]
    assert links_of(second)[0]["target"]["id"] == first
    value = next(
        each["value"]
        for each in copper.ok("GET", f"/companies/{first}")["custom_fields"]
        if each["custom_field_definition_id"] == field
    )
    assert value == [link["id"]]
    deleted = copper.ok("DELETE", f"/related_links/{link['id']}")
    assert deleted == {"ids": [link["id"], link["id"] + 1], "is_deleted": True}
    assert links_of(first) == links_of(second) == []


@pytest.mark.parametrize(
    "change",
    [
        {"custom_field_definition_id": 1},
        {"source": {"id": 1, "entity_type": "organization"}},
        {"target": {"id": 1, "entity_type": "pet"}},
        {"pet": 1},
    ],
)
def test_a_connection_that_is_not_right_is_refused(emulator, copper, change):
    company = copper.ok("POST", "/companies", {"name": "Acme"})["id"]
    end = {"id": company, "entity_type": "organization"}
    body = {"custom_field_definition_id": connect_field(emulator), "source": end, "target": end, **change}
    copper.refused("POST", "/related_links", body)


def test_the_list_of_connections_asks_whose(copper):
    message = copper.refused("GET", "/related_links?source_id=1")
    assert "Source Type: can't be blank" in message
