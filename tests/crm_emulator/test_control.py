import json
import socket

import pytest
import requests

from crm_emulator import Clock, Emulator


@pytest.fixture
def emulator():
    with Emulator(empty=True, clock=Clock(frozen_at=1_770_000_000)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def standing():
    """An emulator for requests that change nothing."""
    with Emulator(empty=True) as emulator:
        yield emulator


def control(emulator, method, path, body=None, **options):
    return requests.request(method, f"{emulator.url}/_emulator{path}", json=body, timeout=120, **options)


def ask(emulator, path="/account"):
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    return requests.get(emulator.copper.base_url + path, headers=headers, timeout=120)


def test_the_status_counts_requests_and_records(emulator):
    ask(emulator)
    ask(emulator, "/users/1")
    status = control(emulator, "GET", "/status").json()
    assert (status["requests"], status["in_flight"], status["high_water"], status["now"]) == (2, 0, 1, 1_770_000_000)
    assert {"vendor": "copper", "method": "GET", "route": "/users/{id}", "status": 404, "count": 1} in status["counts"]
    copper = status["vendors"]["copper"]
    assert (copper["records"]["people"], copper["records"]["users"]) == (0, 5)
    assert copper["base_url"] == emulator.copper.base_url


def test_the_log_is_read_and_forgotten(emulator):
    ask(emulator)
    ask(emulator, "/contact_types?a=b")
    logged = control(emulator, "GET", "/requests?route=/contact_types").json()
    assert [(each["method"], each["query"], each["status"]) for each in logged] == [("GET", "a=b", 200)]
    assert len(control(emulator, "GET", "/requests?last=1").json()) == 1
    control(emulator, "DELETE", "/requests")
    assert control(emulator, "GET", "/requests").json() == []
    assert emulator.journal.total == 0


def test_the_log_shows_no_credentials(emulator):
    ask(emulator)
    url = emulator.url
    sent = [
        ("GET", "/apptivo/app/dao/v6/customers?a=getAll&apiKey=REAL-1&accessKey=REAL-2&numRecords=3", {}),
        ("POST", "/apptivo/app/dao/v6/leads", {"data": "a=save&apiKey=REAL-3&accessKey=REAL-4&leadData={}"}),
        ("POST", "/copper/oauth/token", {"data": {"client_secret": "REAL-5", "code": "c"}}),
        ("POST", "/freshsales/api/sign_in", {"json": {"user": {"email": "a@b.example", "password": 'REAL-6 \\" x'}}}),
        ("POST", "/http/people?api_key=REAL-7&page=2", {"json": {}, "headers": {"X-Auth-Token": "REAL-8"}}),
    ]
    for method, path, options in sent:
        requests.request(method, url + path, timeout=120, **options)
    bearer = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    hook = {"target": "https://a.example", "type": "lead", "event": "new"}
    hook |= {"secret": {"s": "REAL-9"}, "headers": {"Authorization": "REAL-10"}}
    webhooks = f"{emulator.copper.base_url}/webhooks"
    assert requests.post(webhooks, json=hook, headers=bearer, timeout=120).json()["secret"] == {"s": "REAL-9"}
    requests.get(webhooks, headers=bearer, timeout=120)
    pages = [f"{url}/requests", *(f"{url}/requests/{each.number}" for each in emulator.requests)]
    shown = [control(emulator, "GET", path).text for path in ("/requests", "/anything/records/requests")]
    shown += [requests.get(page, timeout=120).text for page in pages] + [repr(emulator.requests)]
    for text in shown:
        assert "REAL" not in text
        assert emulator.copper.access_token not in text
    assert "apiKey=***&amp;accessKey=***&amp;numRecords=3" in shown[2]
    logged = control(emulator, "GET", "/requests").json()
    assert logged[2]["body"] == "a=save&apiKey=***&accessKey=***&leadData={}"
    assert '"email":"a@b.example","password":"***"' in logged[4]["body"].replace(" ", "")


def test_faults_are_added_listed_and_cleared(emulator):
    control(emulator, "POST", "/faults", {"kind": "error", "status": 502, "route": "GET /account"})
    listed = control(emulator, "POST", "/faults", "error:status=503").json()
    assert [fault["status"] for fault in listed["faults"]] == [502, 503]
    assert ask(emulator).status_code == 502
    assert control(emulator, "DELETE", "/faults").json() == {"faults": [], "scripts": {}}
    assert ask(emulator).status_code == 200


def test_scripts_decide_the_next_answers(emulator):
    control(emulator, "POST", "/scripts", {"route": "GET /account", "steps": ["ok", {"kind": "error"}]})
    assert [ask(emulator).status_code for _ in range(3)] == [200, 503, 200]


def test_the_clock_is_moved(emulator):
    moved = control(emulator, "POST", "/clock", {"advance": 60, "skew_seconds": 5}).json()
    assert moved["now"] == 1_770_000_065
    assert control(emulator, "GET", "/clock").json() == moved


def test_switches_are_read_and_set(emulator):
    control(emulator, "PUT", "/copper/switches", {"leads_enabled": False, "index_delay_seconds": 5})
    assert emulator.copper.switches.leads_enabled is False
    assert control(emulator, "GET", "/copper/switches").json()["index_delay_seconds"] == 5


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PUT", "/copper/switches", {"lead_enabled": True}, "copper has no switch 'lead_enabled'"),
        ("PUT", "/copper/switches", {"leads_enabled": "no"}, "must be true or false"),
        (
            "PUT",
            "/copper/switches",
            {"tie_order": "radnom"},
            "tie_order must be one of shuffled, id, random, not 'radnom'",
        ),
        ("PUT", "/hubspot/switches", {}, "there is no vendor 'hubspot'"),
        ("POST", "/faults", "explode", "'explode' is not a kind of trouble"),
        ("POST", "/faults", {"pace": 3}, "pace"),
        ("GET", "/copper/records/pets", None, "copper has no 'pets'"),
        ("PUT", "/copper/records/people/1", {"name": "x"}, "copper has no people 1"),
        ("POST", "/scripts", {}, "route"),
        ("POST", "/load", {}, "not a dump"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(emulator, method, path, body, said):
    answer = control(emulator, method, path, body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_the_quota_is_set(emulator):
    control(emulator, "PUT", "/copper/quota", [{"limit": 1, "seconds": 60}])
    assert [ask(emulator).status_code for _ in range(2)] == [200, 429]
    assert control(emulator, "GET", "/status").json()["vendors"]["copper"]["quota_share"] == 1
    assert control(emulator, "PUT", "/copper/quota", "vendor").json()[0]["limit"] == 180
    control(emulator, "PUT", "/copper/quota", [])
    assert {ask(emulator).status_code for _ in range(5)} == {200}


def test_records_are_inserted_read_changed_and_deleted_past_the_api(emulator):
    path = "/copper/records/people"
    person = control(emulator, "POST", path, {"name": "Ann", "id": 77, "date_modified": 5}).json()
    assert (person["id"], person["date_modified"]) == (77, 5)
    assert control(emulator, "GET", f"{path}/77").json() == person
    assert control(emulator, "PUT", f"{path}/77", {"title": "CTO"}).json()["date_modified"] == 1_770_000_000
    assert len(control(emulator, "GET", path).json()) == 1
    control(emulator, "DELETE", f"{path}/77")
    assert control(emulator, "GET", path).json() == []
    assert emulator.requests == []


def test_the_state_is_dumped_reset_and_loaded(emulator):
    emulator.copper.insert("people", {"name": "Ann"})
    state = control(emulator, "GET", "/dump").content
    sizes = {"copper": {"people": 3, "companies": 0}}
    status = control(emulator, "POST", "/reset", {"seed": 5, "sizes": sizes}).json()
    assert (status["seed"], emulator.copper.count("people")) == (5, 3)
    loaded = control(emulator, "POST", "/load", data=state)
    assert loaded.status_code == 200
    assert [person["name"] for person in emulator.copper.records("people")] == ["Ann"]


def test_a_page_elsewhere_cannot_use_it(emulator):
    answer = control(emulator, "GET", "/status", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", emulator.url.replace("http:", "https:")):
        assert control(emulator, "POST", "/reset", {}, headers={"Origin": origin}).status_code == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/plain; application/json", None):
        assert control(emulator, "POST", "/reset", data=b"{}", headers={"Content-Type": kind}).status_code == 415
    assert control(emulator, "POST", "/reset", {}, headers={"Origin": emulator.url}).status_code == 200


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/reset", None),
        ("/reset", []),
        ("/reset", {"sizes": 5}),
        ("/reset", {"sizes": {"copper": 5}}),
        ("/reset", {"sizes": {"copper": {"people": "x"}}}),
        ("/reset", {"seed": 1e300}),
        ("/clock", {"advance": 1e300}),
        ("/clock", {"date_header_skew_seconds": -1e12}),
        ("/faults", "error:status=99999"),
        ("/faults", "latency:seconds=inf"),
        ("/faults", "error:times=-3"),
        ("/faults", "edit:records=0"),
        ("/faults", {"kind": "error", "route": ["/people"]}),
        ("/faults", {"kind": "error", "vendor": 7}),
        ("/faults", {"kind": "error", "retry_after": "soon"}),
        ("/faults", {"kind": "nothing"}),
        ("/faults", "error:vendor=coper"),
        ("/scripts", {"route": "GET /account", "steps": ["reset"], "vendor": "copper_2"}),
        ("/faults", {"kind": ["error"]}),
        ("/faults", ["error"]),
        ("/scripts", {"route": "GET /account", "steps": []}),
        ("/scripts", {"route": 1, "steps": ["ok"]}),
        ("/scripts", {"route": "GET /account", "steps": "ok"}),
        ("/scripts", {"route": "GET /account", "steps": [None]}),
        ("/clock", {"advance": None}),
        ("/clock", {"advanced": 5}),
        ("/reset", {"size": {}}),
        ("/reset", {"sizes": {"nobody": {"people": 1}}}),
        ("/reset", {"sizes": {"copper": {"people": 10**12}}}),
        ("PUT /strictness", {"strict": True}),
        ("PUT /copper/quota", [{"limit": 0, "seconds": 1}]),
        ("PUT /copper/quota", [{"limit": "x", "seconds": 1}]),
        ("PUT /copper/quota", [{"limit": 1, "seconds": 60, "routes": 5}]),
        ("PUT /copper/quota", [{"limit": 1}]),
        ("PUT /copper/quota", [1]),
        ("PUT /copper/quota", {}),
        ("PUT /copper/switches", {"search_ceiling": -1}),
        ("PUT /copper/switches", {"ghost_every": True}),
        ("PUT /copper/switches", {"index_delay_seconds": 1e300}),
        ("PUT /freshsales/switches", {"create_status": 5}),
        ("PUT /freshsales/switches", {"utc_offset": "noon"}),
        ("/copper/authorize", {"redirect_uri": 5}),
        ("/copper/records/people", {"title": "CTO"}),
        ("/copper/records/people", {"name": "Ann", "id": "a"}),
        ("/copper/records/people", {"name": "Ann", "id": None}),
        ("/copper/records/people", {"name": "Ann", "id": 10**20}),
        ("/copper/records/people", {"name": "Ann", "id": -5}),
        ("/copper/records/people", {"name": "Ann", "date_modified": 10**30}),
        ("/freshsales/records/contacts", {"email": 5}),
        ("GET /copper/records/people/x", None),
        ("GET /requests?last=x", None),
        ("GET /requests?last=-5", None),
        ("GET /requests?status=422", None),
        ("GET /requests?vendor=coper", None),
        ("DELETE /requests?vendor=copper", None),
        ("GET /dump?account=9", None),
        ("GET /dump?customer=1", None),
        ("GET /copper/records/people?name=Ann", None),
        ("GET /dump?account=x", None),
    ],
)
def test_what_would_leave_it_unusable_is_refused(standing, path, sent):
    *method, path = path.split(" ")
    json_only = {"Content-Type": "application/json"}
    refused = control(standing, *(method or ["POST"]), path, data=json.dumps(sent), headers=json_only)
    assert (refused.status_code, list(refused.json())) == (400, ["error"])
    said = refused.json()["error"]
    assert not any(word in said for word in ("None", "True", "__init__", "argument", "unhashable", "literal", "<html"))
    assert control(standing, "GET", "/status", headers={"Host": "[::1"}).status_code == 403
    assert control(standing, "GET", "/status").status_code == 200
    headers = {"Authorization": f"Bearer {standing.copper.access_token}"}
    assert requests.get(f"{standing.copper.base_url}/account", headers=headers, timeout=120).status_code == 200
    assert standing.application.bugs == []


def test_a_switch_keeps_its_kind_and_a_webhook_made_past_the_api_is_whole(emulator):
    assert control(emulator, "PUT", "/copper/switches", {"index_delay_seconds": 1}).status_code == 200
    assert control(emulator, "PUT", "/copper/switches", {"index_delay_seconds": 0.0}).status_code == 200
    made = control(emulator, "POST", "/copper/records/webhooks", {"target": "https://receiver.example"}).json()
    assert (made["event"], made["secret"]) == (None, None)
    emulator.copper.insert("people", {"name": "Ann"})
    control(emulator, "DELETE", f"/copper/records/webhooks/{made['id']}")


def test_the_newest_requests_are_as_many_as_asked_for(emulator):
    for _ in range(3):
        ask(emulator)
    assert [len(control(emulator, "GET", f"/requests?last={last}").json()) for last in (0, 1, 2)] == [0, 1, 2]


@pytest.mark.parametrize("sent", [b"Content-Length: 314572800\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_would_take_the_memory_is_refused(emulator, monkeypatch, sent):
    monkeypatch.setattr("crm_emulator.protocol.MOST_BODY_BYTES", 1000)
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=60) as client:
        client.sendall(b"POST /_emulator/reset HTTP/1.1\r\nHost: 127.0.0.1\r\n" + sent)
        if b"chunked" in sent:
            client.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_nothing_else_is_there(emulator):
    assert control(emulator, "GET", "/nothing").status_code == 404
    for path in ("/nothing", "/_emulatorstatus", "/httpx", "/copper/developer_api/v1account"):
        assert requests.get(f"{emulator.url}{path}", timeout=120).json()["error"] == f"nothing at GET {path}"
