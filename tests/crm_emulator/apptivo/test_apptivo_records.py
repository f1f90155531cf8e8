"""Sections 3 and 5 to 8 of the Apptivo reference: save, update, delete, fields."""

import pytest

NEEDED = {
    "customers": {"customerName": "Acme"},
    "contacts": {"lastName": "Rivera"},
    "leads": {"lastName": "Rivera"},
    "opportunities": {"opportunityName": "Big"},
    "cases": {"caseSummary": "It broke"},
}


@pytest.mark.parametrize("object_name", NEEDED)
def test_a_saved_record_comes_in_its_objects_wrapper_with_both_ids_and_stamps(firm, object_name):
    record = firm.save(object_name, NEEDED[object_name])
    id_name = {"customers": "customerId", "opportunities": "opportunityId"}.get(object_name, f"{object_name[:-1]}Id")
    assert record["id"] == str(record[id_name])
    assert record["objectStatus"] == "0"
    assert record["creationDate"] == record["lastUpdateDate"] == "Jan 01, 2026 12:00:00 AM"
    assert not any(name.startswith("_") for name in record)
    assert firm(object_name, "getById", **{id_name: record["id"]}) == record


@pytest.mark.parametrize("object_name", NEEDED)
def test_what_an_object_requires_is_named(firm, object_name):
    ((name, _),) = NEEDED[object_name].items()
    data_name = {"opportunities": "opportunityData"}.get(object_name, f"{object_name[:-1]}Data")
    assert firm.reason(firm(object_name, "save", **{data_name: {}})) == f"{name} is required"


@pytest.mark.parametrize(("wrapper", "path"), [("data", ["data"]), ("responseObject", ["responseObject"]), ("", [])])
def test_the_wrappers_that_are_unknown_are_switches(firm, wrapper, path):
    firm.vendor.switches.opportunity_wrapper = firm.vendor.switches.read_wrapper = wrapper
    saved = firm("opportunities", "save", opportunityData=NEEDED["opportunities"])
    read = firm("opportunities", "getById", opportunityId=firm.vendor.records("opportunities")[0]["id"])
    for answer in (saved, read):
        for step in path:
            answer = answer[step]  # noqa: PLW2901 - one level down
        assert answer["opportunityName"] == "Big"


def test_objects_that_no_source_lists_take_any_attribute(firm):
    assert firm("estimates", "save", estimateData={"estimateNumber": "E-1", "colour": "red"})["colour"] == "red"
    assert firm("items", "save", itemData={"itemName": "Bolt"})["data"]["itemId"]
    assert firm("projects", "save", projectInformation={"projectName": "A"})["responseObject"]["projectId"]
    assert firm("projects", "save", projectData={"projectName": "B"})["responseObject"]["projectName"] == "B"
    made = firm("testimonials", "save", testimonialData={"testimonial": "Nice"})
    assert made["status"] == "SUCCESS"
    gone = firm("testimonials", "delete", siteTestimonialId=made["data"]["siteTestimonialId"])
    assert gone["Status"] == "SUCCESS"


def test_a_number_is_generated_where_it_is_asked_for_or_left_out(firm):
    asked = firm.save("customers", {"customerName": "A", "customerNumber": "Auto generated number"})
    left_out = firm.save("customers", {"customerName": "B"})
    given = firm.save("customers", {"customerName": "C", "customerNumber": "77"})
    assert [each["customerNumber"] for each in (asked, left_out, given)] == ["CUST-000001", "CUST-000002", "77"]
    assert firm.save("cases", {"caseSummary": "x"})["caseNumber"].startswith("CASE-")


def test_picklists_take_the_firms_ids_and_fill_in_the_name(firm):
    stages = firm("opportunities", "getConfigData")["salesStages"]
    made = firm.save("opportunities", {"opportunityName": "Big", "salesStageId": stages[2]["salesStageId"]})
    assert (made["salesStageId"], made["salesStageName"]) == (stages[2]["salesStageId"], "Proposal")
    wrong = firm("opportunities", "save", opportunityData={"opportunityName": "x", "salesStageId": 7})
    assert firm.reason(wrong) == "Invalid value for salesStageId: 7"


def test_a_picklists_name_without_its_id_is_refused_resolved_or_kept_by_switch(firm):
    sent = {"caseSummary": "x", "casePriority": "high"}
    assert firm.reason(firm("cases", "save", caseData=sent)) == "casePriorityId is required with casePriority"
    firm.vendor.switches.names_without_ids = "resolve"
    assert firm.save("cases", sent)["casePriority"] == "High"
    firm.vendor.switches.names_without_ids = "keep"
    assert firm.save("cases", sent)["casePriority"] == "high"


def test_a_name_from_a_list_that_the_configuration_lacks_is_taken_without_its_id(firm):
    firm.vendor.switches.missing_lists = "cases statuses; customers statuses"
    assert "statuses" not in firm("customers", "getConfigData")
    assert "statuses" in firm("contacts", "getConfigData")
    made = firm.save("customers", {"customerName": "Acme", "statusName": "inactive"})
    assert (made["statusName"], made["statusId"]) == ("Inactive", 62_002)
    assert firm.reason(firm("customers", "save", customerData={"customerName": "x", "statusName": "Gone"}))


def test_a_lead_starts_with_the_first_status(firm):
    lead = firm.save("leads", NEEDED["leads"])
    assert (lead["leadStatus"], lead["leadStatusMeaning"]) == ("NEW", "New")


def test_references_are_checked_and_named(firm):
    customer = firm.save("customers", NEEDED["customers"])
    contact = firm.save("contacts", {"lastName": "x", "accountId": customer["customerId"]})
    assert contact["accountName"] == "Acme"
    assert "caseCustomerId" in firm.reason(firm("cases", "save", caseData={"caseSummary": "x", "caseCustomerId": 7}))


def test_the_assignee_is_an_employee(firm):
    employee = firm("employees", "getAllEmployeesAndTeams")["employeeData"][1]
    lead = firm.save("leads", {"lastName": "x", "assigneeObjectRefId": employee["employeeId"]})
    assert (lead["assigneeObjectId"], lead["assigneeObjectRefName"]) == (8, "Grace Hopper")
    assert firm.reason(firm("leads", "save", leadData={"lastName": "x", "assigneeObjectRefId": 7}))
    firm.vendor.switches.customer_assignee_required = True
    assert firm.reason(firm("customers", "save", customerData=NEEDED["customers"])) == "assigneeObjectRefId is required"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"amount": "much"}, "amount must be a number"),
        ({"closeDate": "2026-03-01"}, "closeDate must be a date as MM/DD/YYYY"),
        ({"nextStep": ["x"]}, "Invalid value for nextStep"),
    ],
)
def test_values_keep_their_kinds(firm, sent, said):
    answer = firm("opportunities", "save", opportunityData={"opportunityName": "x", **sent})
    assert firm.reason(answer) == said


def test_numbers_may_be_text_unless_the_switch_refuses_it(firm):
    assert firm.save("opportunities", {"opportunityName": "x", "amount": "12.5"})["amount"] == 12.5
    firm.vendor.switches.text_numbers = "reject"
    assert firm.reason(firm("opportunities", "save", opportunityData={"opportunityName": "x", "amount": "12.5"}))


def test_lists_hold_objects_with_what_they_need(firm):
    lead = firm.save(
        "leads", {"lastName": "x", "emailAddresses": [{"emailAddress": "a@b.example", "emailType": "Home"}]}
    )
    assert lead["emailAddresses"] == [{"emailAddress": "a@b.example", "emailType": "Home"}]
    wrong = firm("leads", "save", leadData={"lastName": "x", "phoneNumbers": [{"number": "1"}]})
    assert firm.reason(wrong) == "Each of phoneNumbers needs phoneNumber"


def test_an_unknown_attribute_is_ignored_or_refused_by_switch(firm):
    assert "shoeSize" not in firm.save("leads", {"lastName": "x", "shoeSize": 44})
    firm.vendor.switches.unknown_attributes = "reject"
    assert (
        firm.reason(firm("leads", "save", leadData={"lastName": "x", "shoeSize": 44})) == "Unknown attributes: shoeSize"
    )


def test_custom_attributes_go_by_the_ids_of_the_layout(firm):
    colour = firm.vendor.define_attribute("leads", "Colour", "select", ["Red", "Blue"])
    tags = firm.vendor.define_attribute("leads", "Tags", "multiSelect", ["A", "B"])
    option = colour["options"][1]
    sent = [
        {"customAttributeId": colour["id"], "customAttributeValueId": option["optionId"]},
        {"customAttributeId": tags["id"], "attributeValues": [{"attributeId": tags["options"][0]["optionId"]}]},
    ]
    held = firm.save("leads", {"lastName": "x", "customAttributes": sent})["customAttributes"]
    assert (held[0]["customAttributeValue"], held[0][colour["tagName"]]) == ("Blue", "Blue")
    assert held[1]["attributeValues"][0]["attributeValue"] == "A"


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("select", {"customAttributeValue": "Blue"}),
        ("select", {"customAttributeValueId": "7"}),
        ("multiSelect", {"attributeValues": [{"attributeId": "7"}]}),
        ("number", {"customAttributeValue": "many"}),
        ("date", {"customAttributeValue": "2026-01-01"}),
    ],
)
def test_custom_attributes_refuse_what_they_do_not_take(firm, kind, sent):
    attribute = firm.vendor.define_attribute("leads", "It", kind, ["Red", "Blue"] if "elect" in kind else [])
    record = {"lastName": "x", "customAttributes": [{"customAttributeId": attribute["id"], **sent}]}
    assert firm.reason(firm("leads", "save", leadData=record)).startswith("It takes")
    unknown = {"lastName": "x", "customAttributes": [{"customAttributeId": 7}]}
    assert firm.reason(firm("leads", "save", leadData=unknown)) == "Unknown custom attribute: 7"


def test_a_duplicate_lead_is_refused_only_when_asked_for(firm):
    lead = {"lastName": "x", "emailAddresses": [{"emailAddress": "a@b.example"}]}
    firm.save("leads", lead)
    upper = {"lastName": "y", "emailAddresses": [{"emailAddress": "A@B.example"}]}
    assert firm("leads", "save", leadData=upper, isDuplicateCheck="Y") == {"result": "Already exists"}
    assert firm.save("leads", upper)["lastName"] == "y"
    assert firm("leads", "save", leadData={"lastName": "z"}, isDuplicateCheck="Y")["lead"]
    assert firm("leads", "save", leadData={"lastName": "Z"}, isDuplicateCheck="Y") == {"result": "Already exists"}


def test_an_opportunitys_account_may_stand_beside_it(firm):
    customer = firm.save("customers", NEEDED["customers"])
    made = firm.save("opportunities", NEEDED["opportunities"], accountId=customer["id"])
    assert (made["opportunityCustomerId"], made["opportunityCustomer"]) == (customer["customerId"], "Acme")
    assert firm.reason(firm("opportunities", "save", opportunityData=NEEDED["opportunities"], accountId="7"))
    firm.vendor.switches.account_id_parameter = "ignore"
    assert (
        firm.save("opportunities", NEEDED["opportunities"], accountId=customer["id"])["opportunityCustomerId"] is None
    )


def test_an_opportunitys_territory_is_carried_to_its_customer_when_asked_for(firm):
    customer = firm.save("customers", NEEDED["customers"])
    territory = firm("opportunities", "getConfigData")["territories"][1]
    sent = {"opportunityName": "x", "opportunityCustomerId": customer["customerId"], "territoryId": territory["id"]}
    firm.save("opportunities", sent, isCustomerTerritoryUpdate="false", isDuplicate="N", isLeadConvert="N")
    assert firm.vendor.records("customers")[0]["territoryId"] is None
    firm.save("opportunities", sent, isCustomerTerritoryUpdate="true")
    assert firm.vendor.records("customers")[0]["territoryName"] == territory["name"]


def test_a_duplicate_opportunity_is_looked_for_only_by_switch(firm):
    firm.save("opportunities", NEEDED["opportunities"])
    firm.save("opportunities", NEEDED["opportunities"], isDuplicate="Y")
    firm.vendor.switches.opportunity_duplicates = True
    answer = firm("opportunities", "save", opportunityData=NEEDED["opportunities"], isDuplicate="Y")
    assert answer == {"result": "Already exists"}


# Update


def test_only_the_attributes_that_are_listed_change(firm):
    lead = firm.save("leads", {"lastName": "Rivera", "jobTitle": "CEO"})
    firm.vendor.clock.advance(3600)
    changed = firm.update("leads", lead["leadId"], {"jobTitle": "CTO", "description": "new"}, ["jobTitle"])
    assert (changed["jobTitle"], changed["description"], changed["lastName"]) == ("CTO", None, "Rivera")
    assert changed["lastUpdateDate"] == "Jan 01, 2026 01:00:00 AM"
    assert changed["version"] == 1


def test_an_update_needs_id_record_and_list_together(firm):
    lead = firm.save("leads", NEEDED["leads"])
    values = {"leadId": lead["leadId"], "leadData": {"jobTitle": "x"}, "attributeNames": ["jobTitle"]}
    for name in values:
        left = {other: value for other, value in values.items() if other != name}
        assert firm.reason(firm("leads", "update", **left)) == f"{name} is required"


def test_either_name_of_the_list_is_taken_unless_the_documented_one_is_wanted(firm):
    lead = firm.save("leads", NEEDED["leads"])
    values = {"leadId": lead["leadId"], "leadData": {"jobTitle": "x"}, "attributeName": ["jobTitle"]}
    assert firm("leads", "update", **values)["lead"]["jobTitle"] == "x"
    firm.vendor.switches.attribute_list = "documented"
    assert firm.reason(firm("leads", "update", **values)) == "attributeNames is required"


def test_a_listed_null_clears_and_a_listed_name_that_was_not_sent_stays(firm):
    lead = firm.save("leads", {"lastName": "x", "jobTitle": "CEO", "companyName": "Acme"})
    changed = firm.update("leads", lead["leadId"], {"jobTitle": None}, ["jobTitle", "companyName"])
    assert (changed["jobTitle"], changed["companyName"]) == (None, "Acme")
    assert firm.reason(firm.update("leads", lead["leadId"], {"lastName": ""}, ["lastName"])) == "lastName is required"


def test_addresses_change_under_their_pseudo_name_and_with_their_flag_only(firm):
    customer = firm.save("customers", {"customerName": "Acme", "addresses": [{"city": "Graz"}]})
    sent = {"addresses": [{"city": "Wien"}]}
    for names, flags in ((["address"], {}), (["addresses"], {"isAddressUpdate": "true"})):
        assert firm.update("customers", customer["customerId"], sent, names, **flags)["addresses"] == [{"city": "Graz"}]
    changed = firm.update("customers", customer["customerId"], sent, ["address"], isAddressUpdate="true")
    assert changed["addresses"] == [{"city": "Wien"}]


def test_custom_attributes_change_with_their_flag_and_those_whose_ids_are_listed(firm):
    first, second = (firm.vendor.define_attribute("leads", label) for label in ("One", "Two"))
    lead = firm.save("leads", {"lastName": "x"})
    values = [{"customAttributeId": each["id"], "customAttributeValue": "new"} for each in (first, second)]
    sent, names = {"customAttributes": values}, ["customAttributes"]
    assert firm.update("leads", lead["leadId"], sent, names)["customAttributes"] == []
    flags = {"isCustomAttributesUpdate": "true"}
    changed = firm.update("leads", lead["leadId"], sent, names, attributeIds=[str(second["id"])], **flags)
    assert [each["customAttributeId"] for each in changed["customAttributes"]] == [second["id"]]
    changed = firm.update("leads", lead["leadId"], sent, names, **flags)
    assert len(changed["customAttributes"]) == 2


def test_emails_need_their_flag_only_by_switch(firm):
    lead = firm.save("leads", {"lastName": "x"})
    sent = {"emailAddresses": [{"emailAddress": "a@b.example"}]}
    firm.vendor.switches.email_flag_required = True
    assert firm.update("leads", lead["leadId"], sent, ["emailAddresses"])["emailAddresses"] == []
    firm.vendor.switches.email_flag_required = False
    assert firm.update("leads", lead["leadId"], sent, ["emailAddresses"])["emailAddresses"] == sent["emailAddresses"]


def test_one_name_of_a_pair_changes_both(firm):
    case = firm.save("cases", NEEDED["cases"])
    status = firm("cases", "getConfigData")["statuses"][4]
    sent = {"caseStatusId": status["statusId"], "caseStatus": "Closed"}
    changed = firm.update("cases", case["caseId"], sent, ["caseStatus"])
    assert (changed["caseStatusId"], changed["caseStatus"]) == (status["statusId"], "Closed")


# Delete


@pytest.mark.parametrize("object_name", NEEDED)
def test_a_deleted_record_is_gone_and_cannot_be_deleted_again(firm, object_name):
    record = firm.save(object_name, NEEDED[object_name])
    id_name = {"customers": "customerId", "opportunities": "opportunityId"}.get(object_name, f"{object_name[:-1]}Id")
    at = {id_name: record["id"]}
    assert firm(object_name, "delete", **at) == {"status": "SUCCESS", "Status": "SUCCESS"}
    assert firm.reason(firm(object_name, "getById", **at))
    assert firm.reason(firm(object_name, "delete", **at))
    assert firm(object_name, "getAll")["countOfRecords"] == 0


def test_only_customers_can_be_deleted_by_switch(firm):
    firm.vendor.switches.delete_only_customers = True
    lead, customer = firm.save("leads", NEEDED["leads"]), firm.save("customers", NEEDED["customers"])
    assert firm.reason(firm("leads", "delete", leadId=lead["leadId"])) == "delete is not supported"
    assert firm("customers", "delete", customerId=customer["customerId"])["status"] == "SUCCESS"
