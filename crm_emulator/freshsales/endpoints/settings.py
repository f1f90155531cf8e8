"""Selectors, fields, and the modules that people have defined (reference section 2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError, NotFoundError
from crm_emulator.freshsales.custom_modules import define_module, module_named
from crm_emulator.freshsales.endpoints.base import Chapter, record_id, sent_object, unwrapped
from crm_emulator.freshsales.fields import CUSTOM_TYPES, custom_fields, define_field, shown_fields
from crm_emulator.freshsales.selectors import SELECTORS
from crm_emulator.messages import Answer, Request, json_answer

if TYPE_CHECKING:
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record
    from crm_emulator.routing import Route

_WITH_FIELDS = ("contacts", "sales_accounts", "deals", "leads", "sales_activities")
_CUSTOMIZATIONS = "/settings/module_customizations"
_MODULE_PARTS = ("entity_name", "singular_name", "plural_name", "description", "icon", "show_in_navigation_menu")


class Settings(Chapter):
    """Endpoints of the account's settings."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        selectors = [name for name in SELECTORS if name in self.account.tables]
        fields = [name for name in _WITH_FIELDS if name in self.resources]
        one = f"{_CUSTOMIZATIONS}/{{id}}"
        numbered = "the numbers of field types are a guess: the index in the list of types"
        return (
            *(self.reads("GET", f"/selector/{name}", partial(self.selector, name), "§2") for name in selectors),
            self.reads("GET", "/selector/deal_pipelines/{id}/deal_stages", self.stages, "§2"),
            self.reads("GET", "/selector/sales_activity_types/{id}/sales_activity_outcomes", self.outcomes, "§2"),
            *(
                self.reads("GET", f"/settings/{name}/fields", partial(self.fields, self.resources[name]), "§2")
                for name in fields
            ),
            self.reads("GET", _CUSTOMIZATIONS, self.modules, "§2"),
            self.writes("POST", _CUSTOMIZATIONS, self.define, "§2"),
            self.reads("GET", one, self.module, "§2"),
            self.writes("PUT", one, self.rename, "§2"),
            self.writes("DELETE", one, self.drop, "§2"),
            self.reads("GET", "/settings/{entity_name}/forms", self.forms, "§2"),
            self.writes("POST", "/settings/{entity_name}/forms/{form_id}/fields", self.add_field, "§2", numbered),
        )

    def selector(self, name: str, _request: Request) -> Any:
        """Return all items of a picklist."""
        items = self.account.records(name)
        if name == "deal_pipelines":
            stages = self.account.records("deal_stages")
            for item in items:
                item["deal_stages"] = [each for each in stages if each["deal_pipeline_id"] == item["id"]]
        return {SELECTORS[name].key or name: items}

    def stages(self, request: Request) -> Any:
        """Return the stages of one pipeline."""
        return self._part(request, "deal_pipelines", "deal_stages", "deal_pipeline_id")

    def outcomes(self, request: Request) -> Any:
        """Return the outcomes of one activity type."""
        return self._part(request, "sales_activity_types", "sales_activity_outcomes", "sales_activity_type_id")

    def _part(self, request: Request, whole: str, part: str, attribute: str) -> Any:
        number = record_id(request)
        if not self.account.exists(whole, number):
            raise NotFoundError
        return {part: [each for each in self.account.records(part) if each[attribute] == number]}

    def fields(self, resource: Resource, request: Request) -> Any:
        """Return all fields; grouped if ``include=field_group`` asks for it."""
        fields = shown_fields(self.account, resource)
        if "field_group" not in request.query.get("include", ""):
            return {"fields": fields}
        group = resource.first_id % 1_000_000
        grouped = [{**field, "field_group_id": group} for field in fields]
        return {"field_groups": [{"id": group, "label": "Basic information", "position": 1}], "fields": grouped}

    # Custom modules

    def modules(self, _request: Request) -> Any:
        """Return all custom modules."""
        return {"module_customizations": self.account.records("module_customizations")}

    def module(self, request: Request) -> Any:
        """Return one custom module."""
        return {"module_customization": self._module(request)}

    def _module(self, request: Request) -> Record:
        found = self.account.get("module_customizations", record_id(request))
        if found is None:
            raise NotFoundError
        return found

    def define(self, request: Request) -> Answer:
        """Create a custom module."""
        sent = self._module_sent(request)
        missing = [
            name for name in ("entity_name", "singular_name", "plural_name") if not isinstance(sent.get(name), str)
        ]
        if missing:
            raise InvalidError([f"{name} can't be blank" for name in missing])
        if not str(sent["entity_name"]).startswith("cm_"):
            raise InvalidError(["Entity name must start with cm_"])
        if module_named(self.account, sent["entity_name"]) is not None:
            raise InvalidError(["Entity name has already been taken"])
        module = define_module(self.account, sent["entity_name"], sent["singular_name"], sent["plural_name"])
        return json_answer(self.account.switches.create_status, {"module_customization": module})

    def rename(self, request: Request) -> Any:
        """Change a custom module."""
        sent = self._module_sent(request)
        module = {**self._module(request), **sent, "updated_at": self.account.stamp()}
        self.account.store.put(self.account.tables["module_customizations"], module)
        return {"module_customization": module}

    def _module_sent(self, request: Request) -> dict[str, Any]:
        sent = unwrapped(sent_object(request), "module_customization", flat=False)
        return {name: sent[name] for name in _MODULE_PARTS if name in sent}

    def drop(self, request: Request) -> Any:
        """Delete a custom module and its records."""
        module = self._module(request)
        for record in self.account.matching("custom_records", "entity_name = ?", module["entity_name"]):
            self.account.store.remove(self.account.tables["custom_records"], record["id"])
        self.account.store.remove(self.account.tables["module_customizations"], module["id"])
        return {"message": "Module deleted successfully"}

    def forms(self, request: Request) -> Any:
        """Return the form of a module, with its custom fields."""
        module = self._entity(request)
        fields = [_form_field(module, each) for each in custom_fields(self.account, module["entity_name"]).values()]
        basic = {"name": "basic_information", "label": "Basic information", "fields": fields}
        return {"forms": [{"id": module["id"], "name": module["entity_name"], "fields": [basic]}]}

    def _entity(self, request: Request) -> Record:
        module = module_named(self.account, request.parameters["entity_name"])
        if module is None:
            raise NotFoundError
        return module

    def add_field(self, request: Request) -> Answer:
        """Create a field of a custom module."""
        module = self._entity(request)
        if record_id(request, "form_id") != module["id"]:
            raise NotFoundError
        sent = sent_object(request)
        label, type_number = sent.get("label"), sent.get("field_type")
        if not isinstance(label, str) or not label:
            raise InvalidError(["Label can't be blank"])
        if not isinstance(type_number, int) or not 0 < type_number <= len(CUSTOM_TYPES):
            raise InvalidError(["Field type is invalid"])
        field = define_field(
            self.account,
            module["entity_name"],
            label,
            CUSTOM_TYPES[type_number - 1],
            required=sent.get("required") is True,
        )
        return json_answer(self.account.switches.create_status, {"field": _form_field(module, field)})


def _form_field(module: Record, field: Record) -> dict[str, Any]:
    return {
        "id": str(field["id"]),
        "form_id": module["id"],
        "name": field["name"],
        "label": field["label"],
        "type": field["type"],
        "required": field["required"],
        "custom": True,
        "visible": True,
        "choices": field["choices"],
        "field_options": {"unique": str(field["unique"]).lower()},
    }
