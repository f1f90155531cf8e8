"""The tables of a firm: its objects' records, its picklists and attachments."""

from __future__ import annotations

from crm_emulator.apptivo.objects.catalog import OBJECTS
from crm_emulator.tables import Column, Table

TABLES: dict[str, Table] = {
    **{crm_object.name: crm_object.table for crm_object in OBJECTS},
    "picklists": Table("apptivo_picklists", (Column("object", "object"), Column("list", "list"))),
    "custom_attributes": Table("apptivo_custom_attributes", (Column("object", "object"),), first_id=90_001),
    "notes": Table("apptivo_notes", first_id=82_001),
    "activities": Table("apptivo_activities", (Column("kind", "kind"),), first_id=84_001),
    "links": Table("apptivo_links", (Column("owner", "owner"),), first_id=1),
}
