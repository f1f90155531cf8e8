"""One HTTP endpoint as a declaration: its requests, their form, and where its answers say what became of records.

Objects of vendors are declared with it, and endpoints that the settings declare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crm_api.endpoints.json_paths import Path

_computed = property  # Endpoint has an attribute named property
METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET")
_REPEATABLE = frozenset({"PUT", "DELETE", "GET"})


class Format(StrEnum):
    """Format of a body."""

    JSON = "json"
    XML = "xml"
    FORM = "form"
    """``application/x-www-form-urlencoded``; a value that is not a scalar becomes a JSON string."""


@dataclass(frozen=True)
class XmlForm:
    """Form of a body in XML.

    Attributes:
        root: Name of the outermost element.
        item: Name of the element for one record of a batch, or for one element of a list.
        attributes: Names of the fields of a record that become XML attributes instead of child elements.
    """

    root: str = "record"
    item: str = "item"
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Form of a body that holds several records.

    Attributes:
        size: Records in one request, at most.
        property: Property of the body that holds the list of records; None if the body is the list.
        extra: Constant properties of the body, beside the list.
        id_property: Property of each element of an update that holds the record's id; None if the record gives it.
        code: ``package.module:function`` that makes the bodies, in place of all others here; see
            ``crm_api.endpoints.body_code``.
    """

    size: int = 100
    property: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    id_property: str | None = "id"
    code: str | None = None


@dataclass(frozen=True)
class AnswerPaths:
    """Paths to what an answer says about records: JSONPath expressions, or alternatives in order.

    Attributes:
        items: Path of the list with one item for each record of a batch, in order; the other paths start at an item.
        id: Path of the record's id; None if the endpoint gives no id.
        error: Path of what is wrong with the record; nothing, or an empty value, means that it was written.
        record: Path of the record as it is now; None for the item itself, if it is an object.
    """

    items: str | None = None
    id: Path | None = None
    error: Path | None = None
    record: Path | None = None

    @_computed
    def needed(self) -> bool:
        """Whether any path leads into the answer, so that it must be readable."""
        return any((self.items, self.id, self.error, self.record))


@dataclass(frozen=True)
class Endpoint:
    """One declared HTTP endpoint.

    ``{name}`` in path, query and headers stands for a field of the record, which is encoded for its place.

    Attributes:
        path: Below the account's base URL, or a whole URL.
        method: HTTP method, one of ``METHODS``.
        query: Query parameters by name: constants, or text with ``{name}``. A value that is exactly ``{name}`` is left
            out if the field is null.
        headers: Headers of this endpoint alone, by name.
        format: Format of the body. GET has no body, and DELETE has none unless ``attributes`` is given.
        attributes: Names of the fields that the body holds; None for all fields of the record.
        property: Property of the body that holds the record; None if the body is the record.
        extra: Constant properties of the body, beside that property or among those of the record.
        xml: How a body is written as XML.
        batch: How several records make one request; None if a request carries one record.
        answer: Where the answer says what became of records.
        success: The statuses that mean success; None for every 2xx.
        repeatable: Whether sending a request twice is the same as sending it once. None: it depends on ``method`` and
            ``idempotency_header``.
        idempotency_header: Name of the header that carries a key by which the API recognises a repeated request.
        idempotency_seconds: How long the API remembers such a key.
        parameters: Query parameters for the flags that a stream's settings may give: by the name of the flag
            (``CrmObject.parameters``), the name of the parameter.
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
    idempotency_seconds: float = 86_400.0  # services keep keys for a day, or longer
    parameters: Mapping[str, str] = field(default_factory=dict)

    @_computed
    def may_repeat(self) -> bool:
        """Whether a request that got no answer may be sent again at once."""
        return self.may_repeat_after(0.0)

    def may_repeat_after(self, seconds: float) -> bool:
        """Whether a request that got no answer may be sent again so many seconds later."""
        if self.repeatable is not None:
            return self.repeatable
        is_remembered = self.idempotency_header is not None and seconds < self.idempotency_seconds
        return self.method in _REPEATABLE or is_remembered

    @_computed
    def has_body(self) -> bool:
        """Whether requests have a body."""
        return self.method != "GET" and (self.method != "DELETE" or self.attributes is not None)

    @_computed
    def size(self) -> int:
        """Records in one request, at most."""
        return 1 if self.batch is None else self.batch.size
