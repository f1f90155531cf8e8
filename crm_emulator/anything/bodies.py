"""Request bodies read into values, whether they came as JSON, XML or a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from crm_emulator.messages import MalformedBodyError, Request

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class Body:
    """A body that was understood.

    Attributes:
        format: ``json``, ``xml``, ``form``, ``text``, or ``""`` for none.
        value: The JSON value; of XML ``{root: …}`` (see ``element_value``); of a form its fields, with a list where a
            field repeats.
    """

    format: str
    value: Any


def read_body(request: Request) -> Body:
    """Read a body by its Content-Type; raises MalformedBodyError."""
    if not request.body:
        return Body("", None)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return Body("json", request.json())
    if kind.endswith("xml"):
        return Body("xml", _xml(request.body))
    if kind == "application/x-www-form-urlencoded":
        return Body("form", _form(request.body))
    return Body("text", request.body.decode("utf-8", "replace"))


def _form(body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        known = fields.get(name)
        fields[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return fields


def _xml(body: bytes) -> dict[str, Any]:
    try:
        root = defusedxml.ElementTree.fromstring(body)
    except (ParseError, DefusedXmlException) as error:
        raise MalformedBodyError(str(error)) from error
    return {root.tag: element_value(root)}


def element_value(element: Element) -> Any:
    """Return an element's text if it has nothing else; else a dict: ``@attribute``, children by tag, ``#text``.

    Children with the same tag are a list.
    """
    value: dict[str, Any] = {f"@{name}": text for name, text in element.attrib.items()}
    for child in element:
        inner = element_value(child)
        if child.tag in value:
            known = value[child.tag]
            value[child.tag] = [*known, inner] if isinstance(known, list) else [known, inner]
        else:
            value[child.tag] = inner
    text = (element.text or "").strip()
    if not value:
        return text or None
    return value | ({"#text": text} if text else {})


def as_xml(name: str, value: Any) -> str:
    """Write a value as XML, for answers: objects become children, lists repeat their element."""
    if isinstance(value, list):
        return "".join(as_xml(name, each) for each in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(as_xml(part, each) for part, each in value.items())}</{name}>"
    return f"<{name}/>" if value is None else f"<{name}>{escape(str(value))}</{name}>"
