"""Kinds of records of Apptivo, in both styles of its wire."""

from __future__ import annotations

from tests.target_crm.contract.cases.case import Case


def _apptivo(stream, style, match_on):
    def settings(vendor):
        return {
            "crm": "apptivo",
            "streams": {stream: {"match_on": match_on} if match_on else {}},
            "base_url": vendor.base_url,
            "api_key": vendor.api_key,
            "access_key": vendor.access_key,
            "wire_style": style,
        }

    return settings


def _apptivo_case(stream, style, *, title, make, insert, change, bad, shows, match_on=None):
    own = f"/app/dao/v6/{stream}"
    return Case(
        name=f"apptivo {stream} {style}",
        vendor="apptivo",
        settings=_apptivo(stream, style, match_on),
        secrets=lambda vendor: [vendor.api_key, vendor.access_key],
        stream=stream,
        make=make,
        change=change,
        bad=bad,
        insert=lambda vendor, n: vendor.insert(stream, insert(n)),
        names=lambda vendor: sorted(record[title] for record in vendor.records(stream)),
        name_of=lambda n: insert(n)[title],
        shows_change=lambda vendor, n: any(
            record[title] == insert(n)[title] and shows(record) for record in vendor.records(stream)
        ),
        creates=(f"POST {own}[?]a=save",) if style == "form" else (f"POST {own}",),
        prepare=lambda vendor: setattr(vendor.switches, "rest_style", style == "rest"),
        writes=("PUT *", "DELETE *", "POST *[?]a=save", "POST *[?]a=update", "POST *[?]a=delete", f"POST {own}"),
    )


def _apptivo_lead(n):
    return {
        "firstName": "Ann",
        "lastName": f"Lead {n}",
        "emailAddresses": [{"emailAddress": f"lead{n}@example.org", "id": "cont_email_input"}],
    }


def _apptivo_leads(style):
    return _apptivo_case(
        "leads",
        style,
        title="lastName",
        make=lambda n: {
            "id": n,
            "first_name": "Ann",
            "last_name": f"Lead {n}",
            "email": f"lead{n}@example.org",
            "lead_status": "Contacted",
            "assignee": "grace@emulator.example",
        },
        insert=_apptivo_lead,
        change={"job_title": "Director", "lead_status": "Qualified"},
        bad=lambda n: {"id": n, "last_name": f"Lead {n}", "account_id": 999_999},
        shows=lambda record: record["jobTitle"] == "Director" and record["leadStatusMeaning"] == "Qualified",
    )


APPTIVO = [
    _apptivo_leads("form"),
    _apptivo_leads("rest"),
    _apptivo_case(
        "customers",
        "rest",
        title="customerName",
        make=lambda n: {"id": n, "name": f"Customer {n}", "email": f"c{n}@example.org", "city": "Ulm"},
        insert=lambda n: {"customerName": f"Customer {n}"},
        change={"city": "Bonn", "phone": "+49 228 1"},
        bad=lambda n: {"id": n, "name": f"Customer {n}", "parent_customer_id": 999_999},
        shows=lambda record: record["addresses"][0]["city"] == "Bonn" and len(record["phoneNumbers"]) == 1,
    ),
    _apptivo_case(
        "contacts",
        "form",
        title="lastName",
        make=lambda n: {"id": n, "last_name": f"Contact {n}", "email": f"c{n}@example.org", "is_primary": True},
        insert=lambda n: {"lastName": f"Contact {n}", "emailAddresses": [{"emailAddress": f"c{n}@example.org"}]},
        change={"job_title": "Director", "cf_loyalty_tier": "Gold"},
        bad=lambda n: {"id": n, "last_name": f"Contact {n}", "account_id": 999_999},
        shows=lambda record: any(each["customAttributeValue"] == "Gold" for each in record["customAttributes"]),
    ),
    _apptivo_case(
        "opportunities",
        "rest",
        title="opportunityName",
        make=lambda n: {"id": n, "name": f"Deal {n}", "stage": "Proposal", "close_date": "2026-05-31"},
        insert=lambda n: {"opportunityName": f"Deal {n}"},
        change={"amount": 12.5, "close_date": "2026-06-30"},
        bad=lambda n: {"id": n, "name": f"Deal {n}", "opportunity_contact_id": 999_999},
        shows=lambda record: (record["amount"], record["closeDate"]) == (12.5, "06/30/2026"),
        match_on=["name"],
    ),
    _apptivo_case(
        "cases",
        "form",
        title="caseNumber",
        make=lambda n: {"id": n, "case_number": f"T-{n}", "subject": "It broke", "priority": "Normal"},
        insert=lambda n: {"caseNumber": f"T-{n}", "caseSummary": "It broke"},
        change={"description": "Again", "priority": "High"},
        bad=lambda n: {"id": n, "subject": "It broke", "case_contact_id": 999_999},
        shows=lambda record: (record["description"], record["casePriority"]) == ("Again", "High"),
    ),
]
