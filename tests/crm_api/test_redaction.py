"""Secrets are masked in every spelling that HTTP and logs give them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.transport.redaction import MASK, Redactor

SECRETS = st.text("abcXYZ019+/=&%äß\"' \\\n", min_size=4, max_size=40).filter(str.strip)


@given(SECRETS, st.text("xyz \n", max_size=10))
def test_a_secret_is_masked_in_every_spelling(secret: str, around: str) -> None:
    redact = Redactor([secret])
    for spelling in (
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        urlencode({"key": secret}).removeprefix("key="),
        base64.b64encode(secret.encode()).decode(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    ):
        assert redact(f"{around}{spelling}{around}") == f"{around}{MASK}{around}"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert Redactor(["secret", "secret-and-more"])("secret-and-more secret") == f"{MASK} {MASK}"


@pytest.mark.parametrize("secrets", [[], [""], ["abc"]])
def test_what_is_no_secret_is_left_alone(secrets: list[str]) -> None:
    assert Redactor(secrets)("abc def") == "abc def"


def test_it_does_not_show_what_it_hides() -> None:
    assert "secret" not in repr(Redactor(["secret"]))
