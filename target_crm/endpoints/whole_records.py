"""The mapper of whole records, which go to an endpoint whose attributes nobody has declared."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import msgspec
from typing_extensions import override

from crm_api.crm import Crm
from crm_api.crm_objects import CrmRecord, Payload
from crm_api.endpoints.templates import field_at
from crm_api.naming.spelling import canonical, is_sdk_column, spellings_of
from crm_api.values import is_empty, read_text
from target_crm.endpoints.declaring import Declared
from target_crm.mapping.attribute_plan import MOST_PLANS
from target_crm.mapping.changes import NO_BASIS, Basis
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.match_keys import normalise_text
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import (
    Change,
    Difference,
    Found,
    KeptValue,
    LeftOut,
    Mapped,
    MatchKey,
    MatchPart,
    Reason,
    RejectedError,
    Rejection,
    digest_of,
)

_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number")


@dataclass(frozen=True, slots=True)
class _Selection:
    """The attributes of a record that are sent, and those that no endpoint takes, each with the reason."""

    sent: tuple[str, ...]
    left_out: Mapping[str, LeftOut]


class WholeRecordMapper(Mapper):
    """Maps the records of one stream for its endpoints: whole, without the excluded attributes.

    Args:
        crm: Knows the objects that references lead to.
        declared: The stream's endpoints.
        settings: The stream's settings of mapping.

    Raises:
        SettingError: A reference names an object that does not exist.
    """

    def __init__(self, crm: Crm, declared: Declared, settings: MappingSettings) -> None:
        of_references = MappingSettings(  # all else is about attributes, which the object has not
            references=settings.references, match_on=(), parameters=settings.parameters, where=settings.where
        )
        super().__init__(crm, declared.crm_object, of_references)
        self._declared = declared
        self._exclude = settings.exclude
        self._used = settings.known | settings.mapped_from | self._references.used
        self._selections: dict[tuple[str, ...], _Selection] = {}
        self._sends_nulls = settings.null_values == "send"

    @property
    @override
    def match_on(self) -> tuple[tuple[str, ...], ...]:
        return (self._declared.match_on,) if self._declared.match_on else ()

    @override
    def map(self, record: Mapping[str, Any]) -> Mapped | Rejection:
        references = self._references.pending(record)
        pending = {reference.attribute for reference in references}
        selection = self._selection_of(tuple(record))
        try:
            payload = {
                name: _sendable(name, record[name])
                for name in selection.sent
                if name not in pending and (self._sends_nulls or record[name] is not None)
            }
            keys = self._keys({**record, **payload})
        except RejectedError as error:
            return error.rejection
        left_out = {name: why for name, why in selection.left_out.items() if not is_empty(record[name])}
        return Mapped(payload, keys, references, left_out=left_out, digest=digest_of(payload, references))

    def _selection_of(self, names: tuple[str, ...]) -> _Selection:
        selection = self._selections.get(names)
        if selection is None:
            selection = self._selected(names)
            if len(self._selections) < MOST_PLANS:
                self._selections[names] = selection
        return selection

    def _selected(self, names: tuple[str, ...]) -> _Selection:
        excluded = {name for wanted in self._exclude for name in spellings_of(wanted, names)}
        sent = tuple(name for name in names if name not in excluded and not is_sdk_column(name))
        taken = self._declared.taken
        if taken is None:
            return _Selection(sent, {})
        forms = {canonical(name) for name in taken}
        why = LeftOut(f"the endpoint takes only {', '.join(taken)}")
        lost = [name for name in sent if canonical(name) not in forms and name not in self._used]
        return _Selection(sent, dict.fromkeys(lost, why))

    @override
    def doubts(self, names: Iterable[str]) -> list[str]:
        """Nothing: records are sent as they are."""
        return []

    @override
    def used(self, record: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(self._selection_of(tuple(record)).sent) | self._references.used

    def _keys(self, record: Mapping[str, Any]) -> tuple[MatchKey, ...]:
        sought = {name: _sendable(name, field_at(record, name)) for name in self._declared.found_by}
        name = self.crm_object.find_key
        if name is None or not sought or any(map(is_empty, sought.values())):
            return ()
        return (MatchKey((MatchPart(name, (_SORTED.encode(sought).decode(),)),)),)

    @override
    def has_match_value(self, names: Collection[str]) -> bool:
        return bool(self._declared.found_by)  # ``check_fields`` has seen to it that the stream has them

    @override
    def normalise_match_value(self, value: str) -> str:
        return normalise_text(value)

    @override
    def match_value(self, record: Mapping[str, Any]) -> tuple[Any, ...] | None:
        values = [as_json(field_at(record, name)) for name in self._declared.found_by]
        return None if any(map(is_empty, values)) else tuple(normalise_text(_text(value)) for value in values)

    @override
    def resolve(self, mapped: Mapped, found: Mapping[str, Found]) -> Mapped:
        payload = {**mapped.payload, **{name: target.id for name, target in found.items()}}
        left = tuple(reference for reference in mapped.references if reference.attribute not in found)
        keys = mapped.keys or self._keys(payload)
        return Mapped(payload, keys, left, digest=mapped.digest)

    @override
    def creation(self, mapped: Mapped, *, may_be_there: bool = False) -> Change | Rejection:
        differences = tuple(Difference(name, None, value) for name, value in mapped.payload.items())
        return Change(mapped.payload, differences, frozenset(mapped.payload))

    @override
    def changed(self, mapped: Mapped, basis: Basis) -> frozenset[str]:
        last = basis.last
        if last is None or not last.sent:
            return frozenset(mapped.payload)
        contents = _contents(mapped.payload)
        tried = {name for payload in basis.tried for name in payload}
        differing = {name for name, content in contents.items() if name in tried or not last.was_sent(name, content)}
        return frozenset(differing or (mapped.payload if last.is_of(contents) else ()))

    @override
    def change(
        self,
        mapped: Mapped,
        current: CrmRecord | None,
        about: Collection[str] | None = None,
        basis: Basis = NO_BASIS,
        *,
        only_compares: bool = False,
    ) -> Change:
        """The record, unless ``current`` has every field of it with the same value.

        Of a record that is not sent whole, the fields that the update is about, and those that its request needs.
        """
        now = current or {}
        differences = tuple(
            Difference(name, now.get(name), value)
            for name, value in mapped.payload.items()
            if (about is None or name in about) and (name not in now or not _same(now[name], value))
        )
        settled = frozenset(mapped.payload if about is None else about)
        if not differences:
            return Change({}, (), settled)
        needed = self._declared.needed.get("update", ())
        sent = {name: value for name, value in mapped.payload.items() if name in settled or name in needed}
        return Change(sent, differences, settled)

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
        contents = _contents(mapped.payload)
        unclear = {name for payload in basis.tried for name in payload} - change.settled
        return basis.last.after(contents, contents.keys() & change.settled, {}, unclear)

    @override
    def remembered_as_sent(self, payload: Payload, unknown: LastSent) -> LastSent:
        contents = _contents(payload)
        return unknown.after(contents, contents, {})

    @override
    def kept(self, change: Change, current: CrmRecord | None, answer: CrmRecord | None) -> tuple[KeptValue, ...]:
        before = current or {}
        return tuple(KeptValue(name, before.get(name), value, name in before) for name, value in change.payload.items())

    @override
    def needs_current(self, mapped: Mapped, about: Collection[str] | None = None) -> bool:
        return False

    @override
    def values(self, record: CrmRecord, attribute: str) -> frozenset[str]:
        return frozenset()  # a record that is found is compared by ``matches`` alone

    @override
    def gained(self, mapped: Mapped, record: CrmRecord) -> Mapping[str, Collection[str]]:
        return {part.attribute: part.values for key in mapped.keys for part in key.parts}

    @override
    def may_match(self, key: MatchKey, record: CrmRecord) -> bool:
        return False  # what it does not show, ``matches`` passes over

    @override
    def matches(self, key: MatchKey, record: CrmRecord) -> bool:
        """Whether the fields of ``match_on`` agree, as far as the record that was found has them."""
        (part,) = key.parts
        sought: Payload = msgspec.json.decode(part.values[0])
        there = ((field_at(record, name), sought[name]) for name in self._declared.match_on)
        return all(
            normalise_text(_text(has)) == normalise_text(_text(sought_value))
            for has, sought_value in there
            if has is not None
        )


def _sendable(name: str, value: Any) -> Any:
    """The value of an attribute in JSON.

    Raises:
        RejectedError: It holds NaN or an infinity, which a stream map can make.
    """
    try:
        return as_json(value)
    except ValueError as error:
        raise RejectedError(Reason.INVALID_VALUE, f"{name} {error}", name, repr(value)) from error


def as_json(value: Any) -> Any:
    """The value in JSON: dates and times as ISO 8601 text, sets and tuples as lists, names of fields as text."""
    if isinstance(value, Mapping):
        return {str(name): as_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"holds {value}, which JSON cannot carry. Mend it, or list it under exclude")
    return value.isoformat() if isinstance(value, date | time) else value


def _contents(payload: Payload) -> dict[str, bytes]:
    return {name: _SORTED.encode(value) for name, value in payload.items()}


def _same(old: Any, new: Any) -> bool:
    return bool(old == new) or _SORTED.encode(old) == _SORTED.encode(new)


def _text(value: Any) -> str:
    try:
        return read_text(value)
    except ValueError:
        return _SORTED.encode(value).decode()
