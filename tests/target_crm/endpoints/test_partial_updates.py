"""An endpoint whose update is a PATCH can get what changed alone; any other gets records whole."""

from __future__ import annotations

import pytest

CREATE = {"path": "/people", "answer": {"id": "$.id"}}


def streams(method, **more):
    update = {"method": method, "path": "/people/{crm_id}"}
    return {"links": {"endpoints": {"create": CREATE, "update": update}, **more}}


@pytest.mark.parametrize(("more", "body"), [({"update_with": "changed"}, {"b": 3}), ({}, {"id": 1, "a": 1, "b": 3})])
def test_a_patch_gets_what_changed_if_that_is_wanted(send, api, more, body):
    send([{"id": 1, "a": 1, "b": 2}], streams=streams("PATCH", **more))
    assert send([{"id": 1, "a": 1, "b": 3}], streams=streams("PATCH", **more)).code == 0
    assert [each["body"] for each in api.received("PATCH")] == [body]


def test_updates_of_single_fields_are_refused_where_the_update_is_no_patch(send, api):
    done = send([{"id": 1}], streams=streams("PUT", update_with="changed"))
    assert done.code == 2
    assert "streams.links.update_with must be whole, since its update is a PUT" in done.errors
    assert api.received("POST") == []


def test_a_patch_after_a_lost_create_that_was_found_gets_what_changed(send, api, emulator):
    given = streams("PATCH", update_with="changed")
    given["links"]["endpoints"]["find"] = {
        "path": "/people",
        "query": {"email": "{email}"},
        "answer": {"items": "$.data", "id": "$.id"},
    }
    row = {"id": 1, "a": 1, "b": 2, "email": "x@y.example"}
    emulator.trouble("error_after:status=500,route=POST *,every=1", "error:status=500,route=GET *,every=2")
    send([row], streams=given, max_attempts=1)
    emulator.no_trouble()
    assert send([row], streams=given).code == 0
    assert send([{**row, "b": 3}], streams=given).code == 0
    assert [each["body"] for each in api.received("PATCH")] == [{"b": 3}]
