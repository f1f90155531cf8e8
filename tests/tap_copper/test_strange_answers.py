"""Strange answers (a hotel's page, another API, Copper at its worst) get a sentence, and whatever can be read is."""

from __future__ import annotations

import gzip
import json
import os
import signal
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from crm_api.errors import CredentialsError, SettingError
from crm_emulator import Emulator
from tap_copper.command import exit_code
from tap_copper.errors import IncompleteError
from tests.tap_copper.lying_copper import LyingCopper, people
from tests.tap_copper.running import Output, command_line, nobody_waits, run, selecting, settings_of
from tests.tap_copper.strange_server import speaking

HOTEL = b"<html><head><title>Welcome to the hotel</title></head></html>"


OWN = {"streams": [{"tap_stream_id": "own", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}]}


def read(emulator: Emulator, *streams: str, **settings: Any) -> Output:
    return run(emulator, *streams, clocks=nobody_waits(), **settings)


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (HOTEL, {}, "expected JSON, got an HTML page titled 'Welcome to the hotel'"),
        (b'{"success": true}', {}, "expected a list of records, got an object with success"),
        (b"[1, 2]", {}, "expected an object as record 1 of 2, got a number"),
        (b'[{"key": "none"}]', {}, "expected name in record 1, got null"),
        (b"null", {}, "expected a list of records, got null"),
        (b"\xff\xfe", {}, "the body is not the expected JSON"),
        (b"no gzip", {"Content-Encoding": "gzip"}, "the answer cannot be unpacked"),
    ],
)
def test_what_is_no_crm_is_told_with_the_setting_to_check(
    account: Emulator, body: bytes, headers: dict[str, str], words: str
) -> None:
    with speaking(lambda _: (200, body, headers)) as address:
        output = read(account, "tags", "users", "people", "account", "activity_types", base_url=address)
    assert words in str(output.error)
    assert "Check base_url" in str(output.error)
    assert exit_code(output.error) == 4  # type: ignore[arg-type]  # asserted above
    assert not any(each["type"] == "RECORD" for each in output.messages)


def test_an_answer_may_be_zipped(account: Emulator) -> None:
    users = gzip.compress(b'[{"id": 1, "name": "Zo\xc3\xab \xf0\x9f\x98\x80"}]')
    with speaking(lambda _: (200, users, {"Content-Encoding": "gzip", "X-PW-TOTAL": "1"})) as address:
        output = read(account, "users", base_url=address)
    assert [record["name"] for record in output.records("users")] == ["Zoë 😀"]


@pytest.mark.parametrize("trouble", ["error:status=500", "malformed", "cut"])
def test_an_endpoint_that_is_broken_stops_its_stream_alone(trouble: str) -> None:
    with Emulator(people=5, companies=5) as emulator:
        emulator.trouble(f"{trouble}{',' if ':' in trouble else ':'}route=POST /companies/search")
        output = read(emulator, "companies", "people", "users", max_attempts=2)
        assert str(output.error).startswith("companies: The CRM gave no usable answer to 2 attempts")
        assert output.records("people")
        assert output.records("users")
        assert exit_code(output.error) == 4  # type: ignore[arg-type]  # asserted above


def test_endpoints_that_are_broken_here_and_there_stop_their_streams_alone(emulator: Emulator) -> None:
    emulator.trouble("error:status=500,route=GET /co*", "error:status=500,route=GET /lo*")
    output = read(emulator, "contact_types", "lead_statuses", "loss_reasons", "tags", "users", max_attempts=1)
    assert isinstance(output.error, IncompleteError)
    assert [each.partition(":")[0] for each in output.error.sentences] == ["contact_types", "loss_reasons"]
    assert output.records("users")


def test_a_redirect_is_a_wrong_setting(account: Emulator) -> None:
    with speaking(lambda _: (302, b"", {"Location": "https://elsewhere.example/"})) as address:
        output = read(account, "tags", base_url=address)
    assert "a redirect, which is never followed" in str(output.error)
    assert exit_code(output.error) == 2  # type: ignore[arg-type]  # asserted above


def test_a_key_that_was_good_and_is_not_taken_for_one_stream_stops_that_alone(emulator: Emulator) -> None:
    emulator.trouble("error:status=401,route=GET /lead_statuses")
    output = read(emulator, "contact_types", "lead_statuses", "users")
    assert str(output.error).startswith("lead_statuses: The CRM did not accept the credentials on GET /lead_statuses")
    assert output.records("users")
    emulator.trouble("error:status=401,route=GET /l*")
    output = read(emulator, "contact_types", "lead_statuses", "loss_reasons", "users")
    assert output.records("users")
    emulator.trouble("error:status=401,route=GET /l*", "error:status=401,route=GET /account")
    output = read(emulator, "contact_types", "lead_statuses", "loss_reasons", "users")
    assert isinstance(output.error, CredentialsError)
    assert not output.records("users")


def test_where_two_streams_in_a_row_get_no_answer_nor_does_a_plain_question_the_run_ends(emulator: Emulator) -> None:
    streams = ["contact_types", "customer_sources", "lead_statuses", "loss_reasons", "users"]
    broken = ["error:status=503,route=GET /c*", "error:status=503,route=GET /l*"]
    emulator.trouble(*broken)
    output = read(emulator, *streams, max_attempts=1)
    assert isinstance(output.error, IncompleteError)
    assert [each.partition(":")[0] for each in output.error.sentences] == streams[:-1]
    assert exit_code(output.error) == 4
    assert output.records("users")
    emulator.trouble(*broken, "error:status=503,route=GET /account")
    output = read(emulator, *streams, max_attempts=1)
    assert "on GET /customer_sources (HTTP 503)" in str(output.error)
    assert any(each.startswith("contact_types: ") for each in output.error.__notes__)  # type: ignore[union-attr]
    assert not output.records("users")


@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b""), (200, b" \n")])
def test_no_content_means_no_records(account: Emulator, status: int, body: bytes) -> None:
    with speaking(lambda _: (status, body)) as address:
        output = read(
            account, "customer_sources", "lead_statuses", "activity_types", "people", "users", base_url=address
        )
    assert output.error is None
    assert not any(each["type"] == "RECORD" for each in output.messages)


@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b" \n")])
def test_an_account_of_which_nothing_is_said_is_no_record_and_stays_as_it_was(
    account: Emulator, status: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    def reply(question: str) -> tuple[int, bytes]:
        return (status, body) if question == "GET /account" else (200, b"[]")

    with speaking(reply) as address:
        output = read(account, "account", "pipelines", base_url=address)
        assert output.error is None
        assert [each["stream"] for each in output.messages if each["type"] == "ACTIVATE_VERSION"] == ["pipelines"]
        assert not output.records("account")
        assert "account_empty call=GET /account" in caplog.text


def test_a_byte_order_mark_before_the_json_is_no_fault(account: Emulator) -> None:
    body = b'\xef\xbb\xbf[{"id": 1, "name": "a", "date_modified": 5}]'
    with speaking(lambda _: (200, body, {"X-PW-TOTAL": "1"})) as address:
        output = read(account, "tags", "people", "loss_reasons", base_url=address, max_attempts=1)
    assert output.error is None
    assert output.ids("people") == output.ids("loss_reasons") == [1]
    assert [each["name"] for each in output.records("tags")] == ["a"]


def test_answers_of_another_form_stop_their_streams_alone(account: Emulator) -> None:
    def reply(question: str) -> tuple[int, bytes]:
        body = {"leads": b'{"data": []}', "lead_statuses": b"null", "loss_reasons": b'[{"id": "12"}]', "tags": b"[1]"}
        return 200, next((made for name, made in body.items() if name in question), b'[{"id": 1, "date_modified": 5}]')

    broken = ["leads", "lead_statuses", "loss_reasons", "tags"]
    with speaking(reply) as address:
        output = read(account, *broken, "people", "users", base_url=address, max_attempts=1)
    assert isinstance(output.error, IncompleteError)
    assert sorted(each.partition(":")[0] for each in output.error.sentences) == sorted(broken)
    assert output.ids("people") == output.ids("users") == [1]


@pytest.mark.daily(one_of=3)
@pytest.mark.parametrize(
    ("stream", "body", "words"),
    [
        ("tags", b"null", "expected a list of records, got null"),
        ("tags", b'{"error": "x", "code": 1}', "expected a list of records, got an object with error, code"),
        ("tags", b'[{"name": "a"}, "secret word", {}]', "expected an object as record 2 of 3, got a text"),
        ("tags", b'[{"name": "a"}, {"name": null}]', "expected name in record 2, got null"),
        ("tags", b'[{"name": ["secret word"]}]', "expected name in record 1, got a list"),
        ("loss_reasons", b'[{"id": 1}, {"id": "12"}]', "expected a number in id of record 2, got a text"),
        ("loss_reasons", b'[{"id": 1.5}]', "expected a number in id of record 1, got a number with a fraction"),
        ("activity_types", b'{"user": [{"id": true}]}', "expected a number in id of record 1 in 'user', got a boolean"),
        ("activity_types", b'{"user": 5}', "expected a list of records in 'user', got a number"),
        ("activity_types", b"[]x", "the body is not the expected JSON"),
        ("users", b"[[]]", "expected an object as record 1 of 1, got a list"),
        ("people", b'{"data": []}', "expected a list of records, got an object with data"),
        ("people", b'[{"id": 9, "date_modified": "5"}]', "a number in date_modified of record 1 (id 9), got a text"),
        ("activities_search", b'[{"id": 9, "activity_date": 5.5}]', "of record 1 (id 9), got a number with a fraction"),
    ],
)
def test_an_answer_of_another_form_is_soon_given_up_and_told_by_what_came_where(
    account: Emulator, stream: str, body: bytes, words: str
) -> None:
    asked: list[str] = []
    path = {"activities_search": "activities"}.get(stream, stream)

    def reply(question: str) -> tuple[int, bytes]:
        asked.append(question)
        return 200, body if f"/{path}" in question else b'[{"id": 1, "date_modified": 5}]'

    with speaking(reply) as address:
        output = read(account, stream, "companies", "tasks", base_url=address, max_attempts=4)
    assert isinstance(output.error, IncompleteError)
    (sentence,) = output.error.sentences
    assert sentence.startswith(f"{stream}: ")
    assert words in sentence
    assert "secret word" not in sentence
    assert sum(f"/{path}" in question for question in asked) == (4 if body.endswith(b"x") else 3)
    assert output.ids("companies") == output.ids("tasks") == [1]


@pytest.mark.parametrize("count", [200, 250])
def test_a_declared_stream_that_is_paged_where_nothing_is_says_what_to_remove(account: Emulator, count: int) -> None:
    asked: list[str] = []

    def reply(question: str) -> tuple[int, bytes]:
        asked.append(question)
        return 200, json.dumps([{"id": key} for key in range(count)]).encode()

    declared = {"name": "own", "path": "/own", "paged": True, "keys": ["id"]}
    with speaking(reply) as address:
        output = read(account, catalog=OWN, base_url=address, extra_streams=[declared])
    assert "own is paged, and 20 pages in a row brought only records that had come before: remove paged" in str(
        output.error
    )
    assert len(asked) < 25
    assert not any(each["type"] == "ACTIVATE_VERSION" for each in output.messages)


@pytest.mark.parametrize(
    "body", [b"null", b'{"items": [{"id": 1}]}', b'{"data": null}', b'{"data": 5}', b'{"data": [1]}']
)
def test_a_declared_stream_whose_records_are_elsewhere_is_no_empty_table(account: Emulator, body: bytes) -> None:
    declared = {"name": "own", "path": "/own", "records_at": "data", "keys": ["id"]}
    with speaking(lambda _: (200, body)) as address:
        output = read(account, catalog=OWN, base_url=address, extra_streams=[declared])
    assert "the answer to own holds no records; check records_at" in str(output.error)
    assert not any(each["type"] == "ACTIVATE_VERSION" for each in output.messages)


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (b"Jos\xe9", "Jos\ufffd"),
        (b"Jos\\ud83d", "Jos\ufffd"),
        (b"\\ud83d\\ude00 \\\\ud83d \\ude00", "\U0001f600 \\ud83d \ufffd"),
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),
    ],
)
def test_text_that_json_cannot_hold_costs_itself_alone(
    account: Emulator, caplog: pytest.LogCaptureFixture, name: bytes, read_as: str
) -> None:
    body = (
        b'[{"id": 1, "date_modified": 5, "name": "' + name + b'"}, {"id": 2, "date_modified": 6, "name": "A\xc3\xa9"}]'
    )
    with speaking(lambda _: (200, body)) as address:
        output = read(account, "people", "users", base_url=address)
    assert output.error is None
    for stream in ("people", "users"):
        assert [record["name"] for record in output.records(stream)] == [read_as, "A\xe9"]
    assert "text_replaced call=POST /people/search places=" in caplog.text


def test_a_server_that_has_lost_its_clock_is_read_all_the_same(account: Emulator) -> None:
    for date in ("Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 2999 00:00:00 GMT"):
        with LyingCopper(people(450), headers={"Date": date}).listening() as copper:
            output = read(account, "people", base_url=copper.url)
        assert output.error is None
        assert len(output.ids("people")) == 450
        assert output.bookmark("people") == output.records("people")[-1]["date_modified"]


def test_a_wrong_path_in_base_url_is_told(account: Emulator) -> None:
    for streams in (["tags", "people"], ["tags"], ["people"]):
        output = read(account, *streams, base_url=account.copper.base_url.replace("/developer_api/v1", ""))
        assert isinstance(output.error, SettingError)  # exit code 2, as the target's and that of `singer-crm check`
        assert "no such record on GET /account (HTTP 404)" in str(output.error)
        assert str(output.error).endswith("Check base_url.")


def test_one_address_that_is_not_there_costs_its_stream_alone(emulator: Emulator) -> None:
    emulator.trouble("error:status=404,route=GET /webhooks")
    output = read(emulator, "webhooks", "tags")
    assert isinstance(output.error, IncompleteError)
    assert str(output.error).startswith("webhooks: ")


def test_a_certificate_that_nobody_trusts_is_told_at_once_and_one_that_is_trusted_taken(
    account: Emulator, tmp_path: Path
) -> None:
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "ca.pem"]
    subprocess.run([*made.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    asked: list[str] = []

    def reply(question: str) -> tuple[int, bytes]:
        asked.append(question)
        return 200, b"[]"

    with speaking(reply, context) as address:
        output = read(account, "tags", base_url=address)
        assert "The CRM cannot be reached" in str(output.error)
        assert "certificate" in str(output.error).lower()
        assert asked == []
        trusting = read(account, "tags", base_url=address, ca_bundle=str(tmp_path / "ca.pem"))
        assert trusting.error is None
        assert asked == ["GET /tags"]


def test_tls_where_nobody_speaks_it_is_one_sentence(account: Emulator) -> None:
    with speaking(lambda _: (200, b"[]")) as address:
        output = read(account, "tags", base_url=address.replace("http:", "https:"), max_attempts=2)
    assert "SSL" in str(output.error)
    assert "Check base_url" in str(output.error)


@pytest.mark.parametrize("stream", ["people", "users", "account"])
def test_an_interrupt_is_obeyed_while_no_answer_comes(account: Emulator, tmp_path: Path, stream: str) -> None:
    asked, over = threading.Event(), threading.Event()

    def reply(_: str) -> tuple[int, bytes]:
        asked.set()
        over.wait(240)
        return 200, b"[]"

    with speaking(reply) as address:
        settings = settings_of(account, base_url=address)
        command = command_line(tmp_path, settings, files={"catalog": selecting(stream)})
        env = {**os.environ, "TAP_COPPER_LOGLEVEL": "WARNING"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True) as process:
            assert asked.wait(240)
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=240)
        over.set()
    assert process.returncode == 130
    assert said.strip() == "tap-copper: Stopped by signal 2; the last STATE says how far the run came"
    assert json.loads(out.splitlines()[-1])["type"] == "STATE"
