"""Stream maps that give columns the names by which the target understands them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crm_api.crm_objects import Attribute, Kind
from crm_api.naming.spelling import canonical
from target_crm.mapping.declared_names import Assignment, Role
from target_crm.mapping.flat import LISTS
from target_crm.proposals.meanings import Sense
from target_crm.proposals.placing import Claim, category_of
from target_crm.proposals.samples import Column, Sample, first_of

_CASTS: Mapping[str, str] = {"number": "float", "integer": "int", "boolean": "bool", "array": "json.dumps"}
"""The functions by whose name the SDK tells the type of a stream map."""


@dataclass(frozen=True)
class Rename:
    """One entry of a stream map.

    Attributes:
        expression: What the SDK evaluates.
        columns: The columns that it takes.
        attribute: Name of the attribute that it gives.
    """

    expression: str
    columns: tuple[str, ...]
    attribute: str


class Renames:
    """Makes the stream map of one stream.

    Args:
        sample: What the input shows of the stream.
        claims: The columns that give attributes.
        assignment: Finds the attribute that a name gives.
    """

    def __init__(self, sample: Sample, claims: Sequence[Claim], assignment: Callable[[str], Assignment | None]) -> None:
        self._sample = sample
        self._assignment = assignment
        self._taken = {canonical(claim.column) for claim in claims if claim.understood}
        self.entries: dict[str, Rename] = {}
        """The entries, by the new name."""
        self.beyond: dict[str, str] = {}
        """The columns for which no name is left, each with the attribute that they would give."""
        given: set[tuple[str, str]] = set()
        for claim in claims:
            attribute = claim.assignment.attribute
            is_twin = attribute.kind is Kind.ITEMS and (attribute.name, claim.assignment.part) in given
            if _is_fraction(sample.columns[claim.column], attribute):
                rename = Rename(_percent(sample.columns[claim.column]), (claim.column,), attribute.name)
                self._enter(attribute.name, rename)
            elif is_twin or not claim.understood:
                self._add(claim, [each for each in claims if _beside(each, claim)])
            else:
                given.add((attribute.name, claim.assignment.part))

    def _add(self, claim: Claim, beside: Sequence[Claim]) -> None:
        attribute = claim.assignment.attribute
        if attribute.kind is Kind.ITEMS:
            self._add_item(claim, attribute)
        elif len(beside) > 1:  # the lines of a street
            if claim.name not in self.entries:
                values = ", ".join(_value(self._sample.columns[each.column]) for each in beside)
                expression = f"', '.join([line for line in [{values}] if line])"
                self._enter(claim.name, Rename(expression, tuple(each.column for each in beside), attribute.name))
        elif canonical(claim.name) in self._taken:
            self.beyond[claim.column] = attribute.name
        else:
            column = self._sample.columns[claim.column]
            expression = _first(column) if "array" in column.types and attribute.kind not in LISTS else _typed(column)
            self._enter(claim.name, Rename(expression, (claim.column,), attribute.name))

    def _add_item(self, claim: Claim, attribute: Attribute) -> None:
        """Give an item of a list the first free name that means its category, else put it into one list with others."""
        category = self._category(claim, attribute)
        for name in (claim.name, *attribute.flat):
            found = self._assignment(name)
            fits = found is not None and found.attribute.name == attribute.name and category_of(found) == category
            if fits and canonical(name) not in self._taken:
                self._enter(name, Rename(_typed(self._sample.columns[claim.column]), (claim.column,), attribute.name))
                return
        if canonical(attribute.name) in self._taken and attribute.name not in self.entries:
            self.beyond[claim.column] = attribute.name
            return
        before = self.entries.get(attribute.name)
        value = _value(self._sample.columns[claim.column])
        kind = "" if category is None else f", 'category': {category!r}"
        items = [f"{{{attribute.item!r}: {value}{kind}}}"]
        columns: tuple[str, ...] = (claim.column,)
        if before is not None:
            items.insert(0, before.expression.partition("[item for item in [")[2].partition("] if item[")[0])
            columns = (*before.columns, claim.column)
        expression = f"json.dumps([item for item in [{', '.join(items)}] if item[{attribute.item!r}]])"
        self._enter(attribute.name, Rename(expression, columns, attribute.name))

    def _category(self, claim: Claim, attribute: Attribute) -> str | None:
        wanted = claim.meaning.category if claim.meaning is not None else ""
        if claim.meaning is None or claim.meaning.sense is Sense.ATTRIBUTE:
            return category_of(claim.assignment)
        if attribute.category is None or not wanted:
            return attribute.category
        known = {attribute.categories.get(name) for name in attribute.flat} - {None}
        return wanted if wanted in known or wanted == "other" else category_of(claim.assignment)

    def _enter(self, name: str, rename: Rename) -> None:
        self.entries[name] = rename
        self._taken.add(canonical(name))


def _beside(one: Claim, other: Claim) -> bool:
    """Whether two columns are lines of the same part of an address."""
    return (
        one.meaning is not None
        and one.meaning.sense is Sense.ADDRESS
        and one.assignment.attribute.name == other.assignment.attribute.name
        and one.assignment.role is other.assignment.role
        and (one.assignment.role is not Role.PART or one.assignment.part == other.assignment.part)
    )


def _is_fraction(column: Column, attribute: Attribute) -> bool:
    """Whether a column holds fractions of 1 where the attribute wants percent: HubSpot's probability."""
    if "probability" not in attribute.name or not any("." in value for value in column.values):
        return False
    try:
        return all(0 <= float(value) <= 1 for value in column.values)
    except ValueError:
        return False


def _percent(column: Column) -> str:
    return f"int(float(record[{column.name!r}]) * 100 + 0.5) if {_value(column)} else None"


def _first(column: Column) -> str:
    return f"record[{column.name!r}]{''.join(first_of(column))} if {_value(column)} else None"


def _value(column: Column) -> str:
    """The expression for a column's value; null where a record lacks it."""
    return f"record.get({column.name!r})"


def _typed(column: Column) -> str:
    """The expression for a column's value, written so that the SDK knows its type, which it takes for text else."""
    value = _value(column)
    if column.types <= {"string"}:
        return value
    kinds = [kind for kind in ("array", "object", "number", "integer", "boolean") if kind in column.types]
    cast = "str" if "string" in column.types else _CASTS.get(kinds[0], "json.dumps")
    return f"{cast}(record[{column.name!r}]) if {value} is not None else None"
