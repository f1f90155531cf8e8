"""The quota in a Redis server, which several machines share, by its clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from typing_extensions import override

from crm_api.errors import SettingError
from crm_api.transport.store_failures import QuotaStoreError, shown_text, store_error, whole_number
from crm_api.transport.turns import (
    CONNECT_SECONDS,
    HELD,
    LOCK_WAIT_SECONDS,
    MILLISECONDS,
    Pause,
    QuotaStore,
    TurnLog,
)
from crm_api.transport.waits import FOR_QUOTA_STORE

REDIS_LOCK_SECONDS = 5  # after which the lock of a process that was killed is free again
REDIS_KEPT_SECONDS = 2 * 24 * 60 * 60  # longer than any window: what nobody uses any more goes away by itself


class _RedisTurns(TurnLog):
    """Keeps turns in a sorted set.

    Args:
        client: Client of the server.
        key: The key of the set.
    """

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key

    @override
    def put(self, turn: str, moment: int) -> None:
        with self._client.pipeline() as pipeline:
            pipeline.zadd(self._key, {turn: moment})
            pipeline.expire(self._key, REDIS_KEPT_SECONDS)
            pipeline.execute()

    @override
    def newest(self, index: int) -> int | None:
        found = self._client.zrevrange(self._key, index, index, withscores=True)
        return whole_number(found[0][1]) if found else None

    @override
    def forget(self, before: int, after: int) -> None:
        with self._client.pipeline() as pipeline:
            pipeline.zremrangebyscore(self._key, "-inf", f"({before}")
            pipeline.zremrangebyscore(self._key, f"({after}", "+inf")
            pipeline.execute()


class RedisStore(QuotaStore):
    """Shares turns between machines, by Redis and its clock.

    Args:
        url: URL of the server, ``redis://`` or ``rediss://``.
        account: Hash of the account whose turns they are.

    Raises:
        SettingError: The package ``redis`` is not installed, or the URL is not the URL of a Redis server.
        QuotaStoreError: The server cannot be reached.
    """

    def __init__(self, url: str, account: str) -> None:
        try:
            import redis  # noqa: PLC0415 - an optional dependency
        except ImportError:
            raise SettingError(
                "quota_url is a Redis URL, for which the extra singer-crm[redis] must be installed"
            ) from None
        try:
            self._client: Any = redis.Redis.from_url(
                url, socket_timeout=LOCK_WAIT_SECONDS, socket_connect_timeout=CONNECT_SECONDS
            )
        except ValueError:  # its text may hold a part of the password
            raise SettingError(
                "quota_url must be like redis://:password@host:6379/0, with special characters of the password "
                "encoded (%2F)"
            ) from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._lost: type[Exception] = redis.exceptions.LockError
        self._url = url
        self._prefix = f"singer-crm:quota:{account}"
        try:
            self._client.ping()
        except self._errors as error:
            raise store_error(error, url) from error

    @override
    def now(self) -> int:
        seconds, microseconds = self._client.time()
        return int(seconds) * MILLISECONDS + int(microseconds) // MILLISECONDS

    @override
    def turns(self, name: str) -> TurnLog:
        return _RedisTurns(self._client, f"{self._prefix}:turns:{name}")

    @override
    def pause(self) -> Pause | None:
        until, reason = self._client.hmget(f"{self._prefix}:pause", ["until", "reason"])
        return None if until is None and reason is None else Pause(whole_number(until), shown_text(reason))

    @override
    def set_pause(self, pause: Pause | None) -> None:
        key = f"{self._prefix}:pause"
        with self._client.pipeline() as pipeline:
            pipeline.delete(key)
            if pause is not None:
                pipeline.hset(key, mapping={"until": pause.until, "reason": pause.reason})
                pipeline.expire(key, REDIS_KEPT_SECONDS)
            pipeline.execute()

    @override
    @contextmanager
    def locked(self) -> Iterator[None]:
        lock = self._client.lock(f"{self._prefix}:lock", timeout=REDIS_LOCK_SECONDS, sleep=0.005)
        try:
            with FOR_QUOTA_STORE.told():
                has_it = lock.acquire(blocking_timeout=LOCK_WAIT_SECONDS)
            if not has_it:
                raise QuotaStoreError(said=HELD)
            try:
                yield
            finally:
                with suppress(self._lost):  # it was held for longer than it lasts: the turn is taken all the same
                    lock.release()
        except self._errors as error:
            raise store_error(error, self._url) from error

    @override
    def close(self) -> None:
        self._client.close()
