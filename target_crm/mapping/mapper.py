"""A record turned into what the CRM is told: pure, given the names that the CRM lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.crm import Crm, Name
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload
from crm_api.errors import SettingError
from crm_api.settings import nearest
from crm_api.values import READERS, is_empty, read_day, read_id, read_moment, read_text
from target_crm.mapping.attribute_plan import Plan, Routes
from target_crm.mapping.changes import Changes
from target_crm.mapping.fields import ID, Fields
from target_crm.mapping.flags import Flags, resolved, with_flags
from target_crm.mapping.flat import LISTS, Sources, unpacked
from target_crm.mapping.match_keys import Recognition
from target_crm.mapping.names import NameBook
from target_crm.mapping.normalise import same_domain
from target_crm.mapping.references import References
from target_crm.mapping.values import (
    ByMatch,
    Change,
    Difference,
    Found,
    FromStream,
    Mapped,
    MatchKey,
    MatchPart,
    Mode,
    Reason,
    Reference,
    ReferenceRule,
    RejectedError,
    Rejection,
    Rules,
)

__all__ = [
    "ByMatch",
    "Change",
    "Difference",
    "Found",
    "FromStream",
    "Mapped",
    "Mapper",
    "MatchKey",
    "MatchPart",
    "Mode",
    "Reason",
    "Reference",
    "ReferenceRule",
    "Rejection",
    "Rules",
]

_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=str)
_DIGEST_BYTES = 16


class Mapper:
    """Maps the records of one stream.

    Args:
        crm: Gives names, custom fields and the vendor's form of values. Lists are asked for when first needed.
        crm_object: What the records become.
        rules: The stream's settings.

    Raises:
        SettingError: The rules name an attribute, a custom field or an object that does not exist.
    """

    def __init__(self, crm: Crm, crm_object: CrmObject, rules: Rules) -> None:
        self.crm_object = crm_object
        self._crm = crm
        self._rules = rules
        self._fields = Fields(crm, crm_object)
        self._references = References(crm, self._fields, rules.references)
        self._recognition = Recognition(
            crm, self._fields, crm_object.match_on if rules.match_on is None else rules.match_on
        )
        self._flags = Flags(crm_object, rules.parameters)
        used = self._references.used | self._flags.used
        self._routes = Routes(self._fields, rules, self._recognition.names, used)
        self._modes = {self._moded(name, mode).name: mode for name, mode in rules.fields.items()}
        self._changes = Changes(crm, self._fields, self._mode_of)
        self._books: dict[str, NameBook] = {}
        self._required = tuple(attribute.name for attribute in crm_object.attributes if attribute.required)

    def _moded(self, name: str, mode: Mode) -> Attribute:
        attribute = self._fields.named(name)
        if attribute is None:
            known = [each.name for each in self.crm_object.attributes]
            raise SettingError(f"fields.{name}: {self.crm_object.name} have no such attribute{nearest(name, known)}")
        if mode is Mode.ADD and attribute.kind not in LISTS:
            raise SettingError(f"fields.{name}: add is for lists, and {attribute.name} holds one value")
        if mode is Mode.REPLACE and attribute.only_added:
            raise SettingError(f"fields.{name}: the CRM only ever adds to {attribute.name}, it replaces nothing there")
        return attribute

    def _mode_of(self, attribute: Attribute) -> Mode:
        default = Mode.ADD if attribute.kind in LISTS else Mode.REPLACE
        return self._modes.get(attribute.name, default)

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
        plan = self._routes.plan(record)
        references = self._references.pending(record)
        pending = frozenset(reference.attribute for reference in references)
        left_out: dict[str, str] = {}
        payload: dict[str, Any] = {}
        customs: dict[CrmId, Any] = {}
        if plan.container is not None:
            self._unpack(record[plan.container], plan, customs, left_out)
        for sources in plan.sources:
            attribute = sources.attribute
            if attribute.name in pending or attribute.unless in pending or attribute.unless in payload:
                continue
            into, key = (payload, attribute.name) if attribute.custom_id is None else (customs, attribute.custom_id)
            self._put(sources, record, payload, into, key, left_out)
        if customs:
            payload.update(self._crm.custom_container(customs))
        return Mapped(
            payload,
            self._recognition.keys(self._matched_by(plan, record, payload), pending),
            references,
            tuple(name for name in self._required if name not in payload and name not in pending),
            {**plan.left_out, **left_out} if left_out else plan.left_out,
            digest_of(payload, references),
            self._flags.filled(payload, record, pending),
        )

    def _put(
        self,
        sources: Sources,
        record: Mapping[str, Any],
        payload: dict[str, Any],
        into: dict[Any, Any],
        key: CrmId,
        left_out: dict[str, str],
    ) -> None:
        """Put one attribute of a record in its place."""
        attribute = sources.attribute
        sends_nulls = self._rules.null_values == "send"
        try:
            value = sources.gather(record, nulls=sends_nulls)
            if not is_empty(value):
                value = self._named(attribute, value, payload, left_out)
            elif sends_nulls and not attribute.required:
                value = [] if attribute.kind in LISTS else None
            else:
                return
        except ValueError as error:
            raise _invalid(attribute, error, sources, record) from error
        if value is not _LEFT_OUT and (attribute.automatic is None or value != attribute.automatic):
            into[key] = value

    def _unpack(self, container: Any, plan: Plan, customs: dict[CrmId, Any], left_out: dict[str, str]) -> None:
        """Take custom fields out of a container such as the CRM answers, or an object of names and values."""
        for name, value in _contained(unpacked(container)):
            attribute = self._fields.by_custom_id(name) if isinstance(name, int) else self._fields.custom(str(name))
            if attribute is None or not attribute.updatable:
                left_out[f"custom_fields[{name}]"] = (
                    f"{self.crm_object.name} have no such custom field that can be written"
                )
            elif attribute.custom_id is not None and attribute.custom_id not in plan.covered:
                sources = Sources(attribute, ((attribute.name, ""),))
                self._put(sources, {attribute.name: value}, {}, customs, attribute.custom_id, left_out)

    def _named(self, attribute: Attribute, value: Any, payload: dict[str, Any], left_out: dict[str, str]) -> Any:
        """The vendor's form of a value; where it names what the CRM does not list, what the rules say."""
        try:
            return self._vendors(attribute, value, payload)
        except RejectedError as error:
            if error.rejection.kind != Reason.UNKNOWN_NAME or self._rules.unknown_names == "reject":
                raise
            if self._rules.use_name is not None:
                return self._vendors(attribute, self._rules.use_name, payload)
            left_out[attribute.name] = error.rejection.reason
            return _LEFT_OUT

    def _vendors(self, attribute: Attribute, value: Any, payload: dict[str, Any]) -> Any:
        kind = attribute.kind
        if kind is Kind.TEXT:
            value = _text(attribute, value)
        elif kind is Kind.DAY or kind is Kind.MOMENT:
            value = self._moment(attribute, value)
        elif kind is Kind.NAME_ID:
            value = self._name_id(attribute, value, payload)
        elif kind is Kind.NAME_IDS:
            value = list(dict.fromkeys(_id_of(self._book(attribute).resolve(attribute, each)) for each in value))
        elif kind is Kind.IDS:
            value = list(dict.fromkeys(read_id(each.get(ID) if isinstance(each, Mapping) else each) for each in value))
        elif kind is Kind.TEXTS:
            value = list(dict.fromkeys(read_text(each).strip() for each in value))
        elif kind is Kind.IDENTIFIER:
            value = {"id": read_id(value["id"]), "type": self._type(value["type"])}
        elif kind in READERS:
            value = READERS[kind](value)
        return self._crm.encode(attribute, value)

    def _moment(self, attribute: Attribute, value: Any) -> Any:
        """ISO 8601 and Python's own dates; else whatever the CRM itself writes."""
        if attribute.kind is Kind.DAY and isinstance(value, int | float | Decimal):
            return self._crm.decode(attribute, value)
        try:
            return read_day(value) if attribute.kind is Kind.DAY else read_moment(value)
        except ValueError:
            if not isinstance(value, str):
                raise
            return self._crm.decode(attribute, value)

    def _name_id(self, attribute: Attribute, value: Any, payload: dict[str, Any]) -> CrmId:
        within = payload.get(attribute.within) if attribute.within else None
        found = self._book(attribute).resolve(attribute, value, within)
        if isinstance(found, Name) and attribute.within and within is None and found.within is not None:
            payload[attribute.within] = found.within  # a stage belongs to one pipeline
        return _id_of(found)

    def _book(self, attribute: Attribute) -> NameBook:
        book = self._books.get(attribute.name)
        if book is None:
            if attribute.names is not None:
                title, listed = attribute.names, attribute.names
                book = NameBook(title.replace("_", " "), lambda: self._crm.names(listed))
            else:
                book = NameBook(f"options of {attribute.name}", lambda: self._fields.options(attribute), closed=True)
            self._books[attribute.name] = book
        return book

    def _type(self, value: Any) -> str:
        word = read_text(value).strip().lower()
        for each in self._crm.objects.values():
            if word in {each.singular, each.name, *map(str.lower, each.aliases)}:
                return each.singular
        there = ", ".join(each.singular for each in self._crm.objects.values())
        raise ValueError(f"wants a type that is one of: {there}")

    def _matched_by(self, plan: Plan, record: Mapping[str, Any], payload: Payload) -> CrmRecord:
        """The payload, with what serves matching alone."""
        only: dict[str, Any] = {}
        customs: dict[CrmId, Any] = {}
        for sources in plan.match_only:
            attribute = sources.attribute
            into, key = (only, attribute.name) if attribute.custom_id is None else (customs, attribute.custom_id)
            self._put(sources, record, {}, into, key, {})
        if customs:
            only.update(self._crm.custom_container({**self._crm.custom_values(payload), **customs}))
        if ID in self._recognition.names and not is_empty(record.get(ID)):
            only[ID] = record[ID]
        return {**payload, **only} if only else payload

    def resolve(self, mapped: Mapped, found: Mapping[str, Found]) -> Mapped:
        """Put references in place, in payload and match keys.

        Args:
            mapped: The record.
            found: By attribute; those not given stay pending.
        """
        payload = dict(mapped.payload)
        for name, target in found.items():
            attribute = self.crm_object.attribute(name)
            if attribute is not None:
                payload[name] = self._crm.encode(attribute, self._references.value(attribute, target))
        left = tuple(reference for reference in mapped.references if reference.attribute not in found)
        keys = tuple(MatchKey(tuple(self._filled(part, payload, found) for part in key.parts)) for key in mapped.keys)
        return replace(
            mapped, payload=payload, keys=keys, references=left, parameters=resolved(mapped.parameters, payload)
        )

    def _filled(self, part: MatchPart, payload: Payload, found: Mapping[str, Found]) -> MatchPart:
        if not part.pending or part.attribute not in found:
            return part
        return MatchPart(part.attribute, tuple(sorted(self.values(payload, part.attribute))))

    def creation(self, mapped: Mapped, *, may_be_there: bool = False) -> Change | Rejection:
        """What creating the record sends; a rejection if a required attribute is missing.

        Args:
            mapped: The record.
            may_be_there: The CRM itself finds or makes it: what the record empties is sent as well.
        """
        change = with_flags(self._changes.creation(mapped.payload, may_be_there=may_be_there), mapped.parameters)
        lacking = [name for name in self._required if name not in change.payload]
        if not lacking:
            return change
        wanted = " and ".join(lacking)
        sentence = (
            f"{wanted} is missing, without which {self.crm_object.name} cannot be created. Give it with a stream map"
        )
        return Rejection(Reason.MISSING_REQUIRED, sentence, lacking[0])

    def change(self, mapped: Mapped, current: CrmRecord | None) -> Change:
        """What updating the record sends: only what differs and what the modes allow.

        Args:
            mapped: The record.
            current: As the CRM has it now. None if it was not read: then every updatable attribute is sent that
                does not depend on what is there.
        """
        return with_flags(self._changes.change(mapped.payload, current), mapped.parameters)

    @property
    def upserted_by(self) -> str | None:
        """The attribute by which the CRM itself can upsert the records: their only match key. None if it cannot."""
        if len(self.match_on) != 1 or len(self.match_on[0]) != 1:
            return None
        attribute = self._fields.attribute(self.match_on[0][0])
        return attribute.name if attribute is not None and self._crm.upserts_by(self.crm_object, attribute) else None

    def is_blind(self, mapped: Mapped) -> bool:
        """Tell whether the record can be upserted without knowing what the CRM has."""
        return not mapped.lacks and self._changes.is_blind(mapped.payload)

    @property
    def match_on(self) -> tuple[tuple[str, ...], ...]:
        """The match keys: alternatives in order, each the names of attributes that are taken together."""
        return self._recognition.match_on

    def needs_current(self, mapped: Mapped) -> bool:
        """Tell whether an update depends on what the CRM has now: lists to merge, protected fields, partial address."""
        return self._changes.needs_current(mapped.payload)

    def values(self, record: CrmRecord, attribute: str) -> frozenset[str]:
        """The normalised match values of one attribute of a CRM record or payload (``id`` included)."""
        return self._recognition.values(record, attribute)

    def matches(self, key: MatchKey, record: CrmRecord) -> bool:
        """Tell whether a CRM record is what the key means."""
        return self._recognition.matches(key, record)


_LEFT_OUT = object()


def _text(attribute: Attribute, value: Any) -> str:
    text = read_text(value)
    if attribute.choices:
        for choice in attribute.choices:
            if choice.casefold() == text.strip().casefold():
                return choice
        raise ValueError(f"wants one of: {', '.join(attribute.choices)}")
    return same_domain(text) if attribute.normalise == "domain" else text


def _id_of(found: Name | CrmId) -> CrmId:
    return found.id if isinstance(found, Name) else found


def _contained(container: Any) -> list[tuple[Any, Any]]:
    if isinstance(container, Mapping):
        return list(container.items())
    if not isinstance(container, list):
        return []
    return [
        (each.get("custom_field_definition_id"), each.get("value")) for each in container if isinstance(each, Mapping)
    ]


def _invalid(attribute: Attribute, error: ValueError, sources: Sources, record: Mapping[str, Any]) -> RejectedError:
    names = [*(name for name, _ in sources.own), *(name for name, _ in sources.parts), *sources.joined]
    value = next((record[name] for name in names if not is_empty(record.get(name))), None)
    return RejectedError(Reason.INVALID_VALUE, f"{attribute.name} {error}", attribute.name, value)


def digest_of(payload: Payload, references: tuple[Reference, ...]) -> str:
    """A hash that does not depend on the order of keys."""
    return blake2b(_ENCODER.encode([payload, references]), digest_size=_DIGEST_BYTES).hexdigest()
