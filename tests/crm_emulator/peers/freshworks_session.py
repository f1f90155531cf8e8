"""Calls of python-freshworks-crm, in its own environment; prints the answers as one JSON object.

Usage: python freshworks_session.py DOMAIN API_KEY
"""

import json
import sys

from freshsales.api import API
from freshsales.errors import FreshsalesBadRequest, FreshsalesNotFound, FreshsalesUnauthorized

DOMAIN, KEY = sys.argv[1:]
api = API(DOMAIN, KEY)
seen = {}


def refused(error, action):
    """Return whether an action raises the library's own error."""
    try:
        action()
    except error:
        return True
    return False


# Contacts and their lists
contact = api.contacts.create_contact(
    first_name="Ada", last_name="Rivera", email="a@b.example", sales_account={"name": "Acme"}
)
about = {"targetable_type": "Contact", "targetable_id": contact.id}
seen["accounts of the contact"] = [
    each.name for each in api.contacts.view_contact(contact.id, "sales_accounts").sales_accounts
]
seen["contact updated"] = api.contacts.update_contact(contact.id, job_title="CEO").job_title
seen["contact upserted"] = api.contacts.upsert_contact(("emails", "a@b.example"), city="Graz").id == contact.id
twin = api.contacts.clone_contact(contact.id, first_name="Twin")
view = next(each for each in api.contacts.list_views() if each.name == "All Contacts")
seen["contacts listed"] = sorted(each.first_name for each in api.contacts.list_contacts(view.id))
seen["contact fields"] = [each.name for each in api.contacts.list_fields()][:2]
fans = api.lists.create_list("Fans")
seen["list filled"] = api.lists.add_contacts_to_list(fans.id, [contact.id])
seen["list read"] = [each.id for each in api.lists.fetch_contacts_from_list(fans.id)] == [contact.id]
seen["list emptied"] = api.lists.remove_contacts_from_list(fans.id, [], remove_all=True)
seen["lists"] = [each.name for each in api.lists.fetch_all_lists()]
rule = {"attribute": "contact_email.email", "operator": "is_in", "value": "a@b.example"}
seen["contacts found"] = [each.id for each in api.search.filter_contacts([rule])[0]] == [contact.id]

# Accounts and deals
account = api.accounts.create_account(name="Widgets")
seen["account upserted"] = api.accounts.upsert_account(("name", "Widgets"), city="Linz").city
deal = api.deals.create_deal(name="Gold", amount=5600.0, tags=["new"])
seen["deal"] = [deal.amount, deal.tags]
seen["deal upserted"] = api.deals.upsert_deal(("name", "Gold"), amount=7).amount

# What happens
note = api.notes.create_note(description="hi", **about)
seen["note"] = [api.notes.update_note(note.id, description="ho").description, api.notes.delete_note(note.id)]
task = api.tasks.create_task(title="Call", due_date="Tue Jun 21 2099 11:00:00 GMT+0000", **about)
seen["task due"] = task.due_date.isoformat()
seen["task with people"] = sorted(api.tasks.view_task(task.id, "users", "targetable"))
seen["task list"] = list(api.tasks.list_tasks("open", "users", "targetable"))
seen["task done"] = [api.tasks.mark_as_done(task.id).status, api.tasks.delete_task(task.id)]
day = {"from_date": "Mon Jun 20 2016 10:30:00 GMT+0530 (IST)", "end_date": "Mon Jun 20 2016 11:30:00 GMT+0530 (IST)"}
meeting = api.appointments.create_appointment(title="Meet", time_zone="Chennai", **day, **about)["appointment"]
seen["appointment"] = [
    len(api.appointments.list_appointments("past")),
    api.appointments.update_appointment(meeting.id, title="Meet again")["appointment"].title,
    api.appointments.delete_appointment(meeting.id),
]
kind = api.selectors.get_sales_activity_types()[0].id
span = {"start_date": "2017-12-04T17:00:00+05:30", "end_date": "2017-12-04T17:30:00+05:30"}
activity = api.sales_activities.create_activity(title="Chat", sales_activity_type_id=kind, **span, **about)
seen["activity"] = [
    api.sales_activities.view_activity(activity.id).start_date.isoformat(),
    api.sales_activities.delete_activity(activity.id),
]

# Products and quotes
product = api.products.create_product(name="Widget", category="Software", is_active=True)
price = api.products.add_product_prices(product.id, 1, [{"currency_code": "USD", "unit_price": 9}]).product_pricings[0]
seen["price changed"] = [
    each["unit_price"]
    for each in api.products.edit_product_prices(product.id, [{"id": price["id"], "unit_price": 5}]).product_pricings
]
seen["prices deleted"] = api.products.delete_product_prices(product.id, [price["id"]]).product_pricings
line = {"id": product.id, "quantity": 2, "unit_price": 3}
seen["products of the deal"] = [each.quantity for each in api.products.add_products_to_deal(deal.id, [line]).products]
line["quantity"] = 4
seen["products changed"] = [each.quantity for each in api.products.edit_deal_products(deal.id, [line]).products]
seen["products cleared"] = api.products.delete_all_deal_products(deal.id).products
seen["product restored"] = [api.products.delete_product(product.id), api.products.restore_product(product.id).name]
quote = api.documents.create_document(display_name="Offer", document_type="Quote", deal_id=deal.id)
seen["quote"] = [
    [each.quantity for each in api.documents.add_products_to_document(quote.id, [line]).products],
    [each.name for each in api.documents.get_related_products(quote.id)],
    api.documents.forget_document(quote.id),
]

# Picklists
seen["picklists"] = {
    name: len(getattr(api.selectors, name)())
    for name in dir(api.selectors)
    if name.startswith("get_") and name not in {"get_deal_pipeline_stages", "get_sales_activity_type_outcomes"}
}

# The end, and what is refused
seen["gone"] = [
    api.contacts.delete_contact(twin.id),
    api.contacts.forget_contact(twin.id),
    api.accounts.delete_account(account.id),
    api.deals.delete_deal(deal.id),
]
seen["refused"] = [
    refused(FreshsalesNotFound, lambda: api.contacts.view_contact(twin.id)),
    refused(FreshsalesBadRequest, lambda: api.contacts.create_contact(email="a@b.example")),
    refused(FreshsalesUnauthorized, API(DOMAIN, "wrong").contacts.list_views),
]
json.dump(seen, sys.stdout)
