"""The declaration of a customer object, and the parts that several of them share (reference sections 3 to 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.answers import InvalidError
from crm_emulator.copper.filters import Age, Bound, CustomFields, Filter, Followed, Ids, Ignored, Keys, Phone, Words
from crm_emulator.copper.values import Text, ValueType, WrongValueError
from crm_emulator.messages import Record
from crm_emulator.tables import Column, Table

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount

FIRST_ID = 27_140_359
"""Every object starts here, so that records of several objects share ids, as they may (section 2)."""


def nothing_more(_account: CopperAccount, _record: Record, _old: Record | None, _sent: Mapping[str, Any]) -> None:
    """Do nothing: for objects without rules of their own."""


@dataclass(frozen=True)
class CustomerObject:
    """Declaration of one customer object.

    Attributes:
        name: The plural, as in paths.
        singular: The ``type`` in identifiers.
        writable: The type of value of each attribute that may be sent.
        required: Attributes that a create must carry, not blank.
        kept: Attributes that Copper keeps itself, with their first values.
        table: The table of its records.
        filters: The filters of a search, by the parameter's name.
        sorts: The SQL for each value of ``sort_by``.
        default_sort: The value of ``sort_by`` where none is sent.
        bulk: The bulk calls that exist: ``create``, ``update``.
        has_custom_fields: Whether definitions can be available on it.
        newest_first: Whether the default direction is descending.
        complete: The object's own rules, applied to a record that is about to be written: called with (account, record,
            the record before or None, the attributes that were sent). It changes the record in place, and raises
            InvalidError.
    """

    name: str
    singular: str
    writable: Mapping[str, ValueType]
    required: tuple[str, ...]
    kept: Mapping[str, Any]
    table: Table
    filters: Mapping[str, Filter]
    sorts: Mapping[str, str]
    default_sort: str
    bulk: frozenset[str] = frozenset()
    has_custom_fields: bool = True
    newest_first: bool = False
    complete: Callable[[CopperAccount, Record, Record | None, Mapping[str, Any]], None] = nothing_more

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of all attributes of a record."""
        custom = ("custom_fields",) if self.has_custom_fields else ()
        return frozenset(("id", *self.writable, *self.kept, *custom))


def record_keys(record: Record) -> Iterable[tuple[str, str]]:
    """Yield a customer record's keys: e-mails (lower case) and tags, of which it can have several."""
    for each in record.get("emails") or ():
        yield ("email", each["email"].lower())
    if record.get("email"):
        yield ("email", record["email"]["email"].lower())
    for tag in record.get("tags") or ():
        yield ("tag", tag)


def table(
    name: str,
    *columns: Column,
    keys: Callable[[Record], Iterable[tuple[str, str]]] = record_keys,
    first_id: int = FIRST_ID,
) -> Table:
    """Return the table of an object."""
    return Table(f"copper_{name}", columns, keys, first_id)


def integers(*names: str) -> tuple[Column, ...]:
    """Return integer columns that are read out of the record when they are needed."""
    return tuple(Column(name, name, "INTEGER") for name in names)


def texts(*names: str) -> tuple[Column, ...]:
    """Return text columns that are read out of the record when they are needed."""
    return tuple(Column(name, name) for name in names)


def bounds(**columns: str) -> dict[str, Filter]:
    """Return ``minimum_`` and ``maximum_`` filters by name, of columns or SQL expressions over columns."""
    filters: dict[str, Filter] = {}
    for word, column in columns.items():
        is_date = "date" in word
        expression = not column.isidentifier()
        filters[f"minimum_{word}"] = Bound(column, upper=False, is_date=is_date, expression=expression)
        filters[f"maximum_{word}"] = Bound(column, upper=True, is_date=is_date, expression=expression)
    return filters


NAME = Column("name", "name", stored=True)
STAMPS = (
    Column("date_created", "date_created", "INTEGER", stored=True),
    Column("date_modified", "date_modified", "INTEGER", stored=True),
)
ADDRESS_COLUMNS = tuple(Column(part, f"address.{part}") for part in ("city", "state", "postal_code", "country"))
CONTACT_COLUMNS = (Column("phone", "phone_numbers.0.number"), Column("socials", "socials.0.url"))

NAME_PARTS: dict[str, ValueType] = {
    part: Text(255) for part in ("prefix", "first_name", "middle_name", "last_name", "suffix")
}

# Filters that nearly every object has.
COMMON_FILTERS: dict[str, Filter] = {
    "ids": Ids("id"),
    "name": Words("name", is_name=True),
    "assignee_ids": Ids("assignee_id"),
    "tags": Keys("tag", finds_empty=True),
    "followed": Followed(),
    "age": Age(),
    "custom_fields": CustomFields(),
    **bounds(created_date="date_created", modified_date="date_modified"),
}
# Filters of objects with a postal address.
ADDRESS_FILTERS: dict[str, Filter] = {
    "phone_number": Phone(),
    **{part: Words(part, finds_empty=True) for part in ("city", "state", "postal_code")},
    "country": Words("country"),
    "fields": Ignored(),  # the search itself reads it: Switches.fields_parameter
    **bounds(interaction_count="interaction_count"),
}
SORT_STAMPS = {"date_modified": "date_modified", "date_created": "date_created"}
SORT_ADDRESS = {
    "phone": "phone",
    "city": "city",
    "state": "state",
    "country": "country",
    "zip": "postal_code",
    "socials": "socials",
}

ACTIVITY_TABLE = "copper_activities"


def last_interaction(singular: str, plural: str) -> str:
    """Return the SQL for the last activity of a record that has no ``date_last_contacted``."""
    return (
        f"(SELECT max(a.activity_date) FROM {ACTIVITY_TABLE} AS a "  # noqa: S608 - our own names
        f"WHERE a.parent_type = '{singular}' AND a.parent_id = copper_{plural}.id AND a.hidden = 0)"
    )


def empty(kind: ValueType) -> Any:
    """Return the value of an attribute that was never set; a new list where it is a list."""
    return [] if kind.empty == () else kind.empty


def read_values(
    crm_object: CustomerObject, account: CopperAccount, sent: Mapping[str, Any], problems: list[tuple[str, str, str]]
) -> Record:
    """Return the values of what was sent, as they are kept; what is wrong is added to ``problems``."""
    values: Record = {}
    for name, value in sent.items():
        kind = crm_object.writable.get(name)
        if kind is None:
            continue
        if value is None:
            values[name] = empty(kind)
            continue
        try:
            values[name] = kind(name, value, account)
        except WrongValueError as wrong:
            problems.append((name, str(wrong), "invalid"))
    return values


_PREFIXES = frozenset({"Mr.", "Mrs.", "Ms.", "Dr.", "Prof."})
_SUFFIXES = frozenset({"Jr.", "Sr.", "II", "III", "IV", "MD", "PhD"})


def split_name(record: Record, sent: Mapping[str, Any]) -> None:
    """Set the name parts from ``name`` where they were not sent themselves (section 4.3: split by Copper)."""
    if "name" not in sent:
        return
    words = (record["name"] or "").split()
    prefix = words.pop(0) if len(words) > 1 and words[0] in _PREFIXES else None
    suffix = words.pop() if len(words) > 1 and words[-1] in _SUFFIXES else None
    parts = {
        "prefix": prefix,
        "first_name": words[0] if words else None,
        "middle_name": " ".join(words[1:-1]) or None,
        "last_name": words[-1] if len(words) > 1 else None,
        "suffix": suffix,
    }
    record.update({name: value for name, value in parts.items() if name not in sent})


def convert_money(account: CopperAccount, record: Record, old: Record | None) -> None:
    """Set the value in the account's currency, where the value is new (sections 4.6, 10)."""
    if old is None or old["monetary_value"] != record["monetary_value"]:
        record["converted_value"] = account.converted(record["monetary_value"])
        record["converted_unit"] = None if record["converted_value"] is None else account.currency


def label_and_id(
    record: Record, sent: Mapping[str, Any], label: str, labels: Mapping[int, str], default: int | None
) -> None:
    """Keep a label and its id (``status`` and ``status_id``) in step, whichever was sent; raises InvalidError."""
    id_name = f"{label}_id"
    if sent.get(id_name) is not None:
        record[label] = labels.get(record[id_name])
    elif sent.get(label) is not None:
        matching = [each for each, name in labels.items() if name == sent[label]]
        if not matching:
            raise InvalidError([(label, "is not included in the list", "inclusion")])
        record[id_name] = matching[0]
    elif record.get(id_name) is None:
        record[id_name] = default
        record[label] = labels.get(default) if default is not None else None
