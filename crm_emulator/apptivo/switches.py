"""Behaviours of Apptivo that its documentation leaves open, each to be chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """Switches of Apptivo. The defaults are the documented or the strictest reading.

    Numbers in parentheses are sections of the Apptivo reference.

    Attributes:
        index_delay_seconds: How many seconds searches and lists do not see a write; getById always sees it.
        rest_style: Whether JSON bodies, PUT, DELETE and ids in the path are understood: the words of one connector's
            manual, which eight other sources do not know (13).
        opportunity_wrapper: The key around a saved opportunity; empty: none (5.3, unknown).
        write_answer: The answer to a save or an update: the ``record``, or only a ``status`` (5.3, 6: testimonials).
        read_wrapper: The key around a record of getById: empty, ``data`` or ``responseObject`` (10).
        attribute_list: The parameter that lists the attributes of an update: ``either`` name, or the ``documented`` one
            of the object (6; sources disagree).
        email_flag_required: Whether addresses change only with ``isEmailAddressUpdate=true`` (6, one source).
        unknown_attributes: The effect of unknown attributes in a record: ``ignore`` or ``reject`` (12).
        names_without_ids: The effect of a picklist's name without its id: ``reject``, ``resolve`` or ``keep`` (8: ids
            are needed).
        missing_lists: Lists that getConfigData leaves out, as ``customers statuses``, separated by ``;``: sources show
            few of its keys (8, 13). A name from such a list is taken without its id.
        text_numbers: Whether ids and numbers may be sent as strings: ``accept`` or ``reject`` (8; sources disagree).
        account_id_parameter: Whether ``accountId`` beside an opportunity is read: ``read`` or ``ignore`` (12.6).
        opportunity_duplicates: Whether ``isDuplicate=Y`` makes the server look for a duplicate (5.2, unknown).
        customer_assignee_required: Whether a customer needs its assignee (8, one source).
        delete_only_customers: Whether only customers can be deleted, the only object with a page about it (7).
        unknown_criteria: The effect of unknown attributes in a search: ``reject`` or ``ignore`` (10).
        largest_page: The largest number of records in one list (10: up to 1,000 seen).
        search_ceiling: How many records of one search can be reached: 5,000 to 10,000 (10).
        throttle_style: The answer to a throttled call: ``status`` 429, or 200 with a ``failure`` (11, unknown).
    """

    index_delay_seconds: float = 0.0
    rest_style: bool = False
    opportunity_wrapper: str = "opportunity"
    write_answer: str = "record"
    read_wrapper: str = ""
    attribute_list: str = "either"
    email_flag_required: bool = False
    unknown_attributes: str = "ignore"
    names_without_ids: str = "reject"
    missing_lists: str = ""
    text_numbers: str = "accept"
    account_id_parameter: str = "read"
    opportunity_duplicates: bool = False
    customer_assignee_required: bool = False
    delete_only_customers: bool = False
    unknown_criteria: str = "reject"
    largest_page: int = 1_000
    search_ceiling: int = 10_000
    throttle_style: str = "status"
