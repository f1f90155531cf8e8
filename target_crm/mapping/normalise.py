"""Values normalised for matching, so that a record is found although the CRM writes its e-mail or phone differently."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

_NOT_A_DIGIT = re.compile(r"\D+")
_EDGES = re.compile(r"^(?:www\.|[.\s])+|[.\s]+$")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
# The national number without trunk prefix, for most countries: +1 (415) 355-4776, 415.355.4776 and 0415 3554776 agree.
PHONE_DIGITS = 9

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


def normalise_email(value: str) -> str:
    """Normalise an e-mail address: lower case, without ``mailto:`` and blanks."""
    return value.strip().removeprefix("mailto:").strip().lower()


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
