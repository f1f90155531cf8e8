"""The debug log: a line for each request and its answer, with values of records only if the user asked for them."""

from __future__ import annotations

import logging
from typing import Any

import requests

from crm_api.errors import BODY_CHARACTERS
from crm_api.transport.answer import Answer
from crm_api.transport.redaction import Redactor

logger = logging.getLogger("crm_api.session")


class Trace:
    """Writes the debug log of one session.

    Args:
        redact: Masks the secrets.
        values: Whether bodies and parameters are shown.
    """

    def __init__(self, redact: Redactor, *, values: bool) -> None:
        self._redact = redact
        self._values = values

    def answered(self, request: requests.Request, path: str, answer: Answer | None, said: str = "") -> None:
        """Log one attempt.

        Args:
            request: The request that was sent.
            path: Path of the request, without the base URL.
            answer: The answer; None if there was none.
            said: Why there was no answer.
        """
        came = said if answer is None else f"{answer.status}, {len(answer.content)} bytes"
        text = self._redact(f"{request.method} {path}: {came}")
        if self._values:
            sent = request.data.decode("utf-8", "replace") if isinstance(request.data, bytes) else request.data
            text += f"; sent {self._shown(request.params or '')} {self._shown(sent or '')}".rstrip()
            text += "" if answer is None else f"; got {self._shown(answer.text)}"
        logger.debug("%s", text)

    def _shown(self, value: Any) -> str:
        return self._redact.cut(str(value), BODY_CHARACTERS)
