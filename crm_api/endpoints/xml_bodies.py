"""Writes bodies as XML (pure). Names are checked, so that no value can shape the document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from crm_api.endpoints.endpoint import XmlForm
from crm_api.endpoints.templates import as_text
from crm_api.naming.spelling import spelled_as

# https://www.w3.org/TR/xml/#NT-Name without colons, which would need a namespace
_NAME = re.compile(r"[A-Za-z_\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF][\w.\-\u00B7]*")
# https://www.w3.org/TR/xml/#NT-Char
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_xml_name(name: str) -> bool:
    """Whether a name is valid for an XML element or attribute."""
    return _NAME.fullmatch(name) is not None


def as_xml(form: XmlForm, value: Any) -> bytes:
    """Write a record, or a list of records, as a document: objects become children, lists repeat ``form.item``.

    Raises:
        ValueError: A name is not valid in XML, or a text holds a character that XML cannot carry.
    """
    root = _element(None, form.root)
    _fill(root, form, value)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _fill(element: Element, form: XmlForm, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            declared = spelled_as(name, form.attributes)
            if declared is not None and not isinstance(inner, Mapping | list):
                element.set(_checked(declared), _text(inner))
            elif inner is not None:
                _fill(_element(element, name), form, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _fill(_element(element, form.item), form, inner)
    else:
        element.text = _text(value)


def _element(parent: Element | None, name: str) -> Element:
    return Element(_checked(name)) if parent is None else SubElement(parent, _checked(name))


def _checked(name: str) -> str:
    if not is_xml_name(name):
        raise ValueError(f"{name!r} is not a valid XML name. Rename the field with a stream map")
    return name


def _text(value: Any) -> str:
    text = as_text(value)
    if (found := _NO_CHARACTER.search(text)) is not None:
        raise ValueError(f"holds the character U+{ord(found[0]):04X}, which XML cannot carry")
    return text
