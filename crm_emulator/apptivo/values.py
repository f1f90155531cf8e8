"""The values of attributes: from the record that was sent to what is kept (reference section 8)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.answers import FailureError
from crm_emulator.apptivo.custom_attributes import read_values
from crm_emulator.apptivo.objects.declaration import EMPLOYEE_OBJECT
from crm_emulator.messages import is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject, Picklist, Reference
    from crm_emulator.messages import Record

_ITEMS = {"phoneNumbers": "phoneNumber", "emailAddresses": "emailAddress"}
_BOOKKEEPING = frozenset(
    {"id", "firmId", "version", "objectStatus", "isActive", "createdBy", "createdByName", "lastUpdatedBy",
     "lastUpdatedByName", "creationDate", "lastUpdateDate", "fullName"}
)  # fmt: skip


def read_record(account: ApptivoAccount, crm_object: AppObject, sent: Mapping[str, Any], names: set[str]) -> Record:
    """Return the values of the attributes in ``names``, as they are kept; raises FailureError."""
    if crm_object.open:
        return {name: value for name, value in sent.items() if name in names}
    unknown = [name for name in sent if name not in crm_object.attributes | _BOOKKEEPING | {crm_object.id_name}]
    if unknown and not account.direct and account.switches.unknown_attributes == "reject":
        raise FailureError(f"Unknown attributes: {', '.join(unknown)}")
    values: Record = {}
    for name in names & set(sent):
        values[name] = _value(account, crm_object, name, sent[name])
    for picklist in crm_object.picklists:
        if {picklist.id_name, picklist.name} & names:
            values |= _choice(account, crm_object, picklist, sent)
    for reference in crm_object.references:
        if {reference.id_name, reference.name} & names:
            values |= _referred(account, reference, sent)
    if set(crm_object.assignee) & names:
        values |= _assigned(account, crm_object, sent)
    return values


def _value(account: ApptivoAccount, crm_object: AppObject, name: str, value: Any) -> Any:
    if value is None or value == "":
        return [] if name in crm_object.lists or name == "customAttributes" else None
    if name in crm_object.numbers:
        return _number(account, name, value)
    if name in crm_object.dates:
        return _day(name, value)
    if name in crm_object.lists or name == "customAttributes":
        return _items(name, value) if name in crm_object.lists else read_values(account, crm_object, value)
    if name in crm_object.texts or name == crm_object.title:
        if isinstance(value, bool | list | dict):
            raise FailureError(f"Invalid value for {name}")
        return str(value)
    return value  # one of a pair, settled together


def _number(account: ApptivoAccount, name: str, value: Any) -> float:
    if isinstance(value, str) and account.switches.text_numbers == "accept" and re.fullmatch(r"-?\d+(\.\d+)?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FailureError(f"{name} must be a number")
    return int(value) if value == int(value) else value


def _day(name: str, value: Any) -> str:
    try:
        return datetime.strptime(str(value), "%m/%d/%Y").strftime("%m/%d/%Y")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise FailureError(f"{name} must be a date as MM/DD/YYYY") from None


def _items(name: str, value: Any) -> list[Record]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise FailureError(f"{name} must be an array of objects")
    needed = _ITEMS.get(name)
    if needed and not all(isinstance(each.get(needed), str) and each[needed].strip() for each in value):
        raise FailureError(f"Each of {name} needs {needed}")
    return value


def identifier(account: ApptivoAccount, name: str, value: Any) -> int:
    """Read an id: a JSON number, or a string of digits if the switch allows it (section 8)."""
    if isinstance(value, str) and is_whole(value) and account.switches.text_numbers == "accept":
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FailureError(f"{name} must be a number")
    return value


def _choice(account: ApptivoAccount, crm_object: AppObject, picklist: Picklist, sent: Mapping[str, Any]) -> Record:
    code, name = sent.get(picklist.id_name), sent.get(picklist.name)
    if code in (None, "") and name in (None, ""):
        return {picklist.id_name: None, picklist.name: None}
    items = account.items(crm_object, picklist.listed_as)
    if code in (None, ""):
        if account.switches.names_without_ids == "keep":
            return {picklist.id_name: None, picklist.name: name}
        found = next((each for each in items if str(each[picklist.item_name]).lower() == str(name).lower()), None)
        listed = account.lists(crm_object, picklist.listed_as)
        if (listed and account.switches.names_without_ids == "reject") or found is None:
            raise FailureError(f"{picklist.id_name} is required with {picklist.name}")
    else:
        found = next((each for each in items if str(each[picklist.item_id]) == str(code)), None)
        if found is None:
            raise FailureError(f"Invalid value for {picklist.id_name}: {code}")
    return {picklist.id_name: found[picklist.item_id], picklist.name: found[picklist.item_name]}


def _referred(account: ApptivoAccount, reference: Reference, sent: Mapping[str, Any]) -> Record:
    """Read a reference: the id decides; a name alone is kept as text."""
    given = sent.get(reference.id_name)
    if given in (None, ""):
        return {reference.id_name: None, reference.name: sent.get(reference.name)}
    record_id = identifier(account, reference.id_name, given)
    name = account.record_name(reference.object_name, record_id)
    if name is None:
        raise FailureError(f"Invalid value for {reference.id_name}: {record_id}")
    return {reference.id_name: record_id, reference.name: name}


def _assigned(account: ApptivoAccount, crm_object: AppObject, sent: Mapping[str, Any]) -> Record:
    kind, ref_id, ref_name = crm_object.assignee
    given = sent.get(ref_id)
    if given in (None, ""):
        return {kind: None, ref_id: None, ref_name: None}
    number = identifier(account, ref_id, given)
    if sent.get(kind) not in (None, "", EMPLOYEE_OBJECT, str(EMPLOYEE_OBJECT)):
        return {kind: sent[kind], ref_id: number, ref_name: sent.get(ref_name)}  # a team
    name = account.record_name("employees", number)
    if name is None:
        raise FailureError(f"Invalid value for {ref_id}: {number}")
    return {kind: EMPLOYEE_OBJECT, ref_id: number, ref_name: name}
