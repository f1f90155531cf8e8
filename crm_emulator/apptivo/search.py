"""Lists and searches: paging, sorting, and matching that is not exact (reference section 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.answers import FailureError
from crm_emulator.apptivo.records import shown
from crm_emulator.messages import decode, is_whole
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject

DEFAULT_PAGE = 50
_SORTS = {"creationDate": "created", "lastUpdateDate": "updated", "_score": "", "id": "", "": ""}
_NESTED = {
    "emailAddresses": ("emailAddress",),
    "phoneNumbers": ("phoneNumber",),
    "addresses": ("addressLine1", "city", "state", "zipCode", "countryName"),
}


def listed(
    account: ApptivoAccount, crm_object: AppObject, values: Mapping[str, str], conditions: tuple[Condition, ...] = ()
) -> dict[str, Any]:
    """Return a page as ``{"data": […], "countOfRecords": N}``."""
    start, size = _number(values, "startIndex", 0), _number(values, "numRecords", DEFAULT_PAGE)
    size = min(size, account.switches.largest_page)
    column = values.get("sortColumn", "")
    if column not in _SORTS and column not in {crm_object.title, crm_object.id_name}:
        raise FailureError(f"Cannot sort by {column}")
    sort = _SORTS.get(column, "title" if column == crm_object.title else "")
    query = Query(crm_object.table, conditions, sort, values.get("sortDir", "asc").lower() == "desc")
    with account.store.lag.as_searched("apptivo"):
        total = account.store.count(query)
        reachable = max(0, min(size, account.switches.search_ceiling - start))
        texts = account.store.page(query, reachable, start)
    return {"data": [shown(crm_object, decode(text)) for text in texts], "countOfRecords": total}


def _number(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name, "").strip()
    if text and not is_whole(text):
        raise FailureError(f"{name} must be a number")
    return int(text) if text else default


def text_condition(text: str) -> Condition:
    """Return the condition that a record holds a text in any of its strings."""
    sql = "EXISTS (SELECT 1 FROM json_tree(body) AS t WHERE t.type = 'text' AND t.value LIKE ?)"
    return Condition(sql, (f"%{text}%",))


def criteria(account: ApptivoAccount, crm_object: AppObject, sent: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Return the conditions of ``searchData``: any part of a text, whole numbers; raises FailureError."""
    conditions: list[Condition] = []
    for name, value in sent.items():
        if value in (None, "", []):
            continue
        if name == "customAttributes":
            conditions += [_custom(each) for each in value if isinstance(each, dict)]
        elif name in _NESTED and isinstance(value, list):
            conditions += [each for item in value for each in _nested(name, item)]
        elif name in crm_object.attributes or name in {crm_object.id_name, "id"} or crm_object.open:
            conditions.append(_plain(name, value))
        elif account.switches.unknown_criteria == "reject":
            raise FailureError(f"Unknown search attribute: {name}")
    return tuple(conditions)


def _plain(name: str, value: Any) -> Condition:
    held = f"json_extract(body, '$.{name}')" if name.isidentifier() else "NULL"
    if isinstance(value, int | float):
        return Condition(f"CAST({held} AS TEXT) = ?", (str(value),))
    return Condition(f"{held} LIKE ?", (f"%{value}%",))


def _nested(name: str, item: Any) -> list[Condition]:
    if not isinstance(item, dict):
        raise FailureError(f"{name} must be an array of objects")
    return [
        Condition(
            f"EXISTS (SELECT 1 FROM json_each(body, '$.{name}') AS e WHERE json_extract(e.value, '$.{part}') LIKE ?)",  # noqa: S608 - our own names
            (f"%{item[part]}%",),
        )
        for part in _NESTED[name]
        if item.get(part)
    ]


def _custom(item: Mapping[str, Any]) -> Condition:
    sql = (
        "EXISTS (SELECT 1 FROM json_each(body, '$.customAttributes') AS e "
        "WHERE CAST(json_extract(e.value, '$.customAttributeId') AS TEXT) = ? "
        "AND json_extract(e.value, '$.customAttributeValue') LIKE ?)"
    )
    return Condition(sql, (str(item.get("customAttributeId")), f"%{item.get('customAttributeValue', '')}%"))
