"""The calls that only products and quotes have (reference section 2). Frozen, as the objects are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import records
from crm_emulator.freshsales.answers import InvalidError, RefusedError
from crm_emulator.freshsales.endpoints.base import Chapter, record_id, selected_ids, sent_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Request
    from crm_emulator.routing import Route


class ProductCalls(Chapter):
    """Endpoints to restore records, and the bulk calls, which are spelled in their own way."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        products, quotes = self.resources["products"], self.resources["cpq_documents"]
        related = self.reads("GET", f"{quotes.route}/{{id}}/related_products", self.related_products, "§2")
        return (*self._of(products, "products"), *self._of(quotes, "cpq_documents"), related)

    def _of(self, resource: Resource, word: str) -> list[Route]:
        at = resource.route
        return [
            self.writes("PUT", f"{at}/{{id}}/restore", partial(self.restore, resource), "§2"),
            self.writes("PUT", f"{at}/{word}_bulk_update", partial(self.bulk_update, resource), "§2"),
            self.writes("POST", f"{at}/{word}_bulk_delete", partial(self.bulk_delete, resource), "§2, §6"),
            self.writes("POST", f"{at}/{word}_bulk_restore", partial(self.bulk_restore, resource), "§2"),
            self.writes("POST", f"{at}/{word}_bulk_assign", partial(self.bulk_assign, resource), "§2"),
        ]

    def restore(self, resource: Resource, request: Request) -> Any:
        """Restore a record from the recycle bin."""
        return self.one(resource, records.restore(self.account, resource, record_id(request)), request)

    def bulk_update(self, resource: Resource, request: Request) -> Any:
        """Change many records in one way: ``{"ids", "product"}``."""
        sent = sent_object(request)
        change = sent.get(resource.singular)
        if not isinstance(change, dict):
            raise InvalidError([f"{resource.singular} must be an object"])
        return self._each(sent, "ids", lambda each: records.update(self.account, resource, each, change))

    def bulk_delete(self, resource: Resource, request: Request) -> Any:
        """Move many records into the recycle bin."""
        return self._each(
            sent_object(request), "selected_ids", lambda each: records.recycle(self.account, resource, each)
        )

    def bulk_restore(self, resource: Resource, request: Request) -> Any:
        """Restore many records from the recycle bin."""
        return self._each(
            sent_object(request), "selected_ids", lambda each: records.restore(self.account, resource, each)
        )

    def bulk_assign(self, resource: Resource, request: Request) -> Any:
        """Assign many records to one owner."""
        sent = sent_object(request)
        change = {"owner_id": sent.get("owner_id")}
        return self._each(sent, "selected_ids", lambda each: records.update(self.account, resource, each, change))

    def _each(self, sent: Any, name: str, act: Callable[[int], object]) -> dict[str, str]:
        done = 0
        for each in selected_ids(sent, name):
            try:
                act(each)
            except RefusedError:
                continue
            done += 1
        return {"message": f"{done} records updated."}

    def related_products(self, request: Request) -> Any:
        """Return the products on a quote."""
        quotes = self.resources["cpq_documents"]
        quote = records.fetch(self.account, quotes, record_id(request))
        found = [self.account.get("products", line["product_id"]) for line in quote["products"] or []]
        return {"products": [each for each in found if each is not None]}
