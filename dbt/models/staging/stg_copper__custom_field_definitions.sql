{{ tap_copper.staged('custom_field_definitions', can_be_reported_gone=False) }}
