"""Sections 2, 7 and 8 of the Freshsales reference: views, paging, activities, lists, searches."""

import pytest

from crm_emulator import Emulator


def add_contacts(suite, count: int) -> list[int]:
    return [suite.contact(last_name=f"n{place:03d}", emails=f"n{place}@b.example")["id"] for place in range(count)]


def test_views_have_the_vendors_names(suite):
    names = [each["name"] for each in suite.get("/contacts/filters")["filters"]]
    assert {"My Contacts", "New Contacts", "All Contacts", "Recently Modified", "Recycle Bin"} <= set(names)
    deals = {each["name"] for each in suite.get("/deals/filters")["filters"]}
    assert {"My Deals", "Open Deals", "Won Deals", "Lost Deals"} <= deals


def test_a_view_comes_25_at_a_time_and_100_at_most(suite):
    add_contacts(suite, 103)
    page = suite.view("contacts", "All Contacts")
    assert (len(page["contacts"]), page["meta"]) == (25, {"total_pages": 5, "total": 103})
    page = suite.view("contacts", "All Contacts", "?per_page=500")
    assert (len(page["contacts"]), page["meta"]["total_pages"]) == (100, 2)
    last = suite.view("contacts", "All Contacts", "?per_page=100&page=2")
    assert len(last["contacts"]) == 3
    assert suite.view("contacts", "All Contacts", "?page=9")["contacts"] == []


def test_a_view_is_sorted_as_asked(suite):
    add_contacts(suite, 4)
    found = suite.view("contacts", "All Contacts", "?sort=last_name&sort_type=desc")["contacts"]
    assert [each["last_name"] for each in found] == ["n003", "n002", "n001", "n000"]
    views = suite.get("/contacts/filters")["filters"]
    assert suite.messages("GET", f"/contacts/view/{views[0]['id']}?sort=nonsense") == ["Cannot sort by nonsense"]
    assert suite.messages("GET", "/contacts/view/7", status=404)


def test_views_hold_what_their_names_say(suite):
    owner = suite.get("/selector/owners")["users"]
    stages = {each["name"]: each["id"] for each in suite.get("/selector/deal_stages")["deal_stages"][:7]}
    for name in ("New", "Won", "Lost"):
        suite.made("deals", "deal", name=name, amount=1, deal_stage_id=stages[name])
    for view, held in (("Open Deals", ["New"]), ("Won Deals", ["Won"]), ("Lost Deals", ["Lost"])):
        assert [each["name"] for each in suite.view("deals", view)["deals"]] == held
    suite.contact(last_name="mine", owner_id=owner[0]["id"])
    suite.contact(last_name="other", owner_id=owner[1]["id"])
    assert [each["last_name"] for each in suite.view("contacts", "My Contacts")["contacts"]] == ["mine"]
    suite.vendor.clock.advance(8 * 86_400)
    assert suite.view("contacts", "New Contacts")["contacts"] == []


def test_side_loaded_collections_stand_beside_a_list(suite):
    owner = suite.get("/selector/owners")["users"][1]["id"]
    suite.contact(last_name="x", owner_id=owner)
    page = suite.view("contacts", "All Contacts", "?include=owner")
    assert [each["id"] for each in page["users"]] == [owner]
    assert next(iter(page)) == "contacts"


def test_a_lagging_index_hides_a_new_record_from_views_but_not_from_its_id(suite):
    suite.vendor.switches.index_delay_seconds = 40.0
    contact = suite.contact(last_name="x", emails="a@b.example")
    assert suite.view("contacts", "All Contacts")["contacts"] == []
    assert suite.get(f"/contacts/{contact['id']}")["contact"]["last_name"] == "x"
    suite.vendor.clock.advance(41)
    assert len(suite.view("contacts", "All Contacts")["contacts"]) == 1


def activity(suite, path: str, singular: str, contact: int, **attributes):
    target = {"targetable_type": "Contact", "targetable_id": contact}
    answer = suite("POST", f"/{path}", {singular: {**attributes, **target}})
    assert answer.ok, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("name", "due", "status"),
    [
        ("open", "2026-01-05T00:00:00Z", 0),
        ("completed", "2026-01-05T00:00:00Z", 1),
        ("overdue", "2025-12-31T00:00:00Z", 0),
        ("due_today", "2026-01-01T10:00:00Z", 0),
        ("due today", "2026-01-01T10:00:00Z", 0),
        ("due_tomorrow", "2026-01-02T10:00:00Z", 0),
    ],
)
def test_tasks_are_listed_by_filter(suite, name, due, status):
    suite.made("tasks", "task", title="it", due_date=due, status=status)
    found = suite.get(f"/tasks?filter={name}")
    assert [each["title"] for each in found["tasks"]] == ["it"]
    assert found["meta"]["total"] == 1
    others = {"open", "completed", "overdue", "due_today", "due_tomorrow"} - {name.replace(" ", "_"), "open"}
    assert all(not suite.get(f"/tasks?filter={other}")["tasks"] for other in others)


def test_the_filter_of_tasks_is_optional_but_must_be_known(suite):
    contact = suite.contact(last_name="x")
    for status in (0, 1):
        activity(suite, "tasks", "task", contact["id"], title="it", due_date="2026-01-05", status=status)
    assert sorted(each["status"] for each in suite.get("/tasks")["tasks"]) == [0, 1]
    assert suite.messages("GET", "/tasks?filter=urgent")


def test_included_people_and_targets_stand_before_the_tasks(suite):
    contact = suite.contact(first_name="Ada", last_name="x")
    activity(suite, "tasks", "task", contact["id"], title="it", due_date="2026-01-05")
    found = suite.get("/tasks?filter=open&include=users,targetable")
    assert list(found) == ["users", "contacts", "tasks", "meta"]
    assert found["contacts"][0]["display_name"] == "Ada x"
    assert found["tasks"][0]["targetable"] == {"type": "contact", "id": contact["id"]}
    one = suite.get(f"/tasks/{found['tasks'][0]['id']}?include=users")
    assert list(one) == ["users", "task"]


def test_an_activity_knows_what_it_is_about(suite):
    contact = suite.contact(last_name="x")
    note = activity(suite, "notes", "note", contact["id"], description="hi")["note"]
    assert note["targetables"] == [{"id": contact["id"], "type": "Contact"}]
    assert suite.get(f"/contacts/{contact['id']}/notes")["notes"] == [note]
    wrong = {"description": "x", "targetable_type": "Contact", "targetable_id": 7}
    assert suite.messages("POST", "/notes", {"note": wrong}) == ["Targetable is invalid"]
    assert suite.messages("POST", "/notes", {"note": {**wrong, "targetable_type": "Company"}}) == [
        "Targetable type is invalid"
    ]


@pytest.mark.parametrize(
    ("path", "singular", "attributes"),
    [
        ("notes", "note", {"description": "x"}),
        ("tasks", "task", {"title": "x", "due_date": "2026-01-05"}),
        (
            "appointments",
            "appointment",
            {"title": "x", "from_date": "2026-01-05T10:00:00Z", "end_date": "2026-01-05T11:00:00Z", "time_zone": "UTC"},
        ),
        (
            "sales_activities",
            "sales_activity",
            {
                "title": "x",
                "start_date": "2026-01-05T10:00:00Z",
                "end_date": "2026-01-05T11:00:00Z",
                "sales_activity_type_id": 31_000_477_933,
            },
        ),
    ],
)
def test_deleting_an_activity_answers_success_as_text_and_leaves_nothing(suite, path, singular, attributes):
    contact = suite.contact(last_name="x")
    made = activity(suite, path, singular, contact["id"], **attributes)[singular]
    assert suite("DELETE", f"/{path}/{made['id']}").json() == {"success": "200"}
    assert suite.vendor.count(path) == 0
    assert suite("DELETE", f"/{path}/{made['id']}").status_code == 404


def test_marking_a_task_done_completes_it(suite):
    task = suite.made("tasks", "task", title="x", due_date="2026-01-05")
    done = suite("PUT", f"/tasks/{task['id']}", {"task": {"status": 1}}).json()["task"]
    assert (done["status"], done["completed_date"]) == (1, "2026-01-01T00:00:00+00:00")


def test_an_appointment_comes_after_its_attendees(suite):
    contact = suite.contact(last_name="x")
    sent = {
        "title": "Meet", "from_date": "2026-02-01T10:00:00Z", "end_date": "2026-02-01T11:00:00Z",
        "targetable_type": "Contact", "targetable_id": contact["id"],
        "appointment_attendees_attributes": [{"attendee_type": "Contact", "attendee_id": str(contact["id"])}],
    }  # fmt: skip
    made = suite("POST", "/appointments", {"appointment": sent}).json()
    assert list(made) == ["appointment_attendees", "conferences", "notes", "appointment"]
    for wrong in ({"attendee_type": "Deal", "attendee_id": 1}, {"attendee_type": "Contact", "attendee_id": 1}):
        unknown = {**sent, "appointment_attendees_attributes": [wrong]}
        assert suite.messages("POST", "/appointments", {"appointment": unknown}) == ["Appointment attendees is invalid"]
    assert made["appointment_attendees"][0]["attendee_id"] == contact["id"]
    assert len(suite.get("/appointments?filter=upcoming")["appointments"]) == 1
    assert suite.get("/appointments?filter=past")["appointments"] == []
    backwards = {**sent, "end_date": "2026-02-01T09:00:00Z"}
    assert suite.messages("POST", "/appointments", {"appointment": backwards})
    about_nothing = {name: value for name, value in sent.items() if not name.startswith("targetable")}
    assert suite.messages("POST", "/appointments", {"appointment": about_nothing})


def test_a_contacts_activities_come_newest_first_with_has_next(suite):
    contact = suite.contact(last_name="x")
    for text in ("one", "two", "three"):
        activity(suite, "notes", "note", contact["id"], description=text)
        suite.vendor.clock.advance(5)
    page = suite.get(f"/contacts/{contact['id']}/activities?per_page=2")
    assert page["meta"] == {"has_next": True, "has_previous": False}
    assert [each["created_at"] for each in page["activities"]] == [
        "2026-01-01T00:00:10+00:00",
        "2026-01-01T00:00:05+00:00",
    ]


def test_lists_take_contacts_in_and_out(suite):
    ids = add_contacts(suite, 3)
    made = suite("POST", "/lists", {"name": "Brand Lovers"})
    assert (made.status_code, set(made.json()["list"])) == (201, {"id", "name"})
    path = f"/lists/{made.json()['list']['id']}"
    assert suite("PUT", f"{path}/add_contacts", {"ids": ids}).json() == {"message": "3 contacts updated."}
    assert suite("PUT", f"{path}/remove_contacts", {"ids": ids[:1]}).json() == {"message": "1 contacts updated."}
    listed = f"/contacts{path}"
    assert [each["id"] for each in suite.get(listed)["contacts"]] == ids[1:]
    other = suite("POST", "/lists", {"name": "Other"}).json()["list"]["id"]
    suite("PUT", f"/lists/{other}/move_contacts", {"ids": ids[1:2], "from_list_id": made.json()["list"]["id"]})
    assert [each["id"] for each in suite.get(listed)["contacts"]] == ids[2:]
    assert "Updating now" in suite("PUT", f"{path}/remove_contacts", {"all": True}).json()["message"]
    assert suite.get(listed)["contacts"] == []
    assert suite("PUT", path, {"name": "Fans"}).json()["list"]["name"] == "Fans"
    assert suite.messages("POST", "/lists", {"name": "Other"}) == ["Name has already been taken"]


def test_search_answers_a_bare_array_with_ids_as_text(suite):
    account = suite.made("sales_accounts", "sales_account", name="Acme Rockets")
    contact = suite.contact(last_name="Rocketeer", emails="r@b.example", sales_accounts=[{"id": account["id"]}])
    found = suite.get("/search?q=rocket&include=contact,sales_account,deal,user")
    assert [(each["type"], each["id"]) for each in found] == [
        ("contact", str(contact["id"])),
        ("sales_account", str(account["id"])),
    ]
    assert found[0]["company_name"] == "Acme Rockets"
    assert suite.messages("GET", "/search?q=&include=contact")


def test_lookup_is_exact_and_doubly_nested(suite):
    contact = suite.contact(last_name="x", emails="a@b.example", custom_field={"cf_customer_no": "C-7"})
    found = suite.get("/lookup?q=a@b.example&f=email&entities=contact,deal")
    assert [each["id"] for each in found["contacts"]["contacts"]] == [contact["id"]]
    assert found["deals"]["deals"] == []
    assert suite.get("/lookup?q=a@b&f=email&entities=contact")["contacts"]["contacts"] == []
    by_number = suite.get("/lookup?q=C-7&f=cf_customer_no&entities=contact")["contacts"]["contacts"]
    assert [each["id"] for each in by_number] == [contact["id"]]
    assert suite.messages("GET", "/lookup?q=x&f=city&entities=contact")


@pytest.mark.parametrize(
    ("attribute", "operator", "value", "hits"),
    [
        ("contact_email.email", "is_in", "A@b.example", 1),
        ("contact_email.email", "is_in", ["x@b.example", "c@b.example"], 1),
        ("first_name", "contains", "d", 1),
        ("lead_score", "greater_than", -1, 2),
        ("cf_score", "is_in", 7, 1),
        ("updated_at", "is_after", "2025-12-31", 2),
        ("updated_at", "is_in", "2026-01-01T00:00:00+00:00", 0),
        ("city", "is_empty", None, 2),
    ],
)
def test_filtered_search_meets_its_rules_and_answers_partial_records(suite, attribute, operator, value, hits):
    suite.contact(first_name="Ada", emails="a@b.example", custom_field={"cf_score": 7})
    suite.contact(first_name="Bo", emails="c@b.example")
    rule = {"attribute": attribute, "operator": operator, "value": value}
    found = suite("POST", "/filtered_search/contact?per_page=1", {"filter_rule": [rule]}).json()
    assert found["meta"]["total"] == hits
    assert all(each["partial"] and "custom_field" not in each for each in found["contacts"])


def test_a_rule_that_makes_no_sense_is_refused(suite):
    rule = {"attribute": "shoe_size", "operator": "is_in", "value": 1}
    assert suite.messages("POST", "/filtered_search/contact", {"filter_rule": [rule]})
    assert suite.messages("POST", "/filtered_search/contact", {"filter_rule": []})
    assert suite.messages(
        "POST", "/filtered_search/contact", {"filter_rule": [{**rule, "attribute": "city", "operator": "is"}]}
    )


def test_leads_are_searched_in_classic_only(suite, classic):
    assert suite("POST", "/filtered_search/lead", {}).status_code == 404
    classic.made("leads", "lead", last_name="x", emails="a@b.example")
    rule = {"attribute": "lead_email.email", "operator": "is_in", "value": "a@b.example"}
    assert classic("POST", "/filtered_search/lead", {"filter_rule": [rule]}).json()["meta"]["total"] == 1


def test_appointments_that_have_nothing_to_be_about_are_not_seeded():
    with Emulator(empty=True, sizes={"freshsales": {"appointments": 6}}) as emulator:
        assert emulator.freshsales.records("appointments") == []
