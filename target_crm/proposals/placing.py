"""The place of each column of a stream in an object of the CRM, found by what the target understands and by names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, Kind
from target_crm.mapping.declared_names import Assignment, Role
from target_crm.mapping.fields import Fields
from target_crm.proposals.declared import names_of, titles_of
from target_crm.proposals.known_columns import ASPECTS, SHARED_BY_ALL, Entity
from target_crm.proposals.meanings import Meaning, Sense, meaning_of, preference, unnumbered, words_of
from target_crm.proposals.samples import Column, Sample, first_of

_FLATS: Mapping[str, tuple[str, ...]] = {
    "": ("phone", "phone_number", "work_phone"),
    "other": ("phone", "phone_number", "work_phone"),
    "mobile": ("mobile_phone", "mobile", "cell_phone"),
    "home": ("home_phone",),
}
"""Names of phone numbers in flat records, by category."""
_RELATED_NAMES: Mapping[Entity, tuple[str, ...]] = {
    Entity.COMPANY: ("company_name", "company", "account_name", "organization"),
    Entity.PERSON: ("contact_name", "contact", "opportunity_contact", "case_contact"),
}
"""Names of attributes that hold the name of another record as text."""
_WHOSE_NUMBER = {("work",): "work phone", ("home",): "home phone", ("sms",): "mobile phone"}
"""Names of columns that are phone numbers where their values are."""
_NUMBER = re.compile(r"\+?[\d\s().,/x-]{6,}")
"""Text that may be a phone number."""
_NETWORKS = {"linkedin.com": "linkedin", "twitter.com": "twitter", "x.com": "twitter", "facebook.com": "facebook"}
_REASONS: Mapping[Sense, str] = {
    Sense.LABEL: "it says of which kind another column's value is",
    Sense.KEPT: "the source keeps it, and the CRM keeps its own",
    Sense.OTHER_IDS: "it holds ids of the source's own, which the CRM does not know",
}
_SENT_ALONE: Mapping[Entity | None, str] = {each: each.value for each in (Entity.PERSON, Entity.COMPANY, Entity.DEAL)}
_NESTED = "it holds an object: set flattening_enabled, and propose again with what flattening makes of it"
_SINGLE = frozenset({Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.DAY, Kind.MOMENT})
_ELSEWHERE = frozenset({Sense.ID, Sense.OTHER_IDS, Sense.LABEL, Sense.UNWANTED})
_IDENTIFYING = frozenset({Kind.ID, Kind.IDS, Kind.NAME_ID, Kind.NAME_IDS})


@dataclass(frozen=True)
class Claim:
    """A column that may give an attribute of the object.

    Attributes:
        column: The column.
        assignment: The attribute, and how a record gives it.
        name: The name that a flat record has for it; the column's own if the target understands that.
        meaning: What its name means; None if only the target's own understanding placed it.
    """

    column: str
    assignment: Assignment
    name: str
    meaning: Meaning | None = None

    @property
    def understood(self) -> bool:
        """Whether the target understands the column as it is."""
        return self.name == self.column


@dataclass
class Places:
    """The places of a stream's columns.

    Attributes:
        claims: The columns that give attributes, in the order of the stream.
        related: Columns about other records, by their kind and by what they say about them.
        left_out: The other columns, each with the reason.
        ids: The columns that may identify a record at the source.
        customs: Columns that give custom fields which the target must be told of, by the field's title.
    """

    claims: list[Claim] = field(default_factory=list)
    related: dict[Entity, dict[str, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    customs: dict[str, str] = field(default_factory=dict)


class Placing:
    """Finds the places of the columns of one stream.

    Args:
        crm: The account, whose lists tell ids of its own from those of others; None if only its kind is known.
        fields: The attributes and custom fields of the object.
        own: The kind of record that the object is; None if it is none that exports have.
        sample: What the input shows of the stream.
    """

    def __init__(self, crm: Crm | None, fields: Fields, own: Entity | None, sample: Sample) -> None:
        self._crm = crm
        self._fields = fields
        self._own = own
        self._sample = sample
        self._names = {unnumbered(name) for name in sample.columns}

    @cached_property
    def _titles(self) -> tuple[str, ...]:
        return titles_of(self._fields)

    def places(self) -> Places:
        """Find the place of every column."""
        places = Places()
        for column in self._sample.columns.values():
            self._place(places, column)
        claimed = self._of_one_address(places)
        places.claims = []
        for claims in _by_attribute(claimed).values():
            kept = self._settled(claims)
            places.claims += kept
            for claim in claims:
                if claim not in kept:
                    attribute = claim.assignment.attribute.name
                    places.left_out[claim.column] = f"{attribute} is given by {kept[0].column} already"
        order = list(self._sample.columns)
        places.claims.sort(key=lambda claim: order.index(claim.column))
        return places

    def _place(self, places: Places, column: Column) -> None:
        if self._own is Entity.TASK and unnumbered(column.name) == "name" and "subject" in self._names:
            places.left_out[column.name] = "it is the name of the person whom the task is about"  # in Salesforce
            return
        meaning = self._labelled(column, meaning_of(column.name, self._own))
        if (claim := self._claim(column, meaning)) is not None:
            attribute = claim.assignment.attribute
            if reason := self._foreign(column, attribute) or self._ill_shaped(column, attribute):
                places.left_out[column.name] = reason
            else:
                places.claims.append(claim)
        elif meaning is not None and meaning.entity is not None and meaning.aspect in ASPECTS.values():
            if places.related.setdefault(meaning.entity, {}).setdefault(meaning.aspect, column.name) != column.name:
                places.left_out[column.name] = f"it says what {places.related[meaning.entity][meaning.aspect]} says"
        elif meaning is not None and meaning.sense is Sense.ID:
            places.ids.append(column.name)
        elif meaning is not None and meaning.sense is Sense.ATTRIBUTE and self._is_salutation(column):
            places.left_out[column.name] = "it is a salutation"
        elif (title := self._custom_title(column.name)) is not None and title not in places.customs:
            places.customs[title] = column.name
        else:
            places.left_out[column.name] = self._reason(column, meaning)

    def _labelled(self, column: Column, meaning: Meaning | None) -> Meaning | None:
        """Take the kind of an e-mail or phone number from the column that says it: ``Phone 1 - Label``."""
        words = words_of(column.name)
        if words in _WHOSE_NUMBER and column.values and all(map(_NUMBER.fullmatch, column.values)):
            return meaning_of(_WHOSE_NUMBER[words], self._own)  # Work beside Mobile, as Freshsales shows them
        if meaning is None or meaning.sense not in {Sense.EMAIL, Sense.PHONE} or words[-1] != "value":
            return meaning
        beside = {(*words[:-1], "label"), (*words[:-1], "type")}
        labels = [each for each in self._sample.columns.values() if words_of(each.name) in beside]
        said = {found.category for label in labels for value in label.values if (found := _said(meaning, value))}
        return replace(meaning, category=said.pop()) if len(said) == 1 else meaning

    def _claim(self, column: Column, meaning: Meaning | None) -> Claim | None:
        """Find the attribute that a column gives; None: none, as far as its name tells."""
        own = self._assignment(column.name)
        if own is not None and own.attribute.custom_id is not None:
            return Claim(column.name, own, column.name)
        if own is not None and own.attribute.kind is Kind.STRUCTURE and own.role is not Role.PART:
            if not column.holds_texts or own.attribute.item is not None:
                return Claim(column.name, own, column.name, meaning)
            own = None  # a text is no address: it may be its street
        for name in self._names_for(column, meaning):
            found = self._assignment(name)
            if found is not None and found.attribute.kind is not Kind.CUSTOM:
                if own is not None and _same(own, found):
                    return Claim(column.name, own, column.name, meaning)
                return Claim(column.name, found, name, meaning)
        if own is None or self._means_else(column, own, meaning):
            return None
        return Claim(column.name, own, column.name, meaning)

    def _means_else(self, column: Column, own: Assignment, meaning: Meaning | None) -> bool:
        """Whether a column that the target would take means something else."""
        if meaning is None:
            return False
        if meaning.sense is Sense.RELATED:
            return meaning.aspect == "id" and own.attribute.kind in {Kind.ID, Kind.IDS}
        if meaning.sense is Sense.ATTRIBUTE:
            return self._is_salutation(column)
        if meaning.sense is Sense.PHONE and meaning.category == "home":
            return own.attribute.category is None  # a number at work, where that is all that the object has
        return meaning.sense in _ELSEWHERE and column.name != own.attribute.name

    def _is_salutation(self, column: Column) -> bool:
        """Whether a column is the title of a person and not of a job: Mr. or Dr. of Outlook, beside a Job Title."""
        return unnumbered(column.name) == "title" and "jobtitle" in self._names

    def _assignment(self, name: str) -> Assignment | None:
        found = self._fields.assignment(name)
        return found if found is not None and found.attribute.is_writable else None

    def _names_for(self, column: Column, meaning: Meaning | None) -> Iterator[str]:
        """The names in flat records for what a column means, in order of preference."""
        if meaning is None:
            return
        if meaning.sense is Sense.ATTRIBUTE:
            yield from self._attribute_names(column, meaning)
        elif meaning.sense is Sense.EMAIL:
            yield from ("personal_email", "email") if meaning.category == "personal" else ("email",)
        elif meaning.sense is Sense.PHONE:
            yield from _FLATS[meaning.category]
            if meaning.category == "mobile":
                yield from _FLATS[""]
        elif meaning.sense is Sense.ADDRESS:
            yield from self._address_names(meaning)
        elif meaning.entity is not None and meaning.aspect == "name":
            yield from (name for name in _RELATED_NAMES.get(meaning.entity, ()) if self._holds_text(name))

    def _attribute_names(self, column: Column, meaning: Meaning) -> Iterator[str]:
        if self._is_salutation(column):
            yield "prefix"
            yield from self._salutation()
            return
        if "website" in meaning.names and (network := _network(column)):
            yield network
            yield f"{network}_url"
        yield from meaning.names
        if meaning.names == ("prefix",):
            yield from self._salutation()

    def _address_names(self, meaning: Meaning) -> Iterator[str]:
        part = "street" if meaning.part in {"address", "whole"} else meaning.part
        own, usual = f"{meaning.group}_{part}", part
        one, other = self._assignment(own), self._assignment(usual)
        if one is not None and (other is None or one.attribute is not other.attribute):
            yield own  # an address of its own, such as shipping_street
        yield usual
        if meaning.part == "street2":
            yield "street"

    def _salutation(self) -> Iterator[str]:
        """``title``, where that is no job: the object has an attribute for jobs beside it."""
        job, title = self._fields.assignment("job_title"), self._fields.assignment("title")
        if job is not None and title is not None and job.attribute is not title.attribute:
            yield "title"

    def _holds_text(self, name: str) -> bool:
        found = self._assignment(name)
        return found is not None and found.attribute.kind is Kind.TEXT and not found.attribute.required

    def _ill_shaped(self, column: Column, attribute: Attribute) -> str:
        """Say why an object or a list cannot be sent for an attribute that holds one value. Empty: it can."""
        if attribute.kind not in _SINGLE or not column.types & {"array", "object"}:
            return ""
        if column.types == {"object"}:
            return _NESTED
        return "" if first_of(column) else "it holds a list, and the CRM one value: make one of it with a stream map"

    def _foreign(self, column: Column, attribute: Attribute) -> str:
        """Say why a column's ids cannot be sent: they are not this CRM's. Empty: they may be, or are no ids."""
        if attribute.kind not in _IDENTIFYING or words_of(column.name)[-1:] not in {("id",), ("ids",)}:
            return ""
        names = None if attribute.names is None or self._crm is None else names_of(self._crm, attribute.names)
        if names is not None:
            known = {str(name.id) for name in names} | {each for name in names for each in name.spellings}
            return "" if known.issuperset(column.values) else f"its ids are not those of the CRM's {attribute.names}"
        if column.name == attribute.name and all(value.isdecimal() for value in column.values):
            return ""
        return "it holds ids of the source's own, which the CRM does not know"

    def _custom_title(self, name: str) -> str | None:
        """The title of the custom field that a column gives, where the target does not see that by itself."""
        wanted = unnumbered(name)
        found = [title for title in self._titles if unnumbered(title) == wanted]
        attribute = self._fields.custom(found[0]) if len(found) == 1 else None
        return found[0] if attribute is not None and attribute.is_writable else None

    def _settled(self, claims: Sequence[Claim]) -> list[Claim]:
        """The claims for one attribute that can stand beside each other."""
        attribute = claims[0].assignment.attribute
        if attribute.kind is Kind.ITEMS or len(claims) == 1:
            return list(claims)
        if attribute.kind is Kind.STRUCTURE and attribute.item is None:
            parts: dict[str, list[Claim]] = {}
            for claim in claims:
                parts.setdefault(claim.assignment.part, []).append(claim)
            return [claim for each in parts.values() for claim in self._lines(each)]
        if _is_place(claims[0]):
            return self._lines(claims)
        words = [claim for claim in claims if claim.assignment.role is Role.JOINED]
        if len(words) == len(claims):
            return list({claim.assignment.part: claim for claim in reversed(claims)}.values())[::-1]
        whole = [claim for claim in claims if claim.assignment.role is not Role.JOINED]
        return (
            [min(whole, key=self._rank), *words] if words and self._is_filled(whole) else [min(claims, key=self._rank)]
        )

    def _rank(self, claim: Claim) -> tuple[bool, bool, bool, int]:
        """The first is filled, is no further one beside others, and has the name that the target itself prefers."""
        order = ("", *claim.assignment.attribute.flat)
        part = claim.assignment.part
        is_other = claim.meaning is not None and claim.meaning.category == "other"
        is_other = is_other or not SHARED_BY_ALL.isdisjoint(words_of(claim.column))
        place = order.index(part) if part in order else len(order)
        return not self._sample.columns[claim.column].filled, is_other, not claim.understood, place

    def _is_filled(self, claims: Sequence[Claim]) -> bool:
        return any(self._sample.columns[claim.column].filled for claim in claims)

    def _of_one_address(self, places: Places) -> list[Claim]:
        """The claims without those of other addresses than the one that people mean first, and which is not empty."""
        groups: dict[str, list[Claim]] = {}
        for claim in places.claims:
            if _is_place(claim) and not claim.name.startswith(f"{_group(claim)}_"):
                groups.setdefault(_group(claim), []).append(claim)
        named, unnamed = groups.get("address", []), groups.get("", [])
        if named and unnamed and not _parts(named) & _parts(unnamed):
            named += groups.pop("")  # Address Street beside City
        if len(groups) < 2:  # noqa: PLR2004 - there is nothing to choose
            return places.claims
        chosen = min(groups, key=lambda group: (not self._is_filled(groups[group]), preference(group)))
        first = min(groups[chosen], key=lambda claim: claim.meaning is not None and claim.meaning.part == "whole")
        for group, claims in groups.items():
            for claim in claims if group != chosen else ():
                places.left_out[claim.column] = f"the address is given by {first.column} and what belongs to it"
        return [claim for claim in places.claims if claim.column not in places.left_out]

    def _lines(self, claims: Sequence[Claim]) -> list[Claim]:
        """The claims for one part of an address: the lines of a street, or the one that is filled."""
        filled: dict[str, list[Claim]] = {}
        for claim in claims:
            if claim.meaning is not None and self._sample.columns[claim.column].filled:
                filled.setdefault(claim.meaning.part, []).append(claim)
        if street := filled.get("street") or filled.get("address"):
            return street + filled.get("street2", [])
        return filled.get("street2") or [min(claims, key=self._rank)]

    def _reason(self, column: Column, meaning: Meaning | None) -> str:
        """Say why a column has no place."""
        if meaning is not None and (reason := _REASONS.get(meaning.sense)):
            return reason
        if meaning is not None and meaning.entity in _SENT_ALONE and "type" not in meaning.aspect:
            return f"it is about the {_SENT_ALONE[meaning.entity]}: send it with the records of its own kind"
        if column.types == {"object"}:
            return _NESTED
        if self._fields.assignment(column.name) is not None:
            return f"{self._fields.crm_object.name} have it, but the CRM does not let it be written"
        return self._fields.why_not(column.name).reason


def _by_attribute(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.assignment.attribute.name, []).append(claim)
    return found


def _same(one: Assignment, other: Assignment) -> bool:
    """Whether two names give the same place of the same attribute."""
    if one.attribute.name != other.attribute.name:
        return False
    if Role.PART in {one.role, other.role} or Role.JOINED in {one.role, other.role}:
        return one.role is other.role and one.part == other.part
    return category_of(one) == category_of(other)


def category_of(assignment: Assignment) -> str | None:
    """The category that a value given under that name has; None for attributes without."""
    return assignment.attribute.categories.get(assignment.part, assignment.attribute.category)


def _group(claim: Claim) -> str:
    return claim.meaning.group if claim.meaning is not None and claim.meaning.sense is Sense.ADDRESS else ""


def _parts(claims: Iterable[Claim]) -> set[str]:
    """The parts of an address that columns give."""
    return {claim.meaning.part for claim in claims if claim.meaning is not None}


def _is_place(claim: Claim) -> bool:
    return claim.meaning is not None and claim.meaning.sense is Sense.ADDRESS


def _said(meaning: Meaning, label: str) -> Meaning | None:
    """The meaning of an e-mail or phone number with that label."""
    kind = "email" if meaning.sense is Sense.EMAIL else "phone"
    return meaning_of(f"{label} {kind}", None)


def _network(column: Column) -> str | None:
    """The social network that most values of a column of URLs lead to; None: they lead elsewhere."""
    for host, network in _NETWORKS.items():
        found = [value for value in column.values if f"{host}/" in value.lower()]
        if column.values and len(found) * 2 > len(column.values):
            return network
    return None
