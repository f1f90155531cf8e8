"""The end of a run: the reject file, the summary, the report, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from crm_api.errors import CrmError
from target_crm.crms import rates_of
from target_crm.engine.dry_run import DryRunCrm
from target_crm.engine.run import Office
from target_crm.exit_codes import EXPECTED, Ending, Exit
from target_crm.ledger.links import Missing
from target_crm.report.preview import forecast_seconds
from target_crm.report.summary import Forecast, Summary
from target_crm.settings_checks import rejected_allowed


def close(office: Office, ending: Ending, config: Mapping[str, Any]) -> int:
    """Close the books; returns the exit code.

    Args:
        office: What was opened.
        ending: How the reading of the input ended.
        config: The settings.
    """
    logger = office.logger
    if ending.code:
        office.books.stopped()
    pending = waiting = 0
    missing: Sequence[Missing] = ()
    try:
        try:
            pending = office.held_records.count(office.source, "rejected")
            waiting = office.held_records.count(office.source, "waiting")
            missing = office.links.missing(office.source)
            if office.reject_file is not None:
                office.reject_file.replace(office.held_records.each(office.source, "rejected"))
        finally:
            office.close()
    except EXPECTED as error:
        logger.error("%s", error)  # noqa: TRY400 - the sentence says it
        ending = Ending(ending.code or Exit.FAILED, ending.sentence or str(error))
    summary = Summary(
        office.run_id,
        office.account.name,
        office.books,
        pending,
        waiting,
        missing,
        asdict(office.crm.session.traffic),
        office.clock() - office.began,
        ending.sentence or "done",
        None if office.preview is None else _forecast(office, config),
    )
    summary.show()
    logger.info("Summary: %s", json.dumps(summary.report()))
    if path := config.get("report_path"):
        try:
            summary.write(path)
        except CrmError as error:
            logger.error("%s", error)  # noqa: TRY400 - one sentence
            return ending.code or Exit.FAILED
    exceeded = rejected_allowed(config["max_rejected"]).exceeded(pending, office.books.inputs)
    return ending.code or (Exit.FAILED if exceeded else Exit.DONE)


def _forecast(office: Office, config: Mapping[str, Any]) -> Forecast:
    """What the run would have cost: its reads, which were real, and its writes, which were not."""
    writes = office.preview.requests if office.preview else 0
    requests = office.crm.session.traffic.requests + writes
    if isinstance(office.crm, DryRunCrm):
        requests += office.crm.answers - office.crm.asides
    return Forecast(writes, requests, forecast_seconds(requests, *rates_of(config)))
