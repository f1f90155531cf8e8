"""The page about an XML API, followed to the letter."""

from __future__ import annotations

from crm_emulator import Emulator
from tests.recipes import follow


def test_orders_land_in_an_xml_api_as_its_page_says(tmp_path):
    with Emulator(empty=True) as emulator:
        api = emulator.anything
        api.switches.auth = "header"
        told, rehearsal, first, listed, second = follow("posting-to-an-xml-api.md", tmp_path, emulator)
        assert (told.code, rehearsal.code) == (0, 0), rehearsal.errors
        assert "POST /orders" in rehearsal.errors
        assert '<order no="O-1"><customer>Acme &amp; Sons</customer>' in rehearsal.errors
        assert first.code == 0, first.errors
        assert "unknown article" in listed.output
        assert second.code == 0, second.errors
        sent = [order for request in api.received("POST", "/orders") for order in _orders(request)]
        assert [(order["@no"], order["sku"]) for order in sent] == [
            ("O-1", "A-7"),
            ("O-2", "X-0"),
            ("O-3", "B-2"),
            ("O-2", "X-0"),
            ("O-2", "A-9"),
        ], "what was rejected is tried once more before the mended file is read"
        assert sent[0] == {"@no": "O-1", "customer": "Acme & Sons", "sku": "A-7", "quantity": "3"}
        assert {request["headers"]["x-api-key"] for request in api.received("POST")} == {"***"}
        assert api.count("records") == 3


def _orders(request):
    orders = request["body"]["orders"]["order"]
    return orders if isinstance(orders, list) else [orders]
