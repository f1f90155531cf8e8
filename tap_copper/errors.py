"""What ends one stream and lets the others run, and what ends the run."""

from __future__ import annotations

from crm_api.errors import CrmError, StopError


class StreamError(CrmError):
    """One stream cannot be read as things stand. The sentence is given whole and says what to change."""

    def __init__(self, sentence: str) -> None:
        super().__init__(happened=sentence)


class OutputError(StopError):
    """What is read cannot be written to stdout."""

    happened = "The output cannot be written"
    advice = "What was written last may be cut short; run again from the last whole STATE."
