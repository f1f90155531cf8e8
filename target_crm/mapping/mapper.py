"""A record turned into what is sent to the CRM: pure, given the names and custom fields that the CRM lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import CrmObject, CrmRecord, Payload
from crm_api.values import is_empty
from target_crm.mapping.attribute_plan import AttributePlans
from target_crm.mapping.changes import NO_BASIS, Basis, Changes
from target_crm.mapping.declared_names import ID
from target_crm.mapping.fields import Fields
from target_crm.mapping.flags import Flags, resolved, with_flags
from target_crm.mapping.flat import LISTS
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.match_keys import MatchKeys
from target_crm.mapping.plan import Plan
from target_crm.mapping.record_values import RecordValues, Values
from target_crm.mapping.references import References
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.update_policies import UpdatePolicies
from target_crm.mapping.values import (
    Change,
    Found,
    KeptValue,
    Mapped,
    MatchKey,
    MatchPart,
    Reason,
    RejectedError,
    Rejection,
    digest_of,
)


class Mapper:
    """Maps the records of one stream.

    Args:
        crm: Gives names, custom fields and the vendor's form of values. Lists are asked for when first needed.
        crm_object: The object that the records become.
        settings: The stream's settings of mapping.

    Raises:
        SettingError: The settings name an attribute, a custom field or an object that does not exist.
    """

    def __init__(self, crm: Crm, crm_object: CrmObject, settings: MappingSettings) -> None:
        self.crm_object = crm_object
        self._crm = owner = crm.owner(crm_object)
        self._settings = settings
        self._fields = Fields(owner, crm_object)
        self._references = References(crm, self._fields, settings)
        self._match_keys = MatchKeys(owner, self._fields, settings)
        self._flags = Flags(crm_object, settings) if settings.parameters else None
        used = frozenset(self._match_keys.id_names) | (frozenset() if self._flags is None else self._flags.used)
        self._plans = AttributePlans(self._fields, settings, self._match_keys.names, used, self._references.used)
        self._values = RecordValues(owner, self._fields, settings)
        policies = UpdatePolicies(self._fields, settings)
        self._changes = Changes(owner, self._fields, policies.mode_of, policies.side_of)
        self._required = tuple(attribute.name for attribute in crm_object.attributes if attribute.required)

    def doubts(self, names: Iterable[str]) -> list[str]:
        """Return a sentence for each attribute of records that gives what another gives, or that is no good fit.

        Args:
            names: The names of all attributes that the records may have.
        """
        names = list(names)
        said = self._plans.doubts(names)
        if self._settings.match_on and names and not self._may_match(names):
            keys = " or ".join(" and ".join(together) for together in self.match_on)
            said.append(f"match_on finds no record in the CRM: no attribute of the SCHEMA gives {keys}")
        return said

    def _may_match(self, names: Collection[str]) -> bool:
        """Tell whether records can have a value for a match key; the account is asked only if it may say so."""
        declared = [self._fields.declared_assignment(name) for name in names]
        given = {each.attribute.name for each in declared if each is not None}
        inside = any(map(self._fields.is_prefix, names))  # perhaps with the names of attributes in it
        return inside or any(given.issuperset(key) or self._can_give(key, names) for key in self.match_on)

    def used(self, record: Mapping[str, Any]) -> frozenset[str]:
        """The attributes of a record of which something is sent, or something that is sent depends on."""
        used = self._references.used | (frozenset() if self._flags is None else self._flags.used)
        spread = self._plans.spread(record)
        try:
            plan = self._plans.plan(spread)
        except RejectedError:
            return used | {*record}  # which it is rejected for
        named = [name for sources in (*plan.sources, *plan.match_only) for name in sources.names_in(record)]
        own_ids = (*self._match_keys.id_names, *plan.id_names)
        return used | {*named, *own_ids, *filter(None, [plan.container]), *(record.keys() - spread.keys())}

    def map(self, record: Mapping[str, Any]) -> Mapped | Rejection:
        """Turn one record (values of any JSON kind, Decimal, date and datetime) into what is sent.

        Raises:
            CrmError: A list of the CRM could not be read.
        """
        try:
            return self._map(record)
        except RejectedError as error:
            return error.rejection

    def _map(self, record: Mapping[str, Any]) -> Mapped:
        record = self._plans.spread(record)
        plan = self._plans.plan(record)
        references = self._references.pending(record)
        pending = frozenset(reference.attribute for reference in references)
        values = Values()
        payload = values.payload
        if plan.container is not None:
            self._values.unpack(record[plan.container], plan, values)
        for sources in plan.sources:
            attribute = sources.attribute
            if attribute.name in pending or attribute.unless in pending or attribute.unless in payload:
                continue
            self._values.put(sources, record, values, payload)
        if values.customs:
            payload.update(self._crm.custom_container(values.customs))
        if self._references.by_attribute:
            values.nulls += (name for name in self._references.emptied(record) if name not in payload)
        # Before match keys, which may ask the CRM for its lists.
        flags = {} if self._flags is None else self._flags.filled(payload, record, pending)
        return Mapped(
            payload,
            self._match_keys.keys(self._matched_by(plan, record, payload), pending),
            references,
            tuple(name for name in self._required if name not in payload and name not in pending),
            {**values.left_out, **plan.left_out_of(record)},
            digest_of(payload, references),
            flags,
            tuple(values.nulls),
        )

    def _matched_by(self, plan: Plan, record: Mapping[str, Any], payload: Payload) -> CrmRecord:
        """The payload, with the attributes that serve matching alone."""
        only = Values()
        for sources in plan.match_only:
            self._values.put(sources, record, only, {})
        if only.customs:
            only.payload.update(self._crm.custom_container({**self._crm.custom_values(payload), **only.customs}))
        if (crm_id := self._own_id(record, plan)) is not None:
            only.payload[ID] = crm_id
        return {**payload, **only.payload} if only.payload else payload

    def _own_id(self, record: Mapping[str, Any], plan: Plan) -> Any:
        """Return the CRM's own id that a record gives for its match keys; None if it gives none."""
        given = (record.get(name) for name in (*self._match_keys.id_names, *plan.id_names))
        return next((value for value in given if not is_empty(value)), None)

    # A record that only its match key tells from others

    def has_match_value(self, names: Collection[str]) -> bool:
        """Tell whether records with these attributes can have a value for the only match key.

        Args:
            names: The attributes; empty: nobody says which there are.
        """
        if len(self.match_on) != 1 or not names:
            return len(self.match_on) == 1
        return self._can_give(self.match_on[0], names)

    def normalise_match_value(self, value: str) -> str:
        """Make one text of all spellings of a value of the only match key, of one attribute."""
        return self._match_keys.normalise(self.match_on[0][0], value)

    def _can_give(self, key: Collection[str], names: Collection[str]) -> bool:
        record = dict.fromkeys(names)
        try:
            plan = self._plans.plan(record)
        except RejectedError:
            return True  # as each record will be told
        given = {sources.attribute.name for sources in (*plan.sources, *plan.match_only)}
        given |= {name for name in key if self._references.is_given(name, names)}
        if not set(self._match_keys.id_names).isdisjoint(names):
            given.add(ID)
        attributes = [(name, self._fields.attribute(name)) for name in key]
        return all(
            name in given or (plan.container is not None and attribute is not None and attribute.custom_id is not None)
            for name, attribute in attributes
        )

    def match_value(self, record: Mapping[str, Any]) -> tuple[Any, ...] | Rejection | None:
        """Return the value of the only match key, by which a record without a source id is known again.

        Of an attribute with several values the first one counts; of a reference, what the record says of it.

        Returns:
            A value for each attribute of the key; None if the record lacks one.
        """
        try:
            return self._match_value(record)
        except RejectedError as error:
            return error.rejection

    def _match_value(self, record: Mapping[str, Any]) -> tuple[Any, ...] | None:
        plan = self._plans.plan(record)
        found: list[Any] = []
        values = Values()
        if plan.container is not None and not self._fields.customs.keys().isdisjoint(self.match_on[0]):
            self._values.unpack(record[plan.container], plan, values)
        for sources in plan.sources:
            if sources.attribute.name in self.match_on[0]:
                self._values.put(sources, record, values, values.payload)
        if values.customs:
            values.payload.update(self._crm.custom_container(values.customs))
        payload = self._matched_by(plan, record, values.payload)
        for name in self.match_on[0]:
            given = self._references.given(name, record)
            found.append(next(iter(given or self._match_keys.in_order(payload, name)), None))
        return None if None in found else tuple(found)

    def resolve(self, mapped: Mapped, found: Mapping[str, Found]) -> Mapped:
        """Put references in place, in payload and match keys.

        Args:
            mapped: The record.
            found: The records that references lead to, by the referring attribute; references without one stay pending.
        """
        payload = dict(mapped.payload)
        for name, target in found.items():
            attribute = self.crm_object.attribute(name)
            if attribute is not None:
                payload[name] = self._crm.encode(attribute, self._references.value(attribute, target))
        left = tuple(reference for reference in mapped.references if reference.attribute not in found)
        keys = tuple(MatchKey(tuple(self._filled(part, payload, found) for part in key.parts)) for key in mapped.keys)
        flags = resolved(mapped.parameters, payload)
        return replace(mapped, payload=payload, keys=keys, references=left, parameters=flags)

    def _filled(self, part: MatchPart, payload: Payload, found: Mapping[str, Found]) -> MatchPart:
        if not part.pending or part.attribute not in found:
            return part
        return MatchPart(part.attribute, tuple(sorted(self.values(payload, part.attribute))))

    def creation(self, mapped: Mapped, *, may_be_there: bool = False) -> Change | Rejection:
        """The change that creates the record; a rejection if a required attribute is missing.

        Args:
            mapped: The record.
            may_be_there: The CRM itself finds or creates it, so that nulls which empty a field are sent as well.
        """
        change = self._changes.creation(mapped.payload, may_be_there=may_be_there)
        if mapped.parameters:
            change = with_flags(change, mapped.parameters)
        missing = [name for name in self._required if name not in change.payload]
        if not missing:
            return change
        are, them = ("is", "it") if len(missing) == 1 else ("are", "them")
        sentence = (
            f"{' and '.join(missing)} {are} missing: {self.crm_object.name} cannot be created without {them}. "
            f"Add {them} with a stream map"
        )
        return Rejection(Reason.MISSING_REQUIRED, sentence, missing[0])

    def changed(self, mapped: Mapped, basis: Basis) -> frozenset[str]:
        """The attributes that an update of the record is about, by what is known of its earlier writes."""
        return self._changes.changed(mapped.payload, basis)

    def protected(self, mapped: Mapped, about: Collection[str]) -> frozenset[str]:
        """The names of the attributes of an update whose value in the CRM may have to stay."""
        return self._changes.protected(mapped.payload, about) if self._settings.decided_by_crm else frozenset()

    def unknown(self, mapped: Mapped, current: CrmRecord, names: Collection[str]) -> frozenset[str]:
        """Those of a record's attributes that the CRM's record does not show."""
        return self._changes.unknown(mapped.payload, current, names)

    def change(
        self,
        mapped: Mapped,
        current: CrmRecord | None,
        about: Collection[str] | None = None,
        basis: Basis = NO_BASIS,
        *,
        only_compares: bool = False,
    ) -> Change:
        """The change that updates the record: the attributes that differ, as far as their modes allow.

        Args:
            mapped: The record.
            current: The record as the CRM has it now. None if it was not read: then every updatable attribute is sent
                whose new value does not depend on the CRM's.
            about: The attributes that the update is about; None: all of them.
            basis: What is known of the record's earlier writes.
            only_compares: The record was sent as it is: attributes that ``current`` does not show are left alone.
        """
        change = self._changes.change(mapped.payload, current, about, basis, only_compares=only_compares)
        return with_flags(change, mapped.parameters) if mapped.parameters else change

    def with_cleared(self, mapped: Mapped, last: LastSent) -> Mapped:
        """The record with nulls for the references that it no longer has, if nulls are sent."""
        if self._settings.null_values != "send" or not mapped.nulls:
            return mapped
        referring = [name for name in mapped.nulls if name in self._references.by_attribute]
        gone = self._changes.emptied({}, referring, last)
        cleared: dict[str, Any] = {
            name: [] if self._is_list(name) else None for name in gone if name not in self._required
        }
        nulls = tuple(name for name in mapped.nulls if name not in cleared)
        return replace(mapped, payload={**mapped.payload, **cleared}, nulls=nulls) if cleared else mapped

    def _is_list(self, name: str) -> bool:
        attribute = self.crm_object.attribute(name)
        return attribute is not None and attribute.kind in LISTS

    def emptied(self, mapped: Mapped, last: LastSent) -> tuple[str, ...]:
        """The attributes that are null now and had a value when they were last sent."""
        return self._changes.emptied(mapped.payload, mapped.nulls, last)

    def empties_lists(self, mapped: Mapped, last: LastSent | None = None) -> bool:
        """Tell whether a record empties a list; with the record as it was last sent, one that had values then."""
        return bool(self._changes.emptied_lists(mapped.payload, last))

    def kept(self, change: Change, current: CrmRecord | None, answer: CrmRecord | None) -> tuple[KeptValue, ...]:
        """The values before and after a change: of the record before and the answer, each None if it was not read."""
        return self._changes.kept(change, current, answer)

    def kept_of(self, record: CrmRecord) -> tuple[KeptValue, ...]:
        """The values of a record that is to be deleted."""
        return self._changes.kept_of(record)

    def readable(self, name: str, value: Any) -> Any:
        """Spell a value of an attribute, in the vendor's form, for people."""
        attribute = self._fields.attribute(name)
        return value if attribute is None else self._changes.readable(attribute, value)

    def remembered(
        self,
        mapped: Mapped,
        basis: Basis,
        change: Change,
        answer: CrmRecord | None,
        before: CrmRecord | None = None,
    ) -> LastSent | None:
        """The record as it is known after a change of it; as the CRM shows it then, and showed it ``before``."""
        return self._changes.remembered(mapped.payload, basis, change, answer, before)

    def remembered_as_sent(self, payload: Payload, unknown: LastSent) -> LastSent:
        """The record as it is known after a create whose answer never came.

        What the CRM shows of it by now counts for nothing: a person may have edited it meanwhile.
        """
        return self._changes.remembered_as_sent(payload, unknown)

    @property
    def upserted_by(self) -> str | None:
        """The attribute by which the CRM itself can upsert the records: their only match key. None: it cannot."""
        if len(self.match_on) != 1 or len(self.match_on[0]) != 1:
            return None
        attribute = self._fields.attribute(self.match_on[0][0])
        return attribute.name if attribute is not None and self._crm.upserts_by(self.crm_object, attribute) else None

    def is_blind(self, mapped: Mapped) -> bool:
        """Tell whether the record can be upserted without knowing what the CRM has."""
        return not mapped.missing and self._changes.is_blind(mapped.payload)

    @property
    def match_on(self) -> tuple[tuple[str, ...], ...]:
        """The match keys: alternatives in order, each the names of attributes that are taken together."""
        return self._match_keys.match_on

    def needs_current(self, mapped: Mapped, about: Collection[str] | None = None) -> bool:
        """Tell whether an update depends on what the CRM has now: lists to merge, protected fields, half an address."""
        return self._changes.needs_current(mapped.payload, about)

    def values(self, record: CrmRecord, attribute: str) -> frozenset[str]:
        """The values by which one attribute (or ``id``) of a CRM record or payload is matched, normalised."""
        return self._match_keys.values(record, attribute)

    def gained(self, mapped: Mapped, record: CrmRecord) -> Mapping[str, Collection[str]]:
        """The match values by which a written record can be found from now on, by attribute.

        Args:
            mapped: The record as it was sent.
            record: The record as the CRM answered it, whose values count where it has any; may be empty.
        """
        sent = {part.attribute: part.values for key in mapped.keys for part in key.parts}
        if not record:
            return sent
        answered = self._match_keys.values_of(record, {*sent, *self.crm_object.finds})
        return {name: values or sent.get(name, ()) for name, values in answered.items()}

    def matches(self, key: MatchKey, record: CrmRecord) -> bool:
        """Tell whether a CRM record matches the key."""
        return self._match_keys.matches(key, record)

    def may_match(self, key: MatchKey, record: CrmRecord) -> bool:
        """Tell whether a CRM record matches as far as it shows the key's attributes, and does not show all of them."""
        return self._match_keys.may_match(key, record)
