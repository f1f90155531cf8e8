"""Freshsales' error dialect (reference section 9)."""

from __future__ import annotations

from collections.abc import Iterable

from crm_emulator.messages import Answer, RefusalError, json_answer

NOT_FOUND = "The record you are looking for does not exist"
FORBIDDEN = "You are not authorised to perform this operation"

_NO_ROUTE = b"""<!DOCTYPE html>
<html>
<head><title>The page you were looking for doesn't exist (404)</title></head>
<body><h1>The page you were looking for doesn't exist.</h1></body>
</html>
"""


class RefusedError(RefusalError):
    """A request that is understood and refused.

    Attributes:
        status: The HTTP status.
        messages: The problems, one sentence each.
    """

    def __init__(self, status: int, messages: Iterable[str]) -> None:
        self.status = status
        self.messages = list(messages)
        super().__init__("; ".join(self.messages))

    def answer(self) -> Answer:
        """Return the body that validation, permission and missing records share (section 9)."""
        return refused(self.status, self.messages)


class InvalidError(RefusedError):
    """A record that breaks the rules; ``Switches.validation_status`` decides between 400 and 422."""

    def __init__(self, messages: Iterable[str]) -> None:
        super().__init__(400, messages)


class NotFoundError(RefusedError):
    """A record that is not there: 404 with a JSON body."""

    def __init__(self) -> None:
        super().__init__(404, [NOT_FOUND])


def refused(status: int, messages: list[str] | str, *headers: tuple[str, str]) -> Answer:
    """Return ``{"errors": {"code", "message"}}``; ``message`` is a list, sometimes a plain string (section 9)."""
    return json_answer(status, {"errors": {"code": status, "message": messages}}, *headers)


def unauthorized() -> Answer:
    """Return the 401, whose body nobody has recorded; this one is from memory (sections 9, 11.1)."""
    return json_answer(401, {"login": "failed", "message": "Invalid credentials. Check your API key."})


def no_route(status: int = 404) -> Answer:
    """Return the answer where no such route is: an HTML page, not JSON (section 9)."""
    return Answer(status, _NO_ROUTE, "text/html; charset=utf-8")


def humanized(name: str) -> str:
    """Write ``last_name`` as error messages do: ``Last name``."""
    return name.removesuffix("_id").removeprefix("cf_").replace("_", " ").capitalize()
