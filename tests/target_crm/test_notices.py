"""notify_url is told once that a threshold is crossed and once that this is over, and holds up nobody."""

from __future__ import annotations

import json
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sqlalchemy as sa

from crm_api.errors import SettingError
from target_crm.ledger import tables
from target_crm.ledger.notices import Notices
from target_crm.ledger.store import Store, open_engine
from target_crm.ledger.values import Source
from target_crm.report.thresholds import Figures, duration, in_words, thresholds_of
from tests.commands import Command, run_command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "name", "email", "nickname", "company", "_sdc_deleted_at")
TOKEN = "B0000SECRETTOKEN"
COMPANIES = schema_of("companies", "name")
STREAMS = {
    "people": {"hard_delete": True, "references": {"company_id": {"stream": "companies", "source_id": "company"}}}
}


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"Hush{number}", "email": f"hush{number}@x.org"} | more)


class Listener(ThreadingHTTPServer):
    """Takes messages, or refuses them with a status that repeats the token."""

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.messages, self.paths, self.status = [], [], 200
        self.url = f"http://127.0.0.1:{self.server_address[1]}/services/T1/{TOKEN}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def events(self):
        """Return what was told since this was last asked."""
        told, self.messages = [(each["event"], each["threshold"]) for each in self.messages], []
        return told


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.append(self.path)
        if self.server.status == 200:
            self.server.messages.append(message)
        answer = f"no such hook: {TOKEN}".encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    with Listener() as running:
        yield running
        running.shutdown()


@pytest.fixture
def settings(settings, listener):
    return settings | {"notify_url": listener.url, "streams": STREAMS}


@pytest.fixture
def config(settings, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    return file


def test_a_crossing_and_its_end_are_told_once_each_with_counts_and_no_values(run, listener):
    assert run([PEOPLE, person(1)]).code == 0
    assert listener.messages == []
    done = run([PEOPLE, person(1), person(2, name=None)])
    (message,) = listener.messages
    assert message.pop("at")
    assert message == {
        "text": "singer-crm: 1 record is rejected (threshold 1); source default into copper 193851",
        "event": "threshold_crossed",
        "threshold": "rejected",
        "limit": "1",
        "crm": "copper",
        "account": "193851",
        "source_name": "default",
        "run_id": done.report["run_id"],
        "count": 1,
        "share": 0.5,
    }
    assert listener.events() == [("threshold_crossed", "rejected")]
    run([PEOPLE, person(3, name=None)])
    assert listener.events() == []
    run([PEOPLE, person(2), person(3)])
    assert listener.messages[0]["text"].startswith("singer-crm: Over: 0 records are rejected")
    assert listener.events() == [("threshold_over", "rejected")]
    run([PEOPLE, person(2)])
    assert listener.events() == []
    assert listener.paths == [f"/services/T1/{TOKEN}"] * 2


def test_each_threshold_has_a_state_of_its_own(run, listener):
    when = {"rejected": "50%", "waiting": 2, "left_out": "10%", "deleted": 1}
    run([PEOPLE, person(1, nickname="N"), person(2), person(3, company="A"), person(4, company="A")], notify_when=when)
    assert listener.events() == [("threshold_crossed", "left_out"), ("threshold_crossed", "waiting")]
    given = [COMPANIES, record_of("companies", id="A", name="A"), PEOPLE, person(1, _sdc_deleted_at="2026-01-01")]
    run(given, notify_when=when)
    assert listener.events() == [
        ("threshold_crossed", "deleted"),
        ("threshold_over", "left_out"),
        ("threshold_over", "waiting"),
    ]
    run([PEOPLE, person(5, name=None), person(6)], notify_when=when)
    assert listener.events() == [("threshold_over", "deleted"), ("threshold_crossed", "rejected")]


def test_a_receiver_that_is_down_costs_a_warning_and_is_told_by_the_next_run(run, listener):
    listener.status = 503
    done = run([PEOPLE, person(1, name=None)], max_rejected=1)
    assert (done.code, done.report["exit_code"]) == (0, 0)
    assert "A notice did not reach notify_url, and the next run tries again: HTTP 503" in done.errors
    assert TOKEN not in done.errors
    run([PEOPLE, person(1)], max_rejected=1)
    assert len(listener.paths) == 2  # it is over meanwhile, and that waits for its turn
    listener.status = 200
    run([PEOPLE, person(1)])
    assert listener.events() == [("threshold_crossed", "rejected"), ("threshold_over", "rejected")]
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/x/{TOKEN}"
    done = run([PEOPLE, person(9, name=None)], max_rejected=1, notify_url=nobody)
    assert done.code == 0
    assert TOKEN not in done.errors
    assert "A notice did not reach notify_url" in done.errors
    run([PEOPLE, person(9, name=None)])
    assert listener.events() == [("threshold_crossed", "rejected")]


def test_a_receiver_that_never_answers_holds_a_run_no_longer_than_the_limit(run, monkeypatch):
    monkeypatch.setattr("target_crm.report.receiver.TIMEOUT_SECONDS", 600.0)
    monkeypatch.setattr("target_crm.report.receiver.TOTAL_SECONDS", 600.0)
    monkeypatch.setattr("target_crm.report.receiver.Telling.tell.__defaults__", (0.2,))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hook"
        done = run([PEOPLE, person(1, name=None)], notify_url=url)
        assert done.code == 1
        assert "no answer came within" in done.errors
        silent.accept()[0].close()
        for thread in threading.enumerate():
            if thread.name == "notices":
                thread.join()


def test_a_run_that_stops_early_ends_no_crossing_and_a_killed_one_confuses_nothing(run, listener, config, settings):
    run([PEOPLE, person(1, nickname="N")], notify_when={"left_out": 1, "rejected": 1})
    assert listener.events() == [("threshold_crossed", "left_out")]
    config.write_text(json.dumps(settings | {"batch_size_rows": 1, "notify_when": {"left_out": 1, "rejected": 1}}))
    for number in (signal.SIGTERM, signal.SIGKILL):
        process = Command("target-crm", "--config", config)
        process.stdin.write(as_lines([PEOPLE, person(2), person(3, name=None), state_of(1), person(4)]))
        process.stdout.readline()
        process.send_signal(number)
        process.wait()
        process.communicate()
    assert listener.events() == []
    run([PEOPLE, "}{"], notify_when={"left_out": 1, "rejected": 1})
    assert listener.events() == [("threshold_crossed", "rejected")]
    run([PEOPLE, person(3)], notify_when={"left_out": 1, "rejected": 1})
    assert listener.events() == [("threshold_over", "left_out"), ("threshold_over", "rejected")]


def test_a_dry_run_tells_nobody(run, listener):
    run([PEOPLE, person(1)])
    run([PEOPLE, person(2, name=None)], dry_run=True)
    assert listener.paths == []


def test_no_output_shows_the_address(run, listener, config):
    listener.status = 404
    run([PEOPLE, person(1, name=None)])
    given = as_lines([PEOPLE, person(1, name=None)]).decode()
    env = {"TARGET_CRM_LOGLEVEL": "DEBUG"}
    done = run_command("target-crm", "--config", config, given=given, env=env)
    assert "did not reach notify_url" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert TOKEN not in config.with_name("report.json").read_text()
    told = run_command("singer-crm", "runs", "--notify", "--not-run-for", "1d", "--config", config, env=env)
    assert told.returncode == 4
    assert "A notice did not reach notify_url" in told.stderr
    assert TOKEN not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"notify_url": f"http://hooks.example.com/{TOKEN}"}, "notify_url is plain http to another machine"),
        ({"notify_url": TOKEN}, "notify_url must be a URL"),
        ({"notify_when": {"rejected": 0}}, "notify_when.rejected must be a number from 1 on, or a percentage"),
        ({"notify_when": {"deleted": "some"}}, "notify_when.deleted must be a number from 1 on, or a percentage"),
        ({"notify_when": {"not_run_for": "26"}}, "notify_when.not_run_for must be a duration such as 90m, 26h or 2d"),
        ({"notify_when": {"reject": 1}}, "notify_when"),
    ],
)
def test_what_cannot_be_meant_stops_the_run_in_a_sentence(config, settings, given, said):
    config.write_text(json.dumps(settings | given))
    done = run_command("target-crm", "--config", config, given=as_lines([PEOPLE, person(1)]).decode())
    assert done.returncode == 2
    assert said in done.stderr
    assert TOKEN not in done.stderr


# Not run for so long


def aged(url, seconds):
    """Let all runs have been so long ago."""
    engine = open_engine(url)
    with engine.begin() as connection:
        times = {name: tables.runs.c[name] - seconds for name in ("began_at", "ended_at")}
        connection.execute(tables.runs.update().values(**times))
    engine.dispose()


def test_that_no_run_came_to_its_end_for_too_long_is_told_once_and_so_is_its_end(run, listener, config, settings):
    def notify(*arguments):
        done = run_command("singer-crm", "runs", "--notify", *arguments, "--config", config)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        return done.stderr

    run([PEOPLE, person(1)])
    assert notify("--not-run-for", "26h") == ""
    aged(settings["ledger_url"], 27 * 3600)
    assert notify("--not-run-for", "26h") == "1 notice was sent to notify_url\n"
    (message,) = listener.messages
    assert message["text"] == (
        "singer-crm: No run came to its end for 27 hours (threshold 26h); source default into copper 193851"
    )
    assert (message["limit"], message["seconds"] // 3600) == ("26h", 27)
    assert listener.events() == [("threshold_crossed", "not_run_for")]
    assert notify("--not-run-for", "26h") == ""
    run([PEOPLE, person(1)])
    config.write_text(json.dumps(settings | {"notify_when": {"not_run_for": "26h"}}))
    assert notify() == "1 notice was sent to notify_url\n"
    assert listener.events() == [("threshold_over", "not_run_for")]
    assert notify() == ""


def test_a_run_that_failed_or_was_killed_long_ago_is_none_that_came_to_its_end(run, listener, config, settings):
    run([PEOPLE, person(1)])
    aged(settings["ledger_url"], 27 * 3600)
    engine = open_engine(settings["ledger_url"])
    with engine.begin() as connection:
        row = dict(connection.execute(sa.select(tables.runs)).mappings().one())
        now = row["began_at"] + 27 * 3600
        failed = row | {"run_id": "failed", "began_at": now, "ended_at": now, "exit_code": 4, "number": 8}
        killed = row | {"run_id": "killed", "ended_at": None, "exit_code": None, "number": 9}
        connection.execute(tables.runs.insert(), [failed, killed])
    engine.dispose()
    run_command("singer-crm", "runs", "--notify", "--not-run-for", "1d", "--config", config)
    assert listener.events() == [("threshold_crossed", "not_run_for")]


def test_a_source_that_never_ran_is_told_and_that_it_ran_at_last(run, listener, config, settings):
    Store(settings["ledger_url"], "test").close()
    run_command("singer-crm", "runs", "--notify", "--not-run-for", "1d", "--config", config)
    assert listener.messages[0]["text"].startswith("singer-crm: No run ever came to its end (threshold 1d)")
    assert listener.events() == [("threshold_crossed", "not_run_for")]
    run([PEOPLE, person(1)])
    run_command("singer-crm", "runs", "--notify", "--not-run-for", "1d", "--config", config)
    assert listener.events() == [("threshold_over", "not_run_for")]


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("--notify",), {}, "Say how long is too long: --not-run-for 26h, or not_run_for in notify_when"),
        (("--notify", "--not-run-for", "x"), {}, "--not-run-for must be a duration such as 90m, 26h or 2d, not 'x'"),
        (("--notify", "--not-run-for", "1d"), {"notify_url": None}, "There is nobody to tell: set notify_url"),
        (("--not-run-for", "1d"), {}, "--not-run-for belongs to --notify"),
        (("--notify", "--not-run-for", "1d"), {}, "There is no ledger at"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_in_a_sentence(config, settings, arguments, given, said):
    config.write_text(json.dumps({name: value for name, value in (settings | given).items() if value is not None}))
    done = run_command("singer-crm", "runs", *arguments, "--config", config)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# The rules


def test_a_share_is_of_the_records_that_came_in_and_says_nothing_without_any():
    thresholds = thresholds_of({"notify_when": {"rejected": "5%", "waiting": 3}})

    def crossed(rejected, waiting, came_in, *, is_whole=True):
        counts = {"rejected": rejected, "waiting": waiting, "deleted": 0, "left_out": 0}
        return Figures(counts, came_in, is_whole).crossed(thresholds)

    assert crossed(5, 3, 100) == {"rejected": True, "waiting": True}
    assert crossed(4, 2, 100) == {"rejected": False, "waiting": False}
    assert crossed(4, 2, 0) == {"waiting": False}
    assert crossed(0, 2, 0) == {"rejected": False, "waiting": False}
    assert crossed(0, 9, 0, is_whole=False) == {"waiting": True}


def test_durations_are_read_and_said_as_people_do():
    assert [duration(text, "x") for text in ("90m", "26h", "1.5 d", "30s")] == [5400, 93_600, 129_600, 30]
    for text in ("", "26", "h", "-1h", "0h", "1 week"):
        with pytest.raises(SettingError, match="x must be a duration"):
            duration(text, "x")
    assert [in_words(seconds) for seconds in (30, 5400, 93_600, 900_000)] == [
        "30 seconds",
        "90 minutes",
        "26 hours",
        "10 days",
    ]


def test_what_is_crossed_again_before_its_end_was_told_goes_on(ledger_url):
    moment = [1000.0]
    store = Store(ledger_url, "test", clock=lambda: moment[0])
    notices = Notices(store, Source("copper", "1", "s"))

    def told():
        taken = []
        while (message := notices.take("rejected")) is not None:
            notices.told("rejected", is_taken=True)
            taken.append(message["n"])
        return taken

    notices.note("rejected", {"n": 0}, is_crossed=False)
    assert notices.pending() == []
    notices.note("rejected", {"n": 1}, is_crossed=True)
    notices.note("rejected", {"n": 2}, is_crossed=True)
    assert notices.pending() == ["rejected"]
    assert told() == [1]
    notices.note("rejected", {"n": 3}, is_crossed=False)
    notices.note("rejected", {"n": 4}, is_crossed=True)
    assert notices.pending() == []
    notices.note("rejected", {"n": 5}, is_crossed=False)
    assert notices.take("rejected") == {"n": 5}
    assert notices.take("rejected") is None  # somebody is telling it
    notices.note("rejected", {"n": 6}, is_crossed=True)
    moment[0] += 61  # whoever told it was killed
    assert told() == [5, 6]
    store.close()
