"""How often STATE goes out, and that whatever was emitted before one is enough to go on from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crm_emulator import Emulator, Fault
from tap_copper.shaping import moment
from tests.tap_copper.running import run, selecting
from tests.tap_copper.shared_time import START, SharedTime

DAY = 86_400


def most_between_states(messages: list[dict[str, Any]]) -> int:
    most = since = 0
    for message in messages:
        since = 0 if message["type"] == "STATE" else since + (message["type"] == "RECORD")
        most = max(most, since)
    return most


def test_there_is_a_state_every_thousand_records() -> None:
    with Emulator(people=5000, activities=5000) as emulator:
        for stream in ("people", "activities_search"):
            messages = run(emulator, stream).messages
            assert most_between_states(messages) <= 1000
            assert sum(each["type"] == "STATE" for each in messages) > 4


def test_also_where_one_answer_brings_more_than_that(emulator: Emulator) -> None:
    tags = [f"tag {number}" for number in range(2500)]
    for first in range(0, 2500, 100):
        emulator.copper.insert("people", {"name": f"Person {first}", "tags": tags[first : first + 100]})
    output = run(emulator, "tags")
    assert len(output.records("tags")) == 2500
    assert most_between_states(output.messages) <= 1000


def test_records_do_not_wait_longer_than_ten_seconds_for_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    time = SharedTime()
    for module in ("reader", "openings"):
        monkeypatch.setattr(f"tap_copper.{module}.threading", time.threading)
    with Emulator(empty=True, clock=time) as emulator:
        for number in range(450):
            second = START - DAY + number * 100
            emulator.copper.insert("people", {"name": "Ann", "date_modified": second, "date_created": second})
        emulator.trouble(Fault("latency", route="POST /people/search", seconds=25))
        written: list[tuple[float, str]] = []
        monkeypatch.setattr(
            "tap_copper.messages._write",
            lambda lines: written.extend(
                (time.passed_seconds, json.loads(line)["type"]) for line in lines.splitlines()
            ),
        )
        run(emulator, "people", clocks=time.time(), max_concurrency=1)
    records = [at for at, kind in written if kind == "RECORD"]
    states = [at for at, kind in written if kind == "STATE"]
    assert len(records) == 450
    assert max(records) - min(records) >= 25
    assert all(any(at <= state <= at + 10.5 for state in states) for at in records)


@pytest.mark.parametrize("seed", range(3))
def test_from_whichever_state_a_run_goes_on_the_two_together_miss_nothing(seed: int) -> None:
    """A run that is killed has written at least what came before its last STATE."""
    with Emulator(seed=seed, people=2500, activities=2500) as emulator:
        for kind in ("edit", "add"):
            emulator.trouble(Fault(kind, route="POST */search", every=3))
        emulator.between_requests(lambda _request: emulator.clock.advance(1))
        killed = run(emulator, "people", "activities_search")
        emulator.no_trouble()
        emulator.clock.advance(60)
        places = [place for place, each in enumerate(killed.messages) if each["type"] == "STATE"]
        assert len(places) > 6
        for place in places:
            seen = latest(killed.messages[:place])
            again = run(emulator, "people", "activities_search", state=killed.messages[place]["value"])
            seen |= latest(again.messages)
            for stream, kind, key in (
                ("people", "people", "date_modified"),
                ("activities_search", "activities", "activity_date"),
            ):
                missing = [
                    record["id"]
                    for record in emulator.copper.records(kind)
                    if seen.get((stream, record["id"])) != moment(record[key])
                ]
                assert missing == [], f"seed {seed}, STATE {place}"


def latest(messages: list[dict[str, Any]]) -> dict[tuple[str, int], str]:
    """The replication value with which each record came last."""
    keys = {"people": "date_modified", "activities_search": "activity_date"}
    records = [each for each in messages if each["type"] == "RECORD"]
    return {
        (each["stream"], each["record"]["id"]): each["record"][keys[each["stream"]]]
        for each in records
        if each["stream"] in keys
    }


def test_selected_streams_alone_are_in_the_state(emulator: Emulator) -> None:
    assert set(run(emulator, catalog=selecting("people")).state["bookmarks"]) == {"people"}
