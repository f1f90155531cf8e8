"""Every example of docs/endpoints.md, run as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.target_crm.messages import record_of, schema_of

PAGE = (Path(__file__).parents[3] / "docs" / "endpoints.md").read_text()
_BLOCK = re.compile(r"^```(\w+)(?: ([^\n`]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REQUEST = re.compile(r"^(?:POST|PUT|PATCH|DELETE|GET) /")
BLOCKS = _BLOCK.findall(PAGE)
RECORDS = [json.loads(line) for line in next(text for _, name, text in BLOCKS if name == "records").splitlines()]
MESSAGES = [schema_of("links", *RECORDS[0]), *(record_of("links", **record) for record in RECORDS)]


def _examples():
    settings = None
    for language, _, text in BLOCKS:
        if language == "yaml":
            settings = text
        elif language == "http":
            yield pytest.param(settings, text.splitlines(), id=" ".join(settings.split())[:60])


@pytest.fixture(autouse=True)
def _code(tmp_path, monkeypatch):
    for language, name, text in BLOCKS:
        if language == "python":
            (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(("settings_", "wanted"), [*_examples()])
def test_the_settings_make_exactly_the_requests_that_the_page_shows(run, api, settings_, wanted):
    done = run(MESSAGES, dry_run=True, max_concurrency=1, **yaml.safe_load(settings_))
    assert done.code == 0, done.errors
    reads = [f"GET {request['path']}?{_query(request)}" for request in api.received("GET")]
    shown = re.sub(r"(encoding='utf-8'\?>)\\n", r"\1 ", done.errors)
    assert [*reads, *filter(_REQUEST.match, shown.splitlines())] == wanted
    assert api.received("POST") == []


def _query(request):
    return "&".join(f"{name}={value}" for name, value in request["query"].items())


def test_the_answer_that_the_page_shows_has_the_outcome_that_it_tells(run, api):
    place = next(number for number, (_, name, _) in enumerate(BLOCKS) if name == "answer")
    settings, answer, outcome = (BLOCKS[place + step][2] for step in (-1, 0, 1))
    api.answer("POST /links", status=200, body=json.loads(answer))
    done = run(MESSAGES, **yaml.safe_load(settings))
    counts = {name: count for name, count in done.of("links").items() if name != "input"}
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    reason = outcome.strip().partition(": ")[2]
    assert f"{told}: {reason}" == outcome.strip()
    assert reason in done.errors
