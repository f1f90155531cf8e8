"""Records saved, updated, deleted, shown: the rules that every object shares (reference sections 5 to 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.account import FIRM_ID, stamp
from crm_emulator.apptivo.answers import AlreadyExistsError, FailureError
from crm_emulator.apptivo.custom_attributes import merged
from crm_emulator.apptivo.reading import identifier, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record

AUTOMATIC = "Auto generated number"
DELETED = 1
"""The hidden mark of a deleted record, whose id is kept (section 7)."""

_KEPT = ("_created", "_updated", "creationDate", "lastUpdateDate", "version", "createdBy", "createdByName")


def save(account: ApptivoAccount, declared: AppObject, sent: Mapping[str, Any], user: Record) -> Record:
    """A new record; raises FailureError."""
    names = set(sent) if declared.open else set(declared.attributes)
    record: Record = _empty(declared) | read_record(account, declared, sent, names)
    _settle_title(declared, record)
    for name in declared.required:
        if record.get(name) in (None, ""):
            raise FailureError(f"{name} is required")
    if (
        declared.name == "customers"
        and account.switches.customer_assignee_required
        and not record[declared.assignee[1]]
    ):
        raise FailureError(f"{declared.assignee[1]} is required")
    record_id = _new_id(account, declared, sent)
    _settle_choices(account, declared, record)
    _settle_number(declared, record, record_id)
    now = account.seconds()
    record = {"id": record_id, declared.id_name: record_id, **record, **_marks(user, now)}
    if account.direct:
        record |= {name: sent[name] for name in _KEPT if name in sent}
    account.put(declared.name, record)
    return record


def _empty(declared: AppObject) -> Record:
    if declared.open:
        return {}
    return {
        name: [] if name in declared.lists or name == "customAttributes" else None
        for name in sorted(declared.attributes)
    }


def _new_id(account: ApptivoAccount, declared: AppObject, sent: Mapping[str, Any]) -> int:
    if account.direct and isinstance(sent.get("id"), int):
        account.store.reserve_ids(declared.table, sent["id"])
        return int(sent["id"])
    return account.new_id(declared.name)


def _marks(user: Record, now: int) -> Record:
    return {
        "firmId": FIRM_ID,
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


def _settle_title(declared: AppObject, record: Record) -> None:
    if declared.title == "fullName":
        words = filter(None, (record.get("firstName"), record.get("lastName")))
        record["fullName"] = " ".join(words) or record.get("fullName")


def _settle_choices(account: ApptivoAccount, declared: AppObject, record: Record) -> None:
    for picklist in declared.picklists:
        items = account.items(declared, picklist.listed_as)
        if picklist.default and record[picklist.id_name] is None and items:
            record[picklist.id_name], record[picklist.name] = items[0][picklist.item_id], items[0][picklist.item_name]


def _settle_number(declared: AppObject, record: Record, record_id: int) -> None:
    name, prefix = declared.numbered
    if name and record[name] in (None, "", AUTOMATIC):
        record[name] = f"{prefix}{record_id - declared.first_id + 1:06d}"


def fetch(account: ApptivoAccount, declared: AppObject, record_id: int) -> Record:
    """A record; raises FailureError for one that was never there or is deleted."""
    record = account.get(declared.name, record_id)
    if record is None:
        raise FailureError(f"No {declared.name} found with {declared.id_name} {record_id}")
    return record


def update(
    account: ApptivoAccount,
    declared: AppObject,
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
    old = fetch(account, declared, record_id)
    wanted = set(names)
    listed = wanted - {"address", "addresses", "customAttributes", "caseCustNew"}
    if "address" in wanted and flags["isAddressUpdate"]:
        listed.add("addresses")
    if account.switches.email_flag_required and not flags["isEmailAddressUpdate"]:
        listed.discard("emailAddresses")
    custom = "customAttributes" in wanted and flags["isCustomAttributesUpdate"] and not declared.open
    read = read_record(account, declared, sent, listed | ({"customAttributes"} if custom else set()))
    if custom:
        read["customAttributes"] = merged(old["customAttributes"], read.get("customAttributes", []), attribute_ids)
    record = {**old, **read}
    _settle_title(declared, record)
    for name in declared.required:
        if record.get(name) in (None, ""):
            raise FailureError(f"{name} is required")
    now = account.seconds()
    record |= {"lastUpdatedBy": user["id"], "lastUpdatedByName": user.get("fullName"), "lastUpdateDate": stamp(now)}
    record |= {"version": old["version"] + 1, "_updated": now}
    if account.direct:
        record |= {name: sent[name] for name in _KEPT if name in sent}
    account.put(declared.name, record)
    return record


def delete(account: ApptivoAccount, declared: AppObject, record_id: int) -> None:
    """Mark a record deleted: it is found no more, and its id is not given again; raises FailureError (section 7)."""
    record = fetch(account, declared, record_id)
    account.put(declared.name, {**record, "objectStatus": "1"}, hidden=DELETED)


def shown(declared: AppObject, record: Record) -> Record:
    """A record as Apptivo answers with it: a string ``id`` beside the numeric one (section 8)."""
    visible = {name: value for name, value in record.items() if not name.startswith("_")}
    visible["id"] = str(record["id"])
    if declared.id_name != "id":
        visible[declared.id_name] = record["id"]
    return visible


def refuse_duplicate_lead(account: ApptivoAccount, declared: AppObject, sent: Mapping[str, Any]) -> None:
    """Raise AlreadyExistsError for a lead whose address, or without one whose name and company, is known (5.2)."""
    addresses = [
        str(each.get("emailAddress")).lower() for each in sent.get("emailAddresses") or () if isinstance(each, dict)
    ]
    for address in addresses:
        for holder in account.store.holders(declared.table, "email", address):
            if account.get(declared.name, holder) is not None:
                raise AlreadyExistsError
    if not addresses:
        sql = "lower(json_extract(body, '$.{}')) = lower(?)"
        names = ("firstName", "lastName", "companyName")
        condition = " AND ".join(f"ifnull({sql.format(name)}, ? = '')" for name in names)
        values = [str(sent.get(name) or "") for name in names for _ in range(2)]
        if account.matching(declared.name, condition, *values):
            raise AlreadyExistsError


def settle_opportunity(account: ApptivoAccount, values: Mapping[str, str], sent: Record) -> Record:
    """What an opportunity's flags do to the record that was sent (section 5.2); raises FailureError."""
    sent = dict(sent)
    if values.get("accountId") and account.switches.account_id_parameter == "read":
        customer_id = identifier(account, "accountId", values["accountId"])
        if account.get("customers", customer_id) is None:
            raise FailureError(f"Invalid value for accountId: {customer_id}")
        sent["opportunityCustomerId"] = customer_id
    return sent


def spread_territory(account: ApptivoAccount, opportunity: Record) -> None:
    """``isCustomerTerritoryUpdate=true``: the customer gets the opportunity's territory (section 5.2)."""
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
