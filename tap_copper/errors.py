"""What ends one stream and lets the others run."""

from __future__ import annotations

from crm_api.errors import CrmError


class StreamError(CrmError):
    """One stream cannot be read as things stand. The sentence is given whole and says what to change."""

    def __init__(self, sentence: str) -> None:
        super().__init__(happened=sentence)
