"""Updates with any attributes sent and any listed: exactly those that are both are applied (section 6)."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_emulator import Emulator

NAMES = ("firstName", "jobTitle", "companyName", "description", "potentialAmount", "emailAddresses", "addresses")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.none() | st.text("abc é", min_size=1, max_size=5).filter(str.strip) for name in NAMES[:4]},
    "potentialAmount": st.none() | st.integers(0, 10**6),
    "emailAddresses": st.lists(st.sampled_from(["a@b.example", "c@d.example"]), max_size=2, unique=True).map(
        lambda emails: [{"emailAddress": email} for email in emails]
    ),
    "addresses": st.lists(st.sampled_from(["Graz", "Wien"]), max_size=2).map(
        lambda cities: [{"city": city} for city in cities]
    ),
}
SENT = st.fixed_dictionaries({}, optional=VALUES)
LISTED = st.lists(st.sampled_from([*NAMES, "address"]), unique=True)


@pytest.fixture(scope="module")
def vendor():
    with Emulator(empty=True) as emulator:
        yield emulator.apptivo


@settings(max_examples=60)
@given(updates=st.lists(st.tuples(SENT, LISTED, st.booleans()), max_size=4))
def test_an_update_applies_what_is_both_sent_and_listed(vendor, updates):
    keys = {"apiKey": vendor.api_key, "accessKey": vendor.access_key}

    def call(action: str, **values: Any) -> Any:
        form = {name: json.dumps(value) for name, value in values.items()}
        return requests.post(f"{vendor.base_url}/leads", data={"a": action, **form, **keys}, timeout=120).json()["lead"]

    lead = call("save", leadData={"lastName": "Rivera"})
    expected = {name: lead[name] for name in NAMES}
    for version, (sent, listed, flagged) in enumerate(updates, 1):
        applied = {name for name in listed if name not in {"address", "addresses"}}
        applied |= {"addresses"} if "address" in listed and flagged else set()
        expected |= {name: sent[name] for name in applied & set(sent)}
        lead = call("update", leadId=lead["leadId"], leadData=sent, attributeNames=listed, isAddressUpdate=flagged)
        assert {name: lead[name] for name in NAMES} == expected
        assert (lead["lastName"], lead["version"]) == ("Rivera", version)
        assert lead["fullName"] == " ".join(filter(None, (expected["firstName"], "Rivera")))
