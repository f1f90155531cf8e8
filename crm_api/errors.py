"""What can go wrong with a CRM, by what the caller may do next.

::

    CrmError
    ├── StopError               nothing further can succeed: end the run
    │   ├── SettingError          a setting is wrong; names it
    │   ├── CredentialsError      the CRM does not accept the key (401)
    │   ├── RedirectError         the CRM answered with another address (3xx); never followed
    │   └── UnreachableError      no attempt reached the CRM: nothing was sent
    ├── RefusedError            this request was refused and nothing was changed: skip it, the next may be fine
    │   ├── InvalidError          the CRM's rules (400, 409, 413, 422)
    │   │   ├── TooLargeError       more records than one request may hold; names the limit
    │   │   └── DuplicateError      the CRM says that it has such a record already
    │   ├── ForbiddenError        the key may not do this (403)
    │   │   └── NotEnabledError     the account lacks the feature
    │   ├── GoneError             no such record (404, 410)
    │   └── NoRouteError          no such address: whatever is sent there, nothing comes of it
    ├── BusyError               wait: the CRM answered 429 or 5xx to every attempt, and nothing is in doubt
    └── InDoubtError            it was sent, and no answer came that says what became of it
"""

from __future__ import annotations

from typing import Any

SHOWN_CHARACTERS = 500  # of what a CRM says: enough for its sentence, too little for its HTML


class CrmError(Exception):
    """Root of the tree. Builds its own sentence from the facts it carries.

    Attributes:
        call: What was tried, for example ``POST /people``; empty if nothing was.
        status: The HTTP status of the answer, or None if there was none.
        said: What the CRM said, redacted and shortened.
        advice: What to change.
        body: The whole answer, redacted: text for the reject file.
    """

    happened = "The CRM did not do what was asked"
    advice = ""

    def __init__(
        self,
        call: str = "",
        *,
        status: int | None = None,
        said: str = "",
        happened: str | None = None,
        advice: str | None = None,
        body: str = "",
    ) -> None:
        self.call = call
        self.status = status
        self.said = said[:SHOWN_CHARACTERS]
        self.body = body
        if happened is not None:
            self.happened = happened
        if advice is not None:
            self.advice = advice
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """What happened, on what, what the CRM answered and what to change, in one line."""
        parts = [self.happened]
        if self.call:
            parts.append(f" on {self.call}")
        if self.status is not None:
            parts.append(f" (HTTP {self.status})")
        text = "".join(parts)
        if self.said:
            text += f": {' '.join(self.said.split())}"
        text = text.rstrip(".") + "."
        return f"{text} {self.advice}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by attributes, since the message is built, not given."""
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(kind: type[CrmError], facts: dict[str, Any]) -> CrmError:
    error = kind.__new__(kind)
    error.__dict__.update(facts)
    Exception.__init__(error, error.sentence)
    return error


class StopError(CrmError):
    """Nothing further can succeed: end the run."""


class SettingError(StopError):
    """A setting is wrong. The sentence is given whole and names the setting."""

    def __init__(self, sentence: str) -> None:
        super().__init__(happened=sentence)


class CredentialsError(StopError):
    """The CRM does not accept the key."""

    happened = "The CRM did not accept the credentials"
    advice = "Check the key and the user it belongs to."


class RedirectError(StopError):
    """The CRM sent us elsewhere: following would leak credentials or turn a POST into a GET."""

    happened = "The CRM answered with a redirect, which is never followed"
    advice = "Check base_url."


class UnreachableError(StopError):
    """No attempt reached the CRM: the name, the port, the proxy or TLS failed before anything was sent."""

    happened = "The CRM cannot be reached"
    advice = "Check base_url, the proxy and the network."


class RefusedError(CrmError):
    """The CRM refused this one request and changed nothing."""

    happened = "The CRM refused"


class InvalidError(RefusedError):
    """The CRM's rules were broken."""


class TooLargeError(InvalidError):
    """One request held more records than the CRM takes.

    Attributes:
        limit: How many it takes.
    """

    happened = "The CRM takes fewer records at once"

    def __init__(self, call: str, *, limit: int, status: int | None, said: str, body: str) -> None:
        self.limit = limit
        super().__init__(call, status=status, said=said, body=body)


class DuplicateError(InvalidError):
    """The CRM has such a record already, by its own rule."""

    happened = "The CRM has such a record already"


class ForbiddenError(RefusedError):
    """The key's user may not do this."""

    happened = "The CRM forbids this to the key's user"


class NotEnabledError(ForbiddenError):
    """The account does not have the feature."""

    happened = "The account does not have this feature"


class GoneError(RefusedError):
    """There is no such record, or no longer."""

    happened = "The CRM has no such record"


class NoRouteError(RefusedError):
    """There is no such address at the CRM: not a record is missing, but what would take any."""

    happened = "The CRM has no such address"
    advice = "Check domain and base_url, and whether the account has this kind of record."


class BusyError(CrmError):
    """Every attempt was answered with 429 or, where repeating is safe, with a server error or nothing."""

    happened = "The CRM gave no usable answer to any attempt"
    advice = "Try again later."


class InDoubtError(CrmError):
    """The request was sent and may or may not have been carried out."""

    happened = "The answer was lost after the request was sent"
    advice = "It may or may not have been carried out."
