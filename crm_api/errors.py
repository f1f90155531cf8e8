"""Errors of a CRM, by what the caller may do next, and the exit codes of the commands that they end.

::

    CrmError
    ├── StopError               no further request can succeed: end the run
    │   ├── SettingError          a setting is wrong; names it
    │   ├── CredentialsError      the CRM does not accept the key (401)
    │   ├── RedirectError         the CRM answered with a redirect (3xx), which is never followed
    │   └── UnreachableError      no connection to the CRM: nothing was sent
    ├── RefusedError            this request was refused and changed nothing: go on with the next
    │   ├── InvalidError          the request breaks the CRM's rules (400, 409, 413, 422)
    │   │   ├── TooLargeError       more records than one request may hold; names the limit
    │   │   └── DuplicateError      the CRM has such a record already, by its own rule
    │   ├── ForbiddenError        the key may not do this (403)
    │   │   └── NotEnabledError     the account lacks the feature
    │   ├── GoneError             no such record (404, 410)
    │   └── NoRouteError          no such address
    ├── BusyError               the CRM answered 429 or 5xx to every attempt, and nothing is in doubt: wait
    └── InDoubtError            the request was sent, and no answer says whether it was carried out
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any, ClassVar

SHOWN_CHARACTERS = 500  # of a CRM's own words: enough for a sentence, too little for a page of HTML
BODY_CHARACTERS = 4000  # of a body: enough to see what went wrong, too little to fill a disk
SIGNAL_OFFSET = 128  # plus the number of the signal that ended a run


class Exit(IntEnum):
    """The exit codes of the commands."""

    DONE = 0
    """Everything came to an outcome."""
    FAILED = 1
    """Records, the input, the output or a stream: what was given or asked for could not be carried out whole."""
    SETTINGS = 2
    """A setting is wrong, or the CRM does not accept the key."""
    BRAKE = 3
    """A brake held deletes back."""
    UNREACHABLE = 4
    """Something that a run depends on cannot be reached, or was lost: the CRM, the ledger, a lock, a store."""
    BUSY = 5
    """Another run is at it."""


class Retry(StrEnum):
    """Whether it helps to run the same again, with nothing else changed."""

    NO = "no"
    NOW = "now"
    LATER = "later"


class CrmError(Exception):
    """Root of the tree. Its message is made of the facts that it carries.

    Attributes:
        exit: The exit code of a command that this error ends.
        retry: Whether it helps to run that command again; None: as its exit code says.
        retry_after_seconds: How long to wait before that; None if nobody said.
        call: Method and path of the request, for example ``POST /people``; empty if there was none.
        status: HTTP status of the answer; None if there was no answer.
        said: The CRM's own words, which whoever raises the error has redacted, and then shortened.
        advice: What the user can change.
        body: The answer, redacted and shortened: text for the reject file.
    """

    happened = "The CRM did not do what was asked"
    advice = ""
    exit: ClassVar[Exit] = Exit.FAILED
    retry: ClassVar[Retry | None] = None
    retry_after_seconds: float | None = None

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
        self.said = said
        self.body = body
        if happened is not None:
            self.happened = happened
        if advice is not None:
            self.advice = advice
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The message in one line: what happened, on which call, what the CRM answered, and what to change."""
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
    """No further request can succeed: end the run."""


class SettingError(StopError):
    """A setting is wrong; the sentence names it."""

    exit = Exit.SETTINGS

    def __init__(self, sentence: str) -> None:
        super().__init__(happened=sentence)


class CredentialsError(StopError):
    """The CRM does not accept the key."""

    exit = Exit.SETTINGS
    happened = "The CRM did not accept the credentials"
    advice = "Check the key and the user it belongs to."


class RedirectError(StopError):
    """The CRM answered with a redirect; following it would leak credentials or turn a POST into a GET."""

    exit = Exit.SETTINGS
    happened = "The CRM answered with a redirect, which is never followed"
    advice = "Check base_url."


class UnreachableError(StopError):
    """No connection to the CRM: the name, the port, the proxy or TLS failed before anything was sent."""

    exit = Exit.UNREACHABLE
    happened = "The CRM cannot be reached"
    advice = "Check base_url, the proxy and the network."


class RefusedError(CrmError):
    """The CRM refused this one request and changed nothing."""

    happened = "The CRM refused"


class InvalidError(RefusedError):
    """The request breaks the CRM's rules."""


class TooLargeError(InvalidError):
    """The request held more records than the CRM takes at once.

    Attributes:
        limit: How many records the CRM takes at once.
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
    """The CRM has no such record, or has it no longer."""

    happened = "The CRM has no such record"


class NoRouteError(RefusedError):
    """The CRM has no such address: not one record is missing, but the place for all of them."""

    happened = "The CRM has no such address"
    advice = "Check domain and base_url, and whether the account has this kind of record."


class BusyError(CrmError):
    """Every attempt was answered with 429 or, where repeating is safe, with a server error or not at all."""

    exit = Exit.UNREACHABLE
    happened = "The CRM gave no usable answer to any attempt"
    advice = "Try again later."


class InDoubtError(CrmError):
    """The request was sent and may or may not have been carried out."""

    happened = "No answer came after the request was sent"
    advice = "It may or may not have been carried out."
