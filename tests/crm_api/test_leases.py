"""Leases in each store of a shared quota: one ledger writes an account; a lease that is not renewed ends by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_api.transport.leases import LEASE_SECONDS, Claim, SQLiteLeases, open_leases
from crm_api.transport.store_failures import QuotaStoreError
from tests.machine import import_package

OURS = Claim("copper 1", "ledger A", "run 1", "process 1 on a")
SAME_LEDGER = replace(OURS, run_id="run 2", holder="process 2 on b")
OTHER_LEDGER = Claim("copper 1", "ledger B", "run 3", "process 3 on c")
OTHER_ACCOUNT = replace(OTHER_LEDGER, account="copper 2")


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def url(request, tmp_path):
    """A store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'quota.sqlite'}"
    if request.param == "postgres":
        return request.getfixturevalue("postgres")
    server = request.getfixturevalue("redis_server")
    import_package("redis").Redis.from_url(server).flushdb()
    return server


@pytest.fixture
def leases(url):
    return open_leases(url)


def let_pass(url, seconds):
    """Have all leases end so many seconds earlier, as if that time had gone by."""
    if url.startswith("redis"):
        client = import_package("redis").Redis.from_url(url)
        script = """
            for _, key in ipairs(redis.call('KEYS', 'singer-crm:lease:*')) do
                local rows = redis.call('HGETALL', key)
                for at = 1, #rows, 2 do
                    local row = cjson.decode(rows[at + 1])
                    row['until'] = row['until'] - tonumber(ARGV[1])
                    redis.call('HSET', key, rows[at], cjson.encode(row))
                end
            end
        """
        client.eval(script, 0, seconds)
        return
    statement = f"UPDATE singer_crm_leases SET until = until - {seconds}"  # noqa: S608 - a number
    if url.startswith("sqlite"):
        with open_leases(url)._transaction() as connection:
            connection.execute(statement)
        return
    with import_package("psycopg").connect(url) as connection:
        connection.execute(statement)


def test_a_note_is_kept_under_its_name_until_the_next(leases, url):
    assert leases.noted("copper 1 a") is None
    leases.note("copper 1 a", '{"generation": 1}')
    leases.note("copper 1 a", '{"generation": 2, "name": "Zoë"}')
    leases.note("copper 2 a", "{}")
    assert open_leases(url).noted("copper 1 a") == '{"generation": 2, "name": "Zoë"}'
    assert leases.noted("copper 2 a") == "{}"


def test_one_ledger_has_an_account_until_it_gives_it_back(leases):
    assert leases.take(OURS) is None
    assert leases.take(OTHER_LEDGER) == "process 1 on a"
    assert leases.take(OTHER_ACCOUNT) is None
    leases.release(OURS)
    assert leases.take(OTHER_LEDGER) is None


def test_runs_of_one_ledger_do_not_exclude_each_other_and_the_last_of_them_frees_it(leases):
    assert leases.take(OURS) is None
    assert leases.take(SAME_LEDGER) is None
    leases.release(OURS)
    assert leases.take(OTHER_LEDGER) == "process 2 on b"
    leases.release(SAME_LEDGER)
    assert leases.take(OTHER_LEDGER) is None


def test_a_lease_ends_by_itself_unless_it_is_renewed(leases, url):
    leases.take(OURS)
    let_pass(url, LEASE_SECONDS / 2)
    assert leases.take(OURS) is None  # renewed
    let_pass(url, LEASE_SECONDS - 5)
    assert leases.take(OTHER_LEDGER) == "process 1 on a"
    let_pass(url, 6)
    assert leases.take(OTHER_LEDGER) is None
    assert leases.take(OURS) == "process 3 on c"  # it has slept over its end


def test_what_nobody_uses_any_more_goes_from_redis_by_itself(redis_server):
    leases = open_leases(redis_server)
    leases.take(replace(OURS, account="copper 77"))
    client = import_package("redis").Redis.from_url(redis_server)
    assert 0 < client.ttl("singer-crm:lease:copper 77") <= LEASE_SECONDS


def test_a_store_that_fails_is_an_error_without_its_password(tmp_path):
    for url in ("redis://:hidden@127.0.0.1:1/0", "postgresql://u:hidden@127.0.0.1:1/x"):
        with pytest.raises(QuotaStoreError) as caught:
            open_leases(url).take(OURS)
        assert "hidden" not in str(caught.value)
    with pytest.raises(QuotaStoreError):
        SQLiteLeases(tmp_path / "none" / "x").take(OURS)


def test_a_holder_that_somebody_else_wrote_is_shown_short_and_on_one_line(leases):
    assert leases.take(replace(OTHER_LEDGER, holder="x\x1b[31m\n" + "y" * 100_000)) is None
    holder = leases.take(OURS)
    assert holder is not None
    assert holder.isprintable()
    assert len(holder) <= 300
