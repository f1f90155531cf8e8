"""Copper's error dialect (reference section 6.2)."""

from __future__ import annotations

from collections.abc import Iterable

from crm_emulator.messages import Answer, RefusalError, json_answer

PREFIX = "Invalid input: Validation errors: "


def refused(status: int, message: str) -> Answer:
    """Return the standard error body."""
    return json_answer(status, {"success": False, "status": status, "message": message})


class InvalidError(RefusalError):
    """A request that Copper answers with 422, with its reasons.

    Attributes:
        problems: (attribute, reason, code) each; the attribute ``base`` is the record as a whole, the code is what
            a bulk call says instead of the reason.
    """

    def __init__(self, problems: Iterable[tuple[str, str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The recorded grammar: ``<Prefix><Humanized Field>: <reason>``, joined by newlines (section 6.2)."""
        return PREFIX + "\n".join(f"{humanized(name)}: {reason}" for name, reason, _ in self.problems)

    def answer(self) -> Answer:
        """Return the 422 of a single call."""
        return refused(422, self.message)

    def bulk_item(self) -> dict[str, object]:
        """Return the failure as an item in the answer of a bulk call (section 3.2)."""
        message: dict[str, list[dict[str, str]]] = {}
        for name, _, code in self.problems:
            message.setdefault(name, []).append({"error": code})
        return {"success": False, "message": message}


class NotFoundError(RefusalError):
    """A record that is not there."""


class NotAllowedError(RefusalError):
    """A request that is understood and refused, with its status and message."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def invalid(name: str, reason: str, code: str = "invalid") -> InvalidError:
    """Return the error of a single problem with one attribute."""
    return InvalidError([(name, reason, code)])


def unrecognized(names: Iterable[str]) -> tuple[str, str, str]:
    """Return the problem of attributes that Copper does not know (section 2, recorded)."""
    return ("base", f"Unrecognized attributes specified: {', '.join(names)}", "invalid")


def humanized(name: str) -> str:
    """Write ``company_id`` as error messages do: ``Company Id`` (section 6.2)."""
    return " ".join(word.capitalize() for word in name.split("_"))
