"""The mapper of an undo: what it remembers of a write leaves what the source last sent as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import override

from crm_api.crm import Crm
from crm_api.crm_objects import CrmObject, CrmRecord, Payload
from target_crm.mapping.attribute_values import AttributeValues
from target_crm.mapping.changes import Basis, mark_of
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Change, Difference, Mapped


class UndoMapper(Mapper):
    """Makes the writes of an undo into one object, whatever stream wrote it.

    Args:
        crm: The account.
        crm_object: The object.
        again: Whether the source's values are to be sent again by the next run.

    Attributes:
        attributes: Takes records apart into attributes.
    """

    def __init__(self, crm: Crm, crm_object: CrmObject, *, again: bool) -> None:
        super().__init__(crm, crm_object, MappingSettings())
        self.attributes = AttributeValues(crm.owner(crm_object), crm_object)
        self._again = again

    def mapped(self, payload: Payload, digest: str, *, follows: bool = False) -> Mapped:
        """Return a record of which only match values and the source's digest count.

        Args:
            payload: The values that are sent.
            digest: The digest of what the source last gave.
            follows: Whether the values say what the source's say, as references do that follow their record.
        """
        return Mapped(payload if follows else {}, self._match_keys.keys(payload, frozenset()), digest=digest)

    def writing(self, values: Mapping[str, Any], current: CrmRecord | None) -> Change:
        """Return the change that gives attributes values, in the form of answers.

        Args:
            values: The values, by attribute.
            current: The record as the CRM has it; None: it is to be made.
        """
        shown = {} if current is None else self.attributes.shown(current)
        differences: list[Difference] = []
        for name, value in values.items():
            attribute = self.attributes.attribute(name)
            if attribute is not None:
                readable = self.attributes.readable
                differences.append(
                    Difference(name, readable(attribute, shown.get(name)), readable(attribute, value)),
                )
        resent = {} if current is None else self._resent(shown)
        return Change(self.attributes.payload({**resent, **values}), tuple(differences), frozenset(values))

    def _resent(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes that go with every update, as the CRM has them."""
        resent = [each.name for each in self.crm_object.attributes if each.resent]
        return {name: shown[name] for name in resent if name in shown}

    @override
    def remembered(
        self,
        mapped: Mapped,
        basis: Basis,
        change: Change,
        answer: CrmRecord | None,
        before: CrmRecord | None = None,
    ) -> LastSent | None:
        if basis.last is None:
            return None
        if not basis.is_part:  # a record that is made again: what is sent now is all that is known of it
            return super().remembered(replace(mapped, payload=change.payload), basis, change, answer, before)
        shown = self.attributes.shown(answer) if answer else {}
        sent = self.attributes.shown(change.payload)
        seen: dict[str, bytes] = {}
        said: dict[str, bytes] = {}
        for name, value in sent.items():
            attribute = self.attributes.attribute(name)
            if attribute is not None and name in change.settled:
                seen[mark_of(attribute)] = self.attributes.content(attribute, shown.get(name, value))
                said[mark_of(attribute)] = self.attributes.content(attribute, value)
        return basis.last.taken_back(seen, again=self._again, followed=said if mapped.payload else None)
