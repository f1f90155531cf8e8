"""A firm's configuration (pure): lists, custom attributes, countries, kinds of e-mail, phone and address.

Facts: getConfigData as the vendor's plugin and an integrator's library read it. Few keys are documented and firms
differ, so a key that looks like an id or a name is taken for one. ``webLayout`` is JSON inside a JSON string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from crm_api.apptivo.declaration import ApptivoObject, Choice
from crm_api.crm import CustomField, Name
from crm_api.crm_objects import CrmId, CrmObject, Kind
from crm_api.transport.nesting import read_json
from crm_api.values import nearest_category

_KINDS = {
    "input": Kind.TEXT,
    "textarea": Kind.TEXT,
    "link": Kind.TEXT,
    "number": Kind.NUMBER,
    "currency": Kind.NUMBER,
    "date": Kind.DAY,
    "select": Kind.NAME_ID,
    "radio": Kind.NAME_ID,
    "multiSelect": Kind.NAME_IDS,
    "check": Kind.NAME_IDS,
}
"""Kinds of custom attributes by tag. Counters are read-only, and sources disagree on references: both are missing."""
USUAL_TYPE = "business"  # of an e-mail or a phone of which nothing else is known
LONGEST_NUMBER = 30  # digits; a longer one is text, which Python does not turn into a number at any length
_IDS = ("lookupCode", "optionId")
_NAMES = ("meaning", "optionObject", "name", "displayName")


@dataclass(frozen=True)
class CustomAttribute:
    """A custom attribute as the firm's layout defines it.

    Attributes:
        id: Id of its definition.
        label: Name that Apptivo shows to its users.
        tag: Type: ``input``, ``select``…
        tag_name: Technical name.
        options: Options to choose from; empty if it has none.
    """

    id: CrmId
    label: str
    tag: str
    tag_name: str
    options: tuple[Name, ...] = ()

    @property
    def kind(self) -> Kind | None:
        """Kind of its value; None if it cannot be written."""
        return _KINDS.get(self.tag)


@dataclass(frozen=True)
class Config:
    """The configuration of one kind of record.

    Attributes:
        answer: The answer of getConfigData.
        custom: The custom attributes.
        labels: The labels that the firm gave the other attributes, by name.
    """

    answer: Mapping[str, Any] = field(default_factory=dict)
    custom: tuple[CustomAttribute, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def custom_fields(self, crm_object: CrmObject) -> list[CustomField]:
        """Make the custom fields of an object of the custom attributes; one whose kind is not known is not written."""
        objects = frozenset({crm_object.name})
        return [
            CustomField(each.id, each.label, each.kind or Kind.TEXT, objects, each.options, each.kind is not None)
            for each in self.custom
        ]

    def lists(self, choice: Choice) -> bool:
        """Whether the configuration holds the list of a choice, if only an empty one."""
        return any(isinstance(self.answer.get(key), list) for key in choice.keys)

    def names(self, choice: Choice) -> list[Name]:
        """Read the list of a choice, without disabled entries."""
        return [name for item in self._listed(*choice.keys) if (name := _name(choice, item)) is not None]

    def country(self, spelt: str) -> Mapping[str, Any]:
        """Look up id, name and code of a country by its name or code; the name alone if it is not listed."""
        wanted = spelt.strip().casefold()
        for item in self._listed("countryList", "countries"):
            if wanted in {str(item.get("countryName")).casefold(), str(item.get("countryCode")).casefold()}:
                return {key: item[key] for key in ("countryId", "countryName", "countryCode") if key in item}
        return {"countryName": spelt}

    def typed(self, thing: str, spelt: str) -> dict[str, str]:
        """Make ``phoneType`` and ``phoneTypeCode`` (or those of ``email``) of a category: the firm's nearest."""
        name, code = f"{thing}Type", f"{thing}TypeCode"
        listed = [
            (str(_first(item, name, "name")), str(_first(item, code, "code")))
            for item in self._listed(f"{thing}Types", f"{thing}TypeList")
        ]
        nearest = nearest_category(spelt, [each for each, _ in listed])
        for wanted in filter(None, (spelt, nearest, USUAL_TYPE if listed else None)):
            for pair in listed:
                if wanted.casefold() in map(str.casefold, pair):
                    return {name: pair[0], code: pair[1]}
        prefix = "PHONE_" if thing == "phone" else ""
        return {name: spelt.title(), code: prefix + spelt.upper().replace(" ", "_")}

    def address_type(self, code: str, usual: str) -> str:
        """Look up the firm's name for a kind of address."""
        for item in self._listed("addressTypes", "addressTypeList"):
            if str(_first(item, "addressTypeCode", "code")) == code:
                return str(_first(item, "addressType", "name") or usual)
        return usual

    def _listed(self, *keys: str) -> Iterator[Mapping[str, Any]]:
        listed = next((self.answer[key] for key in keys if isinstance(self.answer.get(key), list)), ())
        for item in listed:
            if isinstance(item, Mapping) and not _is_disabled(item):
                yield item


def config_path(declaration: ApptivoObject) -> str:
    """Return the address of the configuration that holds an object's lists."""
    return f"/{declaration.crm_object.name}?a=getConfigData"


def config_of(answer: Any) -> Config:
    """Make a configuration of the answer of getConfigData."""
    if not isinstance(answer, Mapping):
        return Config()
    layout = answer.get("webLayout")
    if isinstance(layout, str):
        with suppress(ValueError):
            layout = read_json(layout)
    attributes = [each for each in _attributes(layout) if not _is_off(each)]
    custom = [each for each in attributes if each.get("type") == "Custom"]
    return Config(
        answer,
        tuple(found for each in custom if (found := _custom_attribute(each)) is not None),
        {name: label for each in attributes if each not in custom for name, label in _labels(each)},
    )


def identifier(value: Any) -> CrmId:
    """Return an id as a number if it is numeric, and as text otherwise."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else text


def _is_disabled(item: Mapping[str, Any]) -> bool:
    return item.get("disabled") in ("Y", True) or _is_off(item)


def _is_off(item: Mapping[str, Any]) -> bool:
    return item.get("isEnabled") in ("N", False)


def _name(choice: Choice, item: Mapping[str, Any]) -> Name | None:
    ids = [key for key in item if key.endswith("Id") and key not in {"firmId", "objectId"}]
    codes = [key for key in item if key.endswith("Code")]  # a status has both, in whichever order
    crm_id = _first(item, choice.id, *_IDS, *ids, "id", *codes, "code")
    named = [key for key in item if key.endswith("Name") and key != "displayName"]
    name = _first(item, choice.name, *named, *_NAMES)
    if crm_id is None or name is None:
        return None
    spellings = dict.fromkeys([str(name), str(item.get("displayName") or name), str(crm_id)])
    return Name(crm_id, tuple(spellings))


def _first(item: Mapping[str, Any], *keys: str) -> Any:
    return next((item[key] for key in keys if isinstance(item.get(key), str | int) and item[key] != ""), None)


def _attributes(layout: Any) -> Iterator[Mapping[str, Any]]:
    for section in _list_in(layout, "sections"):
        yield from (each for each in _list_in(section, "attributes") if isinstance(each, Mapping))


def _labels(each: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give an attribute's label by each of its names, of which one may be that of the wire."""
    label, inner = _label(each), _inner(each)
    for name in (each.get("attributeId"), each.get("tagName"), inner.get("tagName")):
        if label and isinstance(name, str):
            yield name, label


def _label(each: Mapping[str, Any]) -> str:
    label = each.get("label")
    label = label.get("modifiedLabel") or label.get("originalLabel") if isinstance(label, Mapping) else label
    return str(label or each.get("modifiedLabel") or "")


def _inner(each: Mapping[str, Any]) -> Mapping[str, Any]:
    right = each.get("right")
    return right[0] if isinstance(right, list) and right and isinstance(right[0], Mapping) else {}


def _list_in(value: Any, name: str) -> Sequence[Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else ()


def _custom_attribute(each: Mapping[str, Any]) -> CustomAttribute | None:
    inner, label = _inner(each), _label(each)
    attribute_id, tag = each.get("attributeId"), each.get("attributeTag") or inner.get("tag")
    if attribute_id in (None, "") or not label or not tag:
        return None
    options = _list_in(each, "optionValueList") or _list_in(inner, "optionValueList") or _list_in(inner, "options")
    tag_name = each.get("tagName") or inner.get("tagName") or str(attribute_id)
    tag_id = each.get("tagId") or inner.get("tagId")
    found = tuple(name for option in options if (name := _option(option, tag_id)) is not None)
    return CustomAttribute(identifier(attribute_id), label, str(tag), str(tag_name), found)


def _option(option: Any, tag_id: Any) -> Name | None:
    """Read an option; the only option of a switch has no id but its tag's."""
    if isinstance(option, str):
        return Name(identifier(tag_id), (option,)) if tag_id else None
    if not isinstance(option, Mapping) or _is_disabled(option) or not option.get("optionObject"):
        return None
    label, option_id = str(option["optionObject"]), option.get("optionId")
    if option_id in (None, "", label):
        option_id = tag_id or option_id
    return None if option_id in (None, "") else Name(identifier(option_id), (label,))
