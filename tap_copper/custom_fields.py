"""Custom-field definitions turned into named, typed columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from crm_api.custom_fields import PREFIX, alike, column_names
from tap_copper.conformance import UnfitValues, json_text, number_of, seconds_of_number, truth_of

OWN_PREFIX = "copper_"  # of an attribute of Copper's own that is named as a column of a custom field

Definition = Mapping[str, Any]
Convert = Callable[[Any], Any]

_DAY_SECONDS = 86400
# Of a kind that is not known: two of the targets that people use end at a column without a type, or with several.
_JSON_TEXT: dict[str, Any] = {"type": ["string", "null"]}
# custom-fields/general/custom_field_definitions: the data types and the values they have
_TYPES: dict[str, dict[str, Any]] = {
    "String": {"type": ["string", "null"]},
    "Text": {"type": ["string", "null"]},
    "URL": {"type": ["string", "null"]},
    "Dropdown": {"type": ["string", "null"]},
    "MultiSelect": {"type": ["array", "null"], "items": {"type": "string"}},
    "Date": {"type": ["string", "null"], "format": "date"},
    "Checkbox": {"type": ["boolean", "null"]},
    "Float": {"type": ["number", "null"]},
    "Percentage": {"type": ["number", "null"]},
    "Currency": {"type": ["number", "null"]},
    "Connect": {"type": ["array", "null"], "items": {}},
}


class CustomColumns:
    """The columns that one kind of record gets from the definitions.

    Args:
        definitions: All definitions of the account.
        object_name: The kind of record as ``available_on`` names it: ``lead``, ``person``, ….
        naming: How columns are named: ``name`` for ``cf_<slug of the name>``, ``id`` for ``cf_<id>``.
        pinned: Column names by definition id, which hold through any renaming.
        given: The id of the field that each column has had in earlier runs: it is never another's.
        zone: Tells the account's time zone, asked when it is needed: a day is stored as its midnight there.

    Attributes:
        properties: The columns' part of the schema.
        alike: Columns of fields whose names are spelled alike, where one of them is new and no setting names it.
        given: The id of the field of each column, of this run's and of those before.
    """

    def __init__(
        self,
        definitions: Iterable[Definition],
        object_name: str,
        *,
        naming: str = "name",
        pinned: Mapping[int | str, str] | None = None,
        given: Mapping[str, int] | None = None,
        zone: Callable[[], tzinfo] = lambda: UTC,
    ) -> None:
        known = {
            each["id"]: each
            for each in definitions
            if isinstance(each.get("id"), int) and object_name in _listed(each.get("available_on"))
        }
        fields = [(key, str(each.get("name") or "") if naming == "name" else "") for key, each in known.items()]
        given = (given or {}) if naming == "name" else {}
        names = column_names(fields, pinned, given)
        chosen = set(map(str, pinned or ()))
        unchosen = [field for field in fields if str(field[0]) not in chosen]
        similar = [[names[key] for key in keys] for keys in alike(unchosen)]
        self.alike = [columns for columns in similar if not set(columns) <= set(given)]
        self.given = {**given, **({names[key]: key for key in known} if naming == "name" else {})}
        self._columns: dict[Any, tuple[str, Convert]] = {
            key: (names[key], _converter(each, zone)) for key, each in known.items()
        }
        self.properties: dict[str, dict[str, Any]] = {
            names[key]: {
                **_TYPES.get(str(each.get("data_type")), _JSON_TEXT),
                "description": f"Custom field {each.get('name')!r} ({each.get('data_type')}, id {key})",
            }
            for key, each in sorted(known.items())
        }
        self._empty: dict[str, Any] = dict.fromkeys(self.properties)

    def fill(self, records: Iterable[dict[str, Any]], unfit: UnfitValues | None = None) -> None:
        """Add to each record, in place, a column for every definition; null where it has no value.

        A value whose definition is gone, or was made after this run began, stays in ``custom_fields`` alone; so does
        one that its column's type cannot hold.

        Args:
            records: The records.
            unfit: Counts the values that their columns cannot hold.
        """
        columns = self._columns
        for record in records:
            record.update(self._empty)
            fields = record.get("custom_fields")
            for field in fields if isinstance(fields, list) else ():
                try:
                    value = field["value"]
                    column = None if value is None else columns.get(field["custom_field_definition_id"])
                except (KeyError, TypeError):
                    continue  # not a field as Copper sends them
                if column is not None:
                    name, convert = column
                    record[name] = convert(value)
                    if record[name] is None and unfit is not None:
                        unfit.note(name, record)


def keep_apart(records: Sequence[dict[str, Any]]) -> None:
    """Give attributes that Copper itself names as columns of custom fields are named, ``cf_…``, other names, in place.

    They become ``copper_cf_…`` whether or not there is such a field today: a column never changes what it holds.
    """
    if not any(name.startswith(PREFIX) for name in set().union(*records)):
        return
    for record in records:
        for name in [name for name in record if name.startswith(PREFIX)]:
            record[_free(OWN_PREFIX + name, record)] = record.pop(name)


def _free(name: str, record: Mapping[str, Any]) -> str:
    while name in record:
        name = OWN_PREFIX + name
    return name


def day(seconds: int, zone: tzinfo) -> date:
    """The day that Copper stores as its midnight: in UTC, in the account's time zone, or else the nearest in UTC."""
    if seconds % _DAY_SECONDS:
        local = datetime.fromtimestamp(seconds, zone)
        if not (local.hour or local.minute or local.second):
            return local.date()
        seconds += _DAY_SECONDS // 2
    return datetime.fromtimestamp(seconds, UTC).date()


def _converter(definition: Definition, zone: Callable[[], tzinfo]) -> Convert:
    """Make the function that turns a stored value into the column's."""
    kind = str(definition.get("data_type"))
    labels = {each["id"]: json_text(each["name"]) for each in _options(definition) if each.get("name") is not None}
    made: dict[str, Convert] = {
        "Dropdown": lambda value: _label(value, labels),
        "MultiSelect": lambda values: [_label(value, labels) for value in _listed(values)],
        "Date": lambda value: _day_text(value, zone),
    }
    return made.get(kind) or _CONVERTERS.get(kind, json_text)


def _options(definition: Definition) -> list[Mapping[str, Any]]:
    options = definition.get("options")
    given = options if isinstance(options, list) else []
    return [each for each in given if isinstance(each, Mapping) and isinstance(each.get("id"), int | str)]


def _label(value: Any, labels: Mapping[Any, str]) -> str:
    """The label of an option; its id where the option is gone, or has no name."""
    label = labels.get(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    return label or json_text(value)


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _day_text(value: Any, zone: Callable[[], tzinfo]) -> str | None:
    seconds = seconds_of_number(value)
    try:
        if seconds is not None:
            return day(seconds, zone()).isoformat()
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None  # the raw array keeps the value


_CONVERTERS: dict[str, Convert] = {
    "String": json_text,
    "Text": json_text,
    "URL": json_text,
    "Float": number_of,
    "Percentage": number_of,
    "Currency": number_of,
    "Checkbox": truth_of,
    "Connect": _listed,
}
