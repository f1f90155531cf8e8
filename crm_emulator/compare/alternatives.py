"""The other values that each switch can have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from crm_emulator.crms import EmulatedCrms
from crm_emulator.vendor import Vendor

_STATUSES = range(200, 600)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A switch with another value than it has."""

    crm: str
    name: str
    value: Any

    def set_on(self, crms: EmulatedCrms) -> None:
        """Set the switch."""
        vendor = next(each for each in crms.vendors if each.name == self.crm)
        setattr(vendor.switches, self.name, self.value)

    def __str__(self) -> str:
        value = str(self.value).lower() if isinstance(self.value, bool) else self.value
        return f"{self.crm}.{self.name}={value}"


def alternatives(vendor: Vendor) -> Iterator[Alternative]:
    """Name the other values of a CRM's switches: of words, yes or no, and statuses; a number has too many."""
    described = vendor.described_switches()
    for each in fields(vendor.switches):
        value = getattr(vendor.switches, each.name)
        for other in _others(value, described.get(each.name, "")):
            if other != value:
                yield Alternative(vendor.name, each.name, other)


def _others(value: Any, description: str) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int) and value in _STATUSES:
        return [int(each) for each in re.findall(r"\b\d{3}\b", description) if int(each) in _STATUSES]
    if isinstance(value, str):
        words = re.findall(r"``(\w+)``", description.partition(":")[2])
        return [*dict.fromkeys(words), *([""] if "empty" in description.split() or "empty:" in description else [])]
    return []
