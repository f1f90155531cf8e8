"""Templates of answers, with placeholders such as ``{id}``, ``{body.customer.name}``, ``{items}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crm_emulator.messages import is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([a-z_]+(?:\.[^{}]+)?)\}")


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Fill a template's placeholders; a text that is a single placeholder becomes the value itself, of any type."""
    if isinstance(template, dict):
        return {name: filled(each, values) for name, each in template.items()}
    if isinstance(template, list):
        return [filled(each, values) for each in template]
    if not isinstance(template, str):
        return template
    whole = _PLACEHOLDER.fullmatch(template)
    if whole:
        return at(values, whole[1])
    return _PLACEHOLDER.sub(lambda found: str(at(values, found[1])), template)


def at(values: Any, path: str) -> Any:
    """Return the value at a dotted path; None where there is nothing."""
    found = values
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and is_whole(step) and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found
