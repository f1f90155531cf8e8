import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from crm_emulator import Clock, CopperSwitches, Emulator, Rate
from crm_emulator.quota import Quota


@given(
    st.lists(st.integers(0, 5), max_size=60),
    st.integers(1, 5),
    st.integers(1, 10),
)
def test_no_window_ever_holds_more_than_the_limit(gaps, limit, seconds):
    quota = Quota((Rate(limit, seconds),))
    now, admitted = 0, []
    for gap in gaps:
        now += gap
        exceeded = quota.admit("GET", "/account", now)
        if exceeded is None:
            admitted.append(now)
        else:
            assert 0 <= exceeded.wait_seconds <= seconds
        inside = [at for at in admitted if at > now - seconds]
        assert len(inside) <= limit
        assert quota.share(now) == len(inside) / limit
        assert (exceeded is None) or len(inside) == limit


def test_a_rate_counts_only_the_routes_it_names():
    quota = Quota((Rate(100, 60), Rate(1, 60, "POST /*/bulk_*")))
    assert [quota.admit("POST", "/people/bulk_create", 0) is None for _ in range(2)] == [True, False]
    assert quota.admit("POST", "/people", 0) is None


def test_a_request_that_is_turned_away_uses_nothing_up():
    quota = Quota((Rate(2, 60), Rate(1, 60, "* /a")))
    assert quota.admit("GET", "/a", 0) is None
    assert quota.admit("GET", "/a", 0) is not None
    assert quota.admit("GET", "/b", 0) is None


@pytest.fixture
def emulator():
    with Emulator(empty=True, quota=True, clock=Clock(frozen_at=1_770_000_000)) as emulator:
        yield emulator


def ask(emulator, path="/account", method="GET", **options):
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    return requests.request(method, emulator.copper.base_url + path, headers=headers, timeout=120, **options)


def test_copper_admits_180_in_any_minute(emulator):
    assert {ask(emulator).status_code for _ in range(180)} == {200}
    emulator.clock.advance(59)
    refused = ask(emulator)
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    emulator.clock.advance(1)
    assert ask(emulator).status_code == 200


def test_copper_admits_3_bulk_calls_in_any_second(emulator):
    body = {"people": [{"name": "Ann"}]}
    answers = [ask(emulator, "/people/bulk_create", "POST", json=body).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert emulator.copper.count("people") == 3
    emulator.clock.advance(1)
    assert ask(emulator, "/companies/bulk_create", "POST", json={"companies": []}).status_code == 200


def test_a_retry_after_can_be_sent(emulator):
    emulator.copper.switches.retry_after = True
    emulator.copper.use_quota((Rate(1, 60),))
    ask(emulator)
    emulator.clock.advance(20.5)
    assert ask(emulator).headers["Retry-After"] == "40"


def test_the_quota_can_be_another_or_none(emulator):
    emulator.copper.use_quota((Rate(1, 60),))
    assert [ask(emulator).status_code for _ in range(2)] == [200, 429]
    emulator.copper.use_quota(())
    assert [ask(emulator).status_code for _ in range(2)] == [200, 200]
    assert emulator.requests[-1].quota_share == 0


def test_the_log_shows_the_share_that_is_used(emulator):
    for _ in range(9):
        ask(emulator)
    assert emulator.requests[-1].quota_share == pytest.approx(0.05)


def test_the_fixture_keeps_no_quota_unless_asked():
    with Emulator(empty=True, clock=Clock(frozen_at=0), switches=CopperSwitches()) as emulator:
        assert {ask(emulator).status_code for _ in range(200)} == {200}
