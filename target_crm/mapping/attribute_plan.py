"""Which attributes of a record give which of the object's: decided once for all records with the same attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_api.crm_objects import Attribute, CrmId, Kind
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.mapping.fields import ID, Claim, Fields, Role, is_writable
from target_crm.mapping.flat import Sources
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Reason, RejectedError

ENOUGH_PLANS = 256  # sources whose every record has other attributes must not fill the memory
SDK_PREFIX = "_sdc_"


@dataclass(frozen=True, slots=True)
class Plan:
    """How records with certain attributes are read.

    Attributes:
        sources: For each attribute to be sent, where the record gives it; in the object's order, customs last.
        match_only: Likewise for attributes that serve matching and are not sent.
        container: The record's attribute that holds custom fields as the CRM answered them, if it has one.
        covered: Custom fields that the record gives by themselves, by definition id.
        left_out: Attributes of the record that are not sent, with the reason.
        unknown: Of those, the ones that the object lacks or that cannot be written.
    """

    sources: tuple[Sources, ...]
    match_only: tuple[Sources, ...]
    container: str | None
    covered: frozenset[CrmId]
    left_out: Mapping[str, str]
    unknown: tuple[str, ...]


@dataclass
class _Claims:
    """What has been found so far for one attribute."""

    own: list[tuple[str, str]] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    joined: dict[str, str] = field(default_factory=dict)


class Routes:
    """Makes the plans of one stream.

    Args:
        fields: Of the object.
        rules: The stream's.
        matched: Attributes of the object that match keys are made of.
        used: Attributes of a record that serve other purposes.

    Raises:
        SettingError: A custom field does not exist.
    """

    def __init__(self, fields: Fields, rules: MappingSettings, matched: frozenset[str], used: frozenset[str]) -> None:
        self._fields = fields
        self._rules = rules
        self._matched = matched
        self._used = used | rules.known
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._customs: dict[str, list[Attribute]] = {}
        for name, source in rules.custom_fields.items():
            self._customs.setdefault(source, []).append(self._custom(name))

    def _custom(self, name: str) -> Attribute:
        attribute = self._fields.custom(name)
        if attribute is None:
            called = self._fields.called(name)
            if called:
                raise SettingError(
                    f"custom_fields: {self._fields.crm_object.name} have {len(called)} custom fields that are called "
                    f"{name!r}. "
                    f"Say which is meant: {' or '.join(called)}"
                )
            known = [*self._fields.titles, *self._fields.customs]
            there = ", ".join(self._fields.titles) or "none"
            raise SettingError(
                f"custom_fields: {self._fields.crm_object.name} have no custom field {name!r}{nearest(name, known)}. "
                f"There are: {there}"
            )
        return attribute

    def plan(self, record: Mapping[str, Any]) -> Plan:
        """The plan for a record.

        Raises:
            RejectedError: It has an attribute that the object lacks, and the rules forbid that.
        """
        names = tuple(record)
        plan = self._plans.get(names)
        if plan is None:
            plan = self._made(names)
            if len(self._plans) < ENOUGH_PLANS:
                self._plans[names] = plan
        if plan.unknown and self._rules.unknown_attributes == "reject":
            name = plan.unknown[0]
            sentence = (
                f"{name} is not sent: {plan.left_out[name]}. Rename it with a stream map, or list it under exclude"
            )
            raise RejectedError(Reason.UNKNOWN_ATTRIBUTE, sentence, name)
        return plan

    def _made(self, names: Iterable[str]) -> Plan:
        sent: dict[str, _Claims] = {}
        excluded: dict[str, _Claims] = {}
        left_out: dict[str, str] = {}
        container: str | None = None
        for name in names:
            into = excluded if name in self._rules.exclude else sent
            claim = self._fields.claim(name)
            if name in self._customs:
                for attribute in self._customs[name]:
                    into.setdefault(attribute.name, _Claims()).own.insert(0, (name, ""))
            elif claim is not None and claim.attribute.kind is Kind.CUSTOM:
                container = name if into is sent else None
            elif claim is not None and is_writable(claim.attribute):
                _note(into, claim, name)
            elif claim is not None and claim.attribute.name in self._matched:
                _note(excluded, claim, name)
            elif into is sent and name not in self._used and not name.startswith(SDK_PREFIX):
                left_out[name] = self._why(name, claim)
        sources = tuple(self._sources(name, claims) for name, claims in sorted(sent.items(), key=self._order))
        only = tuple(
            self._sources(name, claims)
            for name, claims in excluded.items()
            if name in self._matched and name not in sent and name != ID
        )
        covered = frozenset(each.attribute.custom_id for each in sources if each.attribute.custom_id is not None)
        return Plan(sources, only, container, covered, {**left_out, **_spare(sent)}, tuple(left_out))

    def _why(self, name: str, claim: Claim | None) -> str:
        what = self._fields.crm_object.name
        if claim is not None:
            return f"{what} have it, but the CRM does not let it be written"
        known = [each.name for each in self._fields.crm_object.attributes if is_writable(each)]
        return f"{what} have no such attribute{nearest(name, known)}"

    def _sources(self, name: str, claims: _Claims) -> Sources:
        attribute = self._attribute(name)
        order = ("", *attribute.flat)
        own = sorted(claims.own, key=lambda each: order.index(each[1]))
        joined = tuple(claims.joined[part] for part in attribute.joined if part in claims.joined)
        return Sources(attribute, tuple(own), tuple(claims.parts), joined)

    def _attribute(self, name: str) -> Attribute:
        attribute = self._fields.attribute(name)
        if attribute is None:
            raise KeyError(name)
        return attribute

    def _order(self, each: tuple[str, _Claims]) -> int:
        names = [attribute.name for attribute in self._fields.crm_object.attributes]
        return names.index(each[0]) if each[0] in names else len(names)


def _spare(sent: Mapping[str, _Claims]) -> Mapping[str, str]:
    """Parts of a name that is given whole."""
    return {
        source: f"{name} gives it already"
        for name, claims in sent.items()
        for source in claims.joined.values()
        if claims.own
    }


def _note(into: dict[str, _Claims], claim: Claim, name: str) -> None:
    claims = into.setdefault(claim.attribute.name, _Claims())
    if claim.role is Role.PART:
        claims.parts.append((name, claim.part))
    elif claim.role is Role.JOINED:
        claims.joined.setdefault(claim.part, name)
    else:
        claims.own.append((name, claim.part))
