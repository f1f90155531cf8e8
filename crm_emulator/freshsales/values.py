"""The kinds of value that Freshsales' attributes take: what may be sent, and what is kept (reference section 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timezone
from typing import Any, Protocol

from crm_emulator.messages import is_whole


class WrongValueError(ValueError):
    """A value that its kind refuses; the text is the reason."""


class Account(Protocol):
    """The account, as far as types of values need it."""

    @property
    def offset(self) -> timezone:
        """The account's offset from UTC."""

    def exists(self, object_name: str, record_id: int) -> bool:
        """Return whether there is such a record, or such an item of a selector, to refer to."""


class ValueType(Protocol):
    """A kind of value.

    Attributes:
        field_type: The name of the type in /settings/…/fields.
    """

    @property
    def field_type(self) -> str:
        """The name of the type in /settings/…/fields."""

    def read(self, value: Any, account: Account) -> Any:
        """Return the value as it is kept; ``value`` is never None. Raises WrongValueError."""


@dataclass(frozen=True)
class Text:
    """A string; numbers are taken as their digits."""

    longest: int = 255
    field_type: str = "text"

    def read(self, value: Any, account: Account) -> str:  # noqa: ARG002, D102 - as ValueType says
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise WrongValueError("is invalid")
        if len(str(value)) > self.longest:
            raise WrongValueError(f"is too long (maximum is {self.longest} characters)")
        return str(value)


LONG_TEXT = Text(65_535, "textarea")


@dataclass(frozen=True)
class Number:
    """A number, also sent as a numeric string; whole if ``whole``, and kept as text if ``as_text`` (section 4)."""

    whole: bool = False
    as_text: bool = False
    field_type: str = "number"

    def read(self, value: Any, account: Account) -> Any:  # noqa: ARG002, D102 - as ValueType says
        if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,19}(\.\d{1,19})?\s*", value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongValueError("is not a number")
        if self.whole and value != int(value):
            raise WrongValueError("must be an integer")
        if self.as_text:
            return str(float(value))
        return int(value) if self.whole else value


AMOUNT = Number(as_text=True)
WHOLE = Number(whole=True)


@dataclass(frozen=True)
class Flag:
    """True or false."""

    field_type: str = "checkbox"

    def read(self, value: Any, account: Account) -> bool:  # noqa: ARG002, D102 - as ValueType says
        if not isinstance(value, bool):
            raise WrongValueError("must be true or false")
        return value


@dataclass(frozen=True)
class Instant:
    """An instant; ISO 8601 and JavaScript's date texts are both understood (section 4)."""

    field_type: str = "date"

    def read(self, value: Any, account: Account) -> str:  # noqa: D102 - as ValueType says
        return read_instant(value).astimezone(account.offset).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Day:
    """A calendar day."""

    field_type: str = "date"

    def read(self, value: Any, account: Account) -> str:  # noqa: ARG002, D102 - as ValueType says
        return read_instant(value).date().isoformat()


def read_instant(value: Any) -> datetime:
    """Return the instant that a text names, in UTC where it names no zone; raises WrongValueError."""
    if not isinstance(value, str):
        raise WrongValueError("is not a valid date")
    text = re.sub(r"\s*\([^)]*\)\s*$", "", value.strip())
    for form in ("", "%a %b %d %Y %H:%M:%S GMT%z", "%a, %d %b %Y %H:%M:%S %Z"):
        try:
            found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 - given below
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    raise WrongValueError("is not a valid date")


@dataclass(frozen=True)
class Reference:
    """The id of a record or of a selector's item, also sent as a numeric string."""

    object_name: str
    field_type: str = "dropdown"

    def read(self, value: Any, account: Account) -> int:  # noqa: D102 - as ValueType says
        if isinstance(value, str) and is_whole(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not account.exists(self.object_name, value):
            raise WrongValueError("is invalid")
        return value


@dataclass(frozen=True)
class References:
    """A list of such ids."""

    object_name: str
    field_type: str = "auto_complete"

    def read(self, value: Any, account: Account) -> list[int]:  # noqa: D102 - as ValueType says
        if not isinstance(value, list):
            raise WrongValueError("must be an array")
        one = Reference(self.object_name)
        return list(dict.fromkeys(one.read(each, account) for each in value))


@dataclass(frozen=True)
class Tags:
    """A list of words, each once."""

    field_type: str = "auto_complete"

    def read(self, value: Any, account: Account) -> list[str]:  # noqa: ARG002, D102 - as ValueType says
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            raise WrongValueError("must be an array of strings")
        return list(dict.fromkeys(value))


@dataclass(frozen=True)
class Choice:
    """One word out of a list."""

    words: tuple[str, ...]
    field_type: str = "dropdown"

    def read(self, value: Any, account: Account) -> str:  # noqa: ARG002, D102 - as ValueType says
        if value not in self.words:
            raise WrongValueError("is not included in the list")
        return str(value)


@dataclass(frozen=True)
class Structure:
    """An object, or a list of objects, that a rule of its resource looks into."""

    listed: bool = False
    field_type: str = "group_field"

    def read(self, value: Any, account: Account) -> Any:  # noqa: ARG002, D102 - as ValueType says
        items = value if self.listed and isinstance(value, list) else [value]
        if self.listed is not isinstance(value, list) or not all(isinstance(each, dict) for each in items):
            raise WrongValueError("must be an array of objects" if self.listed else "must be an object")
        return value


@dataclass(frozen=True)
class Emails:
    """A string, a list of strings, or a list of ``{id, value, is_primary, label, _destroy}`` (section 4)."""

    field_type: str = "group_field"

    def read(self, value: Any, account: Account) -> list[dict[str, Any]]:  # noqa: D102 - as ValueType says
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise WrongValueError("is invalid")
        read = []
        for item in items:
            each = {"value": item} if isinstance(item, str) else item
            if not isinstance(each, dict) or set(each) - {"id", "value", "is_primary", "label", "_destroy"}:
                raise WrongValueError("is invalid")
            if not (each.get("_destroy") and each.get("id")):
                each = {**each, "value": EmailAddress().read(each.get("value"), account)}
            read.append(each)
        return read


@dataclass(frozen=True)
class EmailAddress:
    """One e-mail address; a blank one is refused (section 4)."""

    field_type: str = "text"

    def read(self, value: Any, account: Account) -> str:  # noqa: ARG002, D102 - as ValueType says
        if not isinstance(value, str) or not value.strip():
            raise WrongValueError("can't be blank")
        if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+", value.strip()):
            raise WrongValueError("is invalid")
        return value.strip()
