"""The receiver of notices: an address that gets one JSON message each, and never holds anybody up for long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

from crm_api.errors import CrmError
from crm_api.transport.answer import Dialect
from crm_api.transport.network import Network, checked_base_url, tokens_in
from crm_api.transport.quota import Quota
from crm_api.transport.redaction import Redactor
from crm_api.transport.request import Request, Unsigned
from crm_api.transport.retry import RetryPolicy
from crm_api.transport.session import CrmSession
from target_crm.ledger.notices import Notices

SETTING = "notify_url"
TIMEOUT_SECONDS = 4.0  # for a connection, and for each next part of an answer
TOTAL_SECONDS = 6.0  # for an answer
LIMIT_SECONDS = 10.0  # for all messages: also a name that nobody resolves


def checked_receiver(url: str) -> str:
    """Check the address of the receiver; returns it without its query.

    Raises:
        SettingError: It cannot work.
    """
    return checked_base_url(url.partition("?")[0], SETTING, shown=False)


class Receiver:
    """Posts messages to an address, which is a secret: it may hold a token.

    Args:
        url: The address; a query is sent with every post.
        network: Proxy and certificates; no credentials of the CRM go there.

    Raises:
        SettingError: The address cannot work.
    """

    def __init__(self, url: str, network: Network) -> None:
        address, _, query = url.partition("?")
        self._query = dict(parse_qsl(query, keep_blank_values=True))
        self._path = "/" if address.endswith("/") else ""  # which the session takes off the address
        self._session = CrmSession(
            checked_receiver(url),
            signature=Unsigned(),
            dialect=Dialect(),
            quota=Quota(),
            network=replace(
                network, headers={}, timeout_seconds=TIMEOUT_SECONDS, total_seconds=TOTAL_SECONDS, max_concurrency=1
            ),
            retry_policy=RetryPolicy(max_attempts=1),
            redact=Redactor([url, *tokens_in(url)]),
        )

    def post(self, message: Mapping[str, Any]) -> None:
        """Post a message.

        Raises:
            CrmError: It was not taken.
        """
        request = Request("POST", self._path, params=self._query, body=dict(message), read=bytes, repeatable=True)
        self._session.exchange(request)

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()


class Telling:
    """Tells what is to be told of one source, in a thread of its own, so that it can be left alone after a while.

    Args:
        notices: What is to be told.
        receiver: Who is told.
        on_end: Called by the thread when it has ended, however late that is.

    Attributes:
        told: The number of messages that were taken.
        failure: Why a message was not taken; empty: all of them were.
    """

    def __init__(self, notices: Notices, receiver: Receiver, on_end: Callable[[], object]) -> None:
        self._notices = notices
        self._receiver = receiver
        self._on_end = on_end
        self.told = 0
        self.failure = ""

    def tell(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        """Post all messages in order, up to the first that is not taken; goes on after so many seconds in any case."""
        thread = Thread(target=self._tell, name="notices", daemon=True)
        thread.start()
        thread.join(limit_seconds)
        if thread.is_alive():
            self.failure = f"no answer came within {limit_seconds:.0f} seconds"

    def _tell(self) -> None:
        try:
            for threshold in self._notices.pending():
                while (message := self._notices.take(threshold)) is not None:
                    if not self._is_taken(threshold, message):
                        return
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody's run ends by it
            self.failure = self.failure or f"{type(error).__name__}: {error}"
        finally:
            self._on_end()

    def _is_taken(self, threshold: str, message: Mapping[str, Any]) -> bool:
        try:
            self._receiver.post(message)
        except CrmError as error:
            answered = "" if error.status is None else f"HTTP {error.status} "
            self.failure = (f"{answered}{error.said}".strip() or "no answer came").rstrip(".")
            self._notices.told(threshold, is_taken=False)
            return False
        self._notices.told(threshold, is_taken=True)
        self.told += 1
        return True
