"""Entries of accounts.yml: each says where the records of one account come from, and where they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from target_crm.ledger.store import default_url
from target_crm.partition import Partition, partition_of


@dataclass(frozen=True)
class TapEntry:
    """The tap of an entry: one that runs inside the worker, by its name, or the command of any other.

    Attributes:
        name: The name of a tap that runs inside; empty for a command.
        command: The words of a command; empty for a tap that runs inside.
        config: The tap's settings.
        catalog: Its catalog file; None without one.
        select: The streams to read; empty: those that it reads by itself.
    """

    name: str
    command: tuple[str, ...]
    config: Mapping[str, Any] = field(repr=False)
    catalog: Path | None = None
    select: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The tap in a word, for people."""
        return self.name or Path(self.command[0]).name


@dataclass(frozen=True)
class Entry:
    """An entry that can be run.

    Attributes:
        name: Its name.
        key: The name under which it keeps STATE: its first one.
        tap: Where its records come from.
        target: The settings of target-crm.
        secrets: Texts that nobody may see.
    """

    name: str
    key: str
    tap: TapEntry
    target: Mapping[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def ledger_url(self) -> str:
        """The URL of the ledger that its records are kept in."""
        return self.target.get("ledger_url") or default_url()


@dataclass(frozen=True)
class Accounts:
    """The entries of a file, those that are wrong among them.

    Attributes:
        path: The file.
        names: The names of all entries, in the order of the file.
        entries: Those that can be run, by name.
        flaws: A sentence for each of the others, by name.
        disabled: The names of those that ``sync --all`` leaves out.
    """

    path: Path
    names: tuple[str, ...]
    entries: Mapping[str, Entry]
    flaws: Mapping[str, str]
    disabled: frozenset[str]


@dataclass(frozen=True)
class Job:
    """One run of an entry.

    Attributes:
        entry: The entry.
        pipeline: The name under which STATE is kept.
        run_id: Names the run.
        begins_anew: Whether STATE is left aside at the beginning.
        keeps_state: Whether STATE is kept.
    """

    entry: Entry
    pipeline: str
    run_id: str
    begins_anew: bool = False
    keeps_state: bool = True

    def divided(self, share: Partition | None) -> Job:
        """Return the job of one share of it, which keeps STATE under a name of its own.

        Args:
            share: The share; None: the one that the entry's settings name, if they do.
        """
        if share is not None:
            target = {**self.entry.target, "partition": {"of": share.of, "index": share.index}}
            return replace(self, entry=replace(self.entry, target=target)).divided(None)
        share = partition_of(self.entry.target)
        return self if share is None else replace(self, pipeline=f"{self.pipeline}.{share.index}-of-{share.of}")
