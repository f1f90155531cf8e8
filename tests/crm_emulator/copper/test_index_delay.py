import pytest

DELAY = 40


@pytest.fixture
def lagging(emulator):
    emulator.copper.switches.index_delay_seconds = DELAY
    return emulator


def test_a_new_record_is_fetched_at_once_and_found_later(lagging, copper):
    record = copper.ok("POST", "/people", {"name": "Ann Lee"})
    assert copper.ok("GET", f"/people/{record['id']}")["name"] == "Ann Lee"
    assert (copper.ids("people"), copper.total("people")) == ([], 0)
    lagging.clock.advance(DELAY - 1)
    assert copper.ids("people") == []
    lagging.clock.advance(1)
    assert copper.ids("people") == [record["id"]]


def test_a_changed_record_is_found_as_it_was(lagging, copper):
    record = copper.ok("POST", "/people", {"name": "Ann Lee", "tags": ["old"]})
    lagging.clock.advance(DELAY)
    copper.ok("PUT", f"/people/{record['id']}", {"name": "Bob Ray", "tags": ["new"]})
    assert copper.search("people")[0]["name"] == "Ann Lee"
    assert copper.ids("people", tags=["old"]) == [record["id"]]
    assert copper.ids("people", tags=["new"]) == []
    lagging.clock.advance(DELAY)
    assert copper.search("people")[0]["name"] == "Bob Ray"
    assert copper.ids("people", tags=["new"]) == [record["id"]]


def test_a_deleted_record_is_still_found(lagging, copper):
    record = copper.ok("POST", "/people", {"name": "Ann Lee"})
    lagging.clock.advance(DELAY)
    copper.ok("DELETE", f"/people/{record['id']}")
    assert copper.ids("people") == [record["id"]]
    copper.refused("GET", f"/people/{record['id']}", status=404)
    lagging.clock.advance(DELAY)
    assert (copper.ids("people"), copper.total("people")) == ([], 0)


def test_several_changes_show_one_after_another(lagging, copper):
    record = copper.ok("POST", "/people", {"name": "First"})
    for name in ("Second", "Third"):
        lagging.clock.advance(10)
        copper.ok("PUT", f"/people/{record['id']}", {"name": name})
    seen = []
    for _ in range(5):
        lagging.clock.advance(10)
        seen.append([each["name"] for each in copper.search("people")])
    assert seen == [[], ["First"], ["Second"], ["Third"], ["Third"]]


@pytest.mark.usefixtures("lagging")
def test_uniqueness_does_not_lag(copper):
    body = {"name": "Ann Lee", "emails": [{"email": "ann@lee.example", "category": "work"}]}
    copper.ok("POST", "/people", body)
    assert "Emails" in copper.refused("POST", "/people", body)
    assert copper.search("people", emails=["ann@lee.example"]) == []
    assert copper.ok("POST", "/people/fetch_by_email", {"email": "ann@lee.example"})["name"] == "Ann Lee"
