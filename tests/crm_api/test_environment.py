from __future__ import annotations

from typing import Any

import pytest

from crm_api.environment import environment_settings
from crm_api.errors import SettingError

SCHEMA = {
    "properties": {
        "name": {"type": ["string", "null"]},
        "style": {"type": "string"},
        "number": {"type": ["integer", "null"]},
        "share": {"type": "number"},
        "on": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "things": {"type": "array", "items": {"type": "object"}},
        "inner": {"type": "object"},
        "most": {"type": ["integer", "string"]},
        "secret": {"type": "object", "secret": True},
    }
}


def read(**given: str) -> dict[str, Any]:
    return environment_settings(SCHEMA, "X_", {f"X_{name.upper()}": text for name, text in given.items()})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "Zoë", "Zoë"),
        ("name", "5", "5"),
        ("name", "null", "null"),
        ("style", "", ""),
        ("number", "30", 30),
        ("share", "0.5", 0.5),
        ("share", "1", 1),
        ("on", "TRUE", True),
        ("on", "off", False),
        ("names", '["a", "b"]', ["a", "b"]),
        ("names", "a, b", ["a", "b"]),
        ("things", '[{"a": 1}]', [{"a": 1}]),
        ("inner", '{"a": 1}', {"a": 1}),
        ("most", "10", 10),
        ("most", "10%", "10%"),
    ],
)
def test_a_variable_has_the_type_of_its_setting(name: str, text: str, value: Any) -> None:
    found = read(**{name: text})[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("name", ["name", "number", "on", "names"])
def test_an_empty_variable_gives_nothing(name: str) -> None:
    assert read(**{name: ""}) == {}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("number", "four", "X_NUMBER must be a whole number, not 'four'"),
        ("number", "1.5", "X_NUMBER must be a whole number"),
        ("number", "true", "X_NUMBER must be a whole number"),
        ("on", "ture", "X_ON must be true or false, not 'ture'"),
        ("things", "a,b", "X_THINGS must be a list"),
        ("things", "a,b", 'objects in JSON such as [{"a": 1}]'),
        ("names", "[a", "X_NAMES must be a list such as"),
        ("names", "5", "X_NAMES must be a list such as"),
        ("names", '{"a": 1}', "X_NAMES must be a list such as"),
        ("inner", "{a", "X_INNER must be an object in JSON"),
    ],
)
def test_one_that_has_another_type_is_named(name: str, text: str, words: str) -> None:
    with pytest.raises(SettingError, match="X_") as caught:
        read(**{name: text})
    assert words in str(caught.value)


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(SettingError) as caught:
        read(secret="hunter2")
    assert "hunter2" not in str(caught.value)
