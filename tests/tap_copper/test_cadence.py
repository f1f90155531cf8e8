"""How often STATE goes out, and that whatever was emitted before one is enough to go on from it."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from singer_sdk.singerlib import StateMessage
from singer_sdk.singerlib.encoding.simple import Message

from crm_emulator import Emulator, Fault
from tap_copper.account import Time
from tap_copper.output import PageWriter
from tap_copper.records import moment
from tests.tap_copper.running import run, selecting
from tests.tap_copper.shared_time import START, SharedTime

DAY = 86_400
SELECTED = {"breadcrumb": [], "metadata": {"selected": True}}


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
    for module in ("tap_copper.search.reader", "tap_copper.concurrency", "crm_api.transport.quota"):
        monkeypatch.setattr(f"{module}.threading", time.threading)
    with Emulator(empty=True, clock=time) as emulator:
        for number in range(450):
            second = START - DAY + number * 100
            emulator.copper.insert("people", {"name": "Ann", "date_modified": second, "date_created": second})
        emulator.trouble(Fault("latency", route="POST /people/search", seconds=25))
        written: list[tuple[float, str]] = []
        monkeypatch.setattr(
            "tap_copper.output._write",
            lambda _, lines: written.extend(
                (time.passed_seconds, json.loads(line)["type"]) for line in lines.splitlines()
            ),
        )
        run(emulator, "people", clocks=time.time(), max_concurrency=1)
    records = [at for at, kind in written if kind == "RECORD"]
    states = [at for at, kind in written if kind == "STATE"]
    assert len(records) == 450
    assert max(records) - min(records) >= 25
    assert all(any(at <= state <= at + 10.5 for state in states) for at in records)


@pytest.mark.parametrize("stream", ["users", "all_users"])
def test_nor_while_a_list_is_read_page_by_page(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    user = emulator.copper.records("users")[0]
    more = [({**user, "id": 10_000 + number}, 0) for number in range(450)]
    emulator.store.load(emulator.copper.table("users"), more)
    passed_seconds = 0
    settled = threading.Event()
    waited: list[bool] = []
    written = PageWriter.write_message

    def write(writer: PageWriter, message: Message) -> None:
        written(writer, message)
        if isinstance(message, StateMessage) and passed_seconds:
            settled.set()

    def take_long(request: Any) -> None:
        nonlocal passed_seconds
        if request.route == "/users/search" and request.json()["page_number"] == 2:
            settled.clear()
            passed_seconds += 11
            waited.append(settled.wait(240))

    monkeypatch.setattr(PageWriter, "write_message", write)
    emulator.between_requests(take_long)
    declared = {"name": "all_users", "method": "POST", "path": "/users/search", "paged": True, "keys": ["id"]}
    catalog = (
        selecting("users") if stream == "users" else {"streams": [{"tap_stream_id": stream, "metadata": [SELECTED]}]}
    )
    clocks = Time(monotonic=lambda: passed_seconds + time.monotonic())
    output = run(emulator, catalog=catalog, extra_streams=[declared], clocks=clocks)
    assert output.error is None
    assert len(output.records(stream)) == len(emulator.copper.records("users"))
    assert waited
    assert all(waited), "page 2 was answered only after nobody had written a STATE for so long"


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))])
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
