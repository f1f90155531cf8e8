"""Answers of a dry run, which sends no writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from crm_api.crm_objects import CrmId
from crm_api.transport.answer import Answer

NewId = Callable[[], CrmId]
"""Makes an id for a record that a dry run would create; no record of the CRM has such an id."""


@dataclass(frozen=True)
class DryRunAnswer(Answer):
    """An answer to a request that was not sent.

    Attributes:
        new_id: Makes an id for a record that would have been created.
    """

    new_id: NewId = field(kw_only=True)
