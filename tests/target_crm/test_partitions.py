"""Several processes write one stream together: each its share, none of it twice, with one ledger."""

from __future__ import annotations

import json
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.errors import SettingError
from target_crm.concurrency import Stopping
from target_crm.ledger.locks import FileLocks, LockedError, LockLostError
from target_crm.ledger.sole_writer import Epochs
from target_crm.ledger.store import Store
from target_crm.ledger.values import Source
from target_crm.partition import Partition, Share, read_partition
from tests.commands import Command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "name", "email")
BY_EMAIL = {"people": {"source_id": ["email"]}}


def person(number, **more):
    return record_of("people", id=number, **{"name": f"P{number}", "email": f"p{number}@x.org"} | more)


def share(index, of):
    return {"of": of, "index": index}


@pytest.fixture
def shares(settings, tmp_path):
    """Start a process for each share, all on the same messages; returns them."""

    def start(of, messages, indexes=None, **config):
        processes = []
        for index in range(of) if indexes is None else indexes:
            file = tmp_path / f"{index}-of-{of}.json"
            report = str(tmp_path / f"report-{index}-of-{of}.json")
            given = {**settings, "report_path": report, "partition": share(index, of), **config}
            file.write_text(json.dumps({name: value for name, value in given.items() if value is not None}))
            processes.append(Command("target-crm", "--config", file))
        for process in processes:
            process.feed = as_lines(messages)
        return processes

    return start


def finished(processes):
    """Let processes read their input side by side to its end; returns their exit codes and lines."""
    with ThreadPoolExecutor(len(processes)) as pool:
        ended = list(pool.map(lambda each: each.communicate(each.feed), processes))
    return [
        (process.returncode, output.decode(), errors.decode())
        for process, (output, errors) in zip(processes, ended, strict=True)
    ]


@given(st.lists(st.text(), max_size=20), st.integers(1, 9))
def test_each_record_belongs_to_one_share(source_ids, of):
    divided = [Share(Partition(of, index), "source id", str) for index in range(of)]
    for source_id in source_ids:
        assert sum(each.holds(source_id) for each in divided) == 1


def test_processes_write_one_stream_together(shares, emulator, ledger_url):
    messages = [PEOPLE, *map(person, range(90)), state_of({"at": 90})]
    ended = finished(shares(3, messages, ledger_url=ledger_url, streams=BY_EMAIL))
    assert [code for code, _, _ in ended] == [0, 0, 0], ended
    assert all('"at"' in output for _, output, _ in ended)
    assert sorted(each["name"] for each in emulator.copper.records("people")) == sorted(f"P{n}" for n in range(90))


def test_another_number_of_shares_sends_nothing_again(run, emulator, writes):
    messages = [PEOPLE, *map(person, range(40))]
    dice = random.Random(16)
    for _ in range(4):
        of = dice.choice([1, 2, 3, 5, 8])
        for index in range(of):
            assert run(messages, streams=BY_EMAIL, partition=share(index, of)).code == 0
        if emulator.copper.count("people") == 40 and (sent := len(writes())):
            for index in range(of):
                run(messages, streams=BY_EMAIL, partition=share(index, of))
            assert len(writes()) == sent
    assert emulator.copper.count("people") == 40
    assert all(request.startswith("POST") for request in writes())
    assert run(messages, streams=BY_EMAIL).code == 0
    assert emulator.copper.count("people") == 40


def test_killed_again_and_again_each_record_is_there_once(shares, emulator, ledger_url):
    messages = [PEOPLE, *map(person, range(120))]
    dice, killed = random.Random(7), 0
    for at in (3, 9, 17, 5, None):
        processes = shares(3, messages, ledger_url=ledger_url, streams=BY_EMAIL, batch_size_rows=20)
        victim = processes[dice.randrange(3)]
        left = [at]

        def count(_, left=left, victim=victim):
            if left[0] is not None:
                left[0] -= 1
                if left[0] == 0:
                    victim.send_signal(signal.SIGKILL)

        undo = emulator.between_requests(count)
        codes = [code for code, _, _ in finished(processes)]
        undo()
        killed += codes.count(-signal.SIGKILL)
        assert set(codes) <= {0, -signal.SIGKILL}
        names = [each["name"] for each in emulator.copper.records("people")]
        assert len(names) == len(set(names))
    assert killed >= 2
    assert emulator.copper.count("people") == 120


def held(tmp_path, who, clock=lambda: 0.0):
    stopping = Stopping(clock=clock, sleep=lambda _: None)
    source = Source("copper", "1", "x")
    return FileLocks(tmp_path / "ledger.sqlite", source, who, stopping, wait_seconds=0, clock=clock)


def divided(index, of, by="email"):
    return Share(Partition(of, index), by, str)


def test_another_division_waits_until_all_of_the_old_are_free(tmp_path):
    first, second, other = (held(tmp_path, who) for who in ("first", "second", "other"))
    first.take("people", share=divided(0, 3))
    second.take("people", share=divided(2, 3))
    for refused in (divided(0, 3), divided(0, 2), divided(1, 3, "source id"), None):
        with pytest.raises(LockedError):
            other.take("people", share=refused)
    first.close()
    with pytest.raises(LockedError):
        other.take("people", share=divided(0, 2))
    second.close()
    other.take("people", share=divided(0, 2))
    with pytest.raises(LockedError):
        held(tmp_path, "late").take("people", share=divided(0, 3))
    other.close()
    first = held(tmp_path, "whole")
    first.take("people")
    with pytest.raises(LockedError):
        held(tmp_path, "late").take("people", share=divided(0, 3))


def test_a_run_of_another_division_ends_with_5_and_writes_nothing(shares, emulator, ledger_url):
    (first,) = shares(3, [], [0], ledger_url=ledger_url, streams=BY_EMAIL)
    asked = threading.Event()
    undo = emulator.between_requests(lambda request: asked.set() if request.method == "POST" else None)
    first.stdin.write(as_lines([PEOPLE, *map(person, range(1, 2001))]))
    assert asked.wait(200)
    undo()
    messages = [PEOPLE, person(5000)]
    for of, indexes in ((2, [0, 1]), (3, [0])):
        for code, _, errors in finished(shares(of, messages, indexes, ledger_url=ledger_url, streams=BY_EMAIL)):
            assert code == 5, errors
            assert f"process {first.pid}" in errors
    assert not [each for each in emulator.copper.records("people") if each["name"] == "P5000"]
    first.communicate(b"")
    assert first.returncode == 0


@pytest.mark.parametrize(
    ("streams", "why"),
    [
        ({"people": {"load_method": "overwrite"}}, "does not show what is absent"),
        ({"people": {"load_method": "delete"}}, "divides no deletes"),
        ({"people": {"hard_delete": True}}, "divides no deletes"),
        ({"people": {}}, "told apart by id, and may become one record of the CRM by emails"),
        ({"people": {"source_id": ["email"], "match_on": ["emails", "name"]}}, "by emails or name"),
        ({"people": {"source_id": ["email"], "match_on": [["emails", "name"]]}}, "by emails and name"),
    ],
)
def test_what_cannot_be_divided_is_refused_with_the_reason(run, writes, streams, why):
    done = run([PEOPLE, person(1)], streams=streams, partition=share(0, 2))
    assert done.code == 2
    assert why in done.errors
    assert not writes()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"partition": share(2, 2)}, "with 2 shares it is 0 to 1, not 2"),
        ({"partition": share(0, 2), "dry_run": True, "plan_path": "plan"}, "plan_path and partition"),
    ],
)
def test_a_share_that_there_is_not_is_refused(run, given, why):
    done = run([PEOPLE, person(1)], streams=BY_EMAIL, **given)
    assert (done.code, why in done.errors) == (2, True)


@pytest.mark.parametrize("text", ["3/3", "-1/3", "1", "a/b", "0/0", "0/5000", ""])
def test_a_share_on_the_command_line_is_read_strictly(text):
    with pytest.raises(SettingError, match="such as 0/3"):
        read_partition(text)


def test_a_version_that_is_activated_is_refused(run):
    version = {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1}
    done = run([PEOPLE, version], streams=BY_EMAIL, partition=share(0, 2))
    assert done.code == 2
    assert "a share knows nothing" in done.errors


@pytest.mark.parametrize("of", [2, 3])
def test_a_record_of_two_shares_is_rejected_and_written_by_a_whole_run(run, emulator, of):
    people = schema_of("people", "name", "email", "other_email")
    streams = {"people": {"source_id": ["email"]}}
    messages = [people, *(person(n, other_email=f"q{n}@x.org") for n in range(12))]
    codes = [run(messages, streams=streams, partition=share(index, of)).code for index in range(of)]
    written = {each["name"] for each in emulator.copper.records("people")}
    assert 1 in codes
    assert 0 < len(written) < 12
    assert run([people], streams=streams).code == 0
    assert emulator.copper.count("people") == 12


def test_rows_are_appended_by_source_id_each_version_once(run, emulator):
    streams = {"people": {"load_method": "append-only", "exclude": ["email"]}}
    messages = [PEOPLE, *(person(n % 10, name=f"V{n}") for n in range(40))]
    for _ in range(2):
        for index in range(3):
            assert run(messages, streams=streams, partition=share(index, 3)).code == 0
    assert sorted(each["name"] for each in emulator.copper.records("people")) == sorted(f"V{n}" for n in range(40))


def test_what_another_share_holds_is_left_to_it(run, emulator):
    people = schema_of("people", "name", "email", "title")
    messages = [people, *(person(n, title=["no", "text"] if n < 9 else "X") for n in range(12))]
    codes = {run(messages, streams=BY_EMAIL, partition=share(index, 3)).code for index in range(3)}
    assert codes == {1}
    asked = [run([people], streams=BY_EMAIL, partition=share(index, 3), max_rejected=9) for index in range(3)]
    # Each tries its own once more, and nobody a record of others.
    assert sum(done.report["carried_over"]["people"] for done in asked) == 9
    assert emulator.copper.count("people") == 3


def test_a_reference_to_a_record_of_another_share_waits_in_the_ledger(run, emulator):
    companies = schema_of("companies", "name", "email_domain")
    people = schema_of("people", "name", "email", "company")
    streams = {
        "companies": {"source_id": ["email_domain"], "match_on": ["email_domain"]},
        "people": {
            "source_id": ["email"],
            "references": {"company_id": {"stream": "companies", "source_id": "company"}},
        },
    }
    messages = [
        companies,
        *(record_of("companies", id=n, name=f"C{n}", email_domain=f"c{n}.org") for n in range(8)),
        people,
        *(person(n, company=f"c{n}.org") for n in range(8)),
    ]
    waited = [run(messages, streams=streams, partition=share(index, 3)) for index in range(3)]
    assert {done.code for done in waited} == {0}
    assert any(done.report["streams"]["people"].get("waiting") for done in waited)
    for index in range(3):
        assert run([people], streams=streams, partition=share(index, 3)).code == 0
    ids = {each["name"][1:]: each["id"] for each in emulator.copper.records("companies")}
    assert {each["name"][1:]: each["company_id"] for each in emulator.copper.records("people")} == ids


@pytest.mark.parametrize(
    ("first", "second", "is_over"),
    [
        (None, divided(0, 3), True),
        (divided(0, 3), None, True),
        (divided(0, 3), divided(0, 3), True),
        (divided(0, 3), divided(1, 3), False),
        (divided(0, 3), divided(1, 2), True),
        (divided(0, 3), divided(1, 13), True),
        (divided(0, 3), divided(1, 3, "source id"), True),
    ],
)
def test_a_writer_that_was_taken_over_writes_no_more(ledger_url, first, second, is_over):
    store, source = Store(ledger_url, "run"), Source("copper", "1", "x")
    before, after = Epochs(store, source, "before"), Epochs(store, source, "after")
    before.take("people", first)
    after.take("people", second)
    with store.write() as connection:
        after.verify(connection)
        if is_over:
            with pytest.raises(LockLostError, match="taken over by after"):
                before.verify(connection)
        else:
            before.verify(connection)
    store.close()


def test_what_another_share_may_have_created_is_not_taken_for_ours(run, emulator):
    """Two rows of one content, in two shares, both without an answer, one record in the CRM: whose, nobody knows."""
    streams = {"people": {"load_method": "append-only", "exclude": ["email"]}}
    rows = [person(n, name="Same") for n in range(8)]
    for index, fault in enumerate(("reset", "lost")):
        row = next(row for row in rows if divided(index, 2).holds(str(row["record"]["id"])))
        emulator.trouble(f"{fault}:route=POST /people")
        run([PEOPLE, row], streams=streams, partition=share(index, 2), retry_rejected=False)
        emulator.no_trouble()
    assert emulator.copper.count("people") == 1
    for index in (0, 1):
        run([PEOPLE], streams=streams, partition=share(index, 2))
    assert emulator.copper.count("people") == 1
    assert run([PEOPLE], streams=streams).code == 0
    assert emulator.copper.count("people") == 2
