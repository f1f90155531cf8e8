"""search, lookup, filtered_search (reference section 8)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.endpoints.base import Chapter, sent_object
from crm_emulator.freshsales.endpoints.record_lists import read_page, sorted_by
from crm_emulator.freshsales.fields import custom_fields
from crm_emulator.freshsales.record_json import partial_json
from crm_emulator.freshsales.upsert import matching
from crm_emulator.messages import decode
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record, Request
    from crm_emulator.routing import Route

_SEARCHED = {
    "contact": ("contacts", ("display_name", "email", "mobile_number")),
    "lead": ("leads", ("display_name", "email", "company_name")),
    "sales_account": ("sales_accounts", ("name", "website")),
    "deal": ("deals", ("name",)),
}
_MOST_FOUND = 25
# Attributes of filter_rule that are spelled differently in the record
_ATTRIBUTES = {"contact_email.email": "email", "lead_email.email": "email", "sales_account.name": "name"}


class Searches(Chapter):
    """The three ways of searching."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        entities = [name for name, (plural, _) in _SEARCHED.items() if plural in self.resources]
        operators = "operators beside is_in are a sensible reading of their names"
        return (
            self.reads("GET", "/search", self.search, "§8", "matches any part of names and e-mails"),
            self.reads("GET", "/lookup", self.lookup, "§8"),
            *(
                self.reads("POST", f"/filtered_search/{entity}", partial(self.filtered_search, entity), "§8", operators)
                for entity in entities
            ),
        )

    def _resource(self, entity: str) -> Resource:
        found = _SEARCHED.get(entity)
        if found is None or found[0] not in self.resources:
            raise InvalidError([f"{entity} cannot be searched"])
        return self.resources[found[0]]

    def search(self, request: Request) -> list[Record]:
        """Return a bare array of the records that match a text; their ids are strings (section 4)."""
        text = request.query.get("q", "").strip()
        if not text:
            raise InvalidError(["q can't be blank"])
        asked = [each.strip() for each in request.query.get("include", "contact").split(",")]
        found: list[Record] = []
        with self.account.store.lag.as_searched(self.account.tables["contacts"].vendor):
            for entity in asked:
                if entity == "user":
                    found += self._users(text)
                elif entity in _SEARCHED:
                    found += self._hits(entity, text)
                else:
                    raise InvalidError([f"{entity} cannot be searched"])
        return found[:_MOST_FOUND]

    def _hits(self, entity: str, text: str) -> list[Record]:
        resource, columns = self._resource(entity), _SEARCHED[entity][1]
        sql = " OR ".join(f"{column} LIKE ?" for column in columns)
        escaped = f"%{text}%"
        return [
            {
                "id": str(record["id"]),
                "type": entity,
                "name": record.get("display_name") or record.get("name"),
                "email": record.get("email"),
                "avatar": record["avatar"],
                "company_name": self._company(record),
            }
            for record in self.account.matching(resource.name, sql, *[escaped] * len(columns))
        ]

    def _company(self, record: Record) -> str | None:
        accounts = record.get("sales_accounts")
        if accounts:
            found = self.account.get("sales_accounts", accounts[0]["id"])
            return found["name"] if found else None
        company = record.get("company")
        return company.get("name") if isinstance(company, dict) else None

    def _users(self, text: str) -> list[Record]:
        return [
            {
                "id": str(user["id"]),
                "type": "user",
                "name": user["display_name"],
                "email": user["email"],
                "avatar": None,
            }
            for user in self.account.records("owners")
            if text.lower() in user["display_name"].lower()
        ]

    def lookup(self, request: Request) -> Any:
        """Return exact matches of one field, grouped and doubly nested."""
        value, field = request.query.get("q", ""), request.query.get("f", "email")
        if not value:
            raise InvalidError(["q can't be blank"])
        entities = [each.strip() for each in request.query.get("entities", "contact").split(",")]
        answer: dict[str, Any] = {}
        with self.account.store.lag.as_searched(self.account.tables["contacts"].vendor):
            for entity in entities:
                resource = self._resource(entity)
                ids = self._lookup(resource, field, value)
                found = [self.account.get(resource.name, each) for each in ids]
                shown = [partial_json(self.account, resource, record) for record in found if record is not None]
                answer[resource.name] = {resource.name: shown, "meta": {"total": len(shown)}}
        return answer

    def _lookup(self, resource: Resource, field: str, value: str) -> list[int]:
        if field == "name":
            column = "name" if resource.name != "leads" else "display_name"
            return [record["id"] for record in self.account.matching(resource.name, f"{column} = ?", value)]
        if field.startswith("cf_") and field in custom_fields(self.account, resource.name):
            return self.account.holders(resource.name, field, value)
        if field not in {"email", "mobile_number", "external_id"}:
            raise InvalidError([f"{field} is not a valid lookup field"])
        return matching(self.account, resource, field, value) if field in resource.identifiers else []

    def filtered_search(self, entity: str, request: Request) -> Any:
        """Return partial records that meet all rules."""
        resource = self._resource(entity)
        rules = sent_object(request).get("filter_rule")
        if not isinstance(rules, list) or not rules:
            raise InvalidError(["filter_rule is missing"])
        conditions = tuple(self._condition(resource, rule) for rule in rules)
        size, page = read_page(request)
        with self.account.store.lag.as_searched(self.account.tables[resource.name].vendor):
            query = sorted_by(resource, request, Query(self.account.tables[resource.name], conditions))
            total = self.account.store.count(query)
            found = [decode(text) for text in self.account.store.page(query, size, (page - 1) * size)]
        return {
            resource.name: [partial_json(self.account, resource, record, is_filtered=True) for record in found],
            "meta": {"total": total},
        }

    def _condition(self, resource: Resource, rule: Any) -> Condition:
        if not isinstance(rule, dict) or set(rule) - {"attribute", "operator", "value"}:
            raise InvalidError(["filter_rule must hold attribute, operator and value"])
        attribute, operator = str(rule.get("attribute")), str(rule.get("operator"))
        column = _ATTRIBUTES.get(attribute, attribute)
        custom = custom_fields(self.account, resource.name)
        known = {"id", *resource.writable, *resource.kept}
        if column not in known and column not in custom:
            raise InvalidError([f"{attribute} is not a valid attribute"])
        path = f"custom_field.{column}" if column in custom else column
        return _condition(f"json_extract(body, '$.{path}')", column, operator, rule.get("value"))


def _condition(sql: str, column: str, operator: str, value: Any) -> Condition:
    if operator in {"is_in", "is_not_in"}:
        # Stamps are never met by is_in (section 8); other values are compared as text, in any letter case.
        values = value if isinstance(value, list) else [value]
        placeholders = ", ".join("?" * len(values))
        met = f"lower(CAST({sql} AS TEXT)) IN ({placeholders})" if column not in {"created_at", "updated_at"} else "0"
        arguments = tuple(str(each).lower() for each in values) if met != "0" else ()
        return Condition(met if operator == "is_in" else f"NOT ifnull({met}, 0)", arguments)
    patterns = {"contains": "%{}%", "starts_with": "{}%", "ends_with": "%{}"}
    if operator in patterns and isinstance(value, str):
        return Condition(f"{sql} LIKE ?", (patterns[operator].format(re.sub(r"[%_]", "", value)),))
    signs = {"greater_than": ">", "less_than": "<", "is_after": ">", "is_before": "<"}
    if operator in signs and isinstance(value, str | int | float):
        return Condition(f"{sql} {signs[operator]} ?", (value,))
    if operator in {"is_empty", "is_not_empty"}:
        return Condition(f"{sql} IS {'NOT ' if operator == 'is_not_empty' else ''}NULL")
    raise InvalidError([f"{operator} is not a valid operator"])
