"""Schemas of any draft, and rules that no draft knows."""

from __future__ import annotations

import pytest

from target_crm.singer.odd_values import NotJson
from target_crm.singer.record_validator import RecordValidator

OLD = {"$schema": "http://json-schema.org/draft-04/schema#"}


def of(**properties):
    return {"type": "object", "properties": properties}


def validator(schema):
    return RecordValidator(schema, "tasks")


@pytest.mark.parametrize(
    ("schema", "sound", "broken"),
    [
        (of(v={"maximum": 5, "exclusiveMaximum": True}), {"v": 4}, {"v": 5}),
        (of(v={"minimum": 5, "exclusiveMinimum": False}), {"v": 5}, {"v": 4}),
        (of(v={"exclusiveMaximum": 5}), {"v": 4}, {"v": 5}),
        (of(v={"anyOf": [{"maximum": 5, "exclusiveMaximum": True}, {"type": "null"}]}), {"v": 4}, {"v": 5}),
        (of(v={"items": [{"type": "string"}, {"type": "integer"}]}), {"v": ["a", 1]}, {"v": ["a", "b"]}),
        (of(v={"items": [{}], "additionalItems": False}), {"v": [1]}, {"v": [1, 2]}),
        (of(v={"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}), {"v": ["a", 1]}, {"v": ["a", "b"]}),
        (of(v={"items": {"items": {"exclusiveMaximum": True, "maximum": 5}}}), {"v": [[4]]}, {"v": [[5]]}),
        (of(v={"required": True}), {"v": 1}, {}),
        (of(v={"divisibleBy": 2}), {"v": 4}, {"v": 3}),
        (of(v={"disallow": "string"}), {"v": 4}, {"v": "a"}),
        (of(v={"extends": {"type": "string"}}), {"v": "a"}, {"v": 1}),
        (of(v={"type": ["string", {"type": "object", "properties": {"w": {"type": "null"}}}]}), {"v": {}}, {"v": 1}),
        (of(v={"type": "any"}, w={"type": "string"}), {"v": 1}, {"w": 1}),
        (of(v={"dependencies": {"a": "b", "c": ["d"]}}), {"v": {"a": 1, "b": 1}}, {"v": {"c": 1}}),
        ({**of(v={"$ref": "#/definitions/d"}), "definitions": {"d": {"type": "string"}}}, {"v": "a"}, {"v": 1}),
        ({**of(v={"$ref": "#"}), "required": ["w"]}, {"w": 1, "v": {"w": 1}}, {"w": 1, "v": {}}),
        ({**OLD, **of(v={"$ref": "#d", "type": "null"}, w={"id": "#d", "type": "string"})}, {"v": "a"}, {"v": 1}),
        (of(v={"$id": "#/properties/v", "type": "string"}), {"v": "a"}, {"v": 1}),
    ],
)
def test_each_rule_is_read_by_the_draft_that_it_shows(schema, sound, broken):
    assert not validator(schema).warning
    assert not validator(schema).violations(sound)
    assert validator(schema).violations(broken)


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"type": "date-time"}, 'properties.v.type is "date-time"'),
        ({"anyOf": [{"type": "nonsense"}, {"type": "null"}]}, 'properties.v.anyOf.0.type is "nonsense"'),
        ({"properties": {"w": {"type": 5}}}, "properties.v.properties.w.type is 5"),
        ({"pattern": "["}, 'properties.v.pattern is "["'),
        ({"maximum": "5"}, 'properties.v.maximum is "5"'),
        ({"maximum": NotJson("NaN")}, "properties.v.maximum is null"),
        ({"maxLength": -1}, "properties.v.maxLength is -1"),
        ({"multipleOf": 0}, "properties.v.multipleOf is 0"),
        ({"$ref": "#/definitions/none"}, 'properties.v.$ref is "#/definitions/none"'),
        ({"$ref": "https://x.example/schema"}, 'properties.v.$ref is "https://x.example/schema"'),
    ],
)
def test_a_rule_that_no_draft_knows_is_named_and_the_others_hold(rule, place):
    made = validator(of(v=rule, w={"type": "string"}))
    assert place in made.warning
    assert "tasks" in made.warning
    assert "validate_records" in made.warning
    assert not made.violations({"v": "x", "w": "a"})
    assert [each.attribute for each in made.violations({"v": "x", "w": 1})] == ["w"]


def test_a_property_called_like_a_rule_is_a_property():
    made = validator(of(**{"$ref": {"type": "string"}, "type": {"type": "string"}, "required": {"type": "boolean"}}))
    assert not made.warning
    assert made.violations({"type": 1})


def test_a_schema_nested_beyond_all_bounds_is_not_checked():
    schema = {"type": "string"}
    for _ in range(450):
        schema = {"not": schema}
    assert "validate_records" in validator(of(v=schema)).warning


def test_a_violation_holds_the_value_apart_from_the_sentence():
    (broken,) = validator(of(v={"type": "string"})).violations({"v": 815})
    assert "815" not in broken.sentence
    assert (broken.attribute, broken.value) == ("v", 815)
