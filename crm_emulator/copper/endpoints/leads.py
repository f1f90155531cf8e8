"""Lead upsert and conversion (reference sections 3.3 and 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from crm_emulator.copper import records
from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotAllowedError, NotFoundError, invalid, unrecognized
from crm_emulator.copper.custom_fields import definitions_on
from crm_emulator.copper.endpoints.base import endpoint, record_id, sent_object, shown
from crm_emulator.copper.objects.companies import COMPANIES
from crm_emulator.copper.objects.leads import CONVERTED, LEADS
from crm_emulator.copper.objects.opportunities import OPPORTUNITIES
from crm_emulator.copper.objects.people import PEOPLE
from crm_emulator.messages import Record, Request
from crm_emulator.routing import Route

_MOST_LISTED = 30


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the routes of both endpoints."""
    at = partial(partial, account=account)
    convert_remark = "names match exactly or without regard to case; Copper's fuzzy matching is not imitated"
    return (
        Route("PUT", "/leads/upsert", endpoint(at(_upsert)), "§3.3", "the text of the 422 is a guess", writes=True),
        Route("POST", "/leads/{id}/convert", endpoint(at(_convert)), "§3.4", convert_remark, writes=True),
    )


def _upsert(request: Request, account: CopperAccount) -> Record:
    sent = sent_object(request)
    unknown = [name for name in sent if name not in {"properties", "match"}]
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    properties, match = sent.get("properties"), sent.get("match")
    if not isinstance(properties, dict):
        raise invalid("properties", "can't be blank", "blank")
    if not isinstance(match, dict) or set(match) != {"field_name", "field_value"}:
        raise invalid("match", "must be an object of field_name and field_value")
    matching = _matching(account, match["field_name"], match["field_value"])
    if len(matching) > 1:
        listed = f": {', '.join(map(str, matching))}" if len(matching) <= _MOST_LISTED else ""
        raise NotAllowedError(422, f"Invalid input: Multiple leads match the criteria{listed}")
    if matching:
        record = records.update(account, LEADS, matching[0], properties)
    else:
        record = records.create(account, LEADS, properties)
    return shown(account, request, record)


def _matching(account: CopperAccount, name: Any, value: Any) -> list[int]:
    match name:
        case "email" if isinstance(value, str):
            holders = account.holders("leads", "email", value.lower())
            return [lead_id for lead_id in holders if account.exists("leads", lead_id)]
        case "name" if isinstance(value, str):
            return [lead["id"] for lead in account.matching("leads", "name = ?", value)]
        case "custom" if isinstance(value, dict) and set(value) == {"custom_field_definition_id", "value"}:
            definition_id = value["custom_field_definition_id"]
            definitions = {each["id"]: each for each in definitions_on(account, LEADS)}
            if definition_id not in definitions or not definitions[definition_id]["is_filterable"]:
                raise invalid("match", "the custom field is not available on leads, or not filterable")
            return [
                lead["id"]
                for lead in account.matching("leads", _HOLDS, definition_id, value["value"])
                if value["value"] is not None
            ]
    raise invalid("match", "field_name must be name, email or custom, with a field_value of its kind")


_HOLDS = (
    "EXISTS (SELECT 1 FROM json_each(body, '$.custom_fields') AS e WHERE "
    "json_extract(e.value, '$.custom_field_definition_id') = ? AND json_extract(e.value, '$.value') = ?)"
)

_DETAILS: dict[str, frozenset[str]] = {
    "person": frozenset({"name", "contact_type_id", "assignee_id"}),
    "company": frozenset({"id", "name", "exact_match"}),
    "opportunity": frozenset({"name", "pipeline_id", "pipeline_stage_id", "monetary_value", "assignee_id"}),
}
_CARRIED = ("address", "assignee_id", "details", "phone_numbers", "socials", "tags", "title", "websites")


def _convert(request: Request, account: CopperAccount) -> dict[str, Record | None]:
    lead = records.fetch(account, LEADS, record_id(request))
    details = _details(sent_object(request))
    company = _company(account, lead, details["company"])
    person = _person(account, lead, details["person"], company)
    opportunity = None
    if details["opportunity"]:
        opportunity = _opportunity(account, lead, details["opportunity"], person, company)
    now = account.clock.seconds()
    lead |= {"converted_contact_id": person["id"], "converted_at": now, "date_modified": now}
    lead["converted_opportunity_id"] = opportunity["id"] if opportunity else None
    account.store.put(LEADS.table, lead, hidden=CONVERTED)
    return {"person": person, "company": company, "opportunity": opportunity}


def _details(sent: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    if set(sent) - {"details"}:
        raise InvalidError([unrecognized(set(sent) - {"details"})])
    details = sent.get("details") or {}
    unknown = [name for name in details if name not in _DETAILS]
    unknown += [f"{name}.{key}" for name in _DETAILS for key in details.get(name) or {} if key not in _DETAILS[name]]
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    return {name: details.get(name) or {} for name in _DETAILS}


def _company(account: CopperAccount, lead: Record, wanted: dict[str, Any]) -> Record | None:
    """Return the named company; a lead without details gets one of its own company's name (seen live)."""
    if "id" in wanted and "name" in wanted:
        raise invalid("company", "takes an id or a name, not both")
    if "id" in wanted:
        company = account.get("companies", wanted["id"])
        if company is None:
            raise NotFoundError
        return company
    name = wanted.get("name", lead["company_name"])
    if not name:
        return None
    compared = "name = ? COLLATE BINARY" if wanted.get("exact_match") else "name = ?"
    known = account.matching("companies", compared, name)
    if len(known) > 1:
        raise NotAllowedError(
            422, f"Invalid input: Several companies match: {', '.join(str(each['id']) for each in known)}"
        )
    return known[0] if known else records.create(account, COMPANIES, {"name": name})


def _person(account: CopperAccount, lead: Record, wanted: dict[str, Any], company: Record | None) -> Record:
    """Return the person with the lead's e-mail, else a new one."""
    email = lead["email"]
    known = account.holders("people", "email", email["email"].lower()) if email else []
    if known:
        return records.update(account, PEOPLE, known[0], wanted)
    sent = {name: lead[name] for name in _CARRIED if lead.get(name)} | {"name": lead["name"], **wanted}
    sent |= {"emails": [email]} if email else {}
    sent |= {"company_id": company["id"]} if company else {}
    person = records.create(account, PEOPLE, sent)
    person["leads_converted_from"] = [{"lead_id": lead["id"], "converted_timestamp": account.clock.seconds()}]
    person["date_lead_created"] = lead["date_created"]
    account.store.put(PEOPLE.table, person)
    return person


def _opportunity(
    account: CopperAccount, lead: Record, wanted: dict[str, Any], person: Record, company: Record | None
) -> Record:
    sent = {"name": lead["name"], "customer_source_id": lead["customer_source_id"], **wanted}
    sent |= {"primary_contact_id": person["id"], "company_id": company["id"] if company else None}
    opportunity = records.create(account, OPPORTUNITIES, sent)
    opportunity["leads_converted_from"] = [{"lead_id": lead["id"], "converted_timestamp": account.clock.seconds()}]
    opportunity["date_lead_created"] = lead["date_created"]
    account.store.put(OPPORTUNITIES.table, opportunity)
    return opportunity
