import pytest


def mail(address):
    return {"email": address, "category": "work"}


def upsert(field_name, field_value, **properties):
    return {"properties": properties, "match": {"field_name": field_name, "field_value": field_value}}


def test_an_upsert_that_matches_none_creates(copper):
    body = upsert("email", "ann@lee.example", name="Ann", email=mail("ann@lee.example"))
    lead = copper.ok("PUT", "/leads/upsert", body)
    assert copper.ok("GET", f"/leads/{lead['id']}") == lead


@pytest.mark.parametrize(("name", "value"), [("email", "ANN@lee.example"), ("name", "Ann")])
def test_an_upsert_that_matches_one_updates_it(copper, name, value):
    lead = copper.ok("POST", "/leads", {"name": "Ann", "email": mail("ann@lee.example")})
    changed = copper.ok("PUT", "/leads/upsert", upsert(name, value, title="CTO"))
    assert (changed["id"], changed["title"], changed["name"]) == (lead["id"], "CTO", "Ann")


def test_an_upsert_by_custom_field(copper):
    body = {"name": "Number", "data_type": "String", "available_on": ["lead"], "is_filterable": True}
    definition = copper.ok("POST", "/custom_field_definitions", body)
    value = {"custom_field_definition_id": definition["id"], "value": "K-1"}
    first = copper.ok("PUT", "/leads/upsert", upsert("custom", value, name="Ann", custom_fields=[value]))
    second = copper.ok("PUT", "/leads/upsert", upsert("custom", value, title="CTO"))
    assert first["id"] == second["id"]
    copper.ok("PUT", f"/custom_field_definitions/{definition['id']}", {"is_filterable": False})
    copper.refused("PUT", "/leads/upsert", upsert("custom", value, title="CTO"))


def test_an_upsert_that_matches_several_is_refused_and_names_them(copper):
    ids = [copper.ok("POST", "/leads", {"name": "Ann"})["id"] for _ in range(2)]
    message = copper.refused("PUT", "/leads/upsert", upsert("name", "Ann", title="CTO"))
    assert all(str(each) in message for each in ids)
    assert all(copper.ok("GET", f"/leads/{each}")["title"] is None for each in ids)


def test_an_upsert_that_matches_more_than_30_names_none(copper):
    for _ in range(4):
        copper.ok("POST", "/leads/bulk_create", {"leads": [{"name": "Ann"}] * 8})
    message = copper.refused("PUT", "/leads/upsert", upsert("name", "Ann", title="CTO"))
    assert not any(letter.isdigit() for letter in message)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"properties": {"name": "x"}},
        {"match": {"field_name": "name", "field_value": "x"}},
        upsert("phone", "x", name="x"),
        upsert("name", 5, name="x"),
        {**upsert("name", "x", name="x"), "more": 1},
        upsert("name", "x", pet=1),
    ],
)
def test_an_upsert_of_the_wrong_shape_is_refused(copper, body):
    copper.refused("PUT", "/leads/upsert", body)
    assert copper.total("leads") == 0


def test_a_converted_lead_is_gone_and_shows_only_when_asked_for(emulator, copper):
    lead = copper.ok(
        "POST", "/leads", {"name": "Ann Lee", "email": mail("ann@lee.example"), "company_name": "Acme", "tags": ["a"]}
    )
    details = {"person": {"name": "Ann M. Lee"}, "opportunity": {"name": "Deal", "monetary_value": 5}}
    made = copper.ok("POST", f"/leads/{lead['id']}/convert", {"details": details})
    assert made["person"]["name"] == "Ann M. Lee"
    assert made["person"]["emails"] == [mail("ann@lee.example")]
    assert made["person"]["leads_converted_from"][0]["lead_id"] == lead["id"]
    assert made["company"]["name"] == "Acme"
    assert made["person"]["company_id"] == made["opportunity"]["company_id"] == made["company"]["id"]
    assert made["opportunity"]["primary_contact_id"] == made["person"]["id"]
    for name in ("person", "company", "opportunity"):
        plural = {"person": "people", "company": "companies", "opportunity": "opportunities"}[name]
        assert copper.ok("GET", f"/{plural}/{made[name]['id']}") == made[name]
    copper.refused("GET", f"/leads/{lead['id']}", status=404)
    assert (copper.ids("leads"), copper.total("leads")) == ([], 0)
    shown = copper.search("leads", include_converted_leads=True)[0]
    assert shown["converted_contact_id"] == made["person"]["id"]
    assert shown["converted_opportunity_id"] == made["opportunity"]["id"]
    assert shown["converted_at"] == emulator.clock.seconds()


def test_without_details_a_person_and_a_company_are_made(copper):
    lead = copper.ok("POST", "/leads", {"name": "Ann Lee", "company_name": "Acme"})
    made = copper.ok("POST", f"/leads/{lead['id']}/convert", {})
    assert (made["person"]["name"], made["company"]["name"], made["opportunity"]) == ("Ann Lee", "Acme", None)


def test_an_empty_company_name_makes_none(copper):
    lead = copper.ok("POST", "/leads", {"name": "Ann Lee", "company_name": "Acme"})
    made = copper.ok("POST", f"/leads/{lead['id']}/convert", {"details": {"company": {"name": ""}}})
    assert made["company"] is None
    assert copper.total("companies") == 0


def test_a_conversion_takes_the_company_and_person_that_are_there(copper):
    company = copper.ok("POST", "/companies", {"name": "acme"})
    person = copper.ok("POST", "/people", {"name": "Ann", "emails": [mail("ann@lee.example")]})
    lead = copper.ok("POST", "/leads", {"name": "Ann Lee", "company_name": "Acme", "email": mail("ann@lee.example")})
    made = copper.ok("POST", f"/leads/{lead['id']}/convert", {})
    assert (made["company"]["id"], made["person"]["id"]) == (company["id"], person["id"])
    other = copper.ok("POST", "/leads", {"name": "Bob", "company_name": "Acme"})
    exact = {"details": {"company": {"name": "Acme", "exact_match": True}}}
    assert copper.ok("POST", f"/leads/{other['id']}/convert", exact)["company"]["id"] != company["id"]


def test_a_company_is_given_by_id_or_name_not_both(copper):
    lead = copper.ok("POST", "/leads", {"name": "Ann Lee"})
    path = f"/leads/{lead['id']}/convert"
    copper.refused("POST", path, {"details": {"company": {"id": 1, "name": "x"}}})
    copper.refused("POST", path, {"details": {"company": {"id": 1}}}, status=404)
    assert "person.pet" in copper.refused("POST", path, {"details": {"person": {"pet": 1}}})
    assert copper.total("people") == 0


def test_a_failed_conversion_changes_nothing(copper):
    lead = copper.ok("POST", "/leads", {"name": "Ann Lee", "company_name": "Acme"})
    details = {"opportunity": {"name": "Deal", "pipeline_id": 1}}
    copper.refused("POST", f"/leads/{lead['id']}/convert", {"details": details})
    assert (copper.total("people"), copper.total("companies"), copper.total("leads")) == (0, 0, 1)


def test_converted_leads_match_no_upsert(copper):
    lead = copper.ok("POST", "/leads", {"name": "Ann Lee", "email": mail("ann@lee.example")})
    copper.ok("POST", f"/leads/{lead['id']}/convert", {})
    again = copper.ok("PUT", "/leads/upsert", upsert("email", "ann@lee.example", name="Ann"))
    assert again["id"] != lead["id"]
