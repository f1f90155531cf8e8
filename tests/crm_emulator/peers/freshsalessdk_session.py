"""Calls of freshsalessdk, in its own environment; prints the answers as one JSON object.

Usage: python freshsalessdk_session.py DOMAIN API_KEY
"""

import json
import sys

import requests
from freshsalessdk import FreshsalesSDK

DOMAIN, KEY = sys.argv[1:]
crm = FreshsalesSDK(DOMAIN, KEY)
seen = {}


def everything(api):
    """Return the id of the view that shows every record."""
    return next(each["id"] for each in api.get_views() if each["name"].startswith("All "))


for name in ("contacts", "accounts", "deals"):
    api = getattr(crm, name)
    records = api.get_all(everything(api))
    seen[name] = {
        "ids": sorted(each["id"] for each in records),
        "owned": {each["owner"]["id"] == each["owner_id"] for each in records if each["owner_id"]} == {True},
        "newest first": [each["updated_at"] for each in records]
        == sorted((each["updated_at"] for each in records), reverse=True),
        "limited": len(api.get_all(everything(api), limit=3)),
        "alone": api.get(records[0]["id"])["id"] == records[0]["id"],
    }
deal = next(each for each in crm.deals.get_all(everything(crm.deals)) if each["sales_account_id"])
account = next(each for each in crm.accounts.get_all(everything(crm.accounts)) if each["industry_type_id"])
seen["beside"] = [
    deal["sales_account"]["id"] == deal["sales_account_id"],
    deal["deal_stage"]["id"] == deal["deal_stage_id"],
    account["industry_type"]["id"] == account["industry_type_id"],
]
first = seen["contacts"]["ids"][0]
seen["of a contact"] = [
    type(each).__name__ for each in (crm.contacts.get_activities(first), crm.contacts.get_appointments(first))
]
try:
    FreshsalesSDK(DOMAIN, "wrong").contacts.get_views()
except requests.HTTPError as refusal:
    seen["stranger"] = refusal.response.status_code
json.dump(seen, sys.stdout)
