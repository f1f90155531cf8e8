"""Each captured response says what was done, with the status and the answer; no id that the endpoint did not give."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

LINK = {"id": 1, "who": "ann"}


@pytest.fixture
def told(send, tmp_path):
    """Send records to an endpoint, and return their captured responses."""

    def told(records, endpoint=None, **config):
        file = tmp_path / "responses.singer"
        done = send(records, endpoint, responses_path=str(file), **config)
        lines = [json.loads(line)["record"] for line in file.read_text().splitlines()[1:]]
        return done, lines

    return told


def facts(line):
    return line["outcome"], line["crm_id"], line["status"]


@pytest.mark.parametrize(
    ("method", "outcome"), [("POST", "created"), ("PUT", "updated"), ("PATCH", "updated"), ("DELETE", "deleted")]
)
def test_an_endpoint_is_told_as_what_its_method_does(told, api, tmp_path, method, outcome):
    api.answer(f"{method} /links/1", status=202, body={"id": 7})
    done, (line,) = told([LINK], {"method": method, "path": "/links/{id}"})
    assert done.of("links") == {"input": 1, outcome: 1}
    assert facts(line) == (outcome, None, 202)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        assert ledger.execute("SELECT action FROM history WHERE action <> 'counted'").fetchall() == [(outcome,)]
    done, (line,) = told([LINK], {"method": method, "path": "/links/{id}"})
    assert facts(line) == ("unchanged", None, None)


def test_a_create_by_put_beside_an_update_is_a_create(told):
    calls = {"create": {"method": "PUT", "path": "/links/{id}"}, "update": {"method": "PUT", "path": "/links/{id}"}}
    _, (line,) = told([LINK], streams={"links": {"endpoints": calls}})
    assert line["outcome"] == "created"
    _, (line,) = told([LINK | {"who": "bob"}], streams={"links": {"endpoints": calls}})
    assert line["outcome"] == "updated"
    assert line["crm_id"] is None


def test_an_id_that_the_endpoint_gives_is_told(told):
    _, (line,) = told([LINK], {"path": "/links", "answer": {"id": "$.id"}})
    assert line["outcome"] == "created"
    assert line["crm_id"] not in {None, "1"}
    assert line["status"] in {200, 201}
    assert line["answer"]["id"] == line["crm_id"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [({"message": "No such link"}, {"message": "No such link"}), (["no"], {"body": ["no"]})],
)
def test_a_refusal_comes_with_its_status_and_the_answer(told, api, body, answer):
    api.answer("POST /links", status=422, body=body)
    done, (line,) = told([LINK], {"path": "/links"})
    assert done.of("links") == {"input": 1, "rejected": 1}
    assert facts(line) == ("rejected", None, 422)
    assert line["answer"] == answer


@pytest.mark.parametrize("status", [202, 404])
def test_a_delete_comes_with_its_status(told, api, status):
    api.answer("DELETE /links/1", status=status)
    streams = {"links": {"endpoints": {"delete": {"path": "/links/{id}"}}}}
    done, lines = told([LINK], streams=streams)
    assert done.of("links") == {"input": 1, "deleted": 1}
    (line,) = (line for line in lines if line["outcome"] == "deleted")
    assert facts(line) == ("deleted", None, status)


def test_a_dry_run_tells_the_same(send):
    done = send([LINK], {"method": "DELETE", "path": "/links/{id}"}, dry_run=True)
    assert done.of("links") == {"input": 1, "deleted": 1}
    assert "links 1: delete" in done.errors
