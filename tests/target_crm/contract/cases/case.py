"""One kind of record of one CRM, as the contract sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One kind of record of one CRM.

    Attributes:
        name: ``copper leads``.
        vendor: The emulator's attribute.
        settings: Given the emulated vendor, what leads to it: ``crm``, ``base_url``, credentials, ``streams``.
        secrets: Given the emulated vendor, what no output may show.
        stream: The stream.
        make: A record by number; its ``id`` is the source id, and its match value differs from the others'.
        change: What a changed record has otherwise.
        bad: A record by number that the CRM itself refuses.
        insert: Put the CRM's own form of record number n there, as if a person had.
        names: What is there: one name for each copy, ``name_of(n)`` for record n.
        name_of: How the CRM's copy of record n is called.
        shows_change: Whether record n is there as ``change`` left it.
        creates: Shell patterns over ``METHOD /template`` of the requests that create.
        writes: Shell patterns over ``METHOD /template`` of all requests that write; the others only read.
        prepare: What has to be there beforehand.
        deletes: Whether records can be deleted.
        ambiguous: Whether the CRM can hold two records that match.
        finds: Whether records that others wrote are looked for.
    """

    name: str
    vendor: str
    settings: Callable[[Any], Record]
    secrets: Callable[[Any], Sequence[str]]
    stream: str
    make: Callable[[int], Record]
    change: Record
    bad: Callable[[int], Record]
    insert: Callable[[Any, int], Any]
    names: Callable[[Any], list[str]]
    name_of: Callable[[int], str]
    shows_change: Callable[[Any, int], bool]
    creates: tuple[str, ...]
    writes: tuple[str, ...]
    prepare: Callable[[Any], Any] = field(default=lambda _: None)
    deletes: bool = True
    ambiguous: bool = True
    finds: bool = True

    def __str__(self) -> str:
        return self.name.replace(" ", "-")
