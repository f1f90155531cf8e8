"""The two kinds of place that a stream's records go to: an object with declared attributes, or endpoints of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from crm_api.crm import Crm
from crm_api.crm_objects import CrmId, SourceRecord, outgoing
from crm_api.endpoints.answers import is_stand_in
from crm_api.endpoints.whole_records import CRM_ID
from target_crm.endpoints.declaring import Declared, check_fields
from target_crm.endpoints.whole_records import WholeRecordMapper
from target_crm.engine.decisions import Ready, Update
from target_crm.engine.in_doubt import DoubtResolver, MappedResolver, WholeRecordResolver
from target_crm.engine.run import StreamContext
from target_crm.engine.updates import UpdatePlan, UpdatePlanner
from target_crm.load_method import LoadMethod
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import NOTHING_TO_SEND, Change
from target_crm.report.outcomes import Outcome
from target_crm.stream_settings import StreamSettings


class Destination(Protocol):
    """Where a stream's records go, and what that place can do."""

    still_in_doubt: str
    """The reason for holding a record whose write may have been carried out; ``{came}`` stands for the answer."""

    @property
    def mapper(self) -> Mapper:
        """The mapper of the stream's records; made when first needed. Raises SettingError."""

    def check_fields(self, stream: str, known: Collection[str]) -> None:
        """Refuse settings that need fields which the stream lacks.

        Args:
            stream: The stream's name.
            known: The fields of its schema that records are sent with; empty: the schema does not say.

        Raises:
            SettingError: Names the field, and the nearest one.
        """

    def outgoing(self, stream: str, ready: Ready, change: Change) -> Change:
        """Return what is sent, with what the place needs to know besides."""

    def planned(self, context: StreamContext, updates: Sequence[Update]) -> UpdatePlan:
        """Decide what each update sends; reads the CRM's records where that depends on them."""

    def outcome_of(self, outcome: Outcome) -> Outcome:
        """Return what a record that was sent is told as, by what its endpoint does."""

    def names_id(self, source_id: str, crm_id: CrmId | None) -> bool:
        """Tell whether the ledger's CRM id of a record is one that the CRM gave."""

    @property
    def remembers(self) -> bool:
        """True where an update depends on what the ledger remembers of earlier ones."""

    def leaves_updates_in_doubt(self, crm: Crm, age_seconds: float = 0.0) -> bool:
        """Tell whether an update without an answer stays in doubt: it can be neither read nor repeated."""

    def resolver(self, context: StreamContext, upsert_by: str | None) -> DoubtResolver:
        """Make what finds out whether creates without an answer were carried out."""

    @property
    def deletes_by_record(self) -> bool:
        """True where a record itself says all that deleting it needs."""

    @property
    def finds_deletes(self) -> bool:
        """True where a record to be deleted may be looked for by a match key."""

    def delete_facts(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what deleting a record needs besides the CRM's id of it."""


class MappedObject:
    """An object of the CRM whose attributes are declared: what is there can be read, compared and found.

    Args:
        crm: Reaches the account.
        settings: The stream's settings.
    """

    still_in_doubt = (
        "It was sent, {came}, and the CRM cannot tell whether it arrived. Look for it there; the next run asks again "
        "before it sends anything."
    )

    def __init__(self, crm: Crm, settings: StreamSettings) -> None:
        self._crm = crm
        self._settings = settings

    @cached_property
    def mapper(self) -> Mapper:
        """The mapper to attributes that the object declares."""
        return Mapper(self._crm, self._crm.objects[self._settings.object], self._settings.mapping)

    def check_fields(self, stream: str, known: Collection[str]) -> None:
        """Refuse nothing: an attribute that the stream lacks is not sent."""

    def outgoing(self, stream: str, ready: Ready, change: Change) -> Change:  # noqa: ARG002 - endpoints need them
        """Return the change as it is."""
        return change

    def planned(self, context: StreamContext, updates: Sequence[Update]) -> UpdatePlan:
        """Send what the source changed, as far as it differs from the CRM's record where that was read."""
        return UpdatePlanner(self.mapper, self._settings).planned(context, updates)

    @property
    def remembers(self) -> bool:
        """True where records can be updated."""
        return self._settings.load_method.updates

    def outcome_of(self, outcome: Outcome) -> Outcome:
        """Return the outcome as it is: the CRM creates what is created."""
        return outcome

    def names_id(self, source_id: str, crm_id: CrmId | None) -> bool:  # noqa: ARG002 - endpoints need it
        """Tell that it is, if there is one."""
        return crm_id is not None

    def leaves_updates_in_doubt(self, crm: Crm, age_seconds: float = 0.0) -> bool:  # noqa: ARG002 - endpoints need it
        """Tell that it does not: the record is read before it is updated again."""
        return False

    def resolver(self, context: StreamContext, upsert_by: str | None) -> DoubtResolver:
        """Make what asks the CRM, by its upsert, its unique attributes, or what was created since."""
        matches = self._settings.load_method is not LoadMethod.APPEND_ONLY
        return MappedResolver(context, upsert_by, matches=matches)

    @property
    def deletes_by_record(self) -> bool:
        """False: the CRM deletes by its id."""
        return False

    @property
    def finds_deletes(self) -> bool:
        """True where there is a match key; the settings must name it where a stream says whose records are deleted."""
        is_named = self._settings.mapping.match_on is not None
        return bool(self.mapper.match_on) and (is_named or self._settings.ledger_stream is None)

    def delete_facts(self, record: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - endpoints need it
        """Give nothing: the CRM's id is enough."""
        return {}


class DeclaredEndpoints:
    """Endpoints that the settings declare for the stream: records are sent whole, and cannot be read.

    Args:
        crm: Knows the objects that references lead to.
        settings: The stream's settings.
        declared: The stream's endpoints.
    """

    still_in_doubt = (
        "It was sent, {came}, and the endpoint does not tell whether it arrived, so it is not sent again. Look for it "
        "there; singer-crm rejected show NUMBER --config FILE says what to do then. An idempotency_header or "
        "endpoints.find spares the doubt."
    )

    def __init__(self, crm: Crm, settings: StreamSettings, declared: Declared) -> None:
        self._crm = crm
        self._settings = settings
        self._declared = declared

    @cached_property
    def mapper(self) -> Mapper:
        """The mapper to whole records, but for what is excluded."""
        return WholeRecordMapper(self._crm, self._declared, self._settings.mapping)

    def check_fields(self, stream: str, known: Collection[str]) -> None:
        """Refuse endpoints that need fields which the stream lacks."""
        mapping = self._settings.mapping
        check_fields(self._declared, stream, set(known) - mapping.exclude, mapping.references)

    def outgoing(self, stream: str, ready: Ready, change: Change) -> Change:
        """Say beside the record whose it is: stream, source id, and when it was last written."""
        if not change.payload:
            return change
        source = SourceRecord(stream, ready.incoming.source_id, ready.written_at)
        return replace(change, payload=replace(outgoing(change.payload), source=source))

    def planned(self, context: StreamContext, updates: Sequence[Update]) -> UpdatePlan:  # noqa: ARG002 - objects need it
        """Send each record whole, unless the find endpoint showed that all of it is there already."""
        plan = UpdatePlan()
        if self._declared.calls.update is None:
            for update in updates:
                if update.matched:
                    plan.unneeded.append((update, NOTHING_TO_SEND))
                else:
                    plan.impossible.append(update)
            return plan
        for update in updates:
            ready, current = update.ready, update.current if update.matched else None
            about = self.mapper.changed(ready.mapped, ready.basis) if self.remembers else None
            plan.add(update, self.mapper.change(ready.mapped, current, about))
        return plan

    def outcome_of(self, outcome: Outcome) -> Outcome:
        """Return what the endpoint does by its method: one that also updates is no create where it replaces."""
        calls = self._declared.calls
        endpoint = calls.create if outcome is Outcome.CREATED else calls.update
        if endpoint is None:
            return outcome
        if endpoint.method == "DELETE":
            return Outcome.DELETED
        replaces = endpoint.method in {"PUT", "PATCH"} and calls.create is calls.update
        return Outcome.UPDATED if replaces else outcome

    def names_id(self, source_id: str, crm_id: CrmId | None) -> bool:
        """Tell that it is, unless it is what stands in for an id that no answer gives."""
        create = self._declared.calls.create
        if create is not None and create.answer.id is None and is_stand_in(crm_id, source_id):
            return False
        return crm_id is not None

    @property
    def remembers(self) -> bool:
        """True where updates send only what changed."""
        return self._settings.mapping.update_with == "changed"

    def leaves_updates_in_doubt(self, crm: Crm, age_seconds: float = 0.0) -> bool:
        """Tell whether the update endpoint may not be asked again so long after an update was sent."""
        return not crm.may_repeat(self._declared.crm_object, update=True, age_seconds=age_seconds)

    def resolver(self, context: StreamContext, upsert_by: str | None) -> DoubtResolver:  # noqa: ARG002 - objects need it
        """Make what asks the endpoints: by repeating the create where that is safe, else by the find endpoint."""
        return WholeRecordResolver(context)

    @property
    def deletes_by_record(self) -> bool:
        """True where the delete endpoint names fields of the record alone."""
        return CRM_ID not in self._declared.needed.get("delete", (CRM_ID,))

    @property
    def finds_deletes(self) -> bool:
        """True where there is a find endpoint."""
        return self._declared.calls.find is not None

    def delete_facts(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record as its endpoints get it."""
        return {"payload": getattr(self.mapper.map(record), "payload", {})}


def destination_of(crm: Crm, settings: StreamSettings) -> Destination:
    """Return the destination that a stream's settings name."""
    if settings.declared is None:
        return MappedObject(crm, settings)
    return DeclaredEndpoints(crm, settings, settings.declared)


@dataclass(frozen=True)
class Stream:
    """One stream of this run.

    Attributes:
        name: The stream's name after stream maps.
        schema: Its SCHEMA message as it arrived, before stream maps.
        schema_id: A digest of that message.
        settings: The settings of the stream.
        destination: Where its records go.
    """

    name: str
    schema: bytes
    schema_id: str
    settings: StreamSettings
    destination: Destination
