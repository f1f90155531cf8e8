"""Match keys: by which values a record is recognised in the CRM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmRecord, Kind
from crm_api.errors import SettingError
from crm_api.settings import nearest
from crm_api.values import is_empty, read_text
from target_crm.mapping.fields import ID, Fields
from target_crm.mapping.normalise import SPELLINGS, exact_text, tells_nothing
from target_crm.mapping.values import MatchKey, MatchPart


class Recognition:
    """Recognises the records of one object.

    Args:
        crm: Knows the vendor's form.
        fields: Of the object.
        match_on: Alternatives in order, each a tuple of names taken together.

    Raises:
        SettingError: A name is no attribute's.
    """

    def __init__(self, crm: Crm, fields: Fields, match_on: tuple[tuple[str, ...], ...]) -> None:
        self._crm = crm
        self._fields = fields
        self.match_on = tuple(tuple(self._named(name) for name in together) for together in match_on)

    def _named(self, name: str) -> str:
        if name == ID:
            return ID
        attribute = self._fields.named(name)
        if attribute is None:
            known = [each.name for each in self._fields.crm_object.attributes]
            raise SettingError(f"match_on: {self._fields.crm_object.name} have no {name!r}{nearest(name, known)}")
        return attribute.name

    @property
    def names(self) -> frozenset[str]:
        """The attributes that keys are made of."""
        return frozenset(name for together in self.match_on for name in together)

    def keys(self, record: CrmRecord, pending: frozenset[str]) -> tuple[MatchKey, ...]:
        """The match keys for which a payload has all values.

        Args:
            record: A payload, with the attributes that only serve matching added.
            pending: Attributes that wait for a reference.
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
        """The normalised values of one attribute of a record in the vendor's form."""
        if name == ID:
            return frozenset() if record.get(ID) is None else frozenset({str(record[ID])})
        attribute = self._fields.attribute(name)
        if attribute is None:
            return frozenset()
        value = record.get(name) if attribute.custom_id is None else self._custom(record, attribute)
        if is_empty(value):
            return frozenset()
        found = frozenset(filter(None, self._spelled(attribute, value)))
        return frozenset(each for each in found if attribute.normalise != "domain" or not tells_nothing(each))

    def matches(self, key: MatchKey, record: CrmRecord) -> bool:
        """Tell whether a record is what the key means."""
        return all(not self.values(record, part.attribute).isdisjoint(part.values) for part in key.parts)

    def _custom(self, record: CrmRecord, attribute: Attribute) -> Any:
        return next((each for key, each in self._crm.custom_values(record).items() if key == attribute.custom_id), None)

    def _spelled(self, attribute: Attribute, value: Any) -> list[str]:
        kind = attribute.kind
        spell = exact_text if attribute.custom_id is not None else SPELLINGS[attribute.normalise]
        if kind is Kind.ITEMS:
            values = [each.get(attribute.item) for each in value if isinstance(each, Mapping)]
            return [spell(str(each)) for each in values if not is_empty(each)]
        if kind is Kind.STRUCTURE:
            parts = attribute.parts if attribute.item is None else (attribute.item,)
            return [spell(" ".join(str(value[part]) for part in parts if not is_empty(value.get(part))))]
        if kind is Kind.IDENTIFIER:
            return [] if is_empty(value.get("id")) else [f"{value.get('type')}:{value['id']}"]
        if kind is Kind.IDS:
            return [str(each.get(attribute.item) if isinstance(each, Mapping) else each) for each in value]
        if kind in {Kind.TEXTS, Kind.NAME_IDS}:
            return [spell(str(each)) for each in value]
        return [spell(_canonical(self._crm, attribute, value))]


def _canonical(crm: Crm, attribute: Attribute, value: Any) -> str:
    try:
        decoded = crm.decode(attribute, value)
    except ValueError:
        return str(value)  # of the CRM's own record: nothing of ours is equal to it
    if isinstance(decoded, float) and decoded.is_integer():
        decoded = int(decoded)
    return read_text(decoded)
