"""Notes, tasks, appointments and sales activities, and products: they have no views, and are written one by one.

Facts: https://developers.freshworks.com/crm/api, the section of each resource.
"""

from __future__ import annotations

from dataclasses import replace

from crm_api.crm_objects import Attribute, Kind
from crm_api.freshsales.declaration import (
    CUSTOM,
    ID,
    OWNER,
    STAMPS,
    TARGET,
    TERRITORY,
    FreshsalesObject,
    read_only,
)
from crm_api.naming import known
from crm_api.naming.known import others

NOTES = FreshsalesObject(
    name="notes",
    singular="note",
    path="notes",
    attributes=(
        *ID,
        Attribute("description", required=True, flat=others(known.BODY, "description"), label="Note"),
        replace(TARGET, required=True),
        *STAMPS,
    ),
    finds={"targetable": 1},
    readable=False,
    of_parent=True,
)

TASKS = FreshsalesObject(
    name="tasks",
    singular="task",
    path="tasks",
    attributes=(
        *ID,
        Attribute("title", required=True, flat=others(known.SUBJECT, "title")),
        Attribute("description", flat=others(known.DESCRIPTION, "description")),
        Attribute("due_date", Kind.MOMENT, required=True, flat=others(known.DUE_DATE, "due_date")),
        OWNER,
        Attribute("status", Kind.NAME_ID, names="task_statuses", flat=("task_status",)),
        Attribute("task_type_id", Kind.NAME_ID, names="sales_activity_entity_types", flat=("task_type", "type")),
        Attribute("outcome_id", Kind.NAME_ID, names="sales_activity_outcomes", flat=("outcome",)),
        TARGET,
        *STAMPS,
        *read_only("completed_date"),
    ),
    match_on=(("title", "targetable", "due_date"),),
    finds={"targetable": 1},
    of_parent=True,
    lists=({"filter": "open"}, {"filter": "completed"}),
)

APPOINTMENTS = FreshsalesObject(
    name="appointments",
    singular="appointment",
    path="appointments",
    attributes=(
        *ID,
        Attribute("title", required=True, flat=others(known.SUBJECT, "title")),
        Attribute("description", flat=others(known.DESCRIPTION, "description")),
        Attribute("from_date", Kind.MOMENT, required=True, flat=("start_date", "starts_at", "start")),
        Attribute("end_date", Kind.MOMENT, required=True, flat=("ends_at", "end")),
        Attribute("time_zone", required=True),
        Attribute("location"),
        # Nested attributes, which another write would double: only a create may give them.
        Attribute("appointment_attendees_attributes", Kind.OBJECTS, flat=("attendees",), updatable=False),
        Attribute("is_allday", Kind.BOOLEAN, flat=("all_day",)),
        Attribute("outcome_id", Kind.NAME_ID, names="sales_activity_outcomes", flat=("outcome",)),
        TARGET,
        *STAMPS,
    ),
    match_on=(("title", "targetable", "from_date"),),
    finds={"targetable": 1},
    of_parent=True,
    lists=({"filter": "past"}, {"filter": "upcoming"}),
)

SALES_ACTIVITIES = FreshsalesObject(
    name="sales_activities",
    singular="sales_activity",
    path="sales_activities",
    aliases=("activities",),
    attributes=(
        *ID,
        Attribute("title", required=True, flat=others(known.SUBJECT, "title")),
        Attribute("notes", flat=others(known.BODY, "notes")),
        Attribute(
            "sales_activity_type_id",
            Kind.NAME_ID,
            required=True,
            names="sales_activity_types",
            flat=("sales_activity_type", "activity_type", "type"),
        ),
        Attribute(
            "sales_activity_outcome_id",
            Kind.NAME_ID,
            names="sales_activity_outcomes",
            flat=("sales_activity_outcome", "outcome"),
            within="sales_activity_type_id",
        ),
        Attribute("start_date", Kind.MOMENT, required=True, flat=("starts_at", "activity_date")),
        Attribute("end_date", Kind.MOMENT, required=True, flat=("ends_at",)),
        Attribute("location"),
        OWNER,
        replace(TARGET, required=True),
        CUSTOM,
        *STAMPS,
    ),
    lists=({},),
    fields_path="/settings/sales_activities/fields",
)

PRODUCTS = FreshsalesObject(
    name="products",
    singular="product",
    path="cpq/products",
    attributes=(
        *ID,
        Attribute("name", required=True, flat=("product_name",)),
        Attribute("category"),
        Attribute("product_code", flat=("code",)),
        Attribute("sku_number", flat=("sku",)),
        Attribute("parent_product", Kind.ID, refers_to="products"),
        Attribute("description"),
        Attribute("is_active", Kind.BOOLEAN, flat=("active",)),
        Attribute("valid_till", Kind.MOMENT),
        Attribute("product_pricings", Kind.OBJECTS, flat=("prices",), updatable=False),  # doubled by another write
        Attribute("pricing_type", Kind.INTEGER),
        OWNER,
        TERRITORY,
        CUSTOM,
        *STAMPS,
    ),
    match_on=(("name",),),
    lists=({},),
)
