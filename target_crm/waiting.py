"""What earlier runs, or earlier records of this one, left to be done: records held back, references to be linked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from target_crm.again import Intake, take_again
from target_crm.ledger.values import Held
from target_crm.linking import Linker
from target_crm.office import Office
from target_crm.parents import BY_MATCH
from target_crm.settings import StreamSettings


class Waiting:
    """Tries again what waited, as soon as what it waited for is there.

    Args:
        office: What all streams share.
        intake: Takes records once more.
        settings_of: The settings of a stream; raises SettingError.
        drain: Writes what was taken.
    """

    def __init__(
        self,
        office: Office,
        intake: Intake,
        settings_of: Callable[[str], StreamSettings],
        drain: Callable[[], None],
    ) -> None:
        self._office = office
        self._intake = intake
        self._linker = Linker(office, settings_of)
        self._drain = drain

    def at_start(self, *, retry_rejected: bool) -> None:
        """What an earlier run left, and can be done by now."""
        office = self._office
        self._linker.link(office.links.ready(office.source))
        held = list(office.shelf.waiting_no_more(office.source))
        if retry_rejected:
            held += office.shelf.held(office.source, "rejected")
        self.feed(sorted(held, key=lambda each: each.number))
        if held:
            self._drain()

    def after_writes(self) -> bool:
        """What waited for the records that were just written; tells whether there is something to write."""
        office, fed = self._office, False
        for stream in list(office.written):
            written = office.written.pop(stream)
            self._linker.link(office.links.written(office.source, stream, written))
            held = office.shelf.waited_for(office.source, stream, written)
            fed = fed or bool(held)
            self.feed(held)
        return fed

    def at_end(self) -> None:
        """What waits for records of the CRM that a match key finds: one that came later may be that record."""
        office, before = self._office, 0
        while held := office.shelf.waited_for(office.source, BY_MATCH, list(office.crm.objects)):
            if len(held) == before:
                break
            before = len(held)
            self.feed(held)
            self._drain()
        self._linker.link(office.links.by_match(office.source))

    def feed(self, held: Iterable[Held]) -> None:
        """Take records that were held once more."""
        office = self._office
        take_again(self._intake, held, run_id=office.run_id, books=office.books, logger=office.logger)
