"""The door to the network: what is repeated, what is in doubt, and what each failure is called."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crm_api.copper.session import CopperSettings, connect
from crm_api.errors import (
    BusyError,
    CredentialsError,
    CrmError,
    ForbiddenError,
    GoneError,
    InDoubtError,
    InvalidError,
    NotEnabledError,
    RedirectError,
    UnreachableError,
)
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from crm_emulator.emulator import Emulator

NAMELESS = {"name": ""}
PERSON = {"name": "Ann"}


def people(emulator: Emulator) -> int:
    return len(emulator.copper.records("people"))


def test_an_answer_is_given_whole(session: CrmSession, emulator: Emulator) -> None:
    emulator.copper.insert("people", PERSON)
    answer = session.exchange(Request("POST", "/people/search", body={}, repeatable=True))
    assert answer.ok
    assert [record["name"] for record in answer.value] == ["Ann"]
    assert answer.headers["x-pw-total"] == "1"
    assert answer.date is not None
    assert session.server_date == answer.date


def test_the_body_is_read_as_asked(session: CrmSession) -> None:
    assert session.exchange(Request("GET", "/account", read=len)).value > 10


@pytest.mark.parametrize("trouble", ["reset", "lost", "cut", "malformed", "error:status=500", "error_after:status=503"])
def test_what_may_be_repeated_is_repeated(
    session: CrmSession, emulator: Emulator, naps: list[float], trouble: str
) -> None:
    emulator.trouble(f"{trouble},times=2" if ":" in trouble else f"{trouble}:times=2")
    assert session.exchange(Request("GET", "/account")).value["name"]
    assert session.traffic.requests == 3
    assert session.traffic.repeated == 2
    assert len(naps) == 2


@pytest.mark.parametrize("trouble", ["reset", "lost", "cut", "malformed", "error:status=500", "error_after:status=503"])
def test_what_may_not_be_repeated_is_in_doubt_after_one_attempt(
    session: CrmSession, emulator: Emulator, naps: list[float], trouble: str
) -> None:
    emulator.trouble(trouble)
    with pytest.raises(InDoubtError):
        session.exchange(Request("POST", "/people", body=PERSON))
    assert emulator.journal.total == 1
    assert naps == []


@pytest.mark.parametrize("trouble", ["reset", "lost", "cut", "malformed", "error:status=502"])
def test_attempts_come_to_an_end(session: CrmSession, emulator: Emulator, trouble: str) -> None:
    session.exchange(Request("GET", "/account"))
    emulator.trouble(trouble)
    with pytest.raises(BusyError, match="no usable answer to 10 attempts"):
        session.exchange(Request("GET", "/account"))
    assert session.traffic.requests == 11


def test_attempts_come_to_an_end_sooner_where_nobody_ever_answered(session: CrmSession, emulator: Emulator) -> None:
    emulator.trouble("reset")
    with pytest.raises(BusyError, match="no usable answer to 6 attempts"):
        session.exchange(Request("GET", "/account"))


def test_a_request_that_was_turned_away_is_repeated_even_if_it_writes(session: CrmSession, emulator: Emulator) -> None:
    emulator.script("POST /people", ["error:status=429", "error:status=429", "ok"])
    session.exchange(Request("POST", "/people", body=PERSON))
    assert people(emulator) == 1
    assert session.traffic.turned_away == 2


def test_being_turned_away_for_ever_leaves_nothing_in_doubt(session: CrmSession, emulator: Emulator) -> None:
    emulator.trouble("error:status=429")
    with pytest.raises(BusyError, match="429 to 10 attempts"):
        session.exchange(Request("POST", "/people", body=PERSON))
    assert people(emulator) == 0


@pytest.mark.parametrize(("asked", "waits"), [(17, [17.0, 17.0]), (None, [5.0, 10.0])])
def test_a_turned_away_request_waits_as_long_as_the_crm_asks(
    emulator: Emulator, settings: Callable[..., CopperSettings], asked: int | None, waits: list[float]
) -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    session = connect(settings(emulator), clock=lambda: now[0], sleep=sleep)
    step = "error:status=429" if asked is None else f"error:status=429,retry_after={asked}"
    emulator.script("GET /account", [step, step, "ok"])
    session.exchange(Request("GET", "/account"))
    assert slept == waits


def test_a_retry_after_holds_every_worker_back(emulator: Emulator, settings: Callable[..., CopperSettings]) -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            raise InterruptedError  # the worker that was told goes home
        now[0] += seconds

    session = connect(settings(emulator), clock=lambda: now[0], sleep=sleep)
    emulator.script("GET /account", ["error:status=429,retry_after=30"])
    with pytest.raises(InterruptedError):
        session.exchange(Request("GET", "/account"))
    session.exchange(Request("GET", "/users/me"))
    assert slept == [30.0, 30.0]


def test_nothing_is_sent_while_connections_are_refused(
    session: CrmSession, emulator: Emulator, naps: list[float]
) -> None:
    with emulator.refusing_connections(), pytest.raises(UnreachableError, match="cannot be reached"):
        session.exchange(Request("POST", "/people", body=PERSON))
    assert len(naps) == 5
    assert emulator.journal.total == 0


def test_a_write_goes_through_once_the_crm_takes_connections_again(
    emulator: Emulator, settings: Callable[..., CopperSettings]
) -> None:
    class Refusals:
        def __init__(self) -> None:
            self.context: Any = emulator.refusing_connections()
            self.context.__enter__()

        def __call__(self, _: float) -> None:
            if self.context is not None:
                self.context.__exit__(None, None, None)
                self.context = None

    session = connect(settings(emulator), sleep=Refusals())
    session.exchange(Request("POST", "/people", body=PERSON))
    assert people(emulator) == 1


def test_unreachable_at_the_end_does_not_hide_that_something_was_sent(
    emulator: Emulator, settings: Callable[..., CopperSettings]
) -> None:
    refusal: list[Any] = []

    def sleep(_: float) -> None:
        if not refusal:
            refusal.append(emulator.refusing_connections())
            refusal[0].__enter__()

    session = connect(settings(emulator), sleep=sleep)
    emulator.trouble("lost:times=1")
    with pytest.raises(BusyError):
        session.exchange(Request("PUT", "/leads/upsert", body={}, repeatable=True))
    refusal[0].__exit__(None, None, None)


def test_a_lost_answer_is_in_doubt_also_while_another_requests_failure_is_handled(
    session: CrmSession, emulator: Emulator
) -> None:
    try:
        with emulator.refusing_connections():
            session.exchange(Request("POST", "/people", body=PERSON))
    except UnreachableError:
        emulator.trouble("lost")
        with pytest.raises(InDoubtError):
            session.exchange(Request("POST", "/people", body=PERSON))
    assert people(emulator) == 1


def test_a_host_that_does_not_exist_is_unreachable(
    emulator: Emulator, settings: Callable[..., CopperSettings], naps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)  # a real question may take minutes, or find a helpful provider
    session = connect(settings(emulator, base_url="https://nowhere.invalid/v1"), sleep=naps)
    with pytest.raises(UnreachableError, match="Check base_url"):
        session.exchange(Request("GET", "/account"))


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/people/999", GoneError, "Resource not found"),
        ("/nothing/here", CrmError, "not"),
    ],
)
def test_what_is_not_there_is_told(session: CrmSession, path: str, kind: type[CrmError], words: str) -> None:
    with pytest.raises(kind) as caught:
        session.exchange(Request("GET", path))
    assert words in caught.value.said.lower() or words in caught.value.said
    assert session.traffic.requests == 1


def test_a_refusal_carries_the_crms_words_and_its_whole_answer(session: CrmSession) -> None:
    with pytest.raises(InvalidError) as caught:
        session.exchange(Request("POST", "/people", body={"name": "A", "nickname": "B"}))
    error = caught.value
    assert error.status == 422
    assert "Unrecognized attributes specified: nickname" in str(error)
    assert "POST /people" in str(error)
    assert '"success"' in error.body


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidError), (401, CredentialsError), (403, ForbiddenError), (404, GoneError), (409, InvalidError),
     (410, GoneError), (413, InvalidError), (422, InvalidError), (451, InvalidError)],
)  # fmt: skip
def test_each_refusal_has_its_kind_and_is_not_repeated(
    session: CrmSession, emulator: Emulator, status: int, kind: type[CrmError]
) -> None:
    emulator.trouble(f"error:status={status}")
    with pytest.raises(kind) as caught:
        session.exchange(Request("GET", "/account"))
    assert caught.value.status == status
    assert emulator.journal.total == 1


def test_an_html_error_is_told_by_its_title(session: CrmSession, emulator: Emulator) -> None:
    emulator.trouble("error:status=502")
    with pytest.raises(InDoubtError) as caught:
        session.exchange(Request("POST", "/people", body=PERSON))
    assert caught.value.status == 502
    assert "<" not in str(caught.value)
    assert caught.value.said


def test_a_wrong_key_stops_with_one_sentence(
    emulator: Emulator, settings: Callable[..., CopperSettings], naps: Any
) -> None:
    session = connect(settings(emulator, api_key="wrong-and-secret"), sleep=naps)
    with pytest.raises(CredentialsError) as caught:
        session.exchange(Request("GET", "/account"))
    assert "\n" not in str(caught.value)
    assert "wrong-and-secret" not in str(caught.value)


def test_an_access_token_signs_as_well(emulator: Emulator, settings: Callable[..., CopperSettings], naps: Any) -> None:
    session = connect(
        settings(emulator, api_key="", user_email="", access_token=emulator.copper.access_token), sleep=naps
    )
    assert session.exchange(Request("GET", "/account")).value["id"]


def test_a_feature_that_the_account_lacks_is_told_apart(emulator: Emulator, session: CrmSession) -> None:
    emulator.copper.switches.leads_enabled = False
    with pytest.raises(NotEnabledError):
        session.exchange(Request("POST", "/leads/search", body={}, repeatable=True))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(session: CrmSession, emulator: Emulator, status: int) -> None:
    emulator.trouble(f"error:status={status}")
    with pytest.raises(RedirectError, match="redirect"):
        session.exchange(Request("GET", "/account"))
    with pytest.raises(InDoubtError):  # whatever redirects may have carried it out
        session.exchange(Request("POST", "/people", body=PERSON))
    assert emulator.journal.total == 2


def test_what_comes_before_sending_comes_before_each_attempt(session: CrmSession, emulator: Emulator) -> None:
    calls: list[int] = []
    emulator.script("POST /people", ["error:status=429", "ok"])
    session.exchange(Request("POST", "/people", body=PERSON), before_send=lambda: calls.append(emulator.journal.total))
    assert calls == [0, 1]


def test_what_comes_before_sending_may_call_it_off(session: CrmSession, emulator: Emulator) -> None:
    def refuse() -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        session.exchange(Request("POST", "/people", body=PERSON), before_send=refuse)
    assert emulator.journal.total == 0


def test_a_sleep_that_gives_up_ends_the_attempts(emulator: Emulator, settings: Callable[..., CopperSettings]) -> None:
    class StoppedError(Exception):
        pass

    def give_up(_: float) -> None:
        raise StoppedError

    emulator.trouble("error:status=500")
    with pytest.raises(StoppedError):
        connect(settings(emulator), sleep=give_up).exchange(Request("GET", "/account"))
    assert emulator.journal.total == 1


def test_threads_share_a_session(session: CrmSession, emulator: Emulator) -> None:
    def write(number: int) -> None:
        for n in range(10):
            session.exchange(Request("POST", "/people", body={"name": f"P {number} {n}"}))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert people(emulator) == 80
    assert session.traffic.requests == 80
    assert emulator.journal.high_water <= 8


def test_a_body_nested_too_deep_is_no_answer(session: CrmSession) -> None:
    def read(_: bytes) -> Iterator[None]:
        raise RecursionError

    with pytest.raises(BusyError):
        session.exchange(Request("GET", "/account", read=read))
