"""A record turned into what is sent to the CRM: pure, given the names and custom fields that the CRM lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Payload
from crm_api.errors import SettingError
from crm_api.settings import nearest
from crm_api.values import is_empty
from target_crm.mapping.attribute_plan import AttributePlans
from target_crm.mapping.cells import never
from target_crm.mapping.changes import NO_BASIS, Basis, Changes
from target_crm.mapping.declared_names import ID
from target_crm.mapping.fields import Fields
from target_crm.mapping.flags import Flags, resolved, with_flags
from target_crm.mapping.flat import LISTS, Sources, unpacked
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.match_keys import MatchKeys
from target_crm.mapping.plan import Plan
from target_crm.mapping.references import References
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import (
    Change,
    Found,
    KeptValue,
    LeftOut,
    Mapped,
    MatchKey,
    MatchPart,
    Mode,
    Reason,
    Reference,
    RejectedError,
    Rejection,
    Side,
)
from target_crm.mapping.vendor_values import BareNumberError, VendorValues

_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=str)
_DIGEST_BYTES = 16
_LEFT_OUT = object()


@dataclass
class _Values:
    """The values of one record in the vendor's form, while it is mapped.

    Attributes:
        payload: By attribute.
        customs: Custom fields, by the id of their definition.
        left_out: The attributes that are not sent, each with the reason.
        nulls: The attributes that the record gives as null, and that are not sent.
    """

    payload: dict[str, Any] = field(default_factory=dict)
    customs: dict[CrmId, Any] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    nulls: list[str] = field(default_factory=list)

    def put(self, attribute: Attribute, value: Any) -> None:
        """Put a value where its attribute stands."""
        if attribute.custom_id is None:
            self.payload[attribute.name] = value
        else:
            self.customs[attribute.custom_id] = value


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
        self._modes = {self._checked(name, mode).name: mode for name, mode in settings.fields.items()}
        self._sides = {self._protectable(name).name: side for name, side in settings.conflicts_of.items()}
        self._vendor_values = VendorValues(owner, self._fields, settings.dates)
        self._changes = Changes(owner, self._fields, self._mode_of, self._side_of)
        self._required = tuple(attribute.name for attribute in crm_object.attributes if attribute.required)

    def _checked(self, name: str, mode: Mode) -> Attribute:
        """Find the attribute that the setting fields names, and see whether it can have that mode."""
        where = f"{self._settings.place('fields')}.{name}"
        attribute = self._fields.named(name)
        if attribute is None:
            known = [each.name for each in self.crm_object.attributes]
            raise SettingError(f"{where}: {self.crm_object.name} have no such attribute{nearest(name, known)}")
        if mode is Mode.ADD and attribute.kind not in LISTS:
            raise SettingError(f"{where} must not be add, which is for lists: {attribute.name} holds one value")
        if mode is Mode.REPLACE and attribute.only_added:
            raise SettingError(f"{where} must not be replace: the CRM only adds to {attribute.name}")
        return attribute

    def _protectable(self, name: str) -> Attribute:
        """Find an attribute that has a setting conflicts of its own, and see whether that can mean anything."""
        side = self._settings.conflicts_of[name]
        attribute = self._checked(name, Mode.FILL_EMPTY)
        mode = self._mode_of(attribute)
        if side is not Side.SOURCE and mode is not Mode.REPLACE:
            where = self._settings.place("fields")
            raise SettingError(
                f"{where}.{name}.conflicts has no effect with mode {mode}, which replaces nothing in the CRM. Remove "
                "it, or set mode to replace"
            )
        return attribute

    def _side_of(self, attribute: Attribute) -> Side:
        return self._sides.get(attribute.name, Side(self._settings.conflicts))

    def doubts(self, names: Iterable[str]) -> list[str]:
        """Return a sentence for each attribute of records that gives what another gives, or that is no good fit.

        Args:
            names: The names of all attributes that the records may have.
        """
        return self._plans.doubts(names)

    def _mode_of(self, attribute: Attribute) -> Mode:
        default = Mode.ADD if attribute.kind in LISTS else Mode.REPLACE
        return self._modes.get(attribute.name, default)

    def used(self, record: Mapping[str, Any]) -> frozenset[str]:
        """The attributes of a record of which something is sent, or something that is sent depends on."""
        used = self._references.used | (frozenset() if self._flags is None else self._flags.used)
        try:
            plan = self._plans.plan(record)
        except RejectedError:
            return used | {*record}  # which it is rejected for
        named = [name for sources in (*plan.sources, *plan.match_only) for name in sources.names_in(record)]
        own_ids = (*self._match_keys.id_names, *plan.id_names)
        return used | {*named, *own_ids, *filter(None, [plan.container])}

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
        plan = self._plans.plan(record)
        references = self._references.pending(record)
        pending = frozenset(reference.attribute for reference in references)
        values = _Values()
        payload = values.payload
        if plan.container is not None:
            self._unpack(record[plan.container], plan, values)
        for sources in plan.sources:
            attribute = sources.attribute
            if attribute.name in pending or attribute.unless in pending or attribute.unless in payload:
                continue
            self._put(sources, record, values, payload)
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
            {**plan.left_out_of(record), **values.left_out},
            digest_of(payload, references),
            flags,
            tuple(values.nulls),
        )

    def _put(self, sources: Sources, record: Mapping[str, Any], values: _Values, beside: dict[str, Any]) -> None:
        """Put the value that a record gives for one attribute in its place; ``beside`` as ``VendorValues.value``."""
        attribute = sources.attribute
        sends_nulls = self._settings.null_values == "send"
        try:
            is_listed = partial(self._vendor_values.is_listed, attribute) if attribute.kind in LISTS else never
            value = sources.gather(record, nulls=sends_nulls, is_listed=is_listed)
            if not is_empty(value):
                value = self._vendors(attribute, value, beside, values.left_out)
            elif sends_nulls and not attribute.required:
                value = [] if attribute.kind in LISTS else None
            else:
                values.nulls.append(attribute.name)
                return
        except ValueError as error:
            raise _invalid(attribute, error, sources, record) from error
        if value is not _LEFT_OUT and (attribute.automatic is None or value != attribute.automatic):
            values.put(attribute, value)

    def _vendors(self, attribute: Attribute, value: Any, beside: dict[str, Any], left_out: dict[str, LeftOut]) -> Any:
        """The vendor's form of a value; for a name that the CRM does not list, what the setting unknown_names says."""
        try:
            return self._vendor_values.value(attribute, value, beside)
        except RejectedError as error:
            if error.rejection.kind != Reason.UNKNOWN_NAME or self._settings.unknown_names == "reject":
                raise
            if self._settings.use_name is not None:
                return self._vendor_values.value(attribute, self._settings.use_name, beside)
            left_out[attribute.name] = LeftOut(error.rejection.reason)
            return _LEFT_OUT

    def _unpack(self, container: Any, plan: Plan, values: _Values) -> None:
        """Take custom fields out of a container such as the CRM answers, or an object of names and values."""
        for name, value in _contained(unpacked(container)):
            attribute = self._fields.by_custom_id(name) if isinstance(name, int) else self._fields.custom(str(name))
            if attribute is None or not attribute.updatable:
                if not is_empty(value):
                    values.left_out[f"{plan.container}[{name}]"] = LeftOut(
                        f"{self.crm_object.name} have no such custom field that can be written"
                    )
            elif attribute.custom_id is not None and attribute.custom_id not in plan.covered:
                sources = Sources(attribute, ((attribute.name, ""),))
                given = self._vendor_values.of_vendor(attribute, value) if isinstance(name, int) else value
                self._put(sources, {attribute.name: given}, values, {})

    def _matched_by(self, plan: Plan, record: Mapping[str, Any], payload: Payload) -> CrmRecord:
        """The payload, with the attributes that serve matching alone."""
        only = _Values()
        for sources in plan.match_only:
            self._put(sources, record, only, {})
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
        record = dict.fromkeys(names)
        try:
            plan = self._plans.plan(record)
        except RejectedError:
            return True  # as each record will be told
        given = {sources.attribute.name for sources in (*plan.sources, *plan.match_only)}
        given |= {name for name in self.match_on[0] if self._references.is_given(name, names)}
        if not set(self._match_keys.id_names).isdisjoint(names):
            given.add(ID)
        attributes = [(name, self._fields.attribute(name)) for name in self.match_on[0]]
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
        values = _Values()
        if plan.container is not None and not self._fields.customs.keys().isdisjoint(self.match_on[0]):
            self._unpack(record[plan.container], plan, values)
        for sources in plan.sources:
            if sources.attribute.name in self.match_on[0]:
                self._put(sources, record, values, values.payload)
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

    def protects(self, mapped: Mapped, about: Collection[str]) -> bool:
        """Tell whether an update is about attributes whose value in the CRM may have to stay."""
        return self._settings.decided_by_crm and self._changes.protects(mapped.payload, about)

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

    def kept(self, change: Change, current: CrmRecord | None) -> tuple[KeptValue, ...]:
        """The values before and after a change; ``current`` is the record before, None if it was not read."""
        return self._changes.kept(change, current)

    def readable(self, name: str, value: Any) -> Any:
        """Spell a value of an attribute, in the vendor's form, for people."""
        attribute = self._fields.attribute(name)
        return value if attribute is None else self._changes.readable(attribute, value)

    def remembered(self, mapped: Mapped, basis: Basis, change: Change, answer: CrmRecord | None) -> LastSent | None:
        """The record as it is known after a change of it; ``answer`` as the CRM shows it then."""
        return self._changes.remembered(mapped.payload, basis, change.settled, answer)

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


def _contained(container: Any) -> list[tuple[Any, Any]]:
    """The custom fields in a container: each with the definition's id, or its name, and the value."""
    if isinstance(container, Mapping):
        return list(container.items())
    if not isinstance(container, list):
        return []
    return [
        (each.get("custom_field_definition_id"), each.get("value")) for each in container if isinstance(each, Mapping)
    ]


def _invalid(attribute: Attribute, error: ValueError, sources: Sources, record: Mapping[str, Any]) -> RejectedError:
    value = next((record[name] for name in sources.names_in(record) if not is_empty(record.get(name))), None)
    meaning = error.meaning if isinstance(error, BareNumberError) else ""
    return RejectedError(Reason.INVALID_VALUE, f"{attribute.name} {error}", attribute.name, value, meaning)


def digest_of(payload: Payload, references: tuple[Reference, ...]) -> str:
    """The hash of a record as it is mapped, which does not depend on the order of keys."""
    return blake2b(_ENCODER.encode([payload, references]), digest_size=_DIGEST_BYTES).hexdigest()
