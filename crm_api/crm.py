"""The port that every CRM implements: its objects as declarations, and what can be done with their records."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload
from crm_api.errors import RefusedError
from crm_api.records.related_records import Related, find_related
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession


@dataclass(frozen=True)
class Account:
    """An account of a CRM.

    Attributes:
        id: The id that the CRM reports; the host where it reports none.
        name: The account's name, for messages.
        user: The user who owns the key, for messages.
        by_address: Whether the id is an address that several accounts may share, since nothing else tells whose
            account it is.
    """

    id: str
    name: str
    user: str
    by_address: bool = False


@dataclass(frozen=True)
class Name:
    """One entry of a list of the CRM, such as a user or a pipeline stage.

    Attributes:
        id: The entry's id, which is sent to the CRM.
        spellings: Names and e-mails by which a record may call the entry; messages show the first.
        within: Id of the entry that this one belongs to (a stage's pipeline); None if it belongs to none.
    """

    id: CrmId
    spellings: tuple[str, ...]
    within: CrmId | None = None


@dataclass(frozen=True)
class CustomField:
    """A custom field as the account defines it.

    Attributes:
        id: Id of the field's definition.
        name: Name that the CRM shows to its users.
        kind: Kind of value; NAME_ID for one option, NAME_IDS for several.
        objects: Names of the objects that have the field.
        options: The options to choose from; empty if the field has none.
        writable: Whether the field can be written with its record.
        percent: Whether its number is a percentage.
    """

    id: CrmId
    name: str
    kind: Kind
    objects: frozenset[str]
    options: tuple[Name, ...] = ()
    writable: bool = True
    percent: bool = False


@dataclass(frozen=True)
class Written:
    """The result of one record that the CRM has written.

    Attributes:
        id: The record's id.
        record: The record as the CRM answered it; empty if the answer does not show it.
        request_id: The CRM's id of the request, for its support; empty if there is none.
        created: For an upsert: whether it created the record; None if the CRM does not say.
        before: In a dry run: the record that an update or upsert would change.
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
        value: The attribute's value by which the CRM finds the record.
        payload: The attributes to write.
        since: When this upsert was first tried (Unix seconds, the CRM's clock): a record that is not older was created
            by it. 0 for a first try.
    """

    value: str
    payload: Payload
    since: float


@dataclass(frozen=True)
class Refused:
    """The result of one record that the CRM refused; other records of the request have results of their own.

    Attributes:
        reason: The CRM's own words.
        status: HTTP status of the answer (of the whole request, if it held several records); None if nothing was sent.
        gone: Whether the CRM has no such record.
        body: The CRM's answer about this record, redacted: text for the reject file.
        duplicate: Whether the CRM has such a record already, by its own rule.
    """

    reason: str
    status: int | None
    gone: bool = False
    body: str = ""
    duplicate: bool = False


@dataclass(frozen=True)
class Unclear:
    """The result of one record where the answer does not say whether it was written: the record is in doubt.

    Attributes:
        status: HTTP status of the answer; None if there was no answer.
        body: The CRM's answer about this record, redacted: text for the reject file.
    """

    status: int | None
    body: str = ""


Result = Written | Refused | Unclear


NothingDone = Callable[[], None]
"""Called once an answer, or a connection that was never made, says that an attempt changed nothing."""
BeforeSend = Callable[[], NothingDone | None]
"""Called immediately before an attempt is sent. What it returns is called before the wait for the next attempt."""


class Crm(ABC):
    """One CRM account. Thread-safe; every method raises the errors of ``crm_api.errors``.

    Attributes:
        session: Sends the account's requests.
        objects: Objects that can be written, by name.
        refused: Why an object that the CRM has cannot be written, by the object's name.
        index_lags: Whether a record that was just written may be missing from searches for a while.
        page_size: Records in one request of ``scan``.
        made_at: The name under which records hold when they were made, in ISO 8601 or Unix seconds; empty: unknown.
        changed_at: Names under which records hold what every change of them changes, such as the time of it.
    """

    session: CrmSession
    objects: Mapping[str, CrmObject]
    refused: Mapping[str, str]
    index_lags: bool = False
    page_size: int = 200
    made_at: str = ""
    changed_at: tuple[str, ...] = ()

    def owner(self, crm_object: CrmObject) -> Crm:  # noqa: ARG002 - for a CRM with endpoints beside it
        """Return the part of the account that knows an object: whatever concerns the object may be asked there."""
        return self

    @abstractmethod
    def account(self) -> Account:
        """Read the account's id and names from the CRM."""

    @abstractmethod
    def names(self, object_name: str) -> Sequence[Name]:
        """Read one of the CRM's lists, for example ``users`` or ``pipeline_stages``; once a session."""

    def lists(self, object_name: str) -> bool:  # noqa: ARG002 - for those whose accounts may keep a list to themselves
        """Whether the CRM gives one of its lists; if not, names from it are sent as they are, and ids as well."""
        return True

    @abstractmethod
    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:
        """Read the custom fields of an object; once a session."""

    def labels(self, crm_object: CrmObject) -> Mapping[str, str]:  # noqa: ARG002 - for those that know
        """Read the labels that the account's screens show for an object's attributes; none if it does not tell them."""
        return {}

    @abstractmethod
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        """Search for records with any of the values: at most ``crm_object.finds[attribute]`` values.

        May return records that do not match, since searches are fuzzy: the caller must compare.
        """

    @abstractmethod
    def count(self, crm_object: CrmObject) -> int | None:
        """An upper bound of how many records there are, by one request; None if they cannot be listed."""

    @abstractmethod
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        """Read every record, in pages of ``page_size``."""

    @abstractmethod
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        """Read at least the records that were created since an instant.

        Serves to find the record of a create that got no answer.

        Args:
            crm_object: The kind of record.
            since: An instant of the CRM's clock, some minutes before the creates were sent.
            payloads: The payloads of the creates. Where the CRM cannot search by creation, an instant in them says
                where to look: an activity's date.
        """

    @abstractmethod
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        """Read records by id, as many per request as the CRM allows; those that are gone are left out.

        Args:
            crm_object: The kind of record.
            ids: Ids of the records.
            immediate: Read nothing from an index that lags behind writes, at up to one request a record.
        """

    @abstractmethod
    def bulk_size(self, crm_object: CrmObject, *, update: bool = False) -> int:
        """Records in one request of ``create`` (or ``update``): as declared, or a smaller limit that the CRM named."""

    def groups(
        self, crm_object: CrmObject, payloads: Sequence[Payload], *, update: bool = False
    ) -> list[Sequence[int]]:
        """Divide payloads into requests: for each request the positions of its payloads."""
        size = self.bulk_size(crm_object, update=update)
        return [range(start, min(start + size, len(payloads))) for start in range(0, len(payloads), size)]

    def may_repeat(
        self,
        crm_object: CrmObject,  # noqa: ARG002 - for those that can tell
        *,
        update: bool = False,  # noqa: ARG002 - for those that can tell
        age_seconds: float = 0.0,  # noqa: ARG002 - for those that can tell
    ) -> bool:
        """Whether a create (or update) that got no answer may be sent again unchanged, so long after it was sent."""
        return False

    @abstractmethod
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        """Create at most ``bulk_size(crm_object)`` records in one request, results in the order of the payloads.

        A create that got no answer is never repeated: InDoubtError is raised. A request that is refused as a whole
        raises, unless it held one record only: then that record is Refused.

        Args:
            crm_object: The kind of record.
            payloads: Records in the vendor's form (see ``encode``).
            before_send: Called after the wait for a turn, immediately before each attempt is sent.

        Raises:
            TooLargeError: The CRM takes fewer records at once: nothing was created, and ``bulk_size`` is smaller from
                now on.
            InDoubtError: No answer says which records were created.
        """

    @abstractmethod
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        """Change at most ``bulk_size(crm_object, update=True)`` records in one request, results in order.

        A request that is refused as a whole raises, unless it held one record only: then that record is Refused.

        Raises:
            TooLargeError: The CRM takes fewer records at once: nothing was changed.
            InDoubtError: No answer says which records were changed. They may be changed again once they were read.
        """

    @abstractmethod
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        """Let the CRM find or create one record by ``attribute``, one of ``crm_object.upserts_on``; repeatable."""

    def upserts_by(self, crm_object: CrmObject, attribute: Attribute) -> bool:
        """Whether the CRM itself upserts by an attribute, which it keeps unique."""
        return attribute.name in crm_object.upserts_on

    def find_size(self, crm_object: CrmObject, attribute: str) -> int:
        """Values of an attribute that one ``find`` takes; 0 if records cannot be searched by it."""
        return crm_object.finds.get(attribute, 0)

    def is_whole(self, record: CrmRecord) -> bool:  # noqa: ARG002 - for those whose searches answer parts of records
        """Whether a record that ``find`` or ``scan`` returned holds all that reading it by id would show."""
        return True

    def upsert_values(self, crm_object: CrmObject, attribute: str, record: CrmRecord) -> Collection[str]:  # noqa: ARG002 - for those that take many at once
        """The values of a record, in lower case, by which ``upsert_many`` finds it."""
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

        Repeatable. A request that is refused as a whole raises, unless it held one record only.
        """
        return [self.upsert(crm_object, attribute, each.value, each.payload) for each in wanted]

    def related(self, crm_object: CrmObject, ids: Sequence[CrmId]) -> Related:
        """Find the records that refer to records of an object, as far as the CRM can be searched for them."""
        return find_related(self, crm_object, ids)

    @abstractmethod
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        """Delete one record. Repeatable.

        Raises:
            GoneError: The record is gone already.
        """

    def delete_described(self, crm_object: CrmObject, crm_id: CrmId, payload: Payload) -> None:  # noqa: ARG002 - for those whose endpoint needs it
        """Delete one record, given the payload of the source's last message about it; see ``delete``."""
        self.delete(crm_object, crm_id)

    def replace_session(self, make: Callable[[Crm], CrmSession]) -> None:
        """Replace the session by the one that ``make`` makes of this CRM: for a dry run."""
        self.session = make(self)

    def delete_many(
        self,
        crm_object: CrmObject,
        deletes: Sequence[tuple[CrmId, Payload]],
        *,
        forget: bool,  # noqa: ARG002 - for those that can
    ) -> list[RefusedError | None]:
        """Delete at most ``crm_object.bulk_delete`` records.

        Args:
            crm_object: The kind of record.
            deletes: Ids, each with the payload of the source's last message.
            forget: Delete for good, past the recycle bin, where ``crm_object.can_forget``.

        Returns:
            For each record, in order, why it could not be deleted (GoneError: it was gone already); None if it is
            deleted.
        """
        refused: list[RefusedError | None] = []
        for crm_id, payload in deletes:
            try:
                self.delete_described(crm_object, crm_id, payload)
            except RefusedError as error:
                refused.append(error)
            else:
                refused.append(None)
        return refused

    @abstractmethod
    def encode(self, attribute: Attribute, value: Any) -> Any:
        """Turn a value of the attribute's kind, as ``crm_api.values`` reads it, into the vendor's form.

        Raises:
            ValueError: The value is not of that kind; the text says what it must be.
            SettingError: A setting is needed to know the vendor's form.
        """

    @abstractmethod
    def decode(self, attribute: Attribute, value: Any) -> Any:
        """Turn the vendor's form of a value into ours: the reverse of ``encode``, tolerant of other spellings.

        Raises:
            ValueError: The value is not in the vendor's form.
        """

    @abstractmethod
    def dry_run_answer(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        """Make up the CRM's answer to a write, as JSON values: a dry run does not send it.

        Args:
            request: The write that is not sent.
            new_id: Makes an id for a record that would be created.
        """

    @abstractmethod
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        """Take the custom fields out of a record or payload: values in the vendor's form, by definition id."""

    @abstractmethod
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        """Make the part of a payload that sets these custom fields and leaves all others as they are."""
