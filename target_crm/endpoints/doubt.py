"""What became of creates at a declared endpoint whose answer was lost.

In this order: sent again as it was, where the endpoint knows a repeated request; looked for with the find endpoint.
What neither can tell stays in doubt: it is never sent again.
"""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from crm_api.crm import Untold, Written
from crm_api.crm_objects import CrmId, CrmRecord
from crm_api.errors import InDoubtError
from crm_api.free import FIND
from target_crm.doubt import POLLS, Fate, Inquiry, Verdict
from target_crm.ledger.values import Intent
from target_crm.mapping.mapped import MatchKey, MatchPart


class EndpointInquiry(Inquiry):
    """Finds out what became of the lost creates of a stream that is sent whole."""

    @override
    def verdicts(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        searched: list[Intent] = []
        for intent in intents:
            self._stopping.check()
            if self._crm.may_repeat(self._of):
                verdicts[intent.source_id] = self._sent_again(intent)
            elif intent.keys.get(FIND):
                searched.append(intent)
            else:
                verdicts[intent.source_id] = Verdict(Fate.UNKNOWN)
        return verdicts | self._searched(searched, last_sent)

    def _sent_again(self, intent: Intent) -> Verdict:
        try:
            (answer,) = self._crm.create(self._of, [intent.payload], before_send=self._stopping.check)
        except InDoubtError:
            return Verdict(Fate.UNKNOWN)
        if isinstance(answer, Written):
            return Verdict(Fate.CARRIED_OUT, {**answer.record, "id": answer.id})
        if isinstance(answer, Untold):
            return Verdict(Fate.UNKNOWN)
        return Verdict(Fate.REFUSED, reason=answer.reason, status=answer.status)

    @override
    def _searched(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        given: set[CrmId] = set()
        open_intents = list(intents)
        while open_intents:
            is_last = self._clock() > last_sent + self._window.seconds
            for intent in open_intents:
                verdict = self._looked_for(intent, given)
                if verdict is not None:
                    verdicts[intent.source_id] = verdict
            open_intents = [intent for intent in open_intents if intent.source_id not in verdicts]
            if is_last:
                break
            if open_intents:
                self._stopping.nap(min(self._window.seconds / POLLS, 1))
        return verdicts | {intent.source_id: Verdict(Fate.NOT_CARRIED_OUT) for intent in open_intents}

    def _looked_for(self, intent: Intent, given: set[CrmId]) -> Verdict | None:
        values = tuple(intent.keys[FIND])
        key = MatchKey((MatchPart(FIND, values),))
        hits: dict[CrmId, CrmRecord] = {
            record["id"]: record
            for record in self._crm.find(self._of, FIND, values)
            if self._mapper.matches(key, record)
        }
        taken = self._ledger.claimed(self._scope, hits.keys()).keys() | given
        free = [crm_id for crm_id in hits if crm_id not in taken]
        if len(free) > 1:
            return Verdict(Fate.UNKNOWN)
        if free:
            given.add(free[0])
            return Verdict(Fate.CARRIED_OUT, hits[free[0]])
        return Verdict(Fate.CARRIED_OUT, next(iter(hits.values())), ours=False) if hits else None
