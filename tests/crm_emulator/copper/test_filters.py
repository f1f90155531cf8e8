import pytest


def mail(address):
    return [{"email": address, "category": "work"}]


@pytest.fixture
def people(emulator):
    """Create three people, by first name."""
    insert = emulator.copper.insert
    users = [user["id"] for user in emulator.copper.records("users")]
    company = insert("companies", {"name": "Acme"})["id"]
    return {
        "ann": insert(
            "people",
            {
                "name": "Ann Lee",
                "emails": mail("Ann@Lee.example"),
                "tags": ["a", "b"],
                "assignee_id": users[0],
                "company_id": company,
                "phone_numbers": [{"number": "+1 (415) 555-0123", "category": "work"}],
                "socials": [{"url": "https://x.example/ann", "category": "other"}],
                "address": {"city": "Köln", "country": "DE"},
                "date_last_contacted": 1000,
                "interaction_count": 4,
            },
        )["id"],
        "bob": insert(
            "people",
            {
                "name": "Bob Ray",
                "emails": [*mail("bob@ray.example"), *mail("bob@home.example")],
                "tags": ["b"],
                "assignee_id": users[1],
                "address": {"city": "Paris", "country": "FR"},
                "date_last_contacted": 2000,
            },
        )["id"],
        "cleo": insert("people", {"name": "Cleo", "tags": ["c"], "date_created": 1_000})["id"],
    }


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"name": "ann lee"}, {"ann"}),
        ({"name": "ann"}, set()),
        ({"emails": ["ann@lee.example"]}, {"ann"}),
        ({"emails": ["ANN@lee.example", "bob@home.example"]}, {"ann", "bob"}),
        ({"emails": ["lee.example"]}, set()),
        ({"tags": ["b"]}, {"ann", "bob"}),
        ({"tags": ["a", "c"]}, {"ann", "cleo"}),
        ({"tags": {"option": "ANY", "value": ["a", "c"]}}, {"ann", "cleo"}),
        ({"tags": {"option": "ALL", "value": ["a", "b"]}}, {"ann"}),
        ({"city": "köln"}, {"ann"}),
        ({"country": ["DE", "FR"]}, {"ann", "bob"}),
        ({"phone_number": "4155550123"}, {"ann"}),
        ({"phone_number": "5550123"}, {"ann"}),
        ({"phone_number": "0123"}, set()),
        ({"phone_number": {"value": "5555", "match": "partial"}}, {"ann"}),
        ({"socials": ["https://x.example/ann"]}, {"ann"}),
        ({"minimum_interaction_date": 1500}, {"bob"}),
        ({"maximum_interaction_date": 1500}, {"ann"}),
        ({"minimum_interaction_count": 4}, {"ann"}),
        ({"city": ""}, {"cleo"}),
        ({"postal_code": []}, {"ann", "bob", "cleo"}),
        ({"assignee_ids": [-2]}, {"cleo"}),
        ({"company_ids": [-2]}, {"bob", "cleo"}),
        ({"age": 60}, {"ann", "bob"}),
        ({"followed": 1}, set()),
        ({"followed": 2}, {"ann", "bob", "cleo"}),
        ({"tags": ["b"], "country": "FR"}, {"bob"}),
    ],
)
def test_a_filter_finds(copper, parameters, found):
    names = {record["first_name"].lower() for record in copper.search("people", **parameters)}
    assert names == found
    assert copper.total("people", **parameters) == len(found)


def test_ids_find_as_numbers_and_as_identifiers(copper, people):
    assert copper.ids("people", ids=[people["ann"], people["bob"]]) == [people["ann"], people["bob"]]
    assert copper.ids("people", ids=[{"id": people["ann"], "type": "person"}]) == [people["ann"]]


def test_id_filters_find_any_of_several_and_none(emulator, copper, people):
    owner = emulator.copper.get("people", people["ann"])["assignee_id"]
    found = {record["first_name"] for record in copper.search("people", assignee_ids=[owner, -2])}
    assert found == {"Ann", "Cleo"}


def test_a_name_matches_in_part_by_switch(emulator, copper, people):
    emulator.copper.switches.name_filter = "partial"
    assert copper.ids("people", name="nn L") == [people["ann"]]


def test_people_are_found_by_their_opportunity(copper, people):
    deal = copper.ok("POST", "/opportunities", {"name": "Deal", "primary_contact_id": people["bob"]})
    assert copper.ids("people", opportunity_ids=[deal["id"]]) == [people["bob"]]


def test_a_lead_is_found_by_one_email_as_text(copper):
    lead = copper.ok("POST", "/leads", {"name": "Ann", "email": {"email": "ann@lee.example", "category": "work"}})
    assert copper.ids("leads", emails="ann@lee.example") == [lead["id"]]


def test_companies_are_found_by_domain_and_by_their_last_interaction(copper):
    company = copper.ok("POST", "/companies", {"name": "Acme", "email_domain": "acme.example"})
    copper.ok("POST", "/companies", {"name": "Other"})
    assert copper.ids("companies", email_domains=["Acme.example"]) == [company["id"]]
    parent = {"id": company["id"], "type": "company"}
    kind = copper.ok("GET", "/activity_types")["user"][1]
    body = {"parent": parent, "type": {"id": kind["id"], "category": "user"}, "details": "x", "activity_date": 5000}
    copper.ok("POST", "/activities", body)
    assert copper.ids("companies", minimum_interaction_date=4000) == [company["id"]]
    assert copper.ids("companies", minimum_interaction_date=6000) == []


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"status_ids": [1]}, ["Won"]),
        ({"statuses": ["Won", "Open"]}, ["Open", "Won"]),
        ({"priority_ids": [3]}, ["Won"]),
        ({"priorities": ["None"]}, ["Open"]),
        ({"minimum_monetary_value": 99.5}, ["Won"]),
        ({"minimum_stage_change_date": 1_769_999_999}, ["Open", "Won"]),
        ({"minimum_date_stage_changed": 1_770_000_001}, []),
    ],
)
def test_opportunities_are_found_in_both_spellings(copper, parameters, found):
    copper.ok("POST", "/opportunities", {"name": "Open", "monetary_value": 1})
    copper.ok("POST", "/opportunities", {"name": "Won", "status": "Won", "priority": "High", "monetary_value": 100})
    assert sorted(record["name"] for record in copper.search("opportunities", **parameters)) == found


def test_an_empty_value_narrows_nothing_where_no_page_says_what_it_finds(copper):
    for name in ("Ann", "Bob"):
        copper.ok("POST", "/leads", {"name": name})
    recorded = {"name": "", "phone_number": "", "emails": "", "assignee_ids": [], "status_ids": []}  # copper-sdk, 2019
    assert len(copper.ids("leads", **recorded)) == 2


@pytest.mark.parametrize("empty", ["", []])
def test_an_empty_value_finds_records_without_one_where_the_page_says_so(copper, empty):
    company = copper.ok("POST", "/companies", {"name": "Acme", "tags": ["a"]})
    with_tags = {"name": "With", "tags": ["a"]}
    deal = copper.ok("POST", "/opportunities", {**with_tags, "company_id": company["id"]})
    about = [{"id": deal["id"], "type": "opportunity"}, {"id": company["id"], "type": "company"}]
    tasks = [copper.ok("POST", "/tasks", {"name": "Call", "related_resource": each})["id"] for each in about]
    for name in ("people", "leads", "opportunities", "projects"):
        if name != "opportunities":
            copper.ok("POST", f"/{name}", with_tags)
        bare = copper.ok("POST", f"/{name}", {"name": "Without"})
        assert copper.ids(name, tags=empty) == [bare["id"]]
    assert [each["name"] for each in copper.search("opportunities", company_ids=empty)] == ["Without"]
    assert copper.ids("tasks", company_ids=empty) == tasks[:1]
    assert copper.ids("tasks", opportunity_ids=empty) == tasks[1:]


def test_tasks_are_found_by_what_they_are_about(copper):
    deal = copper.ok("POST", "/opportunities", {"name": "Deal"})
    about = {"id": deal["id"], "type": "opportunity"}
    task = copper.ok("POST", "/tasks", {"name": "Call", "related_resource": about, "due_date": 500})
    copper.ok("POST", "/tasks", {"name": "Other", "status": "Completed"})
    assert copper.ids("tasks", opportunity_ids=[deal["id"]]) == [task["id"]]
    assert copper.ids("tasks", project_ids=[deal["id"]]) == []
    assert copper.ids("tasks", statuses=["Open"]) == [task["id"]]
    assert copper.ids("tasks", maximum_due_date=500) == [task["id"]]


@pytest.mark.parametrize(
    "parameters",
    [
        {"emails": "x", "tags": 5},
        {"assignee_ids": ["x"]},
        {"followed": 3},
        {"phone_number": 5},
        {"minimum_created_date": "yesterday"},
        {"city": 5},
    ],
)
def test_a_filter_of_the_wrong_shape_is_refused(copper, parameters):
    copper.refused("POST", "/people/search", parameters)


def test_activities_have_no_filter_by_modification(copper):
    assert "minimum_modified_date" in copper.refused("POST", "/activities/search", {"minimum_modified_date": 1})


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"sort_by": {"a": None}}, 'Sort By: Invalid value: {"a":null}'),
        ({"ids": [True]}, "Ids: Invalid value: true"),
        ({"ids": ["x"]}, "Ids: Invalid value: x"),
    ],
)
def test_a_value_is_repeated_as_json_spells_it(copper, sent, said):
    assert copper.refused("POST", "/people/search", sent).endswith(said)
