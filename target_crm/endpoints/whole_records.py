"""Records that are sent whole, to an endpoint of which nobody has declared what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

import msgspec
from typing_extensions import override

from crm_api.crm import Crm
from crm_api.crm_objects import CrmRecord, Payload
from crm_api.endpoints.templates import field_at
from crm_api.values import is_empty, read_text
from target_crm.endpoints.declaring import Declared
from target_crm.mapping.mapper import Mapper, digest_of
from target_crm.mapping.normalise import same_text
from target_crm.mapping.values import Change, Difference, Found, Mapped, MatchKey, MatchPart, Rejection, Rules
from target_crm.settings import StreamSettings

_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number")


class WholeRecordMapper(Mapper):
    """Maps the records of one stream to what its endpoints get: everything, but for what is excluded.

    Args:
        crm: Knows the objects that references lead to.
        declared: The stream's endpoints.
        rules: Its settings.

    Raises:
        SettingError: A reference names an object that does not exist.
    """

    def __init__(self, crm: Crm, declared: Declared, rules: Rules) -> None:
        super().__init__(
            crm, declared.crm_object, Rules(references=rules.references, match_on=(), parameters=rules.parameters)
        )
        self._declared = declared
        self._exclude = rules.exclude
        self._sends_nulls = rules.null_values == "send"

    @property
    @override
    def match_on(self) -> tuple[tuple[str, ...], ...]:
        return (self._declared.match_on,) if self._declared.match_on else ()

    @override
    def map(self, record: Mapping[str, Any]) -> Mapped | Rejection:
        references = self._references.pending(record)
        pending = {reference.attribute for reference in references}
        payload = {
            name: plain(value)
            for name, value in record.items()
            if name not in self._exclude and name not in pending and (self._sends_nulls or value is not None)
        }
        keys = self._keys({**record, **payload})
        return Mapped(payload, keys, references, digest=digest_of(payload, references))

    def _keys(self, record: Mapping[str, Any]) -> tuple[MatchKey, ...]:
        asked = {name: plain(field_at(record, name)) for name in self._declared.found_by}
        name = self.crm_object.find_key
        if name is None or not asked or any(map(is_empty, asked.values())):
            return ()
        return (MatchKey((MatchPart(name, (_SORTED.encode(asked).decode(),)),)),)

    @override
    def resolve(self, mapped: Mapped, found: Mapping[str, Found]) -> Mapped:
        payload = {**mapped.payload, **{name: target.id for name, target in found.items()}}
        left = tuple(reference for reference in mapped.references if reference.attribute not in found)
        keys = mapped.keys or self._keys(payload)
        return Mapped(payload, keys, left, digest=mapped.digest)

    @override
    def creation(self, mapped: Mapped, *, may_be_there: bool = False) -> Change | Rejection:
        return Change(mapped.payload, tuple(Difference(name, None, value) for name, value in mapped.payload.items()))

    @override
    def change(self, mapped: Mapped, current: CrmRecord | None) -> Change:
        """The whole record, unless the CRM showed that it has every field of it already."""
        now = current or {}
        differences = tuple(
            Difference(name, now.get(name), value)
            for name, value in mapped.payload.items()
            if name not in now or not _same(now[name], value)
        )
        return Change(mapped.payload if differences else {}, differences)

    @override
    def needs_current(self, mapped: Mapped) -> bool:
        return False

    @override
    def values(self, record: CrmRecord, attribute: str) -> frozenset[str]:
        return frozenset()  # what is found tells by ``matches`` whether it is meant

    @override
    def matches(self, key: MatchKey, record: CrmRecord) -> bool:
        """Whether every field that both have agrees."""
        (part,) = key.parts
        asked: Payload = msgspec.json.decode(part.values[0])
        there = ((field_at(record, name), asked[name]) for name in self._declared.match_on)
        return all(same_text(_text(has)) == same_text(_text(wanted)) for has, wanted in there if has is not None)


def mapper_for(crm: Crm, settings: StreamSettings) -> Mapper:
    """The mapper of a stream with these settings; raises SettingError."""
    if settings.declared is not None:
        return WholeRecordMapper(crm, settings.declared, settings.rules)
    return Mapper(crm, crm.objects[settings.object], settings.rules)


def plain(value: Any) -> Any:
    """A value as JSON carries it."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _same(old: Any, new: Any) -> bool:
    return bool(old == new) or _SORTED.encode(old) == _SORTED.encode(new)


def _text(value: Any) -> str:
    try:
        return read_text(value)
    except ValueError:
        return _SORTED.encode(value).decode()
