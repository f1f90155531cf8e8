"""What a catalog or a state names and this run does not know, or does not read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from singer_sdk.singerlib import Catalog

from crm_api.errors import SettingError
from crm_api.settings import nearest
from tap_copper.events import log_event


def unknown_selected(catalog: Catalog | None, known: Sequence[str]) -> Iterator[tuple[str, SettingError]]:
    """Streams that were to be read and do not exist: the others are read all the same, then the run ends with an error.

    Args:
        catalog: The one that the run was given.
        known: Names of the streams that exist.
    """
    for entry in catalog.streams if catalog else ():
        name = entry.tap_stream_id
        if entry.metadata.root.selected and name not in known:
            sentence = f"The catalog selects the stream {name!r}, which does not exist{nearest(name, list(known))}"
            yield name, SettingError(sentence)


def warn_of_bookmarks(names: Iterable[str], known: Sequence[str], logger: logging.Logger) -> None:
    """Tell of bookmarks that nothing uses: they do no harm, and stay.

    Args:
        names: Streams that the state has bookmarks of.
        known: Names of the streams that exist.
        logger: Where it is told.
    """
    for name in names:
        if name not in known:
            hint = nearest(name, list(known))
            said = f"The state has a bookmark of the stream {name!r}, which does not exist{hint}"
            log_event(logger, "unknown_bookmark", level="WARNING", said=said)
