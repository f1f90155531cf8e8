"""The end of a run: the reject file, the summary, the report, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from target_crm.exits import EXPECTED, Ending, Exit
from target_crm.office import Office
from target_crm.rejected import RejectFile
from target_crm.settings import rejected_allowed
from target_crm.summary import Summary


def close(
    office: Office,
    ending: Ending,
    *,
    config: Mapping[str, Any],
    account_name: str,
    reject_file: RejectFile | None,
) -> int:
    """Close the books; returns the exit code.

    Args:
        office: What was opened.
        ending: How the reading of the input ended.
        config: The settings.
        account_name: Whose account it is, for people.
        reject_file: Gets what is still pending.
    """
    logger = office.logger
    try:
        pending = office.shelf.held(office.source, "rejected")
        waiting = office.shelf.held(office.source, "waiting")
        if reject_file is not None:
            reject_file.replace(pending)
    except EXPECTED as error:
        logger.error("%s", error)  # noqa: TRY400 - the sentence says it
        return ending.code or Exit.FAILED
    finally:
        office.close()
    summary = Summary(
        office.run_id,
        account_name,
        office.books,
        len(pending),
        len(waiting),
        asdict(office.crm.session.traffic),
        office.clock() - office.began,
        ending.sentence or "done",
    )
    summary.show()
    logger.info("Summary: %s", summary.report())
    if path := config.get("report_path"):
        summary.write(path)
    exceeded = rejected_allowed(config["max_rejected"]).exceeded(len(pending), office.books.inputs)
    return ending.code or (Exit.FAILED if exceeded else Exit.DONE)
