"""Sections 4, 8 and 10 of the Apptivo reference: lists, searches, configuration, links, notes."""

import json

import pytest


def leads(firm, count: int) -> list[int]:
    made = []
    for place in range(count):
        email = {"emailAddress": f"n{place}@b.example", "id": "cont_email_input"}
        made.append(firm.save("leads", {"lastName": f"n{place:02d}", "emailAddresses": [email]})["leadId"])
        firm.vendor.clock.advance(1)
    return made


def test_a_list_is_paged_by_offset_and_counts_all(firm):
    ids = leads(firm, 5)
    page = firm("leads", "getAll", startIndex=1, numRecords=2)
    assert [each["leadId"] for each in page["data"]] == ids[1:3]
    assert page["countOfRecords"] == 5
    newest = firm("leads", "getAll", sortColumn="creationDate", sortDir="desc", numRecords=2)
    assert [each["leadId"] for each in newest["data"]] == [ids[4], ids[3]]
    assert firm.reason(firm("leads", "getAll", sortColumn="nonsense")) == "Cannot sort by nonsense"
    assert firm.reason(firm("leads", "getAll", startIndex="x")) == "startIndex must be a number"


def test_a_page_is_50_long_by_default_and_limited(firm):
    leads(firm, 53)
    assert len(firm("leads", "getAll")["data"]) == 50
    firm.vendor.switches.largest_page = 10
    assert len(firm("leads", "getAll", numRecords=1000)["data"]) == 10


def test_no_search_reaches_past_its_ceiling(firm):
    leads(firm, 5)
    firm.vendor.switches.search_ceiling = 3
    assert len(firm("leads", "getAll", startIndex=2, numRecords=50)["data"]) == 1
    assert firm("leads", "getAll", startIndex=3)["data"] == []


def test_a_search_by_text_looks_everywhere(firm):
    leads(firm, 12)
    assert firm("leads", "getAllBySearchText", searchText="N1@B")["countOfRecords"] == 1
    assert firm("leads", "getAllBySearchText", searchText="b.example", numRecords=3)["countOfRecords"] == 12
    assert firm("leads", "getAllBySearchText", searchText="")["countOfRecords"] == 12


@pytest.mark.parametrize(
    ("search", "hits"),
    [
        ({"emailAddresses": [{"emailAddress": "n1@b.example", "id": "cont_email_input"}]}, 1),
        ({"emailAddresses": [{"emailAddress": "1@b.example"}]}, 2),
        ({"lastName": "N0"}, 10),
        ({"lastName": "n01", "firstName": "x"}, 0),
        ({}, 12),
        ({"lastName": ""}, 12),
    ],
)
def test_an_advanced_search_matches_parts_of_text(firm, search, hits):
    leads(firm, 12)
    found = firm("leads", "getAllByAdvancedSearch", searchData=search, multiSelectData={}, sortColumn="_score")
    assert found["countOfRecords"] == hits


def test_an_advanced_search_needs_its_criteria_and_knows_them(firm):
    assert firm.reason(firm("leads", "getAllByAdvancedSearch")) == "searchData is required"
    sent = {"shoeSize": 44}
    assert firm.reason(firm("leads", "getAllByAdvancedSearch", searchData=sent)) == "Unknown search attribute: shoeSize"
    firm.vendor.switches.unknown_criteria = "ignore"
    leads(firm, 1)
    assert firm("leads", "getAllByAdvancedSearch", searchData=sent)["countOfRecords"] == 1


def test_custom_attributes_can_be_searched(firm):
    attribute = firm.vendor.define_attribute("leads", "Key")
    value = {"customAttributeId": attribute["id"], "customAttributeValue": "K-7"}
    firm.save("leads", {"lastName": "x", "customAttributes": [value]})
    search = {"customAttributes": [value]}
    assert firm("leads", "getAllByAdvancedSearch", searchData=search)["countOfRecords"] == 1
    search = {"customAttributes": [{**value, "customAttributeValue": "K-8"}]}
    assert firm("leads", "getAllByAdvancedSearch", searchData=search)["countOfRecords"] == 0


def test_a_lagging_index_hides_a_new_record_from_searches_but_not_from_its_id(firm):
    firm.vendor.switches.index_delay_seconds = 40.0
    (lead_id,) = leads(firm, 1)
    assert firm("leads", "getAll")["countOfRecords"] == 0
    assert firm("leads", "getById", leadId=lead_id)["leadId"] == lead_id
    firm.vendor.clock.advance(40)
    assert firm("leads", "getAll")["countOfRecords"] == 1


@pytest.mark.parametrize(
    ("object_name", "key", "item"),
    [
        ("leads", "leadStatuses", {"lookupCode", "meaning"}),
        ("leads", "leadSources", {"id", "name"}),
        ("leads", "leadTypes", {"typeId", "typeName"}),
        ("leads", "leadRanks", {"lookupCode", "meaning"}),
        ("cases", "statuses", {"statusId", "statusCode", "statusName"}),
        ("cases", "types", {"typeId", "typeCode", "typeName"}),
        ("cases", "priorities", {"id", "code", "name"}),
        ("cases", "caseSources", {"caseSourceId", "caseSourceName"}),
        ("customers", "countryList", {"countryId", "countryName"}),
        ("customers", "phoneTypes", {"id", "code", "name"}),
    ],
)
def test_the_configuration_lists_what_names_stand_for(firm, object_name, key, item):
    items = firm(object_name, "getConfigData", objectId=3)[key]
    assert items
    assert all(item <= set(each) for each in items)


def test_the_layout_is_json_inside_json_and_holds_the_custom_attributes(firm):
    attribute = firm.vendor.define_attribute("leads", "Colour", "select", ["Red"])
    sections = json.loads(firm("leads", "getConfigData")["webLayout"])["sections"]
    found = [each for section in sections for each in section["attributes"] if each["type"] == "Custom"]
    (colour,) = [each for each in found if each["label"]["modifiedLabel"] == "Colour"]
    assert (colour["attributeId"], colour["attributeTag"]) == (str(attribute["id"]), "select")
    assert colour["optionValueList"][0]["optionObject"] == "Red"


def test_contacts_are_linked_to_customers_and_leads(firm):
    customer = firm.save("customers", {"customerName": "Acme"})
    own = firm.save("contacts", {"lastName": "a", "accountId": customer["customerId"]})
    other = firm.save("contacts", {"lastName": "b"})
    firm("customers", "addContact", customerId=customer["customerId"], contactIds=[other["contactId"]])
    found = firm("customers", "getCustomerContacts", customerId=customer["customerId"])
    assert [each["contactId"] for each in found["data"]] == [own["contactId"], other["contactId"]]
    lead = firm.save("leads", {"lastName": "x"})
    linked = firm("leads", "addContacts", leadId=lead["leadId"], contactIds={"id": [other["contactId"]]})
    assert linked["status"] == "SUCCESS"
    assert firm.reason(firm("leads", "addContacts", leadId=lead["leadId"], contactIds={"id": [7]}))


def test_notes_and_activities_lie_outside_v6(emulator, firm):
    lead = firm.save("leads", {"lastName": "x"})
    at = f"{emulator.url}/apptivo/app/dao"
    details = {"noteText": "hi", "objectId": 4, "objectRefId": lead["id"], "associations": []}
    assert firm(f"{at}/note", "createNote", noteDetails=details)["noteId"]
    assert firm.reason(firm(f"{at}/note", "createNote", noteDetails={**details, "objectRefId": "7"}))
    made = firm(f"{at}/activities", "createFollowUpActivity", followUpData={"description": "call"})
    activity = made["responseObject"]["activityId"]
    for wanted, found in (({"description": "call"}, [activity]), ({"description": "mail"}, []), ({}, [activity])):
        listed = firm(f"{at}/activities", "getActivitiesByAdvancedSearch", searchData=wanted)
        assert ([each["activityId"] for each in listed["data"]], listed["countOfRecords"]) == (found, len(found))
    assert firm(f"{at}/activities", "deleteActivity", activityId=activity)["responseCode"] == 0
    assert firm.reason(firm(f"{at}/activities", "deleteActivity", activityId=activity))
    view = firm(f"{at}/v5/appsettings", "getAllByCustomView", viewCode="ALL", objectId=4)
    assert view["countOfRecords"] == 1


@pytest.mark.parametrize(("kind", "left"), [("edit", 3), ("add", 4), ("delete", 2)])
def test_records_are_disturbed_while_they_are_read(firm, emulator, kind, left):
    leads(firm, 3)
    emulator.trouble(f"{kind}:route=* */leads?a=getAll,times=1")
    assert firm("leads", "getAll")["countOfRecords"] == left
