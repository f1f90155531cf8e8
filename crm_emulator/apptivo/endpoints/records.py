"""The actions of every object, and the JSON style that stands for three of them (reference sections 4 to 7, 10)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo import records
from crm_emulator.apptivo.answers import FailureError
from crm_emulator.apptivo.config import config_data
from crm_emulator.apptivo.endpoints.base import Actions
from crm_emulator.apptivo.objects.catalog import OBJECTS
from crm_emulator.apptivo.objects.documented import LEADS, OPPORTUNITIES
from crm_emulator.apptivo.parameters import is_yes, read_id, read_json
from crm_emulator.apptivo.search import criteria, listed, text_condition
from crm_emulator.messages import is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record
    from crm_emulator.routing import Route

_FLAGS = ("isAddressUpdate", "isCustomAttributesUpdate", "isEmailAddressUpdate")
_ALL_FLAGS = dict.fromkeys(_FLAGS, True)
_REST_REMARK = "only one source shows this style; a switch turns it on"


class RecordActions(Actions):
    """Actions that every object has."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return tuple(route for crm_object in OBJECTS for route in (*self._actions(crm_object), *self._rest(crm_object)))

    def _actions(self, crm_object: AppObject) -> list[Route]:
        at, data_name = f"{crm_object.path}?a=", crm_object.data_names[0]
        unlisted = "any attribute is taken; no source lists them" if crm_object.open else ""
        opportunity = "the wrapper, and what isDuplicate and isLeadConvert do, are unknown"
        save_remark = opportunity if crm_object is OPPORTUNITIES else unlisted
        delete_remark = (
            "" if crm_object.name == "customers" else "no page of its own (§13); a switch limits deleting to customers"
        )
        return [
            self.writes(f"{at}save", partial(self.save, crm_object), "§5", save_remark, data_name=data_name),
            self.writes(f"{at}update", partial(self.update, crm_object), "§6", unlisted, data_name=data_name),
            self.writes(f"{at}delete", partial(self.delete, crm_object), "§7", delete_remark),
            self.reads(f"{at}getById", partial(self.get_by_id, crm_object), "§10"),
            self.reads(f"{at}getAll", partial(self.get_all, crm_object), "§10"),
            self.reads(f"{at}getAllBySearchText", partial(self.by_text, crm_object), "§10"),
            self.reads(f"{at}getAllByAdvancedSearch", partial(self.by_criteria, crm_object), "§10", "no _score"),
            self.reads(f"{at}getConfigData", partial(self.config, crm_object), "§8", "only what names need"),
        ]

    def _rest(self, crm_object: AppObject) -> list[Route]:
        one, data_name = f"{crm_object.path}/{{{crm_object.id_name}}}", crm_object.data_names[0]
        implicit = partial(self.update, crm_object, implicit=True)
        return [
            self.writes(crm_object.path, partial(self.save, crm_object), "§1, §13", _REST_REMARK, data_name=data_name),
            self.writes(one, implicit, "§1, §13", _REST_REMARK, method="PUT", data_name=data_name),
            self.writes(one, partial(self.delete, crm_object), "§1, §13", _REST_REMARK, method="DELETE"),
        ]

    def _sent(self, crm_object: AppObject, values: Mapping[str, str]) -> Record:
        name = next((each for each in crm_object.data_names if values.get(each)), crm_object.data_names[0])
        return dict(read_json(values, name, dict))

    def _wrapped(self, crm_object: AppObject, record: Record) -> Any:
        shown = records.shown(crm_object, record)
        if crm_object.says_success:
            return {"status": "SUCCESS", "data": shown}
        switches = self.account.switches
        if switches.write_answer == "status":
            return {"status": "SUCCESS"}
        wrapper = switches.opportunity_wrapper if crm_object is OPPORTUNITIES else crm_object.wrapper
        return {wrapper: shown} if wrapper else shown

    def save(self, crm_object: AppObject, values: Mapping[str, str]) -> Any:
        """Create a record, and return it in its object's wrapper."""
        sent, user = self._sent(crm_object, values), self.user(values)
        if crm_object is LEADS and is_yes(values, "isDuplicateCheck"):
            records.refuse_duplicate_lead(self.account, crm_object, sent)
        if crm_object is OPPORTUNITIES:
            sent = records.settle_opportunity(self.account, values, sent)
            if self.account.switches.opportunity_duplicates and is_yes(values, "isDuplicate"):
                records.refuse_duplicate_opportunity(self.account, sent)
        record = records.save(self.account, crm_object, sent, user)
        if crm_object is OPPORTUNITIES and is_yes(values, "isCustomerTerritoryUpdate"):
            records.spread_territory(self.account, record)
        return self._wrapped(crm_object, record)

    def update(self, crm_object: AppObject, values: Mapping[str, str], *, implicit: bool = False) -> Any:
        """Change a record, and return it; in the JSON style every attribute that was sent counts as listed."""
        record_id, sent = read_id(values, crm_object.id_name), self._sent(crm_object, values)
        if implicit:
            names, ids = [*sent, "address"] if "addresses" in sent else list(sent), None
            flags = _ALL_FLAGS
        else:
            names = [str(name) for name in read_json(values, self._list_name(crm_object, values), list)]
            listed_ids = read_json(values, "attributeIds", list, empty=[])
            ids = [int(each) for each in listed_ids if is_whole(str(each))] if "attributeIds" in values else None
            flags = {flag: is_yes(values, flag) for flag in _FLAGS}
        record = records.update(
            self.account, crm_object, record_id, sent, names, self.user(values), attribute_ids=ids, flags=flags
        )
        return self._wrapped(crm_object, record)

    def _list_name(self, crm_object: AppObject, values: Mapping[str, str]) -> str:
        documented = "attributeName" if crm_object.singular_list else "attributeNames"
        other = "attributeNames" if crm_object.singular_list else "attributeName"
        if self.account.switches.attribute_list == "either" and not values.get(documented) and values.get(other):
            return other
        return documented

    def delete(self, crm_object: AppObject, values: Mapping[str, str]) -> Any:
        """Delete a record; the answer says SUCCESS in both spellings that were seen."""
        if self.account.switches.delete_only_customers and crm_object.name != "customers":
            raise FailureError("delete is not supported")
        records.delete(self.account, crm_object, read_id(values, crm_object.id_name))
        return {"status": "SUCCESS", "Status": "SUCCESS"}

    def get_by_id(self, crm_object: AppObject, values: Mapping[str, str]) -> Any:
        """Return one record, at the top level or under ``data`` or ``responseObject``."""
        record = records.fetch(self.account, crm_object, read_id(values, crm_object.id_name))
        wrapper = self.account.switches.read_wrapper
        shown = records.shown(crm_object, record)
        return {wrapper: shown} if wrapper else shown

    def get_all(self, crm_object: AppObject, values: Mapping[str, str]) -> Any:
        """Return a page of all records."""
        return listed(self.account, crm_object, values)

    def by_text(self, crm_object: AppObject, values: Mapping[str, str]) -> Any:
        """Return a page of the records that hold a text anywhere."""
        text = values.get("searchText", "")
        return listed(self.account, crm_object, values, (text_condition(text),) if text else ())

    def by_criteria(self, crm_object: AppObject, values: Mapping[str, str]) -> Any:
        """Return a page of the records that meet ``searchData``."""
        sent = read_json(values, "searchData", dict)
        read_json(values, "multiSelectData", dict, empty={})
        return listed(self.account, crm_object, values, criteria(self.account, crm_object, sent))

    def config(self, crm_object: AppObject, _values: Mapping[str, str]) -> Any:
        """Return the object's configuration."""
        return config_data(self.account, crm_object)
