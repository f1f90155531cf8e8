"""Match keys: the values by which a record is recognised in the CRM, however it writes its e-mail or phone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmRecord, Kind
from crm_api.errors import SettingError
from crm_api.settings import nearest
from crm_api.values import is_empty, read_text
from target_crm.mapping.declared_names import ID
from target_crm.mapping.fields import Fields
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import MatchKey, MatchPart

_NOT_A_DIGIT = re.compile(r"\D+")
_EDGES = re.compile(r"^(?:www\.|[.\s])+|[.\s]+$")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
# The national number without trunk prefix, for most countries: +1 (415) 355-4776, 415.355.4776 and 0415 3554776 agree.
PHONE_DIGITS = 9
_MAILTO, _TEL = "mailto:", "tel:"

_FREE_MAIL_DOMAINS = """
    126.com 163.com aol.com bigpond.com bluewin.ch btinternet.com comcast.net cox.net daum.net duck.com fastmail.com
    free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hotmail.co.uk
    hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com inbox.com interia.pl laposte.net
    libero.it live.co.uk live.com live.fr live.nl mac.com mail.com mail.ru me.com msn.com naver.com o2.pl onet.pl
    optonline.net orange.fr outlook.com outlook.de outlook.fr pm.me posteo.de proton.me protonmail.com qq.com
    rediffmail.com rocketmail.com sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com t-online.de telenet.be
    tutanota.com verizon.net virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
    yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com zohomail.com
"""
FREE_MAIL_DOMAINS = frozenset(_FREE_MAIL_DOMAINS.split())
"""The domains of free-mail providers, where anybody may have an address."""


def bare_email(value: str) -> str:
    """Take an e-mail address out of a link or of a name beside it: ``mailto:a@x.org?subject=Hi``, ``Ann <a@x.org>``."""
    text = value.strip()
    if text.endswith(">") and "<" in text:
        text = text.rpartition("<")[2][:-1].strip()
    if text[: len(_MAILTO)].lower() == _MAILTO:
        text = text[len(_MAILTO) :].partition("?")[0]
    return text.strip()


def bare_phone(value: str) -> str:
    """Take a phone number out of a link: ``tel:+1-555-0101``."""
    text = value.strip()
    return text[len(_TEL) :].strip() if text[: len(_TEL)].lower() == _TEL else text


def normalise_email(value: str) -> str:
    """Normalise an e-mail address: lower case, alone and without blanks."""
    return bare_email(value).lower()


def normalise_domain(value: str) -> str:
    """Normalise a domain, given as such, a URL or an e-mail address: lower case, without ``www.``."""
    host = _SCHEME.sub("", value.strip().lower()).split("/")[0].split("?")[0].rsplit("@", 1)[-1].split(":")[0]
    return _EDGES.sub("", host)


def normalise_phone(value: str) -> str:
    """Normalise a phone number: its last nine digits."""
    return _NOT_A_DIGIT.sub("", value)[-PHONE_DIGITS:]


def normalise_text(value: str) -> str:
    """Normalise a name or other text: letter case, Unicode composition and blanks do not count."""
    return " ".join(unicodedata.normalize("NFC", value).casefold().split())


def exact_text(value: str) -> str:
    """Normalise a text whose letter case counts, such as another system's id: without blanks around it."""
    return value.strip()


NORMALISERS: Mapping[str | None, Callable[[str], str]] = {
    "email": normalise_email,
    "domain": normalise_domain,
    "phone": normalise_phone,
    None: normalise_text,
}
"""By the value of ``Attribute.normalise``."""


def is_free_mail(domain: str) -> bool:
    """Whether a domain is a free-mail provider's, which never identifies a company."""
    return domain in FREE_MAIL_DOMAINS


class MatchKeys:
    """Makes the match keys of one object's records, and compares the CRM's records with them.

    Args:
        crm: Knows the vendor's form of values.
        fields: The attributes and custom fields of the object.
        settings: The stream's settings of mapping; the object's own match keys hold where ``match_on`` is left out.

    Raises:
        SettingError: The setting match_on names an attribute that does not exist.
    """

    def __init__(self, crm: Crm, fields: Fields, settings: MappingSettings) -> None:
        self._crm = crm
        self._fields = fields
        self._settings = settings
        self._attributes: dict[str, Attribute | None] = {}
        match_on = fields.crm_object.match_on if settings.match_on is None else settings.match_on
        self.match_on = tuple(tuple(self._checked(name) for name in together) for together in match_on)
        own_id = fields.crm_object.id_name
        spelled = {name for together in match_on for name in together if fields.crm_object.is_id(name)}
        self.id_names = tuple(dict.fromkeys((ID, own_id) if ID in spelled else spelled))
        """The record's attributes that give the CRM's own id, the first one first; empty: no match key is that id.

        A record's ``id`` is mostly the source's own: it is taken for the CRM's only where the settings name it.
        """

    @property
    def _where(self) -> str:
        return self._settings.place("match_on")

    def _checked(self, name: str) -> str:
        if self._fields.crm_object.is_id(name):
            return ID
        attribute = self._fields.named(name)
        if attribute is None:
            known = [each.name for each in self._fields.crm_object.attributes]
            raise SettingError(
                f"{self._where}: {self._fields.crm_object.name} have no attribute {name!r}{nearest(name, known)}"
            )
        return attribute.name

    @property
    def names(self) -> frozenset[str]:
        """The attributes that match keys are made of."""
        return frozenset(name for together in self.match_on for name in together)

    def keys(self, record: CrmRecord, pending: frozenset[str]) -> tuple[MatchKey, ...]:
        """Make the match keys for which a record has all values, in order of preference.

        Args:
            record: A payload, with the attributes that only serve matching added.
            pending: The attributes whose reference is not resolved yet.
        """
        keys: list[MatchKey] = []
        for together in self.match_on:
            parts = tuple(self._part(record, name, pending) for name in together)
            if all(part.values or part.pending for part in parts):
                keys.append(MatchKey(parts))
        return tuple(keys)

    def _part(self, record: CrmRecord, name: str, pending: frozenset[str]) -> MatchPart:
        if name in pending:
            return MatchPart(name, (), pending=True)
        return MatchPart(name, tuple(sorted(self.values(record, name))))

    def in_order(self, record: CrmRecord, name: str) -> list[str]:
        """The values by which one attribute of a record in the vendor's form is matched, in the record's order."""
        return self._in_order(record, name, self._attribute(name))

    def values(self, record: CrmRecord, name: str) -> frozenset[str]:
        """The values by which one attribute of a record in the vendor's form is matched, normalised."""
        return self._values(record, name, self._attribute(name))

    def values_of(self, record: CrmRecord, names: Iterable[str]) -> dict[str, frozenset[str]]:
        """The normalised values of several attributes, by name."""
        attributes = [(name, self._attribute(name)) for name in names]
        return {name: self._values(record, name, attribute) for name, attribute in attributes}

    def normalise(self, name: str, value: str) -> str:
        """Make one text of all spellings of a value by which one attribute, or the CRM's own id, is matched."""
        attribute = self._attribute(name)
        if attribute is None or attribute.custom_id is not None:
            return exact_text(value)
        return NORMALISERS[attribute.normalise](value)

    def _attribute(self, name: str) -> Attribute | None:
        if name not in self._attributes:
            self._attributes[name] = self._fields.attribute(name)
        return self._attributes[name]

    def _values(self, record: CrmRecord, name: str, attribute: Attribute | None) -> frozenset[str]:
        return frozenset(self._in_order(record, name, attribute))

    def _in_order(self, record: CrmRecord, name: str, attribute: Attribute | None) -> list[str]:
        if name == ID:
            return [] if record.get(ID) is None else [_id_text(record[ID])]
        if attribute is None:
            return []
        value = record.get(name) if attribute.custom_id is None else self._custom(record, attribute)
        if is_empty(value):
            return []
        try:
            found = [each for each in self._normalised(attribute, value) if each]
        except (AttributeError, TypeError):  # a custom field of the CRM's record has another form than its definition
            return []
        return [each for each in found if attribute.normalise != "domain" or not is_free_mail(each)]

    def matches(self, key: MatchKey, record: CrmRecord) -> bool:
        """Tell whether a record of the CRM matches the key."""
        return all(not self.values(record, part.attribute).isdisjoint(part.values) for part in key.parts)

    def may_match(self, key: MatchKey, record: CrmRecord) -> bool:
        """Tell whether a record of the CRM lacks attributes of the key, and matches by all that it shows."""
        shown = [part for part in key.parts if self._shows(record, part.attribute)]
        return 0 < len(shown) < len(key.parts) and self.matches(MatchKey(tuple(shown)), record)

    def _shows(self, record: CrmRecord, name: str) -> bool:
        attribute = self._attribute(name)
        if attribute is None or attribute.custom_id is None:
            return name in record
        container = self._fields.container
        return container is not None and container.name in record

    def _custom(self, record: CrmRecord, attribute: Attribute) -> Any:
        return next((each for key, each in self._crm.custom_values(record).items() if key == attribute.custom_id), None)

    def _normalised(self, attribute: Attribute, value: Any) -> list[str]:
        kind = attribute.kind
        normalise = exact_text if attribute.custom_id is not None else NORMALISERS[attribute.normalise]
        if kind is Kind.ITEMS:
            values = [each.get(attribute.item) for each in value if isinstance(each, Mapping)]
            return [normalise(str(each)) for each in values if not is_empty(each)]
        if kind is Kind.STRUCTURE:
            parts = attribute.parts if attribute.item is None else (attribute.item,)
            return [normalise(" ".join(str(value[part]) for part in parts if not is_empty(value.get(part))))]
        if kind is Kind.IDENTIFIER:
            return [] if is_empty(value.get("id")) else [f"{value.get('type')}:{value['id']}"]
        if kind is Kind.IDS:
            return [str(each.get(attribute.item) if isinstance(each, Mapping) else each) for each in value]
        if kind in {Kind.TEXTS, Kind.NAME_IDS}:
            return [normalise(str(each)) for each in value]
        return [normalise(_comparable(self._crm, attribute, value))]


def _id_text(value: Any) -> str:
    return read_text(value) if isinstance(value, float | Decimal) else str(value)


def _comparable(crm: Crm, attribute: Attribute, value: Any) -> str:
    try:
        return read_text(crm.decode(attribute, value))
    except ValueError:
        return str(value)  # only the CRM's own record holds such a value: nothing of ours is equal to it
