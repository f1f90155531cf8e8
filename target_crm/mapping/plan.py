"""The ways in which records are read: what each of their attributes gives, and which of several that give one thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_api.crm_objects import Attribute, CrmId, Kind
from crm_api.naming.spelling import canonical
from crm_api.values import is_empty
from target_crm.mapping.declared_names import ID, Assignment, Role
from target_crm.mapping.fields import Fields
from target_crm.mapping.flat import LISTS, Sources, says_no_more
from target_crm.mapping.values import LeftOut
from target_crm.mapping.whole_names import WholeName


@dataclass(frozen=True, slots=True)
class Spare:
    """An attribute of a record that is sent only where better ones are empty.

    Attributes:
        attribute: The attribute of the object that it gives.
        name: Its name.
        behind: The names of those that come before it.
        why: What is said where one of them has another value.
        as_words: Whether each of its words is sent if it stands anywhere in them: a first name, in the whole one.
        beside: The names of those that are sent together with them: the first name, beside the last.
        is_told: Whether that is worth a warning before any record comes: nobody would expect both.
    """

    attribute: Attribute
    name: str
    behind: tuple[str, ...]
    why: LeftOut
    as_words: bool = False
    beside: tuple[str, ...] = ()
    is_told: bool = True

    def is_lost(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record gives it a value that is not sent."""
        value = record[self.name]
        if is_empty(value):
            return False
        taken = next((record[name] for name in self.behind if not is_empty(record[name])), None)
        if taken is None or taken == value:
            return False
        sent = [taken, *(record[name] for name in self.beside)]
        return not says_no_more(self.attribute, value, sent, as_words=self.as_words)


@dataclass(frozen=True, slots=True)
class Plan:
    """The way in which records with certain attributes are read.

    Attributes:
        sources: For each attribute that is sent, where the record gives it; in the object's order, custom fields last.
        match_only: For each attribute that is not sent and that a match key needs, where the record gives it.
        container: The record's attribute that holds custom fields as the CRM answers them; None: it has none.
        covered: The custom fields that the record gives outside the container, by definition id.
        id_names: The record's attributes that give the CRM's own id, in order of preference.
        left_out: The record's attributes that are never sent, each with the reason.
        spares: The record's attributes that are sent where better ones are empty.
        unknown: The attributes in ``left_out`` that the object lacks or that cannot be written.
    """

    sources: tuple[Sources, ...]
    match_only: tuple[Sources, ...]
    container: str | None
    covered: frozenset[CrmId]
    id_names: tuple[str, ...]
    left_out: Mapping[str, LeftOut]
    spares: tuple[Spare, ...]
    unknown: tuple[str, ...]

    def left_out_of(self, record: Mapping[str, Any]) -> dict[str, LeftOut]:
        """Return the attributes that are not sent though the record gives them a value, each with the reason."""
        lost = {name: why for name, why in self.left_out.items() if not is_empty(record[name])}
        for spare in self.spares:
            if spare.is_lost(record):
                lost[spare.name] = spare.why
        return lost


Given = list[tuple[str, Assignment]]


@dataclass
class Draft:
    """A plan in the making.

    Attributes:
        sent: By attribute of the object: the names that give it, each with what it gives of it.
        excluded: By attribute of the object: the names of attributes that are not sent.
        left_out: The attributes that are not sent, each with the reason.
        container: The attribute that holds custom fields as the CRM answers them; None if there is none.
    """

    sent: dict[str, Given] = field(default_factory=dict)
    excluded: dict[str, Given] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    container: str | None = None

    def give(self, name: str, assignment: Assignment, *, is_sent: bool) -> None:
        """Note that a record's attribute gives an attribute of the object."""
        (self.sent if is_sent else self.excluded).setdefault(assignment.attribute.name, []).append((name, assignment))


class Finish:
    """Makes the plan of a draft: of several attributes of a record that give one thing, the best is taken.

    Args:
        fields: The attributes and custom fields of the object.
        matched: The object's attributes that match keys are made of.
    """

    def __init__(self, fields: Fields, matched: frozenset[str]) -> None:
        self._fields = fields
        self._matched = matched
        self._spares: list[Spare] = []
        self._left_out: dict[str, LeftOut] = {}

    def plan(self, draft: Draft) -> Plan:
        """Return the plan; to be called once."""
        for given in (*draft.sent.values(), *draft.excluded.values()):
            given.sort(key=lambda each: each[1].rank)
        names = [attribute.name for attribute in self._fields.crm_object.attributes]
        in_order = sorted(draft.sent.items(), key=lambda each: _place(each[0], names))
        sources = tuple(self._sources(name, given, draft.sent) for name, given in in_order)
        spares, left_out = tuple(self._spares), {**draft.left_out, **self._left_out}
        match_only = tuple(
            self._sources(name, given, draft.excluded)
            for name, given in draft.excluded.items()
            if name in self._matched and name not in draft.sent and name != ID
        )
        covered = frozenset(each.attribute.custom_id for each in sources if each.attribute.custom_id is not None)
        id_names = tuple(name for name, _ in draft.excluded.get(ID, ()))
        return Plan(sources, match_only, draft.container, covered, id_names, left_out, spares, tuple(draft.left_out))

    def _sources(self, attribute_name: str, given: Given, beside: Mapping[str, Given]) -> Sources:
        attribute = self._fields.attribute(attribute_name)
        if attribute is None:
            raise KeyError(attribute_name)
        own = tuple(self._own(attribute, _of(given, Role.OWN, Role.FLAT)))
        parts = tuple(self._parts(attribute, _of(given, Role.PART)))
        joined = self._joined(attribute, _of(given, Role.JOINED), own)
        whole_name = self._whole_name(attribute, beside)
        if whole_name is not None and attribute.whole:
            names = [*whole_name.last, *whole_name.whole]
            self._behind(attribute, names, len(whole_name.last), words_beside=whole_name.first)
        return Sources(attribute, own, parts, joined, whole_name)

    def _own(self, attribute: Attribute, given: Given) -> Iterator[tuple[str, str]]:
        """Give the names of the whole attribute in order; of a list, one for each flat name: their values are added."""
        taken: list[tuple[str, Assignment]] = []
        for name, assignment in given:
            if attribute.kind in LISTS:
                twins = [other for other, each in taken if each.part == assignment.part]
                self._behind(attribute, [*twins, name], len(twins))
            elif taken:
                says_the_same = any(_are_one_thing(attribute, each, (name, assignment)) for each in taken)
                if not says_the_same:
                    self._behind(attribute, [*(each for each, _ in taken), name], len(taken))
            taken.append((name, assignment))
            yield name, assignment.part

    def _parts(self, attribute: Attribute, given: Given) -> Iterator[tuple[str, str]]:
        """Give the names of parts; of several for one part, the first that is not empty counts."""
        taken: dict[str, list[str]] = {}
        for name, assignment in given:
            before = taken.setdefault(assignment.part, [])
            if before and attribute.kind is Kind.IDENTIFIER:
                self._left_out[name] = LeftOut(f"{before[0]} gives {attribute.name} already")
                continue
            before.append(name)
            self._behind(attribute, before, len(before) - 1, assignment.part)
            yield name, assignment.part

    def _joined(
        self, attribute: Attribute, given: Given, own: tuple[tuple[str, str], ...]
    ) -> tuple[tuple[str, ...], ...]:
        """Give the names of the words that make the attribute where nothing gives it whole."""
        words: dict[str, list[str]] = {}
        for name, assignment in given:
            alike = words.setdefault(assignment.part, [])
            alike.append(name)
            self._behind(attribute, alike, len(alike) - 1, assignment.part)
            self._behind(attribute, [*(each for each, _ in own), name], len(own), words_beside=())
        return tuple(tuple(words[part]) for part in attribute.joined if part in words)

    def _behind(
        self,
        attribute: Attribute,
        names: list[str],
        first: int,
        part: str = "",
        *,
        words_beside: tuple[str, ...] | None = None,
    ) -> None:
        """Note that the names from the first one on are taken only where those before them are empty.

        ``words_beside``: they are words of a name, as are those beside them; nobody is surprised to find them twice.
        """
        what = f"{part} of {attribute.name}" if part else attribute.name
        are_words, beside = words_beside is not None, words_beside or ()
        for place in range(max(first, 1), len(names)):
            why = LeftOut(f"{what} is given already, by {' or '.join(dict.fromkeys(names[:place]))}")
            before = tuple(names[:place])
            self._spares.append(Spare(attribute, names[place], before, why, are_words, beside, not are_words))

    def _whole_name(self, attribute: Attribute, beside: Mapping[str, Given]) -> WholeName | None:
        """Return how a whole name is divided, if records give one and the attribute is a part of it."""
        for last in self._fields.crm_object.attributes:
            if not last.whole or attribute.name not in {last.name, last.beside_whole}:
                continue
            whole = [name for name, _ in _of(beside.get(last.name, []), Role.WHOLE)]
            if whole:
                lasts = [name for name, _ in _of(beside.get(last.name, []), Role.OWN, Role.FLAT)]
                firsts = [name for name, _ in beside.get(last.beside_whole or "", [])]
                return WholeName(tuple(whole), tuple(firsts), tuple(lasts), gives_last=attribute.name == last.name)
        return None


def _of(given: Given, *roles: Role) -> Given:
    return [each for each in given if each[1].role in roles]


def _place(name: str, names: list[str]) -> int:
    return names.index(name) if name in names else len(names)


def _are_one_thing(attribute: Attribute, one: tuple[str, Assignment], other: tuple[str, Assignment]) -> bool:
    """Tell whether two attributes say one thing in two ways: an id and its name, a date and the same in ISO 8601."""
    if attribute.kind is Kind.NAME_ID:
        return one[1].order == 0 and one[1].role is Role.OWN and other[1].order > 0
    forms = {canonical(one[0]), canonical(other[0])}
    return attribute.kind is Kind.DAY and any(f"{form}iso" in forms for form in forms)
