"""Copper's declarations with lists that need no network: mapping is pure, given the names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

import pytest

from crm_api.copper.crm import Copper
from crm_api.copper.session import CopperSettings, connect
from crm_api.crm import CustomField, Name
from crm_api.crm_objects import CrmObject, Kind
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Mapped, Rejection

LISTS = {
    "users": [
        Name(137658, ("Jon Lee", "jon@example.com")),
        Name(137659, ("Ana Ruiz", "ana@example.com")),
        Name(137660, ("Sam Po", "sam@example.com")),
        Name(137661, ("Sam Po", "sam.po@example.com")),
    ],
    "pipelines": [Name(1, ("Sales",)), Name(2, ("Renewals",))],
    "pipeline_stages": [
        Name(11, ("Qualified",), within=1),
        Name(12, ("Won",), within=1),
        Name(21, ("Contacted",), within=2),
        Name(22, ("Won",), within=2),
    ],
    "lead_statuses": [Name(5, ("New",)), Name(6, ("Junk",))],
    "customer_sources": [Name(7, ("Trade fair",)), Name(8, ("2024",))],
    "contact_types": [Name(9, ("Customer",))],
    "loss_reasons": [Name(10, ("Price",))],
    "activity_types": [Name(0, ("Note",)), Name(2660, ("Phone Call",))],
}
ALL = frozenset({"people", "companies", "leads", "opportunities", "projects", "tasks"})
CUSTOM_FIELDS = [
    CustomField(638, "Lead Score", Kind.NUMBER, ALL),
    CustomField(639, "Segment", Kind.NAME_ID, ALL, (Name(6391, ("Small",)), Name(6392, ("Large",)))),
    CustomField(640, "Interests", Kind.NAME_IDS, ALL, (Name(6401, ("Golf",)), Name(6402, ("Chess",)))),
    CustomField(641, "Renewal", Kind.DAY, ALL),
    CustomField(642, "Active", Kind.BOOLEAN, ALL),
    CustomField(643, "External Id", Kind.TEXT, ALL),
    CustomField(644, "Partner", Kind.TEXT, ALL, writable=False),
]


class ListedCopper(Copper):
    """Copper whose lists are given."""

    def __init__(self, date_order: str = "mdy") -> None:
        super().__init__(
            connect(CopperSettings(api_key="key-of-nobody", user_email="nobody@example.com")), date_order=date_order
        )
        self.asked: list[str] = []
        self._known["zone"] = UTC

    def names(self, object_name: str) -> Sequence[Name]:
        self.asked.append(object_name)
        return LISTS[object_name]

    def custom_fields(self, of: CrmObject) -> Sequence[CustomField]:
        self.asked.append("custom_fields")
        return [each for each in CUSTOM_FIELDS if of.name in each.objects]


@pytest.fixture
def crm() -> ListedCopper:
    return ListedCopper()


@pytest.fixture(scope="session")
def shared_crm() -> ListedCopper:
    return ListedCopper()


@pytest.fixture
def mapper(crm: ListedCopper) -> Callable[..., Mapper]:
    def make(object_name: str, **rules: Any) -> Mapper:
        return Mapper(crm, crm.objects[object_name], MappingSettings(**rules))

    return make


@pytest.fixture
def mapped(mapper: Callable[..., Mapper]) -> Callable[..., Mapped]:
    """Maps a record that must be accepted."""

    def make(object_name: str, record: dict[str, Any], **rules: Any) -> Mapped:
        result = mapper(object_name, **rules).map(record)
        assert isinstance(result, Mapped), result
        return result

    return make


@pytest.fixture
def rejected(mapper: Callable[..., Mapper]) -> Callable[..., Rejection]:
    """Maps a record that must be rejected."""

    def make(object_name: str, record: dict[str, Any], **rules: Any) -> Rejection:
        result = mapper(object_name, **rules).map(record)
        assert isinstance(result, Rejection), result
        return result

    return make
