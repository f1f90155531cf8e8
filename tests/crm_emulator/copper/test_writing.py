import pytest

from crm_emulator.copper.objects.catalog import OBJECTS

WRITTEN = [declared.name for declared in OBJECTS if declared.name != "activities"]
ADDRESS = {"street": "1 Main St", "city": "Köln", "state": None, "postal_code": "50667", "country": "DE"}


def mail(*addresses):
    return [{"email": address, "category": "work"} for address in addresses]


@pytest.mark.parametrize("object_name", WRITTEN)
def test_a_record_is_created_read_changed_and_deleted(emulator, copper, object_name):
    record = copper.ok("POST", f"/{object_name}", {"name": "First"})
    path = f"/{object_name}/{record['id']}"
    assert record["date_created"] == record["date_modified"] == emulator.clock.seconds()
    assert copper.ok("GET", path) == record == copper.search(object_name)[0]
    emulator.clock.advance(60)
    changed = copper.ok("PUT", path, {"name": "Second"})
    assert changed["name"] == "Second"
    assert changed["date_modified"] == record["date_modified"] + 60
    assert changed["date_created"] == record["date_created"]
    assert copper.ok("DELETE", path) == {"id": record["id"], "is_deleted": True}
    assert copper.refused("GET", path, status=404) == "Resource not found"
    assert copper.refused("PUT", path, {"name": "x"}, status=404) == "Resource not found"
    assert copper.refused("DELETE", path, status=404) == "Resource not found"
    assert copper.search(object_name) == []


@pytest.mark.parametrize("object_name", WRITTEN)
def test_a_record_without_a_name_is_refused_in_the_recorded_words(copper, object_name):
    expected = "Invalid input: Validation errors: Name: can't be blank"
    assert copper.refused("POST", f"/{object_name}", {}) == expected
    assert copper.refused("POST", f"/{object_name}", {"name": ""}) == expected


def test_all_that_is_wrong_is_said_at_once_on_lines_of_their_own(copper):
    body = {"name": "", "nick": "x", "pet": 1, "title": 5, "company_id": "test"}
    assert copper.refused("POST", "/people", body).split("\n") == [
        "Invalid input: Validation errors: Base: Unrecognized attributes specified: nick, pet",
        "Title: must be a string",
        "Company Id: Invalid value for Company Id: IDs must be positive integers: test",
        "Name: can't be blank",
    ]


def test_what_copper_keeps_itself_is_ignored_or_refused_by_switch(emulator, copper):
    person = copper.ok("POST", "/people", {"name": "x", "date_created": 1})
    assert person["date_created"] != 1
    sent = {name: value for name, value in person.items() if name != "id"}
    assert copper.ok("PUT", f"/people/{person['id']}", person) == copper.ok("PUT", f"/people/{person['id']}", sent)
    emulator.copper.switches.read_only_attributes = "reject"
    assert "date_created" in copper.refused("POST", "/people", {"name": "x", "date_created": 1})


def test_ids_in_addresses_and_items_are_ignored_or_refused_with_the_other_read_only_attributes(emulator, copper):
    address = {"id": None, "city": "Graz"}  # as prosperworks sends a whole record back
    sent = {"name": "x", "address": address, "emails": [{"id": None, "email": "a@b.example", "category": "work"}]}
    record = copper.ok("POST", "/people", sent)
    assert record["address"]["city"] == "Graz"
    assert record["emails"] == [{"email": "a@b.example", "category": "work"}]
    emulator.copper.switches.read_only_attributes = "reject"
    assert "Address" in copper.refused("PUT", f"/people/{record['id']}", {"address": address})


def test_an_attribute_that_is_not_known_is_ignored_by_switch(emulator, copper):
    assert "customer_source_id" in copper.refused("POST", "/people", {"name": "x", "customer_source_id": 1})
    emulator.copper.switches.unknown_attributes = "ignore"
    assert "customer_source_id" not in copper.ok("POST", "/people", {"name": "x", "customer_source_id": 1})


@pytest.mark.parametrize("object_name", ["opportunities", "leads"])
def test_a_converted_value_is_text_or_a_number_or_null_by_switch(emulator, copper, object_name):
    for form, value in (("text", "250000.0"), ("number", 250_000), ("null", None)):
        emulator.copper.switches.converted_value = form
        record = copper.ok("POST", f"/{object_name}", {"name": "x", "monetary_value": 250_000})
        assert (record["converted_value"], record["monetary_value"]) == (value, 250_000)
    assert copper.ok("POST", f"/{object_name}", {"name": "x"})["converted_value"] is None


def test_an_update_leaves_alone_what_it_does_not_name(copper):
    record = copper.ok("POST", "/people", {"name": "Ann Lee", "title": "CTO", "address": ADDRESS, "tags": ["a", "b"]})
    changed = copper.ok("PUT", f"/people/{record['id']}", {"details": "met in Köln"})
    assert {**changed, "details": None} == record


def test_an_empty_update_changes_nothing_not_even_the_stamp(emulator, copper):
    record = copper.ok("POST", "/people", {"name": "Ann Lee"})
    emulator.clock.advance(60)
    assert copper.ok("PUT", f"/people/{record['id']}", {}) == record


def test_null_clears(copper):
    record = copper.ok(
        "POST", "/people", {"name": "Ann Lee", "title": "CTO", "address": ADDRESS, "emails": mail("a@b.example")}
    )
    cleared = copper.ok("PUT", f"/people/{record['id']}", {"title": None, "address": None, "emails": None})
    assert (cleared["title"], cleared["address"], cleared["emails"]) == (None, None, [])
    assert "Name" in copper.refused("PUT", f"/people/{record['id']}", {"name": None})


def test_arrays_are_replaced_as_a_whole(copper):
    record = copper.ok("POST", "/people", {"name": "Ann Lee", "tags": ["a", "b"], "emails": mail("a@b.example")})
    changed = copper.ok("PUT", f"/people/{record['id']}", {"tags": ["c"], "emails": mail("c@d.example")})
    assert (changed["tags"], changed["emails"]) == (["c"], mail("c@d.example"))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ann", (None, "Ann", None, None, None)),
        ("Ann Lee", (None, "Ann", None, "Lee", None)),
        ("Dr. Ann Mary Jo Lee PhD", ("Dr.", "Ann", "Mary Jo", "Lee", "PhD")),
    ],
)
def test_a_name_is_split_into_its_parts(copper, name, parts):
    for object_name in ("people", "leads"):
        record = copper.ok("POST", f"/{object_name}", {"name": name})
        names = ("prefix", "first_name", "middle_name", "last_name", "suffix")
        assert tuple(record[part] for part in names) == parts


def test_parts_that_are_sent_are_kept(copper):
    record = copper.ok("POST", "/people", {"name": "Ann van Lee", "first_name": "Ann", "last_name": "van Lee"})
    assert (record["first_name"], record["last_name"]) == ("Ann", "van Lee")


def test_no_two_people_share_an_email_in_any_case(copper):
    first = copper.ok("POST", "/people", {"name": "Ann", "emails": mail("ann@lee.example")})
    assert "Emails" in copper.refused("POST", "/people", {"name": "Bob", "emails": mail("ANN@lee.example")})
    second = copper.ok("POST", "/people", {"name": "Bob", "emails": mail("bob@lee.example")})
    path = f"/people/{second['id']}"
    assert "Emails" in copper.refused("PUT", path, {"emails": mail("ann@lee.example")})
    assert copper.ok("GET", path) == second
    copper.ok("PUT", path, {"emails": mail("bob@lee.example", "b@lee.example")})
    copper.ok("DELETE", f"/people/{first['id']}")
    assert copper.ok("PUT", path, {"emails": mail("ann@lee.example")})["emails"] == mail("ann@lee.example")


def test_no_two_companies_share_an_email_domain(copper):
    company = copper.ok("POST", "/companies", {"name": "Acme", "email_domain": "acme.example"})
    body = {"name": "Acme Two", "email_domain": "ACME.example"}
    assert "Email Domain" in copper.refused("POST", "/companies", body)
    copper.ok("PUT", f"/companies/{company['id']}", {"email_domain": "acme.example", "details": "itself"})
    copper.ok("PUT", f"/companies/{company['id']}", {"email_domain": None})
    copper.ok("POST", "/companies", body)


def test_two_leads_may_share_an_email(copper):
    for _ in range(2):
        copper.ok("POST", "/leads", {"name": "Ann", "email": {"email": "ann@lee.example", "category": "work"}})
    assert copper.total("leads", emails="ann@lee.example") == 2


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("emails", [{"email": "no address", "category": "work"}]),
        ("emails", [{"email": "a@b.example", "category": "home"}]),
        ("emails", {"email": "a@b.example", "category": "work"}),
        ("emails", ["a@b.example"]),
        ("phone_numbers", [{"number": 5, "category": "work"}]),
        ("socials", [{"url": "x", "category": "myspace"}]),
        ("address", {"town": "Köln"}),
        ("address", "Köln"),
        ("tags", "one"),
        ("tags", [1]),
        ("assignee_id", 5),
        ("assignee_id", "137658"),
        ("assignee_id", -1),
        ("name", "x" * 256),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused(copper, attribute, value):
    copper.refused("POST", "/people", {"name": "Ann", attribute: value})
    assert copper.search("people") == []


def test_a_persons_company_is_set_at_creation_and_named(copper):
    company = copper.ok("POST", "/companies", {"name": "Acme"})
    person = copper.ok("POST", "/people", {"name": "Ann", "company_id": company["id"]})
    assert person["company_name"] == "Acme"
    copper.ok("PUT", f"/companies/{company['id']}", {"name": "Acme Ltd"})
    renamed = copper.ok("GET", f"/people/{person['id']}")
    assert renamed["company_name"] == "Acme Ltd"
    assert renamed["date_modified"] == person["date_modified"]
    copper.ok("DELETE", f"/companies/{company['id']}")
    assert copper.ok("GET", f"/people/{person['id']}")["company_id"] is None


def test_a_persons_company_on_update_is_ignored_accepted_or_rejected_by_switch(emulator, copper):
    company = copper.ok("POST", "/companies", {"name": "Acme"})
    path = f"/people/{copper.ok('POST', '/people', {'name': 'Ann'})['id']}"
    assert copper.ok("PUT", path, {"company_id": company["id"]})["company_id"] is None
    emulator.copper.switches.company_id_on_person_update = "reject"
    assert "company_id" in copper.refused("PUT", path, {"company_id": company["id"]})
    emulator.copper.switches.company_id_on_person_update = "accept"
    assert copper.ok("PUT", path, {"company_id": company["id"]})["company_name"] == "Acme"


def test_a_company_name_on_a_person_is_ignored_or_links_by_switch(emulator, copper):
    assert copper.ok("POST", "/people", {"name": "Ann", "company_name": "Acme"})["company_name"] is None
    emulator.copper.switches.company_name_on_person = "link_or_create"
    first = copper.ok("POST", "/people", {"name": "Bob", "company_name": "Acme"})
    second = copper.ok("POST", "/people", {"name": "Cleo", "company_name": "Acme"})
    assert first["company_id"] == second["company_id"]
    assert copper.total("companies") == 1


def test_an_opportunity_begins_in_the_first_stage_of_the_default_pipeline(emulator, copper):
    pipeline = copper.ok("GET", "/pipelines")[0]
    record = copper.ok("POST", "/opportunities", {"name": "Deal", "monetary_value": 10})
    assert (record["pipeline_id"], record["pipeline_stage_id"]) == (pipeline["id"], pipeline["stages"][0]["id"])
    assert record["win_probability"] == pipeline["stages"][0]["win_probability"]
    assert (record["status"], record["priority"], record["monetary_unit"]) == ("Open", "None", "USD")
    emulator.clock.advance(5)
    moved = copper.ok("PUT", f"/opportunities/{record['id']}", {"pipeline_stage_id": pipeline["stages"][1]["id"]})
    assert moved["win_probability"] == pipeline["stages"][1]["win_probability"]
    assert moved["date_stage_changed"] == record["date_stage_changed"] + 5


def test_a_stage_must_belong_to_the_pipeline(copper):
    first, second = copper.ok("GET", "/pipelines")[:2]
    body = {"name": "Deal", "pipeline_id": first["id"], "pipeline_stage_id": second["stages"][0]["id"]}
    assert "Pipeline Stage Id" in copper.refused("POST", "/opportunities", body)
    alone = copper.ok("POST", "/opportunities", {"name": "Deal", "pipeline_stage_id": second["stages"][1]["id"]})
    assert alone["pipeline_id"] == second["id"]
    moved = copper.ok("PUT", f"/opportunities/{alone['id']}", {"pipeline_id": first["id"]})
    assert moved["pipeline_stage_id"] == first["stages"][0]["id"]


def test_a_primary_contact_is_required_by_switch(emulator, copper):
    emulator.copper.switches.primary_contact_required = True
    assert "Primary Contact Id" in copper.refused("POST", "/opportunities", {"name": "Deal"})


@pytest.mark.parametrize(
    ("order", "sent", "kept", "seconds"),
    [
        ("mdy", "1/23/2017", "1/23/2017", 1_485_129_600),
        ("mdy", "01/03/2017", "1/3/2017", 1_483_401_600),
        ("dmy", "23/01/2017", "23/1/2017", 1_485_129_600),
        ("mdy", 1_485_129_600, "1/23/2017", 1_485_129_600),
    ],
)
def test_a_close_date_is_text_in_the_accounts_order_and_filtered_in_seconds(
    emulator, copper, order, sent, kept, seconds
):
    emulator.copper.switches.date_order = order
    record = copper.ok("POST", "/opportunities", {"name": "Deal", "close_date": sent})
    assert record["close_date"] == kept
    found = copper.ids("opportunities", minimum_close_date=seconds, maximum_close_date=seconds)
    assert found == [record["id"]]
    assert copper.ids("opportunities", minimum_close_date=seconds + 1) == []


def test_a_close_date_in_the_other_order_is_refused(copper):
    assert "Close Date" in copper.refused("POST", "/opportunities", {"name": "Deal", "close_date": "23/1/2017"})


def test_a_lead_has_the_default_status_and_takes_a_label_or_an_id(copper):
    default, other = copper.ok("GET", "/lead_statuses")[:2]
    lead = copper.ok("POST", "/leads", {"name": "Ann"})
    assert (lead["status_id"], lead["status"]) == (default["id"], default["name"])
    path = f"/leads/{lead['id']}"
    assert copper.ok("PUT", path, {"status": other["name"]})["status_id"] == other["id"]
    assert copper.ok("PUT", path, {"status_id": default["id"]})["status"] == default["name"]
    assert "Status" in copper.refused("PUT", path, {"status": "Unheard of"})


def test_a_task_notes_when_it_was_completed_and_forgets_when_it_is_opened_again(emulator, copper):
    task = copper.ok("POST", "/tasks", {"name": "Call", "due_date": "1/23/2017"})  # midnight in New York
    assert task["related_resource"] == {"id": None, "type": None}
    assert (task["status"], task["priority"], task["due_date"]) == ("Open", "None", 1_485_129_600 + 5 * 3600)
    emulator.clock.advance(9)
    done = copper.ok("PUT", f"/tasks/{task['id']}", {"status": "Completed"})
    assert done["completed_date"] == emulator.clock.seconds()
    assert copper.ok("PUT", f"/tasks/{task['id']}", {"status": "Open"})["completed_date"] is None


def test_a_project_without_relation_says_null_and_names_its_company_by_switch(emulator, copper):
    assert copper.ok("POST", "/projects", {"name": "Plan"})["related_resource"] is None
    company = copper.ok("POST", "/companies", {"name": "Acme"})
    emulator.copper.switches.project_company = True
    body = {"name": "Plan", "related_resource": {"id": company["id"], "type": "company"}}
    assert copper.ok("POST", "/projects", body)["company_name"] == "Acme"


def test_deleting_a_record_leaves_nothing_that_points_to_it(copper):
    person = copper.ok("POST", "/people", {"name": "Ann"})
    identity = {"id": person["id"], "type": "person"}
    deal = copper.ok("POST", "/opportunities", {"name": "Deal", "primary_contact_id": person["id"]})
    task = copper.ok("POST", "/tasks", {"name": "Call", "related_resource": identity})
    copper.ok("POST", f"/opportunities/{deal['id']}/related", {"resource": identity})
    copper.ok("DELETE", f"/people/{person['id']}")
    assert copper.ok("GET", f"/opportunities/{deal['id']}")["primary_contact_id"] is None
    assert copper.ok("GET", f"/tasks/{task['id']}")["related_resource"] == {"id": None, "type": None}
    assert copper.ok("GET", f"/opportunities/{deal['id']}/related") == []


def test_ids_are_unique_only_within_an_object(copper):
    ids = {copper.ok("POST", f"/{object_name}", {"name": "x"})["id"] for object_name in WRITTEN}
    assert len(ids) == 1


def test_an_id_is_never_given_out_twice(copper):
    first = copper.ok("POST", "/people", {"name": "Ann"})["id"]
    copper.ok("DELETE", f"/people/{first}")
    assert copper.ok("POST", "/people", {"name": "Bob"})["id"] > first


def test_a_refused_write_leaves_no_trace(emulator, copper):
    before = emulator.dump()
    copper.refused("POST", "/people", {"name": "Ann", "emails": mail("a@b.example"), "assignee_id": 3})
    assert emulator.copper.records("people") == []
    assert len(emulator.dump()) == len(before)
