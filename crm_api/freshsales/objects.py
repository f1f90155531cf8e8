"""Objects that can be written to Freshsales, by name: of the Suite, of Classic, and custom modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from typing_extensions import override

from crm_api.crm_objects import Attribute
from crm_api.endpoints.declared import Calls
from crm_api.freshsales.activities import APPOINTMENTS, NOTES, PRODUCTS, SALES_ACTIVITIES, TASKS
from crm_api.freshsales.declaration import (
    CUSTOM,
    ID,
    OWNER,
    STAMPS,
    TAGS,
    TERRITORY,
    FreshsalesObject,
    calls_of,
)
from crm_api.freshsales.people_and_deals import CLASSIC_CONTACTS, CONTACTS, DEALS, LEADS, SALES_ACCOUNTS
from crm_api.freshsales.session import BULK_SIZE

CUSTOM_MODULE = "cm_"
"""Beginning of the name of every custom module."""
_BOTH = (SALES_ACCOUNTS, DEALS, NOTES, TASKS, APPOINTMENTS, SALES_ACTIVITIES, PRODUCTS)
SUITE = {each.name: each for each in (CONTACTS, *_BOTH)}
CLASSIC = {each.name: each for each in (CLASSIC_CONTACTS, LEADS, *_BOTH)}
OBJECTS = {**SUITE, LEADS.name: LEADS}
"""Objects of the Suite and of Classic together."""


def custom_module(name: str) -> FreshsalesObject:
    """Declare the records of a custom module: a name, an owner, tags and custom fields."""
    return FreshsalesObject(
        name=name,
        singular=name,
        path=f"custom_module/{name}",
        attributes=(*ID, Attribute("name"), OWNER, TERRITORY, TAGS, CUSTOM, *STAMPS),
        match_on=(("name",),),
        bulk_delete=BULK_SIZE,
        can_forget=True,
        views=("All Records",),
        fields_path=f"/settings/{name}/forms",
    )


REFUSED = {
    "users": "Freshsales' users are read-only in its API: they are managed in its admin settings (or by SCIM)",
    "owners": "Freshsales' users are read-only in its API: they are managed in its admin settings (or by SCIM)",
}
NO_LEADS = "Freshsales Suite has no leads, but contacts with a lifecycle stage. Set the stream's object to contacts"


class Objects(Mapping[str, FreshsalesObject]):
    """The declared kinds of record, and the custom modules, which are read when the first one is looked up.

    Args:
        known: The declared kinds of record, by name.
        modules: Reads the names of custom modules; None if the key may not see them: then any name is accepted.
    """

    def __init__(self, known: Mapping[str, FreshsalesObject], modules: Callable[[], list[str] | None]) -> None:
        self._known = dict(known)
        self._modules = modules
        self._asked = False
        self._accepts_any = False

    @override
    def __getitem__(self, name: str) -> FreshsalesObject:
        if name.startswith(CUSTOM_MODULE) and name not in self._known:
            self._ask()
            if self._accepts_any:
                self._known[name] = custom_module(name)
        return self._known[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._known))

    @override
    def __len__(self) -> int:
        return len(self._known)

    def _ask(self) -> None:
        if not self._asked:
            found = self._modules()
            self._asked, self._accepts_any = True, found is None
            self._known.update({each: custom_module(each) for each in found or ()})


class CallsByName(dict[str, Calls]):
    """The endpoints of each kind of record, by its name; made when they are first needed."""

    def __init__(self, objects: Objects) -> None:
        super().__init__()
        self._objects = objects

    def __missing__(self, name: str) -> Calls:
        self[name] = calls_of(self._objects[name])
        return self[name]
