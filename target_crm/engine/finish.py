"""The end of a run: the reject file, the summary, the report, and the exit code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from crm_api.errors import CrmError
from target_crm.engine.run import Run, logger
from target_crm.exit_codes import EXPECTED, Ending, Exit
from target_crm.ledger.values import Missing
from target_crm.report.summary import Summary
from target_crm.settings_checks import rejected_allowed


def finish(run: Run, ending: Ending, config: Mapping[str, Any]) -> int:
    """Close the books and say what they hold.

    Args:
        run: The run that ends.
        ending: How the reading of the input ended.
        config: The settings.

    Returns:
        The exit code.
    """
    recorder, held_records = run.recorder, run.ledger.held_records
    if ending.code:
        recorder.stopped()
    counts: Counter[str] = Counter()
    missing: Sequence[Missing] = ()
    ledger = None
    try:
        try:
            counts = held_records.counts(run.source)
            missing = run.ledger.links.missing(run.source)
            recorder.flush()  # while nobody else can write
            recorder.finish(held_records.each(run.source, "rejected"))
        finally:
            ledger = run.ledger.witness()
            run.close()
    except EXPECTED as error:
        logger.error("%s", error)
        ending = Ending(ending.code or Exit.FAILED, ending.sentence or str(error))
    forecast = None
    if config["dry_run"]:
        from target_crm.engine.dry_run import forecast_of  # noqa: PLC0415 - only a dry run needs it

        forecast = forecast_of(run.crm, config)
    summary = Summary(
        run.id,
        run.account.name,
        recorder.books,
        counts["rejected"],
        counts["waiting"],
        missing,
        asdict(run.crm.session.traffic),
        run.timing.clock() - run.timing.began,
        ending.sentence or "done",
        forecast,
        ledger,
    )
    summary.show()
    logger.info("Summary: %s", json.dumps(summary.report()))
    if path := config.get("report_path"):
        try:
            summary.write(path)
        except CrmError as error:
            logger.error("%s", error)
            return ending.code or Exit.FAILED
    inputs = recorder.books.inputs
    exceeded = rejected_allowed(config["max_rejected"]).exceeded(counts["rejected"], inputs)
    return ending.code or (Exit.FAILED if exceeded else Exit.DONE)
