"""Activities about a record: notes, tasks, appointments, sales activities, calls, files (reference sections 2, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.objects.declaration import OWNER, STAMPS, TARGETED, Resource, custom_keys, texts
from crm_emulator.freshsales.values import (
    LONG_TEXT,
    WHOLE,
    Flag,
    Instant,
    Reference,
    Structure,
    Text,
    WrongValueError,
    read_instant,
)
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

_SUCCESS = {"success": "200"}
_TARGET = (
    Column("target_id", "targetables.0.id", "INTEGER"),
    Column("target_type", "targetables.0.type"),
)
_MADE: dict[str, Any] = {"created_at": None, "updated_at": None, "creater_id": None}
# Of checking in and out on a phone, recorded beside appointments and sales activities (section 12).
_CHECKED_IN: dict[str, Any] = {
    "latitude": None,
    "longitude": None,
    "checkedin_at": None,
    "checkedout_latitude": None,
    "checkedout_longitude": None,
    "checkedout_location": None,
    "checkedout_at": None,
    "checkedin_duration": None,
}
_NOT_SHOWN = frozenset({"targetable_type", "targetable_id"})


def _settle_target(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Turn ``targetable_type`` and ``targetable_id`` into ``targetables`` (section 4)."""
    if "targetable_type" in sent or "targetable_id" in sent:
        target = account.target(record["targetable_type"], record["targetable_id"])
        record["targetable_id"] = target["id"]
        record["targetables"] = [target]
    elif old is None:
        record["targetables"] = []


def complete_task(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Apply a task's own rules: status 0 is open, 1 is done (section 4)."""
    _settle_target(account, record, old, sent)
    if record["status"] not in (0, 1, None):
        raise InvalidError(["Status is not included in the list"])
    record["status"] = record["status"] or 0
    if record["status"] == 0:
        record["completed_date"] = None
    elif record["completed_date"] is None:
        record["completed_date"] = account.stamp()
    if record["owner_id"] is None:
        record["owner_id"] = account.user_id


_ATTENDEES = {"FdMultitenant::User": "owners", "Contact": "contacts"}


def complete_appointment(
    account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]
) -> None:
    """Apply an appointment's own rules: it ends after it begins, and its attendees are nested attributes."""
    _settle_target(account, record, old, sent)
    _check_order(record, "from_date")
    for each in record["appointment_attendees_attributes"] or []:
        model = each.get("attendee_type")
        if model not in _ATTENDEES:
            raise InvalidError(["Appointment attendees is invalid"])
        try:
            attendee = Reference(_ATTENDEES[model]).read(each.get("attendee_id"), account)
        except WrongValueError as wrong:
            raise InvalidError([f"Appointment attendees {wrong}"]) from None
        attended = {"id": account.next_id("attendees"), "attendee_type": model, "attendee_id": attendee}
        record["attendees"] = [*record["attendees"], attended]
    record["appointment_attendees_attributes"] = None
    record["appointment_attendee_ids"] = [each["id"] for each in record["attendees"]]


def complete_sales_activity(
    account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]
) -> None:
    """Apply a sales activity's own rules."""
    _settle_target(account, record, old, sent)
    _check_order(record, "start_date")
    record["conversation_time"] = record["end_date"]
    if record["owner_id"] is None:
        record["owner_id"] = account.user_id


def complete_call(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Apply a call log's own rule: it names its record in ``targetable`` (vendor's page on manual call logs)."""
    if "targetable" in sent:
        named = (record["targetable"] or {}).get("id", record["targetable_id"])
        record["targetables"] = [account.target(record["targetable_type"], named)]
        record["targetable"] = record["targetables"][0]
    else:
        _settle_target(account, record, old, sent)
    record["user_id"] = account.user_id


def _check_order(record: Record, first: str) -> None:
    if read_instant(record["end_date"]) < read_instant(record[first]):
        raise InvalidError(["End date must be after the start date"])


NOTES = Resource(
    name="notes",
    singular="note",
    model="Note",
    writable={"description": LONG_TEXT, **TARGETED},
    required=("description", "targetable_type", "targetable_id"),
    kept={
        "url": None,
        "duration": None,
        **_MADE,
        "has_access": True,
        "collab_context": {"hasSlackViewAccess": False, "messageId": ""},
        "targetables": [],
    },
    columns=(*STAMPS, *_TARGET),
    hidden=_NOT_SHOWN,
    first_id=31_004_348_670,
    deleted=_SUCCESS,
    recycles=False,
    complete=_settle_target,
)

TASKS = Resource(
    name="tasks",
    singular="task",
    model="Task",
    writable={
        "title": Text(),
        "description": LONG_TEXT,
        "due_date": Instant(),
        "owner_id": Reference("owners"),
        "status": WHOLE,
        "task_type_id": Reference("sales_activity_entity_types"),
        "outcome_id": Reference("sales_activity_outcomes"),
        **TARGETED,
    },
    required=("title", "due_date"),
    kept={"completed_date": None, **_MADE, "updater_id": None, "targetables": []},
    columns=(*STAMPS, OWNER, *_TARGET, *texts("due_date", "title"), Column("status", "status", "INTEGER")),
    hidden=_NOT_SHOWN,
    first_id=31_001_298_021,
    deleted=_SUCCESS,
    recycles=False,
    complete=complete_task,
)

APPOINTMENTS = Resource(
    name="appointments",
    singular="appointment",
    model="Appointment",
    writable={
        "title": Text(),
        "description": LONG_TEXT,
        "from_date": Instant(),
        "end_date": Instant(),
        "time_zone": Text(),
        "location": Text(),
        "is_allday": Flag(),
        "outcome_id": Reference("sales_activity_outcomes"),
        "appointment_attendees_attributes": Structure(listed=True),
        **TARGETED,
    },
    required=("title", "from_date", "end_date", "targetable_type", "targetable_id"),  # not time_zone (section 12)
    kept={
        "provider": "freshsales",
        **_MADE,
        **_CHECKED_IN,
        "can_checkin_checkout": True,
        "can_checkin": True,
        "conference_id": None,
        "targetables": [],
        "attendees": [],
        "appointment_attendee_ids": [],
        "note_id": None,
    },
    columns=(*STAMPS, *_TARGET, *texts("from_date", "end_date", "title")),
    hidden=_NOT_SHOWN | {"appointment_attendees_attributes", "attendees"},
    first_id=31_001_473_829,
    deleted=_SUCCESS,
    recycles=False,
    complete=complete_appointment,
)

SALES_ACTIVITIES = Resource(
    name="sales_activities",
    singular="sales_activity",
    model="SalesActivity",
    writable={
        "title": Text(),
        "notes": LONG_TEXT,
        "owner_id": Reference("owners"),
        "sales_activity_type_id": Reference("sales_activity_types"),
        "sales_activity_outcome_id": Reference("sales_activity_outcomes"),
        "start_date": Instant("date_time_split"),
        "end_date": Instant("date_time_split"),
        "location": Text(),
        **TARGETED,
    },
    # As the recorded field settings have it; the owner is the key's user where none is sent.
    required=("title", "start_date", "end_date", "sales_activity_type_id", "targetable_type", "targetable_id"),
    kept={
        "remote_id": None,
        "import_id": None,
        **_MADE,
        "updater_id": None,
        "conversation_time": None,
        "conversation_id": None,
        **_CHECKED_IN,
        "completed_date": None,
        "status": False,
        "targetables": [],
    },
    columns=(*STAMPS, OWNER, *_TARGET, *texts("title", "start_date")),
    keys=custom_keys,
    first_id=31_000_274_656,
    has_custom_fields=True,
    deleted=_SUCCESS,
    recycles=False,
    complete=complete_sales_activity,
)

# Frozen: its sources are thin and no recipe needs it; nothing is added until a recording of a real account is there.
PHONE_CALLS = Resource(
    name="phone_calls",
    singular="phone_call",
    model="PhoneCall",
    writable={"call_direction": Flag(), "note": Structure(), "targetable": Structure(), **TARGETED},
    required=("targetable_type",),
    kept={"status": "completed", "is_manual": True, "user_id": None, "note_id": None, **_MADE, "targetables": []},
    columns=(*STAMPS, *_TARGET),
    hidden=_NOT_SHOWN | {"note"},
    first_id=31_000_522_001,
    recycles=False,
    complete=complete_call,
)

DOCUMENTS = Resource(
    name="documents",
    singular="document",
    model="Document",
    writable={"file_name": Text(), "is_shared": Flag(), **TARGETED},
    required=("targetable_type", "targetable_id"),
    kept={"content_size": None, **_MADE, "targetables": []},
    columns=(*STAMPS, *_TARGET),
    hidden=_NOT_SHOWN,
    first_id=31_000_533_001,
    recycles=False,
    complete=_settle_target,
)

DOCUMENT_LINKS = Resource(
    name="document_links",
    singular="document_link",
    model="DocumentLink",
    writable={"url": Text(2048), "name": Text(), "is_shared": Flag(), **TARGETED},
    required=("url", "targetable_type", "targetable_id"),
    kept={**_MADE, "targetables": []},
    columns=(*STAMPS, *_TARGET),
    hidden=_NOT_SHOWN,
    first_id=31_000_544_001,
    recycles=False,
    complete=_settle_target,
)
