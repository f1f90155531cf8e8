"""One request to a CRM, as it is given to the session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import requests
from typing_extensions import override

FORM = "application/x-www-form-urlencoded"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Request:
    """A request: what is sent, and how its answer is taken.

    Attributes:
        method: HTTP method.
        path: Appended to the account's base URL; percent-encode whatever comes from a record. A whole URL is used as it
            is, and gets neither credentials nor ``Network.headers`` unless it has the origin of the base URL.
        params: Query parameters.
        body: Values to send as JSON; None sends no body.
        form: Fields to send form-encoded, in place of ``body``.
        content: Bytes to send as they are, in place of ``body`` and ``form``.
        content_type: The Content-Type of ``content``.
        headers: Headers of this request alone; they never replace the signature.
        success: The statuses that mean success; None for every 2xx.
        read: Makes a value of a body that is not empty; a ValueError says that the body is broken.
        read_only: The request changes nothing, whatever its method (a search by POST): a dry run sends it, too.
        repeatable: Doing it twice is the same as doing it once; None: only if it changes nothing.
        bulk: The request counts against the bulk rates as well.
        template: The path with names in braces for what comes from records, as telemetry shows it; None where no part
            of the path is declared.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    success: Collection[int] | None = None
    read: Callable[[bytes], Any] = msgspec.json.decode
    read_only: bool = False
    repeatable: bool | None = None
    bulk: bool = False
    template: str | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether the request reads only, by its method or because it says so."""
        return self.read_only or self.method in SAFE_METHODS

    @property
    def may_repeat(self) -> bool:
        """Whether the request may be sent again although the first one may have been carried out."""
        return self.changes_nothing if self.repeatable is None else self.repeatable

    @property
    def call(self) -> str:
        """Method and path, by which errors name the request: ``POST /people``."""
        return f"{self.method} {self.path}"


class Unsigned(requests.auth.AuthBase):
    """Signs nothing, and keeps ``requests`` from signing."""

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Renewable(requests.auth.AuthBase, ABC):
    """A signature whose credentials expire."""

    @abstractmethod
    def renew(self) -> None:
        """Get new credentials.

        Raises:
            CrmError: There are none to get.
        """
