"""One HTTP endpoint as a declaration: what is asked of it, in which form, and where its answer says what became of it.

The ordinary objects of a vendor are declared with it, and so is an endpoint that nobody templated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crm_api.endpoints.json_paths import Path

_computed = property  # a declaration has an attribute of that name
METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET")
_REPEATABLE = frozenset({"PUT", "DELETE", "GET"})


class Format(StrEnum):
    """How a body is written."""

    JSON = "json"
    XML = "xml"
    FORM = "form"
    """``application/x-www-form-urlencoded``; a value that is no scalar becomes a JSON string."""


@dataclass(frozen=True)
class XmlForm:
    """How a body is written as XML.

    Attributes:
        root: The outermost element.
        item: The element of one record in a batch, or of one element of a list.
        attributes: Attributes of a record that become XML attributes instead of child elements.
    """

    root: str = "record"
    item: str = "item"
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """How several records make one body.

    Attributes:
        size: Records in one request, at most.
        property: The body is an object that holds the list under this name; None: the body is the list.
        extra: Constant properties beside it.
        id_property: Under which an element of an update names its record; None: the element does so by itself.
        code: ``package.module:function`` that makes the bodies, in place of the above; see
            ``crm_api.endpoints.body_code``.
    """

    size: int = 100
    property: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    id_property: str | None = "id"
    code: str | None = None


@dataclass(frozen=True)
class AnswerPaths:
    """Where an answer says what became of a record: JSONPath expressions, or alternatives in order.

    Attributes:
        items: The list with one item for each record of a batch, in their order; the other paths start at an item.
        id: The record's id. None: the endpoint gives none.
        error: What is wrong with the record; there is nothing, or an empty value, if it was taken.
        record: The record as it is now. None: the item itself, if it is an object.
    """

    items: str | None = None
    id: Path | None = None
    error: Path | None = None
    record: Path | None = None

    @_computed
    def needed(self) -> bool:
        """Whether an answer that cannot be read says less than is asked of it."""
        return any((self.items, self.id, self.error, self.record))


@dataclass(frozen=True)
class Endpoint:
    """One declared HTTP endpoint.

    ``{name}`` in path, query and headers stands for a field of the record, which is encoded for its place.

    Attributes:
        path: Below the account's base URL, or a whole URL.
        method: One of ``METHODS``.
        query: Parameters: constants, or ``{name}``. One that is exactly ``{name}`` is left out for a null.
        headers: Of this endpoint alone.
        format: Of the body. GET has none, and DELETE none unless ``attributes`` names any.
        attributes: What of a record is sent in the body; None: everything.
        property: The record is wrapped in an object under this name.
        extra: Constant properties beside it, or in the record where nothing wraps it.
        xml: For XML.
        batch: Several records a request; None: one.
        answer: What the answer says.
        success: The statuses that mean success; None: every 2xx.
        repeatable: Sending it twice is the same as once. None: by its method, or with ``idempotency_header``.
        idempotency_header: Carries a key by which the API knows a repeated request.
        parameters: Like ``query``, but left out unless the stream's settings give them, under these names
            (``CrmObject.parameters``): what each is called on the wire.
    """

    path: str
    method: str = "POST"
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    format: Format = Format.JSON
    attributes: tuple[str, ...] | None = None
    property: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    xml: XmlForm = field(default_factory=XmlForm)
    batch: Batch | None = None
    answer: AnswerPaths = field(default_factory=AnswerPaths)
    success: frozenset[int] | None = None
    repeatable: bool | None = None
    idempotency_header: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @_computed
    def may_repeat(self) -> bool:
        """Whether an answer that was lost allows sending it again."""
        if self.repeatable is not None:
            return self.repeatable
        return self.method in _REPEATABLE or self.idempotency_header is not None

    @_computed
    def has_body(self) -> bool:
        """Whether a body is sent."""
        return self.method != "GET" and (self.method != "DELETE" or self.attributes is not None)

    @_computed
    def size(self) -> int:
        """Records in one request."""
        return 1 if self.batch is None else self.batch.size
