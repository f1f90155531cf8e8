"""Values found in an answer by JSONPath (pure)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonpath_ng import JSONPath
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.parser import parse as parse_path

from crm_api.errors import SettingError


@lru_cache(maxsize=256)
def compiled(path: str) -> JSONPath:
    """A path that can be searched with.

    Raises:
        SettingError: It is no JSONPath.
    """
    try:
        parsed: JSONPath = parse_path(path)
    except JSONPathError as error:
        raise SettingError(f"{path!r} is no JSONPath: {error}") from None
    return parsed


def found_at(path: str | None, value: Any) -> Any:
    """The first value at a path; None without a path or where there is none."""
    if path is None:
        return None
    return next(iter(all_at(path, value)), None)


def all_at(path: str, value: Any) -> list[Any]:
    """Every value that a path meets."""
    return [found.value for found in compiled(path).find(value)]
