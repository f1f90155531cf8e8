"""The streams of Copper, each a declaration of a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from typing_extensions import override

from tap_copper.answers import lists_in
from tap_copper.child_stream import ChildStream
from tap_copper.client import CopperStream
from tap_copper.errors import EmptyAnswerError, StreamError
from tap_copper.list_stream import ListStream, UnfilteredStream
from tap_copper.progress import log_event
from tap_copper.search.reader import Page
from tap_copper.search_stream import SearchStream


class AccountStream(ListStream):
    """The account itself."""

    name = "account"
    path = "/account"

    @override
    def open(self) -> bool:
        return False

    @override
    def pages(self) -> Iterator[Page]:
        try:
            yield from super().pages()
        except EmptyAnswerError:  # there is an account all the same: what a target has of it stays
            self.is_closed = False
            log_event(self.logger, "account_empty", level="WARNING", call=f"GET {self.path}")

    @override
    def _value(self) -> Any:
        return [self.account.record]


class ActivitiesStream(SearchStream):
    """Activities: the date they are given is their only filter, and they come newest first."""

    name = "activities_search"
    path = "/activities/search"
    replication_key = "activity_date"
    date_filter = "activity_date"
    newest_first = True
    created_filter = ""

    @property
    @override
    def _lookback(self) -> timedelta:
        return timedelta(days=self.config["activities_lookback_days"])


class ActivityTypesStream(ListStream):
    """Types of activities, in two lists with ids of their own."""

    name = "activity_types"
    path = "/activity_types"
    primary_keys = ("category", "id")

    @override
    def _read(self, content: bytes) -> Any:
        return lists_in(content)

    @override
    def records(self, value: Any) -> Iterator[dict[str, Any]]:
        for category, types in value.items():
            for each in types:
                yield {**each, "category": category}


class CompaniesStream(SearchStream):
    """Companies."""

    name = "companies"
    path = "/companies/search"
    object_type = "company"


class ContactTypesStream(ListStream):
    """Types of people and companies."""

    name = "contact_types"
    path = "/contact_types"


class CustomActivityTypesStream(ListStream):
    """Types of activities that the account has made."""

    name = "custom_activity_types"
    path = "/custom_activity_types"


class CustomFieldDefinitionsStream(ListStream):
    """Definitions of custom fields."""

    name = "custom_field_definitions"
    path = "/custom_field_definitions"

    @override
    def open(self) -> bool:
        return False

    @override
    def _value(self) -> Any:
        definitions = self.account.definitions
        if self.account.definitions_flaw:
            raise StreamError(f"{self.name} cannot be read whole: {self.account.definitions_flaw}")
        return [dict(each) for each in definitions]


class CustomerSourcesStream(ListStream):
    """Sources that leads and opportunities come from."""

    name = "customer_sources"
    path = "/customer_sources"


class LeadStatusesStream(ListStream):
    """Statuses of leads."""

    name = "lead_statuses"
    path = "/lead_statuses"


class LeadsStream(SearchStream):
    """Leads."""

    name = "leads"
    path = "/leads/search"
    object_type = "lead"


class LossReasonsStream(ListStream):
    """Reasons why opportunities are lost."""

    name = "loss_reasons"
    path = "/loss_reasons"


class OpportunitiesStream(SearchStream):
    """Opportunities."""

    name = "opportunities"
    path = "/opportunities/search"
    object_type = "opportunity"


class PeopleStream(SearchStream):
    """People."""

    name = "people"
    path = "/people/search"
    object_type = "person"


class PipelineStagesStream(ListStream):
    """Stages of pipelines."""

    name = "pipeline_stages"
    path = "/pipeline_stages"


class PipelinesStream(ListStream):
    """Pipelines, with their stages."""

    name = "pipelines"
    path = "/pipelines"


class ProjectsStream(SearchStream):
    """Projects."""

    name = "projects"
    path = "/projects/search"
    object_type = "project"


class TagsStream(ListStream):
    """Tags and how often each is used."""

    name = "tags"
    path = "/tags"
    primary_keys = ("name",)


class TasksStream(SearchStream):
    """Tasks."""

    name = "tasks"
    path = "/tasks/search"
    object_type = "task"


class UsersStream(UnfilteredStream):
    """Users of the account."""

    name = "users"
    path = "/users/search"


class WebhooksStream(ListStream):
    """Webhook subscriptions. Their secrets are not selected by default."""

    name = "webhooks"
    path = "/webhooks"
    hidden = ("secret", "headers")


class FilesStream(ChildStream):
    """Files attached to records, without their contents."""

    name = "files"
    path = "/{stream}/{id}/files"
    primary_keys = ("parent_type", "parent_id", "id")
    parents = (LeadsStream, PeopleStream, OpportunitiesStream, CompaniesStream, ProjectsStream)


class RelatedItemsStream(ChildStream):
    """Links between records, from both ends."""

    name = "related_items"
    path = "/{stream}/{id}/related"
    primary_keys = ("parent_type", "parent_id", "type", "id")
    parents = (LeadsStream, PeopleStream, CompaniesStream, OpportunitiesStream, ProjectsStream, TasksStream)


STREAMS: tuple[type[CopperStream], ...] = (
    AccountStream,
    ActivitiesStream,
    ActivityTypesStream,
    CompaniesStream,
    ContactTypesStream,
    CustomActivityTypesStream,
    CustomFieldDefinitionsStream,
    CustomerSourcesStream,
    FilesStream,
    LeadStatusesStream,
    LeadsStream,
    LossReasonsStream,
    OpportunitiesStream,
    PeopleStream,
    PipelineStagesStream,
    PipelinesStream,
    ProjectsStream,
    RelatedItemsStream,
    TagsStream,
    TasksStream,
    UsersStream,
    WebhooksStream,
)
