import pytest

LISTS = ["contact_types", "customer_sources", "loss_reasons", "lead_statuses", "pipelines", "pipeline_stages"]


def test_the_account_says_whose_it_is(copper):
    account = copper.ok("GET", "/account")
    assert set(account) == {"id", "name", "primary_timezone", "logo_mini_url", "settings"}
    assert account["settings"] == {"setting_team_permissions_enabled": False, "setting_enable_leads": True}


@pytest.mark.parametrize("name", LISTS)
def test_a_settings_list_is_whole_and_unpaginated(emulator, copper, name):
    assert copper.ok("GET", f"/{name}") == emulator.copper.records(name)
    assert copper.ok("GET", f"/{name}")


@pytest.mark.parametrize(("form", "status"), [("no_content", 204), ("no_body", 200)])
def test_a_list_without_records_has_no_body_by_switch(emulator, copper, form, status):
    assert copper.ok("GET", "/tags") == []
    emulator.copper.switches.empty_lists = form
    answer = copper.send("GET", "/tags")
    assert (answer.status_code, answer.content) == (status, b"")
    assert copper.ok("GET", "/loss_reasons")
    assert copper.search("people") == []


def test_users_are_searched_and_fetched(copper):
    users = copper.search("users")
    assert copper.ok("GET", f"/users/{users[1]['id']}") == users[1]
    assert copper.ok("GET", "/users/me") == users[0]
    assert users[0]["email"] == copper.copper.user_email
    assert copper.search("users", page_size=2, page_number=2) == users[2:4]
    copper.refused("GET", "/users/1", status=404)


def test_users_search_ignores_filters_it_does_not_know(copper):
    assert len(copper.search("users", emails=["nobody@x.example"])) == 5


def test_stages_are_listed_by_pipeline(copper):
    for pipeline in copper.ok("GET", "/pipelines"):
        stages = copper.ok("GET", f"/pipeline_stages/pipeline/{pipeline['id']}")
        assert [stage["id"] for stage in stages] == [stage["id"] for stage in pipeline["stages"]]
    copper.refused("GET", "/pipeline_stages/pipeline/1", status=404)


def test_activity_types_come_in_two_lists_whose_ids_overlap_none_or_some(copper):
    types = copper.ok("GET", "/activity_types")
    assert set(types) == {"user", "system"}
    assert {"id": 0, "category": "user", "name": "Note"}.items() <= types["user"][0].items()
    assert {1, 3} <= {each["id"] for each in types["system"]}


def test_a_custom_activity_type_is_made_changed_and_used(copper):
    made = copper.ok("POST", "/custom_activity_types", {"name": "Visit", "icon_type": "Room"})
    path = f"/custom_activity_types/{made['id']}"
    assert (made["is_disabled"], made["is_interaction"], made["is_default_task_type"]) == (False, False, None)
    assert copper.ok("GET", path) == made
    assert made in copper.ok("GET", "/custom_activity_types")
    person = copper.ok("POST", "/people", {"name": "Ann"})
    kind = {"id": made["id"], "category": "user"}
    note = {"parent": {"id": person["id"], "type": "person"}, "type": kind, "details": "x"}
    copper.ok("POST", "/activities", note)
    assert copper.ok("PUT", path, {"is_disabled": True})["is_disabled"] is True
    assert "Type" in copper.refused("POST", "/activities", note)
    assert len(copper.search("activities", activity_types=[kind])) == 1
    copper.refused("POST", "/custom_activity_types", {"name": "Visit", "icon_type": "Banana"})
    assert copper.send("DELETE", path).status_code == 404


def test_tags_are_counted_from_the_records_that_carry_them(copper):
    copper.ok("POST", "/people", {"name": "Ann", "tags": ["b", "a"]})
    lead = copper.ok("POST", "/leads", {"name": "Bob", "tags": ["b"]})
    tags = copper.ok("GET", "/tags")
    assert [tag["name"] for tag in tags] == ["a", "b"]
    assert tags[1] == {
        "name": "b",
        "count": 2,
        "count_people": 1,
        "count_leads": 1,
        "count_companies": 0,
        "count_opportunities": 0,
        "count_projects": 0,
        "count_tasks": 0,
    }
    assert [tag["name"] for tag in copper.ok("GET", "/tags?sort_by=count")] == ["b", "a"]
    assert copper.ok("GET", "/tags?tag_names_only=true") == ["a", "b"]
    assert copper.ok("GET", "/tags?tag_names_only=true&last_tag_value=a") == ["b"]
    copper.ok("DELETE", f"/leads/{lead['id']}")
    assert copper.ok("GET", "/tags")[1]["count"] == 1
    copper.refused("GET", "/tags?sort_by=id")


def test_a_converted_lead_no_longer_counts(copper):
    lead = copper.ok("POST", "/leads", {"name": "Bob", "tags": ["b"]})
    copper.ok("POST", f"/leads/{lead['id']}/convert", {"details": {"company": {"name": ""}}})
    tag = copper.ok("GET", "/tags")[0]
    assert (tag["count_leads"], tag["count_people"]) == (0, 1)


@pytest.mark.parametrize("name", ["leads", "people", "companies", "projects", "tasks"])
def test_a_field_layout_lists_static_and_custom_fields(copper, name):
    layout = copper.ok("GET", f"/field_layouts/by_entity/{name}")
    assert {"static_field", "custom_field"} == {item["field_type"] for item in layout}
    assert len({item["field_id"] for item in layout}) == len(layout)


def test_the_layout_of_opportunities_needs_a_pipeline(copper):
    assert "Pipeline Id" in copper.refused("GET", "/field_layouts/by_entity/opportunities")
    pipeline = copper.ok("GET", "/pipelines")[0]
    assert copper.ok("GET", f"/field_layouts/by_entity/opportunities?pipeline_id={pipeline['id']}")
    copper.refused("GET", "/field_layouts/by_entity/opportunities?pipeline_id=1")
    copper.refused("GET", "/field_layouts/by_entity/activities", status=404)


@pytest.mark.parametrize("name", ["leads", "people", "opportunities", "companies", "projects"])
def test_a_file_is_linked_listed_and_fetched(emulator, copper, name):
    record = copper.ok("POST", f"/{name}", {"name": "x"})
    path = f"/{name}/{record['id']}/files"
    file = copper.ok("POST", path, {"file_name": "plan.pdf", "key": "temp_uploads/abc"})
    assert (file["content_type"], file["date_modified"]) == ("application/pdf", None)
    assert file["date_created"] == emulator.clock.seconds()
    assert copper.ok("GET", path) == [file]
    assert copper.ok("GET", f"{path}/{file['id']}") == file
    copper.refused("GET", f"{path}/1", status=404)
    slot = copper.ok("GET", f"{path}/s3_signed_url")
    assert copper.ok("POST", path, {"file_name": "plan.pdf", "key": slot["key"]})
    copper.refused("POST", path, {"file_name": "plan.pdf", "key": "elsewhere"})
    assert "Key: can't be blank" in copper.refused("POST", path, {"file_name": "x"})
    assert copper.send("GET", f"/tasks/{record['id']}/files").status_code == 404


WEBHOOK = {"target": "https://x.example/hook", "type": "lead", "event": "new"}


def test_a_webhook_is_registered_changed_and_deleted(emulator, copper):
    made = copper.ok("POST", "/webhooks", {**WEBHOOK, "secret": {"secret": "s"}})
    assert made["created_at"] == emulator.clock.seconds()
    path = f"/webhooks/{made['id']}"
    assert copper.ok("GET", path) == made
    assert copper.ok("PUT", path, {"event": "update"})["event"] == "update"
    assert copper.ok("GET", "/webhooks")[0]["event"] == "update"
    assert copper.ok("DELETE", path) == {"id": made["id"]}
    copper.refused("GET", path, status=404)


def test_a_webhook_that_is_not_right_is_refused_in_the_recorded_words(copper):
    assert copper.refused("POST", "/webhooks", {"url": "https://x.example", "event": "new"}) == (
        "Invalid input: Validation errors: Base: Unrecognized attributes specified: url\nType: can't be blank"
    )
    assert "Target" in copper.refused("POST", "/webhooks", {**WEBHOOK, "target": "http://x.example"})
    assert "Type" in copper.refused("POST", "/webhooks", {**WEBHOOK, "type": "pet"})


def test_there_are_no_more_than_100_webhooks(copper):
    for _ in range(100):
        copper.ok("POST", "/webhooks", WEBHOOK)
    copper.refused("POST", "/webhooks", WEBHOOK)


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("/custom_field_definitions", {"name": "Other"}),
        ("/custom_activity_types", {"name": "Other"}),
        ("/webhooks", {"event": "delete"}),
    ],
)
def test_settings_that_were_read_can_be_sent_back_whole_unless_read_only_attributes_are_refused(
    emulator, copper, path, changed
):
    copper.ok("POST", "/webhooks", {"target": "https://hooks.example/1", "type": "person", "event": "new"})
    for shown in copper.ok("GET", path):
        at = f"{path}/{shown['id']}"
        sent = {name: value for name, value in shown.items() if name != "options"}  # which come anew with each update
        assert copper.ok("PUT", at, {**sent, **changed}) == {**shown, **changed}
        emulator.copper.switches.read_only_attributes = "reject"
        assert "Unrecognized attributes specified: id" in copper.refused("PUT", at, {**sent, **changed})
        emulator.copper.switches.read_only_attributes = "ignore"
