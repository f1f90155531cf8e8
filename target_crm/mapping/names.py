"""Names and e-mails in records, turned into the ids of what the CRM lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crm_api.crm import Name
from crm_api.crm_objects import Attribute, CrmId
from crm_api.values import read_integer
from target_crm.mapping.match_keys import normalise_text
from target_crm.mapping.values import Reason, RejectedError

NAMES_SHOWN = 20  # of a list, in a sentence
_WHOLE_NUMBER = re.compile(r"([0-9]{1,19})(?:\.0+)?")


class NameList:
    """One list of the CRM, searched by any name of what it lists.

    Args:
        title: The list's name in sentences, a plural: ``users``.
        read: Gives the list; asked when the first name is looked up.
        closed: An id must be on the list as well, which is known whole at no cost; otherwise any id is taken.
    """

    def __init__(self, title: str, read: Callable[[], Sequence[Name]], *, closed: bool = False) -> None:
        self._title = title
        self._read = read
        self._closed = closed
        self._names: Sequence[Name] | None = None
        self._by_spelling: dict[str, list[Name]] = {}
        self._by_id: dict[CrmId, Name] = {}

    def resolve(self, attribute: Attribute, value: Any, within: CrmId | None = None) -> Name | CrmId:
        """Find what a record means.

        Args:
            attribute: The attribute that holds the value.
            value: An id, a name or an e-mail; or an object with an ``id``, as CRMs answer some.
            within: The id of what the thing must belong to, such as a pipeline's for a stage; None: anything.

        Returns:
            The listed thing, or the id as it was given where the list need not be asked.

        Raises:
            ValueError: It is neither an id nor a name.
            RejectedError: Nothing on the list has that name, or several things have.
        """
        if isinstance(value, Mapping):
            value = _id_in(attribute, value)
        if isinstance(value, float | Decimal):
            value = read_integer(value)  # as spreadsheets and data frames hold ids: 601.0
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError("must be an id or a name that the CRM lists")  # noqa: TRY004 - the record is wrong, not the program
        if isinstance(value, int):
            if not self._closed or value in self._ids():
                return value
            if len(found := self._named(str(value), within)) == 1:  # an option that is a number
                return found[0]
            raise self._unknown(attribute, value, within)
        found = self._named(value, within)
        if len(found) == 1:
            return found[0]
        if found:
            raise self._ambiguous(attribute, value, found)
        if (number := _WHOLE_NUMBER.fullmatch(value.strip())) is not None:
            return self.resolve(attribute, int(number[1]))
        raise self._unknown(attribute, value, within)

    def knows(self, value: str) -> bool:
        """Tell whether something on the list is called so."""
        return bool(self._named(value, None))

    def _named(self, value: str, within: CrmId | None) -> list[Name]:
        self._load()
        found = self._by_spelling.get(normalise_text(value), [])
        found = [name for name in found if within is None or name.within in {None, within}]
        exact = [name for name in found if value.strip() in name.spellings]
        return exact if len(exact) == 1 else found

    def _ids(self) -> Mapping[CrmId, Name]:
        self._load()
        return self._by_id

    def _load(self) -> Sequence[Name]:
        if self._names is None:
            names = self._read()
            for name in names:
                self._by_id[name.id] = name
                for spelling in {normalise_text(each) for each in name.spellings}:
                    self._by_spelling.setdefault(spelling, []).append(name)
            self._names = names
        return self._names

    def _unknown(self, attribute: Attribute, value: Any, within: CrmId | None) -> RejectedError:
        there = [name.spellings[0] for name in self._load() if within is None or name.within in {None, within}]
        shown = ", ".join(there[:NAMES_SHOWN]) + (", …" if len(there) > NAMES_SHOWN else "")
        sentence = (
            f"{attribute.name} matches none of the CRM's {self._title}. "
            f"{self._title.capitalize()}: {shown or 'none'}. Correct it, or set unknown_names"
        )
        return RejectedError(Reason.UNKNOWN_NAME, sentence, attribute.name, value)

    def _ambiguous(self, attribute: Attribute, value: Any, found: Sequence[Name]) -> RejectedError:
        ids = ", ".join(str(name.id) for name in found)
        advice = f"Give {attribute.within} too, or the id" if attribute.within else "Give the id"
        sentence = f"{attribute.name} matches several of the CRM's {self._title}, with the ids {ids}. {advice}"
        return RejectedError(Reason.AMBIGUOUS_NAME, sentence, attribute.name, value)


def _id_in(attribute: Attribute, value: Mapping[str, Any]) -> Any:
    for name, required in attribute.beside.items():
        if value.get(name, required) != required:
            raise ValueError(f"must have {name} {required}: no other can be written")
    found = value.get("id")
    return value.get("name") if found is None else found
