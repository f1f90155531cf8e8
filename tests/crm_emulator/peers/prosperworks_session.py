"""Calls of prosperworks, in its own environment; prints the answers as one JSON object.

Usage: python prosperworks_session.py USER_EMAIL API_KEY
"""

import json
import sys

from prosperworks import exceptions

# prosperworks 0.1.6 was written for Python 2, where this could be imported so, and where every exception had a message.
sys.modules["exceptions"] = exceptions
exceptions.BaseProsperWorksException.message = ""
from prosperworks import api, models  # noqa: E402

EMAIL, KEY = sys.argv[1:]
api.configure(KEY, EMAIL)
seen = {}


def refused(error, action):
    """Return whether an action raises the library's own error."""
    try:
        action()
    except error:
        return True
    return False


# Settings
seen["account"] = models.Account.get_account().name
seen["settings"] = {
    kind: len(getattr(models, kind).list())
    for kind in ("CustomerSource", "LossReason", "PipelineStage", "Pipeline", "ContactType", "CustomField", "User")
}

# Each object: made, read by its id, changed as a whole, searched, deleted
address = {"city": "Graz", "country": "AT"}
email = {"email": "ada@b.example", "category": "work"}
user = models.User.search(page_size=1)[0]
company = models.Company.create(name="Widgets", address=address, tags=["new"], email_domain="widgets.example")
person = models.Person.create(name="Ada Rivera", emails=[email], company_id=company.id, assignee_id=user.id)
seen["of the person"] = [person.company.name, person.assignee.name == user.name]
seen["by e-mail"] = models.Person.fetch_by_email("ada@b.example").id == person.id
pipeline = models.Pipeline.list()[0]
opportunity = models.Opportunity.create(name="Gold", primary_contact_id=person.id, pipeline_id=pipeline.id)
seen["of the opportunity"] = opportunity.primary_contact.name
task = models.Task.create(name="Call", related_resource={"id": person.id, "type": "person"}, due_date=4000000000)
project = models.Project.create(name="Roll-out", status="Open")
for each in (company, person, opportunity, task, project):
    kind = type(each)
    each.details = "Changed."
    each.update()
    seen[kind.__name__] = [kind(each.id).details, [found.details for found in kind.search(page_size=5)]]
seen["narrow"] = [each.name for each in models.Company.search(city="Graz", sort_by="name", sort_direction="desc")]
seen["gone"] = [each.delete().is_deleted for each in (task, project, opportunity, person)]

# A lead becomes a person, of a company that was there
lead = models.Lead.create(name="Grace Adeyemi", email={"email": "grace@b.example", "category": "work"})
converted = lead.convert(company=company)
seen["converted"] = [converted.person.name, converted.company.id == company.id]

# What is refused
seen["refused"] = [
    refused(exceptions.ProsperWorksNotFoundRequest, lambda: models.Person(person.id)),
    refused(exceptions.ProsperWorksNotFoundRequest, lambda: models.Person.fetch_by_email("nobody@b.example")),
    refused(exceptions.ProsperWorksUnprocessableRequest, lambda: models.Company.create(details="nameless")),
]
api.configure("wrong", EMAIL)
seen["stranger"] = refused(exceptions.ProsperWorksUnauthorizedRequest, models.Account.get_account)
json.dump(seen, sys.stdout)
