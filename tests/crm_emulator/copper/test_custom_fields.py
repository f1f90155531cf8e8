import pytest

MIDNIGHT = 1_485_129_600
IN_NEW_YORK = MIDNIGHT + 5 * 3600


def define(copper, data_type, name="Field", available_on=("person",), **more):
    body = {"name": name, "data_type": data_type, "available_on": list(available_on), **more}
    return copper.ok("POST", "/custom_field_definitions", body)


def value_of(record, definition):
    return next(
        each["value"] for each in record["custom_fields"] if each["custom_field_definition_id"] == definition["id"]
    )


def field(definition, value):
    return {"custom_fields": [{"custom_field_definition_id": definition["id"], "value": value}]}


def options(*names):
    return {"options": [{"name": name} for name in names]}


def test_a_record_lists_every_field_that_is_available_on_it(copper):
    person = copper.ok("POST", "/people", {"name": "Ann"})
    expected = {
        each["id"] for each in copper.ok("GET", "/custom_field_definitions") if "person" in each["available_on"]
    }
    assert {each["custom_field_definition_id"] for each in person["custom_fields"]} == expected


def test_the_order_of_fields_differs_between_records(copper):
    orders = {
        tuple(
            each["custom_field_definition_id"] for each in copper.ok("POST", "/people", {"name": "x"})["custom_fields"]
        )
        for _ in range(4)
    }
    assert len(orders) == 4


@pytest.mark.parametrize(
    ("data_type", "empty", "sent", "kept", "wrong"),
    [
        ("String", None, "Köln", "Köln", "x" * 256),
        ("String", None, "x", "x", 5),
        ("Text", None, "x" * 300, "x" * 300, 5),
        ("URL", None, "https://x.example", "https://x.example", 5),
        ("Date", None, "1/23/2017", IN_NEW_YORK, "23/1/2017"),
        ("Date", None, MIDNIGHT, MIDNIGHT, True),
        ("Checkbox", False, True, True, "yes"),
        ("Float", None, 1.5, 1.5, "1.5"),
        ("Percentage", None, 95, 95, "95"),
        ("Percentage", None, 0.34, 0, True),
        ("Currency", None, 10, 10, "ten"),
        ("Currency", None, "55.5", 55.5, True),
    ],
)
def test_a_field_of_a_data_type_is_kept(copper, data_type, empty, sent, kept, wrong):
    definition = define(copper, data_type)
    person = copper.ok("POST", "/people", {"name": "Ann"})
    assert value_of(person, definition) == empty
    path = f"/people/{person['id']}"
    assert value_of(copper.ok("PUT", path, field(definition, sent)), definition) == kept
    assert "Custom Fields" in copper.refused("PUT", path, field(definition, wrong))
    assert value_of(copper.ok("PUT", path, field(definition, None)), definition) == empty


def test_dropdowns_take_the_ids_of_their_options(copper):
    definition = define(copper, "Dropdown", **options("Red", "Grün"))
    person = copper.ok("POST", "/people", {"name": "Ann", **field(definition, definition["options"][1]["id"])})
    assert value_of(person, definition) == definition["options"][1]["id"]
    assert "Custom Fields" in copper.refused("PUT", f"/people/{person['id']}", field(definition, "Grün"))


def test_multi_selects_take_lists_of_them(copper):
    definition = define(copper, "MultiSelect", **options("Red", "Blue"))
    both = [option["id"] for option in definition["options"]]
    person = copper.ok("POST", "/people", {"name": "Ann"})
    assert value_of(person, definition) == []
    path = f"/people/{person['id']}"
    assert value_of(copper.ok("PUT", path, field(definition, both[::-1])), definition) == both
    assert "Custom Fields" in copper.refused("PUT", path, field(definition, [1]))
    assert "Custom Fields" in copper.refused("PUT", path, field(definition, [["Red"]]))


def test_a_connect_field_is_taken_only_as_it_is(copper):
    company = copper.ok("POST", "/companies", {"name": "Acme"})
    connect = next(each for each in copper.ok("GET", "/custom_field_definitions") if each["data_type"] == "Connect")
    path = f"/companies/{company['id']}"
    assert copper.ok("PUT", path, field(connect, []))["custom_fields"] == company["custom_fields"]
    assert "related_links" in copper.refused("PUT", path, field(connect, [5]))


def test_definitions_have_no_canonical_name_and_some_are_text_to_match_by(copper):
    definitions = copper.ok("GET", "/custom_field_definitions")
    assert not any("canonical_name" in each for each in definitions)
    assert any(each["data_type"] == "String" and each["is_filterable"] for each in definitions)


def test_connect_fields_come_in_pairs_each_with_the_id_of_the_other(emulator, copper):
    fields = {each["name"]: each for each in copper.ok("GET", "/custom_field_definitions")}
    parent, children = fields["Parent Company"], fields["Subsidiaries"]
    assert (parent["connected_id"], children["connected_id"]) == (children["id"], parent["id"])
    owner = {"name": "Owner", "data_type": "Connect", "available_on": ["company"]}
    first = emulator.copper.insert("custom_field_definitions", owner)
    owns = {"name": "Owns", "data_type": "Connect", "available_on": ["person"], "connected_id": first["id"]}
    second = emulator.copper.insert("custom_field_definitions", owns)
    assert second["connected_id"] == first["id"]
    assert emulator.copper.get("custom_field_definitions", first["id"])["connected_id"] == second["id"]


def test_a_link_stands_in_both_fields_of_a_pair(copper):
    fields = {each["name"]: each["id"] for each in copper.ok("GET", "/custom_field_definitions")}
    parent, child = (copper.ok("POST", "/companies", {"name": name})["id"] for name in ("Acme", "Acme Berlin"))
    ends = {
        "source": {"id": child, "entity_type": "organization"},
        "target": {"id": parent, "entity_type": "organization"},
    }
    copper.ok("POST", "/related_links", {"custom_field_definition_id": fields["Parent Company"], **ends})

    def held(company):
        shown = copper.ok("GET", f"/companies/{company}")["custom_fields"]
        values = {each["custom_field_definition_id"]: each["value"] for each in shown}
        return [len(values[fields[name]]) for name in ("Parent Company", "Subsidiaries")]

    assert (held(child), held(parent)) == ([1, 0], [0, 1])


def test_fields_that_an_update_does_not_name_keep_their_values(copper):
    first, second = define(copper, "String", "One"), define(copper, "String", "Two")
    person = copper.ok("POST", "/people", {"name": "Ann", **field(first, "a")})
    changed = copper.ok("PUT", f"/people/{person['id']}", field(second, "b"))
    assert (value_of(changed, first), value_of(changed, second)) == ("a", "b")


def test_a_field_of_another_object_is_refused(copper):
    definition = define(copper, "String", available_on=["lead"])
    assert "Custom Fields" in copper.refused("POST", "/people", {"name": "Ann", **field(definition, "x")})


def test_computed_values_show_labels_for_ids_and_copies_of_the_rest(copper):
    colour = define(copper, "Dropdown", "Colour", **options("Red", "Grün"))
    tastes = define(copper, "MultiSelect", "Tastes", **options("Sweet", "Sour"))
    score = define(copper, "Float", "Score")
    values = {colour["id"]: colour["options"][1]["id"], tastes["id"]: [tastes["options"][0]["id"]], score["id"]: 2.5}
    sent = [{"custom_field_definition_id": key, "value": value} for key, value in values.items()]
    query = "?custom_field_computed_values=true"
    created = copper.ok("POST", f"/people{query}", {"name": "Ann", "custom_fields": sent})
    fetched = copper.ok("GET", f"/people/{created['id']}{query}")
    found = copper.ok("POST", f"/people/search{query}", {})[0]
    for record in (created, fetched, found):
        computed = {each["custom_field_definition_id"]: each["computed_value"] for each in record["custom_fields"]}
        assert (computed[colour["id"]], computed[tastes["id"]], computed[score["id"]]) == ("Grün", ["Sweet"], 2.5)
    assert "computed_value" not in copper.search("people")[0]["custom_fields"][0]


def test_a_new_definition_shows_on_records_that_are_there_and_a_deleted_one_goes(copper):
    person = copper.ok("POST", "/people", {"name": "Ann"})
    definition = define(copper, "Checkbox")
    path = f"/people/{person['id']}"
    assert value_of(copper.ok("GET", path), definition) is False
    assert copper.ok("GET", path)["date_modified"] == person["date_modified"]
    deleted = copper.ok("DELETE", f"/custom_field_definitions/{definition['id']}")
    assert deleted == {"id": definition["id"], "is_deleted": True}
    assert copper.ok("GET", path)["custom_fields"] == person["custom_fields"]
    copper.refused("GET", f"/custom_field_definitions/{definition['id']}", status=404)


def test_changing_where_a_definition_is_available_adds_and_removes_it(copper):
    definition = define(copper, "String")
    lead, person = (copper.ok("POST", f"/{name}", {"name": "Ann"}) for name in ("leads", "people"))
    copper.ok("PUT", f"/custom_field_definitions/{definition['id']}", {"available_on": ["lead"]})
    held = [
        {each["custom_field_definition_id"] for each in copper.ok("GET", path)["custom_fields"]}
        for path in (f"/leads/{lead['id']}", f"/people/{person['id']}")
    ]
    assert [definition["id"] in ids for ids in held] == [True, False]


def test_replacing_options_gives_them_new_ids_and_ranks(copper):
    definition = define(copper, "Dropdown", **options("Red", "Blue"))
    changed = copper.ok("PUT", f"/custom_field_definitions/{definition['id']}", options("Red", "Blue", "Green"))
    assert [option["rank"] for option in changed["options"]] == [0, 1, 2]
    assert not {option["id"] for option in changed["options"]} & {option["id"] for option in definition["options"]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "", "data_type": "String"}, "Name"),
        ({"name": "x", "data_type": "Number"}, "Data Type"),
        ({"name": "x", "data_type": "Connect"}, "Data Type"),
        ({"name": "x", "data_type": "Dropdown"}, "Options"),
        ({"name": "x", "data_type": "MultiSelect", **options("One")}, "Options"),
        ({"name": "x", "data_type": "String", "available_on": ["deal"]}, "Available On"),
        ({"name": "x", "data_type": "String", "colour": "red"}, "Unrecognized attributes specified: colour"),
    ],
)
def test_a_definition_that_is_not_right_is_refused(copper, body, said):
    assert said in copper.refused("POST", "/custom_field_definitions", body)


def test_searchable_fields_are_filtered_as_their_data_type_says(copper):
    score = define(copper, "Float", "Score", is_filterable=True)
    share = define(copper, "Percentage", "Share", is_filterable=True)
    colour = define(copper, "Dropdown", "Colour", **options("Red", "Blue"))
    tastes = define(copper, "MultiSelect", "Tastes", **options("Sweet", "Sour"))
    red, sweet, sour = colour["options"][0]["id"], *(option["id"] for option in tastes["options"])
    values = {"Ann": (1.5, 10, red, [sweet]), "Bob": (7, 20, None, [sweet, sour]), "Cleo": (None, None, None, [])}
    for name, of_fields in values.items():
        sent = [
            {"custom_field_definition_id": each["id"], "value": value}
            for each, value in zip((score, share, colour, tastes), of_fields, strict=True)
        ]
        copper.ok("POST", "/people", {"name": name, "custom_fields": sent})

    def found(definition, **wanted):
        filters = [{"custom_field_definition_id": definition["id"], **wanted}]
        return sorted(record["name"] for record in copper.search("people", custom_fields=filters))

    assert found(score, value=7) == ["Bob"]
    assert found(share, minimum_value=10, maximum_value=15) == ["Ann"]
    assert found(colour, value=[red]) == ["Ann"]
    assert found(colour, value=[red], allow_empty=True) == ["Ann", "Bob", "Cleo"]
    assert found(colour, allow_empty=True) == ["Bob", "Cleo"]
    assert found(tastes, value=[sweet, sour], option="ANY") == ["Ann", "Bob"]
    assert found(tastes, value=[sweet, sour], option="ALL") == ["Bob"]
    assert found(tastes, value=[sour], option="NONE") == ["Ann", "Cleo"]


@pytest.mark.parametrize(
    ("data_type", "wanted"),
    [("Float", {"minimum_value": 1}), ("Percentage", {"value": 1}), ("Date", {"allow_empty": True})],
)
def test_a_field_is_not_filtered_in_the_way_of_another_data_type(copper, data_type, wanted):
    definition = define(copper, data_type)
    filters = [{"custom_field_definition_id": definition["id"], **wanted}]
    assert f"not filtered by {next(iter(wanted))}" in copper.refused(
        "POST", "/people/search", {"custom_fields": filters}
    )


def test_text_fields_are_not_searchable(copper):
    definition = define(copper, "String")
    wanted = [{"custom_field_definition_id": definition["id"], "value": "x"}]
    assert "not searchable" in copper.refused("POST", "/people/search", {"custom_fields": wanted})
    empty = [{"custom_field_definition_id": definition["id"], "allow_empty": True}]
    assert copper.send("POST", "/people/search", {"custom_fields": empty}).status_code == 500
