"""The port that every CRM implements: its objects as declarations, and the few things that can be done to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload
from crm_api.errors import GoneError, RefusedError
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession


@dataclass(frozen=True)
class Account:
    """Whose account it is.

    Attributes:
        id: As the CRM reports it, else the host.
        name: For people.
        user: The user whose key it is, for people.
    """

    id: str
    name: str
    user: str


@dataclass(frozen=True)
class Name:
    """One thing that the CRM lists.

    Attributes:
        id: What the CRM wants.
        spellings: Names and e-mails by which a record may call it; the first is shown.
        within: The id of what it belongs to: a stage's pipeline. None if nothing.
    """

    id: CrmId
    spellings: tuple[str, ...]
    within: CrmId | None = None


@dataclass(frozen=True)
class CustomField:
    """A custom field as the account defines it.

    Attributes:
        id: Its definition's id.
        name: As people see it.
        kind: What its value is; NAME_ID for one option, NAME_IDS for several.
        objects: The objects that have it.
        options: Its options, where it has any.
        writable: False where the CRM takes it through another door.
    """

    id: CrmId
    name: str
    kind: Kind
    objects: frozenset[str]
    options: tuple[Name, ...] = ()
    writable: bool = True


@dataclass(frozen=True)
class Written:
    """One record of a write that the CRM carried out.

    Attributes:
        id: The record's.
        record: As the CRM answered it; empty where it said nothing.
        request_id: What the CRM calls the request, for its support; empty if it does not say.
        created: Of an upsert: whether it made the record. None if the CRM does not tell.
        before: In a rehearsal: the record that an update or upsert would change.
    """

    id: CrmId
    record: CrmRecord
    request_id: str = ""
    created: bool | None = None
    before: CrmRecord | None = None


@dataclass(frozen=True)
class Wanted:
    """One record of ``Crm.upsert_many``.

    Attributes:
        value: By which the CRM is to find it.
        payload: What it is to hold.
        since: Unix seconds of the CRM's clock when it was first tried, if this is another try of it (a record that is
            not older was made by that); 0 for the first.
    """

    value: str
    payload: Payload
    since: float


@dataclass(frozen=True)
class Refused:
    """One record of a write that the CRM refused; the others of the same request stand on their own.

    Attributes:
        reason: What the CRM said.
        status: HTTP status, of the whole answer where the vendor gives one for all; None if nothing was sent.
        gone: There is no such record.
        body: The CRM's answer about this record, redacted: text for the reject file.
        duplicate: The CRM has such a record already, by its own rule.
    """

    reason: str
    status: int | None
    gone: bool = False
    body: str = ""
    duplicate: bool = False


@dataclass(frozen=True)
class Untold:
    """One record of a write whose answer does not tell what became of it: in doubt.

    Attributes:
        status: HTTP status of the answer; None if there was none.
        body: What the answer says of the record, redacted: text for the reject file.
    """

    status: int | None
    body: str = ""


Result = Written | Refused | Untold


BeforeSend = Callable[[], None]


class Crm(ABC):
    """One CRM account. Thread-safe; every method raises the errors of ``crm_api.errors``.

    Attributes:
        session: The door to the account.
        objects: What can be written, by name.
        refused: What cannot be written although the CRM has it, and why.
        index_lags: A record just written may be missing from a search for a while.
        page_size: Records of one request of ``scan``.
    """

    session: CrmSession
    objects: Mapping[str, CrmObject]
    refused: Mapping[str, str]
    index_lags: bool = False
    page_size: int = 200

    def owner(self, crm_object: CrmObject) -> Crm:  # noqa: ARG002 - for a CRM with endpoints beside it
        """Give the part of the account that knows an object: whatever concerns the object may be asked there."""
        return self

    @abstractmethod
    def account(self) -> Account:
        """Ask whose account it is."""

    @abstractmethod
    def names(self, object_name: str) -> Sequence[Name]:
        """Read one of the CRM's lists, for example ``users`` or ``pipeline_stages``; asked once per session."""

    @abstractmethod
    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:
        """The custom fields of an object; asked once per session."""

    @abstractmethod
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        """Search by any of the values: at most ``crm_object.finds[attribute]`` of them.

        May return records that do not match (fuzzy searches): the caller compares.
        """

    @abstractmethod
    def count(self, crm_object: CrmObject) -> int | None:
        """An upper bound of how many records there are, by one request; None if they cannot be listed."""

    @abstractmethod
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        """Every record, the largest pages first to last."""

    @abstractmethod
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        """At least the records that were created since an instant of the CRM's clock.

        Whoever lost the answer to a create, sent some minutes after ``since``, looks here for what became of it. Where
        the CRM cannot search by creation, an instant in the payloads says where to look: an activity's date.
        """

    @abstractmethod
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        """Read records by id, as many per request as the CRM allows; those that are gone are left out.

        Args:
            crm_object: The kind of record.
            ids: Whose.
            immediate: Not from an index that lags behind writes, whatever it costs: up to one request each.
        """

    @abstractmethod
    def bulk_size(self, crm_object: CrmObject, *, update: bool = False) -> int:
        """Records in one request of ``create`` (or ``update``): as declared, until the CRM names a smaller limit."""

    def groups(
        self, crm_object: CrmObject, payloads: Sequence[Payload], *, update: bool = False
    ) -> list[Sequence[int]]:
        """Which payloads go into one request, by their positions."""
        size = self.bulk_size(crm_object, update=update)
        return [range(start, min(start + size, len(payloads))) for start in range(0, len(payloads), size)]

    def may_repeat(self, crm_object: CrmObject, *, update: bool = False) -> bool:  # noqa: ARG002 - for those that can tell
        """Whether a create (or update) whose answer was lost may be sent again as it was."""
        return False

    @abstractmethod
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        """Create at most ``bulk_size(crm_object)`` records in one request, results in the order of the payloads.

        Never repeated after a lost answer: raises InDoubtError. A request that is refused whole raises, unless it
        held one record only: then that record is Refused.

        Args:
            crm_object: The kind of record.
            payloads: The vendor's form (see ``encode``).
            before_send: Called after the wait for a turn, immediately before sending.

        Raises:
            TooLargeError: The CRM takes fewer at once: nothing was created, and ``bulk_size`` is smaller from now on.
            InDoubtError: Nobody knows which were created.
        """

    @abstractmethod
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        """Change at most ``bulk_size(crm_object, update=True)`` records in one request, results in order.

        Raises likewise; what is in doubt may be done again once the records have been read.
        """

    @abstractmethod
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        """Let the CRM find or create one record by ``attribute``, one of ``crm_object.upserts_on``; repeatable."""

    def upserts_by(self, crm_object: CrmObject, attribute: Attribute) -> bool:
        """Whether the CRM itself upserts by an attribute: it keeps it unique."""
        return attribute.name in crm_object.upserts_on

    def find_size(self, crm_object: CrmObject, attribute: str) -> int:
        """Values of an attribute that one ``find`` takes; 0: it cannot be searched by."""
        return crm_object.finds.get(attribute, 0)

    def is_whole(self, record: CrmRecord) -> bool:  # noqa: ARG002 - for those whose searches answer parts of records
        """Whether a record that ``find`` or ``scan`` returned holds all that reading it by id would tell."""
        return True

    def upsert_values(self, crm_object: CrmObject, attribute: str, record: CrmRecord) -> Collection[str]:  # noqa: ARG002 - likewise
        """The values, in lower case, by which ``upsert_many`` finds a record."""
        return ()

    def upsert_many(
        self,
        crm_object: CrmObject,
        attribute: str,
        wanted: Sequence[Wanted],
        *,
        before_send: BeforeSend,  # noqa: ARG002 - for those that take many at once
    ) -> list[Result]:
        """Let the CRM find or create at most ``bulk_size(crm_object, update=True)`` records; results in order.

        Repeatable.

        A request that is refused whole raises, unless it held one record only.
        """
        return [self.upsert(crm_object, attribute, each.value, each.payload) for each in wanted]

    @abstractmethod
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        """Delete one record; one that is gone already raises GoneError. Repeatable."""

    def delete_described(self, crm_object: CrmObject, crm_id: CrmId, payload: Payload) -> None:  # noqa: ARG002 - as above
        """Delete one record, of which the source's last message is known as well; like ``delete``."""
        self.delete(crm_object, crm_id)

    def replace_session(self, stage: Callable[[Crm], CrmSession]) -> None:
        """Put another session in the account's place: for a rehearsal."""
        self.session = stage(self)

    def delete_many(
        self,
        crm_object: CrmObject,
        deletes: Sequence[tuple[CrmId, Payload]],
        *,
        forget: bool,  # noqa: ARG002 - for those that can
    ) -> list[RefusedError | None]:
        """Delete at most ``crm_object.bulk_delete`` records; why each could not be deleted, in order.

        Args:
            crm_object: The kind of record.
            deletes: Whose ids, and what the source's last message says.
            forget: For good, past the recycle bin, where ``crm_object.can_forget``.
        """
        refused: list[RefusedError | None] = []
        for crm_id, payload in deletes:
            try:
                self.delete_described(crm_object, crm_id, payload)
            except GoneError:
                refused.append(None)
            except RefusedError as error:
                refused.append(error)
            else:
                refused.append(None)
        return refused

    @abstractmethod
    def encode(self, attribute: Attribute, value: Any) -> Any:
        """Turn a value of the attribute's kind, as ``crm_api.values`` reads it, into the vendor's form.

        Raises:
            ValueError: The value is not of that kind; the text says what was wanted.
            SettingError: A setting is needed to know the vendor's form.
        """

    @abstractmethod
    def decode(self, attribute: Attribute, value: Any) -> Any:
        """Turn the vendor's form of a value into ours: the reverse of ``encode``, also for other spellings of it.

        Raises:
            ValueError: The value is not in the vendor's form.
        """

    @abstractmethod
    def dry_run_answer(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        """What the CRM would answer to a write, as JSON values: for a rehearsal, which sends none.

        Args:
            request: As given to the session.
            new_id: Makes an id for a record that would be created.
        """

    @abstractmethod
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        """The custom fields in a record or payload, by definition id, in the vendor's form."""

    @abstractmethod
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        """What a payload holds to set these custom fields and leave the others as they are."""
