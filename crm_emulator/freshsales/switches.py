"""Behaviours of Freshsales that its documentation leaves open, each to be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass
class Switches:
    """Switches of Freshsales. The defaults are the documented or the strictest reading.

    Numbers in parentheses are sections of the Freshsales reference.

    Attributes:
        index_delay_seconds: How many seconds views and searches do not see a write; a record read by its id always
            shows it.
        create_status: The status of a create: 201, or 200, which some endpoints, and an upsert, were seen to answer
            (3.2, 12).
        delete_status: The status of deleting a contact, account, deal or lead: 200 with ``true``, or 204 without a body
            (3.2).
        validation_status: The status where a record breaks a rule: 400 or 422 (9).
        unknown_attributes: The effect of unknown attributes in a write: ``reject``, or ``ignore`` as Rails applications
            often do (11.6).
        read_only_attributes: The effect of read-only attributes in a write: ``ignore`` or ``reject``.
        read_ids: Whether contacts, accounts, deals and leads that are read or written show the ids of their owner,
            source, territory and the like: ``absent`` (recorded; objects named in ``include`` stand beside the record),
            ``included`` (such an id stands in the record where ``include`` names its object) or ``present`` (12).
        text_ends: What becomes of blanks at the ends of a text: ``keep`` or ``trim`` (no source says).
        flat_bodies: Whether a record without its wrapper is accepted (3.1, 11.6).
        contact_requires: The attribute that a new contact needs: ``any`` of names, e-mail and mobile number, ``email``
            or ``last_name`` (section 4; sources disagree).
        recycled_hold_unique: Whether records in the recycle bin still hold their unique values.
        searched_records: What filtered_search shows of a contact: the ``recorded`` attributes, or all but the nested
            ones (``most``) (8).
        ambiguous_upsert: The effect of an identifier that several records hold: the ``first`` is updated, or ``reject``
            (11.4).
        emails_on_write: The effect of e-mails sent without ids: add to the others (``merge``) or ``replace`` them.
        job_polls: How many polls of a bulk job say that it is in progress before one says SUCCESS (6).
        job_seconds: How many seconds a bulk job takes to carry out its rows.
        concurrent_jobs: How many unfinished jobs there may be; the next one is answered 405; 0: no limit (6, inferred).
        failure_report: Where ``detailed_failure_report`` stands: ``beside`` or ``inside`` ``record_status`` (6,
            unclear).
        retry_after: Whether a 429 carries Retry-After (10).
        rate_limit_headers: Whether answers carry X-RateLimit-Limit and X-RateLimit-Remaining (10: one unverified
            client).
        forbidden: Shell patterns over ``METHOD /template``, separated by ``;``, of calls that are answered 403 (1).
        lenient_aliases: Whether /accounts stands for /sales_accounts; the real API has no such route (2).
        basic_auth: Whether e-mail and password are accepted; newer accounts do not (1).
        utc_offset: The account's offset from UTC, in which instants are written (4).
    """

    patterns: ClassVar[Mapping[str, str]] = {"utc_offset": r"[+-](0\d|1[0-4]):[0-5]\d"}

    index_delay_seconds: float = 0.0
    create_status: int = 201
    delete_status: int = 200
    validation_status: int = 400
    unknown_attributes: str = "reject"
    read_only_attributes: str = "ignore"
    read_ids: str = "absent"
    text_ends: str = "keep"
    flat_bodies: bool = True
    contact_requires: str = "any"
    recycled_hold_unique: bool = False
    searched_records: str = "recorded"
    ambiguous_upsert: str = "first"
    emails_on_write: str = "merge"
    job_polls: int = 1
    job_seconds: float = 0.0
    concurrent_jobs: int = 0
    failure_report: str = "beside"
    retry_after: bool = True
    rate_limit_headers: bool = False
    forbidden: str = ""
    lenient_aliases: bool = False
    basic_auth: bool = False
    utc_offset: str = "+00:00"
