"""Names of the columns that carry custom fields, in records read from Copper and in records written to a CRM."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

PREFIX = "cf_"
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_LATIN = re.compile(r"[a-z]")


def slug(name: str) -> str:
    """Spell a name with lower-case Latin letters, digits and single underscores; empty if it has no Latin letter."""
    decomposed = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = _NOT_A_WORD.sub("_", decomposed.lower()).strip("_")
    return words if _LATIN.search(words) else ""


def column_names(
    fields: Iterable[tuple[int | str, str]],
    pinned: Mapping[int | str, str] | None = None,
    given: Mapping[str, int | str] | None = None,
) -> dict[int | str, str]:
    """Name the column of each custom field: ``cf_<slug of its name>``.

    If two fields have one slug, the older (with the smaller id) keeps it, and the younger gets its id appended: a new
    field never renames another. A name without Latin letters gives ``cf_<id>``.

    Args:
        fields: Id and name of each field of one object.
        pinned: Names to use, whatever the field is called now, by id (a number or text). They are given out first; if
            two fields have one pinned name, the older keeps it.
        given: The id of the field that each column has had before. A field keeps its column, whatever it is called now,
            and no other field gets it, even if the field is gone.
    """
    given = given or {}
    chosen = {str(key): value for key, value in (pinned or {}).items()}
    names: dict[int | str, str] = {}
    oldest_first = sorted(fields, key=lambda field: (len(str(field[0])), str(field[0])))
    for key, _ in oldest_first:
        if str(key) in chosen:
            names[key] = _untaken(PREFIX + chosen[str(key)].removeprefix(PREFIX), key, set(names.values()))
    for key, name in oldest_first:
        own = sorted(column for column, owner in given.items() if owner == key and column not in names.values())
        if key not in names and own:
            wanted = PREFIX + slug(name)
            names[key] = wanted if wanted in own else own[0]
    for key, name in oldest_first:
        if key not in names:
            names[key] = _untaken(PREFIX + (slug(name) or str(key)), key, {*names.values(), *given})
    return names


def alike(fields: Iterable[tuple[int | str, str]]) -> list[list[int | str]]:
    """Find the fields whose names are spelled alike in columns; gives their ids, by name, the oldest first."""
    by_slug: dict[str, list[int | str]] = {}
    for key, name in sorted(fields, key=lambda field: (len(str(field[0])), str(field[0]))):
        if spelled := slug(name):
            by_slug.setdefault(spelled, []).append(key)
    return [keys for keys in by_slug.values() if len(keys) > 1]


def _untaken(name: str, key: int | str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}_{key}"
    return name
