"""Section 4 of the Freshsales reference: uniqueness, e-mails, custom fields, associations."""

import pytest


@pytest.mark.parametrize(
    ("path", "first", "second", "said"),
    [
        ("contacts", {"emails": "a@b.example"}, {"email": "A@B.example"}, "Email is not unique"),
        ("contacts", {"mobile_number": "123"}, {"mobile_number": "123"}, "MobileNumber is not unique"),
        (
            "contacts",
            {"last_name": "x", "external_id": "7"},
            {"last_name": "y", "external_id": "7"},
            "Contact is not unique",
        ),
        ("sales_accounts", {"name": "Acme"}, {"name": "ACME"}, "Name has already been taken"),
    ],
)
def test_unique_values_are_refused_a_second_time(suite, path, first, second, said):
    assert suite("POST", f"/{path}", first).status_code == 201
    assert suite.messages("POST", f"/{path}", second) == [said]


def test_a_record_may_keep_its_own_unique_value(suite):
    contact = suite.contact(emails="a@b.example")
    assert suite("PUT", f"/contacts/{contact['id']}", {"contact": {"emails": "a@b.example"}}).status_code == 200


def test_a_recycled_record_frees_its_unique_values_unless_the_switch_holds_them(suite):
    contact = suite.contact(emails="a@b.example")
    suite("DELETE", f"/contacts/{contact['id']}")
    suite.vendor.switches.recycled_hold_unique = True
    assert suite.messages("POST", "/contacts", {"emails": "a@b.example"}) == ["Email is not unique"]
    suite.vendor.switches.recycled_hold_unique = False
    suite.contact(emails="a@b.example")


def test_emails_are_a_string_or_a_list_and_come_back_as_objects(suite):
    contact = suite.contact(emails=["a@b.example", "c@d.example"])
    assert [(each["value"], each["is_primary"]) for each in contact["emails"]] == [
        ("a@b.example", True),
        ("c@d.example", False),
    ]
    assert contact["email"] == "a@b.example"


def test_emails_sent_later_are_added_and_taken_away_with_destroy(suite):
    contact = suite.contact(emails="a@b.example")
    path = f"/contacts/{contact['id']}"
    both = suite("PUT", path, {"contact": {"emails": ["c@d.example"]}}).json()["contact"]["emails"]
    assert [each["value"] for each in both] == ["a@b.example", "c@d.example"]
    change = [{"id": both[0]["id"], "_destroy": True}, {"value": "c@d.example", "is_primary": True}]
    left = suite("PUT", path, {"contact": {"emails": change}}).json()["contact"]
    assert [each["value"] for each in left["emails"]] == ["c@d.example"]
    assert left["email"] == "c@d.example"
    suite.vendor.switches.emails_on_write = "replace"
    replaced = suite("PUT", path, {"contact": {"emails": "e@f.example"}}).json()["contact"]
    assert [each["value"] for each in replaced["emails"]] == ["e@f.example"]


def test_email_changes_the_primary_address(suite):
    contact = suite.contact(emails="a@b.example")
    changed = suite("PUT", f"/contacts/{contact['id']}", {"contact": {"email": "c@d.example"}}).json()["contact"]
    assert [each["value"] for each in changed["emails"]] == ["c@d.example"]


def test_custom_fields_are_nested_and_all_of_them_are_shown(suite):
    contact = suite.contact(last_name="x", custom_field={"cf_loyalty_tier": "Gold", "cf_score": "3.5"})
    assert contact["custom_field"] == {
        "cf_loyalty_tier": "Gold",
        "cf_customer_no": None,
        "cf_newsletter": None,
        "cf_score": 3.5,
        "cf_renewal_date": None,
        "cf_interests": None,
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"cf_loyalty_tier": "Platinum"}, "Loyalty Tier is not included in the list"),
        ({"cf_score": "high"}, "Score is not a number"),
        ({"cf_newsletter": "yes"}, "Newsletter must be true or false"),
        ({"cf_interests": ["Golf"]}, "Interests is not included in the list"),
        ("gold", "Custom field must be an object"),
    ],
)
def test_custom_fields_keep_their_types(suite, value, said):
    assert suite.messages("POST", "/contacts", {"last_name": "x", "custom_field": value}) == [said]


def test_a_custom_field_may_be_unique_or_required(suite):
    suite.vendor.define_field("deals", "Order No", unique=True, required=True)
    deal = {"name": "x", "amount": 1}
    assert suite.messages("POST", "/deals", deal) == ["Order No can't be blank"]
    assert suite("POST", "/deals", {**deal, "custom_field": {"cf_order_no": "7"}}).status_code == 201
    assert suite.messages("POST", "/deals", {**deal, "custom_field": {"cf_order_no": "7"}}) == [
        "Order No is not unique"
    ]


def test_the_accounts_of_a_contact_are_replaced_and_the_first_is_primary(suite):
    ids = [suite.made("sales_accounts", "sales_account", name=name)["id"] for name in ("A", "B", "C")]
    contact = suite.contact(last_name="x", sales_accounts=[{"id": ids[0]}, {"id": ids[1]}])
    path = f"/contacts/{contact['id']}?include=sales_accounts"
    shown = suite.get(path)["contact"]["sales_accounts"]
    assert [(each["name"], each["is_primary"], each["partial"]) for each in shown] == [
        ("A", True, True),
        ("B", False, True),
    ]
    suite("PUT", f"/contacts/{contact['id']}", {"contact": {"sales_accounts": [{"id": ids[2]}]}})
    assert [each["name"] for each in suite.get(path)["contact"]["sales_accounts"]] == ["C"]
    assert "sales_accounts" not in suite.get(f"/contacts/{contact['id']}")["contact"]


def test_an_account_that_a_record_names_is_found_or_made(suite):
    suite.vendor.switches.read_ids = "present"
    contact = suite.contact(last_name="x", sales_account={"name": "Acme"})
    deal = suite.made("deals", "deal", name="Gold", amount=1, sales_account={"name": "ACME"})
    accounts = suite.vendor.records("sales_accounts")
    assert [each["name"] for each in accounts] == ["Acme"]
    assert deal["sales_account_id"] == accounts[0]["id"]
    shown = suite.get(f"/contacts/{contact['id']}?include=sales_accounts")["contact"]["sales_accounts"]
    assert [each["id"] for each in shown] == [accounts[0]["id"]]


def test_a_refused_record_leaves_nothing_behind_that_it_would_have_brought(suite):
    suite.contact(emails="a@b.example")
    suite.messages("POST", "/contacts", {"emails": "a@b.example", "sales_account": {"name": "Acme"}})
    assert suite.vendor.count("sales_accounts") == 0


def test_a_status_brings_its_lifecycle_stage_and_the_other_way_round(suite):
    suite.vendor.switches.read_ids = "present"
    stages = {each["name"]: each for each in suite.get("/selector/lifecycle_stages")["lifecycle_stages"]}
    customer, lead = stages["Customer"], stages["Lead"]
    contact = suite.contact(last_name="x", contact_status_id=customer["contact_status_ids"][1])
    assert contact["lifecycle_stage_id"] == customer["id"]
    changed = suite("PUT", f"/contacts/{contact['id']}", {"contact": {"lifecycle_stage_id": lead["id"]}})
    assert changed.json()["contact"]["contact_status_id"] == lead["contact_status_ids"][0]
    wrong = {"contact_status_id": customer["contact_status_ids"][0], "lifecycle_stage_id": lead["id"]}
    assert suite.messages("PUT", f"/contacts/{contact['id']}", {"contact": wrong})


def test_a_deals_stage_brings_its_pipeline_and_its_probability(suite):
    pipelines = suite.get("/selector/deal_pipelines")["deal_pipelines"]
    partner_won = next(each for each in pipelines[1]["deal_stages"] if each["name"] == "Won")
    deal = suite.made("deals", "deal", name="Gold", amount=200, deal_stage_id=partner_won["id"])
    assert deal["deal_pipeline_id"] == pipelines[1]["id"]
    assert (deal["probability"], deal["expected_deal_value"]) == (100, "200.0")
    assert deal["closed_date"] == "2026-01-01T00:00:00+00:00"
    wrong = {"deal_pipeline_id": pipelines[0]["id"], "deal_stage_id": partner_won["id"]}
    assert suite.messages("PUT", f"/deals/{deal['id']}", {"deal": wrong})


def test_a_deal_starts_in_the_first_stage_of_the_default_pipeline(suite):
    deal = suite.made("deals", "deal", name="Gold", amount=200)
    pipeline = suite.get("/selector/deal_pipelines")["deal_pipelines"][0]
    assert (deal["deal_pipeline_id"], deal["deal_stage_id"]) == (pipeline["id"], pipeline["deal_stages"][0]["id"])


def test_contacts_are_attached_to_a_deal(suite):
    ids = [suite.contact(last_name=name)["id"] for name in ("a", "b")]
    deal = suite.made("deals", "deal", name="Gold", amount=1, contacts_added_list=[ids[0]])
    suite("PUT", f"/deals/{deal['id']}", {"deal": {"contacts_added_list": [ids[1]]}})
    shown = suite.get(f"/deals/{deal['id']}?include=contacts")
    assert shown["deal"]["contact_ids"] == ids
    assert [each["last_name"] for each in shown["contacts"]] == ["a", "b"]


def test_the_products_of_a_deal_are_replaced(suite):
    product = suite.made("cpq/products", "product", name="Widget")
    deal = suite.made("deals", "deal", name="Gold", amount=1)
    path = f"/deals/{deal['id']}?include=products"
    lines = [{"id": product["id"], "quantity": 2, "unit_price": 9.5}]
    shown = suite("PUT", path, {"deal": {"products": lines}}).json()["deal"]
    assert [(each["name"], each["quantity"], each["unit_price"]) for each in shown["products"]] == [("Widget", 2, 9.5)]
    assert shown["has_products"] is True
    assert suite("PUT", path, {"deal": {"products": []}}).json()["deal"]["products"] == []
    assert suite.messages("PUT", path, {"deal": {"products": [{"id": 7}]}}) == ["Products is invalid"]


def test_product_prices_are_nested_attributes(suite):
    product = suite.made("cpq/products", "product", name="Widget", pricing_type=1)
    path = f"/cpq/products/{product['id']}?include=product_pricings"
    prices = [{"currency_code": "USD", "unit_price": 1000}, {"currency_code": "EUR", "unit_price": 900}]
    shown = suite("PUT", path, {"product": {"product_pricings": prices}}).json()["product"]["product_pricings"]
    assert [each["unit_price"] for each in shown] == [1000, 900]
    gone = [{"id": shown[0]["id"], "_destroy": True}]
    left = suite("PUT", path, {"product": {"product_pricings": gone}}).json()["product"]["product_pricings"]
    assert [each["currency_code"] for each in left] == ["EUR"]


def test_owners_and_picklists_come_beside_the_record_when_included(suite):
    owner = suite.get("/selector/owners")["users"][1]
    contact = suite.contact(last_name="x", owner_id=owner["id"])
    answer = suite.get(f"/contacts/{contact['id']}?include=owner,contact_status")
    assert answer["users"] == [owner]
    kept = suite.vendor.get("contacts", contact["id"])
    assert answer["contact_status"][0]["id"] == kept["contact_status_id"]
    assert answer["contact"]["id"] == contact["id"]
