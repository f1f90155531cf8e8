"""The context that makers of seeded records draw from: samples, picklists, the records made before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.account import stamp
from crm_emulator.apptivo.config import COUNTRIES
from crm_emulator.samples import Samples, samples

if TYPE_CHECKING:
    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record

UNTIL = 1_767_225_600
"""2026-01-01T00:00:00Z: the latest instant in seeded records, fixed so that the same seed gives the same bytes."""

_SPAN_SECONDS = 2 * 365 * 86_400


@dataclass
class SeedContext:
    """Context that the makers of seeded records draw from.

    Attributes:
        account: The account, for picklists and custom attributes.
        made: The ids of the records made so far, by object.
    """

    random: Random
    account: ApptivoAccount
    samples: Samples = field(default_factory=samples)
    made: dict[str, list[int]] = field(default_factory=dict)

    def pick(self, items: Any) -> Any:
        """Pick an item of a sequence at random."""
        return items[int(self.random.random() * len(items))]

    def some_record(self, name: str) -> int | None:
        """Pick the id of a record made before, or None if there is none."""
        made = self.made.get(name)
        return int(self.pick(made)) if made else None

    def choices(self, crm_object: AppObject) -> Record:
        """Pick a value of each picklist."""
        chosen: Record = {}
        for picklist in crm_object.picklists:
            item = self.pick(self.account.items(crm_object, picklist.listed_as))
            chosen |= {picklist.id_name: item[picklist.item_id], picklist.name: item[picklist.item_name]}
        return chosen

    def custom(self, crm_object: AppObject) -> list[Record]:
        """Make a value of each custom attribute."""
        values = []
        for each in self.account.custom_attributes(crm_object).values():
            value: Record = {"customAttributeId": each["id"]}
            if each["options"]:
                value["customAttributeValueId"] = self.pick(each["options"])["optionId"]
            elif each["type"] == "number":
                value["numberValue"] = int(self.random.random() * 100)
            else:
                value["customAttributeValue"] = f"K-{int(self.random.random() * 1_000_000):06d}"
            values.append(value)
        return values

    def stamps(self) -> Record:
        """Make the instants of creation and of the last change."""
        changed = UNTIL - int(self.random.random() * _SPAN_SECONDS)
        made = changed - int(self.random.random() * 20_000_000)
        return {"_created": made, "_updated": changed, "creationDate": stamp(made), "lastUpdateDate": stamp(changed)}

    def contact_details(self, index: int, kind: str, handle: str) -> Record:
        """Make an e-mail address, a phone number and an address."""
        street, city, state, zip_code, _ = self.pick(self.samples.addresses)
        email = {
            "emailAddress": f"{handle}.{index + 1}@{self.pick(self.samples.domains)}.example",
            "id": "cont_email_input",
        }
        phone = {"phoneNumber": self.pick(self.samples.phones), "id": f"{kind}_phone_input"}
        address = {"addressLine1": street, "city": city, "state": state, "zipCode": zip_code, **COUNTRIES[0]}
        return {
            "emailAddresses": [{**email, "emailType": "Business", "emailTypeCode": "BUSINESS"}],
            "phoneNumbers": [{**phone, "phoneType": "Business", "phoneTypeCode": "PHONE_BUSINESS"}],
            "addresses": [{**address, "addressTypeCode": "1", "addressType": "Billing Address"}],
        }

    def person(self, index: int, kind: str) -> Record:
        """Make the names and contact details of a person."""
        last = int(self.random.random() * len(self.samples.last_names))
        names = {"firstName": self.pick(self.samples.first_names), "lastName": self.samples.last_names[last]}
        return {
            **names,
            "jobTitle": self.pick(self.samples.titles),
            **self.contact_details(index, kind, self.samples.handles[last]),
        }

    def assignee(self, crm_object: AppObject) -> Record:
        """Pick an employee as the assignee."""
        return {crm_object.assignee[1]: self.pick(self.account.records("employees"))["id"]}

    def day(self) -> str:
        """Pick a day around the end of the span."""
        seconds = UNTIL + int((self.random.random() - 0.3) * 10_000_000)
        return datetime.fromtimestamp(seconds, UTC).strftime("%m/%d/%Y")
