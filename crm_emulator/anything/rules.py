"""Rules that say how some requests are answered; kept as records, so that the control API can set them too."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_emulator.messages import Record


@dataclass(frozen=True)
class Rule:
    """Rule that says how the requests matching a pattern are answered; of several that match, the newest decides.

    Attributes:
        route: A shell pattern over ``METHOD /path``, below the vendor's prefix.
        status: The status of the answer; None: as without a rule.
        body: A template of the answer's JSON, or with ``format`` ``xml`` or ``text`` of its text (see ``templates``).
            It may name ``id``, ``key``, ``body``, ``query``, ``count``, ``items``, ``error``. None: as without a rule.
        format: The format of the answer: ``json``, ``xml``, ``text``, or empty: the format of the request.
        items: The dotted path of a batch in the request's body; ``.`` is the body itself.
        item: The template of one written item in ``{items}``; it may name ``id``, ``index``, ``body`` (the item's).
        failed_item: The template of one refused item; it may name ``error`` beside those.
        fails: Attribute values that refuse a record or an item: ``{"email": ["bad@b.example"]}``.
        error: The reason given for a refused record or item.
        failed_status: The status of the answer where a record outside a batch is refused.
        headers: Headers added to the answer.
        does_nothing: Whether the request changes no records.
    """

    route: str
    status: int | None = None
    body: Any = None
    format: str = ""
    items: str = ""
    item: Any = field(default_factory=lambda: {"id": "{id}"})
    failed_item: Any = field(default_factory=lambda: {"error": "{error}"})
    fails: dict[str, list[Any]] = field(default_factory=dict)
    error: str = "refused"
    failed_status: int = 422
    headers: dict[str, str] = field(default_factory=dict)
    does_nothing: bool = False

    @classmethod
    def from_record(cls, record: Record) -> Rule:
        """Return the rule that a record holds; raises ValueError for a part that no rule has."""
        known = {part.name for part in fields(cls)}
        unknown = set(record) - known - {"id"}
        if unknown or "route" not in record:
            raise ValueError(
                f"a rule has {', '.join(sorted(known))}, and needs route; not {', '.join(sorted(unknown))}"
            )
        return cls(**{name: value for name, value in record.items() if name != "id"})

    def matches(self, method: str, path: str) -> bool:
        """Return whether the rule applies to a request."""
        return fnmatchcase(f"{method} {path}", self.route)

    def refuses(self, record: Any) -> bool:
        """Return whether the rule makes a record, or an item of a batch, fail."""
        return isinstance(record, dict) and any(record.get(name) in values for name, values in self.fails.items())


STANDARD = Rule("*")
"""The rule of the requests that no other rule matches."""
