"""JSONPath: finds values in an answer (pure)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from crm_api.errors import SettingError

if TYPE_CHECKING:
    from jsonpath_ng import JSONPath

Path = str | tuple[str, ...]
"""A path, or alternatives in order."""


@lru_cache(maxsize=256)
def compiled(path: str) -> JSONPath:
    """Parse a JSONPath expression.

    Raises:
        SettingError: The text is not a JSONPath expression.
    """
    from jsonpath_ng.exceptions import JSONPathError  # noqa: PLC0415 - its parser takes a while to load
    from jsonpath_ng.ext.parser import parse as parse_path  # noqa: PLC0415 - its parser takes a while to load

    try:
        parsed: JSONPath = parse_path(path)
    except JSONPathError as error:
        raise SettingError(f"{path!r} is not a JSONPath expression: {error}") from None
    return parsed


def found_at(path: Path | None, value: Any) -> Any:
    """Find the first value at a path, or at the first of several paths that leads to one; None if there is none."""
    if path is None:
        return None
    paths = (path,) if isinstance(path, str) else path
    return next((found for each in paths for found in all_at(each, value)), None)


def all_at(path: str, value: Any) -> list[Any]:
    """Find every value that a path leads to."""
    return [found.value for found in compiled(path).find(value)]
