"""Behaviours of Copper that its documentation leaves open or that only some accounts show, each to be chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """Switches of Copper. The defaults are the documented or the strictest reading.

    Numbers in parentheses are sections of the Copper reference.

    Attributes:
        leads_enabled: Whether leads are enabled; if not, every lead endpoint answers 403 ``Feature not enabled`` (2).
        index_delay_seconds: How many seconds searches do not see a write; in real accounts around 40 (5.5).
        search_ceiling: How many records of one search can be reached (5.1).
        ghost_every: Makes every n-th position of a search result count but stay empty, so that pages come short; 0:
            none (5.1; a guess at why real pages are short).
        total_overcount: The number added to X-PW-TOTAL, which is an upper bound (5.1).
        total_counts_hidden: Whether X-PW-TOTAL also counts what the key does not see, converted leads and deleted
            activities, since it is an upper bound (5.1; a guess at why).
        tie_order: The order of records with one sort value: ``shuffled`` (stable, but not by id), ``id``, or ``random``
            (different at each request) (5.2).
        minimum_inclusive: Whether ``minimum_*`` filters include the bound itself (10: yes).
        maximum_inclusive: Whether ``maximum_*`` filters include the bound itself (unknown).
        oversized_page: The effect of a page_size over 200 or under 1: ``clamp`` or ``reject`` (5.1, unknown).
        empty_lists: The answer of a list without records: an empty ``array``, or ``no_content`` (204) or ``no_body``
            (200 without a body), as some endpoints answer (10).
        query_paging: Whether a search reads its parameters from the query string too (10: no, inferred).
        activities_sorting: Whether activities/search takes sort_by and sort_direction (5.2, conflict).
        deleted_activities_in_search: Whether stubs of deleted activities show in search (7.7, unknown).
        duplicate_activities: Makes every n-th activity come twice with full_result; 0: none (5.4).
        retry_after: Whether a 429 carries a Retry-After header (6.1, never seen).
        unknown_attributes: The effect of unknown attributes in a write: ``reject`` as unrecognized (2), or ``ignore``
            (10; sources disagree).
        read_only_attributes: The effect of read-only attributes in a write: ``ignore``, since clients send back whole
            records, or ``reject`` as unrecognized (10, inferred).
        converted_value: The form of ``converted_value``: ``text``, ``number`` or ``null``, each seen in accounts (10).
        company_id_on_person_update: The effect of company_id in a person's update: ``ignore``, ``accept`` or ``reject``
            (3.7: it is changed through related items).
        company_name_on_person: The effect of company_name of a new person: ``ignore`` or ``link_or_create`` (4.4,
            unverified).
        primary_contact_required: Whether creating an opportunity needs primary_contact_id (9.2).
        activity_type_required_on_update: Whether an activity's update must repeat its type (7.7, conflict).
        name_filter: How the name filter matches: ``exact`` or ``partial`` (5.3, conflict).
        fields_parameter: The effect of ``fields`` in a search: ``ignore`` or ``project`` (9.11, unknown).
        date_order: The order of dates written as text: ``mdy`` or ``dmy``, an account's preference (7.2).
        team_permissions: Whether the key sees only its owner's and unassigned records (1.1).
        key_is_admin: Whether the key is an admin's, which full_result needs (5.4) and team permissions do not bind
            (1.1).
        project_company: Whether projects carry company_id and company_name (4.7, one source).
        https_only: Whether targets of webhooks, and addresses that OAuth leads back to, must be https (3.8, 1.2).
        oauth_approval: What the OAuth page does: ``ask`` the user, or ``always`` allow at once.
        webhook_delay_seconds: How many seconds after a change its webhooks fire; in real accounts up to 900 (10).
        webhook_lost_every: Makes every n-th notification of webhooks get lost, as nothing is sent twice; 0: none (3.8).
    """

    leads_enabled: bool = True
    index_delay_seconds: float = 0.0
    search_ceiling: int = 100_000
    ghost_every: int = 0
    total_overcount: int = 0
    total_counts_hidden: bool = False
    tie_order: str = "shuffled"
    minimum_inclusive: bool = True
    maximum_inclusive: bool = True
    oversized_page: str = "reject"
    empty_lists: str = "array"
    query_paging: bool = False
    activities_sorting: bool = True
    deleted_activities_in_search: bool = False
    duplicate_activities: int = 0
    retry_after: bool = False
    unknown_attributes: str = "reject"
    read_only_attributes: str = "ignore"
    converted_value: str = "text"
    company_id_on_person_update: str = "ignore"
    company_name_on_person: str = "ignore"
    primary_contact_required: bool = False
    activity_type_required_on_update: bool = False
    name_filter: str = "exact"
    fields_parameter: str = "ignore"
    date_order: str = "mdy"
    team_permissions: bool = False
    key_is_admin: bool = True
    project_company: bool = False
    https_only: bool = True
    oauth_approval: str = "ask"
    webhook_delay_seconds: float = 0.0
    webhook_lost_every: int = 0
