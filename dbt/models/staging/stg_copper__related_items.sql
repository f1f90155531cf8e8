{{ tap_copper.staged('related_items', can_be_reported_gone=False) }}
