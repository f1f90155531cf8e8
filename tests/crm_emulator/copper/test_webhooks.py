"""Webhooks that fire: what they tell, when, and what is lost."""

import json
import socket
import ssl
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from crm_emulator.certificates import certificates


class Receiver:
    """A receiver of webhooks, which keeps what it got."""

    def __init__(self):
        self.got = []
        self.headers = []
        self.on_receipt = lambda _body: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.got.append(body)
                receiver.headers.append(dict(self.headers))
                receiver.on_receipt(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?flow=7"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver(emulator):
    emulator.copper.switches.https_only = False
    found = Receiver()
    yield found
    found.close()


def subscribe(copper, receiver, kind="person", event="new", **more):
    return copper.ok("POST", "/webhooks", {"target": receiver.url, "type": kind, "event": event, **more})["id"]


def fired(emulator):
    """The notifications, all that is due having been sent."""
    answer = requests.post(f"{emulator.url}/_emulator/copper/webhooks/fire", timeout=120)
    assert answer.status_code == 200
    return answer.json()


def test_a_new_record_is_told_in_the_recorded_form(emulator, copper, receiver):
    number = subscribe(copper, receiver, secret={"secret": "s3"}, headers={"X-Flow": "seven"})
    person = copper.ok("POST", "/people", {"name": "Ann Lee"})
    (told,) = fired(emulator)
    assert receiver.got == [
        {
            "ids": [person["id"]],
            "type": "person",
            "event": "new",
            "subscription_id": number,
            "updated_attributes": {},
            "timestamp": "2026-02-02T02:40:00.000Z",
            "secret": "s3",
        }
    ]
    assert receiver.headers[0]["X-Flow"] == "seven"
    assert (told["outcome"], told["status"]) == ("sent", 204)
    assert told["body"] == {**receiver.got[0], "secret": "***"}
    assert "seven" not in json.dumps(told)
    page = requests.get(f"{emulator.url}/crm/copper", timeout=120).text
    assert "person" in page
    assert "s3" not in page


def test_an_update_tells_what_changed_and_nothing_of_what_follows_from_it(emulator, copper, receiver):
    company = copper.ok("POST", "/companies", {"name": "Acme"})
    person = copper.ok("POST", "/people", {"name": "Ann", "company_id": company["id"]})
    for kind in ("person", "company"):
        subscribe(copper, receiver, kind, "update")
    copper.ok("PUT", f"/companies/{company['id']}", {"name": "Acme Ltd", "details": "moved"})
    copper.ok("PUT", f"/companies/{company['id']}", {"name": "Acme Ltd"})
    note = {"parent": {"id": person["id"], "type": "person"}, "type": {"id": 0, "category": "user"}, "details": "hi"}
    copper.ok("POST", "/activities", note)
    fired(emulator)
    assert [(each["type"], each["ids"], each["updated_attributes"]) for each in receiver.got] == [
        ("company", [company["id"]], {"name": ["Acme", "Acme Ltd"], "details": [None, "moved"]})
    ]


def test_each_way_of_writing_is_told(emulator, copper, receiver):
    for kind in ("lead", "person", "company", "opportunity", "activity_log"):
        for event in ("new", "update", "delete"):
            subscribe(copper, receiver, kind, event)
    made = copper.ok("POST", "/people/bulk_create", {"people": [{"name": "Ann"}, {"name": ""}, {"name": "Bob"}]})
    ids = [each["id"] for each in made if "id" in each]
    copper.ok("POST", "/people/bulk_update", {"people": [{"id": each, "title": "CTO"} for each in ids]})
    match = {"field_name": "name", "field_value": "Cid"}
    for title in ("CFO", "CEO"):
        copper.ok("PUT", "/leads/upsert", {"properties": {"name": "Cid", "title": title}, "match": match})
    lead = copper.search("leads")[0]
    converted = copper.ok("POST", f"/leads/{lead['id']}/convert", {"details": {"opportunity": {"name": "Deal"}}})
    copper.ok("DELETE", f"/people/{ids[0]}")
    emulator.copper.change("people", ids[1], {"title": "CIO"})
    emulator.copper.delete("people", ids[1])
    fired(emulator)
    assert [(each["type"], each["event"], each["ids"]) for each in receiver.got] == [
        ("person", "new", ids),
        ("person", "update", ids[:1]),
        ("person", "update", ids[1:]),
        ("lead", "new", [lead["id"]]),
        ("lead", "update", [lead["id"]]),
        ("person", "new", [converted["person"]["id"]]),
        ("opportunity", "new", [converted["opportunity"]["id"]]),
        ("person", "delete", ids[:1]),
        ("person", "update", ids[1:]),
        ("person", "delete", ids[1:]),
    ]


def test_what_is_refused_is_not_told(emulator, copper, receiver):
    subscribe(copper, receiver)
    copper.refused("POST", "/people", {"name": ""})
    lead = copper.ok("POST", "/leads", {"name": "Cid"})
    details = {"details": {"opportunity": {"name": "Deal", "pipeline_id": 1}}}
    copper.refused("POST", f"/leads/{lead['id']}/convert", details)
    assert fired(emulator) == []


def test_a_delay_passes_on_the_emulators_clock(emulator, copper, receiver):
    emulator.copper.switches.webhook_delay_seconds = 900
    subscribe(copper, receiver)
    copper.ok("POST", "/people", {"name": "Ann"})
    assert [each["outcome"] for each in fired(emulator)] == ["waiting"]
    emulator.clock.advance(900)
    assert [each["outcome"] for each in fired(emulator)] == ["sent"]
    assert len(receiver.got) == 1


def test_each_is_sent_once_and_lost_by_switch(emulator, copper, receiver):
    emulator.copper.switches.webhook_lost_every = 2
    subscribe(copper, receiver)
    people = [copper.ok("POST", "/people", {"name": name})["id"] for name in ("Ann", "Bob", "Cid")]
    assert [each.outcome for each in emulator.copper.fire_webhooks()] == ["sent", "lost", "sent"]
    assert [each["ids"] for each in receiver.got] == [[people[0]], [people[2]]]
    receiver.close()
    copper.ok("POST", "/people", {"name": "Dan"})
    emulator.copper.switches.webhook_lost_every = 0
    copper.ok("POST", "/people", {"name": "Eve"})
    failed = fired(emulator)[-1]
    assert (failed["outcome"], failed["status"]) == ("failed", None)
    assert "refused" in failed["error"]
    requests.delete(f"{emulator.url}/_emulator/copper/webhooks", timeout=120)
    assert fired(emulator) == []


@pytest.fixture
def rough():
    """A receiver that answers a request with bytes; where they do not end a head, they go on for ever."""
    listening = socket.create_server(("127.0.0.1", 0))
    accepted, ended = [], threading.Event()

    def receive(answer):
        def run():
            connection, _ = listening.accept()
            accepted.append(connection)
            connection.recv(65536)
            with suppress(OSError):
                connection.sendall(answer)
                while not answer.endswith(b"\n") and not ended.wait(0.02):
                    connection.sendall(b"a" if answer else b"")
            connection.close()

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield receive
    ended.set()
    for each in (*accepted, listening):
        each.close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", ("sent", 200, "")),
        (b"HTTP/1.1 500 No\r\n\r\n", ("refused", 500, "")),
        (b"HTTP/1.1 410 Gone\r\n\r\n", ("refused", 410, "")),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", ("refused", 302, "")),
        (b"SSH-2.0-x\r\n", ("failed", None, "SSH-2.0-x")),
        (b"HTTP/1.1 200 OK\r\nX: ", ("failed", None, "no answer within 0.3 seconds")),
        (b"", ("failed", None, "no answer within 0.3 seconds")),
    ],
)
def test_it_is_told_what_a_receiver_made_of_it(emulator, copper, rough, monkeypatch, answer, told):
    emulator.copper.switches.https_only = False
    if told[2].startswith("no answer"):
        monkeypatch.setattr("crm_emulator.outbox._PATIENCE_SECONDS", 0.3)
    copper.ok("POST", "/webhooks", {"target": rough(answer), "type": "person", "event": "new"})
    copper.ok("POST", "/people", {"name": "Ann"})
    (found,) = fired(emulator)
    assert (found["outcome"], found["status"], found["error"]) == told


def test_a_receiver_that_hangs_holds_up_neither_others_nor_the_end(emulator, copper, receiver, rough):
    copper.ok("POST", "/webhooks", {"target": rough(b""), "type": "person", "event": "new"})
    subscribe(copper, receiver)
    arrived = threading.Event()
    receiver.on_receipt = lambda _body: arrived.set()
    copper.ok("POST", "/people", {"name": "Ann"})
    assert arrived.wait(60)
    outbox = emulator.copper.outbox
    outbox.close()  # as at the end of the emulator: what hangs is broken off
    assert outbox.notifications[0].outcome in {"waiting", "failed"}
    assert not any(each.is_alive() for each in outbox._threads.values())  # what would keep the program


def test_what_waits_is_sent_also_where_its_webhook_is_deleted_meanwhile(emulator, copper, receiver):
    emulator.copper.switches.webhook_delay_seconds = 60
    number = subscribe(copper, receiver)
    copper.ok("POST", "/people", {"name": "Ann"})
    copper.ok("DELETE", f"/webhooks/{number}")
    copper.ok("POST", "/people", {"name": "Bob"})
    emulator.clock.advance(60)
    assert [each["outcome"] for each in fired(emulator)] == ["sent"]


def test_each_receiver_is_told_in_the_order_of_the_changes(emulator, copper, receiver):
    subscribe(copper, receiver, event="update")
    ann = copper.ok("POST", "/people", {"name": "Ann"})
    for number in range(20):
        copper.ok("PUT", f"/people/{ann['id']}", {"title": str(number)})
    fired(emulator)
    assert [each["updated_attributes"]["title"][1] for each in receiver.got] == [str(number) for number in range(20)]


def test_a_secret_replaces_no_fact_and_no_header_breaks_the_request(emulator, copper, receiver):
    subscribe(copper, receiver, secret={"ids": [1], "s": 2}, headers={"Content-Length": "1", "Host": "x", "X-A": "b"})
    ann = copper.ok("POST", "/people", {"name": "Ann"})
    fired(emulator)
    assert (receiver.got[0]["ids"], receiver.got[0]["s"]) == ([ann["id"]], 2)
    assert (receiver.headers[0]["X-A"], receiver.headers[0]["Host"]) == ("b", receiver.url.split("/")[2])


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "s"},
        {"headers": ["X"]},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"": "x"}},
        {"headers": {"Ü": "x"}},
        {"target": "http://127.0.0.1:99999/"},
        {"target": 5},
        {"custom_field_computed_values": "x"},
    ],
)
def test_a_webhook_that_could_not_be_sent_is_refused(copper, receiver, wrong):
    copper.refused("POST", "/webhooks", {"target": receiver.url, "type": "person", "event": "new", **wrong})


def test_no_more_than_600_a_minute_are_sent(emulator, copper, receiver):
    subscribe(copper, receiver)
    for number in range(601):
        emulator.copper.insert("people", {"name": f"P{number}"})
    emulator.clock.advance(61)
    emulator.copper.insert("people", {"name": "Later"})
    assert [each.outcome for each in emulator.copper.outbox.notifications].count("over the limit") == 1


def test_a_receiver_may_ask_for_the_record_that_it_is_told_of(emulator, copper, receiver):
    seen = []
    receiver.on_receipt = lambda body: seen.append(copper.ok("GET", f"/people/{body['ids'][0]}")["name"])
    subscribe(copper, receiver)
    copper.ok("POST", "/people", {"name": "Ann"})
    fired(emulator)
    assert seen == ["Ann"]


def test_a_receiver_behind_tls_is_reached(emulator, copper, receiver, tmp_path):
    made = certificates(tmp_path, [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    receiver.url = receiver.url.replace("http:", "https:")
    emulator.copper.switches.https_only = True
    subscribe(copper, receiver)
    copper.ok("POST", "/people", {"name": "Ann"})
    assert [each["outcome"] for each in fired(emulator)] == ["sent"]


def test_other_crms_send_nothing_by_themselves(emulator):
    answer = requests.post(f"{emulator.url}/_emulator/apptivo/webhooks/fire", timeout=120)
    assert (answer.status_code, answer.json()) == (400, {"error": "apptivo sends nothing by itself"})
