"""A session that shows each request and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crm_api.crm import Crm, Request
from crm_api.errors import CrmError
from crm_api.transport.answer import Answer
from target_crm.report.preview import spelled_request

SHOWN_CHARACTERS = 4000  # of an answer


class TracedSession:
    """Passes everything on to a session, and shows each request and its answer.

    Args:
        crm: The CRM account whose session it wraps.
        show: Takes a line to show; secrets are masked.
    """

    def __init__(self, crm: Crm, show: Callable[[str], None]) -> None:
        self._session = crm.session
        self._show = show

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def exchange(self, method: str, path: str, **arguments: Any) -> Answer:
        """Send a request with ``CrmSession.exchange`` and show both sides."""
        parts = {name: arguments.get(name) for name in ("params", "body", "form", "content", "headers")}
        request = Request(method, path, **{name: part for name, part in parts.items() if part is not None})
        self._line(f"> {spelled_request(request)}")
        try:
            answer = self._session.exchange(method, path, **arguments)
        except CrmError as error:
            status = "no answer" if error.status is None else error.status
            self._line(f"< {status} {error.body or error.said}")
            raise
        self._line(f"< {answer.status} {answer.text}")
        return answer

    def _line(self, text: str) -> None:
        self._show(self._session.redact(text)[:SHOWN_CHARACTERS].rstrip())
