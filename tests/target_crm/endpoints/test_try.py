"""``singer-crm try`` sends one record and shows question and answer, without a secret."""

from __future__ import annotations

import json

import pytest

from tests.commands import run_command
from tests.target_crm.messages import as_lines, record_of, schema_of


@pytest.fixture
def attempt(settings, api, tmp_path):
    """Run the command on an input."""
    api.switches.auth = "bearer"

    def attempt(given, *options, **config):
        file = tmp_path / "config.json"
        streams = {"links": {"endpoint": {"path": "/links", "query": {"who": "{who}"}}}}
        signed = {"auth": "bearer", "auth_value": api.api_key}
        file.write_text(json.dumps({**settings, **signed, "streams": streams, **config}))
        return run_command("singer-crm", "try", "--config", file, *options, given=given)

    return attempt


def test_a_record_alone_is_sent_and_both_sides_are_shown(attempt, api):
    done = attempt('{"id": 7, "who": "a b"}')
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == '> POST /links?who=a+b {"id":7,"who":"a b"}'
    assert done.stdout.splitlines()[1].startswith("< 201 {")
    assert "links: created" in done.stdout
    assert len(api.records("records")) == 1
    assert api.api_key not in done.stdout + done.stderr


def test_of_singer_messages_the_first_record_is_taken(attempt, api):
    lines = as_lines([schema_of("links", "who"), record_of("links", id=1, who="x"), record_of("links", id=2, who="y")])
    assert attempt(lines.decode()).returncode == 0
    assert [request["body"]["id"] for request in api.received("POST")] == [1]


def test_a_refusal_is_shown_as_it_came(attempt, api):
    api.answer("POST /links", status=422, body={"message": f"no {api.api_key}"})
    done = attempt('{"id": 7, "who": "x"}')
    assert done.returncode == 1
    assert '< 422 {"message":"no ***"}' in done.stdout
    assert "links: rejected" in done.stdout
    assert "refused: no ***" in done.stdout
    assert api.api_key not in done.stdout + done.stderr


def test_a_dry_run_shows_what_would_be_sent_alone(attempt, api):
    done = attempt('{"id": 7, "who": "x"}', dry_run=True)
    assert done.returncode == 0
    assert "POST /links?who=x" in done.stderr
    assert api.received() == []


@pytest.mark.parametrize("given", ["", "[]", "nothing", "{}"])
def test_an_input_without_a_record_is_one_sentence(attempt, given):
    done = attempt(given)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("The input must hold Singer messages or one record")


def test_the_stream_has_to_be_named_where_there_are_several(attempt):
    streams = {name: {"endpoint": {"path": "/links"}} for name in ("a", "b")}
    done = attempt('{"id": 1}', streams=streams)
    assert done.returncode == 2
    assert "Name the record's stream with --stream: a, b" in done.stderr
    assert attempt('{"id": 1}', "--stream", "b", streams=streams).returncode == 0
