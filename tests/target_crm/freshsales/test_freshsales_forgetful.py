"""Through a proxy that deletes the eight ids from answers: what a person chose stays, and nothing is written again."""

from __future__ import annotations

import pytest

from tests.target_crm.freshsales.forgetful_proxy import forgetful
from tests.target_crm.messages import record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "email", "owner", "source", "lifecycle_stage", "city")
FILL = {"contacts": {"fields": {"owner_id": "fill_empty", "lead_source_id": "fill_empty"}}}
ONCE = {"contacts": {"fields": {"owner_id": "create_only", "lead_source_id": "create_only"}}}


@pytest.fixture
def vendor(emulator):
    emulator.freshsales.switches.read_ids = "present"  # the proxy does the rest
    return emulator.freshsales


@pytest.fixture
def proxied(emulator, vendor, settings):
    with forgetful(emulator.url) as proxy:
        settings["base_url"] = vendor.base_url.replace(emulator.url, proxy)
        yield


def rows(vendor, count):
    owner, source = vendor.records("owners")[0]["email"], vendor.records("lead_sources")[0]["name"]
    return [
        record_of(
            "contacts", id=n, last_name=f"N{n}", email=f"p{n}@x.org", owner=owner, source=source,
            lifecycle_stage="Customer", city="Graz",
        )
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.daily(one_of=3)
@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize("compared", ["crm", None], ids=["compared with the CRM", "compared with what was sent"])
@pytest.mark.parametrize("streams", [FILL, ONCE, {}], ids=["fill_empty", "create_only", "unprotected"])
@pytest.mark.parametrize("count", [1, 12], ids=["read one by one", "read by the view"])
def test_an_owner_stays_and_the_second_and_the_third_run_write_nothing(run, writes, vendor, streams, compared, count):
    messages = [CONTACTS, *rows(vendor, count)]
    assert run(messages, streams=streams, compare_with=compared).of("contacts") == {"input": count, "created": count}
    owners, sources = vendor.records("owners"), vendor.records("lead_sources")
    if streams:
        chosen = {"owner_id": owners[2]["id"], "lead_source_id": sources[2]["id"]}
        for each in vendor.records("contacts"):
            vendor.change("contacts", each["id"], chosen)
    before, written = vendor.records("contacts"), len(real_writes(writes))
    for dry_run in (True, False, False):
        done = run(messages, streams=streams, compare_with=compared, dry_run=dry_run)
        assert done.code == 0, done.errors
        assert done.of("contacts") == {"input": count, "unchanged": count}
    assert len(real_writes(writes)) == written
    assert vendor.records("contacts") == before


def real_writes(writes):
    return [each for each in writes() if not each.startswith("POST /filtered_search")]
