"""getConfigData: picklists, countries, and the layout with its custom attributes (reference section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.messages import encode

if TYPE_CHECKING:
    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record

COUNTRIES = (
    {"countryId": 176, "countryName": "United States", "countryCode": "US"},
    {"countryId": 26, "countryName": "Canada", "countryCode": "CA"},
    {"countryId": 56, "countryName": "Germany", "countryCode": "DE"},
    {"countryId": 175, "countryName": "United Kingdom", "countryCode": "GB"},
)
_PHONES = (("PHONE_BUSINESS", "Business"), ("PHONE_MOBILE", "Mobile"), ("PHONE_HOME", "Home"))
_EMAILS = (("BUSINESS", "Business"), ("HOME", "Home"), ("OTHER", "Other"))
_ADDRESSES = (("1", "Billing Address"), ("2", "Shipping Address"))


def config_data(account: ApptivoAccount, crm_object: AppObject) -> dict[str, Any]:
    """Return all that a client needs to turn names into ids for an object."""
    return {
        "objectId": crm_object.object_id,
        "displayName": crm_object.name.title(),
        **{
            picklist.listed_as: account.items(crm_object, picklist.listed_as)
            for picklist in crm_object.picklists
            if account.lists(crm_object, picklist.listed_as)
        },
        "countryList": list(COUNTRIES),
        **{
            key: [
                {"id": number, "code": code, "name": name, "isEnabled": "Y", "isSmsEnabled": "N"}
                for number, (code, name) in enumerate(types, 1)
            ]
            for key, types in (("phoneTypes", _PHONES), ("emailTypes", _EMAILS), ("addressTypes", _ADDRESSES))
        },
        "labels": [],
        "webLayout": encode({"sections": _sections(account, crm_object)}).decode(),
    }


def _sections(account: ApptivoAccount, crm_object: AppObject) -> list[dict[str, Any]]:
    standard = [
        _attribute(name, name, "Standard", "input", name, [])
        for name in sorted(crm_object.attributes - {"customAttributes"})
    ]
    custom = [
        _attribute(str(each["id"]), each["label"], "Custom", each["type"], each["tagName"], each["options"])
        for each in account.custom_attributes(crm_object).values()
    ]
    return [
        {"id": "basic", "label": "Basic Information", "attributes": standard},
        {"id": "custom", "label": "Additional Information", "attributes": custom},
    ]


def _attribute(
    attribute_id: str, label: str, kind: str, tag: str, tag_name: str, options: list[Record]
) -> dict[str, Any]:
    return {
        "attributeId": attribute_id,
        "type": kind,
        "attributeTag": tag,
        "tagName": tag_name,
        "isEnabled": True,
        "label": {"originalLabel": label, "modifiedLabel": label},
        "right": [{"tag": tag, "tagName": tag_name, "optionValueList": options}],
        **({"optionValueList": options} if options else {}),
    }
