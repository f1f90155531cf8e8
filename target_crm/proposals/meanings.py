"""The meaning of a column, by its name (pure): names are compared without case, blanks, signs and numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from target_crm.proposals.known_columns import (
    ASPECTS,
    BEFORE_NAMES,
    CATEGORIES,
    COLUMNS,
    COLUMNS_OF,
    EMAIL_WORDS,
    ENTITIES,
    GROUPS,
    GROUPS_BEHIND,
    IDS,
    IDS_OF,
    KEPT,
    LINKING,
    MOBILES,
    NOT_TO_BE_CHANGED,
    OWNERS,
    PARTS,
    PARTS_OF_A_GROUP,
    PHONE_WORDS,
    PHONES,
    PROGRAMS,
    RELATED,
    UNWANTED_PHONES,
    Entity,
)

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_SIGNS = re.compile(r"[\W_]+")
_BESIDE = re.compile(r"__[cC]$|\s*\((?:[A-Z]{3,4}|(?:UTC|GMT)[^)]*|text only)\)$")
"""Behind a name: that a field is an account's own, a time zone or a currency."""
_ONE_WORD = {
    ("e", "mail"): "email",
    ("i", "ds"): "ids",
    ("linked", "in"): "linkedin",
    ("post", "code"): "postcode",
    ("sales", "account"): "account",
    ("web", "site"): "website",
    ("hub", "spot"): "hubspot",
    ("zoom", "info"): "zoominfo",
}


class Sense(Enum):
    """The kinds of meaning that a column may have."""

    ATTRIBUTE = auto()
    """It gives an attribute."""
    EMAIL = auto()
    """It gives an e-mail address."""
    PHONE = auto()
    """It gives a phone number."""
    ADDRESS = auto()
    """It gives a part of an address."""
    RELATED = auto()
    """It says something about another record: the company of a person."""
    ID = auto()
    """It identifies the record at the source."""
    OTHER_IDS = auto()
    """It holds ids of the source's own, such as those of its users."""
    LABEL = auto()
    """It says of which kind the value of another column is."""
    KEPT = auto()
    """The source keeps it by itself, such as the time of the last change."""
    UNWANTED = auto()
    """It holds what no CRM has a place for, such as a fax number."""


@dataclass(frozen=True)
class Meaning:
    """The meaning of a column.

    Attributes:
        sense: Its kind.
        names: For an attribute: names that flat records may use for it, in order of preference.
        category: For e-mails and phone numbers: ``work``, ``home``, ``mobile``, ``personal`` or ``other``.
        group: For an address: which one, such as ``mailing`` or ``address#2``; empty: the only one.
        part: For an address: ``street``, ``street2`` (a further line), ``city``, ``state``, ``postal_code``,
            ``country``, ``address`` (the street, or all of it in one text) or ``whole`` (all of it).
        entity: For another record: its kind.
        aspect: For another record: ``id``, ``name``, ``email`` or ``domain``; another word if it is none of them.
    """

    sense: Sense
    names: tuple[str, ...] = ()
    category: str = ""
    group: str = ""
    part: str = ""
    entity: Entity | None = None
    aspect: str = ""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column name, in small letters, without signs."""
    plain = unicodedata.normalize("NFKC", _BESIDE.sub("", name.strip()))
    words = [word.lower() for word in _SIGNS.split(_BOUNDARY.sub(" ", plain)) if word]
    joined: list[str] = []
    for word in words:
        if joined and (whole := _ONE_WORD.get((joined[-1], word))):
            joined[-1] = whole
        else:
            joined.append(word)
    return tuple(joined)


def unnumbered(name: str) -> str:
    """A name without case, blanks, signs and numbers, by which names are compared."""
    return "".join(word for word in words_of(name) if not word.isdecimal())


def _table(rows: Mapping[tuple[str, ...], str]) -> dict[str, Meaning]:
    return {
        unnumbered(phrase): Meaning(Sense.ATTRIBUTE, names=names)
        for names, phrases in rows.items()
        for phrase in phrases.split(",")
    }


_MEANINGS = _table(COLUMNS)
_MEANINGS_OF = {entity: _table(rows) for entity, rows in COLUMNS_OF.items()}
_WHOLE_NAMES = {
    **dict.fromkeys(map(unnumbered, IDS.split(",")), Meaning(Sense.ID)),
    **dict.fromkeys(map(unnumbered, KEPT.split(",")), Meaning(Sense.KEPT)),
    "parentid": Meaning(Sense.OTHER_IDS),
    "associatedcompanyid": Meaning(Sense.RELATED, entity=Entity.COMPANY, aspect="id"),
    "defaultaddresscompany": Meaning(Sense.RELATED, entity=Entity.COMPANY, aspect="name"),  # Shopify
}
for _entity_of_id, _phrases in IDS_OF.items():
    _MEANINGS_OF.setdefault(_entity_of_id, {}).update(
        dict.fromkeys(map(unnumbered, _phrases.split(",")), Meaning(Sense.ID))
    )
_OWNERS = frozenset(map(unnumbered, OWNERS))
_PARTS = {unnumbered(name): part for name, part in PARTS.items()}
_PARTS_OF_A_GROUP = {unnumbered(name): part for name, part in PARTS_OF_A_GROUP.items()}
_GROUPS = {unnumbered(name): name for name in GROUPS if name}
_ID_WORDS = frozenset(("id", "ids"))
_LABELS = frozenset(("type", "label"))


def meaning_of(name: str, own: Entity | None) -> Meaning | None:
    """Find the meaning of a column; None: its name is not known.

    Args:
        name: The column's name.
        own: What the records are, as far as that is known.
    """
    spelt = words_of(name)
    words = tuple(word for word in spelt if not word.isdecimal())
    if words[:3] == NOT_TO_BE_CHANGED:
        return Meaning(Sense.ID if own is not None and _entity(words[3:]) == (own, ()) else Sense.KEPT)
    if words and (words[0] in BEFORE_NAMES or (words[0] in PROGRAMS and words[-1] in _ID_WORDS)):
        words = words[1:]
    found = _meaning(words, own)
    if found is None and words and not any(word.isdecimal() for word in spelt):
        return Meaning(Sense.ATTRIBUTE, names=("_".join(words),))  # Close Date (EDT), properties__company
    return _numbered(found, name) if found is not None and found.sense is Sense.ADDRESS else found


def _meaning(words: Sequence[str], own: Entity | None) -> Meaning | None:
    entity, rest = _entity(words)
    if entity is not None and entity is own and rest and (found := _meaning(rest, own)):
        return found  # Deal - Title, Contact Owner, Account Name of an account, Person - Organization
    if found := _plain(words, own):
        return found
    if entity is not None and entity is own and rest:
        return Meaning(Sense.ATTRIBUTE, names=("_".join(rest),))  # Lead Owner of a lead that becomes a contact
    if entity is None or entity is own:
        return None
    if entity not in RELATED:
        return None
    aspect = " ".join(word for word in rest if word not in LINKING)
    return Meaning(Sense.RELATED, entity=entity, aspect=ASPECTS.get(aspect, aspect))


def _entity(words: Sequence[str]) -> tuple[Entity | None, tuple[str, ...]]:
    """The kind of record that a column begins with, and the words behind it."""
    for start in (0, 1):
        if len(words) > start and (not start or words[0] in LINKING):
            for entity, names in ENTITIES.items():
                if words[start] in names:
                    rest = tuple(word for word in words[start + 1 :] if word not in names)
                    return entity, rest
    return None, tuple(words)


def _plain(words: Sequence[str], own: Entity | None) -> Meaning | None:
    """The meaning of words that speak of the record itself."""
    together = "".join(words)
    known = _MEANINGS_OF.get(own, {}).get(together) if own is not None else None
    found = known or _MEANINGS.get(together) or _WHOLE_NAMES.get(together)
    if found is None and words and words[-1] in _LABELS:
        found = _label(words[:-1])
    if found is None and words and words[-1] in _ID_WORDS:
        found = _ids("".join(words[:-1]))
    return found or _reach(words) or _address(words)


def _label(words: Sequence[str]) -> Meaning | None:
    """The meaning of a type or label of what these words stand for."""
    is_labelled = words and (_reach(words) or _group_and_part((*words, "street")))
    return Meaning(Sense.LABEL) if is_labelled else None


def _ids(before: str) -> Meaning | None:
    """The meaning of an id of what a name stands for: of who made the record, or takes care of it."""
    if before in _OWNERS:
        return Meaning(Sense.OTHER_IDS)
    found = _WHOLE_NAMES.get(before)
    return found if found is not None and found.sense is Sense.KEPT else None


def _reach(words: Sequence[str]) -> Meaning | None:
    """The meaning of words for an e-mail address or a phone number."""
    given = frozenset(words)
    if given & UNWANTED_PHONES and given <= PHONE_WORDS | UNWANTED_PHONES | CATEGORIES.keys() | {"s"}:
        return Meaning(Sense.UNWANTED)
    category = next((found for word in words if (found := CATEGORIES.get(word))), "")
    if given & {"email", "emails"} and given <= EMAIL_WORDS | CATEGORIES.keys():
        return Meaning(Sense.EMAIL, category="personal" if category == "home" else category)
    if given & PHONES and given <= PHONE_WORDS | CATEGORIES.keys():
        return Meaning(Sense.PHONE, category="mobile" if given & MOBILES else category)
    return None


def _address(words: Sequence[str]) -> Meaning | None:
    found = _group_and_part(words)
    if found is None:
        return None
    group, part = found
    return Meaning(Sense.ADDRESS, group=group, part=part)


def _group_and_part(words: Sequence[str]) -> tuple[str, str] | None:
    if tuple(words[-2:]) == ("of", "address"):  # Pipedrive: City/town/village/locality of Address
        words = words[:-2]
    whole = _PARTS.get("".join(words))
    if whole is not None:
        return "", whole
    for split in range(1, len(words)):
        group = _GROUPS.get("".join(words[:split]))
        part = _PARTS_OF_A_GROUP.get("".join(words[split:]))
        if group is not None and part is not None:
            return group, part
    behind = _PARTS.get("".join(words[:-1]))
    return (words[-1], behind) if behind is not None and words[-1] in GROUPS_BEHIND else None


def preference(group: str) -> tuple[int, int]:
    """The place of an address among those that a record may have: the smallest is what people mean."""
    name, _, number = group.partition("#")
    return GROUPS.index(name), int(number or 0)


def entity_of(words: Iterable[str]) -> Entity | None:
    """The kind of record that words name, the last of them first; None: none does."""
    for word in reversed(list(words)):
        for entity, names in ENTITIES.items():
            if word in names:
                return entity
    return None


def _numbered(meaning: Meaning, name: str) -> Meaning:
    """Tell apart the lines of a street (``Business Street 2``), and addresses that only have numbers."""
    words = words_of(name)
    number = next((word for word in words if word.isdecimal()), "")
    if not number or int(number) < 2:  # noqa: PLR2004 - the first is the one that has no number elsewhere
        return meaning
    if number == words[-1] or words[words.index(number) - 1] == "line":
        return replace(meaning, part="street2") if meaning.part in {"street", "address"} else meaning
    return replace(meaning, group=f"{meaning.group}#{number}")
