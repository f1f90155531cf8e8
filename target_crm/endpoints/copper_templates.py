"""Ready endpoints of Copper, as a user would write them under ``streams``; a stream chooses them by ``object``.

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
        # parent_type is the plural as in the path (people), type the related record's singular (company). Relating two
        # records twice relates them once.
        "related_items": {
            "endpoints": {
                "create": {**_RELATED, "repeatable": True},
                "delete": {**_RELATED, "method": "DELETE"},
            }
        },
        # {"details": {"person": …, "company": …, "opportunity": …}}. The lead is gone afterwards, so that a repeated
        # request is answered with 404.
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
        # source and target are {"id": …, "entity_type": …}. Only for custom fields of the kind Connect.
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
"""The settings of a stream, by the value of ``object`` that chooses them."""
