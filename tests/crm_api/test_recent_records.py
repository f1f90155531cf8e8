"""Recent answers are found again however many there are, and take no more memory the more there are."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_api.records.recent_records import IN_MEMORY, SPILLED_AT_ONCE, RecentRecords

MANY = 8 * IN_MEMORY


def record(number: int) -> dict[str, Any]:
    return {"id": number, "name": f"P{number}", "tags": ["a", None, 1.5], "value": Decimal("1.10"), "note": "x" * 500}


def test_every_record_is_found_again_as_it_was() -> None:
    recent = RecentRecords(60, clock=lambda: 0.0)
    for number in range(MANY):
        recent.remember(number, record(number))
    recent.remember(3, {"id": 3, "name": "changed"})
    assert recent.get(3) == {"id": 3, "name": "changed"}
    assert recent.get("4") is None  # a text is no number
    assert all(recent.get(number) == record(number) for number in (0, 1, IN_MEMORY, MANY - 1))
    recent.lose(1)
    recent.forget(0)
    assert recent.get(0) is recent.get(1) is None
    assert recent.is_gone(1)
    recent.close()


def test_more_records_take_no_more_memory() -> None:
    def taken(count: int) -> int:
        recent = RecentRecords(60, clock=lambda: 0.0)
        tracemalloc.start()
        for number in range(count):
            recent.remember(number, record(number))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        recent.close()
        return most

    assert taken(MANY) < 1.5 * taken(IN_MEMORY + SPILLED_AT_ONCE)


@given(st.lists(st.tuples(st.integers(0, 3000), st.floats(0, 0.5), st.booleans()), max_size=60))
def test_a_record_is_remembered_for_its_time_and_no_longer(steps: list[tuple[int, float, bool]]) -> None:
    now = [0.0]
    recent = RecentRecords(5, clock=lambda: now[0])
    known: dict[int, tuple[float, dict[str, Any]]] = {}
    for first, pause, is_forgotten in steps:
        now[0] += pause
        for number in range(first, first + 200):
            known[number] = now[0], {"id": number, "at": now[0]}
            recent.remember(number, known[number][1])
        if is_forgotten:
            recent.forget(first)
            del known[first]
        for number in range(first - 5, first + 205):
            at, expected = known.get(number, (-10.0, {}))
            assert recent.get(number) == (expected if now[0] - at <= 5 else None)
    recent.close()
