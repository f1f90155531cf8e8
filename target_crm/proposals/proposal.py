"""The settings proposed for a stream: object, source id, match key, references, custom fields, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crm_api.crm import Crm, Name
from crm_api.crm_objects import Attribute, CrmObject, Kind
from target_crm.mapping.fields import Fields
from target_crm.mapping.match_keys import normalise_text
from target_crm.proposals.choosing import Chosen, entity_of_object, object_of_entity
from target_crm.proposals.declared import names_of
from target_crm.proposals.known_columns import Entity
from target_crm.proposals.placing import Claim, Places, Placing
from target_crm.proposals.renaming import Rename, Renames
from target_crm.proposals.samples import Sample

_NAMING_PEOPLE = frozenset({Entity.DEAL, Entity.CASE})
_NAMES_SHOWN = 5  # of a list, in a note


@dataclass(frozen=True)
class ProposedReference:
    """A reference to another record.

    Attributes:
        rule: What the setting references holds for the attribute.
        note: Why, for people.
    """

    rule: Mapping[str, object]
    note: str


@dataclass
class Proposal:
    """Settings that are proposed for one stream.

    Attributes:
        sample: What the input shows of the stream.
        chosen: The object that its records become.
        entity: The kind of record that the object is; None if it is none that exports have.
        source_id: The columns that identify a record at the source, with the reason; no column: none does.
        match_on: The match keys, in order of preference, each with a note.
        references: By attribute.
        custom_fields: The column of each custom field that the target does not see by itself, by title.
        renames: Entries of a stream map, by the new name.
        hidden: Columns that such an entry takes, and that the target would take besides, being spelt as the CRM's.
        understood: Columns that need no setting, each with the attribute that it gives.
        left_out: Columns that are not sent, each with the reason.
        warnings: What somebody should look at before the first run.
        in_circle: Whether its records would wait for others that wait for them.
    """

    sample: Sample
    chosen: Chosen
    entity: Entity | None
    source_id: tuple[tuple[str, ...], str] = ((), "")
    match_on: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    references: dict[str, ProposedReference] = field(default_factory=dict)
    custom_fields: dict[str, str] = field(default_factory=dict)
    renames: dict[str, Rename] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    understood: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    in_circle: bool = False

    @property
    def links_later(self) -> str:
        """Why records must not wait for those that they refer to; empty: they may."""
        if any("match" in reference.rule for reference in self.references.values()):
            return "what is not there yet holds no record up"
        return "the streams refer to each other: neither waits for the other" if self.in_circle else ""

    @property
    def refers_to(self) -> set[str]:
        """The streams whose records are referred to."""
        return {str(each.rule["stream"]) for each in self.references.values() if "stream" in each.rule}

    def share(self, *columns: str) -> str:
        """How many of the records have a value in one of these columns, in words."""
        most = max((self.sample.share(name) for name in columns), default=0.0)
        return f"{most:.0%} filled"


class Proposer:
    """Proposes settings for the streams of one input.

    Args:
        crm: The account, or only its kind.
        lists: Gives the account's lists; None: only its kind is known.
    """

    def __init__(self, crm: Crm, lists: Crm | None) -> None:
        self._crm = crm
        self._lists = lists

    def proposals(self, samples: Mapping[str, Sample], chosen: Mapping[str, Chosen]) -> list[Proposal]:
        """Propose settings for each of the streams for which an object was chosen."""
        made: dict[str, tuple[Proposal, Places, Fields]] = {}
        for stream, choice in chosen.items():
            crm_object = self._crm.objects[choice.object]
            fields = Fields(self._crm.owner(crm_object), crm_object)
            entity = entity_of_object(crm_object)
            if choice.entity is not None and entity in {Entity.PERSON, Entity.LEAD}:
                entity = choice.entity
            places = Placing(self._lists, fields, entity, samples[stream]).places()
            made[stream] = Proposal(samples[stream], choice, entity), places, fields
        for proposal, places, fields in made.values():
            self._place(proposal, places, fields)
        for proposal, places, fields in made.values():
            self._refer(proposal, places, fields.crm_object, [each for each, _, _ in made.values()])
        for circle in _circles({stream: proposal.refers_to for stream, (proposal, _, _) in made.items()}):
            companies = [stream for stream in circle if made[stream][0].entity is Entity.COMPANY]
            for stream in companies or circle:  # of whom a contact is told, and who need not wait for him
                made[stream][0].in_circle = True
        for proposal, places, fields in made.values():
            self._match(proposal, places, fields.crm_object)
            self._warn(proposal, places, fields)
        return [proposal for proposal, _, _ in made.values()]

    def _place(self, proposal: Proposal, places: Places, fields: Fields) -> None:
        renames = Renames(proposal.sample, places.claims, fields.assignment)
        proposal.renames = renames.entries
        proposal.left_out = dict(places.left_out)
        for column, attribute in renames.beyond.items():
            proposal.left_out[column] = f"{attribute} is given by another column already"
        taken = {column for rename in renames.entries.values() for column in rename.columns}
        proposal.hidden = frozenset(
            name for name in taken if (found := fields.assignment(name)) is not None and found.is_exact
        )
        for claim in places.claims:
            if claim.understood and claim.column not in taken:
                proposal.understood[claim.column] = _place_of(claim)
        proposal.custom_fields = dict(places.customs)
        proposal.source_id = _source_id(proposal.sample, places)
        for name in places.ids:
            if name not in proposal.source_id[0]:
                proposal.left_out[name] = "it is an id of the source's own"
        for name in proposal.left_out:
            if not proposal.sample.columns[name].filled:
                proposal.left_out[name] = "it is empty"

    def _refer(self, proposal: Proposal, places: Places, crm_object: CrmObject, others: Iterable[Proposal]) -> None:
        for entity, aspects in places.related.items():
            target = object_of_entity(self._crm.objects, entity)
            attribute = next((each for each in crm_object.attributes if _refers(each, target)), None)
            used = ""
            if attribute is not None and target is not None:
                found = self._reference(attribute, aspects, proposal, entity, others)
                if found is not None:
                    used, reference = found
                    if reference is not None:
                        proposal.references[attribute.name] = reference
                    else:
                        proposal.understood[used] = attribute.name
            for aspect, column in aspects.items():
                if column != used and column not in proposal.source_id[0]:
                    proposal.left_out[column] = _why_not(crm_object, entity, aspect, attribute, used)

    def _reference(
        self,
        attribute: Attribute,
        aspects: Mapping[str, str],
        proposal: Proposal,
        entity: Entity,
        others: Iterable[Proposal],
    ) -> tuple[str, ProposedReference | None] | None:
        """Find the best way to another record: the column, and the setting; None in its place where none is needed."""
        if (column := aspects.get("id")) is not None:
            values = proposal.sample.columns[column].values
            for other in others:
                key = other.source_id[0]
                if other is proposal or len(key) != 1 or other.chosen.object != attribute.refers_to:
                    continue
                known = other.sample.columns[key[0]].values
                if common := len([value for value in values if value in known]):
                    rule = {"stream": other.sample.stream, "source_id": column}
                    note = f"{proposal.share(column)}; {common} of {len(values)} are in stream {other.sample.stream}"
                    return column, ProposedReference(rule, note)
            if column == attribute.name and values and all(value.isdecimal() for value in values):
                return column, None
        for aspect in ("email", "domain", "name"):
            if (column := aspects.get(aspect)) is not None and _names_one(proposal, entity, aspect, column):
                matched = _matched_by(self._crm.objects[str(attribute.refers_to)], aspect)
                if matched is not None:
                    match: dict[str, object] = {"object": str(attribute.refers_to), "match": {matched: column}}
                    note = f"{proposal.share(column)}; found in the CRM by the {aspect} of the {entity.value}"
                    return column, ProposedReference(match, note)
        return None

    def _match(self, proposal: Proposal, places: Places, crm_object: CrmObject) -> None:
        given: dict[str, list[str]] = {}
        for claim in places.claims:
            if claim.column not in proposal.left_out:
                given.setdefault(claim.assignment.attribute.name, []).append(claim.column)
        for name, reference in proposal.references.items():
            given.setdefault(name, []).extend(_columns_of(reference.rule))
        keys: list[tuple[str, ...]] = [key for key in crm_object.match_on if all(name in given for name in key)]
        if not keys:
            keys += [(name,) for key in crm_object.match_on if len(key) > 1 for name in key[:1] if name in given]
        if not keys:
            keys += [(name,) for name in crm_object.finds if name in given and name != "company_id"][:1]
        for key in keys:
            shares = [proposal.share(*given[name]) for name in key]
            note = shares[0] if len(set(shares)) == 1 else ", ".join(map(": ".join, zip(key, shares, strict=True)))
            proposal.match_on.append((key, note))
        if not keys and crm_object.match_on:
            proposal.warnings.append(
                f"No column gives {' or '.join(' and '.join(key) for key in crm_object.match_on)}, by which records "
                "are found in the CRM: each record is created anew"
            )

    def _warn(self, proposal: Proposal, places: Places, fields: Fields) -> None:
        given = {claim.assignment.attribute.name for claim in places.claims} | proposal.references.keys()
        lacking = [each.name for each in fields.crm_object.attributes if each.required and each.name not in given]
        if lacking:
            proposal.warnings.append(
                f"{fields.crm_object.name} must have {' and '.join(lacking)}, and no column gives it: add it with a "
                "stream map"
            )
        for claim in places.claims:
            if unknown := self._unknown(claim, proposal.sample, fields):
                shown = ", ".join(unknown[:_NAMES_SHOWN]) + (", …" if len(unknown) > _NAMES_SHOWN else "")
                proposal.warnings.append(
                    f"{claim.column}: the CRM does not list {shown}. Add it there, correct it, or set unknown_names"
                )

    def _unknown(self, claim: Claim, sample: Sample, fields: Fields) -> list[str]:
        """The values of a column that should be names which the CRM lists, and are not."""
        attribute = claim.assignment.attribute
        if self._lists is None or attribute.kind is not Kind.NAME_ID:
            return []
        names: Sequence[Name] | None = fields.options(attribute) if attribute.custom_id is not None else ()
        if attribute.names is not None:
            names = names_of(self._lists, attribute.names)
        if names is None:
            return []
        known = {normalise_text(each) for name in names for each in (*name.spellings, str(name.id))}
        return [value for value in sample.columns[claim.column].values if normalise_text(value) not in known]


def _circles(leading: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of streams that refer to each other, perhaps through others."""

    def reached(stream: str) -> set[str]:
        found: set[str] = set()
        to_follow = set(leading[stream])
        while to_follow:
            found |= to_follow
            to_follow = {each for name in to_follow for each in leading.get(name, ())} - found
        return found

    reach = {stream: reached(stream) for stream in leading}
    circles = {
        stream: [each for each in leading if each in reach[stream] and stream in reach[each]] for stream in leading
    }
    return list({tuple(circle): circle for circle in circles.values() if circle}.values())


def _place_of(claim: Claim) -> str:
    assignment = claim.assignment
    part = assignment.part
    is_part = part and (assignment.attribute.kind is Kind.STRUCTURE or part in assignment.attribute.joined)
    return f"{assignment.attribute.name} ({part})" if is_part else assignment.attribute.name


def _source_id(sample: Sample, places: Places) -> tuple[tuple[str, ...], str]:
    if sample.key_properties:
        return sample.key_properties, "the key properties of the stream"
    for name in places.ids:
        if sample.identifies(name):
            return (name,), "every record has one, and each another"
    for claim in places.claims:
        is_email = claim.assignment.attribute.normalise == "email"
        is_url = all(value.startswith(("http://", "https://")) for value in sample.columns[claim.column].values)
        if (is_email or is_url) and sample.identifies(claim.column):
            return (claim.column,), "every record has one, and each another"
    return (), "no column identifies a record: one that changes is taken for a new one, and found by its match key"


def _names_one(proposal: Proposal, entity: Entity, aspect: str, column: str) -> bool:
    """Whether the values of a column may name one other record."""
    if aspect == "name" and entity is Entity.PERSON and proposal.entity not in _NAMING_PEOPLE:
        return False  # one among the people of a company, by a name that others may have
    values = proposal.sample.columns[column].values
    return bool(values) and not all(value.isdecimal() for value in values)


def _refers(attribute: Attribute, target: str | None) -> bool:
    return target is not None and attribute.refers_to == target and attribute.is_writable


def _matched_by(crm_object: CrmObject, aspect: str) -> str | None:
    """The attribute by which another record is found; None: it has none for that."""
    if aspect == "email":
        return next((each.name for each in crm_object.attributes if each.normalise == "email"), None)
    if aspect == "domain":
        return next((each.name for each in crm_object.attributes if each.normalise == "domain"), None)
    names = [each for each in crm_object.attributes if each.required and each.kind is Kind.TEXT]
    return names[0].name if len(names) == 1 and names[0].name.lower().endswith("name") and _is_whole(names[0]) else None


def _is_whole(attribute: Attribute) -> bool:
    """Whether an attribute holds a whole name, not the last name alone."""
    return not attribute.name.lower().startswith("last")


def _columns_of(rule: Mapping[str, object]) -> list[str]:
    match = rule.get("match")
    return [str(each) for each in match.values()] if isinstance(match, Mapping) else [str(rule["source_id"])]


def _why_not(crm_object: CrmObject, entity: Entity, aspect: str, attribute: Attribute | None, used: str) -> str:
    if used:
        return f"the {entity.value} is found by {used}"
    if attribute is not None and aspect == "id":
        return f"it holds ids of the source's own; propose it together with the stream of the {entity.value}"
    return f"it is about a {entity.value}, to whom {crm_object.name} cannot be linked by it"
