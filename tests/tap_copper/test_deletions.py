from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_emulator import Clock, Emulator
from tap_copper.deletions.snapshots import KEPT_ENDS, Snapshots
from tests.tap_copper.running import Output, run, selecting
from tests.tap_copper.test_counts import fill

NOW = 1_790_000_000
DAY = 86_400


@pytest.fixture
def people(emulator: Emulator) -> list[int]:
    return [emulator.copper.insert("people", {"name": f"Person {number}"})["id"] for number in range(40)]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return {"deletions": True, "snapshot_url": f"sqlite:///{tmp_path / 'snapshots.sqlite'}"}


def gone(output: Output) -> list[tuple[str, int]]:
    assert output.error is None
    return [(record["stream"], record["id"]) for record in output.records("deleted_records")]


def test_what_is_deleted_between_two_runs_is_reported(
    emulator: Emulator, people: list[int], settings: dict[str, Any]
) -> None:
    activity = emulator.copper.insert(
        "activities",
        {"parent": {"type": "person", "id": people[0]}, "type": {"category": "user", "id": 0}, "details": "Called"},
    )
    first = run(emulator, **settings)
    assert gone(first) == []
    emulator.copper.delete("people", people[3])
    emulator.copper.delete("activities", activity["id"])
    second = run(emulator, state=first.state, **settings)
    assert sorted(gone(second)) == [("activities_search", activity["id"]), ("people", people[3])]
    assert gone(run(emulator, state=second.state, **settings)) == []


def test_deletions_are_reported_again_when_the_target_lost_them(
    emulator: Emulator, people: list[int], settings: dict[str, Any]
) -> None:
    first = run(emulator, **settings)
    emulator.copper.delete("people", people[3])
    assert gone(run(emulator, state=first.state, **settings)) == [("people", people[3])]
    assert gone(run(emulator, state=first.state, **settings)) == [("people", people[3])]


def test_a_record_that_is_emitted_and_deleted_within_one_run_is_reported_by_the_next(
    emulator: Emulator, people: list[int], settings: dict[str, Any]
) -> None:
    assert people
    state = run(emulator, **settings).state
    company = emulator.copper.insert("companies", {"name": "Short Lived"})
    seen: list[str] = []

    def delete_after_reading(request: Any) -> None:
        if request.route == "/companies/search":
            seen.append(request.route)
        elif seen and emulator.copper.get("companies", company["id"]):
            emulator.copper.delete("companies", company["id"])

    emulator.between_requests(delete_after_reading)
    output = run(emulator, state=state, **settings)
    assert output.ids("companies") == [company["id"]]
    assert gone(run(emulator, state=output.state, **settings)) == [("companies", company["id"])]


def test_a_share_that_cannot_be_believed_is_an_error_and_reports_nothing(
    emulator: Emulator, people: list[int], settings: dict[str, Any]
) -> None:
    first = run(emulator, **settings)
    for person in people[:20]:
        emulator.copper.delete("people", person)
    second = run(emulator, state=first.state, **settings)
    assert "20 of 40 people seem gone" in str(second.error)
    assert "max_deleted_fraction" in str(second.error)
    assert second.records("deleted_records") == []
    third = run(emulator, state=second.state, **settings, max_deleted_fraction=0.5)
    assert len(gone(third)) == 20


def test_deletions_do_not_go_with_filters(emulator: Emulator, settings: dict[str, Any]) -> None:
    output = run(emulator, **settings, search_filters={"people": {"tags": ["vip"]}})
    assert "deletions cannot go with search_filters" in str(output.error)


def test_the_snapshots_are_for_their_owner_only(emulator: Emulator, settings: dict[str, Any], tmp_path: Path) -> None:
    run(emulator, **settings)
    assert (tmp_path / "snapshots.sqlite").stat().st_mode & 0o777 == 0o600


def test_what_a_run_does_not_select_is_reported_by_the_next_that_does(
    emulator: Emulator, people: list[int], settings: dict[str, Any]
) -> None:
    first = run(emulator, **settings)
    emulator.copper.delete("people", people[3])
    catalog = selecting("companies")
    root = [{"breadcrumb": [], "metadata": {"selected": True}}]
    catalog["streams"].append({"tap_stream_id": "deleted_records", "metadata": root})
    second = run(emulator, catalog=catalog, state=first.state, **settings)
    assert gone(second) == []
    assert gone(run(emulator, state=second.state, **settings)) == [("people", people[3])]


def test_what_the_account_did_not_show_for_a_run_is_reported_by_the_next(
    emulator: Emulator, settings: dict[str, Any]
) -> None:
    leads = [emulator.copper.insert("leads", {"name": f"Lead {number}"})["id"] for number in range(20)]
    first = run(emulator, **settings)
    emulator.copper.delete("leads", leads[3])
    emulator.copper.switches.leads_enabled = False
    second = run(emulator, state=first.state, **settings)
    assert second.records("deleted_records") == []
    emulator.copper.switches.leads_enabled = True
    assert gone(run(emulator, state=second.state, **settings)) == [("leads", leads[3])]


def test_an_old_activity_whose_stub_stays_in_the_search_is_reported(settings: dict[str, Any]) -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        emulator.copper.switches.deleted_activities_in_search = True
        ids = sorted(fill(emulator, "activities_search", [NOW - 90 * DAY + number for number in range(40)]))
        first = run(emulator, **settings)
        emulator.copper.delete("activities", ids[3])
        second = run(emulator, state=first.state, **settings)
        assert gone(second) == [("activities_search", ids[3])]
        assert gone(run(emulator, state=second.state, **settings)) == []


def test_a_record_that_the_search_does_not_show_and_copper_has_is_not_reported(settings: dict[str, Any]) -> None:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        people = [emulator.copper.insert("people", {"name": f"Person {number}"}) for number in range(20)]
        first = run(emulator, **settings)
        emulator.copper.delete("people", people[3]["id"])
        emulator.copper.switches.index_delay_seconds = 40
        emulator.copper.insert("people", people[3])
        second = run(emulator, state=first.state, **settings)
        assert emulator.journal.count(route="/people/{id}") == 1, "the search should not show the person"
        assert gone(second) == []
        emulator.clock.advance(60)
        emulator.copper.delete("people", people[3]["id"])
        emulator.clock.advance(60)
        assert gone(run(emulator, state=second.state, **settings)) == [("people", people[3]["id"])]


def test_pipelines_that_keep_their_ids_in_one_place_do_not_drop_each_others(
    emulator: Emulator, people: list[int], settings: dict[str, Any]
) -> None:
    hourly = run(emulator, **settings)
    nightly = run(emulator, **settings)
    for _ in range(5):
        hourly = run(emulator, state=hourly.state, **settings)
    emulator.copper.delete("people", people[3])
    assert gone(run(emulator, state=hourly.state, **settings)) == [("people", people[3])]
    assert gone(run(emulator, state=nightly.state, **settings)) == [("people", people[3])]


def test_generations_that_no_state_can_name_any_more_are_dropped(settings: dict[str, Any]) -> None:
    snapshots = Snapshots(settings["snapshot_url"], "1")
    line: list[int] = []
    for _ in range(8):
        killed = snapshots.begin(line[-1] if line else None)
        line.append(snapshots.begin(line[-1] if line else None))
    kept = {each for each in range(1, line[-1] + 1) if snapshots.knows(each)}
    assert kept.issuperset(line[-4:])  # the base of the last, two before it, and the last itself
    assert killed in kept
    assert kept.isdisjoint(line[:4])
    assert len(kept) <= 9
    for _ in range(3 * KEPT_ENDS):
        snapshots.begin(None)
        snapshots.begin(line[-1])
    kept = {each for each in range(1, line[-1] + 100) if snapshots.knows(each)}
    assert len(kept) <= 9 + 2 * (KEPT_ENDS + 1)
