"""Match keys: the values by which a record is recognised in the CRM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmRecord, Kind
from crm_api.errors import SettingError
from crm_api.settings import nearest
from crm_api.values import is_empty, read_text
from target_crm.mapping.fields import ID, Fields
from target_crm.mapping.normalise import NORMALISERS, exact_text, is_free_mail
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import MatchKey, MatchPart


class MatchKeys:
    """Makes the match keys of one object's records, and compares the CRM's records with them.

    Args:
        crm: Knows the vendor's form of values.
        fields: The attributes and custom fields of the object.
        settings: The stream's settings of mapping; the object's own match keys hold where ``match_on`` is left out.

    Raises:
        SettingError: The setting match_on names an attribute that does not exist.
    """

    def __init__(self, crm: Crm, fields: Fields, settings: MappingSettings) -> None:
        self._crm = crm
        self._fields = fields
        self._settings = settings
        self._attributes: dict[str, Attribute | None] = {}
        match_on = fields.crm_object.match_on if settings.match_on is None else settings.match_on
        self.match_on = tuple(tuple(self._checked(name) for name in together) for together in match_on)

    @property
    def _where(self) -> str:
        return self._settings.place("match_on")

    def _checked(self, name: str) -> str:
        if name == ID:
            return ID
        attribute = self._fields.named(name)
        if attribute is None:
            known = [each.name for each in self._fields.crm_object.attributes]
            raise SettingError(
                f"{self._where}: {self._fields.crm_object.name} have no attribute {name!r}{nearest(name, known)}"
            )
        return attribute.name

    @property
    def names(self) -> frozenset[str]:
        """The attributes that match keys are made of."""
        return frozenset(name for together in self.match_on for name in together)

    def keys(self, record: CrmRecord, pending: frozenset[str]) -> tuple[MatchKey, ...]:
        """Make the match keys for which a record has all values, in order of preference.

        Args:
            record: A payload, with the attributes that only serve matching added.
            pending: The attributes whose reference is not resolved yet.
        """
        keys: list[MatchKey] = []
        for together in self.match_on:
            parts = tuple(self._part(record, name, pending) for name in together)
            if all(part.values or part.pending for part in parts):
                keys.append(MatchKey(parts))
        return tuple(keys)

    def _part(self, record: CrmRecord, name: str, pending: frozenset[str]) -> MatchPart:
        if name in pending:
            return MatchPart(name, (), pending=True)
        return MatchPart(name, tuple(sorted(self.values(record, name))))

    def values(self, record: CrmRecord, name: str) -> frozenset[str]:
        """The values by which one attribute of a record in the vendor's form is matched, normalised."""
        if name == ID:
            return frozenset() if record.get(ID) is None else frozenset({str(record[ID])})
        if name not in self._attributes:
            self._attributes[name] = self._fields.attribute(name)
        attribute = self._attributes[name]
        if attribute is None:
            return frozenset()
        value = record.get(name) if attribute.custom_id is None else self._custom(record, attribute)
        if is_empty(value):
            return frozenset()
        found = frozenset(filter(None, self._normalised(attribute, value)))
        return frozenset(each for each in found if attribute.normalise != "domain" or not is_free_mail(each))

    def values_of(self, record: CrmRecord, names: Iterable[str]) -> dict[str, frozenset[str]]:
        """The normalised values of several attributes, by name."""
        return {name: self.values(record, name) for name in names}

    def matches(self, key: MatchKey, record: CrmRecord) -> bool:
        """Tell whether a record of the CRM matches the key."""
        return all(not self.values(record, part.attribute).isdisjoint(part.values) for part in key.parts)

    def _custom(self, record: CrmRecord, attribute: Attribute) -> Any:
        return next((each for key, each in self._crm.custom_values(record).items() if key == attribute.custom_id), None)

    def _normalised(self, attribute: Attribute, value: Any) -> list[str]:
        kind = attribute.kind
        normalise = exact_text if attribute.custom_id is not None else NORMALISERS[attribute.normalise]
        if kind is Kind.ITEMS:
            values = [each.get(attribute.item) for each in value if isinstance(each, Mapping)]
            return [normalise(str(each)) for each in values if not is_empty(each)]
        if kind is Kind.STRUCTURE:
            parts = attribute.parts if attribute.item is None else (attribute.item,)
            return [normalise(" ".join(str(value[part]) for part in parts if not is_empty(value.get(part))))]
        if kind is Kind.IDENTIFIER:
            return [] if is_empty(value.get("id")) else [f"{value.get('type')}:{value['id']}"]
        if kind is Kind.IDS:
            return [str(each.get(attribute.item) if isinstance(each, Mapping) else each) for each in value]
        if kind in {Kind.TEXTS, Kind.NAME_IDS}:
            return [normalise(str(each)) for each in value]
        return [normalise(_comparable(self._crm, attribute, value))]


def _comparable(crm: Crm, attribute: Attribute, value: Any) -> str:
    try:
        decoded = crm.decode(attribute, value)
    except ValueError:
        return str(value)  # only the CRM's own record holds such a value: nothing of ours is equal to it
    if isinstance(decoded, float) and decoded.is_integer():
        decoded = int(decoded)
    return read_text(decoded)
