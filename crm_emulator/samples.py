"""Names, addresses and sentences to make records of: a few thousand from faker, drawn once, then picked from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_LOCALES = ["en_US", "en_GB", "fr_FR", "de_DE", "es_ES", "pl_PL", "pt_BR", "cs_CZ"]
_DRAWN_WITH = 20_250_101  # seed of the samples alone; the emulator's seed decides which of them a record gets


@dataclass(frozen=True)
class Samples:
    """Samples to make records of.

    Attributes:
        first_names: First names, with accents, from several countries.
        last_names: Last names, with accents, from several countries.
        handles: The ASCII form of each last name, for e-mail addresses.
        companies: Names of companies.
        domains: The first part of a domain for each company.
        addresses: Address parts: street, city, state (may be None), postal code, two-letter country.
        titles: Job titles.
        words: Phrases of business prose.
        sentences: Sentences, with accents here and there.
        phones: Phone numbers as people type them.
    """

    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    handles: tuple[str, ...]
    companies: tuple[str, ...]
    domains: tuple[str, ...]
    addresses: tuple[tuple[str, str, str | None, str, str], ...]
    titles: tuple[str, ...]
    words: tuple[str, ...]
    sentences: tuple[str, ...]
    phones: tuple[str, ...]


def ascii_slug(text: str) -> str:
    """Write ``Müller & Söhne`` as ``muller-sohne``."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-") or "x"


@lru_cache(maxsize=1)
def samples() -> Samples:
    """Return the samples; the first call takes some tenths of a second."""
    from faker import Faker  # noqa: PLC0415 - an emulator without records starts without it

    fake = Faker(_LOCALES, use_weighting=False)
    fake.seed_instance(_DRAWN_WITH)
    last_names = tuple(fake.last_name() for _ in range(1_200))
    companies = tuple(dict.fromkeys(fake.company() for _ in range(1_200)))
    addresses = []
    for locale in _LOCALES:
        local = fake[locale]
        has_states = hasattr(local, "state_abbr")
        for _ in range(60):
            state = local.state_abbr() if has_states else None
            addresses.append((local.street_address(), local.city(), state, local.postcode(), locale[3:]))
    english = fake["en_US"]
    return Samples(
        first_names=tuple(fake.first_name() for _ in range(800)),
        last_names=last_names,
        handles=tuple(ascii_slug(name) for name in last_names),
        companies=companies,
        domains=tuple(ascii_slug(name) for name in companies),
        addresses=tuple(addresses),
        titles=tuple(dict.fromkeys(english.job() for _ in range(200))),
        words=tuple(dict.fromkeys(english.bs().title() for _ in range(200))),
        sentences=tuple(fake.sentence(nb_words=12) for _ in range(300)),
        phones=tuple(english.numerify(pattern) for pattern in _PHONE_PATTERNS for _ in range(80)),
    )


_PHONE_PATTERNS = ("(###) 555-0###", "###-555-0###", "+1 ### 555 0###", "+49 30 #######", "+33 1 ## ## ## ##")
