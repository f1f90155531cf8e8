"""Recordings that are broken, foreign or full of secrets."""

import base64
import gzip
import json
import socket
import zlib

import pytest

from crm_emulator.compare import recording

URL = "https://api.copper.com/developer_api/v1"


def entry(url=f"{URL}/account", status=200, method="GET", headers=(), **content):
    return {
        "request": {"method": method, "url": url, "headers": [], "queryString": [], "bodySize": -1},
        "response": {
            "status": status,
            "headers": [{"name": name, "value": value} for name, value in headers],
            "content": {"size": 5, "mimeType": "application/json", **content},
        },
    }


def har(*entries):
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


WHOLE = har(entry(text="{}"))
FLAT = json.dumps({"type": "RECORD", "stream": "people", "record": {"id": 1}})
UNREADABLE = {
    "nothing": (b"", "it is empty"),
    "a page": (b"<html></html>", "it is neither a HAR file nor a debug trace"),
    "other JSON": (b'{"log": {"pages": []}}', "it is JSON, and no HAR: "),
    "a wrong type": (b'{"log": {"entries": [{"request": 5}]}}', "it is JSON, and no HAR: "),
    "a truncated HAR": (WHOLE[:-30], "it ends in the middle"),
    "broken JSON": (b'{"log": oops}', "it is no JSON: line 1, column 9"),
    "deep JSON": (b'{"log":' + b"[" * 200_000, "it is "),
    "a gzip file": (gzip.compress(WHOLE), "it is compressed (gzip); unpack it first"),
    "mitmproxy's flows": (b"1234:7:version;2:21#", "make a HAR of it: mitmdump"),
    "bytes": (WHOLE.replace(b"GET", b"\xff"), "it is no UTF-8"),
    "an unfinished word": (b'{"log": {"entries": [tru', "it ends in the middle"),
    "two files in one": (WHOLE * 2, "give one HAR file at a time"),
    "no entry that is one": (har(None, {"request": 5}), "it is JSON, and no HAR: "),
    "answers alone": (b'[{"id": 1}]', "it is a list in JSON, and no HAR; record with"),
    "Insomnia's export": (b'{"_type": "export", "resources": []}', "it is a collection of Insomnia"),
    "a collection of Postman": (b'{"info": {"_postman_id": "x"}, "item": []}', "it is a collection of Postman"),
    "what curl prints": (b"HTTP/2 200 \r\ndate: x\r\n\r\n{}", "it is what curl printed"),
    "Singer messages": (f"{FLAT}\n{FLAT}\n".encode(), "it holds Singer messages"),
    "a cassette": (b"interactions:\n- request:\n", "it is a cassette of VCR"),
    "redirects": (har(entry(status=302)), "(1 answered with 3xx)"),
    "no entry": (har(), "no request in it is for the API of a CRM that is emulated\n"),
    "other hosts": (
        har(entry("https://a.example/x"), entry("http://[::1")),
        "emulated (1 to other hosts, 1 with an address",
    ),
    "a web application": (
        har(entry("https://app.copper.com/companies/1")),
        "(1 to other pages of the CRM than its API)",
    ),
    "failed requests": (har(entry(status=0), entry(status=502)), "(1 answered with 5xx, 1 without an answer)"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_recording_that_cannot_be_read_is_refused_in_one_sentence(compare, tmp_path, name):
    content, said = UNREADABLE[name]
    path = tmp_path / "broken"
    path.write_bytes(content)
    code, printed = compare(path)
    assert (code, printed.count("\n")) == (2, 1), printed
    assert printed.startswith(f"crm-emulator: cannot compare {path}: ")
    assert said in printed


def test_a_file_that_is_missing_or_too_large_is_refused(compare, tmp_path, monkeypatch):
    assert compare(tmp_path / "none")[0] == 2
    assert compare(tmp_path)[1].endswith("is a directory\n")
    monkeypatch.setattr(recording, "MOST_BYTES", 2**20)
    path = tmp_path / "large.har"
    path.write_bytes(b" " * (2**20 + 1))
    assert compare(path)[1].endswith("it is larger than 1 MiB; record less at a time\n")


def test_bodies_that_are_not_kept_or_packed_are_counted_and_their_status_is_compared(compare, tmp_path):
    body = json.dumps([{"id": 451490, "name": "Partner?>~"}]).encode()
    twice = {"text": base64.b64encode(gzip.compress(gzip.compress(body))).decode(), "encoding": "base64"}
    headless = {"text": base64.b64encode(zlib.compress(body)[2:-4]).decode(), "encoding": "base64"}
    packed = {"text": base64.b64encode(gzip.compress(body)).decode(), "encoding": "base64"}
    url = f"{URL}/contact_types"
    path = tmp_path / "recorded.har"
    path.write_bytes(
        har(
            entry(url, headers=[("Content-Encoding", "gzip")], **packed),
            entry(url, headers=[("content-encoding", "br")], text="CwI=", encoding="base64"),
            entry(url, headers=[("content-encoding", "gzip, gzip")], **twice),
            entry(url, **packed),
            entry(url, headers=[("Content-Encoding", "deflate")], **headless),
            entry(url, text=base64.encodebytes(body).decode(), encoding="base64"),
            entry(url, text=base64.urlsafe_b64encode(body).decode().rstrip("="), encoding="base64"),
            entry(url, text="\ufeff" + body.decode()),
            entry(url, text=body.decode()[:-5]),
            entry(url, text="{!", encoding="base64"),
            entry(url),
            entry(url, status=304),
            entry(url, method="OPTIONS"),
        )
    )  # fmt: skip
    code, printed = compare(path)
    assert code == 0, printed
    assert "GET /contact_types (11 requests, 8 records)" in printed
    for said in (
        "the body of 1 answer is compressed with brotli or zstd",
        "the body of 1 answer is not in the recording",
        "the body of 1 answer beyond what was recorded of it",
        "the body of 1 answer is not the base64 that it says it is",
        "passed over: 1 request answered from a cache",
        "passed over: 1 request with OPTIONS",
    ):
        assert said in printed


def test_no_value_of_a_recording_is_shown_wherever_it_stands(compare, tmp_path):
    key = "sk_Secret_Key"
    person = {
        "id": 70016358306,
        "secret@b.example": 1,
        "70016358306": 2,
        key: 3,
        "name": "Secret",
        "x_custom": "Secret",
    }
    asked = entry(f"{URL}/people/70016358306/Secret%20Lane?q=Secret&token={key}", text=json.dumps(person))
    known = entry(f"{URL}/people/70016358306?token={key}", text=json.dumps(person))
    asked["request"]["headers"] = [{"name": "Authorization", "value": f"Bearer {key}"}]
    path = tmp_path / "recorded.har"
    path.write_bytes(har(asked, known, entry(f"{URL}/Secret", status=404, text='{"error": "Secret"}')))
    code, printed = compare(path)
    assert code == 1
    for value in ("ecret", "70016358306", "b.example"):
        assert value not in printed
    for said in (
        "copper: GET /people/{...}/{...}",
        "the emulator has no such route",
        "{key}: recorded",
        "x_custom: recorded",
    ):
        assert said in printed


def test_no_secret_is_shown_as_a_key_whichever_way_it_was_sent(compare, tmp_path):
    letters = ("inacookie", "ofauser", "apassword", "inaform", "inabody", "insideofalongername")
    person = json.dumps({"id": 1, **dict.fromkeys((*letters[:-1], f"a_{letters[-1]}"), 1)})
    asked = entry(f"{URL}/people/70016358306", text=person)
    basic = base64.b64encode(b"ofauser:apassword").decode()
    headers = {"Cookie": "a=inacookie; b=2", "Authorization": f"Basic {basic}", "X-Key": letters[-1]}
    asked["request"]["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    form, body = (entry(f"{URL}/people/70016358306", method="PUT", text=person) for _ in range(2))
    form["request"]["postData"] = {"params": [{"name": "key", "value": "inaform"}]}
    body["request"]["postData"] = {"text": '{"x": [{"y": "inabody"}]}'}
    path = tmp_path / "recorded.har"
    path.write_bytes(har(asked, form, body))
    _, printed = compare(path)
    assert not [each for each in letters if each in printed]


def test_a_secret_is_not_shown_where_the_emulator_repeats_it(compare, tmp_path):
    made = {"id": 1, "target": "https://a.example", "type": "lead", "event": "new", "secret": {"inaheader": 5}}
    asked = entry(f"{URL}/webhooks", method="POST", text=json.dumps(made))
    asked["request"]["headers"] = [{"name": "X-PW-AccessToken", "value": "inaheader"}]
    sent = {"target": "https://a.example", "type": "lead", "event": "new", "secret": {"inaheader": "x"}}
    asked["request"]["postData"] = {"text": json.dumps(sent)}
    path = tmp_path / "recorded.har"
    path.write_bytes(har(asked))
    code, printed = compare(path)
    assert code == 1
    assert "secret.{key}" in printed
    assert "inaheader" not in printed


PLACES = {
    "a cookie of its own": {"request": {"cookies": [{"name": "session", "value": "inasecret"}]}},
    "a cookie of the answer": {"response": {"cookies": [{"name": "session", "value": "inasecret"}]}},
    "a parameter's value": {"request": {"queryString": [{"name": "key", "value": "inasecret"}]}},
    "a parameter's name": {"request": {"url": f"{URL}/account?inasecret=1"}},
    "a fragment": {"request": {"url": f"{URL}/account#inasecret"}},
    "the words of the status": {"response": {"statusText": "inasecret"}},
    "a value of the answer": {"response": {"content": {"text": '{"id": 1, "name": "Inasecret Lee", "inasecret": 1}'}}},
}


@pytest.mark.parametrize("place", PLACES)
def test_no_key_is_shown_that_is_a_value_anywhere(compare, tmp_path, place):
    asked = entry(text='{"id": 1, "inasecret": 1}')
    for side, changed in PLACES[place].items():
        asked[side].update(changed)
    path = tmp_path / "recorded.har"
    path.write_bytes(har(asked))
    code, printed = compare(path)
    assert (code, "inasecret" in printed) == (1, False), printed
    assert "{key}: recorded (integer), missing here" in printed


def test_no_key_is_shown_that_stands_in_an_answer_of_another_host(compare, tmp_path):
    token = entry("https://login.a.example/token", text='{"access_token": "inatoken"}')
    subdomain = entry(
        "https://inahost.myfreshworks.com/crm/sales/api/selector/owners", text='{"users": [], "inahost": 1}'
    )
    path = tmp_path / "recorded.har"
    path.write_bytes(har(token, subdomain, entry(text='{"id": 1, "inatoken": 1}')))
    _, printed = compare(path)
    assert printed.count("{key}: recorded (integer), missing here") == 2, printed
    assert "ina" not in printed


def test_names_that_somebody_chose_are_hidden_and_others_where_one_asks_for_it(compare, tmp_path):
    hook = {"id": 1, "target": "https://a.example", "type": "lead", "event": "new", "secret": {"anna": 5, "bert": 6}}
    contact = {"contact": {"id": 1, "cf_anna": 5, "custom_field": {"cf_bert": 1}}}
    path = tmp_path / "recorded.har"
    path.write_bytes(
        har(
            entry(f"{URL}/webhooks", text=json.dumps([hook])),
            entry("https://a.myfreshworks.com/crm/sales/api/contacts/1", text=json.dumps(contact)),
            entry(text='{"id": 1, "settings": {"anna": 1, "bert": 2}, "forecast": true}'),
        )
    )
    _, printed = compare(path)
    assert "anna" not in printed
    assert "bert" not in printed
    assert "  settings.{key}: recorded (integer), missing here: 2 keys\n" in printed
    assert "  forecast: recorded (boolean), missing here\n" in printed
    assert "look through 1 key that the emulator does not know" in printed
    code, printed = compare(path, "--hide-keys")
    assert (code, "forecast" in printed) == (1, False)
    assert "  {key}: recorded (boolean), missing here\n" in printed
    assert "look through" not in printed


def test_values_that_somebody_hid_are_no_difference(compare, tmp_path):
    person = {
        "id": "REDACTED",
        "name": "***",
        "emails": [{"email": "xxx", "category": "work"}],
        "date_created": "[removed]",
    }
    path = tmp_path / "recorded.har"
    path.write_bytes(har(entry(f"{URL}/people/REDACTED", text=json.dumps(person))))
    _, printed = compare(path)
    assert "not compared: 4 values that somebody had hidden, as ***" in printed
    for said in ("status: ", "date_created: ", "  id: ", "  name: "):
        assert said not in printed


def test_an_entry_that_is_broken_or_stands_there_twice_costs_no_other(compare, tmp_path):
    gone = entry(f"{URL}/people/70016358306", method="DELETE", text='{"id": 70016358306, "is_deleted": true}')
    polled = {**entry(text="{}", status=200.0), "startedDateTime": "2026-11-30T10:00:00Z"}
    unanswered = {"request": gone["request"]}
    path = tmp_path / "recorded.har"
    path.write_bytes(har(gone, None, gone, polled, polled, {"request": {"url": 5}}, unanswered))
    code, printed = compare(path)
    assert "differs  copper: GET /account (1 request)" in printed
    assert "equal    copper: DELETE /people/{id} (1 request, 1 record)" in printed
    assert "passed over: 2 requests recorded twice" in printed
    assert "passed over: 2 requests whose entry is none of a HAR" in printed
    assert "passed over: 1 request without an answer" in printed
    assert code == 1


def test_a_route_of_which_no_body_was_compared_is_not_called_equal(compare, tmp_path):
    hook = {"id": 1, "target": "https://a.example", "type": "lead", "event": "new"}
    path = tmp_path / "recorded.har"
    path.write_bytes(har(entry(f"{URL}/webhooks", text=json.dumps([hook])), entry()))
    code, printed = compare(path)
    assert code == 0
    assert "unknown  copper: GET /webhooks (1 request, 1 record)\n  nothing was found here for 1 request" in printed
    assert "unknown  copper: GET /account (1 request)\n  the status alone was compared\n" in printed
    assert printed.endswith("\nno difference, and no body was compared\n")


def test_what_no_program_would_have_sent_is_passed_over_or_asked_without_it(compare, tmp_path):
    deep = "[" * 100_000
    broken, deep_body = (entry(f"{URL}/people/search", method="POST", text="[]") for _ in range(2))
    broken["request"]["postData"] = {"text": "{!", "encoding": "base64"}
    deep_body["request"]["postData"] = {"text": deep}
    odd = (entry("data:text/plain,x"), entry(method="\x1b[31mSECRET"))
    path = tmp_path / "recorded.har"
    path.write_bytes(har(broken, deep_body, entry(f"{URL}/people/70016358306?x={deep}", text="{}"), *odd))
    _, printed = compare(path)
    assert "passed over: 1 request with an address that is none" in printed
    assert "passed over: 1 request with an unknown method" in printed
    assert "SECRET" not in printed


def test_a_recorded_webhook_is_sent_to_nobody(compare, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        target = f"http://127.0.0.1:{receiver.getsockname()[1]}/hook"
        hook = entry(f"{URL}/webhooks", method="POST", text="{}")
        hook["request"]["postData"] = {"text": json.dumps({"target": target, "type": "person", "event": "new"})}
        person = entry(f"{URL}/people", method="POST", text="{}")
        person["request"]["postData"] = {"text": '{"name": "Ann"}'}
        path = tmp_path / "recorded.har"
        path.write_bytes(har(hook, person))
        _, printed = compare(path, "--switch", "copper.https_only=false")
        assert "status: " not in printed
        receiver.settimeout(0)
        with pytest.raises(BlockingIOError):
            receiver.accept()
