"""Names of what Apptivo's records refer to: employees, and entries of lists that the configuration does not hold.

Facts: sources show few of the keys under which getConfigData holds lists (docs/reference/apptivo-api.md, sections 8 and
13): a list that does not come cannot refuse a name.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from crm_api.apptivo.config import Config, identifier
from crm_api.apptivo.declaration import Choice
from crm_api.crm import Name
from crm_api.crm_objects import CrmRecord

_LOGGER = logging.getLogger(__name__)


def employee_name(record: Mapping[str, Any]) -> Name:
    """Make the entry of an employee, whom records name by name or e-mail."""
    words = " ".join(str(record[name]) for name in ("firstName", "lastName") if record.get(name))
    addresses = [each.get("emailAddress") for each in record.get("emailAddresses") or () if isinstance(each, Mapping)]
    emails = [record.get(name) for name in ("emailId", "email", "emailAddress", "userName", "loginId")]
    spelt = [record.get("fullName"), record.get("employeeName"), words, *emails, *addresses]
    crm_id = identifier(record.get("employeeId") or record.get("id"))
    return Name(crm_id, tuple(dict.fromkeys(str(each) for each in spelt if each)) or (str(crm_id),))


class MissingLists:
    """Lists that the configuration does not hold: warns of each once, and learns names from records. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warned_of: set[str] = set()
        self._names: dict[str, dict[str, str]] = {}

    def warn(self, list_name: str) -> None:
        """Say once that a list is missing, and what becomes of names from it."""
        with self._lock:
            if list_name in self._warned_of:
                return
            self._warned_of.add(list_name)
        _LOGGER.warning(
            "Apptivo's configuration gives no list of %s: names from it are sent as they are, and Apptivo may refuse "
            "them. An id that it knows can be given in place of a name.",
            list_name.replace("_", " "),
        )

    def learn(self, choices: Iterable[Choice], record: CrmRecord, config: Config) -> None:
        """Take the names beside the ids of a record, for lists that are missing."""
        for choice in choices:
            crm_id, name = record.get(choice.id), record.get(choice.name)
            if crm_id is not None and name and not config.lists(choice):
                with self._lock:
                    known = self._names.setdefault(choice.listed, {})
                    known[str(crm_id)] = known[str(name).casefold()] = str(name)

    def named(self, list_name: str, value: Any) -> Any:
        """Look up the name of an id or of a name in any case, as records showed it; else the value itself."""
        known = self._names.get(list_name)
        return known.get(str(value).casefold(), value) if known else value
