"""Plans: which attributes of the object a record gives, and where; one plan for all records of the same attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import Any

from crm_api.crm_objects import Attribute, Kind
from crm_api.errors import SettingError
from crm_api.naming.spelling import is_sdk_column, spelled_as, spellings_of
from crm_api.settings import nearest
from target_crm.mapping.declared_names import Assignment, Role
from target_crm.mapping.fields import Fields
from target_crm.mapping.flat import unpacked
from target_crm.mapping.plan import Draft, Finish, Plan
from target_crm.mapping.settings import MappingSettings, named_twice
from target_crm.mapping.values import LeftOut, Reason, RejectedError

MOST_PLANS = 256  # a source whose every record has other attributes must not fill the memory


class _Use(Enum):
    """The uses that a plan has for a record's attribute."""

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


class AttributePlans:
    """Makes the plans of one stream, and keeps them.

    Args:
        fields: The attributes and custom fields of the object.
        settings: The stream's settings of mapping.
        matched: The object's attributes that match keys are made of.
        used: Attributes of a record that serve other purposes.
        referring: Attributes of a record by which it refers to others: sent only under the CRM's own name.

    Raises:
        SettingError: The setting custom_fields names a field that does not exist, or several.
    """

    def __init__(
        self,
        fields: Fields,
        settings: MappingSettings,
        matched: frozenset[str],
        used: frozenset[str],
        referring: frozenset[str],
    ) -> None:
        self._fields = fields
        self._settings = settings
        self._matched = matched
        self._used = used | settings.known | settings.mapped_from | referring
        self._referring = referring
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._customs: list[tuple[Attribute, str]] = []
        taken: dict[str, str] = {}
        for title, source in settings.custom_fields.items():
            attribute = self._custom(title)
            if taken.setdefault(attribute.name, title) != title:
                raise named_twice(settings.place("custom_fields"), taken[attribute.name], title, attribute.name)
            self._customs.append((attribute, source))

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
        plan = self._plan_of(tuple(record))
        if plan.unknown and self._settings.unknown_attributes == "reject":
            name = plan.unknown[0]
            sentence = (
                f"{name} is not sent: {plan.left_out[name].sentence}. Rename it with a stream map, or list it under "
                "exclude"
            )
            raise RejectedError(Reason.UNKNOWN_ATTRIBUTE, sentence, name)
        return plan

    def spread(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Put what an object holds beside the record's other attributes, named ``properties.city``.

        So are the properties of a record (HubSpot's), and the parts of an address where the CRM holds each as a text.
        """
        parts: dict[str, Mapping[str, Any]] = {}
        for name, value in record.items():
            is_told = isinstance(value, Mapping | str) and isinstance(inner := unpacked(value), Mapping)
            if is_told and self._is_spread(name):
                parts[name] = inner
        for name in self._excluded(tuple(record), self._fields.declared_assignment) if parts else ():
            parts.pop(name, None)
        return record if not parts else _with_parts(record, parts)

    def _is_spread(self, name: str) -> bool:
        assignment = self._fields.declared_assignment(name)
        if assignment is not None:
            return _is_flat_part(assignment.attribute)
        return name not in self._used and self._fields.is_prefix(name)

    def _plan_of(self, names: tuple[str, ...]) -> Plan:
        plan = self._plans.get(names)
        if plan is None:
            plan = self._made(names, self._fields.assignment)
            if len(self._plans) < MOST_PLANS:
                self._plans[names] = plan
        return plan

    def doubts(self, names: Iterable[str]) -> list[str]:
        """Return a sentence for each attribute of records that gives what another gives, or that is no good fit.

        The CRM is not asked: a run that changes nothing costs nothing.

        Args:
            names: The names of all attributes that the records may have.
        """
        declared = tuple(name for name in names if self._fields.declared_assignment(name) is not None)
        plan = self._made(declared, self._fields.declared_assignment)
        what = self._fields.crm_object.name
        said = [
            f"{spare.name} is sent only where {' and '.join(spare.behind)} {'is' if len(spare.behind) == 1 else 'are'} "
            f"empty: they give the same attribute of {what}"
            for spare in plan.spares
            if spare.is_told and spare.name not in self._used  # an id is there for itself
        ]
        said += [f"{name} is not sent: {why.reason}" for name, why in plan.left_out.items() if name not in plan.unknown]
        for sources in plan.sources:
            if sources.whole_name is not None and sources.whole_name.gives_last and not sources.whole_name.last:
                said.append(
                    f"{sources.whole_name.whole[0]} goes into {sources.attribute.name} unsplit: {what} have no "
                    "attribute for a whole name. Split it with a stream map, or give first and last name"
                )
        return said

    # Making a plan

    def _made(self, names: tuple[str, ...], assigned: Callable[[str], Assignment | None]) -> Plan:
        draft = Draft()
        excluded = frozenset(self._excluded(names, assigned))
        customs = frozenset(self._take_customs(draft, names, excluded))
        for name in names:
            if name in customs or is_sdk_column(name):
                continue
            assignment = assigned(name)
            self._take(draft, name, assignment, is_excluded=name in excluded)
        return Finish(self._fields, self._matched).plan(draft)

    def _take(self, draft: Draft, name: str, assignment: Assignment | None, *, is_excluded: bool) -> None:
        use = self._use_of(name, assignment, is_excluded=is_excluded)
        if use is _Use.UNKNOWN:
            draft.left_out[name] = self._why_not(name, assignment)
        elif use is _Use.CONTAINER:
            draft.container = draft.container if is_excluded else draft.container or name
        elif assignment is not None and use is not _Use.IGNORED:
            draft.give(name, assignment, is_sent=use is _Use.SENT and not is_excluded)

    def _why_not(self, name: str, assignment: Assignment | None) -> LeftOut:
        if assignment is None:
            return self._fields.why_not(name)
        return LeftOut(f"{self._fields.crm_object.name} have it, but the CRM does not let it be written")

    def _excluded(self, names: tuple[str, ...], assigned: Callable[[str], Assignment | None]) -> Iterator[str]:
        """The attributes that the setting exclude means: by the record's own names, else by the CRM's."""
        for wanted in self._settings.exclude:
            found = spellings_of(wanted, names)
            if not found and (meant := assigned(wanted)) is not None:
                given = ((name, assigned(name)) for name in names)
                found = [name for name, each in given if each is not None and each.attribute == meant.attribute]
            yield from found

    def _take_customs(self, draft: Draft, names: tuple[str, ...], excluded: frozenset[str]) -> Iterator[str]:
        """Take the attributes that the setting custom_fields names."""
        for attribute, wanted in self._customs:
            name = spelled_as(wanted, names)
            if name is not None:
                by_setting = Assignment(attribute, Role.OWN, order=-1)
                draft.give(name, by_setting, is_sent=name not in excluded)
                yield name

    def _use_of(self, name: str, assignment: Assignment | None, *, is_excluded: bool) -> _Use:
        """The first use that fits, in the order of ``_Use``."""
        if assignment is not None and self._is_meant(name, assignment):
            if assignment.attribute.kind is Kind.CUSTOM:
                return _Use.CONTAINER
            if assignment.attribute.is_writable:
                return _Use.SENT
            if assignment.attribute.name in self._matched:
                return _Use.MATCHED
        return _Use.IGNORED if is_excluded or name in self._used else _Use.UNKNOWN

    def _is_meant(self, name: str, assignment: Assignment) -> bool:
        """Tell whether an attribute is to be sent: what settings use for other things must bear the CRM's name."""
        if name in self._referring:
            return assignment.is_own_name
        return assignment.is_exact or name not in self._settings.mapped_from


def _is_flat_part(attribute: Attribute) -> bool:
    """Tell whether an attribute is a part of an address that the CRM holds beside the others."""
    return attribute.kind is Kind.TEXT and bool(attribute.prefixes)


def _with_parts(record: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    spread = {name: value for name, value in record.items() if name not in parts}
    for name, value in parts.items():
        spread.update((f"{name}.{part}", inner) for part, inner in value.items())
    return spread
