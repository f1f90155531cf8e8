"""The CRM takes the records that it gives out: mapped back, they change nothing, and elsewhere they are made again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_api.copper.crm import Copper
from crm_api.copper.objects import OBJECTS
from crm_api.copper.session import CopperSettings, connect
from crm_api.crm import Written
from crm_api.crm_objects import Kind
from crm_api.custom_fields import column_names
from crm_emulator.emulator import Emulator
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Change, Mapped

MOMENTS = ("date_created", "date_modified", "date_last_contacted", "due_date", "reminder_date", "activity_date")


def copper_of(emulator: Emulator) -> Copper:
    settings = CopperSettings(
        api_key=emulator.copper.api_key,
        user_email=emulator.copper.user_email,
        base_url=emulator.copper.base_url,
        requests_per_minute=0,
        bulk_requests_per_second=0,
    )
    return Copper(connect(settings), date_order="mdy")


@pytest.fixture(scope="module")
def copper() -> Iterator[Copper]:
    with Emulator(seed=11, sizes=dict.fromkeys(OBJECTS, 120)) as emulator:
        yield copper_of(emulator)


def as_a_tap_emits_it(copper: Copper, name: str, record: dict[str, Any]) -> dict[str, Any]:
    """Dates as text, and each custom field once more under its own name, with labels."""
    emitted = dict(record)
    for moment in MOMENTS:
        if emitted.get(moment) is not None:
            emitted[moment] = datetime.fromtimestamp(emitted[moment], UTC).isoformat().replace("+00:00", "Z")
    fields = {field.id: field for field in copper.custom_fields(OBJECTS[name])}
    columns = column_names((field.id, field.name) for field in fields.values())
    for key, value in copper.custom_values(record).items():
        labels = {option.id: option.spellings[0] for option in fields[key].options}
        if fields[key].kind is Kind.NAME_IDS:
            emitted[columns[key]] = [labels[each] for each in value or ()]
        elif fields[key].kind is Kind.DAY and value is not None:
            emitted[columns[key]] = datetime.fromtimestamp(value, UTC).date().isoformat()
        else:
            emitted[columns[key]] = labels.get(value, value) if labels else value
    return emitted


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("emitted", [False, True], ids=["as the CRM answers it", "as a tap emits it"])
def test_a_record_mapped_back_changes_nothing(copper: Copper, name: str, *, emitted: bool) -> None:
    mapper = Mapper(copper, OBJECTS[name], MappingSettings())
    for record in copper.scan(OBJECTS[name]):
        if name == "activities" and record["type"]["category"] == "system":
            continue
        mapped = mapper.map(as_a_tap_emits_it(copper, name, dict(record)) if emitted else record)
        assert isinstance(mapped, Mapped), (mapped, record)
        assert mapper.change(mapped, record) == Change({}, ())


@pytest.mark.parametrize("name", ["people", "companies", "leads", "opportunities", "projects", "tasks"])
def test_a_record_can_be_made_again_in_another_account(copper: Copper, name: str) -> None:
    mapper = Mapper(copper, OBJECTS[name], MappingSettings(exclude=frozenset({"company_id", "primary_contact_id"})))
    with Emulator(empty=True) as other:
        target = copper_of(other)
        for record in copper.scan(OBJECTS[name]):
            emitted = as_a_tap_emits_it(copper, name, dict(record))
            mapped = mapper.map({key: value for key, value in emitted.items() if key != "related_resource"})
            assert isinstance(mapped, Mapped)
            change = mapper.creation(mapped)
            assert isinstance(change, Change)
            (result,) = target.create(OBJECTS[name], [change.payload], before_send=lambda: None)
            assert isinstance(result, Written), (result, change.payload)
            for sent in change.payload.keys() - {"custom_fields", "address", "websites"}:
                assert result.record[sent] == record[sent], sent
            urls = [[each["url"] for each in made.get("websites", ())] for made in (record, result.record)]
            assert urls[0] == urls[1]
            assert dict(target.custom_values(result.record)).items() >= target.custom_values(change.payload).items()
