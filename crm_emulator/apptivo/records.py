"""Records saved, updated, deleted, shown: the rules that all objects share (reference sections 5 to 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.account import FIRM_ID, stamp
from crm_emulator.apptivo.answers import AlreadyExistsError, FailureError
from crm_emulator.apptivo.custom_attributes import merged
from crm_emulator.apptivo.values import identifier, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record

AUTOMATIC = "Auto generated number"
DELETED = 1
"""The hidden mark of a deleted record, whose id is kept (section 7)."""

_KEPT = ("_created", "_updated", "creationDate", "lastUpdateDate", "version", "createdBy", "createdByName")


def save(account: ApptivoAccount, crm_object: AppObject, sent: Mapping[str, Any], user: Record) -> Record:
    """Create a record; raises FailureError."""
    names = set(sent) if crm_object.open else set(crm_object.attributes)
    record: Record = _empty(crm_object) | read_record(account, crm_object, sent, names)
    _settle_title(crm_object, record)
    for name in crm_object.required:
        if record.get(name) in (None, ""):
            raise FailureError(f"{name} is required")
    if (
        crm_object.name == "customers"
        and account.switches.customer_assignee_required
        and not record[crm_object.assignee[1]]
    ):
        raise FailureError(f"{crm_object.assignee[1]} is required")
    record_id = _new_id(account, crm_object, sent)
    _settle_choices(account, crm_object, record)
    _settle_number(crm_object, record, record_id - account.store.first_id(crm_object.table) + 1)
    now = account.seconds()
    record = {
        "id": record_id,
        crm_object.id_name: record_id,
        **record,
        **_marks(user, now, FIRM_ID + account.store.id_shift),
    }
    if account.direct:
        record |= {name: sent[name] for name in _KEPT if name in sent}
    account.put(crm_object.name, record)
    return record


def _empty(crm_object: AppObject) -> Record:
    if crm_object.open:
        return {}
    return {
        name: [] if name in crm_object.lists or name == "customAttributes" else None
        for name in sorted(crm_object.attributes)
    }


def _new_id(account: ApptivoAccount, crm_object: AppObject, sent: Mapping[str, Any]) -> int:
    if account.direct and isinstance(sent.get("id"), int):
        account.store.reserve_ids(crm_object.table, sent["id"])
        return int(sent["id"])
    return account.new_id(crm_object.name)


def _marks(user: Record, now: int, firm_id: int) -> Record:
    return {
        "firmId": firm_id,
        "version": 0,
        "objectStatus": "0",
        "isActive": "Y",
        "createdBy": user["id"],
        "createdByName": user.get("fullName"),
        "creationDate": stamp(now),
        "lastUpdatedBy": user["id"],
        "lastUpdatedByName": user.get("fullName"),
        "lastUpdateDate": stamp(now),
        "_created": now,
        "_updated": now,
    }


def _settle_title(crm_object: AppObject, record: Record) -> None:
    if crm_object.title == "fullName":
        words = filter(None, (record.get("firstName"), record.get("lastName")))
        record["fullName"] = " ".join(words) or record.get("fullName")


def _settle_choices(account: ApptivoAccount, crm_object: AppObject, record: Record) -> None:
    for picklist in crm_object.picklists:
        items = account.items(crm_object, picklist.listed_as)
        if picklist.default and record[picklist.id_name] is None and items:
            record[picklist.id_name], record[picklist.name] = items[0][picklist.item_id], items[0][picklist.item_name]


def _settle_number(crm_object: AppObject, record: Record, turn: int) -> None:
    name, prefix = crm_object.numbered
    if name and record[name] in (None, "", AUTOMATIC):
        record[name] = f"{prefix}{turn:06d}"


def fetch(account: ApptivoAccount, crm_object: AppObject, record_id: int) -> Record:
    """Return a record; raises FailureError for one that was never there or is deleted."""
    record = account.get(crm_object.name, record_id)
    if record is None:
        raise FailureError(f"No {crm_object.name} found with {crm_object.id_name} {record_id}")
    return record


def update(
    account: ApptivoAccount,
    crm_object: AppObject,
    record_id: int,
    sent: Mapping[str, Any],
    names: Sequence[str],
    user: Record,
    *,
    attribute_ids: Sequence[int] | None,
    flags: Mapping[str, bool],
) -> Record:
    """Apply the attributes that ``names`` lists, and no others (section 6).

    Addresses change under the pseudo name ``address`` and with ``isAddressUpdate``; custom attributes under
    ``customAttributes`` and with ``isCustomAttributesUpdate``, those of ``attribute_ids`` only.

    Raises:
        FailureError: There is no such record, or something sent is wrong.
    """
    old = fetch(account, crm_object, record_id)
    wanted = set(names)
    listed = wanted - {"address", "addresses", "customAttributes", "caseCustNew"}
    if "address" in wanted and flags["isAddressUpdate"]:
        listed.add("addresses")
    if account.switches.email_flag_required and not flags["isEmailAddressUpdate"]:
        listed.discard("emailAddresses")
    custom = "customAttributes" in wanted and flags["isCustomAttributesUpdate"] and not crm_object.open
    read = read_record(account, crm_object, sent, listed | ({"customAttributes"} if custom else set()))
    if custom:
        read["customAttributes"] = merged(old["customAttributes"], read.get("customAttributes", []), attribute_ids)
    record = {**old, **read}
    _settle_title(crm_object, record)
    for name in crm_object.required:
        if record.get(name) in (None, ""):
            raise FailureError(f"{name} is required")
    now = account.seconds()
    record |= {"lastUpdatedBy": user["id"], "lastUpdatedByName": user.get("fullName"), "lastUpdateDate": stamp(now)}
    record |= {"version": old["version"] + 1, "_updated": now}
    if account.direct:
        record |= {name: sent[name] for name in _KEPT if name in sent}
    account.put(crm_object.name, record)
    return record


def delete(account: ApptivoAccount, crm_object: AppObject, record_id: int) -> None:
    """Mark a record deleted: it is found no more, and its id is not given again; raises FailureError (section 7)."""
    record = fetch(account, crm_object, record_id)
    account.put(crm_object.name, {**record, "objectStatus": "1"}, hidden=DELETED)


def shown(crm_object: AppObject, record: Record) -> Record:
    """Return a record as Apptivo answers with it: a string ``id`` beside the numeric one (section 8)."""
    visible = {name: value for name, value in record.items() if not name.startswith("_")}
    visible["id"] = str(record["id"])
    if crm_object.id_name != "id":
        visible[crm_object.id_name] = record["id"]
    return visible


def refuse_duplicate_lead(account: ApptivoAccount, crm_object: AppObject, sent: Mapping[str, Any]) -> None:
    """Raise AlreadyExistsError for a lead whose address, or without one whose name and company, is known (5.2)."""
    addresses = [
        str(each.get("emailAddress")).lower() for each in sent.get("emailAddresses") or () if isinstance(each, dict)
    ]
    for address in addresses:
        for holder in account.store.holders(crm_object.table, "email", address):
            if account.get(crm_object.name, holder) is not None:
                raise AlreadyExistsError
    if not addresses:
        sql = "lower(json_extract(body, '$.{}')) = lower(?)"
        names = ("firstName", "lastName", "companyName")
        condition = " AND ".join(f"ifnull({sql.format(name)}, ? = '')" for name in names)
        values = [str(sent.get(name) or "") for name in names for _ in range(2)]
        if account.matching(crm_object.name, condition, *values):
            raise AlreadyExistsError


def settle_opportunity(account: ApptivoAccount, values: Mapping[str, str], sent: Record) -> Record:
    """Apply an opportunity's flags to the record that was sent (section 5.2); raises FailureError."""
    sent = dict(sent)
    if values.get("accountId") and account.switches.account_id_parameter == "read":
        customer_id = identifier(account, "accountId", values["accountId"])
        if account.get("customers", customer_id) is None:
            raise FailureError(f"Invalid value for accountId: {customer_id}")
        sent["opportunityCustomerId"] = customer_id
    return sent


def spread_territory(account: ApptivoAccount, opportunity: Record) -> None:
    """Copy the opportunity's territory to its customer: ``isCustomerTerritoryUpdate=true`` (section 5.2)."""
    customer = account.get("customers", opportunity["opportunityCustomerId"] or 0)
    if customer is not None and opportunity["territoryId"] is not None:
        change = {name: opportunity[name] for name in ("territoryId", "territoryName")}
        account.put("customers", {**customer, **change, "version": customer["version"] + 1})


def refuse_duplicate_opportunity(account: ApptivoAccount, sent: Mapping[str, Any]) -> None:
    """Raise AlreadyExistsError for an opportunity whose name and customer are known."""
    sql = "title = ? AND ifnull(json_extract(body, '$.opportunityCustomerId'), 0) = ?"
    customer = sent.get("opportunityCustomerId")
    if account.matching("opportunities", sql, sent.get("opportunityName"), int(customer or 0)):
        raise AlreadyExistsError
