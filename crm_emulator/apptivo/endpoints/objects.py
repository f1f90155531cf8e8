"""The actions of every object, and the JSON style that stands for three of them (reference sections 4 to 7, 10)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo import records
from crm_emulator.apptivo.answers import FailureError
from crm_emulator.apptivo.config import config_data
from crm_emulator.apptivo.endpoints.answering import Actions
from crm_emulator.apptivo.objects.catalog import OBJECTS
from crm_emulator.apptivo.objects.documented import LEADS, OPPORTUNITIES
from crm_emulator.apptivo.parameters import id_of, is_yes, json_of
from crm_emulator.apptivo.search import criteria, listed, text_condition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record
    from crm_emulator.routing import Route

_FLAGS = ("isAddressUpdate", "isCustomAttributesUpdate", "isEmailAddressUpdate")
_ALL_FLAGS = dict.fromkeys(_FLAGS, True)
_REST_REMARK = "only one source shows this style; a switch turns it off"


class ObjectActions(Actions):
    """What every object understands."""

    def routes(self) -> tuple[Route, ...]:
        """Its routes."""
        return tuple(route for declared in OBJECTS for route in (*self._actions(declared), *self._rest(declared)))

    def _actions(self, declared: AppObject) -> list[Route]:
        at, data_name = f"{declared.path}?a=", declared.data_names[0]
        unlisted = "any attribute is taken; no source lists them" if declared.open else ""
        opportunity = "the wrapper, and what isDuplicate and isLeadConvert do, are unknown"
        save_remark = opportunity if declared is OPPORTUNITIES else unlisted
        delete_remark = "" if declared.name == "customers" else "no vendor page; a switch limits deleting to customers"
        return [
            self.writes(f"{at}save", partial(self.save, declared), "§5", save_remark, data_name=data_name),
            self.writes(f"{at}update", partial(self.update, declared), "§6", unlisted, data_name=data_name),
            self.writes(f"{at}delete", partial(self.delete, declared), "§7", delete_remark),
            self.reads(f"{at}getById", partial(self.get_by_id, declared), "§10"),
            self.reads(f"{at}getAll", partial(self.get_all, declared), "§10"),
            self.reads(f"{at}getAllBySearchText", partial(self.by_text, declared), "§10"),
            self.reads(f"{at}getAllByAdvancedSearch", partial(self.by_criteria, declared), "§10", "no _score"),
            self.reads(f"{at}getConfigData", partial(self.config, declared), "§8", "only what names need"),
        ]

    def _rest(self, declared: AppObject) -> list[Route]:
        one, data_name = f"{declared.path}/{{{declared.id_name}}}", declared.data_names[0]
        implicit = partial(self.update, declared, implicit=True)
        return [
            self.writes(declared.path, partial(self.save, declared), "§1", _REST_REMARK, data_name=data_name),
            self.writes(one, implicit, "§1", _REST_REMARK, method="PUT", data_name=data_name),
            self.writes(one, partial(self.delete, declared), "§1", _REST_REMARK, method="DELETE"),
        ]

    def _sent(self, declared: AppObject, values: Mapping[str, str]) -> Record:
        name = next((each for each in declared.data_names if values.get(each)), declared.data_names[0])
        return dict(json_of(values, name, dict))

    def _wrapped(self, declared: AppObject, record: Record) -> Any:
        shown = records.shown(declared, record)
        if declared.says_success:
            return {"status": "SUCCESS", "data": shown}
        switches = self.account.switches
        if switches.write_answer == "status":
            return {"status": "SUCCESS"}
        wrapper = switches.opportunity_wrapper if declared is OPPORTUNITIES else declared.wrapper
        return {wrapper: shown} if wrapper else shown

    def save(self, declared: AppObject, values: Mapping[str, str]) -> Any:
        """A new record, in its object's wrapper."""
        sent, user = self._sent(declared, values), self.user(values)
        if declared is LEADS and is_yes(values, "isDuplicateCheck"):
            records.refuse_duplicate_lead(self.account, declared, sent)
        if declared is OPPORTUNITIES:
            sent = records.settle_opportunity(self.account, values, sent)
            if self.account.switches.opportunity_duplicates and is_yes(values, "isDuplicate"):
                records.refuse_duplicate_opportunity(self.account, sent)
        record = records.save(self.account, declared, sent, user)
        if declared is OPPORTUNITIES and is_yes(values, "isCustomerTerritoryUpdate"):
            records.spread_territory(self.account, record)
        return self._wrapped(declared, record)

    def update(self, declared: AppObject, values: Mapping[str, str], *, implicit: bool = False) -> Any:
        """The record as it is now; in the JSON style every attribute that was sent counts as listed."""
        record_id, sent = id_of(values, declared.id_name), self._sent(declared, values)
        if implicit:
            names, ids = [*sent, "address"] if "addresses" in sent else list(sent), None
            flags = _ALL_FLAGS
        else:
            names = [str(name) for name in json_of(values, self._list_name(declared, values), list)]
            listed_ids = json_of(values, "attributeIds", list, empty=[])
            ids = [int(each) for each in listed_ids if str(each).isdigit()] if "attributeIds" in values else None
            flags = {flag: is_yes(values, flag) for flag in _FLAGS}
        record = records.update(
            self.account, declared, record_id, sent, names, self.user(values), attribute_ids=ids, flags=flags
        )
        return self._wrapped(declared, record)

    def _list_name(self, declared: AppObject, values: Mapping[str, str]) -> str:
        documented = "attributeName" if declared.singular_list else "attributeNames"
        other = "attributeNames" if declared.singular_list else "attributeName"
        if self.account.switches.attribute_list == "either" and not values.get(documented) and values.get(other):
            return other
        return documented

    def delete(self, declared: AppObject, values: Mapping[str, str]) -> Any:
        """SUCCESS in both spellings that were seen."""
        if self.account.switches.delete_only_customers and declared.name != "customers":
            raise FailureError("delete is not supported")
        records.delete(self.account, declared, id_of(values, declared.id_name))
        return {"status": "SUCCESS", "Status": "SUCCESS"}

    def get_by_id(self, declared: AppObject, values: Mapping[str, str]) -> Any:
        """One record, at the top or under ``data`` or ``responseObject``."""
        record = records.fetch(self.account, declared, id_of(values, declared.id_name))
        wrapper = self.account.switches.read_wrapper
        shown = records.shown(declared, record)
        return {wrapper: shown} if wrapper else shown

    def get_all(self, declared: AppObject, values: Mapping[str, str]) -> Any:
        """A page of all records."""
        return listed(self.account, declared, values)

    def by_text(self, declared: AppObject, values: Mapping[str, str]) -> Any:
        """A page of the records that hold a text anywhere."""
        text = values.get("searchText", "")
        return listed(self.account, declared, values, (text_condition(text),) if text else ())

    def by_criteria(self, declared: AppObject, values: Mapping[str, str]) -> Any:
        """A page of the records that meet ``searchData``."""
        sent = json_of(values, "searchData", dict)
        json_of(values, "multiSelectData", dict, empty={})
        return listed(self.account, declared, values, criteria(self.account, declared, sent))

    def config(self, declared: AppObject, _values: Mapping[str, str]) -> Any:
        """The object's configuration."""
        return config_data(self.account, declared)
