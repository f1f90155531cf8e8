"""Declared endpoints: the requests that records become, and the reading of answers."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.crm import Refused, Unclear, Written
from crm_api.crm_objects import Outgoing, SourceRecord
from crm_api.endpoints.answers import results_of
from crm_api.endpoints.endpoint import AnswerPaths, Batch, Endpoint, Format, XmlForm
from crm_api.endpoints.requests import Item, prepare
from crm_api.endpoints.templates import filled_path
from crm_api.errors import InDoubtError
from crm_api.transport.answer import Answer


def answered(value, status=200):
    return Answer(status, {}, msgspec.json.encode(value), value)


def test_a_record_is_sent_whole_unless_the_endpoint_says_otherwise():
    record = {"id": 7, "name": "Ann", "tags": ["a"]}
    assert prepare(Endpoint("/x"), [Item(record)]).body == record
    chosen = Endpoint("/x", attributes=("name",), property="contact", extra={"source": "crm"})
    assert prepare(chosen, [Item(record)]).body == {"source": "crm", "contact": {"name": "Ann"}}


def test_a_batch_is_a_list_or_an_object_with_extra_properties():
    items = [Item({"n": 1}), Item({"n": 2}, 9)]
    assert prepare(Endpoint("/x", batch=Batch()), items).body == [{"n": 1}, {"id": 9, "n": 2}]
    wrapped = Endpoint("/x", batch=Batch(property="records", extra={"source": "meltano"}))
    assert prepare(wrapped, items[:1]).body == {"source": "meltano", "records": [{"n": 1}]}


def test_a_form_carries_nested_values_as_json():
    endpoint = Endpoint("/leads", query={"a": "save"}, format=Format.FORM, property="leadData", extra={"flag": True})
    request = prepare(endpoint, [Item({"lastName": "O", "amount": Decimal("1.50")})])
    assert request.params == {"a": "save"}
    assert request.form == {"flag": "true", "leadData": '{"lastName":"O","amount":1.50}'}


def test_xml_has_elements_attributes_and_items():
    endpoint = Endpoint("/x", format=Format.XML, xml=XmlForm("invoice", "line", ("no",)))
    content = prepare(endpoint, [Item({"no": 5, "to": "A & <B>", "lines": [{"sku": "x"}, {"sku": "y"}]})]).content
    assert content.endswith(
        b'<invoice no="5"><to>A &amp; &lt;B&gt;</to>'
        b"<lines><line><sku>x</sku></line><line><sku>y</sku></line></lines></invoice>"
    )


@pytest.mark.parametrize(("record", "said"), [({"a b": 1}, "not a valid XML name"), ({"a": "\x00"}, "U+0000")])
def test_what_xml_cannot_carry_is_said(record, said):
    with pytest.raises(ValueError, match="XML") as error:
        prepare(Endpoint("/x", format=Format.XML), [Item(record)])
    assert said in str(error.value)


@given(st.text(min_size=1))
def test_no_value_leaves_its_segment(value):
    try:
        path = filled_path("/a/{x}/b", {"x": value})
    except ValueError:
        assert value in {".", ".."}
        return
    assert path.isascii()
    assert path.isprintable()
    assert path.count("/") == 3
    assert not set(path) & set("?#\r\n ")


@pytest.mark.parametrize("record", [{}, {"x": None}, {"x": ""}])
def test_an_address_without_its_field_is_refused(record):
    with pytest.raises(ValueError, match="x is missing"):
        prepare(Endpoint("/a/{x}"), [Item(record)])


@pytest.mark.parametrize("value", ["a\r\nX: 1", "\u2603", " a"])
def test_no_value_breaks_a_header(value):
    with pytest.raises(ValueError, match="header"):
        prepare(Endpoint("/a", headers={"X-Of": "{x}"}), [Item({"x": value})])


def test_a_parameter_that_is_one_field_is_left_out_for_a_null():
    endpoint = Endpoint("/a", query={"one": "{x}", "two": "{y}", "three": 3}, parameters={"flag": "isFlag"})
    request = prepare(endpoint, [Item({"x": None, "y": True}, parameters={"flag": "N"})])
    assert request.params == {"two": "true", "three": "3", "isFlag": "N"}


def test_each_item_of_a_batch_has_its_own_result():
    endpoint = Endpoint("/x", batch=Batch(), answer=AnswerPaths("$.results", "$.id", "$.error"))
    answer = answered({"results": [{"id": 4}, {"error": "no name"}]})
    assert results_of(endpoint, [Item({}), Item({})], answer) == [
        Written(4, {"id": 4}),
        Refused("no name", 200, body='{"error":"no name"}'),
    ]


@pytest.mark.parametrize("value", [{"results": [{"id": 4}]}, {}])
def test_an_answer_that_does_not_tell_leaves_the_write_in_doubt(value):
    endpoint = Endpoint("/x", batch=Batch(), answer=AnswerPaths("$.results", "$.id", "$.error"))
    with pytest.raises(InDoubtError):
        results_of(endpoint, [Item({}), Item({})], answered(value))


def test_an_item_that_does_not_tell_leaves_its_own_record_in_doubt():
    endpoint = Endpoint("/x", batch=Batch(), answer=AnswerPaths("$.results", "$.id", "$.error"))
    answer = answered({"results": [{"id": 4}, {"note": "queued"}]})
    assert results_of(endpoint, [Item({}), Item({})], answer) == [
        Written(4, {"id": 4}),
        Unclear(200, '{"note":"queued"}'),
    ]


def test_a_record_without_an_id_is_called_the_same_each_time():
    endpoint = Endpoint("/x")
    (first,), (again,) = (results_of(endpoint, [Item({"a": 1})], answered(None)) for _ in range(2))
    (other,) = results_of(endpoint, [Item({"a": 2})], answered(None))
    assert first == again != other


@pytest.mark.parametrize(
    ("endpoint", "may"),
    [
        (Endpoint("/x"), False),
        (Endpoint("/x", "PATCH"), False),
        (Endpoint("/x", "PUT"), True),
        (Endpoint("/x", "DELETE"), True),
        (Endpoint("/x", repeatable=True), True),
        (Endpoint("/x", idempotency_header="Idempotency-Key"), True),
        (Endpoint("/x", "PUT", repeatable=False), False),
    ],
)
def test_only_what_is_the_same_twice_may_be_repeated(endpoint, may):
    assert endpoint.may_repeat is may


def test_what_goes_beside_a_payload_is_one_flat_object_in_the_ledger_and_comes_back():
    source = SourceRecord("orders", "7", 1_700_000_000.5)
    whole = Outgoing({"a": 1}, {"flag": "N"}, source, frozenset({"a"}))
    assert dict(whole) == {"a": 1}
    stored = msgspec.json.decode(msgspec.json.encode(whole.flat))
    assert stored == {"a": 1, "{parameters}": {"flag": "N"}, "{source}": ["orders", "7", 1_700_000_000.5]}
    back = Outgoing.of_flat(stored)
    assert (back.payload, back.parameters, back.source) == (whole.payload, whole.parameters, source)
    assert Outgoing({"a": 1}).flat == {"a": 1}
