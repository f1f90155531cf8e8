"""Log lines with a constant event name and facts beside it."""

from __future__ import annotations

import logging
from typing import Any


def log_event(logger: logging.Logger, event: str, *, level: str = "INFO", **facts: Any) -> None:
    """Log an event: readable as text, and as fields where the log is structured.

    Args:
        logger: Where to.
        event: Its name, which never changes.
        level: The level's name.
        facts: What there is to say; not values of records.
    """
    text = " ".join(f"{name}={value}" for name, value in facts.items())
    logger.log(logging.getLevelNamesMapping()[level], "%s %s", event, text, extra={"event": event, "facts": facts})
