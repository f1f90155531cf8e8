"""Copper's searches: parameters, paging, sorting, X-PW-TOTAL (reference section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, invalid, unrecognized
from crm_emulator.copper.custom_fields import computed_values
from crm_emulator.copper.filters import FilterContext, as_number, narrows
from crm_emulator.copper.objects.activities import DELETED
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.objects.leads import CONVERTED
from crm_emulator.messages import Answer, decode, encode, spelled
from crm_emulator.query import Condition, Query, Range

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 200
_PAGING = frozenset({"page_number", "page_size", "sort_by", "sort_direction"})


def search(
    account: CopperAccount,
    crm_object: CustomerObject,
    parameters: Mapping[str, Any],
    random: Random,
    *,
    computed: bool = False,
    extra: tuple[Condition, ...] = (),
) -> Answer:
    """Return one page as a bare array, with the count in X-PW-TOTAL (section 2); raises InvalidError."""
    unknown = [name for name in parameters if name not in _PAGING and name not in crm_object.filters]
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    size, number = page_asked_for(account, parameters)
    query = _query(account, crm_object, parameters, random, extra)
    ghosts = account.switches.ghost_every
    first, last = _reachable(account, size, number)
    with account.store.lag.as_searched("copper"):
        total = account.store.count(query)
        hidden = _hidden(account, crm_object, parameters, random, extra, total)
        texts: list[bytes] = []
        if ghosts > 1:
            # Every ghosts-th position is a record that the index still counts but that no longer shows.
            first, last = first - first // ghosts, last - last // ghosts
            total += (total - 1) // (ghosts - 1) if total else 0
        if first < last:
            texts = account.store.page(query, last - first, first)
    texts = _as_asked(account, crm_object, parameters, texts, computed=computed)
    shown = str(total + account.switches.total_overcount + hidden)
    return Answer(200, b"[" + b",".join(texts) + b"]", headers=(("X-PW-TOTAL", shown),))


def _hidden(
    account: CopperAccount,
    crm_object: CustomerObject,
    parameters: Mapping[str, Any],
    random: Random,
    extra: tuple[Condition, ...],
    total: int,
) -> int:
    """Count what a search holds and the key does not see, where totals tell of it."""
    if not account.switches.total_counts_hidden:
        return 0
    everything = _query(account, crm_object, parameters, random, extra, is_whole=True)
    return account.store.count(everything) - total


def page_asked_for(account: CopperAccount, parameters: Mapping[str, Any]) -> tuple[int, int]:
    """Return the page's size and its number; raises InvalidError."""
    size, number = (
        int(as_number(name, usual if parameters.get(name) is None else parameters[name]))
        for name, usual in (("page_size", DEFAULT_PAGE_SIZE), ("page_number", 1))
    )
    if not 1 <= size <= LARGEST_PAGE_SIZE:
        if account.switches.oversized_page == "reject":
            raise invalid("page_size", f"must be between 1 and {LARGEST_PAGE_SIZE}")
        size = min(max(size, 1), LARGEST_PAGE_SIZE)
    if number < 1:
        raise invalid("page_number", "must be greater than 0")
    return size, number


def _reachable(account: CopperAccount, size: int, number: int) -> tuple[int, int]:
    """Return the first and last position of a page in the result; nothing lies past the ceiling (section 5.1)."""
    ceiling = account.switches.search_ceiling
    return min((number - 1) * size, ceiling), min(number * size, ceiling)


def _query(
    account: CopperAccount,
    crm_object: CustomerObject,
    parameters: Mapping[str, Any],
    random: Random,
    extra: tuple[Condition, ...],
    *,
    is_whole: bool = False,
) -> Query:
    context = FilterContext(
        table=crm_object.table,
        switches=account.switches,
        now=account.clock.seconds(),
        definition=lambda definition_id: account.get("custom_field_definitions", definition_id),
    )
    where: list[Range | Condition] = list(extra)
    for name, value in parameters.items():
        if name not in _PAGING and value is not None and narrows(crm_object.filters[name], value):
            where += crm_object.filters[name](name, value, context)
    is_narrowed = account.switches.team_permissions and not account.switches.key_is_admin and not is_whole
    if is_narrowed and "assignee_id" in crm_object.writable:
        where.append(Condition("assignee_id IS NULL OR assignee_id = ?", (account.owner_id,)))
    sort, descending = _order(account, crm_object, parameters)
    query = Query(crm_object.table, _merged(where), sort, descending, _tie(account, random))
    if is_whole:
        return replace(query, hidden=None)
    if crm_object.name == "leads" and parameters.get("include_converted_leads") in (True, "true"):
        return replace(query, hidden=(0, CONVERTED))
    if crm_object.name == "activities" and account.switches.deleted_activities_in_search:
        return replace(query, hidden=(0, DELETED))
    return query


def _merged(where: list[Range | Condition]) -> tuple[Range | Condition, ...]:
    """Join the ranges of each column into one, so that both bounds can be counted together."""
    ranges: dict[str, Range] = {}
    others: list[Range | Condition] = []
    for each in where:
        if isinstance(each, Condition):
            others.append(each)
            continue
        before = ranges.get(each.column, Range(each.column))
        lows = [bound for bound in (before.low, each.low) if bound is not None]
        highs = [bound for bound in (before.high, each.high) if bound is not None]
        ranges[each.column] = Range(each.column, max(lows, default=None), min(highs, default=None))
    return (*ranges.values(), *others)


def _order(account: CopperAccount, crm_object: CustomerObject, parameters: Mapping[str, Any]) -> tuple[str, bool]:
    word = parameters.get("sort_by")
    direction = parameters.get("sort_direction")
    if crm_object.name == "activities" and not account.switches.activities_sorting and (word or direction):
        raise InvalidError([unrecognized([name for name in ("sort_by", "sort_direction") if name in parameters])])
    if word is not None and word not in tuple(crm_object.sorts):  # a word may be any JSON value
        raise invalid("sort_by", f"Invalid value: {spelled(word)}")
    if direction not in (None, "asc", "desc"):
        raise invalid("sort_direction", f"Invalid value: {spelled(direction)}")
    descending = crm_object.newest_first if direction is None and word is None else direction == "desc"
    return crm_object.sorts[word or crm_object.default_sort], descending


def _tie(account: CopperAccount, random: Random) -> str:
    """Return the SQL that orders records of one sort value, which Copper leaves open (section 5.2)."""
    match account.switches.tie_order:
        case "id":
            return "id"
        case "random":
            return f"(id * {random.randrange(1, 1 << 30) * 2 + 1}) & 1073741823"
        case _:
            return "tie"


def _as_asked(
    account: CopperAccount,
    crm_object: CustomerObject,
    parameters: Mapping[str, Any],
    texts: list[bytes],
    *,
    computed: bool,
) -> list[bytes]:
    """Computed values, a projection, duplicates: what needs more than the stored text."""
    wanted = parameters.get("fields") if account.switches.fields_parameter == "project" else None
    if computed and crm_object.has_custom_fields:
        add_values = computed_values(account)
        texts = [encode(add_values(decode(text))) for text in texts]
    if isinstance(wanted, list):
        names = {"id", *wanted}
        texts = [encode({name: value for name, value in decode(text).items() if name in names}) for text in texts]
    every = account.switches.duplicate_activities
    if every and crm_object.name == "activities" and parameters.get("full_result") and account.switches.key_is_admin:
        texts = [text for index, text in enumerate(texts, 1) for _ in range(1 if index % every else 2)]
    return texts
