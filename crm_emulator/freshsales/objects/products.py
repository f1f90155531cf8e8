"""Products, quotes, and the lines by which deals and quotes hold products (reference sections 2 to 4).

Products and quotes are frozen: their sources are thin and no recipe needs them, so that nothing is added here until a
recording of a real account says how they behave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.objects.declaration import (
    OWNED,
    OWNER,
    SIDE_LOADED_PEOPLE,
    STAMPS,
    Resource,
    custom_keys,
    texts,
)
from crm_emulator.freshsales.values import (
    LONG_TEXT,
    WHOLE,
    Choice,
    Flag,
    Instant,
    Number,
    Reference,
    Structure,
    Text,
    WrongValueError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

Line = dict[str, Any]
_PRICE = {"currency_code": "USD", "unit_price": None, "billing_cycle": None, "billing_type": None, "setup_fee": None}


def settle_lines(account: FreshsalesAccount, sent: list[Line], belongs_to: Line) -> list[Line]:
    """Return the products that replace a deal's or a quote's former ones; an empty list clears them."""
    lines = []
    for each in sent:
        try:
            product_id = Reference("products").read(each.get("id"), account)
            quantity = WHOLE.read(each.get("quantity", 1), account)
            price = Number().read(each.get("unit_price", 0), account)
        except WrongValueError:
            raise InvalidError(["Products is invalid"]) from None
        product = account.get("products", product_id) or {}
        line = {
            "id": product_id,
            "product_id": product_id,
            **belongs_to,
            "unit_price": float(price),
            "quantity": quantity,
        }
        line |= {"currency_code": "USD", "setup_fee": None, "billing_type": None, "billing_cycle": None}
        line |= {"discount": each.get("discount", 0.0), "discount_type": each.get("discount_type", 1)}
        line |= {"association_id": account.next_id("product_lines"), "name": product.get("name")}
        line |= {name: product.get(name) for name in ("pricing_type", "avatar", "owner_id", "category")}
        lines.append(line)
    return lines


def embedded_products(_account: FreshsalesAccount, record: Record) -> list[Line]:
    """Return the lines that ``include=products`` shows inside a deal."""
    return list(record["products"] or [])


def complete_product(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Apply a product's own rule: prices are nested attributes, removed with ``_destroy`` (section 4)."""
    if "product_pricings" not in sent:
        return
    prices = [dict(each) for each in (old or {}).get("product_pricings") or []]
    for each in record["product_pricings"] or []:
        if set(each) - {"id", "_destroy", "currency_code", "unit_price", "billing_cycle", "billing_type", "setup_fee"}:
            raise InvalidError(["Product pricings is invalid"])
        held = next((price for price in prices if each.get("id") is not None and price["id"] == each["id"]), None)
        if each.get("id") is not None and held is None:
            raise InvalidError(["Product pricings is invalid"])
        if each.get("_destroy"):
            prices = [price for price in prices if price is not held]
        elif held is not None:
            held.update(each)
        else:
            prices.append(
                {"id": account.next_id("product_pricings"), "_destroy": False, **_PRICE, **each, "is_locked": False}
            )
    record["product_pricings"] = prices
    record["base_currency_amount"] = prices[0]["unit_price"] if prices else None


PRODUCTS = Resource(
    name="products",
    singular="product",
    model="Product",
    path="cpq/products",
    writable={
        "name": Text(),
        "category": Text(),
        "product_code": Text(),
        "sku_number": Text(),
        "parent_product": Reference("products"),
        "description": LONG_TEXT,
        "is_active": Flag(),
        "valid_till": Instant(),
        **OWNED,
        "pricing_type": WHOLE,
        "product_pricings": Structure(listed=True),
    },
    required=("name",),
    kept={
        "avatar": None,
        "base_currency_amount": None,
        "is_deleted": False,
        "creater_id": None,
        "updater_id": None,
        "created_at": None,
        "updated_at": None,
    },
    columns=(*STAMPS, OWNER, *texts("name", "category", "product_code", "sku_number")),
    keys=custom_keys,
    side_loaded=SIDE_LOADED_PEOPLE,
    first_id=31_000_985_829,
    has_custom_fields=True,
    deleted={"success": "200"},
    complete=complete_product,
)


def complete_document(account: FreshsalesAccount, record: Record, _old: Record | None, sent: Mapping[str, Any]) -> None:
    """Apply a quote's own rules: its number, and its lines."""
    if "products" in sent:
        record["products"] = settle_lines(account, record["products"] or [], {"cpq_document_id": record["id"]})
        record["has_products"] = bool(record["products"])
    if record["document_number"] is None:
        record["document_number"] = f"DOC-{record['id'] - account.store.first_id(account.tables['cpq_documents']) + 1}"


CPQ_DOCUMENTS = Resource(
    name="cpq_documents",
    singular="cpq_document",
    model="CpqDocument",
    path="cpq/cpq_documents",
    writable={
        "display_name": Text(),
        "deal_id": Reference("deals"),
        "contact_id": Reference("contacts"),
        "sales_account_id": Reference("sales_accounts"),
        "document_type": Choice(("Quote", "Invoice", "Proposal", "Contract")),
        "stage": Text(),
        "valid_till": Instant(),
        **{
            f"{kind}_{part}": Text()
            for kind in ("shipping", "billing")
            for part in ("address", "city", "state", "zipcode", "country")
        },
        **OWNED,
        "amount": Number(),
        "currency_code": Text(3),
        "cpq_document_template_name": Text(),
        "products": Structure(listed=True),
    },
    required=("display_name", "document_type", "deal_id"),
    kept={
        "document_number": None,
        "base_currency_amount": None,
        "is_deal_primary": False,
        "has_products": False,
        "is_deleted": False,
        "signatures": [],
        "creater_id": None,
        "updater_id": None,
        "created_at": None,
        "updated_at": None,
    },
    columns=(*STAMPS, OWNER, *texts("display_name")),
    keys=custom_keys,
    side_loaded=SIDE_LOADED_PEOPLE,
    first_id=31_000_039_106,
    has_custom_fields=True,
    deleted={"msg": {"id": 1, "code": "success"}},
    complete=complete_document,
)
