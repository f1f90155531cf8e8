"""Declarations of a CRM's records: kinds of value, attributes, objects; and the payloads that are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from typing_extensions import override

from crm_api.naming.spelling import title_of

CrmId = int | str
CrmRecord = Mapping[str, Any]
"""A record as an answer of the CRM shows it: an attribute that it lacks is unknown; one that is None or empty is empty.

Custom fields stand in their container: a field that the container lacks is empty, and unknown is only what a record
without the container holds.
"""
Payload = Mapping[str, Any]
_FLAT_PARAMETERS, _FLAT_SOURCE = "{parameters}", "{source}"


class Kind(Enum):
    """Kind of an attribute's value, on our side of the vendor's form."""

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
    """A list of objects that the CRM takes unchanged; it replaces the list that the CRM has."""
    IDENTIFIER = "identifier"
    """``{id, type}`` of any record, such as a task's related resource."""
    CUSTOM = "custom"
    """The CRM's container of custom fields."""


@dataclass(frozen=True)
class Attribute:
    """One attribute of an object.

    Attributes:
        name: The CRM's spelling.
        kind: Kind of its value.
        creatable: Whether it may be sent with a create.
        updatable: Whether it may be sent with an update.
        required: Whether it must be sent with a create.
        flat: Names under which a flat record may give it, in order of preference: ``email`` for ``emails``. For a
            structure, the parts' own names are understood too.
        item: For ITEMS, and for a STRUCTURE that is one item (a lead's e-mail): the part that holds the value and
            distinguishes two items (``email``, ``number``, ``url``). For IDS that the CRM takes as objects: the part
            that holds the id.
        category: For ITEMS: the category given to a bare value; None if items have no category.
        category_choices: For ITEMS, and for a STRUCTURE that is one item: the categories that the CRM knows; any other
            becomes its nearest. Empty: any goes.
        category_name: For ITEMS: the part in which the CRM's own items hold the category, in words for its users;
            None for ``category``.
        parts: For a STRUCTURE: the names of its parts.
        flat_parts: Further names of parts in a flat record: ``zip`` for ``postal_code``.
        prefixes: Words that a flat record may put before these names of parts, or before this attribute's own names:
            ``mailing`` for ``mailing_city``.
        refers_to: For ID and IDS: name of the object whose ids they are.
        joined: Parts of a flat record that are joined with spaces where the record does not give the attribute:
            ``first_name`` and ``last_name`` for ``name``.
        joined_names: Further names of those parts in a flat record: ``surname`` for ``last_name``.
        whole: For a last name, where the object has no attribute for a whole name: the names under which a record may
            give that.
        beside_whole: For a last name: the attribute that holds the first name, which the whole name may begin with.
        categories: For ITEMS: the category of a value given under a flat name: ``mobile`` for ``mobile_phone``.
        names: For NAME_ID and NAME_IDS: the CRM's list that holds the entry (see ``Crm.names``). For TEXTS: the list of
            those in use, where the CRM has one; asked only to tell where one of several in a text ends.
        within: For NAME_ID: the attribute that says what the entry belongs to: ``pipeline_id`` for a stage.
        beside: For NAME_ID that the CRM takes as an object: the properties beside ``id`` in it.
        resent: Whether it is sent with every update, changed or not, if the record gives it.
        appended: For a list: the CRM's port can add elements to the list that the CRM has, without the caller knowing
            it: those of the attributes that ``Outgoing.added`` names.
        only_added: For a list: whether elements can only be added, and none replaced.
        custom_id: For a custom field: id of its definition.
        automatic: The value that asks the CRM to make up a value of its own (a number). It is sent once, with the
            create, and never compared or matched by. A create without a value asks by itself.
        unless: Name of another attribute, from which the CRM derives this one: this one is not sent if the record gives
            that one.
        follows: Names of attributes with which the CRM changes this one by itself: a stage's probability.
        name_of: Name of another attribute, of whose record this one is the name: the CRM changes both together.
        choices: The values that the CRM knows, in any case, if the list is closed.
        normalise: How spellings of one value are made equal for matching: ``email``, ``domain``, ``phone``, or None.
        percent: Whether its number is a percentage, which records may write with a sign.
        currency: For an amount: the attribute that holds its currency, which the text of the amount may name as well.
        label: The name that the CRM's screens show, where it is not the words of ``name``; see ``shown_as``.
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
    follows: tuple[str, ...] = ()
    name_of: str | None = None
    category_name: str | None = None
    category_choices: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    joined_names: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    beside_whole: str | None = None
    percent: bool = False
    currency: str = ""
    label: str = ""

    @property
    def shown_as(self) -> str:
        """The name that the CRM's screens show."""
        return self.label or title_of(self.name)

    @property
    def is_writable(self) -> bool:
        """Whether it may be sent, if only with a create."""
        return self.creatable or self.updatable


@dataclass(frozen=True)
class CrmObject:
    """One kind of record that can be written.

    Attributes:
        name: Plural name in settings and paths: ``people``.
        singular: Singular name: ``person``.
        attributes: Its attributes; a read-only one is neither creatable nor updatable.
        match_on: The default match keys: alternatives in order, each a tuple of attributes that must match together.
        unique: Attributes that the CRM itself keeps unique: a repeated create is refused.
        finds: Attributes that records can be searched by, each with the number of values that one request takes.
        bulk_create: Records in one create request, at most.
        bulk_update: Records in one update request, at most.
        upserts_on: Attributes by which the CRM itself upserts atomically, record by record.
        whole_records: Whether its records are sent whole, because no attributes are declared.
        parameters: Names of the flags that a stream's settings may give.
        upserts_in_bulk: Whether ``Crm.upsert_many`` takes ``bulk_update`` records a request, so that no record needs to
            be searched for first.
        bulk_delete: Records in one delete request, at most.
        bulk_read: Records that one request reads by their ids, at most.
        can_forget: Whether a delete can bypass the recycle bin.
        readable: Whether a record can be read by its id.
        aliases: Further names by which settings and records may call it.
        find_key: For records that are sent whole: the name under which match keys and the ledger keep what the find
            endpoint is asked (JSON of the fields that it needs); None if there is no such endpoint.
        id_name: The vendor's own name of a record's id; settings may name it so, or ``id``.
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
    bulk_read: int = 1
    can_forget: bool = False
    readable: bool = True
    aliases: tuple[str, ...] = ()
    find_key: str | None = None
    id_name: str = "id"

    def attribute(self, name: str) -> Attribute | None:
        """Look up an attribute by its name; None if there is none."""
        return self._by_name.get(name)

    def is_id(self, name: str) -> bool:
        """Tell whether a name means the CRM's own id of a record."""
        return name in {"id", self.id_name}

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
        shown: Whether the answer is to show the record as the CRM holds it after the write, at a request more for many
            records if need be.
    """

    payload: Payload
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: SourceRecord | None = None
    added: frozenset[str] = frozenset()
    shown: bool = False

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
        change. ``added`` and ``shown`` are left out: a write that is found in a ledger replaces lists.
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
    """Return a payload as Outgoing, with nothing beside it if it is a mere mapping."""
    return payload if isinstance(payload, Outgoing) else Outgoing(payload)


def named_object(objects: Mapping[str, CrmObject], name: str) -> str:
    """The name of the object that a name or an alias stands for; an unknown name is returned unchanged."""
    if name in objects:
        return name
    return next((crm_object.name for crm_object in objects.values() if name in crm_object.aliases), name)
