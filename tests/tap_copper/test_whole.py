"""Whole or not: no bookmark and no ACTIVATE_VERSION after a read that is not whole, and no healthy run that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_emulator import Clock, Emulator, Fault
from crm_emulator.copper.switches import Switches
from tap_copper.errors import explain
from tap_copper.records import moment
from tap_copper.search.query import ShortReadError
from tests.tap_copper.lying_copper import LyingCopper, Records, Twist, activities, people
from tests.tap_copper.running import Output, run, selecting
from tests.tap_copper.strange_server import speaking
from tests.tap_copper.test_counts import NOW, SEARCHED, fill
from tests.tap_copper.test_deletions import gone
from tests.tap_copper.test_strange_answers import read

DAY = 86_400
KINDS = {
    "people": (people, "date_modified"),
    "activities_search": (activities, "activity_date"),
    "users": (people, "date_modified"),
}


def read_twisted(account: Emulator, stream: str, count: int, twist: Twist, **settings: Any) -> tuple[Output, int]:
    """Read a stream as a full table; also returns how many searches it took."""
    make, key = KINDS[stream]
    method = {} if stream == "users" else {stream: "FULL_TABLE"}
    with LyingCopper(make(count), twist, key).listening() as copper:
        settings = {"catalog": selecting(*([stream] if not method else []), **method), **settings}
        output = read(account, base_url=copper.url, **settings)
    return output, len(copper.questions)


def has_version(output: Output) -> bool:
    return "ACTIVATE_VERSION" in {each["type"] for each in output.messages}


def only_the_first(number: int, _: dict[str, Any], page: Records, __: int) -> tuple[Records, object]:
    return page if number == 1 else [], 600


def nothing_from_the_second(number: int, _: dict[str, Any], page: Records, total: int) -> tuple[Records, object]:
    return (page, total) if number == 1 else ([], 0)


def one_that_was_seen(number: int, _: dict[str, Any], page: Records, __: int) -> tuple[Records, object]:
    return page if number == 1 else people(1), 600


def the_same_page(_: int, __: dict[str, Any], ___: Records, ____: int) -> tuple[Records, object]:
    return people(200), 600


def without_every_fiftieth(_: int, __: dict[str, Any], page: Records, total: int) -> tuple[Records, object]:
    return [each for each in page if each["id"] % 50], total


@pytest.mark.parametrize(
    ("stream", "twist"),
    [
        (stream, twist)
        for stream in KINDS
        for twist in (only_the_first, nothing_from_the_second, one_that_was_seen, the_same_page, without_every_fiftieth)
        if (stream, twist) != ("activities_search", one_that_was_seen)  # who was seen is a person
    ],
)
@pytest.mark.daily(one_of=2)
def test_what_comes_short_of_its_total_is_not_whole(account: Emulator, stream: str, twist: Twist) -> None:
    output, questions = read_twisted(account, stream, 600, twist)
    assert "the read is not whole" in str(output.error)
    assert str(output.error).startswith(f"{stream}: ")
    assert not has_version(output)
    assert questions < 60


def test_a_gap_that_stays_leaves_the_bookmark_and_the_other_streams_are_read(account: Emulator) -> None:
    before = moment(1_754_516_000)
    state = {"bookmarks": {"people": {"replication_key": "date_modified", "replication_key_value": before}}}
    with LyingCopper(people(2000), lambda n, _, page, __: (page if n < 5 else [], 2000)).listening() as copper:
        output = read(account, "people", "tags", base_url=copper.url, state=state)
        first = read(account, "people", base_url=copper.url)
    assert "set totals: {people: hint}" in str(output.error)
    assert output.bookmark("people") == before
    assert first.bookmark("people") is None
    assert any(each["type"] == "SCHEMA" and each["stream"] == "tags" for each in output.messages)


@pytest.mark.parametrize(
    ("within", "sign", "said"),
    [
        ((None, None), 1, "3 of people, also"),
        ((NOW, None), 1, f"3 of people with date_modified from {moment(NOW)}, also"),
        ((None, NOW), 1, f"3 of people with date_modified up to {moment(NOW)}, also"),
        ((-NOW - 9, -NOW), -1, f"3 of people with date_modified from {moment(NOW)} up to {moment(NOW + 9)}, also"),
        ((NOW, NOW), 1, f"3 of people with date_modified {moment(NOW)}, also"),
    ],
)
def test_what_part_was_counted_is_said(within: tuple[int | None, int | None], sign: int, said: str) -> None:
    assert said in str(explain(ShortReadError(5, 3, within), "people", "date_modified", sign))


@pytest.mark.parametrize("stream", KINDS)
def test_what_comes_right_when_it_is_asked_again_is_whole(account: Emulator, stream: str) -> None:
    def empty_twice(number: int, _: dict[str, Any], page: Records, total: int) -> tuple[Records, object]:
        return ([] if number in {2, 3} else page), total

    output, questions = read_twisted(account, stream, 600, empty_twice)
    assert output.error is None
    assert len(set(output.ids(stream))) == 600
    assert questions < 20
    assert has_version(output)


@pytest.mark.parametrize("stream", KINDS)
def test_with_hint_an_end_is_an_empty_page_told_twice_and_the_gap_a_warning(
    account: Emulator, stream: str, caplog: pytest.LogCaptureFixture
) -> None:
    output, _ = read_twisted(
        account, stream, 450, lambda _, __, page, total: (page, total + 3), totals={stream: "hint"}
    )
    assert output.error is None
    assert len(output.ids(stream)) == 450
    (said,) = [
        entry.getMessage() for entry in caplog.records if getattr(entry, "event_name", "") == "records_not_shown"
    ]
    assert said.startswith(f"records_not_shown stream={stream} records=")


@pytest.mark.parametrize("total", [10_000, 7, 300, 400, 450, None, -1, "many", "1e3", "999999999999999999999"])
@pytest.mark.parametrize("stream", KINDS)
@pytest.mark.parametrize("totals", ["exact", "hint"])
@pytest.mark.daily(one_of=7)
def test_a_total_that_lies_costs_a_few_questions_and_no_record(
    account: Emulator, stream: str, total: object, totals: str
) -> None:
    output, questions = read_twisted(
        account, stream, 450, lambda _, __, page, ___: (page, total), totals={stream: totals}
    )
    if output.error is None or stream != "activities_search":  # which come when all of a window has been read
        assert len(set(output.ids(stream))) == 450
    assert questions <= 40
    assert output.error is None or "the read is not whole" in str(output.error)
    assert has_version(output) == (output.error is None)
    if totals == "hint" or total in {450, None, -1} or isinstance(total, str):  # 450 is what the search holds
        assert output.error is None


def test_a_full_page_is_never_the_last(account: Emulator) -> None:
    output, _ = read_twisted(account, "people", 450, lambda _, __, page, total: (page, min(total, 400)))
    assert len(output.ids("people")) == 450
    output, questions = read_twisted(account, "people", 200, lambda _, __, page, total: (page, total))
    assert (len(output.ids("people")), questions) == (200, 1)


def test_a_list_that_holds_fewer_than_it_says_is_asked_again(account: Emulator) -> None:
    asked: list[str] = []

    def reply(question: str) -> tuple[int, bytes, dict[str, str]]:
        asked.append(question)
        return 200, b'[{"id": 1, "name": "A"}]', {"X-PW-TOTAL": "2"}

    with speaking(reply) as address:
        output = read(account, "pipelines", base_url=address)
        assert "pipelines: Copper counts 2 records where it shows 1" in str(output.error)
        assert not has_version(output)
        assert len(asked) == 4
        hinted = read(account, "pipelines", base_url=address, totals={"pipelines": "hint"})
    assert hinted.error is None
    assert len(hinted.records("pipelines")) == 1


def test_parents_that_are_not_read_whole_fail_their_children(account: Emulator) -> None:
    with LyingCopper(people(600), only_the_first).listening() as copper:
        output = read(account, "files", base_url=copper.url)
    assert str(output.error).startswith("files: Copper counts 600 records")
    assert not has_version(output)


def test_a_listing_that_is_not_whole_reports_no_deletion(tmp_path: Path) -> None:
    settings = {"deletions": True, "snapshot_url": f"sqlite:///{tmp_path / 'snapshots.sqlite'}"}
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        owner = emulator.copper.records("users")[0]["id"]
        other = emulator.copper.insert("users", {"name": "Other", "email": "other@example.com"})["id"]
        for number in range(300):
            emulator.copper.insert("people", {"name": f"N{number}", "assignee_id": owner if number % 20 else other})
        catalog = selecting("people")
        root = [{"breadcrumb": [], "metadata": {"selected": True}}]
        catalog["streams"].append({"tap_stream_id": "deleted_records", "metadata": root})
        first = read(emulator, catalog=catalog, **settings)
        assert gone(first) == []
        emulator.copper.switches.total_counts_hidden = emulator.copper.switches.team_permissions = True
        emulator.copper.switches.key_is_admin = False
        second = read(emulator, catalog=catalog, state=first.state, **settings)
    assert second.records("deleted_records") == []
    assert "set totals: {people: hint}" in str(second.error)


@pytest.mark.parametrize("setting", [{"nobody": "hint"}, {"people": "no"}])
def test_a_wrong_setting_of_totals_is_told(account: Emulator, setting: dict[str, str]) -> None:
    assert "totals" in str(run(account, "people", totals=setting).error)


def busy_second(stream: str, seed: int, switches: Switches, attributes: dict[str, Any]) -> tuple[Output, set[int], int]:
    """Read 1,500 records of one second, of which some are edited before every request."""
    name = stream.removesuffix("_search")
    with Emulator(empty=True, seed=seed, clock=Clock(frozen_at=NOW), switches=switches) as emulator:
        ids = fill(emulator, stream, [NOW - DAY - 5] * 3 + [NOW - DAY] * 1500 + [NOW - DAY + 500] * 3)
        if attributes:
            table = emulator.copper.table(name)
            for number, record in enumerate(emulator.copper.records(name)):
                made = {key: value(number) for key, value in attributes.items()}
                emulator.store.put(table, {**record, **made})
        emulator.trouble(Fault("edit", route=f"POST /{name}/search"))
        emulator.between_requests(lambda _: emulator.clock.advance(1))
        output = read(emulator, catalog=selecting(**{stream: "FULL_TABLE"}))
        asked = len(list(emulator.journal.matching(route=f"/{name}/search")))
    return output, ids, asked


@pytest.mark.parametrize("stream", SEARCHED)
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 21))])
def test_a_second_of_an_import_is_read_whatever_happens_meanwhile(stream: str, seed: int) -> None:
    output, ids, asked = busy_second(stream, seed, Switches(), {})
    assert output.error is None
    assert set(output.ids(stream)) == ids
    assert asked < 50


@pytest.mark.parametrize(
    "attributes",
    [{"date_created": lambda number: NOW - 10_000_000 + number * 1000}, {"name": lambda number: f"Record {number}"}],
    ids=["created one after the other", "of different names"],
)
def test_so_is_one_whose_order_does_not_hold(attributes: dict[str, Any]) -> None:
    output, ids, _ = busy_second("people", 3, Switches(tie_order="random"), attributes)
    assert output.error is None
    assert set(output.ids("people")) == ids


def test_one_that_no_request_tells_apart_is_an_error_that_names_it() -> None:
    output, _, asked = busy_second("people", 3, Switches(tie_order="random"), {})
    assert f"have date_modified in the second {moment(NOW - DAY)}" in str(output.error)
    assert not has_version(output)
    assert asked < 400


@pytest.mark.parametrize("totals", ["exact", "hint"])
def test_thirty_nights_of_churn(totals: str) -> None:
    """Nothing is lost and no night fails, under each setting; with hint also where totals count what is hidden."""
    with Emulator(empty=True, seed=5, clock=Clock(frozen_at=NOW)) as emulator:
        users = [
            emulator.copper.records("users")[0]["id"],
            emulator.copper.insert("users", {"name": "Other", "email": "other@example.com"})["id"],
        ]
        for number in range(500):
            second = NOW - DAY + number * 100
            attributes = {"name": f"N{number}", "assignee_id": users[number % 7 == 0]}
            emulator.copper.insert("people", {**attributes, "date_modified": second, "date_created": second})
        if totals == "hint":
            emulator.copper.switches.total_counts_hidden = emulator.copper.switches.team_permissions = True
            emulator.copper.switches.key_is_admin = False
        for kind in ("edit", "add", "delete"):
            emulator.trouble(Fault(kind, route="POST /people/search", records=5))
        emulator.between_requests(lambda _: emulator.clock.advance(1))
        state: dict[str, Any] = {}
        emitted: dict[int, str] = {}
        for _ in range(30):
            output = read(emulator, "people", state=state, totals={"people": totals})
            assert output.error is None
            state = output.state
            emitted.update((each["id"], each["date_modified"]) for each in output.records("people"))
            emulator.clock.advance(DAY)
        emulator.no_trouble()
        output = read(emulator, "people", state=state, totals={"people": totals})
        emitted.update((each["id"], each["date_modified"]) for each in output.records("people"))
        seen = [
            each
            for each in emulator.copper.records("people")
            if totals == "exact" or each["assignee_id"] in {None, users[0]}
        ]
    assert [each["id"] for each in seen if emitted.get(each["id"]) != moment(each["date_modified"])] == []
