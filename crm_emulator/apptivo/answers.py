"""Apptivo's error dialect: HTTP 200 with a FAILURE inside (reference section 9)."""

from __future__ import annotations

from crm_emulator.messages import Answer, RefusalError, json_answer

ALREADY_EXISTS = {"result": "Already exists"}
"""The answer to a duplicate lead while the duplicate check is on (section 9)."""

NO_PAGE = b"<html><head><title>HTTP Status 404 - Not Found</title></head><body><h1>HTTP Status 404</h1></body></html>"


class FailureError(RefusalError):
    """A call that Apptivo answers with a failure and its reason."""


class AlreadyExistsError(RefusalError):
    """A record that the duplicate check refuses."""


def failure(reason: str) -> Answer:
    """Return ``{"status": "FAILURE", "reason"}`` with HTTP 200; the wording is unknown (section 12.4)."""
    return json_answer(200, {"status": "FAILURE", "reason": reason})
