"""What may be done with the records of a stream."""

from __future__ import annotations

from enum import StrEnum


class LoadMethod(StrEnum):
    """The setting ``load_method``."""

    UPSERT = "upsert"
    APPEND_ONLY = "append-only"
    UPDATE = "update"
    MATCH = "match"
    DELETE = "delete"
    OVERWRITE = "overwrite"
