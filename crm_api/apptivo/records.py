"""Apptivo's form of records (pure): as the port returns them, and as they are sent.

The port returns a record with an ``id`` and a structure for each of its two addresses; a payload holds only the id of a
choice. In a record that is sent, ids have names beside them, addresses are one list, and items have ids and types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_api.apptivo.config import Config, identifier
from crm_api.apptivo.declaration import (
    ADDRESS_PARTS,
    AUTOMATIC_NUMBER,
    BILLING,
    EMPLOYEE_OBJECT,
    SHIPPING,
    ApptivoObject,
    Choice,
)
from crm_api.crm import Name
from crm_api.crm_objects import CrmId, CrmRecord, Payload
from crm_api.values import is_empty

_BESIDE = {"countryName": ("countryId", "countryCode"), "state": ("stateCode",)}
"""By part of an address, the properties that belong to its value."""
_ADDRESS_TYPES = {BILLING: ("1", "Billing Address", "Address1"), SHIPPING: ("2", "Shipping Address", "Address2")}
_CUSTOM = "customAttributes"
_EMAILS, _PHONES = "emailAddresses", "phoneNumbers"


@dataclass(frozen=True)
class Names:
    """The names that are sent beside ids.

    Attributes:
        config: Configuration of the kind of record.
        employees: Employees by id; empty if none is needed.
    """

    config: Config = field(default_factory=Config)
    employees: Mapping[CrmId, Name] = field(default_factory=dict)


@dataclass(frozen=True)
class Revision:
    """An update in Apptivo's form: the whole record, and the names of what is to be applied.

    Attributes:
        record: The record as it was, with the changes.
        attributes: Names of the attributes to apply, pseudo names included.
        custom_ids: Ids of the custom attributes to apply.
    """

    record: dict[str, Any]
    attributes: tuple[str, ...]
    custom_ids: tuple[CrmId, ...]

    @property
    def lists(self) -> dict[str, Any]:
        """The parameters that say what is to be applied, by name."""
        names = list(self.attributes)
        return {
            "attributeNames": names,
            "attributeIds": list(self.custom_ids),
            "isCustomAttributesUpdate": "true" if _CUSTOM in names else None,
            "isAddressUpdate": "true" if "address" in names else None,
            "isEmailAddressUpdate": "true" if _EMAILS in names else None,
        }


def crm_id_of(declaration: ApptivoObject, raw: Mapping[str, Any]) -> CrmId | None:
    """Read a record's id: the attribute of its kind (``customerId``), or ``id``; None if it has neither."""
    value = raw.get(declaration.id)
    value = raw.get("id") if is_empty(value) else value
    return None if is_empty(value) or isinstance(value, bool | list | dict) else identifier(value)


def returned(declaration: ApptivoObject, raw: Mapping[str, Any]) -> CrmRecord:
    """Make the record that the port returns."""
    record = dict(raw)
    record["id"] = crm_id_of(declaration, raw)
    if declaration.crm_object.attribute(BILLING) is not None:
        items = _addresses(raw)
        for name in (BILLING, SHIPPING):
            at = _place(items, name)
            record[name] = None if at is None else {part: items[at].get(part) for part in ADDRESS_PARTS}
    return record


def created(declaration: ApptivoObject, payload: Payload, names: Names) -> dict[str, Any]:
    """Make the record that a create sends."""
    record = _applied(declaration, {}, payload, names)
    if declaration.numbered:
        record.setdefault(declaration.numbered, AUTOMATIC_NUMBER)
    return record


def revised(declaration: ApptivoObject, raw: Mapping[str, Any], payload: Payload, names: Names) -> Revision:
    """Make the update that changes a record, given the record as it is."""
    record = _applied(declaration, raw, payload, names)
    custom_ids = [each["customAttributeId"] for each in payload.get(_CUSTOM) or ()]
    return Revision(record, tuple(dict.fromkeys(_listed(declaration, payload))), tuple(custom_ids))


def _listed(declaration: ApptivoObject, payload: Payload) -> Sequence[str]:
    """List the attributes that a payload changes, by the names that Apptivo needs."""
    pairs: dict[str, tuple[str, ...]] = {choice.id: (choice.id, choice.name) for choice in declaration.choices}
    assignee = declaration.assignee
    pairs[assignee.id] = (assignee.id, assignee.name, assignee.kind)
    pairs[BILLING] = pairs[SHIPPING] = ("address",)
    pairs["caseCustomerId"] = ("caseCustomerId", "caseCustomer", "caseCustNew")
    named = [name for name in payload if declaration.crm_object.attribute(name) is not None]
    return [listed for name in named for listed in pairs.get(name, (name,))]


def _applied(declaration: ApptivoObject, raw: Mapping[str, Any], payload: Payload, names: Names) -> dict[str, Any]:
    record = dict(raw)
    for name, value in payload.items():
        if name in _ADDRESS_TYPES:
            record[BILLING] = _with_address(_addresses(record), name, value, names.config)
        elif name == _CUSTOM:
            held = record.get(_CUSTOM)
            record[_CUSTOM] = _with_custom(held if isinstance(held, list) else (), value)
        elif name in {_EMAILS, _PHONES}:
            item = "cont_email_input" if name == _EMAILS else declaration.phone_item
            record[name] = [{"id": item, **each} for each in value or ()]
        else:
            record[name] = value
    for choice in declaration.choices:
        if choice.id in payload:
            _choose(record, choice, payload[choice.id], names.config)
    owner = payload.get(declaration.assignee.id)
    if declaration.assignee.id in payload:
        known = names.employees.get(owner) if owner is not None else None
        record[declaration.assignee.name] = known.spellings[0] if known else None
        record[declaration.assignee.kind] = None if owner is None else EMPLOYEE_OBJECT
    for reference in declaration.crm_object.attributes:
        # The name of the record that was referred to before; Apptivo knows the new one.
        if reference.unless in payload and reference.name not in payload:
            record.pop(reference.name, None)
    return record


def _named(listed: Sequence[Name], crm_id: Any) -> str | None:
    return next((name.spellings[0] for name in listed if str(name.id) == str(crm_id)), None)


def _choose(record: dict[str, Any], choice: Choice, given: CrmId | None, config: Config) -> None:
    """Put the name of a choice beside its id."""
    if given is None or config.lists(choice):
        record[choice.name] = _named(config.names(choice), given)
        return
    # The list is not known: what was given goes alone, since the other of the two may be that of an old value.
    record.pop(choice.id)
    record.pop(choice.name, None)
    record[choice.name if isinstance(given, str) and not given.isdecimal() else choice.id] = given


def _addresses(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = raw.get(BILLING)
    return [dict(each) for each in (listed if isinstance(listed, list) else ()) if isinstance(each, Mapping)]


def _place(items: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """Find the position of an address by its type; for billing, failing that, the first that is not for shipping."""
    code, words, _ = _ADDRESS_TYPES[name]
    for at, item in enumerate(items):
        if str(item.get("addressTypeCode")) == code or str(item.get("addressType")).casefold() == words.casefold():
            return at
    if name == SHIPPING:
        return None
    taken = _place(items, SHIPPING)
    return next((at for at in range(len(items)) if at != taken), None)


def _with_address(items: list[dict[str, Any]], name: str, parts: Any, config: Config) -> list[dict[str, Any]]:
    at = _place(items, name)
    if parts is None:
        return [item for place, item in enumerate(items) if place != at]
    code, usual, group = _ADDRESS_TYPES[name]
    if at is None:
        made = {
            "addressAttributeId": "address_section_attr_id",
            "addressTypeCode": code,
            "addressType": config.address_type(code, usual),
            "addressGroupName": group,
        }
        items, at = [*items, made], len(items)
    country = parts.get("countryName")
    stale = {beside for name, others in _BESIDE.items() if _differs(items[at], parts, name) for beside in others}
    kept = {name: value for name, value in items[at].items() if name not in stale}
    items[at] = {**kept, **parts, **(config.country(country) if country else {})}
    return items


def _differs(item: Mapping[str, Any], parts: Mapping[str, Any], name: str) -> bool:
    return name in parts and parts[name] != item.get(name)


def _with_custom(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    changed = {str(each["customAttributeId"]): each for each in new}
    kept = [each for each in old if isinstance(each, Mapping) and str(each.get("customAttributeId")) not in changed]
    return [*kept, *changed.values()]


def item_form(thing: str, value: Sequence[Mapping[str, Any]], config: Config) -> list[dict[str, Any]]:
    """Write e-mails or phones with Apptivo's types in place of a category."""
    key = {"email": "emailAddress", "phone": "phoneNumber"}[thing]
    return [{key: each[key], **config.typed(thing, str(each.get("category") or "business"))} for each in value]
