{{ tap_copper.staged('custom_activity_types', can_be_reported_gone=False) }}
