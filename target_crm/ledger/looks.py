"""Looks at a ledger, which leave one of an earlier version as it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_api.errors import SettingError
from target_crm.ledger.copying import copied
from target_crm.ledger.presence import has_ledger, is_of_earlier_version
from target_crm.ledger.store import Store, shown_url


@contextmanager
def looked_at(url: str, run_id: str, say: Callable[[str], None]) -> Iterator[Store]:
    """Open a ledger for a look; of one of an earlier version a copy that is brought up to date.

    Args:
        url: The ledger's URL.
        run_id: Names who looks.
        say: Called with a sentence if the ledger is of an earlier version.

    Raises:
        SettingError: There is no ledger: a new one would pass for the one that is missing.
        LedgerError: It cannot be read.
    """
    shown = shown_url(url)
    if not has_ledger(url):
        raise SettingError(f"There is no ledger at {shown}: the first run makes it. Nothing was done")
    with tempfile.TemporaryDirectory(prefix="singer-crm-look-") as folder:
        is_earlier = is_of_earlier_version(url)
        if is_earlier:
            say(f"The ledger {shown} is of an earlier version: the next run brings it up to date")
        store = Store(copied(url, Path(folder)) if is_earlier else url, run_id)
        store.url = shown
        try:
            yield store
        finally:
            store.close()
