{{ tap_copper.staged('activity_types', can_be_reported_gone=False) }}
