import asyncio
import threading

import pytest
import requests

from crm_emulator import Clock, Emulator, EmulatorBugError, Fault
from crm_emulator.journal import Journal


@pytest.fixture
def emulator():
    with Emulator(empty=True, clock=Clock(frozen_at=1_770_000_000)) as emulator:
        yield emulator


def ask(emulator, method="GET", path="/account", **options):
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    return requests.request(method, emulator.copper.base_url + path, headers=headers, timeout=120, **options)


def test_a_request_is_logged_with_what_became_of_it(emulator):
    ask(emulator, "POST", "/people?x=1", json={"name": "Ann"})
    logged = emulator.requests[-1]
    assert (logged.vendor, logged.method, logged.route, logged.query) == ("copper", "POST", "/people", "x=1")
    assert (logged.status, logged.json, logged.at, logged.seconds) == (200, {"name": "Ann"}, 1_770_000_000, 0)
    assert logged.path == "/copper/developer_api/v1/people"
    assert logged.answer_bytes > 100


def test_the_log_keeps_no_more_bodies_than_memory_has_room_for():
    journal = Journal(kept=5, kept_bytes=1_000)
    for _ in range(8):
        journal.begin(0.0, "copper", "POST", "/", "", "/", b"small")
    assert [each.number for each in journal.requests] == [4, 5, 6, 7, 8]
    for size in (600, 600, 5_000):
        journal.begin(0.0, "copper", "POST", "/", "", "/", b" " * size)
    assert [len(each.body) for each in journal.requests] == [5_000]
    assert journal.total == 11


def test_requests_are_counted_by_method_route_and_status(emulator):
    for _ in range(3):
        ask(emulator)
    ask(emulator, path="/users/1")
    journal = emulator.journal
    assert (journal.total, journal.count()) == (4, 4)
    assert journal.count(method="GET", route="/account", status=200) == 3
    assert journal.count(status=404, vendor="copper") == 1
    assert journal.count(method="POST") == 0
    assert len(list(journal.matching(route="/account"))) == 3
    journal.clear()
    assert (journal.total, journal.count(), journal.high_water, emulator.requests) == (0, 0, 0, [])


def test_the_most_requests_at_once_are_remembered():
    arrived = threading.Barrier(4)

    class Held(Clock):
        async def sleep(self, _seconds):
            await asyncio.to_thread(arrived.wait)

    with Emulator(empty=True, clock=Held(frozen_at=0), faults=[Fault("latency")]) as emulator:
        threads = [threading.Thread(target=ask, args=(emulator,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert emulator.journal.high_water == 4
        assert sorted(logged.in_flight for logged in emulator.requests) == [1, 2, 3, 4]
        assert emulator.journal.in_flight == 0


def test_a_defect_of_the_emulator_fails_the_test_that_met_it(monkeypatch, caplog):
    emulator = Emulator(empty=True).start()
    ask(emulator)
    monkeypatch.setattr(emulator.copper.store, "records", lambda *_: 1 / 0)
    assert ask(emulator).status_code == 500
    assert (emulator.requests[-1].status, emulator.journal.in_flight) == (500, 0)
    assert "the emulator failed" in caplog.text
    with pytest.raises(EmulatorBugError, match="ZeroDivisionError"):
        emulator.__exit__(None, None, None)


def test_a_callback_that_fails_is_not_overlooked():
    def complain(request):
        raise AssertionError(f"{request.route} was never expected")

    emulator = Emulator(empty=True).start()
    emulator.between_requests(complain)
    assert ask(emulator).status_code == 500
    with pytest.raises(EmulatorBugError, match="never expected"):
        emulator.__exit__(None, None, None)
