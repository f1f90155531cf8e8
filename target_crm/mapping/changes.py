"""Changes: the attributes that a write sends, as far as what is known of the CRM's and the mode of each let it be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmRecord, Kind, Outgoing, Payload
from crm_api.values import has_value
from target_crm.mapping.comparison import NOTHING, Comparison
from target_crm.mapping.fields import Fields
from target_crm.mapping.flat import LISTS
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.merged_values import value_after_update
from target_crm.mapping.values import Change, Conflict, Difference, KeptValue, Mode, Side


@dataclass(frozen=True, slots=True)
class Basis:
    """The knowledge of earlier writes of a record that an update of it begins with.

    Attributes:
        last: The record as it was last sent; None: every attribute counts as changed.
        tried: The payloads of updates to which no answer came.
        whole: Whether every attribute is sent, changed or not.
        is_part: Whether the record holds no more than a part of what its source gave, such as its references.
        take: The side whose values somebody chose for this record's conflicts; None: the settings decide.
    """

    last: LastSent | None = None
    tried: tuple[Payload, ...] = ()
    whole: bool = False
    take: Side | None = None
    is_part: bool = False


NO_BASIS = Basis()


@dataclass(frozen=True)
class Changes:
    """Compares payloads with the CRM's records.

    Attributes:
        crm: Knows the vendor's form of values.
        fields: The attributes and custom fields of the object.
        mode_of: Gives the mode of an attribute.
        side_of: Tells who decides about conflicts of an attribute.
    """

    crm: Crm
    fields: Fields
    mode_of: Callable[[Attribute], Mode]
    side_of: Callable[[Attribute], Side]

    @property
    def readable(self) -> Callable[[Attribute, Any], Any]:
        """Spells a value in the vendor's form for people."""
        return self._compared.readable

    @cached_property
    def _compared(self) -> Comparison:
        return Comparison(self.crm)

    def creation(self, payload: Payload, *, may_be_there: bool = False) -> Change:
        """The change that a create sends: everything that has a value, and nulls as well if the record may be there."""
        sent = {
            each.name: (each, value)
            for each, value in self._attributes_of(payload)
            if each.creatable and (has_value(value) or (may_be_there and each.updatable and self._says(each, value)))
        }
        differences = [Difference(name, None, self.readable(each, value)) for name, (each, value) in sent.items()]
        settled = set(sent)
        if not may_be_there:  # a new record lacks what is null: it is not to be emptied once somebody has filled it
            settled.update(each.name for each, value in self._updatable(payload, None) if not has_value(value))
        return self._change(sent, differences, settled, known=())

    def changed(self, payload: Payload, basis: Basis) -> frozenset[str]:
        """The names of the attributes that an update is about: those that differ from what was last sent.

        Where the record is not as its source last gave it, and no attribute tells in what: all of them.
        """
        updatable = {each.name: (each, value) for each, value in self._updatable(payload, None)}
        last = basis.last
        if last is None or not last.sent or basis.whole:
            return frozenset(updatable)
        tried = self._names_in(basis.tried)
        differing = frozenset(
            name
            for name, (each, value) in updatable.items()
            if name in tried or not last.was_sent(mark_of(each), self._compared.content(each, value))
        )
        if differing or not last.is_of(self._contents(payload)):
            return differing
        return frozenset(updatable)

    def change(
        self,
        payload: Payload,
        current: CrmRecord | None,
        about: Collection[str] | None = None,
        basis: Basis = NO_BASIS,
        *,
        only_compares: bool = False,
    ) -> Change:
        """The change that an update sends. Attributes whose value depends on what is not known are left out.

        Args:
            payload: The record.
            current: The record as the CRM has it; None if it was not read.
            about: The attributes that may be sent; None: all of them.
            basis: What is known of the record's earlier writes.
            only_compares: The payload was sent before: what the CRM does not show is not sent again.
        """
        conflicts: list[Conflict] = []
        sent: dict[str, tuple[Attribute, Any]] = {}
        differences: list[Difference] = []
        settled: set[str] = set()
        unknown: list[str] = []
        now = {} if current is None else self._shown(current, payload)
        for attribute, value in self._updatable(payload, about):
            name, is_shown = attribute.name, attribute.name in now
            old = now.get(name)
            new = value_after_update(self.mode_of(attribute), attribute, old, value) if is_shown else value
            if is_shown and self._compared.same(attribute, old, new):
                settled.update([name] if self._is_taken(attribute, old, value) else ())
            elif current is not None and self._is_protected(attribute, old, basis, shown=is_shown):
                if basis.take is Side.CRM:
                    settled.add(name)
                elif not self._is_as_sent(attribute, value, basis):
                    side = self.side_of(attribute)
                    if not is_shown and side is Side.CRM:
                        unknown.append(name)
                        continue
                    values = self.readable(attribute, old), self.readable(attribute, new)
                    conflicts.append(Conflict(name, *values, side, is_shown))
            elif not is_shown and (only_compares or self._depends(attribute, value)):
                unknown.append(name)
            else:
                sent[name] = attribute, new
                differences.append(Difference(name, self.readable(attribute, old), self.readable(attribute, new)))
        settled.update(sent)
        resent = self._resent(payload, now) if sent else {}
        settled.update(resent.keys() - now.keys())
        change = self._change(resent | sent, differences, settled, known=now)
        if current is None or not (conflicts or unknown):
            return change
        return replace(change, conflicts=tuple(conflicts), unknown=tuple(unknown))

    def _resent(self, payload: Payload, now: Mapping[str, Any]) -> dict[str, tuple[Attribute, Any]]:
        """Attributes that go with every update, changed or not: with the CRM's own values where these are known."""
        resent = [(each, value) for each, value in self._attributes_of(payload) if each.resent]
        return {each.name: (each, now.get(each.name, value)) for each, value in resent}

    def _is_taken(self, attribute: Attribute, old: Any, value: Any) -> bool:
        """Tell whether the CRM, whose value an update would not change, holds what the record gives."""
        mode = self.mode_of(attribute)
        is_so = mode is Mode.REPLACE or (mode is Mode.ADD and has_value(value))
        return is_so or self._compared.same(attribute, old, value)

    def _updatable(self, payload: Payload, about: Collection[str] | None) -> Iterator[tuple[Attribute, Any]]:
        for attribute, value in self._attributes_of(payload):
            is_meant = (about is None or attribute.name in about) and self._says(attribute, value)
            if is_meant and attribute.updatable and self.mode_of(attribute) is not Mode.CREATE_ONLY:
                yield attribute, value

    def _says(self, attribute: Attribute, value: Any) -> bool:
        """Tell whether a value says anything: nothing is added to a list by a null, and nothing taken from it."""
        return has_value(value) or self.mode_of(attribute) is not Mode.ADD

    def _is_protected(self, attribute: Attribute, old: Any, basis: Basis, *, shown: bool) -> bool:
        """Tell whether the CRM's value must not be replaced without asking: it may be somebody's edit.

        Args:
            attribute: The attribute.
            old: The CRM's value, which differs from the record's.
            basis: What is known of earlier writes.
            shown: Whether the CRM's record holds the attribute at all.
        """
        if not self.is_protectable(attribute) or basis.take is Side.SOURCE:
            return False
        if not shown:
            return True
        last, name = basis.last, attribute.name
        if last is None or not last.knows(mark_of(attribute)):
            return has_value(old)
        if last.was_seen(mark_of(attribute), self._compared.content(attribute, old)):
            return False
        tried = [each for payload in basis.tried for each in self._attributes_of(payload)]
        return not any(each.name == name and self._compared.same(attribute, old, sent) for each, sent in tried)

    def is_protectable(self, attribute: Attribute) -> bool:
        """Tell whether an edit in the CRM may keep an attribute from being replaced; other modes keep it anyway."""
        return self.mode_of(attribute) is Mode.REPLACE and self.side_of(attribute) is not Side.SOURCE

    def _is_as_sent(self, attribute: Attribute, value: Any, basis: Basis) -> bool:
        last = basis.last
        return last is not None and last.was_sent(mark_of(attribute), self._compared.content(attribute, value))

    def protected(self, payload: Payload, about: Collection[str]) -> frozenset[str]:
        """The names of the attributes of an update whose value in the CRM may have to stay."""
        meant = (each for each, _ in self._attributes_of(payload) if each.updatable and each.name in about)
        return frozenset(each.name for each in meant if self.is_protectable(each))

    def unknown(self, payload: Payload, current: CrmRecord, names: Collection[str]) -> frozenset[str]:
        """Those of a payload's attributes that the CRM's record does not show."""
        return frozenset(names).difference(self._shown(current, payload)) if names else frozenset()

    def needs_current(self, payload: Payload, about: Collection[str] | None = None) -> bool:
        """Tell whether the change that an update sends depends on what the CRM has."""
        return any(
            attribute.updatable and (about is None or attribute.name in about) and self._depends(attribute, value)
            for attribute, value in self._attributes_of(payload)
        )

    def emptied(self, payload: Payload, nulls: Iterable[str], last: LastSent) -> tuple[str, ...]:
        """The attributes that are null now and had a value when they were last sent.

        Args:
            payload: The record.
            nulls: Further attributes that are null, and are not sent.
            last: The record as it was last sent.
        """
        empty = {each.name: each for each, value in self._attributes_of(payload) if not has_value(value)}
        empty.update((name, each) for name in nulls if (each := self.fields.attribute(name)) is not None)
        return tuple(
            name
            for name, each in empty.items()
            if last.knows(mark := mark_of(each)) and not last.was_sent(mark, NOTHING)
        )

    def emptied_lists(self, payload: Payload, last: LastSent | None) -> tuple[str, ...]:
        """The lists that an update empties, and that had values when they were last sent, if that is given."""
        empty = {
            each.name: value
            for each, value in self._attributes_of(payload)
            if each.kind in LISTS and self.mode_of(each) is Mode.REPLACE and not has_value(value)
        }
        return tuple(empty) if last is None or not empty else self.emptied(empty, (), last)

    def remembered(
        self, payload: Payload, basis: Basis, change: Change, answer: CrmRecord | None, before: CrmRecord | None
    ) -> LastSent | None:
        """The record as it is known after a write; None if nothing is remembered of it.

        Args:
            payload: The record.
            basis: What was known of it before.
            change: The write. What it settles without sending it is as the decision found it, whatever came since.
            answer: The record as the CRM shows it after the write; None or empty if it shows nothing.
            before: The record as it was read before the write; None if it was not.
        """
        if basis.last is None:
            return None
        given = {mark_of(each): (each, value) for each, value in self._attributes_of(payload)}
        contents = {mark: self._compared.content(each, value) for mark, (each, value) in given.items()}
        settled = change.settled
        unsent = settled.difference(each.name for each, _ in self._attributes_of(change.payload))
        seen: dict[str, bytes] = {}
        for record, names in ((answer, settled), (before, unsent)):
            for each, value in self._attributes_of(record, payload) if record and names else ():
                mark = mark_of(each)
                if each.name in names and mark in given:
                    is_the_same = type(value) is type(given[mark][1]) and value == given[mark][1]
                    seen[mark] = contents[mark] if is_the_same else self._compared.content(each, value)
        held = [mark for mark, (each, _) in given.items() if each.name in settled]
        tried = [each for sent in basis.tried for each, _ in self._attributes_of(sent)]
        unclear = [mark_of(each) for each in tried if each.name not in settled]
        last = basis.last.after(contents, held, seen, unclear)
        return last.unsettled if basis.is_part else last

    def remembered_as_sent(self, payload: Payload, unknown: LastSent) -> LastSent:
        """The record as it is known after all of a payload was carried out, and no answer showed what the CRM holds."""
        contents = self._contents(payload)
        return unknown.after(contents, contents, {})

    def kept(self, change: Change, current: CrmRecord | None, answer: CrmRecord | None) -> tuple[KeptValue, ...]:
        """The values before and after a change, those among them that the CRM changes with it by itself.

        Args:
            change: The change.
            current: The record before; None if it was not read.
            answer: The record as the CRM answered; None or empty if it showed nothing.
        """
        sent = {each.name: value for each, value in self._attributes_of(change.payload)}
        before = {} if current is None else self._shown(current, change.payload)
        kept = [KeptValue(name, before.get(name), value, name in before) for name, value in sent.items()]
        if current and answer:
            kept += [
                KeptValue(each.name, current[each.name], answer[each.name], was_read=True)
                for each in self.fields.crm_object.attributes
                if each.name not in sent
                and not sent.keys().isdisjoint(each.follows)
                and each.name in current
                and each.name in answer
            ]
        return tuple(kept)

    def kept_of(self, record: CrmRecord) -> tuple[KeptValue, ...]:
        """The values of a record that is to be deleted, as far as a write can give them back."""
        values = [(each, value) for each, value in self._attributes_of(record) if each.creatable or each.updatable]
        return tuple(KeptValue(each.name, value, None, was_read=True) for each, value in values if has_value(value))

    def _names_in(self, payloads: Iterable[Payload]) -> set[str]:
        return {attribute.name for payload in payloads for attribute, _ in self._attributes_of(payload)}

    def _contents(self, payload: Payload) -> dict[str, bytes]:
        return {mark_of(each): self._compared.content(each, value) for each, value in self._attributes_of(payload)}

    def is_blind(self, payload: Payload) -> bool:
        """Tell whether an update would send exactly what a create sends, whatever the CRM has."""
        return all(
            attribute.creatable
            and attribute.updatable
            and self.mode_of(attribute) is not Mode.CREATE_ONLY
            and not self._depends(attribute, value)
            for attribute, value in self._attributes_of(payload)
        )

    def _depends(self, attribute: Attribute, value: Any) -> bool:
        mode = self.mode_of(attribute)
        if mode is Mode.FILL_EMPTY or (mode is Mode.ADD and not attribute.appended):
            return True
        if attribute.kind is not Kind.STRUCTURE or value is None or self.mode_of(attribute) is Mode.CREATE_ONLY:
            return False
        return attribute.item is not None or any(part not in value for part in attribute.parts)

    def _attributes_of(self, record: CrmRecord, like: CrmRecord | None = None) -> Iterator[tuple[Attribute, Any]]:
        """The attributes of a record or payload, custom fields one by one.

        Only those that ``like`` has too, if it is given, so that an update without custom fields never asks for them.
        """
        for name, value in record.items():
            attribute = self.fields.crm_object.attribute(name)
            if attribute is not None and attribute.kind is not Kind.CUSTOM:
                yield attribute, value
        chosen = None if like is None else self.crm.custom_values(like)
        for custom_id, value in self.crm.custom_values(record).items():
            if chosen is not None and custom_id not in chosen:
                continue
            attribute = self.fields.by_custom_id(custom_id)
            if attribute is not None:
                yield attribute, value

    def _shown(self, record: CrmRecord, payload: Payload) -> dict[str, Any]:
        """The values that the CRM's record shows of a payload's attributes, by name; what is missing is unknown."""
        shown = {each.name: value for each, value in self._attributes_of(record, payload)}
        container = self.fields.container
        if container is not None and container.name in record:
            for custom_id in self.crm.custom_values(payload):
                attribute = self.fields.by_custom_id(custom_id)
                if attribute is not None:
                    shown.setdefault(attribute.name, None)
        return shown

    def _change(
        self,
        sent: Mapping[str, tuple[Attribute, Any]],
        differences: list[Difference],
        settled: Iterable[str],
        *,
        known: Container[str],
    ) -> Change:
        """The change that sends these attributes; to lists that were not read, the CRM's port adds."""
        payload = {name: value for name, (attribute, value) in sent.items() if attribute.custom_id is None}
        customs = {each.custom_id: value for each, value in sent.values() if each.custom_id is not None}
        if customs:
            payload.update(self.crm.custom_container(customs))
        added = frozenset(
            name for name, (each, value) in sent.items() if name not in known and self._is_added(each, value)
        )
        # What a person types after the write is told from it by how the CRM spells what was written.
        shown = any(self.is_protectable(each) for each, _ in sent.values())
        sent_payload = Outgoing(payload, added=added, shown=shown) if added or shown else payload
        return Change(sent_payload, tuple(differences), frozenset(settled))

    def _is_added(self, attribute: Attribute, value: Any) -> bool:
        return attribute.appended and self.mode_of(attribute) is Mode.ADD and has_value(value)


def mark_of(attribute: Attribute) -> str:
    """The name under which what was sent of an attribute is remembered: a custom field's title may change."""
    return attribute.name if attribute.custom_id is None else f"custom field {attribute.custom_id}"
