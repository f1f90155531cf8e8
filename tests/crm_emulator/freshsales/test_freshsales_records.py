"""Sections 2 to 4 of the Freshsales reference: one record at a time."""

import pytest

ALL = [
    ("contacts", "contact", {"last_name": "Rivera", "emails": "r@example.com"}),
    ("sales_accounts", "sales_account", {"name": "Acme"}),
    ("deals", "deal", {"name": "Gold plan", "amount": 100}),
    ("cpq/products", "product", {"name": "Widget"}),
]


@pytest.mark.parametrize(("path", "singular", "attributes"), ALL)
@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "flat"])
def test_a_record_is_created_from_a_wrapped_or_a_flat_body(suite, path, singular, attributes, wrapped):
    answer = suite("POST", f"/{path}", {singular: attributes} if wrapped else attributes)
    assert answer.status_code == 201
    record = answer.json()[singular]
    assert record["id"] > 10_000_000_000  # 11 digits and more
    assert suite.get(f"/{path}/{record['id']}")[singular] == record


def test_flat_bodies_are_refused_where_the_switch_says_so(suite):
    suite.vendor.switches.flat_bodies = False
    assert suite.messages("POST", "/contacts", {"last_name": "Rivera"}) == ["contact is missing"]


def test_single_reads_carry_a_null_meta(suite):
    contact = suite.contact(last_name="Rivera")
    assert suite.get(f"/contacts/{contact['id']}")["meta"] is None


def test_create_answers_200_where_the_switch_says_so_and_always_for_notes(suite):
    contact = suite.contact(last_name="Rivera")
    note = {"description": "hi", "targetable_type": "Contact", "targetable_id": contact["id"]}
    assert suite("POST", "/notes", {"note": note}).status_code == 200
    suite.vendor.switches.create_status = 200
    assert suite("POST", "/sales_accounts", {"sales_account": {"name": "Acme"}}).status_code == 200


def test_an_update_leaves_alone_what_is_not_sent(suite):
    contact = suite.contact(last_name="Rivera", job_title="CEO", custom_field={"cf_score": 3})
    suite.vendor.clock.advance(60)
    answer = suite("PUT", f"/contacts/{contact['id']}", {"contact": {"city": "Graz", "job_title": None}})
    changed = answer.json()["contact"]
    assert (changed["city"], changed["job_title"], changed["last_name"]) == ("Graz", None, "Rivera")
    assert changed["custom_field"]["cf_score"] == 3
    assert changed["updated_at"] > changed["created_at"]


def test_a_deleted_record_lies_in_the_recycle_bin_until_it_is_forgotten(suite):
    contact = suite.contact(last_name="Rivera")
    path = f"/contacts/{contact['id']}"
    assert suite("DELETE", path).json() is True
    assert suite("GET", path).status_code == suite("PUT", path, {"contact": {"city": "x"}}).status_code == 404
    assert [each["id"] for each in suite.view("contacts", "Recycle Bin")["contacts"]] == [contact["id"]]
    assert [each["id"] for each in suite.vendor.recycled("contacts")] == [contact["id"]]
    assert suite("DELETE", path).status_code == 404
    assert suite("DELETE", f"{path}/forget").json() is True
    assert suite.view("contacts", "Recycle Bin")["contacts"] == []
    assert suite("DELETE", f"{path}/forget").status_code == 404


def test_a_delete_answers_204_without_a_body_by_switch(suite):
    suite.vendor.switches.delete_status = 204
    account = suite.made("sales_accounts", "sales_account", name="Acme")
    answer = suite("DELETE", f"/sales_accounts/{account['id']}")
    assert (answer.status_code, answer.content) == (204, b"")


def test_an_account_takes_its_contacts_and_deals_with_it_only_when_asked(suite):
    account = suite.made("sales_accounts", "sales_account", name="Acme")
    contact = suite.contact(last_name="Rivera", sales_accounts=[{"id": account["id"]}])
    deal = suite.made("deals", "deal", name="Gold", amount=1, sales_account_id=account["id"])
    suite("DELETE", f"/sales_accounts/{account['id']}?delete_associated_contacts_deals=true")
    assert suite("GET", f"/contacts/{contact['id']}").status_code == 404
    assert suite("GET", f"/deals/{deal['id']}").status_code == 404


def test_a_clone_copies_all_but_unique_values(suite):
    contact = suite.contact(last_name="Rivera", emails="r@example.com", city="Graz", custom_field={"cf_score": 3})
    answer = suite("POST", f"/contacts/{contact['id']}/clone", {"contact": {"first_name": "Twin"}})
    assert answer.status_code == 201
    twin = answer.json()["contact"]
    assert twin["id"] != contact["id"]
    assert (twin["first_name"], twin["last_name"], twin["city"], twin["email"]) == ("Twin", "Rivera", "Graz", None)
    assert twin["custom_field"]["cf_score"] == 3
    bare = suite("POST", f"/contacts/{contact['id']}/clone").json()["contact"]
    assert bare["last_name"] == "Rivera"


def test_an_unknown_attribute_is_refused_or_ignored_by_switch(suite):
    assert suite.messages("POST", "/contacts", {"contact": {"last_name": "R", "nickname": "x"}}) == [
        "Unknown attribute: nickname"
    ]
    assert "cf_nothing" in suite.messages("POST", "/contacts", {"last_name": "R", "custom_field": {"cf_nothing": 1}})[0]
    suite.vendor.switches.unknown_attributes = "ignore"
    assert "nickname" not in suite.contact(last_name="R", nickname="x", custom_field={"cf_nothing": 1})


def test_read_only_attributes_are_ignored_or_refused_by_switch(suite):
    contact = suite.contact(last_name="R", lead_score=99, id=5)
    assert contact["lead_score"] == 0
    assert contact["id"] != 5
    suite.vendor.switches.read_only_attributes = "reject"
    assert suite.messages("POST", "/contacts", {"last_name": "R", "lead_score": 99}) == ["Lead score is read-only"]


def test_every_record_shows_what_freshsales_keeps_itself(suite):
    suite.vendor.switches.read_ids = "present"
    contact = suite.contact(first_name="Ada", last_name="Rivera")
    assert contact["display_name"] == "Ada Rivera"
    assert contact["links"]["notes"].startswith("/crm/sales/contacts/")
    assert contact["creater_id"]
    assert isinstance(contact["record_type_id"], str)
    assert contact["open_deals_amount"] == "0.0"
    assert {"work_email", "locale", "first_seen_chat", "last_seen_chat", "total_sessions"} <= contact.keys()


def test_the_deals_of_a_contact_and_an_account_are_summed_up(suite):
    account = suite.made("sales_accounts", "sales_account", name="Acme")
    contact = suite.contact(last_name="Rivera")
    stages = {each["name"]: each["id"] for each in suite.get("/selector/deal_stages")["deal_stages"][:7]}
    for name, amount in (("New", 100), ("Demo", 50.5), ("Won", 7)):
        suite.made(
            "deals", "deal", name=name, amount=amount, sales_account_id=account["id"],
            contacts_added_list=[contact["id"]], deal_stage_id=stages[name],
        )  # fmt: skip
    for path in (f"/sales_accounts/{account['id']}", f"/contacts/{contact['id']}"):
        record = next(iter(suite.get(path).values()))
        assert (record["open_deals_amount"], record["open_deals_count"]) == ("150.5", 2)
        assert (record["won_deals_amount"], record["won_deals_count"]) == ("7.0", 1)


def test_stamps_carry_the_accounts_offset_and_amounts_are_text(suite):
    suite.vendor.switches.utc_offset = "+02:00"
    deal = suite.made("deals", "deal", name="Gold", amount=5600, expected_close="2026-03-16")
    assert deal["created_at"] == "2026-01-01T02:00:00+02:00"
    assert deal["amount"] == "5600.0"
    assert deal["expected_close"] == "2026-03-16"


def test_dates_are_read_leniently(suite):
    suite.vendor.switches.utc_offset = "+02:00"
    task = suite.made("tasks", "task", title="Call", due_date="Tue Jun 21 2099 11:00:00 GMT+0000 (UTC)")
    assert task["due_date"] == "2099-06-21T13:00:00+02:00"
    assert suite.messages("POST", "/tasks", {"task": {"title": "x", "due_date": "soon"}}) == [
        "Due date is not a valid date"
    ]


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("sales_accounts", {}, ["Name can't be blank"]),
        ("deals", {"name": "x"}, ["Deal value can't be blank"]),
        ("deals", {"name": "x", "amount": "much"}, ["Deal value is not a number"]),
        ("contacts", {"emails": ""}, ["Emails can't be blank"]),
        ("contacts", {"email": "no address"}, ["Email is invalid"]),
        ("contacts", {"city": "Graz"}, ["Contact needs a name, an email or a mobile number"]),
        ("contacts", {"last_name": "x", "owner_id": 7}, ["Sales owner is invalid"]),
        ("contacts", {"last_name": "x", "sales_accounts": "Acme"}, ["Accounts must be an array of objects"]),
        ("contacts", {"last_name": "x", "tags": "one,two"}, ["Tags must be an array of strings"]),
        ("contacts", {"last_name": "x" * 256}, ["Last name is too long (maximum is 255 characters)"]),
        ("tasks", {"title": "x"}, ["Due date can't be blank"]),
    ],
)
def test_what_is_wrong_is_said_in_a_list(suite, path, sent, said):
    assert suite.messages("POST", f"/{path}", sent) == said


def test_what_a_contact_needs_is_a_switch(suite):
    suite.vendor.switches.contact_requires = "last_name"
    assert suite.messages("POST", "/contacts", {"emails": "a@b.example"}) == ["Last name can't be blank"]
    suite.vendor.switches.contact_requires = "email"
    assert suite.messages("POST", "/contacts", {"last_name": "x"}) == ["Email can't be blank"]


def test_an_account_may_require_a_field_of_its_own_accord(suite):
    suite.vendor.require_field("contacts", "job_title")
    fields = {each["name"]: each for each in suite.get("/settings/contacts/fields")["fields"]}
    assert fields["job_title"]["required"] is True
    assert suite.messages("POST", "/contacts", {"last_name": "x"}) == ["Job title can't be blank"]
    suite.vendor.require_field("contacts", "job_title", required=False)
    suite.contact(last_name="x")


@pytest.mark.parametrize(("path", "singular", "attributes"), ALL[:3])
def test_users_work_on_a_record_beside_its_owner(suite, path, singular, attributes):
    record = suite.made(path, singular, **attributes)
    users = [each["id"] for each in suite.get("/selector/owners")["users"][:2]]
    route = f"/{path}/{record['id']}/manage_team_members"
    assert suite("POST", route, {"team_user_ids": users}).json()[singular]["team_user_ids"] == users
    assert suite.messages("POST", route, {"team_user_ids": [7]}) == ["Team users is invalid"]


def test_the_files_of_a_contact_are_listed(suite):
    contact = suite.contact(last_name="Rivera")
    about = {"targetable_type": "Contact", "targetable_id": contact["id"]}
    suite("POST", "/documents", {"document": {"file_name": "offer.pdf", **about}})
    path = f"/contacts/{contact['id']}/document_associations"
    assert [each["file_name"] for each in suite.get(path)["document_associations"]] == ["offer.pdf"]
    assert suite("GET", "/contacts/7/document_associations").status_code == 404
