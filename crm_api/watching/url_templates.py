"""Paths of requests as telemetry may show them (pure): without ids, values or tokens."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crm_api.transport.request import Request

_WORD = r"[A-Za-z]{1,15}"
_WORDS = re.compile(rf"{_WORD}(?:[_.-]{_WORD})*|[vV]\d{{1,2}}")
_LITERAL = re.compile(rf"{_WORDS.pattern}|\d{{1,4}}(?:[.-]\d{{1,2}}){{0,2}}")
_PLACEHOLDER = re.compile(r"\{[\w.-]+\}")
HIDDEN = "{id}"


def url_template(request: Request) -> str:
    """Return the path of a request: of a declared endpoint as it is declared, else with ``{id}`` for what is no word.

    A word of a declared path that may be a token is left out, too.
    """
    if request.template is None:
        segments = urlsplit(request.path).path.split("/")
        return "/".join(each if not each or _WORDS.fullmatch(each) else HIDDEN for each in segments)
    path = request.template.partition("?")[0].partition("#")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return "/".join(map(_declared, path.split("/")))


def _declared(segment: str) -> str:
    literals = _PLACEHOLDER.split(segment)
    if all(not each or _LITERAL.fullmatch(each.strip("_.-:") or "a") for each in literals):
        return segment
    return "".join(_PLACEHOLDER.findall(segment)) or HIDDEN
