"""The filters of Copper's searches, each turned into conditions (reference section 5.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from crm_emulator.copper.answers import NotAllowedError, invalid
from crm_emulator.copper.switches import Switches
from crm_emulator.messages import spelled
from crm_emulator.query import Condition, Range
from crm_emulator.tables import Table

NONE = -2
"""The value in a filter of ids that stands for records without one."""

LARGEST = 1 << 63
"""A bound that no number reaches."""

EMPTY: tuple[Any, ...] = ("", [])
"""Values of a filter that find records without one, where the page says so; the form is a guess (section 10)."""

_LATEST = 2_147_483_648
"""Dates beyond this are out of the documented range."""


@dataclass(frozen=True)
class FilterContext:
    """Context of a filter, beside its value."""

    table: Table
    switches: Switches
    now: int
    definition: Callable[[int], dict[str, Any] | None]


class Filter(Protocol):
    """A documented filter: called with (parameter, value, context), it returns the conditions on records.

    It raises InvalidError.
    """

    def __call__(self, name: str, value: Any, context: FilterContext, /) -> list[Range | Condition]:
        """Read a parameter that was sent."""


def as_number(name: str, value: Any) -> float:
    """Read a number, also sent as a numeric string (section 5.1); raises InvalidError."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}(\.\d{1,19})?", value):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= LARGEST:
        raise invalid(name, f"Invalid value: {spelled(value)}")
    return value


def narrows(kind: Filter, value: Any) -> bool:
    """Return whether a value narrows a search: an empty one finds records without one, or is ignored (section 10)."""
    if value not in EMPTY or not isinstance(kind, Ids | Words | Keys | Phone | Linked):
        return True
    return bool(getattr(kind, "finds_empty", False) or getattr(kind, "none", ""))


def as_list(value: Any) -> list[Any]:
    """Return a list; a single value becomes a list of one."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Ids:
    """A list of ids in a column; -2 stands for none, and so does an empty value where ``finds_empty``."""

    column: str
    finds_empty: bool = False

    def __call__(self, name: str, value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        if self.finds_empty and value in EMPTY:
            value = NONE
        ids = [as_number(name, each.get("id") if isinstance(each, dict) else each) for each in as_list(value)]
        wanted = [each for each in ids if each != NONE]
        parts = [f"{self.column} IN ({', '.join('?' * len(wanted))})"] if wanted else []
        parts += [f"{self.column} IS NULL"] if len(wanted) < len(ids) else []
        return [Condition(" OR ".join(parts) or "0", tuple(wanted), self.column)]


@dataclass(frozen=True)
class Words:
    """A text in a column, or any of several; letter case does not matter."""

    column: str
    numbered: tuple[str, ...] = ()  # words that may also be given by their index in this list
    is_name: bool = False
    finds_empty: bool = False

    def __call__(self, name: str, value: Any, context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        if self.finds_empty and value in EMPTY:
            return [Condition(f"ifnull({self.column}, '') = ''")]
        words = [
            self.numbered[each] if isinstance(each, int) and 0 <= each < len(self.numbered) else each
            for each in as_list(value)
        ]
        if not all(isinstance(word, str) for word in words):
            raise invalid(name, f"Invalid value: {spelled(value)}")
        if self.is_name and context.switches.name_filter == "partial":
            patterns = tuple(f"%{word}%" for word in words)
            return [Condition(" OR ".join([f"{self.column} LIKE ?"] * len(words)) or "0", patterns)]
        return [Condition(f"{self.column} IN ({', '.join('?' * len(words))})", tuple(words), self.column)]


@dataclass(frozen=True)
class Keys:
    """Filter by values of which a record can have several: e-mails, tags."""

    kind: str
    finds_empty: bool = False

    def __call__(self, name: str, value: Any, context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        if self.finds_empty and value in EMPTY:
            return [Condition(f"id NOT IN (SELECT id FROM \"{context.table.keys_name}\" WHERE kind = '{self.kind}')")]  # noqa: S608 - our own names
        together = False
        if isinstance(value, dict):  # the object form: {"option": "ANY", "value": […]}
            together = value.get("option") == "ALL"
            value = value.get("value", [])
        words = [each for each in as_list(value) if isinstance(each, str)]
        if len(words) < len(as_list(value)):
            raise invalid(name, f"Invalid value: {spelled(value)}")
        if self.kind == "email":
            words = [word.lower() for word in words]
        keys = context.table.keys_name
        one = f"id IN (SELECT id FROM \"{keys}\" WHERE kind = '{self.kind}' AND value = ?)"  # noqa: S608 - our own names
        return [Condition((" AND " if together else " OR ").join([one] * len(words)) or "0", tuple(words))]


@dataclass(frozen=True)
class Listed:
    """Filter by values in a list of objects inside the record: socials."""

    attribute: str
    label: str

    def __call__(self, _name: str, value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        words = tuple(str(each) for each in as_list(value))
        placeholders = ", ".join("?" * len(words))
        sql = f"EXISTS (SELECT 1 FROM json_each(body, '$.{self.attribute}') AS e WHERE json_extract(e.value, '$.{self.label}') IN ({placeholders}))"  # noqa: S608, E501 - our own names
        return [Condition(sql, words)]


@dataclass(frozen=True)
class Phone:
    """A phone number: a string, or ``{value, match}``; 7 digits and more match as a suffix (section 5.3)."""

    fuzzy_from = 7

    def __call__(self, name: str, value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        match = None
        if isinstance(value, dict):
            value, match = value.get("value"), value.get("match")
        if not isinstance(value, str) or match not in (None, "partial", "fuzzy"):
            raise invalid(name, f"Invalid value: {spelled(value)}")
        digits = re.sub(r"\D", "", value)
        if match is None:
            match = "fuzzy" if len(digits) >= self.fuzzy_from else "exact"
        pattern = {"fuzzy": f"%{digits}", "partial": f"%{digits}%", "exact": digits}[match]
        bare = "json_extract(e.value, '$.number')"
        for mark in " -().+/":
            bare = f"replace({bare}, '{mark}', '')"
        sql = f"EXISTS (SELECT 1 FROM json_each(body, '$.phone_numbers') AS e WHERE {bare} LIKE ?)"  # noqa: S608 - our own names
        return [Condition(sql, (pattern,))]


@dataclass(frozen=True)
class Followed:
    """1: followed, 2: not followed. Nobody follows anything here."""

    def __call__(self, name: str, value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        if as_number(name, value) not in {1, 2}:
            raise invalid(name, f"Invalid value: {spelled(value)}")
        return [Condition("0" if value in {1, "1"} else "1")]


@dataclass(frozen=True)
class Age:
    """The maximum age in seconds."""

    def __call__(self, name: str, value: Any, context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        return [Range("date_created", low=context.now - int(as_number(name, value)))]


@dataclass(frozen=True)
class Bound:
    """``minimum_…`` or ``maximum_…`` of a column or an SQL expression over columns."""

    column: str
    upper: bool
    is_date: bool = True
    expression: bool = False

    def __call__(self, name: str, value: Any, context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        number = as_number(name, value)
        if self.is_date and number > _LATEST:
            raise invalid(name, f"Invalid value: {spelled(value)}")
        inclusive = context.switches.maximum_inclusive if self.upper else context.switches.minimum_inclusive
        if self.expression or number != int(number):
            return [Condition(f"{self.column} {'<' if self.upper else '>'}{'=' if inclusive else ''} ?", (number,))]
        whole = int(number)
        if self.upper:
            return [Range(self.column, high=whole if inclusive else whole - 1)]
        return [Range(self.column, low=whole if inclusive else whole + 1)]


@dataclass(frozen=True)
class Ignored:
    """A parameter that is accepted and changes nothing here."""

    def __call__(self, _name: str, _value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        return []


UNSEARCHABLE = frozenset({"String", "Text", "URL"})
_OF_OPTIONS = frozenset({"value", "option", "allow_empty"})
_RANGE = frozenset({"minimum_value", "maximum_value"})
_BY_TYPE = {
    **dict.fromkeys(("Dropdown", "MultiSelect"), _OF_OPTIONS),
    **dict.fromkeys(("Date", "Percentage", "Currency"), _RANGE),
    **dict.fromkeys(("Float", "Checkbox"), frozenset({"value"})),
}
"""The keys that a filter by a custom field knows, by data type (section 10)."""


@dataclass(frozen=True)
class CustomFields:
    """``[{custom_field_definition_id, …}]``: lists of options, ranges, a number or a boolean, by data type."""

    def __call__(self, name: str, value: Any, context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        return [self._condition(name, each, context) for each in as_list(value)]

    def _condition(self, name: str, wanted: Any, context: FilterContext) -> Condition:
        if not isinstance(wanted, dict):
            raise invalid(name, "Invalid value")
        definition = context.definition(int(as_number(name, wanted.get("custom_field_definition_id"))))
        if definition is None:
            raise invalid(name, f"Invalid custom field definition: {wanted.get('custom_field_definition_id')}")
        if definition["data_type"] in UNSEARCHABLE:
            if set(wanted) == {"custom_field_definition_id", "allow_empty"}:
                raise NotAllowedError(500, "Internal server error")  # seen live, with another text perhaps
            raise invalid(name, f"Fields of type {definition['data_type']} are not searchable")
        unknown = set(wanted) - {"custom_field_definition_id"} - _BY_TYPE.get(definition["data_type"], frozenset())
        if unknown:
            words = ", ".join(sorted(unknown))
            raise invalid(name, f"Fields of type {definition['data_type']} are not filtered by {words}")
        held = "json_extract(e.value, '$.value')"
        tests, arguments = _custom_tests(held, wanted)
        if wanted.get("allow_empty"):
            tests = [f"(({' AND '.join(tests) or '0'}) OR {held} IS NULL OR {held} IN ('', '[]'))"]
        sql = (
            "EXISTS (SELECT 1 FROM json_each(body, '$.custom_fields') AS e "  # noqa: S608 - our own names
            "WHERE json_extract(e.value, '$.custom_field_definition_id') = ? "
            f"AND {' AND '.join(tests) or held + ' IS NOT NULL'})"
        )
        return Condition(sql, (definition["id"], *arguments))


_COUNTS = {"ANY": "> 0", "ALL": "= {}", "NONE": "= 0"}
"""The SQL for how many of the wanted options a field must hold, by the filter's option."""


def _custom_tests(held: str, wanted: dict[str, Any]) -> tuple[list[str], list[Any]]:
    tests: list[str] = []
    arguments: list[Any] = []
    for bound, sign in (("minimum_value", ">="), ("maximum_value", "<=")):
        if bound in wanted:
            tests.append(f"{held} {sign} ?")
            arguments.append(as_number(bound, wanted[bound]))
    if "value" in wanted:
        values = as_list(wanted["value"])
        placeholders = ", ".join("?" * len(values))
        inside = f"SELECT count(*) FROM json_each(e.value, '$.value') AS v WHERE v.value IN ({placeholders})"  # noqa: S608 - our own names
        tests.append(f"({inside}) {_COUNTS.get(wanted.get('option', 'ANY'), '> 0').format(len(values))}")
        arguments += values
    return tests, arguments


@dataclass(frozen=True)
class Linked:
    """Ids of records that point to this one: an SQL test that ends in ``IN``, and one for none where a page has it."""

    test: str
    none: str = ""

    def __call__(self, name: str, value: Any, _context: FilterContext, /) -> list[Range | Condition]:
        """Return the conditions; see ``Filter``."""
        if self.none and value in EMPTY:
            return [Condition(self.none)]
        ids = tuple(as_number(name, each) for each in as_list(value))
        return [Condition(f"EXISTS ({self.test} ({', '.join('?' * len(ids))}))", ids)]
