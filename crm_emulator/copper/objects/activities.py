"""Activities (reference sections 4.9 and 7.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.answers import InvalidError, invalid
from crm_emulator.copper.filters import FilterContext, Ids, Ignored, as_list
from crm_emulator.copper.objects import declaration
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import Identifier, Instant, Reference, Text, WrongValueError
from crm_emulator.messages import Record
from crm_emulator.query import Condition, Range
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount
    from crm_emulator.copper.values import Account

FIRST_ID = 3_064_242_278
"""Activity ids exceed 2^31 (section 2)."""

DELETED = 2
"""The hidden mark of a deleted activity, of which a stub remains (section 7.7)."""

PARENTS = {
    "lead": "leads",
    "person": "people",
    "company": "companies",
    "opportunity": "opportunities",
    "project": "projects",
    "task": "tasks",
}


@dataclass(frozen=True)
class ActivityType:
    """``{id, category}``; other keys, as ``GET /activity_types`` shows them, are not kept (section 10)."""

    empty: Any = None

    def __call__(self, _name: str, value: Any, account: Account, /) -> dict[str, Any]:
        """Return the value as it is kept; see ``ValueType``."""
        if not isinstance(value, dict):
            raise WrongValueError("must be an object of id and category")
        category = value.get("category")
        if category not in {"user", "system"}:
            raise WrongValueError("has a category that is not one of: user, system")
        if not isinstance(value.get("id"), int) or not account.exists(f"{category}_activity_types", value["id"]):
            raise WrongValueError(f"not found: {category} {value.get('id')}")
        return {"id": value["id"], "category": category}


@dataclass(frozen=True)
class OfParent:
    """The filter ``parent``: ``{id, type}``."""

    def __call__(self, name: str, value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        if not isinstance(value, dict) or value.get("type") not in PARENTS or not isinstance(value.get("id"), int):
            raise invalid(name, "Invalid value")
        return [Condition("parent_id = ? AND parent_type = ?", (value["id"], value["type"]), "parent_id")]


@dataclass(frozen=True)
class OfTypes:
    """The filter ``activity_types``: a list of ``{id, category}``."""

    def __call__(self, name: str, value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        pairs: list[Any] = []
        for each in as_list(value):
            if not isinstance(each, dict) or "id" not in each:
                raise invalid(name, "Invalid value")
            pairs += [each["id"], each.get("category", "user")]
        one = "(type_id = ? AND type_category = ?)"
        return [Condition(" OR ".join([one] * (len(pairs) // 2)) or "1", tuple(pairs))]


def complete(account: CopperAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Allow only enabled types of category user; fill in the key's owner and the present time (4.9, 7.7)."""
    if account.direct:
        _default(account, record)
        return
    if old is not None and old["type"]["category"] == "system":
        raise InvalidError([("base", "System activities cannot be changed", "invalid")])
    if old is not None and account.switches.activity_type_required_on_update and "type" not in sent:
        raise invalid("type", "can't be blank", "blank")
    kind = record["type"]
    if kind["category"] != "user":
        raise invalid("type", "has a category that cannot be written")
    crm_object = account.get("user_activity_types", kind["id"])
    if "type" in sent and crm_object is not None and crm_object["is_disabled"]:
        raise invalid("type", "is disabled")
    _default(account, record)


def _default(account: CopperAccount, record: Record) -> None:
    if record["user_id"] is None:
        record["user_id"] = account.owner_id
    if record["activity_date"] is None:
        record["activity_date"] = account.clock.seconds()


ACTIVITIES = CustomerObject(
    name="activities",
    singular="activity",
    writable={
        "parent": Identifier(PARENTS),
        "type": ActivityType(),
        "user_id": Reference("users"),
        "details": Text(),
        "activity_date": Instant(),
    },
    required=("parent", "type", "details"),
    kept={"old_value": None, "new_value": None, "date_created": None, "date_modified": None},
    table=declaration.table(
        "activities",
        Column("activity_date", "activity_date", "INTEGER", stored=True),
        *declaration.STAMPS,
        Column("parent_id", "parent.id", "INTEGER", stored=True),
        Column("parent_type", "parent.type", stored=True),
        Column("type_id", "type.id", "INTEGER"),
        Column("type_category", "type.category"),
        Column("user_id", "user_id", "INTEGER"),
        first_id=FIRST_ID,
    ),
    filters={
        "parent": OfParent(),
        "activity_types": OfTypes(),
        "full_result": Ignored(),  # the search itself reads it
        "user_ids": Ids("user_id"),
        **declaration.bounds(activity_date="activity_date"),
    },
    sorts={"activity_date": "activity_date", **declaration.SORT_STAMPS},
    default_sort="activity_date",
    bulk=frozenset({"create"}),
    has_custom_fields=False,
    newest_first=True,
    complete=complete,
)
