"""Ids that an API answers may be any text: both databases remember the record, so that it is not sent again."""

from __future__ import annotations

import pytest

ENDPOINT = {"path": "/people", "answer": {"id": "$.id"}}
ANN = {"id": "a", "name": "Ann", "email": "ann@example.org"}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("crm_id", ["a\0b", "x" * 9000, "ü" * 400, "␀0000", 2**63])
def test_a_record_with_an_odd_id_is_sent_once(send, api, request, database, crm_id):
    ledger = {"ledger_url": request.getfixturevalue("postgres")} if database == "postgresql" else {}
    api.answer("POST /people", body={"id": crm_id})
    assert send([ANN], ENDPOINT, **ledger).of("links") == {"input": 1, "created": 1}
    assert send([ANN], ENDPOINT, **ledger).of("links") == {"input": 1, "unchanged": 1}
    assert len(api.received("POST")) == 1
