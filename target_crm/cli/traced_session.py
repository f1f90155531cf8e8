"""A session that shows each request and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crm_api.crm import BeforeSend, Crm
from crm_api.errors import BODY_CHARACTERS, CrmError
from crm_api.transport.answer import Answer
from crm_api.transport.request import Request
from target_crm.report.preview import spelled_request


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

    def exchange(self, request: Request, *, before_send: BeforeSend | None = None) -> Answer:
        """Show a request, send it with the session behind this one, and show its answer or its failure."""
        self._line(f"> {spelled_request(request)}")
        try:
            answer = self._session.exchange(request, before_send=before_send)
        except CrmError as error:
            status = "no answer" if error.status is None else error.status
            self._line(f"< {status} {error.body or error.said}")
            raise
        self._line(f"< {answer.status} {answer.text}")
        return answer

    def _line(self, text: str) -> None:
        self._show(self._session.redact.cut(text, BODY_CHARACTERS).rstrip())
