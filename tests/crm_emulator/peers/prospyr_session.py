"""Calls of prospyr, in its own environment; prints the answers as one JSON object.

Usage: python prospyr_session.py USER_EMAIL API_KEY
"""

import collections
import collections.abc
import json
import sys

collections.Mapping = collections.abc.Mapping  # prospyr 0.8.0 knows it by the name that Python 3.10 took away

import prospyr  # noqa: E402
from prospyr.exceptions import ApiError  # noqa: E402
from prospyr.schema import PhoneNumberSchema, WebsiteSchema  # noqa: E402

EMAIL, KEY = sys.argv[1:]
prospyr.connect(email=EMAIL, token=KEY)
seen = {}


def named(schema, **values):
    """Return what a schema of prospyr makes of values: it takes only its own tuples."""
    return schema().load(values).data


def refused(error, action):
    """Return the text of the library's own error that an action raises."""
    try:
        action()
    except error as refusal:
        return str(refusal)
    return None


# Settings
seen["account"] = prospyr.Account.objects.get().name
seen["settings"] = {
    kind: [each.name for each in getattr(prospyr, kind).objects.all()]
    for kind in ("CustomerSource", "LossReason", "PipelineStage", "Pipeline", "ActivityType")
}
seen["stages"] = [each.name for each in prospyr.Pipeline.objects.all()[0].stages]
seen["webhooks"] = list(prospyr.Webhook.objects.all())
seen["users listed"] = refused(ApiError, lambda: list(prospyr.User.objects.all()))

# A company, and a person in it
company = prospyr.Company(
    name="Widgets",
    email_domain="widgets.example",
    address={"city": "Graz", "country": "AT"},
    websites=[named(WebsiteSchema, url="widgets.example", category="work")],
    tags=["new"],
)
seen["company made"] = company.create()
company.details = "Makes them."
seen["company updated"] = company.update()
seen["company read"] = prospyr.Company.objects.get(id=company.id).details
person = prospyr.Person(
    name="Ada Rivera",
    phone_numbers=[named(PhoneNumberSchema, number="415-123-45678", category="mobile")],
)
person.company = company
seen["person made"] = person.create()
found = prospyr.Person.objects.get(email="kofi@b.example")  # who was there before
seen["person found"] = [found.name, found.emails[0].category, found.date_created.year > 2000]
person.title = "CEO"
seen["person updated"] = person.update()
seen["people"] = [each.title for each in prospyr.Person.objects.filter(name="Ada Rivera")]
seen["sorted"] = [each.name for each in prospyr.Company.objects.order_by("-name").all()][:1]

# A lead, an opportunity, a task and an activity
lead = prospyr.Lead(name="Grace Adeyemi")
seen["lead made"] = [lead.create(), lead.status]
opportunity = prospyr.Opportunity(name="Gold", monetary_value=7500, priority="High")
opportunity.primary_contact = person
opportunity.pipeline = prospyr.Pipeline.objects.all()[0]
seen["opportunity made"] = [opportunity.create(), opportunity.win_probability, opportunity.primary_contact.name]
task = prospyr.Task(name="Call", related_resource=person, due_date=4000000000, priority="High", status="Open")
seen["task made"] = [task.create(), task.related_resource.name, task.due_date.isoformat()]
kind = next(each for each in prospyr.ActivityType.objects.all() if each.category == "user")
activity = prospyr.Activity(parent=person, type=kind, details="Met her.", activity_date=1700000000)
seen["activity made"] = [activity.create(), activity.parent.name, activity.type.category]
seen["activities"] = [
    each.details for each in prospyr.Activity.objects.filter(parent={"id": person.id, "type": "person"})
]

# The end, and what is refused
seen["gone"] = [each.delete() for each in (activity, task, opportunity, lead, person, company)]
seen["refused"] = [
    refused(ApiError, lambda: prospyr.Company.objects.get(id=company.id)),
    refused(ValueError, lambda: prospyr.Company(details="nameless").create()),
    refused(ValueError, found.update),  # whatever address it has, it sends null
]
prospyr.connect(email=EMAIL, token="wrong", name="stranger")
seen["stranger"] = refused(ApiError, lambda: prospyr.Account.objects.use("stranger").get())
json.dump(seen, sys.stdout)
