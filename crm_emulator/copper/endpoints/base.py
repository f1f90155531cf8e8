"""Base of all chapters: turns an action into an endpoint, with refusals as Copper's error bodies."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotAllowedError, NotFoundError, invalid, refused
from crm_emulator.copper.custom_fields import computed_values
from crm_emulator.messages import Answer, Record, Request, is_whole, json_answer

NOT_FOUND = "Resource not found"


def endpoint(action: Callable[[Request], Any]) -> Callable[[Request], Answer]:
    """Make an endpoint that answers with the JSON of what its action returns, or with the Answer itself."""

    def answer(request: Request) -> Answer:
        try:
            result = action(request)
        except InvalidError as wrong:
            return wrong.answer()
        except NotFoundError:
            return refused(404, NOT_FOUND)
        except NotAllowedError as refusal:
            return refused(refusal.status, str(refusal))
        return result if isinstance(result, Answer) else json_answer(200, result)

    return answer


def sent_object(request: Request) -> Mapping[str, Any]:
    """Return the JSON object in the body; raises InvalidError."""
    sent = request.json()
    if not isinstance(sent, dict):
        raise invalid("base", "must be an object")
    return sent


def unknown_names(
    account: CopperAccount, sent: Iterable[str], writable: Container[str], read_only: Container[str]
) -> list[str]:
    """Return the names in a body that no attribute has; read-only ones are among them where the switch refuses them."""
    ignored = read_only if account.switches.read_only_attributes == "ignore" else ()
    return [name for name in sent if name not in writable and name not in ignored]


def search_parameters(account: CopperAccount, request: Request) -> dict[str, Any]:
    """Return the parameters of a search, of the query string too if the switch says so; raises InvalidError."""
    query = request.query if account.switches.query_paging else {}
    beside = {name: value for name, value in query.items() if name != "custom_field_computed_values"}
    return {**beside, **sent_object(request)}


def record_id(request: Request, parameter: str = "id") -> int:
    """Return the id in the path; raises NotFoundError if it is not a number."""
    text = request.parameters[parameter]
    if not is_whole(text):
        raise NotFoundError
    return int(text)


def wants_computed(request: Request) -> bool:
    """Return whether the request asks for ``custom_field_computed_values=true`` (section 2)."""
    return request.query.get("custom_field_computed_values") == "true"


def shown(account: CopperAccount, request: Request, record: Record) -> Record:
    """Return the record as this request asks for it, with computed values or without."""
    return computed_values(account)(record) if wants_computed(request) else record
