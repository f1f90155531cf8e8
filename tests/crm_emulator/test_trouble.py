"""Trouble as a client meets it, over real connections."""

import http.client
import json
import socket
import threading
from contextlib import suppress

import pytest
import requests

from crm_emulator import Clock, Emulator, Fault


@pytest.fixture
def emulator():
    with Emulator(empty=True, clock=Clock(frozen_at=1_770_000_000)) as emulator:
        yield emulator


@pytest.fixture
def session(emulator):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {emulator.copper.access_token}"
        yield session


def create(emulator, session, name="Ann"):
    return session.post(f"{emulator.copper.base_url}/people", json={"name": name}, timeout=120)


def account(emulator, session):
    return session.get(f"{emulator.copper.base_url}/account", timeout=120)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_is_an_html_page_and_nothing_is_done(emulator, session, status):
    emulator.trouble(Fault("error", status=status))
    answer = create(emulator, session)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html"
    assert f"<h1>{status} " in answer.text
    assert emulator.copper.count("people") == 0


def test_an_error_afterwards_hides_that_it_was_done(emulator, session):
    emulator.trouble("error_after:status=500")
    assert create(emulator, session).status_code == 500
    assert emulator.copper.count("people") == 1


def test_a_429_comes_in_the_vendors_dialect_with_or_without_retry_after(emulator, session):
    emulator.script("GET *", ["error:status=429", "error:status=429,retry_after=2"])
    first, second = account(emulator, session), account(emulator, session)
    assert first.json() == {"success": False, "status": 429, "message": "Rate limit exceeded"}
    assert "Retry-After" not in first.headers
    assert second.headers["Retry-After"] == "2"


def test_a_reset_comes_before_anything_is_done(emulator, session):
    emulator.script("POST *", ["reset"])
    with pytest.raises(requests.ConnectionError):
        create(emulator, session)
    assert emulator.copper.count("people") == 0
    assert create(emulator, session).status_code == 200


def test_a_lost_answer_leaves_the_record_behind(emulator, session):
    emulator.script("POST *", ["lost"])
    with pytest.raises(requests.ConnectionError):
        create(emulator, session)
    assert emulator.copper.count("people") == 1
    assert [logged.status for logged in emulator.requests] == [0]


def test_a_reset_is_a_tcp_reset(emulator):
    emulator.trouble("reset")
    with socket.create_connection(("127.0.0.1", emulator.listener.port), timeout=120) as connection:
        connection.sendall(b"GET /copper/developer_api/v1/account HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(100)


def test_a_cut_answer_is_shorter_than_it_promised(emulator, session):
    emulator.trouble("cut")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)) as caught:
        create(emulator, session)
    assert "IncompleteRead" in str(caught.value)
    assert emulator.copper.count("people") == 1


def test_a_malformed_body_is_no_json(emulator, session):
    emulator.trouble("malformed")
    answer = create(emulator, session)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)
    assert emulator.copper.count("people") == 1


def test_a_slow_body_arrives_whole_in_pieces(emulator, session):
    emulator.trouble("slow:seconds=20")
    assert create(emulator, session).json()["name"] == "Ann"
    assert sum(emulator.clock.slept) == pytest.approx(20)
    assert len(emulator.clock.slept) > 5


def test_latency_is_waited_for(emulator, session):
    emulator.trouble("latency:seconds=3")
    account(emulator, session)
    assert emulator.clock.slept == [3]


def test_a_refusing_server_takes_no_connection(emulator, session):
    account(emulator, session)
    with emulator.refusing_connections(), pytest.raises(requests.ConnectionError):
        account(emulator, session)
    assert account(emulator, session).status_code == 200


def test_refuse_closes_the_door_for_a_while(emulator, session):
    emulator.script("GET *", ["refuse:seconds=3600"])
    with pytest.raises(requests.ConnectionError):
        account(emulator, session)
    with pytest.raises(requests.ConnectionError, match="refused"):
        account(emulator, session)


def test_refuse_opens_it_again(emulator, session):
    emulator.script("GET *", ["refuse:seconds=0.01"])
    with pytest.raises(requests.ConnectionError):
        account(emulator, session)
    while True:  # pytest's own timeout ends a wait that is in vain
        with suppress(requests.ConnectionError):
            assert account(emulator, session).status_code == 200
            return


def test_records_are_edited_added_and_deleted_while_they_are_read(emulator, session):
    for name in ("Ann", "Bob", "Cleo"):
        create(emulator, session, name)
    before = {person["id"]: person for person in emulator.copper.records("people")}
    emulator.trouble(
        "edit:route=POST /people/search", "add:route=POST /people/search,records=4", "delete:route=POST /people/search"
    )
    url = f"{emulator.copper.base_url}/people/search"
    found = session.post(url, json={"page_size": 200}, timeout=120).json()
    after = {person["id"]: person for person in emulator.copper.records("people")}
    assert {person["id"] for person in found} == set(after)
    assert len(set(after) - set(before)) >= 3
    assert len(after) == 6
    assert emulator.requests[-1].fault == "edit+add+delete"


def test_disturbances_leave_other_objects_alone(emulator, session):
    emulator.trouble("add:route=POST /people/search")
    session.post(f"{emulator.copper.base_url}/leads/search", json={}, timeout=120)
    assert emulator.copper.count("people") == emulator.copper.count("leads") == 0


def test_a_callback_runs_before_each_request_is_read(emulator, session):
    seen = []

    def change(request):
        seen.append((request.method, request.route))
        emulator.copper.insert("people", {"name": f"Added {len(seen)}"})

    stop = emulator.between_requests(change)
    url = f"{emulator.copper.base_url}/people/search"
    sizes = [len(session.post(url, json={}, timeout=120).json()) for _ in range(2)]
    stop()
    account(emulator, session)
    assert sizes == [1, 2]
    assert seen == [("POST", "/people/search")] * 2


def test_skew_shifts_stamps_and_the_date_header(emulator, session):
    emulator.clock.skew_seconds = 3600
    answer = create(emulator, session)
    assert answer.json()["date_created"] == 1_770_003_600
    assert answer.headers["Date"] == "Mon, 02 Feb 2026 03:40:00 GMT"


def test_the_date_header_can_be_skewed_alone(emulator, session):
    emulator.clock.date_header_skew_seconds = -60
    answer = create(emulator, session)
    assert answer.json()["date_created"] == 1_770_000_000
    assert answer.headers["Date"] == "Mon, 02 Feb 2026 02:39:00 GMT"


def test_a_request_is_carried_out_although_its_client_has_gone(emulator):
    started, release = threading.Event(), threading.Event()

    def hold(_request):
        started.set()
        release.wait()

    emulator.between_requests(hold)
    connection = http.client.HTTPConnection("127.0.0.1", emulator.listener.port, timeout=120)
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    connection.request("POST", "/copper/developer_api/v1/people", b'{"name": "Ann"}', headers)
    assert started.wait(240)
    connection.close()
    release.set()
    with emulator.store.lock:
        pass
    emulator.before_requests.clear()
    requests.get(f"{emulator.copper.base_url}/account", headers=headers, timeout=120)
    assert emulator.copper.count("people") == 1


def test_it_stops_although_requests_are_being_waited_for():
    with Emulator(empty=True) as emulator:
        emulator.trouble("latency:seconds=3600")
        connections = [http.client.HTTPConnection("127.0.0.1", emulator.listener.port, timeout=120) for _ in range(3)]
        for connection in connections:
            connection.request("GET", "/copper/developer_api/v1/account")
        while emulator.journal.in_flight < 3:
            requests.get(f"{emulator.url}/_emulator/clock", timeout=120)
    for connection in connections:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            connection.getresponse()
        connection.close()


def test_the_control_api_is_spared(emulator):
    emulator.trouble("error", "latency:seconds=5")
    assert requests.get(f"{emulator.url}/_emulator/status", timeout=120).status_code == 200
    assert emulator.clock.slept == []
    assert emulator.requests == []
