"""The setting load_method: an enum beside the settings that use it, since engine, endpoints and sinks decide by it."""

from __future__ import annotations

from enum import StrEnum


class LoadMethod(StrEnum):
    """The ways in which the records of a stream are written."""

    UPSERT = "upsert"
    """Created, or updated where the CRM has them."""
    APPEND_ONLY = "append-only"
    """Created, every version of them."""
    UPDATE = "update"
    """Updated where the CRM has them; never created."""
    MATCH = "match"
    """Found in the CRM and remembered in the ledger; nothing is written."""
    DELETE = "delete"
    """Deleted."""
    OVERWRITE = "overwrite"
    """Created or updated; what the CRM has of the stream and a complete read of it no longer holds is deleted."""

    @property
    def endpoints_needed(self) -> tuple[str, ...]:
        """The declared endpoints without which it cannot work, by role, in the order in which they are asked for."""
        return _ENDPOINTS_NEEDED[self]

    @property
    def updates(self) -> bool:
        """Whether a record that was written can be updated."""
        return self in {LoadMethod.UPSERT, LoadMethod.UPDATE, LoadMethod.OVERWRITE}


LOAD_METHODS = (
    "upsert creates or updates; append-only creates every version; update never creates; match finds and remembers "
    "records, and writes nothing; delete deletes; overwrite does what upsert does, and deletes the records that a "
    "complete stream no longer holds"
)
"""The load methods in words, for the texts of settings."""
_ENDPOINTS_NEEDED = {
    LoadMethod.UPSERT: ("create",),
    LoadMethod.APPEND_ONLY: ("create",),
    LoadMethod.UPDATE: ("find", "update"),
    LoadMethod.MATCH: ("find",),
    LoadMethod.DELETE: ("delete",),
    LoadMethod.OVERWRITE: ("create", "delete"),
}
