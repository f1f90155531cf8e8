"""Behaviours of an undocumented endpoint, each to be chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """Switches of the catch-all.

    Attributes:
        auth: The kind of sign-in required: ``none``, ``any``, ``header``, ``query``, ``basic``, ``bearer`` or ``oauth``
            (a token of the client credentials grant).
        auth_name: The name of the header, or of the query parameter, for the kinds ``header`` and ``query``.
        token_seconds: How many seconds an OAuth token is valid.
        create_status: The status of the answer to a POST.
        batch_property: The property whose list makes a POST a batch of records.
        idempotency_header: The header that makes a POST or PATCH repeatable: a repeated value gets the first answer,
            and nothing is done again; empty: not honoured.
        put_creates: Whether a PUT to an address without a record creates one there; else it answers 404.
        required: Attributes, separated by spaces, without which a record is refused with 422.
    """

    auth: str = "none"
    auth_name: str = "X-Api-Key"
    token_seconds: float = 3_600.0
    create_status: int = 201
    batch_property: str = "records"
    idempotency_header: str = "Idempotency-Key"
    put_creates: bool = True
    required: str = ""
