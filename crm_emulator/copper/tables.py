"""The tables of an account: its customer records, its settings and attachments (reference section 4)."""

from __future__ import annotations

from crm_emulator.copper.objects.catalog import OBJECTS
from crm_emulator.tables import Column, Table

TABLES: dict[str, Table] = {
    **{crm_object.name: crm_object.table for crm_object in OBJECTS},
    "account": Table("copper_account", first_id=193_851),
    "users": Table("copper_users", first_id=137_658),
    "user_activity_types": Table("copper_user_activity_types", first_id=190_711),
    "system_activity_types": Table("copper_system_activity_types", first_id=100),
    "custom_activity_types": Table("copper_custom_activity_types", first_id=190_711),
    "contact_types": Table("copper_contact_types", first_id=451_490),
    "customer_sources": Table("copper_customer_sources", first_id=331_240),
    "loss_reasons": Table("copper_loss_reasons", first_id=308_790),
    "lead_statuses": Table("copper_lead_statuses", first_id=208_231),
    "pipelines": Table("copper_pipelines", first_id=213_214),
    "pipeline_stages": Table("copper_pipeline_stages", first_id=987_790),
    "custom_field_definitions": Table("copper_custom_field_definitions", first_id=100_764),
    "custom_field_options": Table("copper_custom_field_options", first_id=167_776),
    "related": Table(
        "copper_related",
        (
            Column("first", "first"),
            Column("second", "second"),
        ),
    ),
    "related_links": Table(
        "copper_related_links",
        (
            Column("definition_id", "custom_field_definition_id", "INTEGER"),
            Column("source_type", "source.entity_type"),
            Column("source_id", "source.id", "INTEGER"),
        ),
        first_id=4_820,
    ),
    "files": Table(
        "copper_files",
        (Column("parent_type", "parent.type"), Column("parent_id", "parent.id", "INTEGER")),
        first_id=55_103,
    ),
    "webhooks": Table("copper_webhooks", first_id=4_000),
}
