"""Calls in any order, after which an account is still sound."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from crm_emulator.freshsales.vendor import Freshsales

EMAILS = st.sampled_from(["a@b.example", "A@B.example", "c@d.example", "e@f.example"])
PLACES = st.integers(0, 5)
CALLS = st.one_of(
    st.tuples(st.just("create"), st.lists(EMAILS, min_size=1, max_size=2)),
    st.tuples(st.just("upsert"), EMAILS),
    st.tuples(st.just("bulk"), st.lists(EMAILS, min_size=1, max_size=3)),
    st.tuples(st.just("move"), st.tuples(PLACES, EMAILS)),
    st.tuples(st.just("delete"), PLACES),
    st.tuples(st.just("forget"), PLACES),
    st.tuples(st.just("destroy"), st.lists(PLACES, min_size=1, max_size=3)),
    st.tuples(st.just("clone"), PLACES),
)


class Caller:
    """Caller that remembers every id that it was ever given."""

    def __init__(self, suite: Any) -> None:
        self.suite = suite
        self.ids: list[int] = []

    def id_at(self, place: int) -> int:
        return self.ids[place % len(self.ids)] if self.ids else 7

    def __call__(self, name: str, value: Any) -> None:
        match name:
            case "create":
                answer = self.suite("POST", "/contacts", {"contact": {"emails": value}})
            case "upsert":
                body = {"unique_identifier": {"emails": value}, "contact": {"city": "Graz"}}
                answer = self.suite("POST", "/contacts/upsert", body)
                assert answer.ok, answer.text
            case "bulk":
                rows = [{"emails": email, "data": {}} for email in value]
                answer = self.suite("POST", "/contacts/bulk_upsert", {"contacts": rows})
            case "move":
                place, email = value
                answer = self.suite("PUT", f"/contacts/{self.id_at(place)}", {"contact": {"email": email}})
            case "delete":
                answer = self.suite("DELETE", f"/contacts/{self.id_at(value)}")
            case "forget":
                answer = self.suite("DELETE", f"/contacts/{self.id_at(value)}/forget")
            case "destroy":
                ids = [self.id_at(place) for place in value]
                answer = self.suite("POST", "/contacts/bulk_destroy", {"selected_ids": ids})
            case _:
                answer = self.suite("POST", f"/contacts/{self.id_at(value)}/clone", {"contact": {"last_name": "x"}})
        assert answer.status_code in {200, 201, 400, 404}, answer.text
        self.ids = sorted({*self.ids, *(record["id"] for record in self.suite.vendor.records("contacts"))})


def addresses(vendor: Freshsales) -> Counter[str]:
    return Counter(each["value"].lower() for record in vendor.records("contacts") for each in record["emails"])


@settings(max_examples=40)
@given(calls=st.lists(CALLS, max_size=14))
def test_no_order_of_calls_gives_one_address_to_two_contacts_or_loses_one(suite_afresh, calls):
    suite = suite_afresh()
    call = Caller(suite)
    for name, value in calls:
        call(name, value)
        assert set(addresses(suite.vendor).values()) <= {1}
    live = {record["id"] for record in suite.vendor.records("contacts")}
    recycled = {record["id"] for record in suite.vendor.recycled("contacts")}
    assert not live & recycled
    for contact in call.ids:
        assert suite("GET", f"/contacts/{contact}").ok == (contact in live)
    for record in suite.vendor.records("contacts"):
        assert len([each for each in record["emails"] if each["is_primary"]]) == bool(record["emails"])
        for each in record["emails"]:
            found = suite.get(f"/lookup?q={each['value']}&f=email&entities=contact")["contacts"]["contacts"]
            assert [hit["id"] for hit in found] == [record["id"]]
