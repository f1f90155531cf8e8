"""Stores of a shared quota in which somebody else writes: a sentence, and nothing of it on the terminal as it came."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from crm_api.errors import Exit, StopError
from crm_api.transport.quota import Quota
from crm_api.transport.quota_stores import open_store
from crm_api.transport.rates import Allowance
from tests.machine import import_package
from tests.servers import redis_store

FLOOD = "evil\x1b[2J\n" + "z" * 1_000_000


def opened(url):
    return Quota([Allowance(10, 60)], store=open_store(url, base_url="b", credential="c"))


@pytest.fixture
def redis(redis_server):
    client = import_package("redis").Redis.from_url(redis_server)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def refused(act):
    with pytest.raises(StopError) as caught:
        act()
    assert caught.value.exit is Exit.UNREACHABLE
    sentence = str(caught.value)
    assert "quota" in sentence
    assert sentence.isprintable()
    assert len(sentence) < 700


@pytest.mark.parametrize(
    "strange", ["text", "set", {"until": "soon"}, {"until": FLOOD, "reason": "r"}, {"reason": "r"}]
)
def test_a_pause_in_redis_that_is_none_is_a_sentence(redis_server, redis, strange):
    quota = opened(redis_server)
    quota.pause(5)
    (key,) = redis.keys("singer-crm:quota:*:pause")
    redis.delete(key)
    if isinstance(strange, dict):
        redis.hset(key, mapping=strange)
    else:
        redis.set(key, FLOOD) if strange == "text" else redis.sadd(key, "x")
    refused(lambda: quota.paused)
    quota.close()


@pytest.mark.parametrize("strange", ["text", "infinite"])
def test_turns_in_redis_that_are_none_are_a_sentence(redis_server, redis, strange):
    quota = opened(redis_server)
    quota.take()
    (key,) = redis.keys("singer-crm:quota:*:turns:all")
    redis.delete(key)
    if strange == "text":
        redis.set(key, "x")
    else:
        redis.zadd(key, {f"t{number}": float("inf") for number in range(20)})
    refused(quota.take)
    quota.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_pause_in_a_table_is_shown_short_and_on_one_line(kind, request, tmp_path):
    url = request.getfixturevalue("postgres") if kind == "postgres" else f"sqlite:///{tmp_path / 'quota.sqlite'}"
    quota = opened(url)
    quota.pause(5, FLOOD)
    seconds, reason = quota.paused
    assert 0 < seconds <= 5
    assert reason.isprintable()
    assert len(reason) <= 300
    quota.close()


def test_rows_of_a_file_that_hold_no_times_are_a_sentence(tmp_path):
    path = tmp_path / "quota.sqlite"
    quota = opened(f"sqlite:///{path}")
    quota.pause(5)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE singer_crm_pauses SET ends_at = ?", [FLOOD])
    refused(lambda: quota.paused)
    quota.close()


@pytest.mark.parametrize(
    ("prepare", "password", "code", "said"),
    [
        (
            ["config", "set", "requirepass", "right"],
            ":hidden-77@",
            Exit.SETTINGS,
            "WRONGPASS|invalid username-password",
        ),
        (["config", "set", "requirepass", "right"], "", Exit.SETTINGS, "Authentication required|already authenticated"),
        (["config", "set", "maxmemory", "1"], "", Exit.UNREACHABLE, "maxmemory"),
        (["replicaof", "127.0.0.1", "1"], "", Exit.UNREACHABLE, "read only replica"),
    ],
    ids=["wrong password", "no password", "full", "read-only replica"],
)
def test_a_redis_server_that_refuses_is_a_sentence(prepare, password, code, said):
    with redis_store() as server:
        import_package("redis").Redis(port=server.port).execute_command(*prepare)
        with pytest.raises(StopError, match=said) as caught:
            opened(f"redis://{password}127.0.0.1:{server.port}/0").take()
    assert caught.value.exit is code
    assert "hidden-77" not in str(caught.value)
