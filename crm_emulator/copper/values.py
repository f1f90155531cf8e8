"""The kinds of value that Copper's attributes take: what may be sent, and what is kept (reference sections 2.1, 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from crm_emulator.copper.answers import humanized
from crm_emulator.messages import spelled

LARGEST = 1 << 63
"""A bound that no number reaches."""

LATEST = 253_402_300_799
"""The last second of the year 9999."""


class WrongValueError(ValueError):
    """A value that its kind refuses; the text is the reason."""


class Account(Protocol):
    """The account, as far as types of values need it."""

    @property
    def date_order(self) -> str:
        """``mdy`` or ``dmy``."""

    @property
    def zone(self) -> tzinfo:
        """The account's time zone."""

    def exists(self, object_name: str, record_id: int) -> bool:
        """Return whether there is such a record to refer to."""


class ValueType(Protocol):
    """A kind of value: called with (attribute, value, account), it gives the value as it is kept.

    The value is never None. It raises WrongValueError.
    """

    @property
    def empty(self) -> Any:
        """The value of an attribute that was never set, or was cleared with null; ``()`` stands for a list."""

    def __call__(self, name: str, value: Any, account: Account, /) -> Any:
        """Read a value that was sent."""


@dataclass(frozen=True)
class Text:
    """A string of at most ``longest`` characters."""

    longest: int = 65_535
    empty: Any = None

    def __call__(self, _name: str, value: Any, _account: Account, /) -> str:
        """Return the value as it is kept; see ``ValueType``."""
        if not isinstance(value, str):
            raise WrongValueError("must be a string")
        if len(value) > self.longest:
            raise WrongValueError(f"is too long (maximum is {self.longest} characters)")
        return value


@dataclass(frozen=True)
class Number:
    """A number between bounds, whole if ``whole``."""

    whole: bool = False
    low: float | None = None
    high: float | None = None
    empty: Any = None

    def __call__(self, _name: str, value: Any, _account: Account, /) -> float:
        """Return the value as it is kept; see ``ValueType``."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            raise WrongValueError("is not an integer" if self.whole else "is not a number")
        number: float = value
        if (
            abs(number) >= LARGEST
            or (self.low is not None and number < self.low)
            or (self.high is not None and number > self.high)
        ):
            raise WrongValueError("is out of range")
        return number


@dataclass(frozen=True)
class Instant:
    """Unix seconds; a date as text is taken too and becomes midnight at the account's clock (sections 7.2, 10)."""

    empty: Any = None

    def __call__(self, _name: str, value: Any, account: Account, /) -> int:
        """Return the value as it is kept; see ``ValueType``."""
        if isinstance(value, str):
            return local_midnight(value, account)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LATEST:
            raise WrongValueError("is not a valid timestamp")
        return value


@dataclass(frozen=True)
class DateText:
    """A date as text in the account's order, kept unpadded as real accounts return it (section 7.2)."""

    empty: Any = None

    def __call__(self, name: str, value: Any, account: Account, /) -> str:
        """Return the value as it is kept; see ``ValueType``."""
        order = account.date_order
        if isinstance(value, str):
            return write_date(read_date(value, order), order)
        return write_date(datetime.fromtimestamp(Instant()(name, value, account), UTC), order)


def read_date(text: str, order: str) -> datetime:
    """Return midnight UTC of ``1/23/2017`` (mdy) or ``23/1/2017`` (dmy); raises WrongValueError."""
    try:
        return datetime.strptime(text, "%m/%d/%Y" if order == "mdy" else "%d/%m/%Y").replace(tzinfo=UTC)
    except ValueError:
        raise WrongValueError("is not a valid date") from None


def local_midnight(text: str, account: Account) -> int:
    """Return the Unix seconds of midnight at the account's clock; raises WrongValueError (section 10)."""
    return int(read_date(text, account.date_order).replace(tzinfo=account.zone).timestamp())


def write_date(date: datetime, order: str) -> str:
    """Write a date as text in the account's order, without leading zeros."""
    first, second = (date.month, date.day) if order == "mdy" else (date.day, date.month)
    return f"{first}/{second}/{date.year}"


@dataclass(frozen=True)
class Choice:
    """One word out of a list."""

    words: tuple[str, ...]
    empty: Any = None

    def __call__(self, _name: str, value: Any, _account: Account, /) -> str:
        """Return the value as it is kept; see ``ValueType``."""
        if value not in self.words:
            raise WrongValueError(f"must be one of: {', '.join(self.words)}")
        return str(value)


@dataclass(frozen=True)
class Reference:
    """The id of a record of another object."""

    object_name: str
    empty: Any = None

    def __call__(self, name: str, value: Any, account: Account, /) -> int:
        """Return the value as it is kept; see ``ValueType``."""
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise WrongValueError(
                f"Invalid value for {humanized(name)}: IDs must be positive integers: {spelled(value)}"
            )
        if not account.exists(self.object_name, value):
            raise WrongValueError(f"not found: {spelled(value)}")
        return value


ADDRESS_PARTS = ("street", "city", "state", "postal_code", "country")


@dataclass(frozen=True)
class Address:
    """The address object (section 2.1)."""

    empty: Any = None

    def __call__(self, _name: str, value: Any, _account: Account, /) -> dict[str, str | None]:
        """Return the value as it is kept; see ``ValueType``."""
        if not isinstance(value, dict) or not set(value) <= set(ADDRESS_PARTS):
            raise WrongValueError(f"must be an object of {', '.join(ADDRESS_PARTS)}")
        if not all(part is None or isinstance(part, str) for part in value.values()):
            raise WrongValueError("has a part that is not a string")
        return {part: value.get(part) for part in ADDRESS_PARTS}


def _labelled(label: str, categories: tuple[str, ...], value: Any) -> dict[str, str | None]:
    if not isinstance(value, dict) or not set(value) <= {label, "category"} or not isinstance(value.get(label), str):
        raise WrongValueError(f"must be objects of {label} and category")
    category = value.get("category")
    if category is not None and category not in categories:
        raise WrongValueError(f"has a category that is not one of: {', '.join(categories)}")
    return {label: value[label], "category": category}


def _looks_like_email(text: str) -> bool:
    local, at, domain = text.partition("@")
    return bool(local and at and "." in domain and not set(text) & set(" ,;<>@\t\n") - {"@"} and text.count("@") == 1)


@dataclass(frozen=True)
class Labelled:
    """A list of objects with a category: e-mails, phone numbers, socials, websites (section 2.1)."""

    label: str
    categories: tuple[str, ...]
    check: Callable[[str], bool] | None = None

    empty: Any = ()

    def __call__(self, _name: str, value: Any, _account: Account, /) -> list[dict[str, str | None]]:
        """Return the value as it is kept; see ``ValueType``."""
        if not isinstance(value, list):
            raise WrongValueError("must be an array")
        read = [_labelled(self.label, self.categories, each) for each in value]
        for each in read:
            if self.check and not self.check(each[self.label] or ""):
                raise WrongValueError(f"is invalid: {each[self.label]}")
        return read


@dataclass(frozen=True)
class SingleEmail:
    """The one e-mail of a lead (section 4.3)."""

    empty: Any = None

    def __call__(self, _name: str, value: Any, _account: Account, /) -> dict[str, str | None]:
        """Return the value as it is kept; see ``ValueType``."""
        read = _labelled("email", EMAIL_CATEGORIES, value)
        if not _looks_like_email(read["email"] or ""):
            raise WrongValueError(f"is invalid: {read['email']}")
        return read


def without_ids(kind: ValueType, value: Any) -> Any:
    """Return a value without the ids that a client gives to addresses and items when it sends a whole record (10)."""
    if isinstance(kind, Labelled) and isinstance(value, list):
        return [_without_id(each) for each in value]
    return _without_id(value) if isinstance(kind, Address | SingleEmail) else value


def _without_id(value: Any) -> Any:
    return {name: part for name, part in value.items() if name != "id"} if isinstance(value, dict) else value


@dataclass(frozen=True)
class Tags:
    """A list of words, each once (sections 2.1, 7.8)."""

    empty: Any = ()

    def __call__(self, _name: str, value: Any, _account: Account, /) -> list[str]:
        """Return the value as it is kept; see ``ValueType``."""
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            raise WrongValueError("must be an array of strings")
        return list(dict.fromkeys(value))


@dataclass(frozen=True)
class Identifier:
    """``{id, type}`` of some record (section 2.1)."""

    types: dict[str, str]  # singular type -> object
    empty: Any = None

    def __call__(self, _name: str, value: Any, account: Account, /) -> dict[str, Any]:
        """Return the value as it is kept; see ``ValueType``."""
        if not isinstance(value, dict) or set(value) - {"id", "type"}:
            raise WrongValueError("must be an object of id and type")
        if value.get("id") is None and value.get("type") is None:
            return {"id": None, "type": None}
        if value.get("type") not in self.types:
            raise WrongValueError(f"has a type that is not one of: {', '.join(self.types)}")
        record_id = value.get("id")
        if not isinstance(record_id, int) or not account.exists(self.types[value["type"]], record_id):
            raise WrongValueError(f"not found: {value['type']} {record_id}")
        return {"id": record_id, "type": value["type"]}


EMAIL_CATEGORIES = ("work", "personal", "other")
EMAILS = Labelled("email", EMAIL_CATEGORIES, _looks_like_email)
PHONES = Labelled("number", ("mobile", "work", "home", "other"))
SOCIALS = Labelled(
    "url",
    ("linkedin", "twitter", "googleplus", "facebook", "youtube", "quora", "foursquare", "klout", "gravatar", "other"),
)
WEBSITES = Labelled("url", ("work", "personal", "other"))
