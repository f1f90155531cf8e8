"""How an endpoint that nobody documented behaves, each way to be chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """The choices.

    Attributes:
        auth: ``none``, ``any``, or one kind of sign-in that is wanted: ``header``, ``query``, ``basic``, ``bearer``,
            ``oauth`` (a token of the client credentials grant).
        auth_name: The header or query parameter of the kinds ``header`` and ``query``.
        token_seconds: How long an OAuth token lives.
        create_status: Of a POST.
        batch_property: A POST whose body holds a list under this name is a batch.
        idempotency_header: A POST or PATCH that repeats the value of this header is answered as the first one was,
            and done once; empty: not honoured.
        put_creates: Whether a PUT to an address that holds nothing makes a record there; else 404.
        required: Attributes, with spaces between, without which a record is refused with 422.
    """

    auth: str = "none"
    auth_name: str = "X-Api-Key"
    token_seconds: float = 3_600.0
    create_status: int = 201
    batch_property: str = "records"
    idempotency_header: str = "Idempotency-Key"
    put_creates: bool = True
    required: str = ""
