"""Freshsales' addresses, and what it says when something is wrong."""

from __future__ import annotations

import msgspec
import pytest

from crm_api.errors import (
    BusyError,
    CredentialsError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NoRouteError,
    SettingError,
)
from crm_api.freshsales.session import FreshsalesDialect, FreshsalesSettings, address_of
from crm_api.freshsales.side_loads import OF_DEALS, with_ids
from crm_api.transport.answer import Answer

SUITE = "https://acme.myfreshworks.com/crm/sales/api"
CLASSIC = "https://acme.freshsales.io/api"


@pytest.mark.parametrize(
    ("domain", "address"),
    [
        ("acme", SUITE),
        ("ACME ", SUITE),
        ("acme.myfreshworks.com", SUITE),
        ("acme.myfreshworks.com/crm/sales", SUITE),
        ("https://acme.myfreshworks.com/crm/sales/contacts/view/1?x=y", SUITE),
        ("acme.freshsales.io", CLASSIC),
        ("https://acme.freshsales.io/", CLASSIC),
        ("crm.acme.example", "https://crm.acme.example/crm/sales/api"),
    ],
)
def test_a_domain_may_be_an_alias_a_host_or_a_url(domain, address):
    assert address_of(domain) == address
    settings = FreshsalesSettings(api_key="k", domain=domain)
    assert settings.is_classic is (address == CLASSIC)
    assert settings.account_id == address.split("/")[2]


@pytest.mark.parametrize("domain", ["a b", "-", "https://", "http://user:secret@acme.freshsales.io", "acme.example:80"])
def test_what_is_no_domain_is_told_without_a_password(domain):
    with pytest.raises(SettingError, match="domain must be a bundle alias") as told:
        address_of(domain)
    assert "secret" not in str(told.value)


def test_the_account_is_its_host_also_behind_a_proxy():
    settings = FreshsalesSettings(api_key="k", domain="acme", base_url="https://proxy.example/fresh/crm/sales/api")
    assert (settings.address, settings.account_id) == (
        "https://proxy.example/fresh/crm/sales/api",
        "acme.myfreshworks.com",
    )
    alone = FreshsalesSettings(api_key="k", base_url="http://127.0.0.1:8467/freshsales/api")
    assert (alone.account_id, alone.is_classic) == ("127.0.0.1:8467/freshsales/api", True)


@pytest.mark.parametrize("key", ["ä", "a b\n", " key"])
def test_a_key_that_cannot_stand_in_a_header_is_told_and_not_shown(key):
    with pytest.raises(SettingError, match="api_key holds characters") as told:
        FreshsalesSettings(api_key=key, domain="acme").signature()
    assert key not in str(told.value)


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, {"errors": {"code": 400, "message": ["Name is taken", "No"]}}, InvalidError, "Name is taken; No"),
        (422, {"errors": {"code": 422, "message": "Email is not unique"}}, InvalidError, "Email is not unique"),
        (400, {"errors": ["a", "b"]}, InvalidError, "a; b"),
        (400, {"errors": {}, "description": "wrong"}, InvalidError, "wrong"),
        (401, {"login": "failed", "message": "Invalid"}, CredentialsError, "Invalid"),
        (
            403,
            {"errors": {"code": 403, "message": ["U bent niet gemachtigd"]}},
            ForbiddenError,
            "U bent niet gemachtigd",
        ),
        (404, {"errors": {"code": 404, "message": ["gone"]}}, GoneError, "gone"),
        (404, "<html><title>No page (404)</title></html>", NoRouteError, "No page (404)"),
        (405, "<html><title>No</title></html>", NoRouteError, "No"),
        (429, "", BusyError, ""),
    ],
)
def test_what_went_wrong_is_told_by_status_and_words(status, body, kind, said):
    content = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    failure = FreshsalesDialect().failure(Answer(status, {}, content))
    assert failure is not None
    assert issubclass(failure.kind, kind)
    assert failure.said == said


ADA, EVE = {"id": 7, "name": "Ada"}, {"id": "8", "name": "Eve"}


@pytest.mark.parametrize(
    ("record", "beside", "alone", "told"),
    [
        ({}, {"users": [ADA]}, True, {"owner_id": 7}),
        ({}, {"users": []}, False, {"owner_id": None}),
        ({}, {"users": [ADA]}, False, {}),  # of one of several records, nobody knows which
        ({}, {"users": [ADA, EVE]}, True, {}),
        ({}, {"users": ["odd"]}, True, {}),
        ({}, {"users": {"7": ADA}}, True, {}),
        ({}, {}, True, {}),
        ({"owner_id": 9}, {"users": [ADA]}, True, {"owner_id": 9}),
        ({"owner_id": None}, {"users": [ADA]}, True, {"owner_id": None}),
        ({}, {"sales_accounts": [ADA]}, True, {"sales_account_id": 7, "sales_account": {"name": "Ada"}}),
        ({}, {"sales_accounts": []}, True, {"sales_account_id": None, "sales_account": None}),
    ],
)
def test_an_object_beside_a_record_is_its_own_only_where_the_answer_tells_so(record, beside, alone, told):
    answer = {**beside, "deal": record}
    assert with_ids(OF_DEALS, {"id": 1, **record}, answer, alone=alone) == {"id": 1, **told}
