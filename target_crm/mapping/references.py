"""References to other records: the record that is meant, and its id in the attribute once it is found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, Kind, named_object
from crm_api.errors import SettingError
from crm_api.settings import nearest
from crm_api.values import is_empty, read_text
from target_crm.mapping.declared_names import ID, REFERRING
from target_crm.mapping.fields import Fields
from target_crm.mapping.match_keys import NORMALISERS
from target_crm.mapping.settings import MappingSettings, ReferenceRule, named_twice
from target_crm.mapping.values import ByMatch, Found, FromStream, MatchKey, MatchPart, Reference


class References:
    """Finds the references in the records of one stream.

    Args:
        crm: Knows the objects.
        fields: The attributes and custom fields of the object that refers.
        settings: The stream's settings of mapping.

    Raises:
        SettingError: The setting references names an attribute or an object that does not exist, or that does not fit.
    """

    def __init__(self, crm: Crm, fields: Fields, settings: MappingSettings) -> None:
        self._crm = crm
        self._fields = fields
        self._settings = settings
        self.by_attribute: dict[str, ReferenceRule] = {}
        self._matched: dict[str, tuple[tuple[Attribute, str], ...]] = {}
        for name, rule in settings.references.items():
            attribute = self._referring(name)
            if attribute is None:
                able = [each.name for each in fields.crm_object.attributes if each.kind in REFERRING]
                raise SettingError(
                    f"{self._where}.{name}: {fields.crm_object.name} have no such reference{nearest(name, able)}. "
                    f"There are: {', '.join(able) or 'none'}"
                )
            if attribute.name in self.by_attribute:
                one = next(each for each in settings.references if self._referring(each) == attribute)
                raise named_twice(self._where, one, name, attribute.name)
            self.by_attribute[attribute.name] = rule
            if rule.object is not None:
                self._matched[attribute.name] = self._match(name, rule.object, rule.match)
                self.fits(attribute.name, named_object(crm.objects, rule.object))

    def _referring(self, name: str) -> Attribute | None:
        attribute = self._fields.named(name)
        if attribute is None or attribute.kind not in REFERRING:
            return self._fields.referring(name)
        return attribute

    @property
    def _where(self) -> str:
        return self._settings.place("references")

    def _match(self, name: str, target: str, match: Mapping[str, str]) -> tuple[tuple[Attribute, str], ...]:
        target = named_object(self._crm.objects, target)
        if target not in self._crm.objects:
            there = list(self._crm.objects)
            raise SettingError(
                f"{self._where}.{name}.object: the CRM has no object {target!r}{nearest(target, there)}. "
                f"There are: {', '.join(there)}"
            )
        fields = Fields(self._crm, self._crm.objects[target])
        pairs: list[tuple[Attribute, str]] = []
        for matched, source in match.items():
            is_id = fields.crm_object.is_id(matched)
            attribute = Attribute(ID, creatable=False, updatable=False) if is_id else fields.named(matched)
            if attribute is None:
                raise SettingError(f"{self._where}.{name}.match: {target} have no attribute {matched!r}")
            pairs.append((attribute, source))
        return tuple(pairs)

    def fits(self, name: str, target: str) -> None:
        """Check that a reference leads to the kind of record whose id its attribute holds.

        Args:
            name: The name of the attribute.
            target: The object that the reference leads to.

        Raises:
            SettingError: The reference leads to another object than the attribute holds.
        """
        attribute = self._fields.named(name)
        held = attribute.refers_to if attribute is not None else None
        if held is None or held == target:
            return
        if held in self._crm.objects and target in self._crm.objects:
            raise SettingError(
                f"{self._where}.{name} leads to {target}, but {name} must hold the id of one of the {held}"
            )

    @property
    def used(self) -> frozenset[str]:
        """The attributes of a record that references are made of."""
        return frozenset(
            source for rule in self.by_attribute.values() for source in (*rule.source_id, *rule.match.values())
        )

    def is_given(self, name: str, known: Collection[str]) -> bool:
        """Tell whether records with certain attributes can refer to another record by an attribute of the object."""
        rule = self.by_attribute.get(name)
        return rule is not None and set(known).issuperset((*rule.source_id, *rule.match.values()))

    def given(self, name: str, record: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return by what a record refers to another in an attribute; empty if it does not."""
        rule = self.by_attribute.get(name)
        if rule is None:
            return ()
        values = tuple(record.get(source) for source in (*rule.source_id, *rule.match.values()))
        return () if any(map(is_empty, values)) else (values if len(values) == 1 else (list(values),))

    def pending(self, record: Mapping[str, Any]) -> tuple[Reference, ...]:
        """The references for which a record has all values."""
        found: list[Reference] = []
        for name, rule in self.by_attribute.items():
            values = tuple(record.get(source) for source in (*rule.source_id, *rule.match.values()))
            if any(is_empty(value) for value in values):
                continue
            if rule.stream is not None:
                found.append(Reference(name, FromStream(rule.stream, values)))
            elif rule.object is not None:
                parts = tuple(_part(attribute, record[source]) for attribute, source in self._matched[name])
                if all(part.values for part in parts):
                    crm_object = named_object(self._crm.objects, rule.object)
                    found.append(Reference(name, ByMatch(crm_object, MatchKey(parts))))
        return tuple(found)

    def emptied(self, record: Mapping[str, Any]) -> tuple[str, ...]:
        """The attributes whose reference the record gives as null."""
        return tuple(
            name
            for name, rule in self.by_attribute.items()
            if all(each in record and is_empty(record[each]) for each in (*rule.source_id, *rule.match.values()))
        )

    def value(self, attribute: Attribute, found: Found) -> Any:
        """The value that the attribute gets once the record is found.

        Raises:
            SettingError: The record is of another object than the attribute refers to.
        """
        self.fits(attribute.name, found.object)
        if attribute.kind is Kind.IDENTIFIER:
            return {"id": found.id, "type": self._crm.objects[found.object].singular}
        return [found.id] if attribute.kind is Kind.IDS else found.id


def _part(attribute: Attribute, value: Any) -> MatchPart:
    values = value if isinstance(value, list | tuple) else [value]
    normalise = NORMALISERS[attribute.normalise]
    return MatchPart(attribute.name, tuple(filter(None, (normalise(read_text(each)) for each in values))))
