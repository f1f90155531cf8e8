"""Records that a run reads, and the place where the next one begins, against the emulator."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from crm_api.copper.session import connect
from crm_api.copper.settings import copper_settings
from crm_api.transport.request import Request
from crm_emulator import Clock, Emulator, Fault
from tap_copper.account import Time
from tap_copper.records import moment
from tests.tap_copper.running import at, run, selecting, settings_of

NOW = 1_750_000_000
DAY = 86_400


@pytest.fixture
def emulator() -> Any:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as running:
        yield running


def add(emulator: Emulator, *seconds: int, stream: str = "people") -> list[int]:
    return [
        emulator.copper.insert(stream, {"name": f"Record {number}", "date_modified": second, "date_created": second})[
            "id"
        ]
        for number, second in enumerate(seconds)
    ]


def log(emulator: Emulator, person: int, *seconds: int) -> list[int]:
    return [
        emulator.copper.insert(
            "activities",
            {
                "parent": {"type": "person", "id": person},
                "type": {"category": "user", "id": 0},
                "details": "Called",
                "activity_date": second,
            },
        )["id"]
        for second in seconds
    ]


def searches(emulator: Emulator, stream: str = "people") -> list[dict[str, Any]]:
    return [request.json for request in emulator.journal.matching(route=f"/{stream}/search")]


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 250, 5000])
def test_exactly_the_records_that_exist_are_emitted(emulator: Emulator, count: int) -> None:
    emulator.reset(sizes={"copper": {"people": count}})
    output = run(emulator, "people")
    expected = sorted(record["id"] for record in emulator.copper.records("people"))
    assert sorted(output.ids("people")) == expected
    assert len(expected) == count
    seconds = [record["date_modified"] for record in output.records("people")]
    assert seconds == sorted(seconds)


def test_a_second_run_resumes_at_the_bookmark_less_the_lookback(emulator: Emulator) -> None:
    add(emulator, NOW - 10 * DAY, NOW - 5 * DAY)
    first = run(emulator, "people")
    assert first.bookmark("people") == moment(NOW - 5 * DAY)
    emulator.journal.clear()
    second = run(emulator, "people", state=first.state)
    assert searches(emulator)[0]["minimum_modified_date"] == NOW - 5 * DAY - 300 - 1
    assert len(second.records("people")) == 1


def test_two_changed_people_of_thousands_cost_one_request() -> None:
    with Emulator(people=5000) as emulator:
        first = run(emulator, "people")
        people = [record["id"] for record in emulator.copper.records("people")][:2]
        emulator.clock.advance(DAY)
        for person in people:
            emulator.copper.change("people", person, {"title": "CTO"})
        emulator.journal.clear()
        second = run(emulator, "people", state=first.state)
        assert set(people) <= set(second.ids("people"))
        assert len(searches(emulator)) == 1


def test_the_bookmark_never_passes_the_servers_clock(emulator: Emulator) -> None:
    add(emulator, NOW - DAY, NOW + 7 * DAY)
    assert run(emulator, "people").bookmark("people") == moment(NOW)


def test_the_bookmark_never_goes_back(emulator: Emulator) -> None:
    add(emulator, NOW - 10 * DAY)
    state = {"bookmarks": {"people": {"replication_key": "date_modified", "replication_key_value": moment(NOW - DAY)}}}
    assert run(emulator, "people", state=state).bookmark("people") == moment(NOW - DAY)


def test_start_and_end_date_bound_the_first_run(emulator: Emulator) -> None:
    ids = add(emulator, *(NOW - day * DAY for day in (9, 7, 5, 3, 1)))
    output = run(emulator, "people", start_date=moment(NOW - 7 * DAY), end_date=moment(NOW - 3 * DAY))
    assert output.ids("people") == ids[1:4]


@pytest.mark.parametrize("value", [moment(NOW - 5 * DAY).replace("Z", ".000000Z"), NOW - 5 * DAY, float(NOW - 5 * DAY)])
def test_a_state_file_of_the_other_tap_copper_is_accepted(emulator: Emulator, value: object) -> None:
    ids = add(emulator, NOW - 10 * DAY, NOW - 5 * DAY, NOW - DAY)
    state = {"currently_syncing": "people", "bookmarks": {"people": {"date_modified": value}}}
    output = run(emulator, "people", state=state)
    assert output.ids("people") == ids[1:]
    assert output.bookmark("people") == moment(NOW - DAY)


def test_where_the_other_tap_stopped_after_a_page_a_resync_is_advised(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    bookmarks = {name: {"date_modified": moment(NOW - DAY)} for name in ("people", "companies", "tasks")}
    with caplog.at_level("WARNING", logger="tap-copper"):
        run(emulator, "people", state={"bookmarks": bookmarks})
        run(emulator, "people", state={"bookmarks": bookmarks}, resync=["companies", "tasks"])  # as it advised
    (said,) = [
        entry.getMessage() for entry in caplog.records if getattr(entry, "event_name", "") == "foreign_bookmarks"
    ]
    assert "streams=companies,tasks" in said
    assert "name them in resync once" in said


def test_a_stream_forced_to_full_table_ends_with_its_version(emulator: Emulator) -> None:
    ids = add(emulator, *(NOW - number * 1000 for number in range(450, 0, -1)))
    state = {"bookmarks": {"people": {"replication_key": "date_modified", "replication_key_value": moment(NOW)}}}
    output = run(emulator, catalog=selecting(people="FULL_TABLE"), state=state, start_date=moment(NOW - DAY))
    assert output.ids("people") == ids
    kinds = [each["type"] for each in output.messages if each.get("stream") == "people"]
    assert kinds.index("ACTIVATE_VERSION") == len(kinds) - 1
    versions = {each["version"] for each in output.messages if each.get("stream") == "people" and "version" in each}
    assert len(versions) == 1


def test_versions_are_left_out_for_targets_that_know_none(emulator: Emulator) -> None:
    add(emulator, NOW - DAY)
    output = run(emulator, catalog=selecting(people="FULL_TABLE"), emit_activate_version_messages=False)
    assert not [each for each in output.messages if each["type"] == "ACTIVATE_VERSION" or "version" in each]


def test_a_full_table_that_breaks_off_activates_nothing(emulator: Emulator) -> None:
    add(emulator, *(NOW - number * 1000 for number in range(450, 0, -1)))
    emulator.script("POST /people/search", ["ok", "ok", "error:status=422"])
    output = run(emulator, catalog=selecting(people="FULL_TABLE"))
    assert output.error is not None
    assert "ACTIVATE_VERSION" not in {each["type"] for each in output.messages}


def test_a_full_table_of_what_a_filter_leaves_activates_nothing(emulator: Emulator) -> None:
    add(emulator, NOW - DAY)
    filters = {"people": {"tags": ["vip"]}}
    output = run(emulator, catalog=selecting(people="FULL_TABLE"), search_filters=filters)
    assert "ACTIVATE_VERSION" not in {each["type"] for each in output.messages}


def test_a_full_table_is_closed_also_with_dates_that_bound_incremental_streams_and_with_converted_leads(
    emulator: Emulator,
) -> None:
    ids = add(emulator, NOW - 9 * DAY, NOW - DAY, stream="leads")
    bounds = {"start_date": moment(NOW - 5 * DAY), "end_date": moment(NOW - 3 * DAY)}
    output = run(emulator, catalog=selecting(leads="FULL_TABLE"), include_converted_leads=True, **bounds)
    assert output.ids("leads") == ids
    assert "ACTIVATE_VERSION" in {each["type"] for each in output.messages}


def test_filters_reach_the_search_and_a_change_of_them_reads_again(emulator: Emulator) -> None:
    ids = add(emulator, NOW - 50 * DAY, NOW - 40 * DAY, NOW - 5 * DAY)
    emulator.copper.change("people", ids[1], {"tags": ["vip"], "date_modified": NOW - 40 * DAY})
    filters = {"people": {"tags": ["vip"]}}
    first = run(emulator, "people", search_filters=filters)
    assert first.ids("people") == [ids[1]]
    emulator.journal.clear()
    assert run(emulator, "people", search_filters=filters, state=first.state).ids("people") == [ids[1]]
    assert "minimum_modified_date" in searches(emulator)[0]
    assert run(emulator, "people", state=first.state).ids("people") == ids


def test_relative_dates_in_filters_count_from_the_run(emulator: Emulator) -> None:
    ids = add(emulator, NOW - 40 * DAY, NOW - 5 * DAY)
    output = run(
        emulator, "people", search_filters={"people": {"minimum_created_date": "-30d"}}, clocks=Time(now=at(NOW))
    )
    assert output.ids("people") == ids[1:]
    assert searches(emulator)[0]["minimum_created_date"] == NOW - 30 * DAY


def test_resync_reads_a_stream_from_its_start_once(emulator: Emulator) -> None:
    ids = add(emulator, NOW - 40 * DAY, NOW - 5 * DAY)
    state = run(emulator, "people").state
    output = run(emulator, "people", state=state, resync=["people"])
    assert output.ids("people") == ids
    assert output.bookmark("people") == moment(NOW - 5 * DAY)


def test_a_record_edited_while_it_is_read_is_met_again_at_the_end(emulator: Emulator) -> None:
    ids = add(emulator, *(NOW - 100_000 + number * 100 for number in range(900)))
    edited: list[int] = []

    def edit(request: Any) -> None:
        if request.route == "/people/search" and len(edited) < 4:
            person = ids[len(edited) * 200 + 150]
            edited.append(person)
            emulator.copper.change("people", person, {"title": "Edited"})

    emulator.between_requests(edit)
    output = run(emulator, "people")
    titles = {record["id"]: record["title"] for record in output.records("people")}
    assert set(titles) == set(ids)
    assert all(titles[person] == "Edited" for person in edited)


@pytest.mark.parametrize("index_delay_seconds", [0, 40])
def test_people_who_edit_add_and_delete_all_the_while_lose_us_nothing(
    emulator: Emulator, index_delay_seconds: int
) -> None:
    add(emulator, *(NOW - 500_000 + number * 90 for number in range(5000)))
    emulator.copper.switches.index_delay_seconds = index_delay_seconds
    emulator.copper.switches.tie_order = "random"
    for kind in ("edit", "add", "delete"):
        emulator.trouble(Fault(kind, route="POST /people/search"))
    emulator.between_requests(lambda _request: emulator.clock.advance(1))
    first = run(emulator, "people")
    emulator.no_trouble()
    emulator.clock.advance(60)
    second = run(emulator, "people", state=first.state)
    assert len(second.ids("people")) < 2000
    emitted = {record["id"]: record["date_modified"] for record in first.records("people") + second.records("people")}
    missing = [
        each for each in emulator.copper.records("people") if emitted.get(each["id"]) != moment(each["date_modified"])
    ]
    assert missing == []


def test_an_index_that_lags_hides_a_record_for_one_run_only(emulator: Emulator) -> None:
    emulator.copper.switches.index_delay_seconds = 40
    add(emulator, NOW - DAY)
    emulator.clock.advance(60)
    late = add(emulator, NOW + 50)
    first = run(emulator, "people")
    assert late[0] not in first.ids("people")
    emulator.clock.advance(60)
    add(emulator, NOW + 110)
    emulator.clock.advance(60)
    assert late[0] in run(emulator, "people", state=first.state).ids("people")


def test_pages_that_come_short_and_totals_that_count_too_much_end_nothing_early(emulator: Emulator) -> None:
    ids = add(emulator, *(NOW - 500_000 + number * 90 for number in range(1000)))
    emulator.copper.switches.ghost_every = 3
    emulator.copper.switches.total_overcount = 7
    output = run(emulator, "people", totals={"people": "hint"})
    assert output.error is None
    assert output.ids("people") == ids


@pytest.mark.parametrize("inclusive", [(True, False), (False, True), (False, False)])
def test_bounds_that_copper_excludes_lose_nothing(emulator: Emulator, inclusive: tuple[bool, bool]) -> None:
    emulator.copper.switches.minimum_inclusive, emulator.copper.switches.maximum_inclusive = inclusive
    seconds = [NOW - DAY + number // 3 for number in range(900)]
    ids = add(emulator, *seconds)
    assert Counter(run(emulator, "people").ids("people")) == Counter(ids)


@pytest.mark.parametrize("stream", ["people", "tasks"])
def test_a_second_that_fills_many_pages_is_read_whole(emulator: Emulator, stream: str) -> None:
    emulator.copper.switches.tie_order = "random"
    ids = add(emulator, *[NOW - DAY] * 1500, NOW - 10, stream=stream)
    assert Counter(run(emulator, stream).ids(stream)) == Counter(ids)


def test_more_records_than_a_search_reaches_are_all_read(emulator: Emulator) -> None:
    emulator.copper.switches.search_ceiling = 600
    ids = add(emulator, *(NOW - 500_000 + number * 90 for number in range(3000)))
    assert sorted(run(emulator, "people").ids("people")) == sorted(ids)


def test_converted_leads_come_when_they_are_asked_for(emulator: Emulator) -> None:
    ids = [emulator.copper.insert("leads", {"name": name})["id"] for name in ("Ann Lee", "Bo Ek")]
    with connect(copper_settings(settings_of(emulator))) as session:
        made = session.exchange(
            Request("POST", f"/leads/{ids[0]}/convert", body={"details": {}}, repeatable=False)
        ).value
    assert run(emulator, "leads").ids("leads") == ids[1:]
    leads = {lead["id"]: lead for lead in run(emulator, "leads", include_converted_leads=True).records("leads")}
    assert set(leads) == set(ids)
    assert leads[ids[0]]["converted_contact_id"] == made["person"]["id"]
    assert leads[ids[0]]["converted_at"] == moment(NOW)
    assert leads[ids[1]].get("converted_at") is None


def test_activities_come_oldest_first_and_once(emulator: Emulator) -> None:
    person = add(emulator, NOW)[0]
    ids = log(emulator, person, *(NOW - 900_000 + number * 700 for number in range(1100)))
    emulator.copper.switches.duplicate_activities = 3
    output = run(emulator, "activities_search", full_result=True)
    assert output.ids("activities_search") == ids
    assert searches(emulator, "activities")[0]["full_result"] is True


def test_a_second_full_of_activities_that_come_twice_is_read_whole(emulator: Emulator) -> None:
    person = add(emulator, NOW)[0]
    ids = log(emulator, person, *[NOW - 900] * 700)
    emulator.copper.switches.duplicate_activities = 3
    emulator.copper.switches.tie_order = "random"
    output = run(emulator, "activities_search", full_result=True)
    assert output.error is None
    assert Counter(output.ids("activities_search")) == Counter(ids)


def test_a_backdated_activity_is_found_within_the_lookback(emulator: Emulator) -> None:
    person = add(emulator, NOW)[0]
    log(emulator, person, NOW - 60 * DAY, NOW - DAY)
    first = run(emulator, "activities_search")
    backdated = log(emulator, person, NOW - 20 * DAY)
    second = run(emulator, "activities_search", state=first.state)
    assert backdated[0] in second.ids("activities_search")
    assert len(second.ids("activities_search")) == 2


def test_stubs_of_deleted_activities_pass_through(emulator: Emulator) -> None:
    person = add(emulator, NOW)[0]
    ids = log(emulator, person, NOW - 60, NOW - 30)
    emulator.copper.delete("activities", ids[0])
    emulator.copper.switches.deleted_activities_in_search = True
    records = {record["id"]: record for record in run(emulator, "activities_search").records("activities_search")}
    assert records[ids[0]] == {"id": ids[0], "is_deleted": True}


def test_a_catalog_only_selects(emulator: Emulator) -> None:
    cached = selecting("people")
    definition = emulator.copper.insert(
        "custom_field_definitions", {"name": "Score", "data_type": "Float", "available_on": ["person"]}
    )
    emulator.copper.insert(
        "people",
        {"name": "Ann Lee", "custom_fields": [{"custom_field_definition_id": definition["id"], "value": 4.5}]},
    )
    output = run(emulator, catalog=cached)
    assert output.schema("people")["schema"]["properties"]["cf_score"]["type"] == ["number", "null"]
    assert output.records("people")[0]["cf_score"] == 4.5
    assert not output.records("users")


def test_deselected_properties_are_left_out(emulator: Emulator) -> None:
    add(emulator, NOW - 5)
    catalog = selecting("people")
    entry = next(each for each in catalog["streams"] if each["tap_stream_id"] == "people")
    for each in entry["metadata"]:
        if each["breadcrumb"] in (["properties", "title"], ["properties", "address", "properties", "city"]):
            each["metadata"]["selected"] = False
    output = run(emulator, catalog=catalog)
    assert "title" not in output.records("people")[0]
    assert "title" not in output.schema("people")["schema"]["properties"]
    assert "name" in output.records("people")[0]


def test_keys_come_also_where_a_catalog_written_by_hand_deselects_them(emulator: Emulator) -> None:
    ids = add(emulator, NOW - 5)
    fields = ("id", "date_modified", "name")
    deselected = [{"breadcrumb": ["properties", name], "metadata": {"selected": False}} for name in fields]
    root = {"breadcrumb": [], "metadata": {"selected": True}}
    output = run(emulator, catalog={"streams": [{"tap_stream_id": "people", "metadata": [root, *deselected]}]})
    (record,) = output.records("people")
    assert (record["id"], record["date_modified"]) == (ids[0], moment(NOW - 5))
    assert "name" not in record


def test_stream_maps_and_flattening_work(emulator: Emulator) -> None:
    emulator.copper.insert("people", {"name": "Ann Lee", "address": {"city": "Oslo"}})
    emulator.copper.insert("people", {"name": "Bo Ek"})
    output = run(
        emulator,
        "people",
        stream_maps={"people": {"shout": "name.upper()", "__filter__": "'Ann' in name", "__alias__": "contacts"}},
        flattening_enabled=True,
        flattening_max_depth=1,
    )
    (record,) = output.records("contacts")
    assert record["shout"] == "ANN LEE"
    assert record["address__city"] == "Oslo"
