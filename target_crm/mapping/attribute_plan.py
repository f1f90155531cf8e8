"""Plans: which attributes of the object a record gives, and where; one plan for all records of the same attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from crm_api.crm_objects import Attribute, CrmId, Kind
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.mapping.fields import ID, Assignment, Fields, Role, is_writable
from target_crm.mapping.flat import Sources
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Reason, RejectedError

MOST_PLANS = 256  # a source whose every record has other attributes must not fill the memory
SDK_PREFIX = "_sdc_"


@dataclass(frozen=True, slots=True)
class Plan:
    """The way in which records with certain attributes are read.

    Attributes:
        sources: For each attribute that is sent, where the record gives it; in the object's order, custom fields last.
        match_only: For each attribute that is not sent and that a match key needs, where the record gives it.
        container: The record's attribute that holds custom fields as the CRM answers them; None: it has none.
        covered: The custom fields that the record gives outside the container, by definition id.
        left_out: The record's attributes that are not sent, each with the reason.
        unknown: The attributes in ``left_out`` that the object lacks or that cannot be written.
    """

    sources: tuple[Sources, ...]
    match_only: tuple[Sources, ...]
    container: str | None
    covered: frozenset[CrmId]
    left_out: Mapping[str, str]
    unknown: tuple[str, ...]


class _Use(Enum):
    """The uses that a plan has for a record's attribute."""

    CUSTOM = auto()
    """The setting custom_fields names it."""
    CONTAINER = auto()
    """It holds custom fields as the CRM answers them."""
    SENT = auto()
    """It gives an attribute that can be written."""
    MATCHED = auto()
    """It gives an attribute that cannot be written, and that a match key needs."""
    UNKNOWN = auto()
    """The object has nothing for it, or nothing that can be written."""
    IGNORED = auto()
    """It is excluded, serves another purpose, or is the SDK's own."""


@dataclass
class _Names:
    """The names in a record by which one attribute of the object is given; see ``Sources``."""

    own: list[tuple[str, str]] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    joined: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, assignment: Assignment) -> None:
        """Note one name, by the role that it has."""
        if assignment.role is Role.PART:
            self.parts.append((name, assignment.part))
        elif assignment.role is Role.JOINED:
            self.joined.setdefault(assignment.part, name)
        else:
            self.own.append((name, assignment.part))


@dataclass
class _Draft:
    """A plan in the making.

    Attributes:
        sent: By attribute of the object: the names that give it.
        excluded: By attribute of the object: the names of attributes that are not sent.
        left_out: The attributes that are not sent, each with the reason.
        container: The attribute that holds custom fields as the CRM answers them; None if there is none.
    """

    sent: dict[str, _Names] = field(default_factory=dict)
    excluded: dict[str, _Names] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    container: str | None = None


class AttributePlans:
    """Makes the plans of one stream, and keeps them.

    Args:
        fields: The attributes and custom fields of the object.
        settings: The stream's settings of mapping.
        matched: The object's attributes that match keys are made of.
        used: Attributes of a record that serve other purposes.

    Raises:
        SettingError: The setting custom_fields names a field that does not exist, or several.
    """

    def __init__(
        self, fields: Fields, settings: MappingSettings, matched: frozenset[str], used: frozenset[str]
    ) -> None:
        self._fields = fields
        self._settings = settings
        self._matched = matched
        self._used = used | settings.known
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._customs: dict[str, list[Attribute]] = {}
        for title, source in settings.custom_fields.items():
            self._customs.setdefault(source, []).append(self._custom(title))
        self._take: Mapping[_Use, Callable[[_Draft, str, Assignment | None], None]] = {
            _Use.CUSTOM: self._take_custom,
            _Use.CONTAINER: self._take_container,
            _Use.SENT: self._take_sent,
            _Use.MATCHED: self._take_matched,
            _Use.UNKNOWN: self._take_unknown,
            _Use.IGNORED: lambda draft, name, assignment: None,  # noqa: ARG005 - nothing comes of it
        }

    def _custom(self, title: str) -> Attribute:
        attribute = self._fields.custom(title)
        if attribute is not None:
            return attribute
        what, where = self._fields.crm_object.name, self._settings.place("custom_fields")
        columns = self._fields.columns_titled(title)
        if columns:
            raise SettingError(
                f"{where}: {what} have {len(columns)} custom fields called {title!r}. "
                f"Say which is meant: {' or '.join(columns)}"
            )
        near = nearest(title, [*self._fields.titles, *self._fields.customs])
        there = ", ".join(self._fields.titles) or "none"
        raise SettingError(f"{where}: {what} have no custom field {title!r}{near}. There are: {there}")

    def plan(self, record: Mapping[str, Any]) -> Plan:
        """Return the plan for a record.

        Raises:
            RejectedError: It has an attribute that the object lacks, and the settings forbid that.
        """
        names = tuple(record)
        plan = self._plans.get(names)
        if plan is None:
            plan = self._made(names)
            if len(self._plans) < MOST_PLANS:
                self._plans[names] = plan
        if plan.unknown and self._settings.unknown_attributes == "reject":
            name = plan.unknown[0]
            sentence = (
                f"{name} is not sent: {plan.left_out[name]}. Rename it with a stream map, or list it under exclude"
            )
            raise RejectedError(Reason.UNKNOWN_ATTRIBUTE, sentence, name)
        return plan

    def _made(self, names: Iterable[str]) -> Plan:
        draft = _Draft()
        assignments = [(name, self._fields.assignment(name)) for name in names]
        for name, assignment in assignments:
            self._take[self._use_of(name, assignment)](draft, name, assignment)
        sources = tuple(self._sources(name, given) for name, given in sorted(draft.sent.items(), key=self._order))
        match_only = tuple(
            self._sources(name, given)
            for name, given in draft.excluded.items()
            if name in self._matched and name not in draft.sent and name != ID
        )
        covered = frozenset(each.attribute.custom_id for each in sources if each.attribute.custom_id is not None)
        left_out = {**draft.left_out, **_given_twice(draft.sent)}
        return Plan(sources, match_only, draft.container, covered, left_out, tuple(draft.left_out))

    def _use_of(self, name: str, assignment: Assignment | None) -> _Use:
        """The first use that fits, in the order of ``_Use``."""
        if name in self._customs:
            return _Use.CUSTOM
        if assignment is not None:
            if assignment.attribute.kind is Kind.CUSTOM:
                return _Use.CONTAINER
            if assignment.attribute.creatable or assignment.attribute.updatable:
                return _Use.SENT
            if assignment.attribute.name in self._matched:
                return _Use.MATCHED
        if name in self._settings.exclude or name in self._used or name.startswith(SDK_PREFIX):
            return _Use.IGNORED
        return _Use.UNKNOWN

    def _part_of(self, draft: _Draft, name: str) -> dict[str, _Names]:
        return draft.excluded if name in self._settings.exclude else draft.sent

    def _take_custom(self, draft: _Draft, name: str, assignment: Assignment | None) -> None:  # noqa: ARG002 - see _take
        for attribute in self._customs[name]:
            self._part_of(draft, name).setdefault(attribute.name, _Names()).own.insert(0, (name, ""))

    def _take_container(self, draft: _Draft, name: str, assignment: Assignment | None) -> None:  # noqa: ARG002 - see _take
        draft.container = None if name in self._settings.exclude else name

    def _take_sent(self, draft: _Draft, name: str, assignment: Assignment | None) -> None:
        _add(self._part_of(draft, name), name, assignment)

    def _take_matched(self, draft: _Draft, name: str, assignment: Assignment | None) -> None:
        _add(draft.excluded, name, assignment)

    def _take_unknown(self, draft: _Draft, name: str, assignment: Assignment | None) -> None:
        what = self._fields.crm_object.name
        if assignment is not None:
            draft.left_out[name] = f"{what} have it, but the CRM does not let it be written"
            return
        known = [each.name for each in self._fields.crm_object.attributes if is_writable(each)]
        draft.left_out[name] = f"{what} have no such attribute{nearest(name, known)}"

    def _sources(self, name: str, given: _Names) -> Sources:
        attribute = self._fields.attribute(name)
        if attribute is None:
            raise KeyError(name)
        order = ("", *attribute.flat)
        own = sorted(given.own, key=lambda each: order.index(each[1]))
        joined = tuple(given.joined[part] for part in attribute.joined if part in given.joined)
        return Sources(attribute, tuple(own), tuple(given.parts), joined)

    def _order(self, each: tuple[str, _Names]) -> int:
        names = [attribute.name for attribute in self._fields.crm_object.attributes]
        return names.index(each[0]) if each[0] in names else len(names)


def _add(into: dict[str, _Names], name: str, assignment: Assignment | None) -> None:
    if assignment is not None:
        into.setdefault(assignment.attribute.name, _Names()).add(name, assignment)


def _given_twice(sent: Mapping[str, _Names]) -> Mapping[str, str]:
    """The words of a joined attribute that the record also gives whole: ``first_name`` where there is a ``name``."""
    return {
        source: f"{name} is given already"
        for name, given in sent.items()
        for source in given.joined.values()
        if given.own
    }
