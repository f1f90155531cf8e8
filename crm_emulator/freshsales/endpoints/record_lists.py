"""Views and their records, tasks and appointments by filter, what belongs to a record (reference section 7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError, NotFoundError
from crm_emulator.freshsales.endpoints.base import Chapter, included, record_id
from crm_emulator.freshsales.record_json import full_json, side_loaded
from crm_emulator.messages import decode, is_whole
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from crm_emulator.freshsales.objects.declaration import Resource, View
    from crm_emulator.messages import Record, Request
    from crm_emulator.routing import Route

DEFAULT_PAGE_SIZE = 25
LARGEST_PAGE_SIZE = 100
_LAST_PAGE = 10**12  # what a database can count to
_WEEK = 7 * 86_400.0
_DAY = 86_400.0
_OF_TARGET = ("notes", "tasks", "appointments", "sales_activities")


class RecordLists(Chapter):
    """Endpoints that list records."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        resources = self.resources
        viewed = [each for each in resources.values() if each.views and each.name != "custom_records"]
        found = [route for resource in viewed for route in self._of(resource)]
        activities = self.reads(
            "GET",
            "/contacts/{id}/activities",
            self.timeline,
            "§7",
            "notes, tasks, appointments and sales activities only",
        )
        return (
            *found,
            activities,
            self.reads("GET", "/tasks", self.tasks, "§7, §12"),
            self.reads("GET", "/appointments", self.appointments, "§7, §12"),
            self.reads("GET", "/sales_activities", partial(self.all, resources["sales_activities"]), "§7"),
            self.reads("GET", "/cpq/products", partial(self.all, resources["products"]), "§2", "not documented"),
        )

    def _of(self, resource: Resource) -> list[Route]:
        plural = resource.route
        of_target = [
            self.reads("GET", f"{plural}/{{id}}/{name}", partial(self.of_target, resource, name), "§2, §4")
            for name in _OF_TARGET
        ]
        view_remark = "which records are in which view is a sensible reading of its name"
        return [
            self.reads("GET", f"{plural}/filters", partial(self.filters, resource), "§7"),
            self.reads("GET", f"{plural}/view/{{view_id}}", partial(self.view, resource), "§7", view_remark),
            *of_target,
        ]

    def filters(self, resource: Resource, _request: Request) -> Any:
        """Return the views, with their ids."""
        return {
            "filters": [_view_shown(self, resource, index, view) for index, view in enumerate(resource.views)],
            "meta": {},
        }

    def view(self, resource: Resource, request: Request) -> Any:
        """Return a page of the records of a view."""
        index = record_id(request, "view_id") - view_id(resource, 0)
        if not 0 <= index < len(resource.views):
            raise NotFoundError
        return self.listed(resource, request, view_query(self, resource, resource.views[index]))

    def all(self, resource: Resource, request: Request) -> Any:
        """Return a page of all records."""
        return self.listed(resource, request, Query(self.account.tables[resource.name]))

    def tasks(self, request: Request) -> Any:
        """Return tasks by filter; the vendor's text writes the names with a space, working code with an underscore."""
        now, day = self.account.stamp(), self.account.stamp
        today, tomorrow, after = day()[:10], day(-_DAY)[:10], day(-2 * _DAY)[:10]
        conditions = {
            "open": Condition("status = 0"),
            "completed": Condition("status = 1"),
            "overdue": Condition("status = 0 AND due_date < ?", (now,)),
            "due_today": Condition("status = 0 AND due_date >= ? AND due_date < ?", (today, tomorrow)),
            "due_tomorrow": Condition("status = 0 AND due_date >= ? AND due_date < ?", (tomorrow, after)),
        }
        return self._filtered("tasks", conditions, request)

    def appointments(self, request: Request) -> Any:
        """Return appointments by filter."""
        now = self.account.stamp()
        conditions = {"past": Condition("end_date < ?", (now,)), "upcoming": Condition("end_date >= ?", (now,))}
        return self._filtered("appointments", conditions, request)

    def _filtered(self, name: str, conditions: dict[str, Condition], request: Request) -> Any:
        chosen = request.query.get("filter", "").replace(" ", "_")
        if chosen and chosen not in conditions:
            raise InvalidError([f"filter must be one of: {', '.join(conditions)}"])
        query = Query(self.account.tables[name], (conditions[chosen],) if chosen else ())
        return self.listed(self.resources[name], request, query)

    def of_target(self, resource: Resource, name: str, request: Request) -> Any:
        """Return the notes, tasks, appointments or activities of a record."""
        number = record_id(request)
        if not self.account.exists(resource.name, number):
            raise NotFoundError
        condition = Condition("target_type = ? AND target_id = ?", (resource.model, number), "target_id")
        return self.listed(self.resources[name], request, Query(self.account.tables[name], (condition,)))

    def timeline(self, request: Request) -> Any:
        """Return the activities about a contact, newest first."""
        number = record_id(request)
        if not self.account.exists("contacts", number):
            raise NotFoundError
        happened: list[dict[str, Any]] = []
        for name in _OF_TARGET:
            model = self.resources[name].model
            condition = "target_type = 'Contact' AND target_id = ?"
            happened += [
                {
                    "id": f"{name}-{each['id']}",
                    "action_type": f"{name.upper()}_CREATE",
                    "actionable_id": each["id"],
                    "actionable_type": model,
                    "targetable_id": number,
                    "targetable_type": "Contact",
                    "user_activity": True,
                    "created_at": each["created_at"],
                }
                for each in self.account.matching(name, condition, number)
            ]
        happened.sort(key=lambda each: str(each["created_at"]), reverse=True)
        size, page = read_page(request)
        slice_ = happened[(page - 1) * size : page * size]
        return {"activities": slice_, "meta": {"has_next": page * size < len(happened), "has_previous": page > 1}}

    def listed(self, resource: Resource, request: Request, query: Query) -> dict[str, Any]:
        """Return a page of a query: the records, side-loaded collections, ``meta``.

        For tasks, notes and other activities, Suite puts the collections first (recorded, section 3.1). A client of
        Classic, which takes the first key for the records, shows that Classic does not.
        """
        size, page = read_page(request)
        with self.account.store.lag.as_searched(query.table.vendor):
            query = sorted_by(resource, request, query)
            total = self.account.store.count(query)
            found: list[Record] = [decode(text) for text in self.account.store.page(query, size, (page - 1) * size)]
        include = included(request)
        side = side_loaded(self.account, resource, found, include)
        shown_records = [full_json(self.account, resource, record, include) for record in found]
        meta = {"total": total} if resource.name == "tasks" else {"total_pages": -(-total // size), "total": total}
        if resource.views or "leads" in self.resources:
            return {resource.name: shown_records, **side, "meta": meta}
        return {**side, resource.name: shown_records, "meta": meta}


def view_query(chapter: Chapter, resource: Resource, view: View, *more: Condition) -> Query:
    """Return the records of a view."""
    account = chapter.account
    conditions = list(more)
    if view.sql:
        sql = view.sql.replace(":stages", f'"{account.tables["deal_stages"].name}"')
        arguments: list[Any] = []
        if ":owner" in sql:
            sql, arguments = sql.replace(":owner", "?"), [account.user_id]
        if ":recent" in sql:
            sql, arguments = sql.replace(":recent", "?"), [account.stamp(_WEEK)]
        conditions.append(Condition(sql, tuple(arguments)))
    return Query(account.tables[resource.name], tuple(conditions), hidden=view.hidden)


def sorted_by(resource: Resource, request: Request, query: Query) -> Query:
    """Return the query in the order of ``sort`` and ``sort_type``; raises InvalidError."""
    sort = request.query.get("sort", "")
    direction = request.query.get("sort_type", "asc").lower()
    if direction not in {"asc", "desc"}:
        raise InvalidError(["sort_type must be asc or desc"])
    if sort and sort not in {"id", *(column.name for column in resource.columns)}:
        raise InvalidError([f"Cannot sort by {sort}"])
    return Query(query.table, query.where, "" if sort == "id" else sort, direction == "desc", hidden=query.hidden)


def read_page(request: Request) -> tuple[int, int]:
    """Read ``per_page`` (25 by default, 100 at most) and ``page``; raises InvalidError (section 7)."""
    size = _whole(request, "per_page", DEFAULT_PAGE_SIZE)
    page = _whole(request, "page", 1)
    if size < 1 or page < 1:
        raise InvalidError(["page and per_page must be greater than 0"])
    return min(size, LARGEST_PAGE_SIZE), min(page, _LAST_PAGE)


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    if not is_whole(text.lstrip("-")):
        raise InvalidError([f"{name} must be a number"])
    return int(text)


def view_id(resource: Resource, index: int) -> int:
    """Return the id of a view."""
    return resource.first_id // 1_000_000 * 1_000_000 + 548_173 + index


def _view_shown(chapter: Chapter, resource: Resource, index: int, view: View) -> dict[str, Any]:
    return {
        "id": view_id(resource, index),
        "name": view.name,
        "model_class_name": resource.model,
        "user_id": 0,
        "is_default": True,
        "is_public": True,
        "updated_at": chapter.account.stamp(),
        "user_name": None,
        "current_user_permissions": [],
    }
