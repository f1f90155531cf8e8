"""What a seeded record of each object is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.account import stamp
from crm_emulator.apptivo.config import COUNTRIES
from crm_emulator.apptivo.objects.catalog import BY_NAME
from crm_emulator.pools import Pools, pools

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record

UNTIL = 1_767_225_600
"""2026-01-01T00:00:00Z: the latest instant in seeded records, fixed so that the same seed gives the same bytes."""

_SPAN_SECONDS = 2 * 365 * 86_400


@dataclass
class Scene:
    """What makers draw from.

    Attributes:
        account: For picklists and custom attributes.
        made: The ids of the records made so far.
    """

    random: Random
    account: ApptivoAccount
    pools: Pools = field(default_factory=pools)
    made: dict[str, list[int]] = field(default_factory=dict)

    def one(self, pool: Any) -> Any:
        """One of a pool."""
        return pool[int(self.random.random() * len(pool))]

    def some(self, name: str) -> int | None:
        """The id of a record made before, or None if there is none."""
        made = self.made.get(name)
        return int(self.one(made)) if made else None

    def choices(self, declared: AppObject) -> Record:
        """A value of each picklist."""
        chosen: Record = {}
        for picklist in declared.picklists:
            item = self.one(self.account.items(declared, picklist.listed_as))
            chosen |= {picklist.id_name: item[picklist.item_id], picklist.name: item[picklist.item_name]}
        return chosen

    def custom(self, declared: AppObject) -> list[Record]:
        """A value of each custom attribute."""
        values = []
        for each in self.account.custom_attributes(declared).values():
            value: Record = {"customAttributeId": each["id"]}
            if each["options"]:
                value["customAttributeValueId"] = self.one(each["options"])["optionId"]
            elif each["type"] == "number":
                value["numberValue"] = int(self.random.random() * 100)
            else:
                value["customAttributeValue"] = f"K-{int(self.random.random() * 1_000_000):06d}"
            values.append(value)
        return values

    def stamps(self) -> Record:
        """When it was made and last changed."""
        changed = UNTIL - int(self.random.random() * _SPAN_SECONDS)
        made = changed - int(self.random.random() * 20_000_000)
        return {"_created": made, "_updated": changed, "creationDate": stamp(made), "lastUpdateDate": stamp(changed)}

    def reached(self, place: int, kind: str, handle: str) -> Record:
        """E-mail, phone and address."""
        street, city, state, zip_code, _ = self.one(self.pools.addresses)
        email = {
            "emailAddress": f"{handle}.{place + 1}@{self.one(self.pools.domains)}.example",
            "id": "cont_email_input",
        }
        phone = {"phoneNumber": self.one(self.pools.phones), "id": f"{kind}_phone_input"}
        address = {"addressLine1": street, "city": city, "state": state, "zipCode": zip_code, **COUNTRIES[0]}
        return {
            "emailAddresses": [{**email, "emailType": "Business", "emailTypeCode": "BUSINESS"}],
            "phoneNumbers": [{**phone, "phoneType": "Business", "phoneTypeCode": "PHONE_BUSINESS"}],
            "addresses": [{**address, "addressTypeCode": "1", "addressType": "Billing Address"}],
        }

    def person(self, place: int, kind: str) -> Record:
        """Names, and how to reach them."""
        last = int(self.random.random() * len(self.pools.last_names))
        names = {"firstName": self.one(self.pools.first_names), "lastName": self.pools.last_names[last]}
        return {**names, "jobTitle": self.one(self.pools.titles), **self.reached(place, kind, self.pools.handles[last])}

    def assignee(self, declared: AppObject) -> Record:
        """Whose it is."""
        return {declared.assignee[1]: self.one(self.account.records("employees"))["id"]}

    def day(self) -> str:
        """A day around the end of the span."""
        seconds = UNTIL + int((self.random.random() - 0.3) * 10_000_000)
        return datetime.fromtimestamp(seconds, UTC).strftime("%m/%d/%Y")


def _common(scene: Scene, name: str) -> Record:
    declared = BY_NAME[name]
    return {
        **scene.choices(declared),
        **scene.assignee(declared),
        "customAttributes": scene.custom(declared),
        **scene.stamps(),
    }


def customer(scene: Scene, place: int) -> Record:
    """A customer."""
    company = int(scene.random.random() * len(scene.pools.companies))
    name = f"{scene.pools.companies[company]} {place + 1}"
    reached = scene.reached(place, "cust", "office")
    return {
        "customerName": name,
        "website": f"https://{scene.pools.domains[company]}.example",
        **reached,
        **_common(scene, "customers"),
    }


def contact(scene: Scene, place: int) -> Record:
    """A contact of a customer."""
    return {**scene.person(place, "contact"), "accountId": scene.some("customers"), **_common(scene, "contacts")}


def lead(scene: Scene, place: int) -> Record:
    """A lead."""
    company = {"companyName": scene.one(scene.pools.companies), "potentialAmount": int(scene.random.random() * 90_000)}
    return {**scene.person(place, "lead"), **company, "currencyCode": "USD", **_common(scene, "leads")}


def opportunity(scene: Scene, place: int) -> Record:
    """An opportunity with a customer."""
    return {
        "opportunityName": f"{scene.one(scene.pools.words)} {place + 1}",
        "amount": round(scene.random.random() * 90_000, 2),
        "currencyCode": "USD",
        "closeDate": scene.day(),
        "opportunityCustomerId": scene.some("customers"),
        **_common(scene, "opportunities"),
    }


def case(scene: Scene, _place: int) -> Record:
    """A case of a customer."""
    about = {"caseCustomerId": scene.some("customers"), "caseContactId": scene.some("contacts")}
    return {
        "caseSummary": scene.one(scene.pools.sentences),
        "description": scene.one(scene.pools.sentences),
        "needByDate": scene.day(),
        **about,
        **_common(scene, "cases"),
    }


MAKERS: dict[str, Callable[[Scene, int], Record]] = {
    "customers": customer,
    "contacts": contact,
    "leads": lead,
    "opportunities": opportunity,
    "cases": case,
}
"""In the order in which they are made, since later ones belong to earlier ones."""


def spare(account: ApptivoAccount, name: str, random: Random) -> Record:
    """Attributes for one more record, when one is to be added while the firm is being read."""
    scene = Scene(random, account)
    for each in ("customers", "contacts"):
        found = account.store.random_id(BY_NAME[each].table, random)
        scene.made[each] = [found] if found else []
    made = MAKERS[name](scene, random.getrandbits(30))
    return {attribute: value for attribute, value in made.items() if attribute in BY_NAME[name].attributes}
