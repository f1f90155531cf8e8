"""Section 2 of the Freshsales reference: selectors, fields, custom modules, products, leads, files; and seeds."""

import pytest

from crm_emulator import Emulator

SELECTORS = [
    ("owners", "users"), ("territories", "territories"), ("deal_stages", "deal_stages"),
    ("deal_pipelines", "deal_pipelines"), ("deal_reasons", "deal_reasons"), ("deal_types", "deal_types"),
    ("deal_payment_statuses", "deal_payment_statuses"), ("currencies", "currencies"), ("lead_sources", "lead_sources"),
    ("industry_types", "industry_types"), ("business_types", "business_types"), ("campaigns", "campaigns"),
    ("contact_statuses", "contact_statuses"), ("lifecycle_stages", "lifecycle_stages"),
    ("sales_activity_types", "sales_activity_types"), ("sales_activity_outcomes", "sales_activity_outcomes"),
    ("sales_activity_entity_types", "sales_activity_entity_types"), ("deal_products", "deal_products"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "key"), SELECTORS)
def test_every_picklist_has_its_selector(suite, name, key):
    items = suite.get(f"/selector/{name}")[key]
    assert items
    assert all(item["id"] > 10_000_000_000 for item in items)


def test_stages_and_outcomes_are_listed_by_what_they_belong_to(suite):
    pipeline = suite.get("/selector/deal_pipelines")["deal_pipelines"][1]
    stages = suite.get(f"/selector/deal_pipelines/{pipeline['id']}/deal_stages")["deal_stages"]
    assert [each["id"] for each in stages] == [each["id"] for each in pipeline["deal_stages"]]
    assert {each["forecast_type"] for each in stages} == {"Open", "Closed Won", "Closed Lost"}
    kind = suite.get("/selector/sales_activity_types")["sales_activity_types"][1]["id"]
    found = suite.get(f"/selector/sales_activity_types/{kind}/sales_activity_outcomes")["sales_activity_outcomes"]
    assert len(found) == 5
    assert suite.messages("GET", "/selector/deal_pipelines/7/deal_stages", status=404)


@pytest.mark.parametrize("resource", ["contacts", "sales_accounts", "deals", "sales_activities"])
def test_fields_tell_name_type_choices_and_whether_they_are_required(suite, resource):
    fields = {each["name"]: each for each in suite.get(f"/settings/{resource}/fields")["fields"]}
    assert all({"id", "label", "type", "default", "choices", "required"} <= set(each) for each in fields.values())
    assert fields["owner_id"]["choices"][0]["value"] == "Ada Lovelace"
    grouped = suite.get(f"/settings/{resource}/fields?include=field_group")
    assert grouped["fields"][0]["field_group_id"] == grouped["field_groups"][0]["id"]


def test_custom_fields_show_among_the_fields(suite):
    suite.vendor.define_field("contacts", "Shoe Size", "number")
    field = next(each for each in suite.get("/settings/contacts/fields")["fields"] if each["name"] == "cf_shoe_size")
    assert (field["label"], field["type"], field["default"]) == ("Shoe Size", "number", False)
    with pytest.raises(ValueError, match="is not a type of custom field"):
        suite.vendor.define_field("contacts", "X", "colour")


def test_custom_modules_are_defined_and_hold_records(suite):
    sent = {"entity_name": "cm_boats", "singular_name": "Boat", "plural_name": "Boats", "icon": "boat"}
    module = suite("POST", "/settings/module_customizations", {"module_customization": sent}).json()
    number = module["module_customization"]["id"]
    field = {"label": "Length", "field_type": 3}
    made = suite("POST", f"/settings/cm_boats/forms/{number}/fields", field).json()["field"]
    assert (made["name"], made["type"]) == ("cf_length", "number")
    assert suite.get("/settings/cm_boats/forms")["forms"][0]["fields"][0]["fields"][0]["name"] == "cf_length"
    boat = suite.made("custom_module/cm_boats", "cm_boats", name="Argo", custom_field={"cf_length": 12})
    path = f"/custom_module/cm_boats/{boat['id']}"
    assert suite.get(path)["cm_boats"] == boat
    changed = suite("PUT", path, {"cm_boats": {"custom_field": {"cf_length": 13}}}).json()["cm_boats"]
    assert changed["custom_field"] == {"cf_length": 13}
    assert suite("POST", f"{path}/clone", {"cm_boats": {"name": "Argo II"}}).json()["cm_boats"]["name"] == "Argo II"
    views = {each["name"]: each["id"] for each in suite.get("/custom_module/cm_boats/filters")["filters"]}
    listed = suite.get(f"/custom_module/cm_boats/view/{views['All Records']}")
    assert [each["name"] for each in listed["cm_boats"]] == ["Argo", "Argo II"]
    assert set(suite("DELETE", path).json()) == {"message"}
    assert suite("GET", path).status_code == 404
    binned = suite.get(f"/custom_module/cm_boats/view/{views['Recycle Bin']}")["cm_boats"]
    assert [each["id"] for each in binned] == [boat["id"]]
    suite("DELETE", f"{path}/forget")
    suite("POST", "/custom_module/cm_boats/bulk_destroy", {"selected_ids": [boat["id"] + 1]})
    assert suite.vendor.count("custom_records") == 0
    renamed = suite("PUT", f"/settings/module_customizations/{number}", {"module_customization": {"plural_name": "B"}})
    assert renamed.json()["module_customization"]["plural_name"] == "B"
    suite("DELETE", f"/settings/module_customizations/{number}")
    assert suite("GET", "/custom_module/cm_boats/1").status_code == 404


def test_a_record_of_one_module_is_not_found_in_another(suite):
    boat = suite.made("custom_module/cm_subscriptions", "cm_subscriptions", name="x")
    suite("POST", "/settings/module_customizations", {"module_customization": {
        "entity_name": "cm_boats", "singular_name": "Boat", "plural_name": "Boats"}})  # fmt: skip
    assert suite("GET", f"/custom_module/cm_boats/{boat['id']}").status_code == 404
    assert suite("POST", "/custom_module/cm_nothing", {"cm_nothing": {"name": "x"}}).status_code == 404


def test_products_are_restored_and_changed_in_bulk(suite):
    ids = [suite.made("cpq/products", "product", name=name)["id"] for name in ("a", "b")]
    one = f"/cpq/products/{ids[0]}"
    assert suite("DELETE", one).json() == {"success": "200"}
    assert suite("GET", one).status_code == 404
    assert suite("PUT", f"{one}/restore").json()["product"]["name"] == "a"
    change = {"ids": ids, "product": {"description": "new"}}
    assert suite("PUT", "/cpq/products/products_bulk_update", change).json() == {"message": "2 records updated."}
    owner = suite.get("/selector/owners")["users"][1]["id"]
    suite("POST", "/cpq/products/products_bulk_assign", {"selected_ids": ids, "owner_id": owner})
    assert {(each["description"], each["owner_id"]) for each in suite.vendor.records("products")} == {("new", owner)}
    suite("POST", "/cpq/products/products_bulk_delete", {"selected_ids": ids})
    assert suite.vendor.count("products") == 0
    suite("POST", "/cpq/products/products_bulk_restore", {"selected_ids": [*ids, 7]})
    assert suite.vendor.count("products") == 2


def test_quotes_hold_products_and_are_forgotten_in_their_own_words(suite):
    product = suite.made("cpq/products", "product", name="Widget")
    deal = suite.made("deals", "deal", name="Gold", amount=1)
    quote = suite.made(
        "cpq/cpq_documents", "cpq_document", display_name="Offer", document_type="Quote", deal_id=deal["id"],
        products=[{"id": product["id"], "quantity": 2, "unit_price": 5}],
    )  # fmt: skip
    assert quote["document_number"] == "DOC-1"
    path = f"/cpq/cpq_documents/{quote['id']}"
    assert [each["name"] for each in suite.get(f"{path}/related_products")["products"]] == ["Widget"]
    assert suite("DELETE", f"{path}/forget").json() == {"msg": {"id": 1, "code": "success"}}


def test_leads_are_converted_into_contact_account_and_deal(classic):
    lead = classic.made(
        "leads", "lead", first_name="Ada", last_name="x", emails="a@b.example",
        company={"name": "Acme"}, deal={"name": "Gold", "amount": 9},
    )  # fmt: skip
    contact = classic("POST", f"/leads/{lead['id']}/convert", {"lead": {"city": "Graz"}}).json()["contact"]
    assert (contact["email"], contact["city"]) == ("a@b.example", "Graz")
    assert [each["name"] for each in classic.vendor.records("sales_accounts")] == ["Acme"]
    deal = classic.vendor.records("deals")[0]
    assert deal["contact_ids"] == [contact["id"]]
    assert classic("GET", f"/leads/{lead['id']}").status_code == 404


def test_classic_contacts_have_no_lifecycle_and_leads_need_a_last_name(classic):
    assert "lifecycle_stage_id" not in classic.contact(last_name="x")
    assert classic.messages("POST", "/leads", {"lead": {"first_name": "x"}}) == ["Last name can't be blank"]
    assert classic("GET", "/selector/lifecycle_stages").status_code == 404
    assert classic.get("/selector/lead_stages")["lead_stages"]


def test_calls_links_and_files_are_taken(suite):
    contact = suite.contact(last_name="x")
    target = {"targetable_type": "Contact", "targetable_id": contact["id"]}
    call = {"call_direction": True, "targetable_type": "Contact", "targetable": {"id": contact["id"]}}
    assert suite.made("phone_calls", "phone_call", **call)["targetables"][0]["id"] == contact["id"]
    assert suite.made("document_links", "document_link", url="https://x.example", **target)["url"]
    sent = suite(
        "POST", "/documents", files={"file": ("offer.pdf", b"%PDF")}, data={k: str(v) for k, v in target.items()}
    )
    assert sent.json()["document"]["file_name"] == "offer.pdf"


def test_the_same_seed_gives_the_same_records():
    def records(seed: int) -> dict[str, list[object]]:
        with Emulator(seed=seed, empty=True, sizes={"freshsales": {"contacts": 12, "deals": 5}}) as emulator:
            return {name: emulator.freshsales.records(name) for name in emulator.freshsales.tables}

    assert records(3) == records(3)
    assert records(3)["contacts"] != records(4)["contacts"]
    assert len(records(3)["contacts"]) == 12


def test_every_seeded_record_can_be_read_and_written_back():
    with Emulator(seed=3) as emulator:
        from requests import Session  # noqa: PLC0415 - as one more client

        session = Session()
        session.headers["Authorization"] = f"Token token={emulator.freshsales_classic.api_key}"
        for vendor in (emulator.freshsales, emulator.freshsales_classic):
            assert all(vendor.count(name) for name in vendor.sizes if name in vendor.tables)
            for name in ("contacts", "sales_accounts", "deals", "leads"):
                for record in vendor.records(name) if name in vendor.tables else []:
                    url = f"{vendor.base_url}/{name}/{record['id']}"
                    singular, shown = next(iter(session.get(url, timeout=120).json().items()))
                    answer = session.put(url, json={singular: shown}, timeout=120)
                    assert answer.ok, answer.text


@pytest.mark.parametrize("kind", ["edit", "add", "delete"])
def test_records_are_disturbed_while_they_are_read(suite, emulator, kind):
    for place in range(3):
        suite.contact(last_name=f"n{place}")
    before = {each["id"]: each["updated_at"] for each in suite.vendor.records("contacts")}
    suite.vendor.clock.advance(60)
    emulator.trouble(f"{kind}:route=GET /contacts/*,times=1")
    suite.get("/contacts/filters")
    after = {each["id"]: each["updated_at"] for each in suite.vendor.records("contacts")}
    assert len(after) == {"edit": 3, "add": 4, "delete": 2}[kind]
    assert after != before
