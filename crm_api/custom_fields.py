"""The names under which records carry custom fields: the same when Copper is read and when a CRM is written."""

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
    fields: Iterable[tuple[int | str, str]], pinned: Mapping[int | str, str] | None = None
) -> dict[int | str, str]:
    """Name the column of each custom field: ``cf_<slug crm_object its name>``.

    Of two fields with one slug the older, which has the smaller id, keeps it, and the younger gets its id appended: a
    field that is added never renames another. A name without Latin letters gives ``cf_<id>``.

    Args:
        fields: The fields of one object: id and name.
        pinned: Names to use whatever the field is called now, by id (as a number or as text): they come first. Of two
            fields with one pinned name, too, the older keeps it.
    """
    chosen = {str(key): value for key, value in (pinned or {}).items()}
    names: dict[int | str, str] = {}
    oldest_first = sorted(fields, key=lambda field: (len(str(field[0])), str(field[0])))
    for key, _ in oldest_first:
        if str(key) in chosen:
            names[key] = _free(PREFIX + chosen[str(key)].removeprefix(PREFIX), key, set(names.values()))
    for key, name in oldest_first:
        if key not in names:
            names[key] = _free(PREFIX + (slug(name) or str(key)), key, set(names.values()))
    return names


def _free(name: str, key: int | str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}_{key}"
    return name
