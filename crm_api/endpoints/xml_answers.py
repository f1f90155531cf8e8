"""Reads answers in XML, safely, as JSON values: one kind of path leads through both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from crm_api.transport.nesting import DEEPEST, TooDeepError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_xml(content: bytes) -> dict[str, Any]:
    """Read a document as ``{root: value}``; see ``of_element``.

    Raises:
        ValueError: The document is not XML, is nested too deeply, or holds a DTD or entities.
    """
    try:
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, RecursionError) as error:
        raise ValueError(f"not XML that can be read safely: {error}") from error
    _check_depth(root)
    return {_name(root.tag): of_element(root)}


def _check_depth(root: Element) -> None:
    level = [root]
    for _ in range(DEEPEST):
        level = [child for element in level for child in element]
    if level:
        raise TooDeepError


def of_element(element: Element) -> Any:
    """Read an element: its text if it has nothing else; or else attributes as ``@name``, children by tag, ``#text``.

    Children with one tag become a list. Namespaces are left out.
    """
    value: dict[str, Any] = {f"@{_name(name)}": text for name, text in element.attrib.items()}
    for child in element:
        name, inner = _name(child.tag), of_element(child)
        if name in value:
            known = value[name]
            if isinstance(known, list):
                known.append(inner)
            else:
                value[name] = [known, inner]
        else:
            value[name] = inner
    text = (element.text or "").strip()
    if not value:
        return text or None
    return value | ({"#text": text} if text else {})


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
