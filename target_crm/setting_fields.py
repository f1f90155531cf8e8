"""Settings declared once: the JSON schema, the default and the reader of each follow from its declaration.

A group of settings is a dataclass whose fields are made with ``setting``, or, where the class that they make is not
ours to shape, a table of ``Setting`` by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_api.settings import JsonSchema

_DECLARATION = "setting"  # its key in the metadata of a dataclass field


def as_given(value: Any, where: str) -> Any:  # noqa: ARG001 - a reader is told where the value stands
    """Read a value that the program uses as it is in the file."""
    return value


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        text: What it does, for people: the description in ``--about``, ``meltano.yml`` and the tables of the docs.
        schema: Its JSON schema without the description.
        read: Makes what the program uses of the value in the file; the second argument is the place of that value,
            for errors (``streams.people.fields``). Raises SettingError.
    """

    text: str
    schema: JsonSchema
    read: Callable[[Any, str], Any] = as_given


def setting(
    text: str,
    schema: JsonSchema,
    *,
    read: Callable[[Any, str], Any] = as_given,
    default: Any = None,
    make_default: Callable[[], Any] | None = None,
) -> Any:
    """Declare a dataclass field that is a setting; the arguments before ``default`` are those of ``Setting``.

    Args:
        text: What it does.
        schema: Its JSON schema without the description; the field's default is the schema's, if that has one.
        read: Makes what the program uses of the value in the file.
        default: The field's default where the schema names none.
        make_default: Makes the default, if that is mutable.
    """
    metadata = {_DECLARATION: Setting(text, schema, read)}
    if make_default is not None:
        return dataclasses.field(default_factory=make_default, metadata=metadata)
    return dataclasses.field(default=schema.get("default", default), metadata=metadata)


def settings_in(declaring: type) -> dict[str, Setting]:
    """The settings that a dataclass declares, by name, in order."""
    fields = dataclasses.fields(declaring)
    return {field.name: field.metadata[_DECLARATION] for field in fields if _DECLARATION in field.metadata}


def schemas_of(settings: Mapping[str, Setting]) -> dict[str, JsonSchema]:
    """The JSON schema of each setting, description included, by name."""
    return {name: {**each.schema, "description": each.text} for name, each in settings.items()}


def read_settings(settings: Mapping[str, Setting], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Read a group of settings that fits its JSON schema.

    Args:
        settings: The declarations.
        given: The group as it is in the file; other names in it are passed over.
        where: The place of the group (``streams.people``), or an empty string.

    Returns:
        By name, what the program uses; what is left out or null is not in it, so that the default holds.

    Raises:
        SettingError: A value fits the schema, and cannot work all the same.
    """
    return {
        name: each.read(given[name], place(where, name))
        for name, each in settings.items()
        if given.get(name) is not None
    }


def place(where: str, name: str) -> str:
    """The place of a setting inside a group, as errors name it: ``streams.people.fields``."""
    return f"{where}.{name}" if where else name
