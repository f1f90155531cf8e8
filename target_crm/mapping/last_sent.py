"""Digests of one record's values: as its source last sent them, and as the CRM was seen to hold them after that.

They are keyed by a secret of the ledger's, so that only who holds the ledger can guess values from them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

DIGEST_BYTES = 8
_PAIR_BYTES = 2 * DIGEST_BYTES
_WHOLE = bytes(DIGEST_BYTES)  # in place of an attribute's name: all that the source gave
_MOST_NAMES = 4096  # of attributes, whose digests are kept


class Digester:
    """Makes digests of values.

    Args:
        secret: The key of the digests.
    """

    def __init__(self, secret: bytes) -> None:
        self._keyed = blake2b(digest_size=DIGEST_BYTES, key=secret)
        self._names: dict[str, bytes] = {}

    def of_name(self, attribute: str) -> bytes:
        """Return the digest of an attribute's name."""
        digest = self._names.get(attribute)
        if digest is None:
            digest = self._of(attribute.encode("utf-8", "surrogatepass"))
            if len(self._names) < _MOST_NAMES:
                self._names[attribute] = digest
        return digest

    def of_value(self, name: bytes, content: bytes) -> bytes:
        """Return the digest of a value, as ``Comparison.content`` spells it; equal for equal values only."""
        return self._of(name + content)

    def _of(self, content: bytes) -> bytes:
        digest = self._keyed.copy()
        digest.update(content)
        return digest.digest()


@dataclass(frozen=True, slots=True)
class LastSent:
    """One record as it was last sent; empty for one that was never sent, or of which that is unknown.

    Attributes:
        digester: Makes its digests.
        sent: Digests of values as they were last sent, by the digest of the attribute's name.
        seen: Digests of values as the CRM was seen to hold them after that, by the digest of the name, too.
    """

    digester: Digester = field(compare=False)
    sent: Mapping[bytes, bytes] = field(default_factory=dict)
    seen: Mapping[bytes, bytes] = field(default_factory=dict)

    def knows(self, attribute: str) -> bool:
        """Tell whether the attribute was ever sent."""
        return self.digester.of_name(attribute) in self.sent

    def was_sent(self, attribute: str, content: bytes) -> bool:
        """Tell whether the attribute was last sent with that value."""
        return self._is(self.sent, attribute, content)

    def was_seen(self, attribute: str, content: bytes) -> bool:
        """Tell whether the CRM holds what it held after the attribute was last sent.

        Where nobody saw that, it must hold what was sent.
        """
        name = self.digester.of_name(attribute)
        return self._is(self.seen if name in self.seen else self.sent, attribute, content)

    def is_of(self, contents: Mapping[str, bytes]) -> bool:
        """Tell whether the record's attributes are all as the source last gave them; True if that is unknown."""
        digester = self.digester
        digests = {(key := digester.of_name(name)): digester.of_value(key, each) for name, each in contents.items()}
        return self.sent.get(_WHOLE, whole := self._whole(digests)) == whole

    def after(
        self,
        contents: Mapping[str, bytes],
        settled: Collection[str],
        seen: Mapping[str, bytes],
        unclear: Collection[str] = (),
    ) -> LastSent:
        """Return the record as it is known after a write.

        Args:
            contents: The values of all attributes that the source gives, by name.
            settled: The names of those that the CRM holds now as the source gives them.
            seen: The CRM's own values of these, by name, as far as it showed them.
            unclear: The names of those of which nobody knows what the CRM holds.
        """
        digester = self.digester
        given = {name: digester.of_name(name) for name in contents}
        digests = {name: digester.of_value(given[name], content) for name, content in contents.items()}
        last_sent, last_seen = dict(self.sent), dict(self.seen)
        for name in unclear:
            last_sent.pop(digester.of_name(name), None)
        for name in settled:
            key = given[name]
            last_sent[key] = digests[name]
            if name not in seen:
                last_seen.pop(key, None)
            elif seen[name] == contents[name]:
                last_seen[key] = digests[name]
            else:
                last_seen[key] = digester.of_value(key, seen[name])
        last_sent[_WHOLE] = self._whole({given[name]: digest for name, digest in digests.items()})
        return LastSent(digester, last_sent, last_seen)

    def taken_back(
        self, seen: Mapping[str, bytes], *, again: bool, followed: Mapping[str, bytes] | None = None
    ) -> LastSent:
        """Return the record once attributes have their former values back, which its source did not send.

        Args:
            seen: The CRM's values of these attributes now, by name.
            again: Whether they count as changed when the source sends its values next.
            followed: Values that say what the source's say: references to a record that has another id now.
        """
        digester = self.digester
        names = {name: digester.of_name(name) for name in seen}
        last_seen = {**self.seen, **{names[name]: digester.of_value(names[name], seen[name]) for name in seen}}
        if followed is not None:
            new = {names[name]: digester.of_value(names[name], each) for name, each in followed.items()}
            return replace(self, sent={**self.sent, **new}, seen=last_seen)
        if not again:
            return replace(self, seen=last_seen)
        gone = {_WHOLE, *names.values()}
        sent = {name: digest for name, digest in self.sent.items() if name not in gone}
        return replace(self, sent=sent, seen=last_seen)

    @property
    def unsettled(self) -> LastSent:
        """Its record, if more than its digests tell may have changed since it was sent."""
        return replace(self, sent={name: digest for name, digest in self.sent.items() if name != _WHOLE})

    @property
    def packed(self) -> tuple[bytes, bytes]:
        """Both kinds of digests as the ledger keeps them: name and value, name and value, …, in any order."""
        return b"".join(map(b"".join, self.sent.items())), b"".join(map(b"".join, self.seen.items()))

    @classmethod
    def of_packed(cls, digester: Digester, sent: bytes | None, seen: bytes | None) -> LastSent:
        """Read what ``packed`` made."""
        return cls(digester, _unpacked(sent), _unpacked(seen))

    def _is(self, digests: Mapping[bytes, bytes], attribute: str, content: bytes) -> bool:
        name = self.digester.of_name(attribute)
        digest = digests.get(name)
        return digest is not None and digest == self.digester.of_value(name, content)

    def _whole(self, digests: Mapping[bytes, bytes]) -> bytes:
        """Return one digest of all that a record gives, whatever the order."""
        return self.digester.of_value(_WHOLE, b"".join(key + digests[key] for key in sorted(digests)))


def _unpacked(digests: bytes | None) -> dict[bytes, bytes]:
    packed = digests or b""
    starts = range(0, len(packed), _PAIR_BYTES)
    return {packed[at : at + DIGEST_BYTES]: packed[at + DIGEST_BYTES : at + _PAIR_BYTES] for at in starts}
