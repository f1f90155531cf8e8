"""A user's own function makes the bodies; whatever it does, stdout stays Singer's and no record is lost."""

from __future__ import annotations

import pytest


def bodies(api):
    return [request["body"] for request in api.received("POST")]


CODE = '''
def by_company(records):
    """One body for each company."""
    companies = {}
    for record in records:
        if record["company"] == "bad":
            raise ValueError("bad companies are not served")
        companies.setdefault(record["company"], []).append(record)
    for name, its in companies.items():
        yield {"company": name, "people": [record["name"] for record in its]}, its
'''


@pytest.fixture
def code(tmp_path, monkeypatch):
    (tmp_path / "bodies_by_company.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    return "bodies_by_company:by_company"


def test_a_function_groups_records_into_bodies_and_where_it_raises_only_that_record_is_rejected(send, api, code):
    records = [{"id": n, "name": f"P{n}", "company": ["x", "y", "bad"][n % 3]} for n in range(6)]
    done = send(records, {"path": "/companies", "batch": {"code": code}})
    assert done.of("links") == {"input": 6, "created": 4, "rejected": 2}
    assert "bad companies are not served" in done.errors
    found = {}
    for body in bodies(api):
        found.setdefault(body["company"], []).extend(body["people"])
    assert {name: sorted(people) for name, people in found.items()} == {"x": ["P0", "P3"], "y": ["P1", "P4"]}


MORE = """
import sys


def speaks(records):
    print("is this Singer?")
    yield {"people": [record["id"] for record in records]}, records


def groups(records):
    print("is this Singer?")
    for record in records:
        yield {"people": sorted(record)}, [record]


def exits(records):
    sys.exit(3)


def unsendable(records):
    yield {"made": object()}, records


def cyclic(records):
    body = {}
    body["body"] = body
    yield body, records


def nothing(records):
    return None


def drops(records):
    yield {}, records[1:]


def doubles(records):
    yield {}, [records[0], *records]


def copies(records):
    yield {}, [dict(record) for record in records]
"""


@pytest.fixture
def odd(tmp_path, monkeypatch):
    (tmp_path / "odd_bodies.py").write_text(MORE)
    monkeypatch.syspath_prepend(tmp_path)
    return "odd_bodies"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("exits", "exits failed: SystemExit: 3"),
        ("unsendable", "unsendable makes a body that cannot be sent: Encoding objects of type object is unsupported"),
        ("cyclic", "cyclic makes a body that cannot be sent"),
        ("nothing", "nothing failed: TypeError"),
        ("drops", "drops puts 1 of the records into no body"),
        ("doubles", "doubles returns a record twice, or one that it was not given"),
        ("copies", "copies returns a record twice, or one that it was not given"),
    ],
)
def test_a_function_that_does_not_do_its_work_rejects_its_records_with_what_is_wrong(send, api, odd, name, said):
    done = send([{"id": n} for n in range(3)], {"path": "/people", "batch": {"code": f"{odd}:{name}"}})
    assert (done.code, done.of("links")) == (1, {"input": 3, "rejected": 3})
    assert said in done.errors
    assert api.received() == []


def test_what_a_function_prints_does_not_stand_among_the_messages(send, odd):
    done = send([{"id": 1}, {"id": 2}], {"path": "/people", "batch": {"code": f"{odd}:speaks"}})
    assert (done.code, done.output) == (0, "")
    assert "is this Singer?" in done.errors


def test_a_function_is_given_the_chosen_fields_alone(send, api, odd):
    endpoint = {"path": "/people", "attributes": ["id"], "batch": {"code": f"{odd}:groups"}}
    assert send([{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}], endpoint).code == 0
    assert bodies(api) == [{"people": ["id"]}] * 2
