"""What a CRM's records are: kinds of value, attributes, objects; each vendor declares its own with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from typing_extensions import override

CrmId = int | str
CrmRecord = Mapping[str, Any]
Payload = Mapping[str, Any]
_FLAT_PARAMETERS, _FLAT_SOURCE = "{parameters}", "{source}"


class Kind(Enum):
    """What an attribute's value is, on our side of the vendor's form."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    """An instant; ISO 8601 in records."""
    DAY = "day"
    """A calendar day; ISO 8601 in records."""
    ID = "id"
    """The id of a record of ``Attribute.refers_to``."""
    IDS = "ids"
    """A list of such ids."""
    NAME_ID = "name id"
    """The id of something in the CRM's list ``Attribute.names``; records may give its name instead."""
    NAME_IDS = "name ids"
    """A list of such ids."""
    STRUCTURE = "structure"
    """An object with ``Attribute.parts``, such as an address."""
    TEXTS = "texts"
    """A list of strings, such as tags."""
    ITEMS = "items"
    """A list of objects whose value is under ``Attribute.item``, such as e-mails."""
    OBJECTS = "objects"
    """A list of objects that the CRM takes as they are; it takes the place of the one that is there."""
    IDENTIFIER = "identifier"
    """``{id, type}`` of any record, such as a task's related resource."""
    CUSTOM = "custom"
    """The CRM's container of custom fields."""


@dataclass(frozen=True)
class Attribute:
    """One attribute of an object.

    Attributes:
        name: As the CRM spells it.
        kind: What its value is.
        creatable: May be sent with a create.
        updatable: May be sent with an update.
        required: Must be sent with a create.
        flat: Names under which a flat record may give it, in order of preference: ``email`` for ``emails``. For a
            structure, the parts' own names are understood too.
        item: For ITEMS: the part that holds the value and tells two items apart (``email``, ``number``, ``url``).
            For a STRUCTURE that is one such item (a lead's e-mail), likewise. For IDS that the CRM wants as objects:
            the part that holds the id.
        category: For ITEMS: the category given to a bare value; None: items have none.
        category_name: For ITEMS: the part under which the CRM's own items hold the category, in words for people. Left
            out: ``category``.
        parts: For a STRUCTURE: the names of its parts.
        flat_parts: Further names of parts in a flat record: ``zip`` for ``postal_code``.
        refers_to: For ID and IDS: the object whose id it is.
        joined: Parts of a flat record that are joined with spaces where the record does not give the attribute:
            ``first_name`` and ``last_name`` for ``name``.
        categories: For ITEMS: the category of a value given under a flat name: ``mobile`` for ``mobile_phone``.
        names: For NAME_ID and NAME_IDS: the list its value stands in.
        within: For NAME_ID: the attribute whose value the named thing belongs to: a stage's ``pipeline_id``.
        beside: For NAME_ID that the CRM wants as an object: what stands beside ``id`` in it.
        resent: Goes with every update, changed or not, if the record gives it.
        appended: For a list: the CRM's port can add elements to the list that the CRM has, without the caller knowing
            it: those of the attributes that ``Outgoing.added`` names.
        only_added: For a list: nothing in it can be replaced.
        custom_id: For a custom field: its definition's id.
        automatic: The value that asks the CRM to make one, which then stands there instead: it is never sent again,
            compared or matched by. A create without a value asks by itself.
        unless: Not sent where the record gives this other attribute, from which the CRM derives it.
        choices: The values that the CRM knows, where it is a closed list; spelling in any case.
        normalise: Makes two spellings of one value alike when matching: ``email``, ``domain``, ``phone`` or none.
    """

    name: str
    kind: Kind = Kind.TEXT
    creatable: bool = True
    updatable: bool = True
    required: bool = False
    flat: tuple[str, ...] = ()
    item: str | None = None
    category: str | None = None
    parts: tuple[str, ...] = ()
    flat_parts: Mapping[str, str] = field(default_factory=dict)
    refers_to: str | None = None
    names: str | None = None
    choices: tuple[str, ...] = ()
    normalise: str | None = None
    joined: tuple[str, ...] = ()
    categories: Mapping[str, str] = field(default_factory=dict)
    within: str | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    resent: bool = False
    appended: bool = False
    only_added: bool = False
    custom_id: CrmId | None = None
    automatic: str | None = None
    unless: str | None = None
    category_name: str | None = None


@dataclass(frozen=True)
class CrmObject:
    """One kind of record that can be written.

    Attributes:
        name: The plural by which settings and paths call it: ``people``.
        singular: ``person``.
        attributes: What it has; read-only ones are neither creatable nor updatable.
        match_on: The default match keys: alternatives in order, each a tuple of attributes that are taken together.
        unique: Attributes that the CRM itself keeps unique: repeating a create is refused, not doubled.
        finds: Attributes that one search can look up, with how many values one request takes.
        bulk_create: Records in one create request.
        bulk_update: Records in one update request.
        upserts_on: Attributes by which the CRM itself upserts atomically, record by record.
        whole_records: Its records are sent whole: nobody has declared what they hold.
        parameters: The flags that a stream's settings may give.
        upserts_in_bulk: ``Crm.upsert_many`` takes ``bulk_update`` records a request: nothing needs to be looked for
            first.
        bulk_delete: Records in one delete request.
        can_forget: A delete can be made for good, where it otherwise fills a recycle bin.
        readable: A record can be read by its id.
        aliases: Other names by which settings and records may call it.
        find_key: For records that are sent whole: the name under which match keys and the ledger keep what the find
            endpoint is asked (JSON of the fields that it needs); None if there is no such endpoint.
    """

    name: str
    singular: str
    attributes: tuple[Attribute, ...]
    match_on: tuple[tuple[str, ...], ...] = ()
    unique: tuple[str, ...] = ()
    finds: Mapping[str, int] = field(default_factory=dict)
    bulk_create: int = 1
    bulk_update: int = 1
    upserts_on: tuple[str, ...] = ()
    whole_records: bool = False
    parameters: tuple[str, ...] = ()
    upserts_in_bulk: bool = False
    bulk_delete: int = 1
    can_forget: bool = False
    readable: bool = True
    aliases: tuple[str, ...] = ()
    find_key: str | None = None

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name, or None."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[str, Attribute]:
        return {attribute.name: attribute for attribute in self.attributes}


class SourceRecord(NamedTuple):
    """The source's record that a payload was made of.

    Attributes:
        stream: Name of its stream.
        source_id: Its id at the source, as text.
        written_at: When it was last written to the CRM (Unix seconds); None if it never was.
    """

    stream: str
    source_id: str
    written_at: float | None


@dataclass(frozen=True, eq=False)
class Outgoing(Mapping[str, Any]):
    """A payload with what goes beside it; read as a mapping, it is the payload alone.

    Attributes:
        payload: The attributes to send, in the vendor's form.
        parameters: Flags that the stream's settings give (``CrmObject.parameters``), by name.
        source: The source's record, for payloads that are sent whole; None for others.
        added: Names of lists whose elements are added to what the CRM has; any other list takes the place of the CRM's.
    """

    payload: Payload
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: SourceRecord | None = None
    added: frozenset[str] = frozenset()

    @override
    def __getitem__(self, name: str) -> Any:
        return self.payload[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self.payload)

    @override
    def __len__(self) -> int:
        return len(self.payload)

    @property
    def flat(self) -> dict[str, Any]:
        """One flat object, as ledgers keep it and idempotency keys are made of it.

        Parameters and source stand under names that no attribute can have. Both outlive a version: this form must not
        change. ``added`` is left out: a write that is found in a ledger replaces lists.
        """
        flat = dict(self.payload)
        if self.parameters:
            flat[_FLAT_PARAMETERS] = self.parameters
        if self.source is not None:
            flat[_FLAT_SOURCE] = self.source
        return flat

    @classmethod
    def of_flat(cls, flat: Mapping[str, Any]) -> Outgoing:
        """The payload that ``flat`` made such an object of."""
        payload = {name: value for name, value in flat.items() if name not in {_FLAT_PARAMETERS, _FLAT_SOURCE}}
        source = flat.get(_FLAT_SOURCE)
        return cls(payload, flat.get(_FLAT_PARAMETERS) or {}, None if source is None else SourceRecord(*source))


def outgoing(payload: Payload) -> Outgoing:
    """The payload with what goes beside it: nothing, if it is a mere mapping."""
    return payload if isinstance(payload, Outgoing) else Outgoing(payload)


def named_object(objects: Mapping[str, CrmObject], name: str) -> str:
    """The object that a name or an alias stands for; the name itself where it stands for none."""
    if name in objects:
        return name
    return next((crm_object.name for crm_object in objects.values() if name in crm_object.aliases), name)
