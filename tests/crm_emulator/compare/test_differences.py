"""Kinds and keys of bodies, one side against the other."""

import json

import pytest

from crm_emulator.compare.bodies import records_in, see
from crm_emulator.compare.seen import Seen, differences
from crm_emulator.compare.shown_names import ShownNames


def told(recorded, here, *, is_cut=False):
    sides = Seen(), Seen()
    for side, bodies, cut in zip(sides, (recorded, here), (is_cut, False), strict=True):
        for body in bodies:
            see(side, body if isinstance(body, bytes) else json.dumps(body).encode(), is_cut=cut)
    return [f"{each.where}: {each.said}" for each in differences(*sides, ShownNames())]


DATES = [{"at": f"2024-01-{day:02}"} for day in range(1, 31)]
CASES = {
    "a kind": ([{"a": 1}], [{"a": "x"}], ["a: integer, here text"]),
    "a whole number where there are others": ([{"a": 1}], [{"a": 1.5}], []),
    "a fraction": ([{"a": 1.5}], [{"a": 1}], ["a: number, here integer"]),
    "a key": ([{"a": 1, "b": None}], [{"a": 1}], ["b: recorded (null), missing here"]),
    "a key of all here": ([{"a": 1}], [{"a": 1, "b": 2}], ["b: never recorded, always here (integer)"]),
    "a key of some here": ([{"a": 1}], [{"a": 1, "b": 2}, {"a": 1}], []),
    "a key of some recorded": ([{"a": 1}, {}], [{"a": 1}], ["a: sometimes missing, here never"]),
    "a null of few here": ([{"a": None}], [{"a": 1}], []),
    "a null of many here": ([{"at": None}], DATES, ["at: null, here never (text)"]),
    "nothing but nulls here": ([{"a": 1}], [{"a": None}] * 30, []),
    "a form": ([{"at": "1/2/2024"}], DATES, ["at: day, here date"]),
    "no form": ([{"at": "soon"}], DATES, ["at: text of no one form, here date"]),
    "the same form": ([{"at": "2020-02-02"}], DATES, []),
    "an empty list": ([{"a": []}], [{"a": [{"b": 1}]}], []),
    "an element": ([[{"a": [1]}]], [[{"a": ["x"]}]], ["[].a[]: integer, here text"]),
    "a page": ([b"<html>"], [{"a": 1}], ["the body: a page, here object"]),
    "nothing": ([b""], [[]], ["the body: nothing, here list"]),
    "an account's own field": ([{"custom_field": {"cf_a": 1}}], [{"custom_field": {"cf_b": 1}}], []),
    "a key that may be a value": ([{"a@b.example": 1}], [{}], ["{key}: recorded (integer), missing here"]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_told_where_bodies_differ_and_where_nothing_is_known_nothing(name):
    recorded, here, said = CASES[name]
    assert told(recorded, here) == said


def test_a_body_without_its_end_is_compared_as_far_as_it_goes():
    whole = json.dumps({"a": [{"b": "x,]}", "c": 1}, {"b": 'y"', "c": {"d": [2]}}], "e": 1})
    here = [json.loads(whole)]
    for end in range(len(whole) + 1):
        assert told([whole[:end].encode()], here, is_cut=True) == [], whole[:end]
    assert told([b'{"a":[{"b":1,"x":[{"c'], here, is_cut=True) == [
        "a[].b: integer, here text",
        "a[].x: recorded (list), missing here",
    ]


@pytest.mark.parametrize(
    ("body", "count"),
    [({"id": 1, "emails": [{}, {}]}, 1), ([{"id": 1}, {}], 2), ({"data": [{}]}, 1), ({"c": {"c": [{}]}}, 1), (1, 0)],
)
def test_records_are_counted(body, count):
    assert records_in(json.dumps(body).encode()) == count
