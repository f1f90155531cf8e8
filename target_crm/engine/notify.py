"""Notices of a run: its figures against the thresholds of the settings, and what the receiver is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crm_api.errors import SIGNAL_OFFSET, Exit
from crm_api.settings import network
from target_crm.engine.run import logger
from target_crm.exit_codes import Ending
from target_crm.ledger.notices import Notices
from target_crm.ledger.runs import last_end
from target_crm.ledger.store import Store, default_url
from target_crm.ledger.values import Source
from target_crm.report.books import Books
from target_crm.report.outcomes import Outcome
from target_crm.report.receiver import SETTING, Receiver, Telling
from target_crm.report.thresholds import COUNTED, NOT_RUN_FOR, Figures, Threshold, in_words, thresholds_of

CAME_TO_END = (Exit.DONE, Exit.FAILED, Exit.BRAKE)
"""The exit codes of runs that came to the end of their input, or nearly so: nobody has to look why none runs."""


def figures_of(books: Books, held: Mapping[str, int], ending: Ending) -> Figures:
    """Return the figures of a run.

    Args:
        books: Counted what became of records.
        held: The number of records that the ledger holds, by state.
        ending: How the run ended.
    """
    left_out = sum(
        max((records for _, records in attributes.values()), default=0)
        for attributes in books.attributes_left_out.values()
    )
    counts = {
        "rejected": held.get("rejected", 0),
        "waiting": held.get("waiting", 0),
        "deleted": books.total(Outcome.DELETED) + books.removals,
        "left_out": left_out,
    }
    return Figures(counts, books.inputs, not ending.sentence or ending.code == Exit.BRAKE)


def note_figures(config: Mapping[str, Any], notices: Notices, source: Source, run_id: str, figures: Figures) -> None:
    """Note in the ledger which thresholds a run crosses, and which it does not cross any more.

    Raises:
        LedgerError: The ledger fails.
    """
    thresholds = thresholds_of(config)
    for name, is_crossed in figures.crossed(thresholds).items():
        count = figures.counts[name]
        share = round(count / figures.came_in, 4) if figures.came_in else None
        said = _said(name, thresholds[name], count, source, is_crossed=is_crossed)
        more = {"run_id": run_id, "count": count, "share": share}
        message = message_of(source, name, thresholds[name].given, said, is_crossed=is_crossed, more=more)
        notices.note(name, message, is_crossed=is_crossed)


def _said(name: str, threshold: Threshold, count: int, source: Source, *, is_crossed: bool) -> str:
    records = "1 record is" if count == 1 else f"{count:,} records are"
    limit = f"threshold {threshold.given}"
    over = "" if is_crossed else "Over: "
    return f"{over}{records} {COUNTED[name]} ({limit}); source {source.name} into {source.crm} {source.account}"


def note_silence(store: Store, source: Source, longest_seconds: float, limit: str) -> None:
    """Note whether for longer than that no run of a source came to its end.

    Args:
        store: The ledger's database.
        source: The account and the source.
        longest_seconds: The longest time that may pass.
        limit: That time as somebody gave it, for people.

    Raises:
        LedgerError: The ledger fails.
    """
    now = store.now()
    last = last_end(store, source, CAME_TO_END, now - longest_seconds)
    is_crossed = last is None or now - last > longest_seconds
    since = "No run ever came to its end"
    if last is not None:
        since = f"No run came to its end for {in_words(now - last)}" if is_crossed else "Over: a run came to its end"
    said = f"{since} (threshold {limit}); source {source.name} into {source.crm} {source.account}".rstrip()
    more = {
        "run_id": None,
        "last_ended_at": None if last is None else datetime.fromtimestamp(last, UTC).isoformat(),
        "seconds": None if last is None else round(now - last),
    }
    message = message_of(source, NOT_RUN_FOR, limit, said, is_crossed=is_crossed, more=more)
    Notices(store, source).note(NOT_RUN_FOR, message, is_crossed=is_crossed)


def message_of(
    source: Source, threshold: str, limit: str, said: str, *, is_crossed: bool, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a message: ``text`` for people, by which chat rooms show it, and the facts for programs."""
    return {
        "text": f"singer-crm: {said}",
        "event": "threshold_crossed" if is_crossed else "threshold_over",
        "threshold": threshold,
        "limit": limit,
        "crm": source.crm,
        "account": source.account,
        "source_name": source.name,
        "at": datetime.now(UTC).isoformat(),
        **more,
    }


def tell(config: Mapping[str, Any], source: Source, run_id: str) -> tuple[int, str]:
    """Tell the receiver what is to be told of a source.

    Returns:
        The number of messages that were taken, and why one was not; empty if all were.

    Raises:
        SettingError: The address of the receiver cannot work.
        LedgerError: The ledger cannot be opened.
    """
    store = Store(config.get("ledger_url") or default_url(), run_id)
    notices = Notices(store, source)
    if not notices.pending():
        store.close()
        return 0, ""
    receiver = Receiver(config[SETTING], network(config))

    def close() -> None:
        receiver.close()
        store.close()

    telling = Telling(notices, receiver, on_end=close)
    telling.tell()
    return telling.told, telling.failure


def tell_at_end(config: Mapping[str, Any], source: Source, run_id: str, ending: Ending) -> None:
    """Tell the receiver at the end of a run, which goes on to end as it would; a run that is stopped tells nobody."""
    if ending.code > SIGNAL_OFFSET:
        return
    try:
        _, failure = tell(config, source, run_id)
    except Exception as error:  # noqa: BLE001 - see above
        failure = str(error)
    if failure:
        logger.warning("A notice did not reach %s, and the next run tries again: %s", SETTING, failure)
