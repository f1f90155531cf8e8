"""Ready endpoints of Copper, spelled as a user would spell them under ``streams``; chosen by ``object``.

Facts: https://developer.copper.com, pages lead convert, related items, connect fields (related_links) and webhooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_RELATED = {"path": "/{parent_type}/{parent_id}/related", "attributes": ["id", "type"], "property": "resource"}
_WEBHOOK = ["target", "type", "event", "secret", "headers", "custom_field_computed_values"]

TEMPLATES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # parent_type is the path's plural (people), type the related record's singular (company). A relation is there
        # or not: adding it twice leaves one.
        "related_items": {
            "endpoints": {
                "create": {**_RELATED, "repeatable": True},
                "delete": {**_RELATED, "method": "DELETE"},
            }
        },
        # {"details": {"person": …, "company": …, "opportunity": …}}; the lead is gone afterwards, so that a repetition
        # is answered with 404.
        "lead_conversions": {
            "endpoints": {
                "create": {
                    "path": "/leads/{lead_id}/convert",
                    "attributes": ["details"],
                    "answer": {"id": "$.person.id"},
                    "repeatable": True,
                }
            }
        },
        # source and target are {"id": …, "entity_type": …}; definitions of kind Connect alone.
        "connect_fields": {
            "endpoints": {
                "create": {
                    "path": "/related_links",
                    "attributes": ["custom_field_definition_id", "source", "target"],
                    "answer": {"id": "$.id"},
                },
                "find": {
                    "path": "/related_links",
                    "query": {
                        "custom_field_definition_id": "{custom_field_definition_id}",
                        "source_type": "{source.entity_type}",
                        "source_id": "{source.id}",
                    },
                    "answer": {"items": "$", "id": "$.id"},
                },
                "delete": {"path": "/related_links/{crm_id}"},
            },
            "match_on": [["target.id", "target.entity_type"]],
        },
        "webhooks": {
            "endpoints": {
                "create": {"path": "/webhooks", "attributes": _WEBHOOK, "answer": {"id": "$.id"}},
                "find": {"path": "/webhooks", "answer": {"items": "$", "id": "$.id"}},
                "update": {"method": "PUT", "path": "/webhooks/{crm_id}", "attributes": _WEBHOOK},
                "delete": {"path": "/webhooks/{crm_id}"},
            },
            "match_on": [["target", "type", "event"]],
        },
    }
)
"""By the name that ``object`` gives them."""
