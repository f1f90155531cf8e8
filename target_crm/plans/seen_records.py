"""Digests of the CRM's records as they were seen, by attribute: whether somebody has edited one since (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b

from crm_api.crm import Crm
from crm_api.crm_objects import CrmObject, CrmRecord, Kind, Payload, outgoing
from target_crm.mapping.comparison import NOTHING, Comparison, spelled

STAMP = "\0changed"
"""In place of an attribute's name: what every change of a record changes."""
_BYTES = 8
Digests = Mapping[str, str]
"""Digests in hexadecimal digits, by the attribute's name, or ``custom field ID``."""


class SeenRecords:
    """Makes and compares digests of one object's records.

    What the CRM alone decides (counters, its own times) is left out; so is what a record does not show, since a list
    may show less of it than a look at the record alone.

    Args:
        crm: Knows the vendor's form of values.
        crm_object: The object.
    """

    def __init__(self, crm: Crm, crm_object: CrmObject) -> None:
        self._crm = crm
        self._object = crm_object
        self._compared = Comparison(crm)

    def digests(self, record: CrmRecord) -> dict[str, str]:
        """Return the digests of a record."""
        contents = self._contents(record)
        stamps = [record[name] for name in self._crm.changed_at if name in record]
        if stamps and not self._object.whole_records:
            contents[STAMP] = spelled(stamps)
        return {name: _digest(content) for name, content in contents.items()}

    def _contents(self, record: CrmRecord) -> dict[str, bytes]:
        if self._object.whole_records:
            return {name: spelled(value) for name, value in record.items()}
        contents: dict[str, bytes] = {}
        for name, value in record.items():
            attribute = self._object.attribute(name)
            if attribute is not None and attribute.kind is not Kind.CUSTOM and attribute.is_writable:
                contents[name] = spelled(value)
        for custom_id, value in self._crm.custom_values(record).items():
            contents[_name_of_custom(custom_id)] = spelled(value)
        return contents

    def names_in(self, payload: Payload) -> set[str]:
        """Return the names, as digests have them, of the attributes that a payload sends."""
        return {*self._contents(payload)}

    def edited(self, seen: Digests, record: CrmRecord, tried: Iterable[Payload], ours: Collection[str]) -> list[str]:
        """Return the names of the attributes that somebody has edited since they were seen.

        Args:
            seen: The digests of the record as it was seen.
            record: The record as it is.
            tried: Payloads to which no answer came: what they say may be there by now.
            ours: The names of attributes that the plan has written since.
        """
        now, tried = self.digests(record), list(tried)
        is_touched = now.get(STAMP) != seen.get(STAMP) and not ours and not tried
        edited: list[str] = []
        for name in (seen.keys() | now.keys()) - {STAMP, *ours}:
            if name in seen and name in now:
                differs = seen[name] != now[name]
            else:  # not shown by both: nothing, or hidden by a list
                differs = is_touched and seen.get(name, "") != now.get(name, "")
            if differs and not any(self._holds(record, payload, name) for payload in tried):
                edited.append(name)
        return sorted(edited)

    def _holds(self, record: CrmRecord, payload: Payload, name: str) -> bool:
        """Tell whether a record has of an attribute what a payload says of it."""
        sent = outgoing(payload).payload
        attribute = self._object.attribute(name)
        if attribute is not None and not self._object.whole_records:
            return name in sent and self._compared.same(attribute, record.get(name), sent[name])
        sent_contents, contents = self._contents(sent), self._contents(record)
        return name in sent_contents and sent_contents[name] == contents.get(name, NOTHING)


def digest_of_all(digests: Digests) -> str:
    """Return one digest of a whole record."""
    return _digest("".join(f"{name}\0{digests[name]}\0" for name in sorted(digests)).encode("utf-8", "surrogatepass"))


def _name_of_custom(custom_id: int | str) -> str:
    return f"custom field {custom_id}"


def _digest(content: bytes) -> str:
    """Return the digest of a value; empty for an empty one."""
    if content == NOTHING:
        return ""
    return blake2b(content, digest_size=_BYTES).hexdigest()
