"""Spellings of names: two that differ in case, blanks, punctuation or camel case alone are one name (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

_COUNTED_MARKS = frozenset("%#&@+§")
"""Punctuation that tells two names apart: ``Score %`` and ``Score #``."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ID = "id"
SDK_PREFIX = "_sdc_"


@lru_cache(maxsize=8192)
def canonical(name: str) -> str:
    """Spell a name so that all its spellings are equal: ``LAST_NAME``, ``Last name``, ``lastName``, ``last-name``.

    Letters that only look different to a machine are equal, too: composed and decomposed umlauts, full-width letters.
    A name of nothing but punctuation stays as it is.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(each for each in folded if _counts(each))
    return kept or folded.strip()


def _counts(character: str) -> bool:
    if character in _COUNTED_MARKS:
        return True
    return unicodedata.category(character)[0] not in {"P", "Z", "C"}


def spelled_as(wanted: str, there: Iterable[str]) -> str | None:
    """Find a name among others: as it is spelt, else the only one that is a spelling of it; None: none, or several.

    Args:
        wanted: The name.
        there: The names to look among.
    """
    names = there if isinstance(there, Collection) else list(there)
    if wanted in names:
        return wanted
    if not names:
        return None
    found = spellings_of(wanted, names)
    return found[0] if len(found) == 1 else None


def spellings_of(wanted: str, there: Collection[str]) -> list[str]:
    """Find the names that are spellings of one; only the very same, if it is among them."""
    form = canonical(wanted)
    return [wanted] if wanted in there else [name for name in there if canonical(name) == form]


def is_sdk_column(name: str) -> bool:
    """Whether a column is about the record and no part of it: taps and other targets add them, and none is sent."""
    return name.startswith("_") and name[: len(SDK_PREFIX)].lower() == SDK_PREFIX


def title_of(name: str) -> str:
    """Spell an attribute's name as screens do: ``pipeline_stage_id`` is *Pipeline Stage*."""
    words = _WORDS.findall(name)
    if len(words) > 1 and words[-1].lower() == _ID:
        words.pop()
    return " ".join(word[0].upper() + word[1:] for word in words)
