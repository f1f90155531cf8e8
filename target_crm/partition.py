"""Partitions: which records of a stream are one process's share, where several processes write one stream (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from crm_api.errors import SettingError

MOST_SHARES = 1024  # of a stream: far more processes than a ledger serves
BY_SOURCE_ID = "source id"
_DIGEST_BYTES = 8
_ODD = re.compile(r"[^\w ]")
_ROW = re.compile(r"(?<=.)#[0-9a-f]{32}\Z", re.DOTALL)
"""The digest of a version, which follows the source id where every version is appended."""


@dataclass(frozen=True, slots=True)
class Partition:
    """The setting ``partition``: one of several shares of every stream.

    Attributes:
        of: The number of shares.
        index: The number of this one, from 0 on.
    """

    of: int
    index: int

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


@dataclass(frozen=True, slots=True)
class Share:
    """The records of one stream that one process writes.

    Attributes:
        partition: Which share it is.
        by: What decides about a record, for locks and for people: ``source id``, or the attribute of the match key.
        normalise: Makes one text of all source ids that stand for one value of the match key.
    """

    partition: Partition
    by: str
    normalise: Callable[[str], str]

    @property
    def group(self) -> str:
        """All shares of which each record belongs to exactly one."""
        return f"{self.partition.of} by {_ODD.sub('_', self.by)}"

    def __str__(self) -> str:
        return f"{self.partition.index}/{self.group}"

    def is_beside(self, other: str) -> bool:
        """Tell whether the text of another share names one of the same group."""
        return other.partition("/")[2] == self.group

    def holds(self, source_id: str) -> bool:
        """Tell whether a record belongs to the share.

        Args:
            source_id: Its source id as the ledger keeps it, or a value of its match key.
        """
        text = self.normalise(_ROW.sub("", source_id)).encode("utf-8", "surrogatepass")
        digest = blake2b(text, digest_size=_DIGEST_BYTES).digest()
        return int.from_bytes(digest) % self.partition.of == self.partition.index


def read_partition(text: str) -> Partition:
    """Read a share as a command line gives it, such as ``0/3``.

    Raises:
        SettingError: It is none.
    """
    index, _, of = text.partition("/")
    if not (index.isdecimal() and of.isdecimal() and 1 <= int(of) <= MOST_SHARES and int(index) < int(of)):
        raise SettingError(
            f"--partition must be the number of a share, from 0 on, and that of all shares, such as 0/3, not {text!r}"
        )
    return Partition(int(of), int(index))


def partition_of(config: Mapping[str, Any]) -> Partition | None:
    """Read the setting ``partition``; None if every stream is written whole.

    Raises:
        SettingError: There is no share of that number, or a plan is to be made of a share.
    """
    given = config.get("partition")
    if given is None:
        return None
    partition = Partition(given["of"], given["index"])
    if partition.index >= partition.of:
        raise SettingError(
            f"partition.index must be less than partition.of: with {partition.of} shares it is 0 to "
            f"{partition.of - 1}, not {partition.index}"
        )
    if config.get("plan_path"):
        raise SettingError("plan_path and partition do not go together: singer-crm apply writes whole streams")
    return partition


def refuse_version(partition: Partition | None, stream: str) -> None:
    """Refuse the end of a version of a stream, which says what the source no longer has.

    Raises:
        SettingError: Only a share of the stream is written.
    """
    if partition is not None:
        raise SettingError(
            f"ACTIVATE_VERSION of stream {stream!r} and partition do not go together: it says that all other records "
            "are gone, of which a share knows nothing. Turn it off in the tap, or write the stream without partition"
        )
