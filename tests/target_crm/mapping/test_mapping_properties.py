"""Properties of mapping that hold for any record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crm_api.crm import Crm
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Change, Mapped, Mode, Rejection

ATTRIBUTES = """
    name first_name email emails phone tags city address address__city title assignee assignee_id company_id close_date
    due_date type parent parent_id related_resource status stage pipeline monetary_value win_probability custom_fields
    cf_lead_score cf_segment cf_interests cf_renewal cf_partner id date_created foo details
"""
NAMES = st.sampled_from(ATTRIBUTES.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.sampled_from(["Jon Lee", "Won", "Note", "a@example.com", "2024-05-31", "5/31/2024", "[1", "\ud800", "1e400"])
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "email", "number", "category", "city", "value"]), inner)
    ),
    max_leaves=6,
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=8)
OBJECTS = st.sampled_from(["people", "companies", "leads", "opportunities", "projects", "tasks", "activities"])


def made(crm: Crm, object_name: str, **rules: Any) -> Mapper:
    return Mapper(crm, crm.objects[object_name], MappingSettings(**rules))


@given(object_name=OBJECTS, record=RECORDS, nulls=st.sampled_from(["send", "leave_out"]))
def test_a_record_is_either_mapped_or_rejected(
    shared_crm: Crm, object_name: str, record: dict[str, Any], nulls: str
) -> None:
    mapper = made(shared_crm, object_name, null_values=nulls)
    result = mapper.map(record)
    if isinstance(result, Rejection):
        assert result.kind
        assert result.reason
        return
    assert isinstance(result, Mapped)
    for name in result.payload:
        attribute = mapper.crm_object.attribute(name)
        assert attribute is not None
        assert attribute.creatable
    msgspec.json.encode(result.payload)


@given(object_name=OBJECTS, record=RECORDS, data=st.data())
def test_the_digest_does_not_depend_on_the_order_of_attributes(
    shared_crm: Crm, object_name: str, record: dict[str, Any], data: st.DataObject
) -> None:
    # Where two attributes give one list, their order is the list's.
    record = {
        name: value for name, value in record.items() if name not in {"email", "address__city", "city", "parent_id"}
    }
    mapper = made(shared_crm, object_name)
    one = mapper.map(record)
    other = mapper.map({name: record[name] for name in data.draw(st.permutations(list(record)))})
    if isinstance(one, Mapped):
        assert isinstance(other, Mapped)
        assert one.digest == other.digest


TEXTS = st.none() | st.sampled_from(["", "CEO", "CTO", "x"])
PEOPLE = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXTS,
        "title": TEXTS,
        "city": TEXTS,
        "street": TEXTS,
        "tags": st.lists(st.sampled_from(["a", "A", "b"])),
        "emails": st.lists(st.sampled_from(["a@x.com", "A@x.com", "b@x.com"])),
        "cf_lead_score": st.none() | st.integers(0, 3),
        "cf_interests": st.lists(st.sampled_from(["Golf", "Chess"])),
        "cf_segment": st.none() | st.sampled_from(["Small", "Large"]),
    },
)
MODES = st.dictionaries(
    st.sampled_from(["title", "address", "tags", "emails", "cf_lead_score", "cf_interests"]),
    st.sampled_from([Mode.REPLACE, Mode.FILL_EMPTY, Mode.CREATE_ONLY]),
)


def applied(crm: Crm, current: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return the CRM's record once the change is written: lists and objects are replaced whole."""
    customs = {**crm.custom_values(current), **crm.custom_values(change.payload)}
    return {**current, **change.payload, **crm.custom_container(customs)}


def crm_record(crm: Crm, record: dict[str, Any]) -> dict[str, Any]:
    mapper = made(crm, "people")
    mapped = mapper.map({"name": "x", **record})
    assert isinstance(mapped, Mapped)
    return {"id": 1, "tags": [], "emails": [], "custom_fields": [], **mapped.payload}


@given(before=PEOPLE, record=PEOPLE, modes=MODES, nulls=st.sampled_from(["send", "leave_out"]))
def test_a_change_that_was_made_is_not_made_again(
    shared_crm: Crm, before: dict[str, Any], record: dict[str, Any], modes: dict[str, Mode], nulls: str
) -> None:
    mapper = made(shared_crm, "people", fields=modes, null_values=nulls)
    mapped = mapper.map(record)
    assert isinstance(mapped, Mapped)
    current = crm_record(shared_crm, before)
    after = applied(shared_crm, current, mapper.change(mapped, current))
    again = mapper.change(mapped, after)
    assert again.payload == {}
    assert again.differences == ()


@given(before=PEOPLE, record=PEOPLE, nulls=st.sampled_from(["send", "leave_out"]))
def test_by_default_no_item_of_a_list_is_ever_lost(
    shared_crm: Crm, before: dict[str, Any], record: dict[str, Any], nulls: str
) -> None:
    mapper = made(shared_crm, "people", null_values=nulls)
    mapped = mapper.map(record)
    assert isinstance(mapped, Mapped)
    current = crm_record(shared_crm, before)
    after = applied(shared_crm, current, mapper.change(mapped, current))
    for name in ("tags", "emails"):
        assert after[name][: len(current[name])] == current[name]


@given(before=PEOPLE, record=PEOPLE)
def test_what_is_filled_is_never_overwritten_by_filling(
    shared_crm: Crm, before: dict[str, Any], record: dict[str, Any]
) -> None:
    everything = dict.fromkeys(["name", "title", "address", "tags", "emails", "cf_lead_score"], Mode.FILL_EMPTY)
    mapper = made(shared_crm, "people", fields=everything)
    mapped = mapper.map(record)
    assert isinstance(mapped, Mapped)
    current = crm_record(shared_crm, before)
    change = mapper.change(mapped, current)
    for name in change.payload.keys() - {"address", "custom_fields"}:
        assert not current.get(name)
    for part, value in (current.get("address") or {}).items():
        assert change.payload.get("address", current.get("address"))[part] == value


@given(record=PEOPLE)
def test_the_differences_of_a_creation_are_all_that_is_created(shared_crm: Crm, record: dict[str, Any]) -> None:
    mapper = made(shared_crm, "people")
    mapped = mapper.map({**record, "name": "x"})
    assert isinstance(mapped, Mapped)
    created = mapper.creation(mapped)
    assert isinstance(created, Change)
    names = {each.attribute for each in created.differences}
    assert {name for name in names if not name.startswith("cf_")} == created.payload.keys() - {"custom_fields"}
    assert len([name for name in names if name.startswith("cf_")]) == len(shared_crm.custom_values(created.payload))


def test_moments_of_any_zone_are_one_instant(shared_crm: Crm) -> None:
    tasks = made(shared_crm, "tasks")
    digests = set()
    for spelling in ("2024-05-31T09:30:00Z", "2024-05-31T11:30:00+02:00", datetime(2024, 5, 31, 9, 30, tzinfo=UTC)):
        mapped = tasks.map({"name": "A", "due_date": spelling})
        assert isinstance(mapped, Mapped)
        digests.add(mapped.digest)
    assert len(digests) == 1
