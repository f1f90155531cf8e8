"""Answers in XML become values, safely."""

from __future__ import annotations

import pytest

from crm_api.endpoints.json_paths import all_at, found_at
from crm_api.endpoints.xml_answers import read_xml
from crm_api.http.session import HttpDialect
from crm_api.transport.answer import Answer

ANSWER = b"""<?xml version="1.0"?><a:out xmlns:a="urn:x"><item id="7">one</item><item id="8"/><n><k>v</k></n></a:out>"""


def test_elements_attributes_and_text_have_their_places():
    value = read_xml(ANSWER)
    assert value == {"out": {"item": [{"@id": "7", "#text": "one"}, {"@id": "8"}], "n": {"k": "v"}}}
    assert all_at("$.out.item[*].'@id'", value) == ["7", "8"]
    assert found_at("$.out.n.k", value) == "v"


@pytest.mark.parametrize(
    "content",
    [
        b"<a>",
        b"plain",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    ],
)
def test_what_is_broken_or_reaches_out_is_refused(content):
    with pytest.raises(ValueError, match="not XML that can be read safely"):
        read_xml(content)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"code": 7, "message": "no such name"}}', "no such name"),
        (b'{"errors": [{"detail": "a"}, {"detail": "b"}]}', "a; b"),
        (b'{"result": {"status": "x", "reason": "closed"}}', "closed"),
        (b"<fault><reason>closed</reason></fault>", "closed"),
        (b"<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
        (b"plain words", "plain words"),
        (b"", ""),
    ],
)
def test_an_api_is_quoted_in_its_own_words(body, said):
    assert HttpDialect().said(Answer(422, {}, body)) == said
