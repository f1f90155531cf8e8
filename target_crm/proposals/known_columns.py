"""The meaning of column names in exports that users of CRMs have, whichever program wrote them.

The layouts are public: exports and reports of Salesforce, HubSpot, Pipedrive and Zoho, of Google Contacts, Outlook,
Mailchimp and LinkedIn. What the target understands by itself stands in ``crm_api.naming.known``; here is what takes a
look at the other columns: of several addresses the one that people mean, the company that a person belongs to, a title
that is no job. Names are compared without case, blanks, signs and numbers: ``E-mail 1 - Value`` is ``email value``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from crm_api.naming import known

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_SIGNS = re.compile(r"[\W_]+")
_CUSTOM_SUFFIX = re.compile(r"__c$", re.IGNORECASE)
_ONE_WORD = {
    ("e", "mail"): "email",
    ("i", "ds"): "ids",
    ("linked", "in"): "linkedin",
    ("post", "code"): "postcode",
    ("web", "site"): "website",
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


class Entity(Enum):
    """The kinds of record that a column may be about."""

    PERSON = "person"
    COMPANY = "company"
    LEAD = "lead"
    DEAL = "deal"
    PROJECT = "project"
    TASK = "task"
    NOTE = "note"
    CASE = "case"


@dataclass(frozen=True)
class Meaning:
    """The meaning of a column.

    Attributes:
        sense: Its kind.
        names: For an attribute: names that flat records may use for it, in order of preference.
        category: For e-mails and phone numbers: ``work``, ``home``, ``mobile``, ``personal`` or ``other``.
        group: For an address: which one, such as ``mailing`` or ``address#2``; empty: the only one.
        part: For an address: ``street``, ``street2`` (a further line), ``city``, ``state``, ``postal_code``, ``country``;
            ``address``: the street, or all of it in one text; ``whole``: all of it.
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


ENTITIES: Mapping[Entity, frozenset[str]] = {
    Entity.PERSON: frozenset(
        "person persons people contact contacts individual individuals member members subscriber subscribers "
        "subscribed audience connection connections".split()
    ),
    Entity.COMPANY: frozenset(
        "company companies account accounts organization organizations organisation organisations org firm firms "
        "employer".split()
    ),
    Entity.LEAD: frozenset("lead leads prospect prospects".split()),
    Entity.DEAL: frozenset("deal deals opportunity opportunities potential potentials".split()),
    Entity.PROJECT: frozenset(("project", "projects")),
    Entity.TASK: frozenset("task tasks todo todos".split()),
    Entity.NOTE: frozenset("note notes activity activities".split()),
    Entity.CASE: frozenset("case cases ticket tickets".split()),
}
"""The words by which exports and streams call each kind of record."""

_COLUMNS: Mapping[tuple[str, ...], str] = {
    ("name", "full_name"): "display name, complete name",
    ("first_name",): "first",
    ("last_name",): "last",
    ("middle_name",): "middle",
    ("prefix",): "honorific, courtesy title, salutation",
    ("job_title", "title"): "title, designation, role, job position, organization title",
    ("department",): "organization department",
    ("website", "websites"): f"{', '.join(known.WEBSITE)}, website value, web address, personal web page",
    ("email_domain",): "website domain",
    ("linkedin",): "linkedin bio, person linkedin url, company linkedin url",
    ("twitter",): "twitter handle, twitter username",
    ("facebook",): "facebook profile",
    ("skype_name",): "skype, skype id",
    ("owner",): "owner full name, record owner, assigned user, sales rep",
    ("tags",): "tag, labels, label, label s, categories, group membership, groups",
    ("description",): "note, comment, about us, remarks, internal notes",
    ("campaign",): "campaign source, primary campaign source",
    ("territory",): "sales territory",
    ("annual_revenue",): "yearly revenue",
    ("ticker_symbol",): "ticker",
    ("customer_number",): "account number",
    ("lead_status",): "hs lead status",
    ("pipeline",): "sales pipeline",
    ("amount",): "lead value",
    ("currency",): "deal currency, amount currency, currency of value",
    ("close_date",): "closing date, expected closing date",
    ("probability",): "probability percent, probability",
    ("loss_reason",): "reason for loss, reason lost",
    ("due_date",): "task due date, deadline",
}
"""Column names, between commas, that the target does not understand by itself, or not as they are meant; by the names
that flat records may use for what they mean."""

_OF_ENTITY: Mapping[Entity, Mapping[tuple[str, ...], str]] = {
    Entity.DEAL: {("name",): "title, subject", ("type", "deal_type"): "type"},
    Entity.PROJECT: {("name",): "title, subject"},
    Entity.TASK: {("name", "subject"): "title, subject"},
    Entity.CASE: {("subject",): "title, subject", ("type",): "type"},
}
"""The same, for columns that mean something else in records of one kind."""

_KEPT = (
    "create date, created date, date created, created, created at, created time, creation time, created by, "
    "created by id, add time, added time, connected on, last modified, last modified date, last modified by, "
    "last modified by id, modified time, modified by, modified date, date modified, updated at, update time, "
    "updated time, last changed, last activity, last activity date, last activity time, last contacted, "
    "last viewed date, last referenced date, system modstamp, optin time, optin ip, confirm time, confirm ip, "
    "member rating, photo url, photo, is deleted, deleted, age, fiscal period, fiscal year, stage change time, "
    "unsubscribed time, last login"
)
_UNWANTED_PHONES = frozenset("fax pager telex car radio callback isdn tty tdd assistant assistants asst sms".split())
_IDS = "id, record id, record, hs object id, leid, euid, uuid, guid, key, unique id, external id, system id"
_ID_WORDS = frozenset(("id", "ids"))
_RELATED = {
    "associatedcompanyid": Meaning(Sense.RELATED, entity=Entity.COMPANY, aspect="id"),
    "associatedcompany": Meaning(Sense.RELATED, entity=Entity.COMPANY, aspect="name"),
    "parentid": Meaning(Sense.OTHER_IDS),
}
_RELATED_KINDS = frozenset((Entity.PERSON, Entity.COMPANY, Entity.LEAD, Entity.DEAL))
_WEAK = frozenset("primary associated related main key current".split())
"""Words before the kind of another record: ``Primary Contact``."""
_ASPECTS: Mapping[str, str] = {
    "": "name",
    "name": "name",
    "full name": "name",
    "person": "name",
    "id": "id",
    "ids": "id",
    "name id": "id",
    "record id": "id",
    "email": "email",
    "email address": "email",
    "email work": "email",
    "work email": "email",
    "email value": "email",
    "domain": "domain",
    "domain name": "domain",
    "website": "domain",
}

_EMAIL_WORDS = frozenset("email emails address addresses value id".split())
_PHONE_WORDS = frozenset("phone phones telephone tel mobile cell cellphone cellular number numbers no value".split())
_PHONES = frozenset("phone phones telephone tel mobile cell cellphone cellular".split())
_CATEGORIES: Mapping[str, str] = {
    **dict.fromkeys(("work", "business", "office", "direct", "company", "main", "primary", "default", "secondary"), ""),
    **dict.fromkeys(("additional", "alternate", "alternative", "second", "corporate", "switchboard"), ""),
    **dict.fromkeys(("home", "personal", "private"), "home"),
    **dict.fromkeys(("mobile", "cell", "cellphone", "cellular"), "mobile"),
    "other": "other",
}
"""The category of an e-mail or phone number, by the words beside it; empty: the usual one, which is work."""

_PARTS: Mapping[str, str] = {
    "street": "street",
    "street address": "street",
    "address line": "street",
    "address": "address",
    "postal address": "whole",
    "full address": "whole",
    "street road name": "street",
    "full combined address": "whole",
    "city": "city",
    "town": "city",
    "city town village locality": "city",
    "locality": "city",
    "state": "state",
    "province": "state",
    "state province": "state",
    "state region": "state",
    "state county": "state",
    "region": "state",
    "zip": "postal_code",
    "zip code": "postal_code",
    "zip postal code": "postal_code",
    "postal code": "postal_code",
    "postcode": "postal_code",
    "country": "country",
    "country region": "country",
    "country name": "country",
}
_PARTS_OF_A_GROUP: Mapping[str, str] = {
    **_PARTS,
    "formatted": "whole",
    "full": "whole",
    "extended address": "street2",
    "po box": "street2",
    "code": "postal_code",
}
"""The same, with words that mean a part of an address only behind a word that says which: ``Billing Code``."""
_GROUPS = (
    "mailing",
    "billing",
    "business",
    "work",
    "office",
    "primary",
    "address",
    "postal address",
    "physical",
    "legal",
    "",
    "home",
    "other",
    "shipping",
    "alternate",
)
"""The addresses that exports tell apart, the one that people mean first."""


ASPECTS = frozenset(_ASPECTS.values())
"""What a column may say about another record by which that is found."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column name, in small letters, without signs."""
    plain = unicodedata.normalize("NFKC", _CUSTOM_SUFFIX.sub("", name.strip()))
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


_MEANINGS = _table(_COLUMNS)
_MEANINGS_OF = {entity: _table(rows) for entity, rows in _OF_ENTITY.items()}
_OWNERS = frozenset(map(unnumbered, (*known.OWNER, "hubspot owner", "record owner")))
_KEPT_NAMES = frozenset(map(unnumbered, _KEPT.split(",")))
_ID_NAMES = frozenset(map(unnumbered, _IDS.split(",")))
_PART_NAMES = {unnumbered(name): part for name, part in _PARTS.items()}
_PART_NAMES_OF_A_GROUP = {unnumbered(name): part for name, part in _PARTS_OF_A_GROUP.items()}
_GROUP_NAMES = {unnumbered(name): name for name in _GROUPS if name}


def meaning_of(name: str, own: Entity | None) -> Meaning | None:
    """Find the meaning of a column; None: its name is not known.

    Args:
        name: The column's name.
        own: What the records are, as far as that is known.
    """
    found = _meaning(tuple(word for word in words_of(name) if not word.isdecimal()), own)
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
        return _RELATED.get("".join(words))
    if entity not in _RELATED_KINDS:
        return None
    aspect = " ".join(word for word in rest if word not in _WEAK)
    return Meaning(Sense.RELATED, entity=entity, aspect=_ASPECTS.get(aspect, aspect))


def _entity(words: Sequence[str]) -> tuple[Entity | None, tuple[str, ...]]:
    """The kind of record that a column begins with, and the words behind it."""
    for start in (0, 1):
        if len(words) > start and (not start or words[0] in _WEAK):
            for entity, names in ENTITIES.items():
                if words[start] in names:
                    rest = tuple(word for word in words[start + 1 :] if word not in names)
                    return entity, rest
    return None, tuple(words)


def _plain(words: Sequence[str], own: Entity | None) -> Meaning | None:
    """The meaning of words that speak of the record itself."""
    if not words:
        return None
    together = "".join(words)
    known = _MEANINGS_OF[own].get(together) if own in _MEANINGS_OF else None
    if found := known or _MEANINGS.get(together):
        return found
    if together in _ID_NAMES:
        return Meaning(Sense.ID)
    if together in _KEPT_NAMES:
        return Meaning(Sense.KEPT)
    if words[-1] in {"type", "label"} and words[:-1] and (_reach(words[:-1]) or _group_and_part((*words[:-1], "street"))):
        return Meaning(Sense.LABEL)
    if words[-1] in _ID_WORDS:
        before = "".join(words[:-1])
        if before in _KEPT_NAMES:
            return Meaning(Sense.KEPT)
        if before in _OWNERS:
            return Meaning(Sense.OTHER_IDS)
    return _reach(words) or _address(words)


def _reach(words: Sequence[str]) -> Meaning | None:
    """The meaning of words for an e-mail address or a phone number."""
    given = frozenset(words)
    if given & _UNWANTED_PHONES and given <= _PHONE_WORDS | _UNWANTED_PHONES | _CATEGORIES.keys() | {"s"}:
        return Meaning(Sense.UNWANTED)
    category = next((found for word in words if (found := _CATEGORIES.get(word))), "")
    if given & {"email", "emails"} and given <= _EMAIL_WORDS | _CATEGORIES.keys():
        return Meaning(Sense.EMAIL, category="personal" if category == "home" else category)
    if given & _PHONES and given <= _PHONE_WORDS | _CATEGORIES.keys():
        return Meaning(Sense.PHONE, category="mobile" if given & {"mobile", "cell", "cellphone"} else category)
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
    whole = _PART_NAMES.get("".join(words))
    if whole is not None:
        return "", whole
    for split in range(1, len(words)):
        group = _GROUP_NAMES.get("".join(words[:split]))
        part = _PART_NAMES_OF_A_GROUP.get("".join(words[split:]))
        if group is not None and part is not None:
            return group, part
    return None


def preference(group: str) -> tuple[int, int]:
    """The place of an address among those that a record may have: the smallest is what people mean."""
    name, _, number = group.partition("#")
    return _GROUPS.index(name), int(number or 0)


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
    if words[-1] == number:
        return replace(meaning, part="street2") if meaning.part in {"street", "address"} else meaning
    return replace(meaning, group=f"{meaning.group}#{number}")
